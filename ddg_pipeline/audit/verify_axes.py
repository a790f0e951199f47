"""The categories of a dimension and which add up to which, for checking proofs; written from the definitions alone.

A category is a leaf, a group of some hierarchy, or the total. Groups and totals that the table does not carry belong to
them, and so do people whom a margin counts and none of its parts: the *remainder*, a part more that no table shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ddg_pipeline.contract.bind import Axis as BoundAxis

Sum = tuple[int, tuple[int, ...]]  # a whole and its parts, as positions among the labels


@dataclass(frozen=True)
class Categories:
    """One dimension.

    Attributes:
        name: The column.
        labels: Leaves, groups, the total, remainders; None is a total without a label.
        sums: What adds up to what.
        total: The position of the total, or None where there is none.
        finest: Which labels are leaves or remainders.
        remainders: Which labels are remainders.
    """

    name: str
    labels: tuple[str | None, ...]
    sums: tuple[Sum, ...]
    total: int | None
    finest: frozenset[int]
    remainders: frozenset[int] = frozenset()

    @property
    def everything(self) -> int | None:
        """The label that stands for all records: the total, or the only category there is."""
        return 0 if self.total is None and len(self.labels) == 1 else self.total

    @cached_property
    def position(self) -> Mapping[str | None, int]:
        """Find a label."""
        return {label: number for number, label in enumerate(self.labels)}

    @cached_property
    def heights(self) -> tuple[int, ...]:
        """For each label, how many levels of parts are below it; 0 for leaves."""
        found = dict.fromkeys(range(len(self.labels)), 0)
        for _ in self.labels:  # a label more than there can be levels
            before = dict(found)
            for whole, parts in self.sums:
                found[whole] = max(found[whole], 1 + max(found[part] for part in parts))
            if found == before:
                break
        return tuple(found.values())

    def with_remainders(self, lacking: Sequence[tuple[int, tuple[int, ...]]], taken: Iterable[str]) -> Categories:
        """Add a part to wholes that exceed their parts.

        A proof names such a part ``(in none of the parts of <whole>)``, or ``(in none of its parts)`` for a total
        without a label; with ``'`` at the end for each further grouping of the same whole, and where a category is
        called so.

        Args:
            lacking: Each whole, and the positions of the sums that lack the same people.
            taken: Other labels of the dimension.
        """
        labels, sums = list(self.labels), list(self.sums)
        for whole, where in lacking:
            label = self.labels[whole]
            name = "(in none of its parts)" if label is None else f"(in none of the parts of {label})"
            while name in labels or name in taken:
                name += "'"
            for position in where:
                sums[position] = whole, (*sums[position][1], len(labels))
            labels.append(name)
        added = frozenset(range(len(self.labels), len(labels)))
        return replace(self, labels=tuple(labels), sums=tuple(sums), finest=self.finest | added, remainders=added)


def categories(axis: BoundAxis) -> Categories:
    """Derive the categories of a dimension from the labels in the table and the declared hierarchies."""
    if not axis.additive:
        plain = tuple(sorted(axis.labels))
        at = plain.index(axis.total) if axis.total in plain else None
        return Categories(axis.name, plain, (), at, frozenset(range(len(plain))))
    groupings = _groupings(axis)
    wholes = {parent for grouping in groupings for parent in grouping.values()} - {axis.total}
    groups = sorted(wholes)
    leaves = sorted(label for label in axis.labels if label not in wholes and label != axis.total)
    declared = _Declared(axis)
    everyone = set().union(*(declared.within(leaf) for leaf in leaves))
    if axis.total is not None and any(axis.total in grouping.values() for grouping in groupings):
        everyone &= declared.within(axis.total)
    total: str | None = axis.total
    if total is None:
        outermost = [
            group
            for group in groups
            if declared.within(group) >= everyone and not any(group in grouping for grouping in groupings)
        ]
        total = outermost[0] if outermost else None
        groups = [group for group in groups if group != total]
    has_total = total is not None or len(leaves) > 1
    labels: list[str | None] = [*leaves, *groups, *([total] if has_total else [])]
    position = {label: number for number, label in enumerate(labels)}
    sums: dict[Sum, None] = {}

    def add(whole: str | None, parts: Iterable[str]) -> None:
        found = tuple(sorted(position[part] for part in parts))
        if found:
            sums[position[whole], found] = None

    for number, grouping in enumerate(groupings or [{}]):
        for group in groups:
            add(group, [child for child, parent in grouping.items() if parent == group])
        if has_total:
            own = set(axis.hierarchies[number].parents) if axis.hierarchies else set()
            # first those that this grouping itself declares as groups, though the table has no part of them
            free = [leaf for leaf in leaves if declared.within(leaf) <= everyone]
            add(total, _top(total, grouping, sorted(free, key=lambda leaf: leaf not in own), declared))
    return Categories(
        axis.name,
        tuple(labels),
        tuple(sums),
        position[total] if has_total else None,
        frozenset(range(len(leaves))),
    )


class _Declared:
    """What the hierarchies say that a category consists of, whether the table has it or not."""

    def __init__(self, axis: BoundAxis) -> None:
        self._below: dict[str, set[str]] = {}
        for hierarchy in axis.hierarchies:
            for child, parent in hierarchy.parent_of.items():
                self._below.setdefault(parent, set()).add(child)
        self._within: dict[str, frozenset[str]] = {}

    def within(self, label: str) -> frozenset[str]:
        """List the finest categories of a category; itself if it has none."""
        if label not in self._within:
            below = self._below.get(label, ())
            self._within[label] = frozenset().union(*map(self.within, below)) if below else frozenset({label})
        return self._within[label]


def _groupings(axis: BoundAxis) -> list[dict[str, str]]:
    """Keep of each hierarchy what concerns labels that the table has or implies; nothing is above the total."""
    there = set(axis.labels)
    grown = True
    while grown:
        above = {
            hierarchy.parent_of[label]
            for hierarchy in axis.hierarchies
            for label in there
            if label in hierarchy.parent_of and label != axis.total
        }
        grown = not above <= there
        there |= above
    return [
        {child: parent for child, parent in sorted(hierarchy.parent_of.items()) if child in there - {axis.total}}
        for hierarchy in axis.hierarchies
    ]


def _top(total: str | None, grouping: Mapping[str, str], leaves: Sequence[str], declared: _Declared) -> list[str]:
    """List what the total consists of in one grouping: what that says, else its broadest groups; and what is left."""
    parts = [child for child, parent in grouping.items() if parent == total]
    if not parts:
        parts = sorted({parent for parent in grouping.values() if parent not in grouping})
    covered = set().union(*(declared.within(part) for part in parts))
    for leaf in leaves:
        if not declared.within(leaf) & covered:
            parts.append(leaf)
            covered |= declared.within(leaf)
    return parts
