"""The coarser levels that a dimension's declared hierarchies offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ddg_pipeline.advice.changes import Merge
from ddg_pipeline.contract.bind import Axis


def levels_of(axis: Axis) -> Iterator[Merge]:
    """Give every level above the finest, of each hierarchy, the finer ones first.

    A level holds, for each category, its broadest ancestor of at most that height; what has none stays as it is. The
    level that is nothing but the total is left out: that is a table without the dimension.
    """
    seen: set[frozenset[frozenset[str]]] = {frozenset(frozenset([leaf]) for leaf in axis.leaves)}
    for number, up in enumerate(_chains(axis)):
        heights = _heights(up, axis.leaves)
        for height in range(1, max(heights.values(), default=0) + 1):
            members: dict[str, list[str]] = {}
            for leaf in axis.leaves:
                members.setdefault(_ancestor(leaf, up, heights, height, axis.total), []).append(leaf)
            merge = Merge(
                axis.name,
                {label: tuple(leaves) for label, leaves in members.items()},
                words=f"{axis.name} by {_named(members, height, axis.declared.hierarchy[number].parent)}",
            )
            if len(members) > 1 and merge.partition not in seen:
                seen.add(merge.partition)
                yield merge


def _chains(axis: Axis) -> Iterator[dict[str, str]]:
    """Give child to parent for each hierarchy, continued upwards by what the others say of its broadest categories."""
    for hierarchy in axis.hierarchies:
        up = dict(hierarchy.parent_of)
        for other in axis.hierarchies:
            for child, parent in other.parent_of.items():
                if child not in up and child not in axis.leaves:
                    up[child] = parent
        yield up


def _heights(up: Mapping[str, str], leaves: tuple[str, ...]) -> dict[str, int]:
    """How many levels there are below each ancestor of a category in the table."""
    heights: dict[str, int] = dict.fromkeys(leaves, 0)
    for leaf in leaves:
        label, height = leaf, 0
        while label in up:
            label, height = up[label], height + 1
            heights[label] = max(heights.get(label, 0), height)
    return heights


def _ancestor(leaf: str, up: Mapping[str, str], heights: Mapping[str, int], height: int, total: str | None) -> str:
    label = leaf
    while label in up and heights[up[label]] <= height and up[label] != total:
        label = up[label]
    return label


def _named(members: Mapping[str, list[str]], height: int, column: str | None) -> str:
    """Name a level by the column it comes from, else by its categories where they are few."""
    level = "" if height == 1 else f", level {height}"
    if column is not None:
        return f"{column} ({len(members)}{level})"
    few = 4
    return ", ".join(members) if len(members) <= few else f"{len(members)} groups{level}"
