"""Whether the parts of a dimension add up to the row that is called their total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

Sums = Literal["equal", "less", "more", "unknown"]


def parts_and_total(
    frame: pd.DataFrame, dimension: str, total: str, parts: Sequence[str], others: Sequence[str], counts: Sequence[str]
) -> Sums:
    """Compare the sums of the parts with the total, wherever a row of the total is there with all figures.

    Args:
        frame: Labels as text, counts as numbers.
        dimension: The dimension.
        total: The label of its total.
        parts: The labels that should add up to it.
        others: The other dimensions.
        counts: The counts to compare.

    Returns:
        ``equal``; ``less`` where the parts leave people over somewhere and are more nowhere; ``more`` where they are
        more somewhere, so that they overlap; ``unknown`` where nothing can be compared.
    """
    found: set[str] = set()
    totals = frame[frame[dimension] == total]
    inside = frame[frame[dimension].isin(list(parts))]
    if totals.empty or inside.empty:
        return "unknown"
    keys: list[Any] = list(others) or [pd.Series(0, index=frame.index)]
    for count in counts:
        whole = totals.groupby([_at(key, totals) for key in keys], sort=False)[count].sum(min_count=1)
        grouped = inside.groupby([_at(key, inside) for key in keys], sort=False)[count]
        known = grouped.sum(min_count=1)[grouped.count() == grouped.size()]
        both = pd.concat([whole, known], axis=1, join="inner", keys=["whole", "parts"]).dropna()
        if both.empty:
            continue
        found |= {"more"} if bool((both["parts"] > both["whole"]).any()) else set()
        found |= {"less"} if bool((both["parts"] < both["whole"]).any()) else set()
        found.add("compared")
    if not found:
        return "unknown"
    return "more" if "more" in found else "less" if "less" in found else "equal"


def _at(key: object, frame: pd.DataFrame) -> object:
    return key if isinstance(key, str) else key.loc[frame.index] if isinstance(key, pd.Series) else key
