"""From where to where categories reach, so that those which overlap are found: age bands and periods."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ddg_pipeline.assessment.age_bands import DAYS_OF_A_MONTH, parse_age_band
from ddg_pipeline.assessment.periods import spans_of_periods
from ddg_pipeline.contract import Variable


@dataclass(frozen=True)
class Span:
    """From the first day to the one after the last: days since birth, or of the calendar.

    Attributes:
        first: The first day in it.
        after: The first day after it; infinity for an open band.
    """

    first: float
    after: float

    def holds(self, other: Span) -> bool:
        """Say whether another span lies within this one and is shorter."""
        return self != other and self.first <= other.first and other.after <= self.after

    def overlaps(self, other: Span) -> bool:
        """Say whether both hold the same days; weeks beside months may do so by a few days of rounding."""
        shared = min(self.after, other.after) - max(self.first, other.first)
        return self == other or shared >= DAYS_OF_A_MONTH or (shared > 0 and (self.holds(other) or other.holds(self)))


def spans_of(variable: Variable, labels: Iterable[str], period: str | None = None) -> dict[str, Span]:
    """Read what the labels of an age or time variable cover.

    Args:
        variable: What the labels are; any but age and time has no spans.
        labels: The labels, without totals and labels for "not known".
        period: What one period covers, where the contract declares it.

    Returns:
        Label to span, of those that can be read.
    """
    match variable:
        case Variable.AGE:
            bands = {label: parse_age_band(label) for label in labels}
            return {
                label: Span(band.first, float("inf") if band.after is None else band.after)
                for label, band in bands.items()
                if band is not None
            }
        case Variable.TIME:
            dates = spans_of_periods(labels, period)
            return {label: Span(first.toordinal(), after.toordinal()) for label, (first, after) in dates.items()}
        case _:
            return {}


def overlapping(spans: Mapping[str, Span]) -> Iterator[tuple[str, str]]:
    """Give the pairs of labels that cover the same days, in the order of the labels."""
    for one, other in itertools.combinations(spans, 2):
        if spans[one].overlaps(spans[other]):
            yield one, other
