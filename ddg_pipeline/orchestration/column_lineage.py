"""Where each column comes from, from the published table back to the sources.

Dagster knows this by the metadata ``dagster/column_lineage``. Its open-source web server does not show that, so the
same is told in words beside it. Names of columns only: nothing here has ever seen a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.orchestration.metadata import markdown_table
from ddg_pipeline.orchestration.sql_columns import ROWS

if TYPE_CHECKING:
    from dagster import DagsterInstance

COLUMN_LINEAGE = "dagster/column_lineage"
COLUMN_SCHEMA = "dagster/column_schema"

Deps = Mapping[str, Sequence[dg.TableColumnDep]]
"""By column, the columns that it is made of."""


def where_from(deps: Deps) -> dg.MarkdownMetadataValue:
    """Tell the columns that each column is made of, one step back."""
    return markdown_table(["column", "made of"], [[f"`{name}`", _told(found)] for name, found in deps.items()])


def masked_lineage(contract: ReleaseContract, aggregate: dg.AssetKey, columns: Sequence[str]) -> Deps:
    """Say which columns of the aggregate the columns of a masked table are made of.

    An annotation comes from the count that decides whether the figure beside it is small.

    Args:
        contract: The release's contract.
        aggregate: The asset of the model that carries it.
        columns: The columns of the masked table.
    """
    from ddg_pipeline.quality.annotations import annotation_columns

    measures = dict(zip(contract.published_measures, contract.measures, strict=True))
    decided_by = {
        note: contract.governor(measure)
        for name, measure in measures.items()
        for note in annotation_columns(contract, name)
    }
    made_of = {column: decided_by.get(column, measures.get(column, column)) for column in columns}
    return {column: [dg.TableColumnDep(asset_key=aggregate, column_name=name)] for column, name in made_of.items()}


def passed_on(asset: dg.AssetKey, columns: Sequence[str]) -> Deps:
    """Say that every column is the same one of the step before."""
    return {column: [dg.TableColumnDep(asset_key=asset, column_name=column)] for column in columns}


@dataclass(frozen=True)
class Origin:
    """Where a column begins.

    Attributes:
        columns: The columns of sources and reference tables that it goes back to.
        tables: The tables in between, the nearest first.
    """

    columns: tuple[dg.TableColumnDep, ...]
    tables: tuple[dg.AssetKey, ...]

    def __str__(self) -> str:
        """Name the columns, as in a column's description."""
        tables = _by_table(self.columns)
        told = [f"{key.to_user_string()}: {', '.join(names)}" for key, names in tables.items()]
        return f"Comes from {'; '.join(told)}." if told else "Written in the SQL itself."


def origins_of(instance: DagsterInstance, deps: Deps) -> dict[str, Origin]:
    """Follow columns back to where they begin.

    Args:
        instance: What was materialized before: each table's latest lineage is read.
        deps: The columns that each is made of.
    """
    walk = _Walk(instance)
    return {column: walk.back(found) for column, found in deps.items()}


def lineage_metadata(deps: Deps, origins: Mapping[str, Origin]) -> dict[str, dg.MetadataValue]:
    """Tell of each column what it is made of, for Dagster, and where it begins, for people."""
    columns: dict[tuple[str, str], list[str]] = {}  # those of one origin in one line: a count and its annotations
    for column, origin in origins.items():
        way = " ← ".join(key.to_user_string() for key in origin.tables) or "directly"
        columns.setdefault((_told(origin.columns), way), []).append(f"`{column}`")
    rows = [[", ".join(names), *told] for told, names in columns.items()]
    return {
        "columns_come_from": markdown_table(["column", "comes from", "by way of"], rows),
        COLUMN_LINEAGE: dg.MetadataValue.column_lineage(dg.TableColumnLineage(dict(deps))),
    }


def with_origins(schema: dg.TableSchemaMetadataValue, origins: Mapping[str, Origin]) -> dg.TableSchemaMetadataValue:
    """Add to the description of each column where it comes from."""
    columns = [
        dg.TableColumn(one.name, one.type, f"{one.description or ''} {origins[one.name]}".strip(), one.constraints)
        if one.name in origins
        else one
        for one in schema.schema.columns
    ]
    return dg.MetadataValue.table_schema(dg.TableSchema(columns))


class _Walk:
    """Goes back from column to column, through what each table's latest materialization says of itself."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._lineages: dict[dg.AssetKey, Deps | None] = {}

    def back(self, deps: Sequence[dg.TableColumnDep]) -> Origin:
        """Find where columns begin, and which tables lie between, in the order in which they are met."""
        ends: dict[tuple[dg.AssetKey, str], dg.TableColumnDep] = {}
        between: dict[dg.AssetKey, None] = {}
        seen: set[tuple[dg.AssetKey, str]] = set()
        queue = list(deps)
        while queue:
            one = queue.pop(0)
            at = (one.asset_key, one.column_name)
            if at in seen:
                continue
            seen.add(at)
            before = self._lineage(one.asset_key)
            if before is None:
                ends[at] = one
                continue
            between[one.asset_key] = None
            queue += before.get(one.column_name, before.get(one.column_name.lower(), ()))
        return Origin(tuple(ends[at] for at in sorted(ends)), tuple(between))

    def _lineage(self, key: dg.AssetKey) -> Deps | None:
        if key not in self._lineages:
            event = self._instance.get_latest_materialization_event(key)
            made = None if event is None else event.asset_materialization
            value = None if made is None else made.metadata.get(COLUMN_LINEAGE)
            known = isinstance(value, dg.TableColumnLineageMetadataValue)
            self._lineages[key] = value.column_lineage.deps_by_column if known else None  # type: ignore[union-attr]
        return self._lineages[key]


def _told(deps: Sequence[dg.TableColumnDep]) -> str:
    """Name columns, each table once, linked to its page."""
    tables = _by_table(deps)
    told = [f"[{key.to_user_string()}]({_page(key)}): {', '.join(names)}" for key, names in tables.items()]
    return "; ".join(told) or "written in the SQL itself"


def _by_table(deps: Sequence[dg.TableColumnDep]) -> dict[dg.AssetKey, list[str]]:
    tables: dict[dg.AssetKey, list[str]] = {}
    for one in deps:
        tables.setdefault(one.asset_key, []).append("its rows" if one.column_name == ROWS else f"`{one.column_name}`")
    return tables


def _page(key: dg.AssetKey) -> str:
    return "/assets/" + "/".join(key.path)


def columns_of_file(csv: Path) -> list[str]:
    """Read the header of a published table."""
    import csv as reader

    with csv.open(encoding="utf-8", newline="") as lines:
        return next(reader.reader(lines), [])
