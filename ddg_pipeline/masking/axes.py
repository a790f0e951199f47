"""One dimension as a small graph: which of its categories consist of which others.

A *node* is a category at any level: a leaf, a group of a hierarchy, or the total. Groups and totals that the table does
not carry are nodes as well, because a reader is assumed to know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.hierarchy import Hierarchy


@dataclass(frozen=True)
class AxisNodes:
    """The nodes of one dimension and how they add up.

    Attributes:
        name: The dimension.
        labels: One label a node, leaves first; ``None`` is a total without a label.
        leaf_count: How many nodes are leaves.
        relations: ``(parent, children)`` as node positions: parent = sum of children.
        total: The position of the total; None where there is none, as where categories do not add up and the table
            carries no total for them. Only where they do is the total among the groups; else it is one leaf of many.
    """

    name: str
    labels: tuple[str | None, ...]
    leaf_count: int
    relations: tuple[tuple[int, tuple[int, ...]], ...]
    total: int | None

    @property
    def everything(self) -> int | None:
        """The node that stands for all records: the total, or the only category there is."""
        return 0 if self.total is None and len(self.labels) == 1 else self.total

    def written(self, node: int) -> str:
        """Name a node for people: ``county=Alpine``, and ``all of county`` for a total without a label."""
        label = self.labels[node]
        return f"all of {self.name}" if label is None else f"{self.name}={label}"

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

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """For each node, how many levels of parts there are below it, through any hierarchy; 0 for leaves."""
        below: dict[int, set[int]] = {}
        for parent, children in self.relations:
            below.setdefault(parent, set()).update(children)
        found: dict[int, int] = {}

        def measure(node: int) -> int:
            if node not in found:
                found[node] = max((measure(child) + 1 for child in below.get(node, ())), default=0)
            return found[node]

        return tuple(measure(node) for node in range(len(self.labels)))


def axis_nodes(axis: Axis) -> AxisNodes:
    """Derive the nodes of a dimension from the labels in the table and the declared hierarchies."""
    if not axis.additive:
        plain: tuple[str | None, ...] = tuple(sorted(axis.labels))
        # a total that is no sum counts everybody all the same
        carried = plain.index(axis.total) if axis.total in plain else None
        return AxisNodes(axis.name, plain, len(plain), (), carried)
    parent_maps = _parent_maps(axis)
    # sorted, so that the order of the rows decides nothing
    groups = sorted({parent for up in parent_maps for parent in up.values() if parent != axis.total})
    leaves = sorted(label for label in axis.labels if label not in groups and label != axis.total)
    extent = _extents([*leaves, *groups, axis.total], axis)
    everyone = set().union(*(extent[leaf] for leaf in leaves))
    if any(axis.total in up.values() for up in parent_maps):
        everyone &= extent[axis.total]  # a hierarchy says what the total consists of
    total: str | None = axis.total
    if total is None:
        # a group that holds everything is the total, whatever the contract calls it
        covering = [group for group in groups if extent[group] >= everyone]
        total = next((group for group in covering if not any(group in up for up in parent_maps)), None)
        groups = [group for group in groups if group != total]
    labels: list[str | None] = [*leaves, *groups]
    needs_total = total is not None or len(leaves) > 1
    if needs_total:
        labels.append(total)
    position = {label: node for node, label in enumerate(labels)}
    sums: list[tuple[str | None, list[str]]] = []
    for up, hierarchy in zip(parent_maps or [{}], axis.hierarchies or [Hierarchy({})], strict=True):
        sums += [(group, [child for child, parent in up.items() if parent == group]) for group in groups]
        if needs_total:
            rest = [leaf for leaf in leaves if extent[leaf] <= everyone]
            own = set(hierarchy.parents)
            # a group without parts in the table is a part of the total in its own grouping before any other
            rest = [leaf for leaf in rest if leaf in own] + [leaf for leaf in rest if leaf not in own]
            sums.append((total, _parts_of_total(total, up, rest, extent)))
    relations = [(position[parent], tuple(sorted(position[part] for part in parts))) for parent, parts in sums if parts]
    node_of_total = position[total] if needs_total else None
    return AxisNodes(axis.name, tuple(labels), len(leaves), tuple(dict.fromkeys(relations)), node_of_total)


def _parent_maps(axis: Axis) -> list[dict[str, str]]:
    """Keep the part of each hierarchy that lies above labels in the table, through any of the hierarchies."""
    known = dict.fromkeys(axis.labels)
    waiting = list(axis.labels)
    while waiting:
        label = waiting.pop()
        for hierarchy in axis.hierarchies:
            parent = hierarchy.parent_of.get(label)
            if parent is not None and label != axis.total and parent not in known:
                known[parent] = None
                waiting.append(parent)
    return [
        {label: hierarchy.parent_of[label] for label in known if label in hierarchy.parent_of and label != axis.total}
        for hierarchy in axis.hierarchies
    ]


def _extents(labels: Iterable[str | None], axis: Axis) -> dict[str | None, set[str]]:
    """For each label, the finest categories that the hierarchies declare below it, in the table or not; else itself."""
    below: dict[str | None, set[str]] = {}
    for hierarchy in axis.hierarchies:
        for child, parent in hierarchy.parent_of.items():
            below.setdefault(parent, set()).add(child)
    found: dict[str | None, set[str]] = {}
    for label in labels:
        waiting, seen = {label}, set()
        while waiting:
            one = waiting.pop()
            seen.add(one)
            waiting |= below.get(one, set()) - seen
        found[label] = {one for one in seen if one is not None and one not in below}
    return found


def _parts_of_total(
    total: str | None, up: Mapping[str, str], leaves: Sequence[str], extent: Mapping[str | None, set[str]]
) -> list[str]:
    """List what the total consists of in one grouping: what the grouping says, or its broadest groups; and the rest."""
    parts = [child for child, parent in up.items() if parent == total]
    if not parts:
        parts = [group for group in dict.fromkeys(up.values()) if group not in up]
    covered = set().union(*(extent[part] for part in parts))
    for leaf in leaves:
        if not extent[leaf] & covered:
            parts.append(leaf)
            covered |= extent[leaf]
    return parts
