"""The dimensions of a benchmark table: categories, perhaps in groups, and a total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

TOTAL = "Total"


@dataclass(frozen=True)
class Axis:
    """One dimension.

    Attributes:
        name: The column.
        leaves: The finest categories.
        parent: What the groups are called, as a variable; None where there are none.
        groups: The groups; the last nodes before the total.
        group_of: The group of each leaf, as position in `groups`; empty where there are none.
    """

    name: str
    leaves: tuple[str, ...]
    parent: str | None = None
    groups: tuple[str, ...] = ()
    group_of: tuple[int, ...] = ()

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Leaves, groups, total: the order of every array of cells."""
        return (*self.leaves, *self.groups, TOTAL)

    @cached_property
    def relations(self) -> list[tuple[int, list[int]]]:
        """Each node that is a sum, with the nodes that it sums."""
        leaves, groups = len(self.leaves), len(self.groups)
        members: list[list[int]] = [[] for _ in range(groups)]
        for leaf, group in enumerate(self.group_of):
            members[group].append(leaf)
        top = list(range(leaves, leaves + groups)) if groups else list(range(leaves))
        return [*((leaves + group, list(below)) for group, below in enumerate(members)), (leaves + groups, top)]

    def with_margins(self, figures: Integers, number: int) -> Integers:
        """Append groups and total along one dimension of an array of leaves."""
        parts = [figures]
        if self.groups:
            of = np.asarray(self.group_of)
            order = np.argsort(of, kind="stable")
            starts = np.searchsorted(of[order], np.arange(len(self.groups)))
            parts.append(np.add.reduceat(figures.take(order, axis=number), starts, axis=number))
        parts.append(figures.sum(axis=number, keepdims=True))
        return np.concatenate(parts, axis=number)


def with_all_margins(axes: Sequence[Axis], inner: Integers) -> Integers:
    """Give every cell of the table, margins included, as one array with an axis a dimension."""
    figures = np.asarray(inner, dtype=np.int64)
    for number, axis in enumerate(axes):
        figures = axis.with_margins(figures, number)
    return figures


def relations(axes: Sequence[Axis]) -> list[Integers]:
    """List everything that adds up: blocks of cell numbers, one relation a row, the sum first, its parts after it."""
    numbers = np.arange(int(np.prod([len(axis.nodes) for axis in axes]))).reshape([len(axis.nodes) for axis in axes])
    blocks: list[Integers] = []
    for number, axis in enumerate(axes):
        along = np.moveaxis(numbers, number, 0).reshape(len(axis.nodes), -1)
        blocks += [np.ascontiguousarray(along[[parent, *below]].T) for parent, below in axis.relations]
    return blocks
