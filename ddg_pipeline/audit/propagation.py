"""Interval propagation: what each row alone, again and again, says about its unknowns.

Sound at every moment: the intervals always contain every solution, so it may stop early.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.system import System

if TYPE_CHECKING:
    from ddg_pipeline.audit._compiled import Rules

_MOST_ROUNDS = 500
_COMPILED_FROM = 2000  # compiled code is loaded for so many rows


@dataclass(frozen=True, eq=False)
class Propagated:
    """Intervals after propagation.

    Attributes:
        system: The system under the narrower bounds.
        broken_rows: Rows that no values within the bounds can satisfy.
        settled: Whether another round would change nothing.
    """

    system: System
    broken_rows: Booleans
    settled: bool


def propagate(system: System, rounds: int = _MOST_ROUNDS) -> Propagated:
    """Narrow the bounds of every unknown by every row until nothing changes, a row breaks, or the rounds run out."""
    if system.rows >= _COMPILED_FROM and rounds > 1:
        return _compiled(system, rounds)
    lower, upper = system.lower.copy(), system.upper.copy()
    for _ in range(rounds):
        activity = _Activity(system, lower, upper)
        broken = activity.broken
        if broken.any() or not system.rows:
            return Propagated(system.with_bounds(lower, upper), broken, settled=not broken.any())
        new_lower, new_upper = activity.narrowed()
        crossed = new_lower > new_upper
        if crossed.any():
            broken[np.unique(system.row[crossed[system.column]])] = True
            return Propagated(system.with_bounds(lower, upper), broken, settled=False)
        if (new_lower == lower).all() and (new_upper == upper).all():
            return Propagated(system.with_bounds(lower, upper), broken, settled=True)
        lower, upper = new_lower, new_upper
    return Propagated(system.with_bounds(lower, upper), np.zeros(system.rows, dtype=np.bool_), settled=False)


def _compiled(system: System, rounds: int) -> Propagated:
    from ddg_pipeline.audit._compiled import narrow, new_queue

    lower, upper = system.lower.copy(), system.upper.copy()
    broken, settled = narrow(rules_of(system), new_queue(system.rows, 0), lower, upper, rounds * system.rows)
    found = broken.astype(np.bool_)
    return Propagated(system.with_bounds(lower, upper), found, settled=bool(settled) and not found.any())


def rules_of(system: System) -> Rules:
    """Lay out a system for compiled propagation."""
    from ddg_pipeline.audit._compiled import Rules

    order, begin = system.by_column
    return Rules(
        system.start,
        system.column,
        system.coefficient,
        system.row_lower,
        system.row_upper,
        begin,
        system.row[order],
    )


def redundant_rows(system: System) -> Booleans:
    """Tell which rows hold whatever values the unknowns take within their bounds."""
    activity = _Activity(system, system.lower, system.upper)
    low_holds = (system.row_lower <= -NO_LIMIT) | (~activity.low_open & (activity.low >= system.row_lower))
    high_holds = (system.row_upper >= NO_LIMIT) | (~activity.high_open & (activity.high <= system.row_upper))
    return low_holds & high_holds


class _Activity:
    """The least and the most that every row can sum to."""

    def __init__(self, system: System, lower: Integers, upper: Integers) -> None:
        self.system, self.lower, self.upper = system, lower, upper
        factor = system.coefficient
        positive = factor > 0
        at_low = np.where(positive, lower[system.column], upper[system.column])
        at_high = np.where(positive, upper[system.column], lower[system.column])
        self.entry_low_open, self.entry_high_open = np.abs(at_low) >= NO_LIMIT, np.abs(at_high) >= NO_LIMIT
        self.entry_low = np.where(self.entry_low_open, 0, factor * np.where(self.entry_low_open, 0, at_low))
        self.entry_high = np.where(self.entry_high_open, 0, factor * np.where(self.entry_high_open, 0, at_high))
        begin = system.start[:-1]
        if not system.rows:
            self.low = self.high = self.low_count = self.high_count = np.zeros(0, dtype=np.int64)
            return
        self.low, self.high = np.add.reduceat(self.entry_low, begin), np.add.reduceat(self.entry_high, begin)
        self.low_count = np.add.reduceat(self.entry_low_open.astype(np.int64), begin)
        self.high_count = np.add.reduceat(self.entry_high_open.astype(np.int64), begin)

    @property
    def low_open(self) -> Booleans:
        return self.low_count > 0

    @property
    def high_open(self) -> Booleans:
        return self.high_count > 0

    @property
    def broken(self) -> Booleans:
        too_much = ~self.low_open & (self.low > self.system.row_upper)
        too_little = ~self.high_open & (self.high < self.system.row_lower)
        return too_much | too_little

    def narrowed(self) -> tuple[Integers, Integers]:
        system, row, factor = self.system, self.system.row, self.system.coefficient
        rest_low, rest_low_known = (
            self.low[row] - self.entry_low,
            (self.low_count[row] - self.entry_low_open) == 0,
        )
        rest_high, rest_high_known = (
            self.high[row] - self.entry_high,
            (self.high_count[row] - self.entry_high_open) == 0,
        )
        # factor * x <= row_upper - rest_low, and factor * x >= row_lower - rest_high
        has_most = rest_low_known & (system.row_upper[row] < NO_LIMIT)
        has_least = rest_high_known & (system.row_lower[row] > -NO_LIMIT)
        most = np.where(has_most, system.row_upper[row] - rest_low, 0)
        least = np.where(has_least, system.row_lower[row] - rest_high, 0)
        positive = factor > 0
        new_upper = np.where(positive, most // factor, least // factor)
        new_lower = np.where(positive, -((-least) // factor), -((-most) // factor))
        upper, lower = self.upper.copy(), self.lower.copy()
        use_upper = np.where(positive, has_most, has_least)
        use_lower = np.where(positive, has_least, has_most)
        np.minimum.at(upper, system.column[use_upper], new_upper[use_upper])
        np.maximum.at(lower, system.column[use_lower], new_lower[use_lower])
        return lower, upper
