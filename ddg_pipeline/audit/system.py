"""Whole-number unknowns with bounds, and linear rows over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Booleans, Integers


@dataclass(frozen=True, eq=False)
class System:
    """``row_lower <= A x <= row_upper`` with ``lower <= x <= upper``, all whole numbers.

    ``NO_LIMIT`` and above (``-NO_LIMIT`` and below) mean unbounded. No row is empty.

    Attributes:
        lower: Per unknown, the least it can be.
        upper: Per unknown, the most it can be.
        start: Per row, where its entries begin; one more than rows.
        column: Per entry, the unknown.
        coefficient: Per entry, the factor.
        row_lower: Per row, the least its sum can be.
        row_upper: Per row, the most its sum can be.
        label: Per row, the caller's name for it; rows that were merged keep the first.
    """

    lower: Integers
    upper: Integers
    start: Integers
    column: Integers
    coefficient: Integers
    row_lower: Integers
    row_upper: Integers
    label: Integers

    @property
    def unknowns(self) -> int:
        """How many unknowns there are."""
        return len(self.lower)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.row_lower)

    @cached_property
    def row(self) -> Integers:
        """Per entry, its row."""
        return np.repeat(np.arange(self.rows, dtype=np.int64), np.diff(self.start))

    @cached_property
    def by_column(self) -> tuple[Integers, Integers]:
        """Entries in the order of their unknowns, and where each unknown's entries begin."""
        order = np.argsort(self.column, kind="stable")
        start = np.searchsorted(self.column[order], np.arange(self.unknowns + 1))
        return order, start.astype(np.int64)

    def sums(self, values: Integers) -> Integers:
        """Compute ``A x``."""
        if not self.rows:
            return np.zeros(0, dtype=np.int64)
        sums: Integers = np.add.reduceat(self.coefficient * values[self.column], self.start[:-1])
        return sums

    def holds(self, values: Integers) -> bool:
        """Check a solution by arithmetic."""
        if not ((values >= self.lower) & (values <= self.upper)).all():
            return False
        sums = self.sums(values)
        return bool(((sums >= self.row_lower) & (sums <= self.row_upper)).all())

    def with_bounds(self, lower: Integers, upper: Integers) -> System:
        """Give the same rows under other bounds."""
        return System(
            lower, upper, self.start, self.column, self.coefficient, self.row_lower, self.row_upper, self.label
        )

    def keep_rows(self, keep: Booleans) -> System:
        """Leave out rows."""
        entries = keep[self.row]
        sizes = np.diff(self.start)[keep]
        return System(
            self.lower,
            self.upper,
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            self.column[entries],
            self.coefficient[entries],
            self.row_lower[keep],
            self.row_upper[keep],
            self.label[keep],
        )

    def restrict(self, free: Integers, values: Integers) -> System:
        """Hold all unknowns but ``free`` at ``values``; the rows that are left see only the free ones.

        Args:
            free: Positions of the unknowns to keep, each once.
            values: A value for every unknown; those of ``free`` are not used.
        """
        order, begin = self.by_column
        entries = np.concatenate([order[begin[v] : begin[v + 1]] for v in free] or [np.empty(0, dtype=np.int64)])
        rows = np.unique(self.row[entries])
        sizes = np.diff(self.start)[rows]
        all_entries = _ranges(self.start[rows], sizes)
        new_row = np.repeat(np.arange(len(rows), dtype=np.int64), sizes)
        position = np.full(self.unknowns, -1, dtype=np.int64)
        position[free] = np.arange(len(free), dtype=np.int64)
        column = position[self.column[all_entries]]
        inside = column >= 0
        fixed = np.zeros(len(rows), dtype=np.int64)
        outside = all_entries[~inside]
        np.add.at(fixed, new_row[~inside], self.coefficient[outside] * values[self.column[outside]])
        counts = np.bincount(new_row[inside], minlength=len(rows))
        return System(
            self.lower[free],
            self.upper[free],
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            column[inside],
            self.coefficient[all_entries][inside],
            shifted(self.row_lower[rows], fixed),
            shifted(self.row_upper[rows], fixed),
            self.label[rows],
        )

    def merged(self) -> System:
        """Merge rows over the same unknowns with the same factors."""
        first: dict[bytes, int] = {}
        keep = np.zeros(self.rows, dtype=np.bool_)
        low, high = self.row_lower.copy(), self.row_upper.copy()
        for row in range(self.rows):
            begin, end = self.start[row], self.start[row + 1]
            order = np.argsort(self.column[begin:end], kind="stable")
            columns, factors = self.column[begin:end][order], self.coefficient[begin:end][order]
            sign = 1 if factors[0] > 0 else -1
            key = columns.tobytes() + (factors * sign).tobytes()
            here = (low[row], high[row]) if sign > 0 else (-high[row], -low[row])
            there = first.setdefault(key, row)
            if there == row:
                keep[row] = True
                continue
            turned = 1 if self._first_factor(there) > 0 else -1
            wanted = here if turned > 0 else (-here[1], -here[0])
            low[there], high[there] = max(low[there], wanted[0]), min(high[there], wanted[1])
        merged = System(self.lower, self.upper, self.start, self.column, self.coefficient, low, high, self.label)
        return merged.keep_rows(keep)

    def _first_factor(self, row: int) -> int:
        begin, end = self.start[row], self.start[row + 1]
        return int(self.coefficient[begin:end][np.argmin(self.column[begin:end])])


