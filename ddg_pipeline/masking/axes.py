"""One dimension as a small graph: which of its categories consist of which others.

A *node* is a category at any level: a leaf, a group of a hierarchy, or the total. Groups and totals that the table does
not carry are nodes as well, because a reader is assumed to know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import Axis

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class AxisNodes:
    """The nodes of one dimension and how they add up.

    Attributes:
        name: The dimension.
        labels: One label a node, leaves first; ``None`` is a total without a label.
        leaf_count: How many nodes are leaves.
        relations: ``(parent, children)`` as node positions: parent = sum of children.
        total: The position of the total, or None where categories do not add up.
    """

    name: str
    labels: tuple[str | None, ...]
    leaf_count: int
    relations: tuple[tuple[int, tuple[int, ...]], ...]
    total: int | None

    @cached_property
    def position(self) -> dict[str | None, int]:
        """Each label's node."""
        return {label: node for node, label in enumerate(self.labels)}

    @cached_property
    def ancestors(self) -> tuple[frozenset[int], ...]:
        """For each node, every node that counts it in, through any hierarchy; itself included."""
        above: dict[int, set[int]] = {node: set() for node in range(len(self.labels))}
        for parent, children in self.relations:
            for child in children:
                above[child].add(parent)
        found: dict[int, frozenset[int]] = {}

        def climb(node: int) -> frozenset[int]:
            if node not in found:
                found[node] = frozenset({node}).union(*(climb(parent) for parent in above[node]))
            return found[node]

        return tuple(climb(node) for node in range(len(self.labels)))

    def swaps(self, node: int) -> Swaps:
        """List every elementary change along this dimension that raises ``node``: siblings first, the total last."""
        if node not in self._swaps_of:
            self._swaps_of[node] = self._find_swaps(node)
        return self._swaps_of[node]

    @cached_property
    def _swaps_of(self) -> dict[int, Swaps]:
        return {}

    def _find_swaps(self, node: int) -> Swaps:
        if not self.relations:
            return _swaps([(node, _NOBODY, [node], [])])
        gaining = [leaf for leaf in range(self.leaf_count) if node in self.ancestors[leaf]]
        losing = [leaf for leaf in range(self.leaf_count) if node not in self.ancestors[leaf]]
        found = []
        for gains in gaining:
            for loses in losing:
                up, down = self.ancestors[gains], self.ancestors[loses]
                found.append((gains, loses, sorted(up - down), sorted(down - up)))
        found.sort(key=lambda swap: len(swap[2]))
        found += [(gains, _NOBODY, sorted(self.ancestors[gains]), []) for gains in gaining]
        return _swaps(found)


@dataclass(frozen=True)
class Swaps:
    """Elementary changes along one dimension: one person moves from the leaf ``loses`` to the leaf ``gains``.

    Where ``loses`` is -1 nobody leaves another category, so that the total rises as well.

    Attributes:
        gains: One leaf a swap.
        loses: One leaf a swap, or -1.
        nodes: Every node that changes, one swap a row, padded with node 0 to equal length.
        signs: +1 where the node rises, -1 where it falls, 0 for padding.
    """

    gains: Integers
    loses: Integers
    nodes: Integers
    signs: Integers

    def __len__(self) -> int:
        return len(self.gains)

    def take(self, rows: Integers) -> Swaps:
        """Keep some of the swaps, in the order given."""
        return Swaps(self.gains[rows], self.loses[rows], self.nodes[rows], self.signs[rows])

    @property
    def reaching_total(self) -> Swaps:
        """The swaps that change the total."""
        return self.take(np.flatnonzero(self.loses == _NOBODY))


_NOBODY = -1


def _swaps(found: list[tuple[int, int, list[int], list[int]]]) -> Swaps:
    width = max((len(up) + len(down) for _, _, up, down in found), default=0)
    nodes = np.zeros((len(found), width), dtype=np.int64)
    signs = np.zeros((len(found), width), dtype=np.int64)
    for row, (_, _, up, down) in enumerate(found):
        nodes[row, : len(up) + len(down)] = [*up, *down]
        signs[row, : len(up) + len(down)] = [1] * len(up) + [-1] * len(down)
    gains = np.array([swap[0] for swap in found], dtype=np.int64)
    loses = np.array([swap[1] for swap in found], dtype=np.int64)
    return Swaps(gains, loses, nodes, signs)


def axis_nodes(axis: Axis) -> AxisNodes:
    """Derive the nodes of a dimension from the labels in the table and the declared hierarchies."""
    if not axis.additive:
        return AxisNodes(axis.name, axis.labels, len(axis.labels), (), None)
    parent_maps = [_upwards(hierarchy.parent_of, axis.labels, axis.total) for hierarchy in axis.hierarchies]
    groups = list(dict.fromkeys(parent for up in parent_maps for parent in up.values() if parent != axis.total))
    leaves = [label for label in axis.labels if label not in groups and label != axis.total]
    tops = [_tops(leaves, up, axis.total) for up in parent_maps] or [leaves]
    covering = [top[0] for top in tops if len(top) == 1 and top[0] in groups]
    total_label: str | None = axis.total
    if total_label is None and covering:
        # a single group that holds everything is the total, whatever the contract calls it
        total_label = covering[0]
        groups.remove(total_label)
        tops = [
            [child for child, parent in up.items() if parent == total_label] if top == [total_label] else top
            for top, up in zip(tops, parent_maps, strict=True)
        ]
    labels: list[str | None] = [*leaves, *groups]
    needs_total = total_label is not None or len(leaves) > 1
    if needs_total:
        labels.append(total_label)
    position = {label: node for node, label in enumerate(labels)}
    relations: list[tuple[int, tuple[int, ...]]] = []
    for up in parent_maps:
        for group in groups:
            children = [position[child] for child, parent in up.items() if parent == group and child in position]
            if children:
                relations.append((position[group], tuple(sorted(children))))
    if needs_total:
        for top in tops:
            children = [position[label] for label in top if label != total_label]
            if children:
                relations.append((position[total_label], tuple(sorted(children))))
    return AxisNodes(
        axis.name,
        tuple(labels),
        len(leaves),
        tuple(dict.fromkeys(relations)),
        position[total_label] if needs_total else None,
    )


def _upwards(parent_of: Mapping[str, str], labels: Iterable[str], total: str | None) -> dict[str, str]:
    """Keep the part of a hierarchy that lies above labels in the table."""
    kept: dict[str, str] = {}
    for label in labels:
        below = label
        while below in parent_of and below != total:
            kept[below] = parent_of[below]
            below = parent_of[below]
    return kept


def _tops(leaves: list[str], up: dict[str, str], total: str | None) -> list[str]:
    """List the broadest nodes below the total, in order of their first leaf."""
    found: dict[str, None] = {}
    for leaf in leaves:
        top = leaf
        while top in up and up[top] != total:
            top = up[top]
        found[top] = None
    return list(found)
