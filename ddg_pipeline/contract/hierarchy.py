"""Which categories of a dimension add up to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddg_pipeline.contract.columns import label
from ddg_pipeline.contract.dimension import HierarchyReference
from ddg_pipeline.errors import InputError


@dataclass(frozen=True)
class Hierarchy:
    """A forest of categories, as child to parent.

    Attributes:
        parent_of: Each finer category with the broader one it belongs to. A category may stand at any depth.
    """

    parent_of: Mapping[str, str]

    def ancestors(self, category: str) -> list[str]:
        """List the broader categories of a category, nearest first."""
        found: list[str] = []
        while category in self.parent_of:
            category = self.parent_of[category]
            found.append(category)
        return found

    @property
    def parents(self) -> list[str]:
        """Every category that consists of others, in order of appearance."""
        return list(dict.fromkeys(self.parent_of.values()))


def hierarchy_from_tree(tree: Mapping[str, Any], place: str, field: str) -> Hierarchy:
    """Read an inline tree such as ``{Bay Area: [Alameda, Marin], …}``, nested to any depth."""
    return _build(_edges(tree), place, field)


def hierarchy_from_table(table: pd.DataFrame, reference: HierarchyReference, place: str, field: str) -> Hierarchy:
    """Read child and parent columns of a reference table; rows without a parent are roots."""
    for column in (reference.child, reference.parent):
        if column not in table.columns:
            raise InputError(
                place,
                field,
                f"no column {column!r} in {reference.table}",
                f"one of {', '.join(map(str, table.columns))}",
            )
    pairs = zip(table[reference.child].astype("object"), table[reference.parent].astype("object"), strict=True)
    named = ((label(child), label(parent)) for child, parent in pairs)
    return _build(((child, parent) for child, parent in named if child and parent), place, field)


def check_together(hierarchies: Sequence[Hierarchy], place: str, field: str) -> None:
    """Check that no category is above itself through several hierarchies.

    Raises:
        InputError: One is.
    """
    above: dict[str, set[str]] = {}
    for hierarchy in hierarchies:
        for child, parent in hierarchy.parent_of.items():
            above.setdefault(child, set()).add(parent)
    finished: set[str] = set()
    for start, broader in above.items():
        trail = {start: None}
        waiting = [(start, iter(sorted(broader)))]
        while waiting:
            one, parents = waiting[-1]
            parent = next(parents, "")  # no label is empty
            if not parent:
                waiting.pop()
                trail.pop(one)
                finished.add(one)
            elif parent in trail:
                raise InputError(place, field, f"{parent!r} among its own ancestors", "break the circle")
            elif parent not in finished:
                trail[parent] = None
                waiting.append((parent, iter(sorted(above.get(parent, ())))))


def _edges(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parent, below in tree.items():
        if isinstance(below, Mapping):
            for child in below:
                yield str(child), str(parent)
            yield from _edges(below)
        else:
            for child in below:
                yield str(child), str(parent)


def _build(edges: Iterable[tuple[str, str]], place: str, field: str) -> Hierarchy:
    parent_of: dict[str, str] = {}
    for child, parent in edges:
        if parent_of.setdefault(child, parent) != parent:
            raise InputError(
                place,
                field,
                f"{child!r} under both {parent_of[child]!r} and {parent!r}",
                "give every category one parent, and declare a second hierarchy for the other grouping",
            )
    hierarchy = Hierarchy(parent_of)
    check_together([hierarchy], place, field)
    return hierarchy