def shifted(bound: Integers, fixed: Integers) -> Integers:
    """Take a known part off a bound, leaving unbounded ones unbounded."""
    return np.asarray(np.where(np.abs(bound) >= NO_LIMIT, bound, bound - fixed), dtype=np.int64)


def _ranges(starts: Integers, sizes: Integers) -> Integers:
    if not len(starts):
        return np.empty(0, dtype=np.int64)
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes), dtype=np.int64)


class Rows:
    """Collects rows of a system, one at a time or in bulk."""

    def __init__(self) -> None:
        self._row: list[Integers] = []
        self._column: list[Integers] = []
        self._coefficient: list[Integers] = []
        self._lower: list[Integers] = []
        self._upper: list[Integers] = []
        self._label: list[Integers] = []
        self._count = 0

    def add(self, terms: Iterable[tuple[int, int]], lower: int, upper: int, label: int) -> None:
        """Add one row of ``(unknown, factor)`` terms."""
        terms = list(terms)
        ones: Any = np.zeros(len(terms), dtype=np.int64)
        self.extend(
            ones,
            np.array([unknown for unknown, _ in terms], dtype=np.int64),
            np.array([factor for _, factor in terms], dtype=np.int64),
            np.array([lower], dtype=np.int64),
            np.array([upper], dtype=np.int64),
            np.array([label], dtype=np.int64),
        )

    def extend(
        self, row: Integers, column: Integers, coefficient: Integers, lower: Integers, upper: Integers, label: Integers
    ) -> None:
        """Add rows in bulk; ``row`` counts from 0 and need not be sorted."""
        self._row.append(row + self._count)
        self._column.append(column)
        self._coefficient.append(coefficient)
        self._lower.append(lower)
        self._upper.append(upper)
        self._label.append(label)
        self._count += len(lower)

    def system(self, lower: Integers, upper: Integers) -> System:
        """Make the system; an unknown that stands in a row several times gets the sum of its factors."""
        row, column, coefficient = (_joined(part) for part in (self._row, self._column, self._coefficient))
        key = row * max(len(lower), 1) + column
        unique, inverse = np.unique(key, return_inverse=True)
        summed = np.zeros(len(unique), dtype=np.int64)
        np.add.at(summed, inverse, coefficient)
        unique, summed = unique[summed != 0], summed[summed != 0]
        row, column = unique // max(len(lower), 1), unique % max(len(lower), 1)
        sizes = np.bincount(row, minlength=self._count).astype(np.int64)
        keep = sizes > 0
        return System(
            lower,
            upper,
            np.concatenate([[0], np.cumsum(sizes[keep])]).astype(np.int64),
            column,
            summed,
            _joined(self._lower)[keep],
            _joined(self._upper)[keep],
            _joined(self._label)[keep],
        )


def _joined(parts: Sequence[Integers]) -> Integers:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])
