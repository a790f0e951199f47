"""Signs in the table itself that it is not what the contract says: rows left out, statistics that are others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from ddg_pipeline.assessment.derived import DerivedCounts
from ddg_pipeline.assessment.figures import differing_rows, in_words
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.columns import some
from ddg_pipeline.rulebook import Rulebook

_LISTED = 3


def consistency_notes(bound: BoundTable, rulebook: Rulebook, derived: Sequence[DerivedCounts]) -> list[Note]:
    """Note what the expert has to ask about; nothing here changes the score.

    * Combinations of categories without a row count as zeros, because a database that counts leaves them out. A table
      from which somebody took the small rows looks the same.
    * A total that leaves a few people beyond its parts tells them to whoever subtracts, and so do categories that
      overlap (§4.4). They are counted among the small cells; here the expert reads where they are.
    * A rate or percentage that is not its numerator over its denominator may be adjusted, or declared wrongly; what a
      reader can calculate from it depends on that. Where it is plainly something else, `figures` refuses it.
    """
    return [*_rows_left_out(bound), *_by_subtraction(rulebook, derived), *_other_statistics(bound)]


def _rows_left_out(bound: BoundTable) -> Iterator[Note]:
    inside = pd.Series(True, index=bound.frame.index)
    for name, axis in bound.axes.items():
        inside &= bound.frame[name].isin(axis.leaves)
    rows, combinations = int(inside.sum()), math.prod(len(axis.leaves) for axis in bound.axes.values())
    if 0 < rows < combinations:
        yield Note(
            "rows",
            f"{combinations - rows:,} of {combinations:,} combinations of categories have no row and are taken for "
            "zeros. If rows were left out because they are small, put them in.",
        )


def _by_subtraction(rulebook: Rulebook, derived: Sequence[DerivedCounts]) -> Iterator[Note]:
    lower, upper = rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper
    for one in derived:
        beyond = one.coordinates_between(lower, upper, overlapping=False)
        if beyond:
            yield Note(
                f"measures.{one.measure}",
                f"In {_places(beyond)} a total or broader group counts {lower} to {upper} more than its parts in "
                f"the table: {some(beyond, _LISTED)}. Readers can subtract, so each counts as a small cell. If they "
                "are people of a part that is left out, put its rows in.",
                rests_on_counts=True,
            )
        between = one.coordinates_between(lower, upper, overlapping=True)
        if between:
            yield Note(
                f"measures.{one.measure}",
                f"In {_places(between)} categories that overlap differ by {lower} to {upper}: "
                f"{some(between, _LISTED)}. Readers can subtract, so each counts as a small cell. Masking hides small "
                "rows and no such differences: publish categories that do not overlap, or fewer.",
                rests_on_counts=True,
            )


def _places(coordinates: Sequence[str]) -> str:
    return f"{len(coordinates):,} {'place' if len(coordinates) == 1 else 'places'}"


def _other_statistics(bound: BoundTable) -> Iterator[Note]:
    for name, measure in bound.contract.measures.items():
        differs = differing_rows(bound, name)
        if differs is not None and differs.any():
            first = bound.coordinate(int(differs.to_numpy().nonzero()[0][0]))
            shown = pd.to_numeric(bound.frame[name], errors="coerce")
            yield Note(
                f"measures.{name}",
                f"{name} is not {in_words(measure)} in {int(differs.sum()):,} of {int(shown.notna().sum()):,} rows, "
                f"first at {first}. If it is not adjusted, correct contract or table: what readers can calculate is "
                "judged by what is declared.",
                rests_on_counts=True,
            )
