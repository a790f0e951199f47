"""The cells of a published table and which add up to which, read from its labels alone.

A *family* is one grouping of one dimension: every label has at most one parent in it. A declared hierarchy is a
family, in which whatever has no parent adds up to the total; a dimension without hierarchies has one family, in which
every label adds up to the total. Cells that the table does not carry, although something below them is there, are
*implied*: they take part in the relations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ddg_pipeline.contract import Dimension, Hierarchy
from ddg_pipeline.errors import InputError

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_MOST_COMBINATIONS = 1 << 62
_SMALL_SPACE, _DENSE = 1 << 20, 8  # up to so many numbers, or so many for each row, cells are looked up in a list


@dataclass(frozen=True)
class Axis:
    """One dimension with every label that its cells can have.

    Attributes:
        name: The dimension.
        labels: The labels of the table, then implied ones; None is a total that has no label.
        total: The position of the total in ``labels``; None where categories do not sum.
        families: For each grouping, the position of each label's parent, or -1.
    """

    name: str
    labels: tuple[str | None, ...]
    total: int | None
    families: tuple[Integers, ...]

    @cached_property
    def position(self) -> Mapping[str | None, int]:
        """Find a label; the total answers to None as well."""
        found: dict[str | None, int] = {label: number for number, label in enumerate(self.labels)}
        if self.total is not None:
            found[None] = self.total
        return found

    @property
    def only_repeats(self) -> bool:
        """Whether its total, carried by no table, is one category or group over again: nothing else to know."""
        if self.total is None or self.labels[self.total] is not None:
            return False
        return any(np.count_nonzero(family == self.total) == 1 for family in self.families)

    @cached_property
    def above(self) -> list[Integers]:
        """List for each label everything that it is part of, by any grouping."""
        direct: list[set[int]] = [
            {int(family[label]) for family in self.families if family[label] >= 0} for label in range(len(self.labels))
        ]
        return [np.array(sorted(_reach(label, direct)), dtype=np.int64) for label in range(len(self.labels))]


def _reach(start: int, direct: Sequence[set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(direct[start])
    while waiting:
        label = waiting.pop()
        if label not in found:
            found.add(label)
            waiting.extend(direct[label])
    return found


def read_axis(name: str, declared: Dimension, carried: Sequence[str], hierarchies: Sequence[Hierarchy]) -> Axis:
    """Work out which labels of a dimension add up to which.

    Args:
        name: The dimension.
        declared: Its declaration in the contract.
        carried: The labels in the table, in order of appearance.
        hierarchies: The declared groupings.
    """
    labels: list[str | None] = list(carried)
    if not declared.additive:
        total = labels.index(declared.total) if declared.total in labels else None
        return Axis(name, tuple(labels), total, ())
    labels += _implied_parents(carried, hierarchies)
    if declared.total not in labels:
        labels.append(declared.total)
    total = labels.index(declared.total)
    position = {label: number for number, label in enumerate(labels)}
    below = _children(labels, hierarchies)
    leaves = [label for label in labels if label not in below and label != declared.total]
    families = [
        _family(position, declared.total, hierarchy, below, leaves) for hierarchy in (*hierarchies,) or (Hierarchy({}),)
    ]
    return Axis(name, tuple(labels), total, tuple(families))


def _implied_parents(carried: Sequence[str], hierarchies: Sequence[Hierarchy]) -> list[str]:
    there, found = set(carried), []
    waiting = list(carried)
    while waiting:
        label = waiting.pop()
        for hierarchy in hierarchies:
            parent = hierarchy.parent_of.get(label)
            if parent is not None and parent not in there:
                there.add(parent)
                found.append(parent)
                waiting.append(parent)
    return sorted(found)


def _children(labels: Iterable[str | None], hierarchies: Sequence[Hierarchy]) -> dict[str | None, set[str | None]]:
    """List the children that are there, by any grouping; a parent of which no part is there has none."""
    below: dict[str | None, set[str | None]] = {}
    for label in labels:
        for hierarchy in hierarchies:
            parent = hierarchy.parent_of.get(label) if label is not None else None
            if parent is not None:
                below.setdefault(parent, set()).add(label)
    return below


def _family(
    position: Mapping[str | None, int],
    total: str | None,
    hierarchy: Hierarchy,
    below: Mapping[str | None, set[str | None]],
    leaves: Sequence[str | None],
) -> Integers:
    family = np.full(len(position), -1, dtype=np.int64)
    for child, parent in hierarchy.parent_of.items():
        if child in position:
            family[position[child]] = position[parent]
    if total is not None and total in hierarchy.parents:
        return family  # the grouping itself says what the total consists of
    here = {parent for parent in hierarchy.parents if parent in position and parent in below}
    roots = {parent for parent in here if parent not in hierarchy.parent_of}
    covered = _covered(roots, below)
    for top in [*sorted(roots), *(leaf for leaf in leaves if leaf not in covered)]:
        family[position[top]] = position[total]
    return family


def _covered(roots: Iterable[str | None], below: Mapping[str | None, set[str | None]]) -> set[str | None]:
    covered: set[str | None] = set()
    waiting = list(roots)
    while waiting:
        label = waiting.pop()
        if label not in covered:
            covered.add(label)
            waiting.extend(below.get(label, ()))
    return covered


@dataclass(frozen=True)
class Sums:
    """Relations of one family over all combinations of the other dimensions: a parent cell and its children.

    Attributes:
        axis: The position of the dimension summed along.
        family: The position of the grouping on that dimension.
        parent: Per relation, the parent's cell.
        start: Per relation, where its children begin in ``child``; one entry more than relations.
        child: The children's cells.
    """

    axis: int
    family: int
    parent: Integers
    start: Integers
    child: Integers

    @property
    def relation(self) -> Integers:
        """Per entry of ``child``, the relation it belongs to."""
        return np.repeat(np.arange(len(self.parent), dtype=np.int64), np.diff(self.start))


@dataclass(frozen=True)
class Lattice:
    """Every cell of a table, carried or implied.

    Attributes:
        axes: The dimensions.
        codes: The cells, sorted; each number encodes one label a dimension.
        row: Per cell, its row in the table, or -1 where it is implied.
        place: The cell of every number that could encode one, or -1; empty where there are too many numbers.
        sums: Which cells add up to which.
    """

    axes: tuple[Axis, ...]
    codes: Integers
    row: Integers
    place: Integers
    sums: tuple[Sums, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def label_positions(self, axis: int) -> Integers:
        """Give per cell the position of its label on one axis."""
        return (self.codes // self.strides[axis]) % len(self.axes[axis].labels)

    @cached_property
    def strides(self) -> list[int]:
        """Per axis, what one label more adds to a cell's number."""
        return _strides(self.axes)

    def coordinate(self, cell: int) -> dict[str, str]:
        """Name a cell by its categories; a total without a label is called ``(total)``."""
        code, found = int(self.codes[cell]), {}
        for axis, stride in zip(self.axes, self.strides, strict=True):
            label = axis.labels[code // stride % len(axis.labels)]
            found[axis.name] = "(total)" if label is None else label
        return found

    def key(self, cell: int) -> tuple[tuple[str, str], ...]:
        """Name a cell for comparison between tables: its categories without the dimensions that are at their total."""
        code, found = int(self.codes[cell]), []
        for axis, stride in zip(self.axes, self.strides, strict=True):
            label = code // stride % len(axis.labels)
            if label != axis.total:
                found.append((axis.name, str(axis.labels[label])))
        return tuple(sorted(found))

    def find(self, labels: npt.ArrayLike) -> Integers:
        """Find cells by their label positions, one row a cell; -1 where there is no such cell."""
        rows = np.asarray(labels, dtype=np.int64).reshape(-1, len(self.axes))
        return _find(self.codes, self.place, rows @ np.array(self.strides, dtype=np.int64))


def _find(codes: Integers, place: Integers, wanted: Integers) -> Integers:
    if len(place):
        return place[wanted]
    at = np.clip(np.searchsorted(codes, wanted), 0, len(codes) - 1)
    return np.where(codes[at] == wanted, at, -1)


def build_lattice(axes: Sequence[Axis], rows: Integers, place: str) -> Lattice:
    """List every cell that a table carries or implies, and the sums between them.

    Args:
        axes: The dimensions.
        rows: Per row of the table, the position of its label on each axis; shape ``(rows, axes)``.
        place: What errors call the table.

    Raises:
        InputError: The table has more combinations of labels than can be numbered.
    """
    strides = _strides(axes)
    size = strides[-1] * len(axes[-1].labels) if axes else 1
    if size >= _MOST_COMBINATIONS:
        raise InputError(place, "dimensions", f"{size} combinations of labels", "fewer dimensions or labels")
    carried = rows @ np.array(strides, dtype=np.int64)
    cell_at = np.empty(0, dtype=np.int64)
    if size <= max(_SMALL_SPACE, _DENSE * len(carried)):
        there = np.zeros(size, dtype=np.bool_)
        there[carried] = True
        for number, axis in enumerate(axes):
            _mark_everything_above(
                there.reshape([len(one.labels) for one in reversed(axes)]), axis, len(axes) - 1 - number
            )
        codes = np.flatnonzero(there)
        cell_at = np.full(size, -1, dtype=np.int64)
        cell_at[codes] = np.arange(len(codes), dtype=np.int64)
    else:
        codes = np.unique(carried)
        for axis, stride in zip(axes, strides, strict=True):
            codes = _with_everything_above(codes, axis, stride)
    row = np.full(len(codes), -1, dtype=np.int64)
    row[_find(codes, cell_at, carried)] = np.arange(len(carried), dtype=np.int64)
    return Lattice(tuple(axes), codes, row, cell_at, tuple(_all_sums(axes, strides, codes, cell_at)))


def _mark_everything_above(there: Booleans, axis: Axis, dimension: int) -> None:
    by_label = np.moveaxis(there, dimension, 0)
    for label, above in enumerate(axis.above if axis.families else ()):
        for parent in above:
            by_label[parent] |= by_label[label]


def _strides(axes: Sequence[Axis]) -> list[int]:
    strides, size = [], 1
    for axis in axes:
        strides.append(size)
        size *= len(axis.labels)
    return strides


def _with_everything_above(codes: Integers, axis: Axis, stride: int) -> Integers:
    if not axis.families:
        return codes
    labels = (codes // stride) % len(axis.labels)
    counts = np.array([len(above) for above in axis.above], dtype=np.int64)
    ends = np.cumsum(counts)
    flat = np.concatenate([*axis.above, np.empty(0, dtype=np.int64)])
    times = counts[labels]
    repeated = np.repeat(np.arange(len(codes)), times)
    offset = np.arange(len(repeated)) - np.repeat(np.cumsum(times) - times, times)
    above = flat[(ends - counts)[labels[repeated]] + offset]
    return np.unique(np.concatenate([codes, codes[repeated] + (above - labels[repeated]) * stride]))


def _all_sums(axes: Sequence[Axis], strides: Sequence[int], codes: Integers, place: Integers) -> Iterator[Sums]:
    for number, (axis, stride) in enumerate(zip(axes, strides, strict=True)):
        labels = (codes // stride) % len(axis.labels)
        for family_number, family in enumerate(axis.families):
            child = np.flatnonzero(family[labels] >= 0)
            parent = _find(codes, place, codes[child] + (family[labels[child]] - labels[child]) * stride)
            order, begin = grouped(parent, len(codes))
            parents = np.flatnonzero(np.diff(begin))
            start = np.append(begin[parents], len(order)).astype(np.int64)
            yield Sums(number, family_number, parents, start, child[order])


def grouped(group: Integers, groups: int) -> tuple[Integers, Integers]:
    """Sort members by group, each group in the order given; also say where each group begins. Linear in both."""
    from scipy.sparse import csr_array

    size = len(group)
    by_member = csr_array((np.ones(size, dtype=np.int8), group, np.arange(size + 1)), shape=(size, groups))
    by_group = by_member.tocsc()
    return by_group.indices.astype(np.int64), by_group.indptr.astype(np.int64)


def label_of(value: Any) -> str | None:
    """Spell a category the way the contract does: whole numbers without a point, dates as ISO; None if blank."""
    if pd.isna(value) or not str(value).strip():
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    text = str(value)
    return text.removesuffix(" 00:00:00")
