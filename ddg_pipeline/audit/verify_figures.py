"""The true counts of a table at every combination of its categories, for checking proofs.

Margins without a row are added up; what a margin counts beyond its parts becomes a part of its own. Where innermost
rows are left out or have no count, a proof says how many people it takes them to hold. Any such counts will do that
agree with all margins: nobody can tell them from others that agree as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.verify_axes import Categories
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import InputError, InputErrors

_MOST_COMBINATIONS = 100_000_000

Axes = tuple[Categories, ...]


@dataclass(frozen=True, eq=False)
class Assumed:
    """How many people a proof takes innermost cells without a count to hold.

    Attributes:
        labels: For each, the position of its category on every axis; shape ``(cells, dimensions)``.
        count: How many.
    """

    labels: Integers
    count: Integers


@dataclass(frozen=True, eq=False)
class Counts:
    """One count of one table; arrays with one axis a dimension.

    Attributes:
        value: The count; 0 where there is nothing. Restricted.
        row: Where the table has a row with a figure.
        gap: Where it has a row without one.
        there: Where there is anything: a figure, a margin over figures, or a remainder.
    """

    value: Integers
    row: Booleans
    gap: Booleans
    there: Booleans


@dataclass(frozen=True, eq=False)
class TableCounts:
    """The counts of one table that are joined by identities.

    Attributes:
        axes: The dimensions, with remainders.
        rows: The flat position of each row of the table.
        counts: By measure.
    """

    axes: Axes
    rows: Integers
    counts: Mapping[str, Counts]

    @property
    def remainder(self) -> Booleans:
        """Where a cell holds people whom a margin counts and none of its parts."""
        return _any_axis(self.axes, [axis.remainders for axis in self.axes])

    @property
    def finest(self) -> Booleans:
        """Where a cell has no parts in any dimension."""
        return ~_any_axis(self.axes, [frozenset(range(len(axis.labels))) - axis.finest for axis in self.axes])


def _any_axis(axes: Axes, marked: Sequence[frozenset[int]]) -> Booleans:
    found = np.zeros((), dtype=np.bool_)
    for axis, labels in zip(axes, marked, strict=True):
        found = np.logical_or.outer(found, [number in labels for number in range(len(axis.labels))])
    return found


def table_counts(table: BoundTable, axes: Axes, measures: Sequence[str], assumed: Mapping[str, Assumed]) -> TableCounts:
    """Place counts of a table on all combinations of its categories.

    Args:
        table: The true table.
        axes: Its dimensions, without remainders.
        measures: Counts of individuals that identities join, or a single one.
        assumed: By measure, what the proof assumes about innermost cells without a count.

    Raises:
        InputErrors: Parts sum to more than their whole, there are more combinations than can be held, or the proof
            assumes something about a cell that has a count.
    """
    shape = tuple(len(axis.labels) for axis in axes)
    size = int(np.prod([float(length) for length in shape]))
    if size > _MOST_COMBINATIONS:
        found = f"{size:,} combinations with margins"
        raise InputErrors([InputError(table.place, "dimensions", found, f"at most {_MOST_COMBINATIONS:,}")])
    rows = np.ravel_multi_index(tuple(table.codes(axis.name, axis.position) for axis in axes), shape).astype(np.int64)
    counts = {name: _placed(table, name, axes, rows, assumed.get(name)) for name in measures}
    wide, wide_counts = _with_remainders(table, axes, counts)
    for name, one in wide_counts.items():
        if (one.value < 0).any():
            raise _unexplained(table, name)
    nodes = np.unravel_index(rows, shape)
    moved = np.ravel_multi_index(nodes, tuple(len(axis.labels) for axis in wide)).astype(np.int64)
    return TableCounts(wide, moved, wide_counts)


def _unexplained(table: BoundTable, measure: str) -> InputErrors:
    found = "margins and parts that no counts explain, as the rows stand"
    expected = "parts that sum to no more than their whole, and a row for every combination that counts anybody"
    return InputErrors([InputError(table.place, measure, found, expected)])


def _placed(table: BoundTable, measure: str, axes: Axes, rows: Integers, assumed: Assumed | None) -> Counts:
    shape = tuple(len(axis.labels) for axis in axes)
    value = np.zeros(shape, dtype=np.int64)
    row, gap = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    blank = np.asarray(table.missing.get(measure, np.zeros(len(rows), dtype=np.bool_)))
    value.ravel()[rows[~blank]] = table.frame[measure].to_numpy(dtype=np.int64)[~blank]
    row.ravel()[rows[~blank]] = True
    gap.ravel()[rows[blank]] = True
    has = row
    if assumed is not None:
        at = tuple(assumed.labels.T)
        finest = [[label in axis.finest for label in range(len(axis.labels))] for axis in axes]
        innermost = np.all([np.array(one)[labels] for one, labels in zip(finest, at, strict=True)], axis=0)
        if not innermost.all() or row[at].any() or (assumed.count < 1).any():
            found = f"counts assumed of {measure} that are none, or of cells that have a count or parts"
            raise InputErrors([InputError("proof", table.contract.release, found, "the proof of these tables")])
        value[at] = assumed.count
        has = row.copy()
        has[at] = True
    return Counts(value, row, gap, _added_up(axes, value, has))


def _added_up(axes: Axes, value: Integers, row: Booleans) -> Booleans:
    """Compute, in place, margins that have no row: finer ones first, by the grouping that counts most.

    Returns:
        Where there is anything.
    """
    there = row.copy()
    if there.all():
        return there
    height = np.zeros((), dtype=np.int16)
    for axis in axes:
        height = np.add.outer(height, np.array(axis.heights, dtype=np.int16))
    for level in range(1, int(height.max(initial=0)) + 1):
        due = (height == level) & ~row
        for along, whole, parts in each_sum(axes):
            wanted = _along(due, along)[whole]
            if not wanted.any():
                continue
            values, anything = _along(value, along), _along(there, along)
            fresh = wanted & anything[parts].any(axis=0)
            values[whole] = np.where(fresh, np.maximum(values[whole], values[parts].sum(axis=0)), values[whole])
            anything[whole] |= fresh
    return there


def each_sum(axes: Axes) -> Iterator[tuple[int, int, list[int]]]:
    """Go through the sums of all dimensions: the dimension, the whole and its parts."""
    for along, axis in enumerate(axes):
        for whole, parts in axis.sums:
            yield along, whole, list(parts)


def _along(array: Any, axis: int) -> Any:
    """View an array with one dimension first; a last one of length 1 keeps what is indexed an array."""
    return np.moveaxis(array[..., None], axis, 0)


# --- remainders ------------------------------------------------------------------------------------------------------


def _with_remainders(table: BoundTable, axes: Axes, counts: Mapping[str, Counts]) -> tuple[Axes, dict[str, Counts]]:
    lacking = [_lacking(table, along, axis, counts) for along, axis in enumerate(axes)]
    wide, found = list(axes), dict(counts)
    for along, axis in enumerate(axes):
        if not lacking[along]:
            continue
        wide[along] = axis.with_remainders(lacking[along], table.axes[axis.name].labels)
        found = {name: _with_rests(along, axis, lacking[along], one) for name, one in found.items()}
    return tuple(wide), found


def _lacking(
    table: BoundTable, along: int, axis: Categories, counts: Mapping[str, Counts]
) -> list[tuple[int, tuple[int, ...]]]:
    """List the wholes of a dimension that exceed their parts, with the groupings that lack the same people."""
    rests: dict[int, list[tuple[int, list[Any]]]] = {}
    for position, (whole, parts) in enumerate(axis.sums):
        of_sum = []
        for name, one in counts.items():
            values, there = _along(one.value, along), _along(one.there, along)
            rest = values[whole] - values[list(parts)].sum(axis=0)
            of_sum.append(np.where(there[list(parts)].any(axis=0), rest, 0))
            if (of_sum[-1] < 0).any():
                raise _unexplained(table, name)
        rests.setdefault(whole, []).append((position, of_sum))
    found: list[tuple[int, tuple[int, ...]]] = []
    for whole, groupings in rests.items():
        lack = [(position, of_sum) for position, of_sum in groupings if any((rest > 0).any() for rest in of_sum)]
        first = groupings[0][1]
        alike = all(np.array_equal(a, b) for _, rest in groupings for a, b in zip(first, rest, strict=True))
        if lack and alike:
            found.append((whole, tuple(position for position, _ in groupings)))
        elif lack:
            found += [(whole, (position,)) for position, _ in lack]
    return found


def _with_rests(along: int, axis: Categories, lacking: Sequence[tuple[int, tuple[int, ...]]], counts: Counts) -> Counts:
    values = np.moveaxis(counts.value, along, 0)
    rests = np.stack([values[whole] - values[list(axis.sums[where[0]][1])].sum(axis=0) for whole, where in lacking])
    nothing = np.zeros(rests.shape, dtype=np.bool_)

    def joined(array: Any, more: Any) -> Any:
        return np.ascontiguousarray(np.moveaxis(np.concatenate([np.moveaxis(array, along, 0), more]), 0, along))

    return Counts(
        joined(counts.value, rests),
        joined(counts.row, nothing),
        joined(counts.gap, nothing),
        joined(counts.there, rests != 0),
    )
