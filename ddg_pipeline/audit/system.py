"""Whole-number unknowns with bounds, and linear rows over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Booleans, Integers, grouped

_SEED = 20


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
        return grouped(self.column, self.unknowns)

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
        entries = order[_ranges(begin[free], begin[free + 1] - begin[free])]
        rows = _distinct(self.row[entries], self.rows)
        sizes = np.diff(self.start)[rows]
        all_entries = _ranges(self.start[rows], sizes)
        new_row = np.repeat(np.arange(len(rows), dtype=np.int64), sizes)
        column = _positions(free, self.column[all_entries], self.unknowns)
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

    def relaxed(self, free: Integers) -> System:
        """Give the rows that touch some unknowns, over these alone; the others may be anything within their bounds.

        Args:
            free: Positions of the unknowns to keep, in ascending order.
        """
        order, begin = self.by_column
        entries = order[_ranges(begin[free], begin[free + 1] - begin[free])]
        rows = _distinct(self.row[entries], self.rows)
        sizes = np.diff(self.start)[rows]
        every = _ranges(self.start[rows], sizes)
        new_row = np.repeat(np.arange(len(rows), dtype=np.int64), sizes)
        column = _positions(free, self.column[every], self.unknowns)
        inside = column >= 0
        outside, its_row = every[~inside], new_row[~inside]
        factor = self.coefficient[outside]
        least = np.where(factor > 0, self.lower[self.column[outside]], self.upper[self.column[outside]])
        most = np.where(factor > 0, self.upper[self.column[outside]], self.lower[self.column[outside]])
        low, high = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        low_open, high_open = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        low_open[its_row[np.abs(least) >= NO_LIMIT]] = True
        high_open[its_row[np.abs(most) >= NO_LIMIT]] = True
        np.add.at(low, its_row, np.where(np.abs(least) >= NO_LIMIT, 0, factor * least))
        np.add.at(high, its_row, np.where(np.abs(most) >= NO_LIMIT, 0, factor * most))
        counts = np.bincount(new_row[inside], minlength=len(rows))
        return System(
            self.lower[free],
            self.upper[free],
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            column[inside],
            self.coefficient[every][inside],
            np.where(high_open, -NO_LIMIT, shifted(self.row_lower[rows], high)),
            np.where(low_open, NO_LIMIT, shifted(self.row_upper[rows], low)),
            self.label[rows],
        )

    def merged(self) -> System:
        """Merge rows over the same unknowns with the same factors."""
        if not self.rows:
            return self
        sizes, begin = np.diff(self.start), self.start[:-1]
        order = np.lexsort((self.column, self.row))
        column, factor = self.column[order], self.coefficient[order]
        sign = np.where(factor[begin] > 0, 1, -1)
        factor = factor * np.repeat(sign, sizes)
        weight = np.random.default_rng(_SEED).integers(1, 1 << 62, self.unknowns, dtype=np.int64)
        with np.errstate(over="ignore"):
            key = np.add.reduceat(weight[column] * factor, begin)
        by_key = np.lexsort((np.arange(self.rows), key, sizes))
        new = np.ones(self.rows, dtype=np.bool_)
        new[1:] = (np.diff(key[by_key]) != 0) | (np.diff(sizes[by_key]) != 0)
        first = np.empty(self.rows, dtype=np.int64)
        first[by_key] = by_key[np.flatnonzero(new)][np.cumsum(new) - 1]
        # two rows with one key are the same only if they are so entry by entry
        later = np.flatnonzero(first != np.arange(self.rows))
        mine, its = _ranges(begin[later], sizes[later]), _ranges(begin[first[later]], sizes[later])
        differs = (column[mine] != column[its]) | (factor[mine] != factor[its])
        first[np.unique(np.repeat(later, sizes[later])[differs])] = np.unique(np.repeat(later, sizes[later])[differs])
        low, high = (
            np.where(sign > 0, self.row_lower, -self.row_upper),
            np.where(sign > 0, self.row_upper, -self.row_lower),
        )
        least, most = low.copy(), high.copy()
        np.maximum.at(least, first, low)
        np.minimum.at(most, first, high)
        low, high = np.where(sign > 0, least, -most), np.where(sign > 0, most, -least)
        merged = System(self.lower, self.upper, self.start, self.column, self.coefficient, low, high, self.label)
        return merged.keep_rows(first == np.arange(self.rows))


def shifted(bound: Integers, fixed: Integers) -> Integers:
    """Take a known part off a bound, leaving unbounded ones unbounded."""
    return np.asarray(np.where(np.abs(bound) >= NO_LIMIT, bound, bound - fixed), dtype=np.int64)


def _distinct(values: Integers, size: int) -> Integers:
    """List the different numbers below a size; by marking them all if they are many."""
    if len(values) * 8 < size:
        return np.unique(values)
    there = np.zeros(size, dtype=np.bool_)
    there[values] = True
    return np.flatnonzero(there)


def _positions(listed: Integers, wanted: Integers, size: int) -> Integers:
    """Say where in a list each number stands, -1 if nowhere."""
    if len(wanted) * 8 < size:
        order = np.argsort(listed)
        at = order[np.clip(np.searchsorted(listed, wanted, sorter=order), 0, len(listed) - 1)]
        return np.where(listed[at] == wanted, at, -1)
    position = np.full(size, -1, dtype=np.int64)
    position[listed] = np.arange(len(listed), dtype=np.int64)
    return position[wanted]


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
        from scipy.sparse import coo_array

        row, column, coefficient = (_joined(part) for part in (self._row, self._column, self._coefficient))
        matrix = coo_array((coefficient, (row, column)), shape=(self._count, max(len(lower), 1))).tocsr()
        matrix.eliminate_zeros()
        column, summed = matrix.indices.astype(np.int64), matrix.data.astype(np.int64)
        sizes = np.diff(matrix.indptr).astype(np.int64)
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
