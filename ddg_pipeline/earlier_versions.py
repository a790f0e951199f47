"""Versions of a release that are public already: what their readers know, as masking and the attacker are told it.

A corrected table tells, together with the version before, more than either does alone: a total that rose by one beside
a single cell that is new says what this cell holds. So each version is masked with the earlier ones in mind, and
attacked together with them. The reader is taken to know which figures were corrected: a figure that is the same in both
versions is one unknown to him, a corrected one is two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract import BoundTable, ReleaseContract
from ddg_pipeline.contract.already_public import AlreadyPublic
from ddg_pipeline.contract.bind import Axis

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

_EARLIER = "earlier versions of {release}"  # how errors call what all of them show


@dataclass(frozen=True, eq=False)
class EarlierVersion:
    """One version of a release that is public, or was.

    Attributes:
        name: What errors and findings call it, such as ``disease_cases version 3``.
        bound: The table as it was before masking, with its contract of that time. Restricted.
        published: The table as it was published: text, rows in the same order.
        reasons_shown: Whether its codes tell small cells from complementary ones.
        masked: Whether small counts are hidden in it.
    """

    name: str
    bound: BoundTable = field(repr=False)
    published: pd.DataFrame = field(repr=False)
    reasons_shown: bool
    masked: bool

    @property
    def contract(self) -> ReleaseContract:
        """Its contract, under its own name: a proof of the present version is not about it."""
        return self.bound.contract.model_copy(update={"release": self.name, "links": []})


Versions = Mapping[str, Sequence[EarlierVersion]]  # by release, the oldest first
NO_VERSIONS: Versions = MappingProxyType({})


def with_earlier_versions(table: BoundTable, versions: Sequence[EarlierVersion]) -> BoundTable:
    """Tell masking, in the words of the contract, what earlier versions show and hide.

    What they show, and is still so, is `already_public`. What they hide, and is still so and not small, stays hidden:
    shown now, it would open what it was hidden for.

    Args:
        table: The present table.
        versions: The earlier ones.

    Returns:
        The same table with a contract that says so, and the reference tables for it.
    """
    if not versions or table.contract.suppression.form != "cells":
        return table
    dimensions, measures = list(table.axes), _summed(table)
    shown, hidden = [], []
    for version in versions:
        here, there = _same_cells(version.bound, table)
        at = table.frame[dimensions].iloc[there].reset_index(drop=True)
        known = at.copy()
        stays: Booleans = np.zeros(len(at), dtype=np.bool_)
        for measure in measures:
            if measure not in version.published.columns:
                continue
            figures = pd.to_numeric(version.published[measure].iloc[here], errors="coerce").reset_index(drop=True)
            same = _unchanged(version.bound, table, measure, here, there)
            known[measure] = figures.where(same)
            stays |= same & figures.isna().to_numpy() & version.masked
        shown.append(known)
        hidden.append(at[stays])
    return _saying(table, _first_of_each(shown, dimensions), pd.concat(hidden).drop_duplicates())


def still_hidden(table: BoundTable, versions: Sequence[EarlierVersion]) -> bool:
    """Say whether an earlier version hides a figure that is the same now."""
    informed = with_earlier_versions(table, versions)
    return len(informed.contract.suppression.hide) > len(table.contract.suppression.hide)


def hiding(table: BoundTable, cells: pd.DataFrame) -> BoundTable:
    """Ask for more cells to be hidden (`suppression.hide`), but for those that the contract keeps open.

    Args:
        table: The table.
        cells: Their coordinates, one column a dimension.
    """
    suppression = table.contract.suppression
    kept = np.zeros(len(cells), dtype=np.bool_)
    for pattern in suppression.keep:
        kept |= np.logical_and.reduce([cells[name].isin(labels) for name, labels in pattern.items()])
    patterns = [{name: [label] for name, label in row.items()} for row in cells[~kept].to_dict("records")]
    if not patterns:
        return table
    hide = [*suppression.hide, *patterns]
    contract = table.contract.model_copy(update={"suppression": suppression.model_copy(update={"hide": hide})})
    return replace(table, contract=contract)


def telling(table: BoundTable, versions: Sequence[EarlierVersion]) -> list[EarlierVersion]:
    """Choose the versions that tell more than single figures: something in them is otherwise now.

    Of a version of which every row is here, unchanged, readers learn what it shows, and that the masking knows of.
    """
    return [version for version in versions if not _is_part_of(version, table)]


def wholes_of(table: BoundTable, versions: Sequence[EarlierVersion], cell: Mapping[str, str]) -> pd.DataFrame:
    """List the totals and groups just above a cell that are not what they were in some earlier version.

    Hidden, they no longer tell by how much a row has grown.

    Args:
        table: The present table.
        versions: The earlier ones.
        cell: A category for each dimension; of a cell of this table, or of an earlier version.

    Returns:
        Coordinates of rows of this table, one column a dimension.
    """
    found = [coordinate for coordinate in _above(table, cell) if _has_changed(table, versions, coordinate)]
    return pd.DataFrame(found, columns=list(table.axes))


def _saying(table: BoundTable, known: pd.DataFrame, hidden: pd.DataFrame) -> BoundTable:
    if len(hidden):
        table = hiding(table, hidden)
    if not len(known):
        return table
    name = _EARLIER.format(release=table.contract.release)
    public = [*table.contract.already_public, AlreadyPublic(table=name)]
    contract = table.contract.model_copy(update={"already_public": public})
    return replace(table, contract=contract, references={**table.references, name: known})


def _first_of_each(frames: Sequence[pd.DataFrame], dimensions: list[str]) -> pd.DataFrame:
    """Put what several versions show into one table; where they show a cell, they show the same."""
    joined = pd.concat(frames, ignore_index=True)
    figures = [name for name in joined.columns if name not in dimensions]
    if not figures:
        return joined.iloc[:0]
    joined = joined.groupby(dimensions, sort=False, dropna=False).first().reset_index()
    return joined[joined[figures].notna().any(axis=1)].reset_index(drop=True)


def _summed(table: BoundTable) -> list[str]:
    return [name for name in table.contract.measures if name in table.contract.counts]


def _same_cells(earlier: BoundTable, table: BoundTable) -> tuple[Integers, Integers]:
    """Pair the rows of two versions that count the same people: what only one classifies by is at its total."""
    common = [name for name in earlier.axes if name in table.axes]
    here, there = _at_total(earlier, common), _at_total(table, common)
    if not common:
        return here[:1], there[:1]
    left = earlier.frame[common].iloc[here].assign(_here=here)
    right = table.frame[common].iloc[there].assign(_there=there)
    both = left.merge(right, on=common)
    return both["_here"].to_numpy(dtype=np.int64), both["_there"].to_numpy(dtype=np.int64)


def _at_total(table: BoundTable, common: Sequence[str]) -> Integers:
    use = np.ones(len(table.frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        if name not in common:
            use &= (table.frame[name] == axis.total).to_numpy() if axis.total is not None else False
    return np.flatnonzero(use)


def _unchanged(earlier: BoundTable, table: BoundTable, measure: str, here: Integers, there: Integers) -> Booleans:
    before, now = earlier.frame[measure].to_numpy()[here], table.frame[measure].to_numpy()[there]
    same: Booleans = before == now
    for side, rows in ((earlier, here), (table, there)):
        if measure in side.missing:
            same &= ~side.missing[measure][rows]
    return same


def _is_part_of(version: EarlierVersion, table: BoundTable) -> bool:
    if list(version.bound.axes) != list(table.axes):
        return False
    measures = [name for name in _summed(version.bound) if name in table.contract.measures]
    here, there = _same_cells(version.bound, table)
    if len(here) < len(version.bound.frame) or len(measures) < len(_summed(version.bound)):
        return False
    return all(_unchanged(version.bound, table, measure, here, there).all() for measure in measures)


def _above(table: BoundTable, cell: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Give the coordinates of the rows just above a cell, along each dimension and grouping."""
    base = {name: _label(axis, cell.get(name)) for name, axis in table.axes.items()}
    carried = {tuple(row) for row in table.frame[list(table.axes)].itertuples(index=False, name=None)}
    for name, axis in table.axes.items():
        for parent in _parents(axis, base[name]):
            found = {**base, name: parent}
            if tuple(found.values()) in carried:
                yield {key: str(label) for key, label in found.items()}


