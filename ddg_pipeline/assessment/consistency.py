"""Signs in the table itself that it is not what the contract says: rows left out, statistics that are others."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from ddg_pipeline.assessment.condition import remainders
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.columns import decimals_of
from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.rulebook import Rulebook

_PERCENT = 100


def consistency_notes(bound: BoundTable, rulebook: Rulebook) -> list[Note]:
    """Note what the expert has to ask about; nothing here changes the score.

    * Combinations of categories without a row count as zeros, because a database that counts leaves them out. A table
      from which somebody took the small rows looks the same.
    * A total that leaves a few people beyond its parts tells them to whoever subtracts; they are in no row, so nothing
      hides them (§4.4).
    * A rate or percentage that is not its numerator over its denominator may be adjusted, or declared wrongly; what a
      reader can calculate from it depends on that.
    """
    return [*_rows_left_out(bound), *_small_remainders(bound, rulebook), *_other_statistics(bound)]


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


def _small_remainders(bound: BoundTable, rulebook: Rulebook) -> Iterator[Note]:
    lower, upper = rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper
    for name in bound.contract.counts:
        small = sum(int(rest.between(lower, upper).sum()) for rest in remainders(bound, name))
        if small:
            yield Note(
                f"measures.{name}",
                f"In {small:,} places a total or broader group counts {lower} to {upper} more than its parts in the "
                "table. If they are people of a part that is left out, put its rows in, so that they can be hidden.",
                rests_on_counts=True,
            )


def _other_statistics(bound: BoundTable) -> Iterator[Note]:
    for name, measure in bound.contract.measures.items():
        expected = _expected(bound, measure)
        if expected is None:
            continue
        shown = pd.to_numeric(bound.frame[name], errors="coerce")
        differs = (shown - expected).abs() > 10.0 ** -decimals_of(measure, bound.frame[name])
        if differs.any():
            first = bound.coordinate(int(differs.to_numpy().nonzero()[0][0]))
            yield Note(
                f"measures.{name}",
                f"{name} is not {measure.numerator} over {measure.denominator} per {_per(measure):,} in "
                f"{int(differs.sum()):,} of {int(shown.notna().sum()):,} rows, first at {first}. If it is not "
                "adjusted, correct contract or table: what readers can calculate is judged by what is declared.",
                rests_on_counts=True,
            )


def _expected(bound: BoundTable, measure: Measure) -> pd.Series[float] | None:
    if measure.kind not in (MeasureKind.RATE, MeasureKind.PERCENT) or measure.numerator is None:
        return None
    if measure.denominator is None or (measure.kind is MeasureKind.RATE and measure.per is None):
        return None
    if measure.denominator not in bound.frame.columns:
        return None
    above = pd.to_numeric(bound.frame[measure.numerator], errors="coerce").astype(float)
    below = pd.to_numeric(bound.frame[measure.denominator], errors="coerce").astype(float)
    return above / below.where(below > 0) * _per(measure)


def _per(measure: Measure) -> int:
    return measure.per or _PERCENT
