"""What the pages of a release's assets tell in Dagster: rules, columns and their origins, charts, figures over time.

Of a masked table nobody has judged yet, only what masking itself tells; of the released one, also what its published
bytes show. Nothing here reads an aggregate.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.orchestration.column_lineage import (
    COLUMN_SCHEMA,
    columns_of_file,
    lineage_metadata,
    masked_lineage,
    origins_of,
    passed_on,
    with_origins,
)
from ddg_pipeline.orchestration.metadata import published_schema

if TYPE_CHECKING:
    from dagster import DagsterInstance

    from ddg_pipeline.orchestration.steps import Checked, Staged
    from ddg_pipeline.publishing import Receipt
    from ddg_pipeline.rulebook import Rulebook

Metadata = dict[str, dg.MetadataValue]


def description(contract: ReleaseContract, step: str) -> str:
    """Describe an asset of a release by its contract.

    Args:
        contract: The contract.
        step: What this asset is, after the title and a colon.
    """
    parts = [f"{contract.title}: {step}", contract.description]
    levels = contract.suppression.level
    facts = [f"level `{levels}`", f"rulebook `{contract.rulebook}`"]
    if contract.publication.cadence:
        facts.append(f"published {contract.publication.cadence}")
    if contract.links:
        facts.append("masked together with " + ", ".join(f"`{name}`" for name in contract.links))
    return "\n\n".join(part.strip() for part in [*parts, f"{'; '.join(facts)}.".capitalize()] if part.strip())


def first(page: Metadata, others: Metadata) -> Metadata:
    """Put together what a page tells and what else is known: the page's own first, and as it says it."""
    return {**page, **{name: value for name, value in others.items() if name not in page}}


def masked_page(instance: DagsterInstance, staged: Staged, rulebook: Rulebook, aggregate: dg.AssetKey) -> Metadata:
    """Tell by which rules a table was masked, what its score is made of, and where its columns come from."""
    from ddg_pipeline.orchestration.suppression_view import score_chart
    from ddg_pipeline.publishing import package_names, public_part

    contract = staged.contract
    public = public_part(
        staged.assessment, rulebook, contract.release, masked=staged.masked, reasons_shown=staged.reasons_shown
    )
    columns = columns_of_file(staged.package / package_names(contract).csv)
    rows = next(iter(staged.counts.values())).cells
    deps = masked_lineage(contract, aggregate, columns)
    origins = origins_of(instance, deps)
    return {
        "decision": dg.MetadataValue.text(public.decision),
        "rules": dg.MetadataValue.md(_rules(contract, rulebook)),
        "score_chart": score_chart(public, rulebook.cut_off),
        "dagster/row_count": dg.MetadataValue.int(rows),
        COLUMN_SCHEMA: with_origins(_schema(contract, rulebook, staged, columns), origins),
        **lineage_metadata(deps, origins),
    }


def release_page(
    instance: DagsterInstance, checked: Checked, place: Path, masked: dg.AssetKey, seconds: float
) -> Metadata:
    """Tell what the released bytes show: how much of them is hidden, where, and where their columns come from.

    Args:
        instance: Where lineage is read.
        checked: What the gate found.
        place: The released package.
        masked: The asset that it was judged from.
        seconds: How long judging its group took.
    """
    from ddg_pipeline.orchestration.suppression_view import suppression_metadata
    from ddg_pipeline.publishing import package_names

    contract = checked.staged.contract
    table = place / package_names(contract).csv
    deps = passed_on(masked, columns_of_file(table))
    origins = origins_of(instance, deps)
    return {
        **suppression_metadata(contract, checked.rulebook, table),
        "seconds_in_the_gate": dg.MetadataValue.float(round(seconds, 1)),
        COLUMN_SCHEMA: with_origins(published_schema(place), origins),
        **lineage_metadata(deps, origins),
    }


def publication_page(
    instance: DagsterInstance, receipt: Receipt, contract: ReleaseContract, release: dg.AssetKey
) -> Metadata:
    """Tell the columns of what is public, and where they come from."""
    from ddg_pipeline.publishing import package_names

    table = receipt.path / package_names(contract).csv
    with table.open(encoding="utf-8", newline="") as lines:
        rows = sum(1 for _ in csv.reader(lines)) - 1
    deps = passed_on(release, columns_of_file(table))
    origins = origins_of(instance, deps)
    return {
        "dagster/row_count": dg.MetadataValue.int(rows),
        COLUMN_SCHEMA: with_origins(published_schema(receipt.path), origins),
        **lineage_metadata(deps, origins),
    }


def _rules(contract: ReleaseContract, rulebook: Rulebook) -> str:
    """Say the threshold, the level and the cut-off in the rulebook's own words."""
    numerator = rulebook.thresholds.numerator
    level = contract.suppression.level
    return "\n".join(
        [
            f"* Counts from {numerator.lower} to {numerator.upper} are small ({rulebook.thresholds.section}).",
            f"* A publication score over {rulebook.cut_off} asks for masking.",
            f"* Level `{level}`: {rulebook.masking.levels[level].description}",
        ]
    )


def _schema(
    contract: ReleaseContract, rulebook: Rulebook, staged: Staged, columns: Sequence[str]
) -> dg.TableSchemaMetadataValue:
    from ddg_pipeline.publishing import ColumnWriter

    writer = ColumnWriter(contract, rulebook, masked=staged.masked, reasons_shown=staged.reasons_shown)
    texts = [writer.describe(column) for column in columns]
    found = [dg.TableColumn(text.name, text.type, text.description) for text in texts]
    return dg.MetadataValue.table_schema(dg.TableSchema(found))
