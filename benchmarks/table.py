"""An instance as a release: its contract, its table with all margins, and any suppression pattern as published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.axes import TOTAL
from ddg_pipeline.contract.parse import parse_contract

if TYPE_CHECKING:
    from benchmarks.instances import Instance
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.rulebook import Rulebook

MEASURE = "n"


def contract(instance: Instance, level: str, show_reason: bool) -> ReleaseContract:
    """Declare the table: every dimension adds up, groups are hierarchies, all margins are carried."""
    dimensions: dict[str, Any] = {}
    for axis in instance.axes:
        declared: dict[str, Any] = {"variable": "other", "groups": len(axis.leaves), "total": TOTAL}
        if axis.groups:
            tree: dict[str, list[str]] = {group: [] for group in axis.groups}
            for leaf, group in zip(axis.leaves, axis.group_of, strict=True):
                tree[axis.groups[group]].append(leaf)
            declared["hierarchy"] = {"tree": tree}
        dimensions[axis.name] = declared
    raw = {
        "release": instance.name,
        "title": "A benchmark table",
        "dimensions": dimensions,
        "measures": {MEASURE: {"kind": "count"}},
        "suppression": {"level": level, "show_reason": show_reason},
    }
    return parse_contract(raw, instance.name)


def frame(instance: Instance) -> pd.DataFrame:
    """Give the whole table, one row a cell, in the order of `Instance.cells`."""
    columns: dict[str, Any] = {}
    shape = instance.cells.shape
    for number, axis in enumerate(instance.axes):
        along = np.arange(shape[number]).reshape([-1 if other == number else 1 for other in range(len(shape))])
        codes = np.broadcast_to(along, shape).ravel()
        columns[axis.name] = pd.Series(np.asarray(axis.nodes, dtype=object)[codes], dtype="str")
    columns[MEASURE] = instance.cells.ravel()
    return pd.DataFrame(columns)


def published(instance: Instance, hidden: NDArray[np.bool_], rulebook: Rulebook, show_reason: bool) -> pd.DataFrame:
    """Write a pattern, ours or not, as a portal shows it: empty cells and annotation codes."""
    told = rulebook.annotations
    small = instance.small.ravel()
    reasons = [hidden & small, hidden & ~small]
    entries = [told.small, told.complementary] if show_reason else [told.hidden, told.hidden]
    table = frame(instance).astype(object)
    table[MEASURE] = np.where(hidden, "", table[MEASURE].astype(str))
    table[f"{MEASURE}_annotation_code"] = np.select(reasons, [entry.code for entry in entries], told.none.code)
    descriptions = [entry.description for entry in entries]
    table[f"{MEASURE}_annotation_description"] = np.select(reasons, descriptions, told.none.description)
    return table


def hidden_cells(instance: Instance, shown: pd.DataFrame) -> NDArray[np.bool_]:
    """Read from a published table which cells are hidden, in the order of `Instance.cells`, flat."""
    places = []
    for axis in instance.axes:
        position = {node: number for number, node in enumerate(axis.nodes)}
        places.append(shown[axis.name].map(position).to_numpy(dtype=np.int64))
    hidden = np.zeros(instance.cells.size, dtype=bool)
    hidden[np.ravel_multi_index(places, instance.cells.shape)] = (shown[MEASURE] == "").to_numpy()
    return hidden