def _label(axis: Axis, label: str | None) -> str | None:
    return label if label in axis.labels or label in axis.groups else axis.total


def _parents(axis: Axis, label: str | None) -> list[str]:
    if label is None or label == axis.total:
        return []
    parents = [hierarchy.parent_of[label] for hierarchy in axis.hierarchies if label in hierarchy.parent_of]
    found = [*parents, *([axis.total] if axis.total is not None and not parents else [])]
    return list(dict.fromkeys(str(parent) for parent in found))


def _has_changed(table: BoundTable, versions: Sequence[EarlierVersion], coordinate: Mapping[str, str]) -> bool:
    """Say whether some version has the row with another figure, or has it not."""
    row = _row_of(table, coordinate)
    for version in versions:
        there = _row_of(version.bound, coordinate)
        for measure in _summed(table):
            if there is None or row is None or measure not in version.bound.frame:
                return True
            if version.bound.frame[measure].iloc[there] != table.frame[measure].iloc[row]:
                return True
    return False


def _row_of(table: BoundTable, coordinate: Mapping[str, Any]) -> int | None:
    use = np.ones(len(table.frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        use &= (table.frame[name] == coordinate.get(name, axis.total)).to_numpy()
    found = np.flatnonzero(use)
    return int(found[0]) if len(found) else None
