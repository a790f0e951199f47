"""Whole percentages in a published table (DDG 2.0 §4.4.4): what must hold of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ddg_pipeline.quality.rules import Breaches, need

if TYPE_CHECKING:
    from ddg_pipeline.contract.model import ReleaseContract
    from ddg_pipeline.rulebook import Rulebook

FORM = "whole_percentages"
_WHOLE = "0|[1-9][0-9]?|100"


def shown_below(rulebook: Rulebook) -> str:
    """Write what a small category shows in place of its percentage.

    Raises:
        ValueError: The rulebook has no such form.
    """
    form = rulebook.masking.whole_percentages
    if form is None:
        raise ValueError(f"{rulebook.name} has no whole percentages")
    return form.shown_below.replace("%", "").strip()


def percentage_pattern(rulebook: Rulebook) -> str:
    """Give the regular expression of everything that a column of whole percentages may hold."""
    return f"^({_WHOLE}|{re.escape(shown_below(rulebook))})$"


def percentage_arguments(contract: ReleaseContract, rulebook: Rulebook) -> Mapping[str, Any]:
    """Give the arguments of `broken_wholes` for a release in this form."""
    form, percentages = rulebook.masking.whole_percentages, contract.suppression.percentages
    assert form is not None  # noqa: S101 - masking has seen to both
    assert percentages is not None  # noqa: S101
    return {
        "column": contract.published_measures[0],
        "dimensions": list(contract.dimensions),
        "dimension": percentages.of,
        "total": contract.dimensions[percentages.of].total,
        "large": form.large_categories,
        "small": form.small_categories,
        "below": form.below,
        "shown_below": shown_below(rulebook),
    }


def broken_wholes(
    frame: pd.DataFrame,
    column: str,
    dimensions: list[str],
    dimension: str,
    total: str | None,
    large: int,
    small: int,
    below: int,
    shown_below: str,
) -> Breaches:
    """Find wholes whose parts are not as many as there must be, of another kind, or do not add up to 100.

    Args:
        frame: The table.
        column: The percentages, as text.
        dimensions: All dimensions; every combination of the others is one whole.
        dimension: The dimension whose categories are the parts.
        total: Its label for the whole, where the table carries it.
        large: How many parts must at least show a percentage above zero.
        small: How many parts may at most show ``shown_below``.
        below: The percentage under which they are.
        shown_below: What they show.
    """
    need(frame, [column, *dimensions])
    texts = frame[column].astype("object").where(frame[column].notna(), "").astype("str")
    labels = frame[dimension].astype("object").where(frame[dimension].notna(), "").astype("str")
    others = [frame[name].astype("str") for name in dimensions if name != dimension]
    wholes = others or [pd.Series("", index=frame.index)]
    is_total = labels == total if total is not None else pd.Series(False, index=frame.index)
    under = ~is_total & (texts == shown_below)
    is_number = texts.str.fullmatch(_WHOLE)
    numbers = pd.to_numeric(texts.where(is_number), errors="coerce").astype("float64")
    rounded = ~is_total & is_number & (numbers > 0)

    def of_whole(values: pd.Series[Any]) -> pd.Series[float]:
        return values.astype("float64").groupby(wholes, dropna=False).transform("sum")

    shown, least = of_whole(numbers.where(rounded, 0)), 100 - 0.5 * of_whole(rounded) - below * of_whole(under)
    wrong = (
        (~is_number & ~under)
        | (is_total & (texts != "100"))
        | (of_whole(~is_total) != large + small)
        | (of_whole(rounded) < large)
        | (of_whole(under) > small)
        | (shown < least)
        | ((shown == least) & (of_whole(under) > 0))  # what is under the limit does not reach it
        | (shown > 100 + 0.5 * of_whole(rounded))
    )
    return Breaches(np.asarray(wrong.fillna(value=True), dtype=bool))
