"""Which categories of a dimension add up to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddg_pipeline.contract.model import HierarchyReference
from ddg_pipeline.errors import InputError


@dataclass(frozen=True)
class Hierarchy:
    """A forest of categories, as child to parent.

    Attributes:
        parent_of: Each finer category with the broader one it belongs to. A category may stand at any depth.
    """

    parent_of: Mapping[str, str]

    def ancestors(self, label: str) -> list[str]:
        """List the broader categories of ``label``, nearest first."""
        found: list[str] = []
        while label in self.parent_of:
            label = self.parent_of[label]
            found.append(label)
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
    pairs = table[[reference.child, reference.parent]].dropna()
    return _build(
        ((str(child), str(parent)) for child, parent in pairs.itertuples(index=False, name=None)), place, field
    )


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
    for label in parent_of:
        trail = {label}
        above = label
        while above in parent_of:
            above = parent_of[above]
            if above in trail:
                raise InputError(place, field, f"{label!r} among its own ancestors", "break the circle")
            trail.add(above)
    return hierarchy
