"""How much of a table is suppressed, as its readers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ddg_pipeline.quality.margins import direct_parents
from ddg_pipeline.quality.rules import Breaches, codes, figures, is_empty, need

_ROUNDING = 1e-9  # percent; binary fractions


def suppressed_cells(
    frame: pd.DataFrame, column: str, percent: float, code_column: str | None = None, other_codes: Sequence[str] = ()
) -> Breaches:
    """Find out whether more than a share of a measure's cells is suppressed.

    Args:
        frame: The table.
        column: The measure.
        percent: The largest share of all rows, in percent.
        code_column: Its annotation codes, where it has any.
        other_codes: Codes of values that are empty for another reason, such as "no data available".
    """
    need(frame, [column, *([code_column] if code_column else [])])
    hidden = is_empty(frame[column])
    if code_column:
        hidden &= ~codes(frame[code_column]).isin(list(other_codes))
    over = bool(len(frame)) and 100 * int(hidden.sum()) > (percent + _ROUNDING) * len(frame)
    return Breaches(
        np.zeros(len(frame), dtype=bool),
        (f"more than {percent:g} percent of the cells of {column} are suppressed",) if over else (),
    )


def suppressed_people(
    frame: pd.DataFrame,
    column: str,
    percent: float,
    dimensions: Sequence[str],
    totals: Mapping[str, str],
    hierarchies: Mapping[str, Sequence[Mapping[str, str]]],
) -> Breaches:
    """Find out whether more than a share of the people counted stands in suppressed cells.

    Everything is taken from what is published: of each grand total that is shown, the part that its finest categories
    do not show. Where no grand total is shown, no reader knows the share either, and a remark says so.

    Args:
        frame: The table.
        column: The count.
        percent: The largest share, in percent.
        dimensions: All dimensions of the table.
        totals: For each dimension that adds up, the label of its total. Along the others, every category is by itself.
        hierarchies: For each dimension, its hierarchies, child to parent.
    """
    need(frame, [column, *dimensions])
    labels = frame[list(dimensions)].astype("str")
    whole = pd.Series(True, index=frame.index)
    finest = pd.Series(True, index=frame.index)
    for name, total in totals.items():
        whole &= labels[name] == total
        finest &= ~labels[name].isin(_broader(labels[name], hierarchies.get(name, ()), total))
    apart = [labels[name] for name in dimensions if name not in totals] or [pd.Series("", index=frame.index)]
    value = figures(frame[column])
    parts = value.where(finest).groupby(apart, dropna=False).transform("sum")
    shown = whole & value.notna()
    everybody = float(value[shown].sum())
    rows = np.zeros(len(frame), dtype=bool)
    if not totals or not everybody:
        return Breaches(rows, remarks=(f"no total of {column} tells how many people are suppressed",))
    hidden = float((value - parts)[shown].sum())
    over = 100 * hidden > (percent + _ROUNDING) * everybody
    return Breaches(
        rows, (f"more than {percent:g} percent of the people in {column} stand in suppressed cells",) if over else ()
    )


def _broader(labels: pd.Series[str], hierarchies: Sequence[Mapping[str, str]], total: str) -> set[str]:
    present = list(dict.fromkeys(labels))
    return {parent for tree in direct_parents(present, hierarchies, total) for parent in tree.values()} | {total}
