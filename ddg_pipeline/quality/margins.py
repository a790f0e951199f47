"""Whether the published parts of a dimension add up to its published margins, and what hidden parts leave over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ddg_pipeline.quality.rules import Breaches, codes, figures, is_empty, need


def direct_parents(
    labels: Sequence[str], hierarchies: Sequence[Mapping[str, str]], total: str | None
) -> list[dict[str, str]]:
    """Say for each hierarchy which label, of those present, adds up into which.

    A broader category that the table does not carry is skipped, so that its parts count for the next one that it does
    carry. A label that stands in no hierarchy ("Unknown") counts for the total.

    Args:
        labels: The labels in the table.
        hierarchies: Child to parent. None at all means that everything adds up into the total.
        total: The label of the total, where the table carries it.
    """
    present = set(labels)
    trees = hierarchies or [{}]
    chains = [{label: _above(label, hierarchy, present, total) for label in labels} for hierarchy in trees]
    broader = {parent for chain in chains for above in chain.values() for parent in above}
    leaves = [label for label in labels if label not in broader and label != total]
    found: list[dict[str, str]] = []
    for chain in chains:
        parent_of: dict[str, str] = {}
        for leaf in leaves:
            path = [leaf, *chain[leaf], *([total] if total in present else [])]
            for child, parent in pairwise(path):
                parent_of[child] = str(parent)
        found.append(parent_of)
    return found


def broken_margins(
    frame: pd.DataFrame,
    column: str,
    dimensions: Sequence[str],
    dimension: str,
    hierarchies: Sequence[Mapping[str, str]] = (),
    total: str | None = None,
    tolerated: Sequence[Mapping[str, str]] = (),
    rounding: float = 0.0,
    code_column: str | None = None,
    hidden_ranges: Mapping[str, Sequence[float | None]] | None = None,
) -> Breaches:
    """Find published margins that the published parts contradict.

    In every slice of the other dimensions: where all parts are shown they must add up to the margin. Where some are
    hidden, what is left for them must be possible: each lies in the range of its annotation code, so that a hidden zero
    shows itself. A single hidden part can be calculated from the rest and is always a breach (DDG 2.0 §4.4.1 item 2),
    unless its code stands for zeros too: then no data were available, and nobody hid anything. A
    combination without a row counts as 0, a margin without a row or without a value is not checked.

    Args:
        frame: The table.
        column: The measure.
        dimensions: Every dimension of the table.
        dimension: The one along which parts add up.
        hierarchies: Child to parent, one for each hierarchy.
        total: The label of the total.
        tolerated: Coordinates of margins that are known not to add up in the source; each names every dimension.
        rounding: How far one published figure may be from the true one: 0 for counts.
        code_column: The annotation codes of the measure; without it a hidden part may be anything.
        hidden_ranges: For each code of a hidden value the least and the greatest value it stands for; None is no limit.
    """
    need(frame, [*dimensions, column, *([code_column] if code_column else [])])
    labels = list(dict.fromkeys(frame[dimension].dropna().astype("str")))
    others = [name for name in dimensions if name != dimension]
    cells = frame[list(dimensions)].astype("str").reset_index(drop=True)
    cells["_row"] = np.arange(len(cells))
    cells["_value"] = figures(frame[column]).to_numpy()
    cells["_hidden"] = is_empty(frame[column]).to_numpy()
    least, most = _bounds(frame, cells["_hidden"], code_column, hidden_ranges or {})
    cells["_least"], cells["_most"] = least, most
    cells["_suppressed"] = cells["_hidden"] & (least != 0)
    breaking = np.zeros(len(cells), dtype=bool)
    for parent_of in direct_parents(labels, hierarchies, total):
        parts = cells.assign(_parent=cells[dimension].map(parent_of)).dropna(subset=["_parent"])
        sums = parts.groupby([*others, "_parent"], sort=False, dropna=False).agg(
            shown=("_value", "sum"),
            hidden=("_hidden", "sum"),
            suppressed=("_suppressed", "sum"),
            least=("_least", "sum"),
            most=("_most", "sum"),
            parts=("_row", "size"),
        )
        margins = cells[cells[dimension].isin(set(parent_of.values())) & ~cells["_hidden"]]
        margins = margins.merge(
            sums.reset_index().rename(columns={"_parent": dimension}), how="left", on=[*others, dimension]
        ).fillna({"shown": 0, "hidden": 0, "suppressed": 0, "least": 0, "most": 0, "parts": 0})
        left = margins["_value"] - margins["shown"]
        slack = rounding * (margins["parts"] + 1) + 1e-9 * margins["_value"].abs()
        impossible = (left < margins["least"] - slack) | (left > margins["most"] + slack)
        alone = (margins["hidden"] == 1) & (margins["suppressed"] == 1)
        found = margins.loc[impossible | alone | margins["_value"].isna(), "_row"]
        breaking[found.to_numpy(dtype=int)] = True
    known = {tuple(coordinate[name] for name in dimensions) for coordinate in tolerated}
    for row in np.flatnonzero(breaking):
        breaking[row] = tuple(cells[name].iloc[row] for name in dimensions) not in known
    return Breaches(breaking)


def _above(label: str, hierarchy: Mapping[str, str], present: set[str], total: str | None) -> list[str]:
    found, at = [], label
    while at in hierarchy:
        at = hierarchy[at]
        if at in present and at != total:
            found.append(at)
    return found


def _bounds(
    frame: pd.DataFrame, hidden: pd.Series[bool], code_column: str | None, ranges: Mapping[str, Sequence[float | None]]
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Give the least and the greatest value of every hidden cell; 0 and 0 for a shown one."""
    code = codes(frame[code_column]).reset_index(drop=True) if code_column else pd.Series("", index=hidden.index)
    lows = {key: -np.inf if low is None else float(low) for key, (low, _) in ranges.items()}
    highs = {key: np.inf if high is None else float(high) for key, (_, high) in ranges.items()}
    least = code.map(lows).astype("float64").fillna(-np.inf).where(hidden, 0.0)
    most = code.map(highs).astype("float64").fillna(np.inf).where(hidden, 0.0)
    return least, most
