"""Where a release hides the most, for analysts: taken from the published file alone, so that it tells nothing new."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.orchestration.metadata import markdown_table
from ddg_pipeline.orchestration.plots import Bar, bar_chart

if TYPE_CHECKING:
    from ddg_pipeline.publishing import PublicAssessment
    from ddg_pipeline.rulebook import Rulebook

_SHOWN = 5  # bars at a glance
_LISTED = 12  # categories of each dimension


def score_chart(public: PublicAssessment, cut_off: int) -> dg.MarkdownMetadataValue:
    """Draw what the publication score is made of; terms that are not shown are named without a bar.

    Args:
        public: The assessment, as far as it may be told.
        cut_off: The score above which the guideline asks for masking.
    """
    bars = [
        Bar(term.variable, term.score or 0, "not shown" if term.score is None else f"{term.score:+d}")
        for term in public.terms
    ]
    score = f"{public.total}" if public.total is not None else f"{public.at_most} at most"
    total = Bar("publication score", public.at_most, score)
    said = ", ".join(f"{bar.label} {bar.figure}" for bar in bars)
    return dg.MetadataValue.md(bar_chart(f"Score {score}; masked over {cut_off}. {said}", [*bars, total]))


def suppression_metadata(contract: ReleaseContract, rulebook: Rulebook, table: Path) -> dict[str, dg.MetadataValue]:
    """Show the share of rows with a suppressed figure: in all, and by category.

    Args:
        contract: The release's contract.
        rulebook: Whose annotation codes stand in the file.
        table: The published table.
    """
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    hidden = [_is_hidden(row, contract, rulebook) for row in rows]
    total = sum(hidden)
    figures: dict[str, dg.MetadataValue] = {
        "rows_with_a_suppressed_figure": dg.MetadataValue.int(total),
        "share_of_rows_suppressed_percent": dg.MetadataValue.float(round(100 * total / len(rows), 1) if rows else 0.0),
    }
    if not total:
        return figures
    shares = {name: _shares(rows, hidden, name) for name in contract.dimensions if rows and name in rows[0]}
    every = sorted(((share, category) for found in shares.values() for category, share in found.items()), key=_order)
    return {
        **figures,
        "most_suppressed": dg.MetadataValue.md(_chart("Rows suppressed", every[:_SHOWN])),
        "suppressed_by_category": dg.MetadataValue.md("\n\n".join(_dimension(*one) for one in shares.items())),
    }


def _is_hidden(row: Mapping[str, str], contract: ReleaseContract, rulebook: Rulebook) -> bool:
    from ddg_pipeline.quality.annotations import annotation_columns

    notes = rulebook.annotations
    codes = {note.code for note in (notes.small, notes.complementary, notes.hidden)}
    return any(
        row.get(measure) == "" and row.get(annotation_columns(contract, measure)[0]) in codes
        for measure in contract.published_measures
    )


def _shares(rows: Sequence[Mapping[str, str]], hidden: Sequence[bool], dimension: str) -> dict[str, float]:
    """Give, by category, the percent of its rows in which a figure is suppressed."""
    of = Counter(row[dimension] for row in rows)
    suppressed = Counter(row[dimension] for row, is_hidden in zip(rows, hidden, strict=True) if is_hidden)
    return {category: 100 * suppressed[category] / number for category, number in of.items()}


def _order(one: tuple[float, str]) -> tuple[float, str]:
    return -one[0], one[1]


def _chart(what: str, shares: Sequence[tuple[float, str]]) -> str:
    bars = [Bar(category, share, f"{share:.0f} %") for share, category in shares]
    return bar_chart(f"{what}: {', '.join(f'{bar.label} {bar.figure}' for bar in bars)}", bars, 100)


def _dimension(name: str, shares: Mapping[str, float]) -> str:
    ordered = sorted(((share, category) for category, share in shares.items()), key=_order)
    listed = ordered[:_LISTED]
    table = markdown_table([name, "rows suppressed"], [[category, f"{share:.0f} %"] for share, category in listed])
    more = len(ordered) - len(listed)
    rest = f"\n\nand {more} more, none of which has a larger share" if more else ""
    return f"#### {name}\n\n{_chart(name, listed)}\n\n{table.value}{rest}"
