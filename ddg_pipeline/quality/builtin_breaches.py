"""Where a table breaks the stock expectations that our suites use: a second opinion, and the coordinates.

Great Expectations is only asked for a yes or no, because everything else it reports can carry figures. What it does not
say is found here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.quality.rules import Breaches, need


def _columns(frame: pd.DataFrame, column_list: list[str]) -> Breaches:
    found, notes = [str(column) for column in frame.columns], []
    missing = [name for name in column_list if name not in found]
    extra = sum(name not in column_list for name in found)
    if missing:
        notes.append(f"no column {', '.join(missing)}")
    if extra:
        # not by name: where the header was lost, the first row's figures stand in its place
        notes.append(f"columns that are not in the contract: {extra}")
    if not notes and found != column_list:
        notes.append(f"columns in the order {', '.join(found)}")
    return Breaches(notes=tuple(notes))


def _row_count(frame: pd.DataFrame, value: int) -> Breaches:
    return Breaches(notes=() if len(frame) == value else (f"{len(frame)} rows instead of {value}",))


def _row_count_between(frame: pd.DataFrame, min_value: int | None = None, max_value: int | None = None) -> Breaches:
    low, high = min_value or 0, max_value if max_value is not None else len(frame)
    return Breaches(notes=() if low <= len(frame) <= high else (f"{len(frame)} rows",))


def _not_null(frame: pd.DataFrame, column: str) -> Breaches:
    need(frame, [column])
    return Breaches(frame[column].isna().to_numpy(dtype=bool))


def _in_set(frame: pd.DataFrame, column: str, value_set: list[Any]) -> Breaches:
    need(frame, [column])
    return Breaches((frame[column].notna() & ~frame[column].isin(value_set)).to_numpy(dtype=bool))


def _regex(frame: pd.DataFrame, column: str, regex: str) -> Breaches:
    need(frame, [column])
    pattern = re.compile(regex)
    cells = frame[column].astype("object").tolist()
    return Breaches(np.array([not pd.isna(cell) and not pattern.search(str(cell)) for cell in cells], dtype=bool))


def _unique(frame: pd.DataFrame, column: str) -> Breaches:
    return _unique_together(frame, [column])


def _unique_together(frame: pd.DataFrame, column_list: list[str]) -> Breaches:
    need(frame, column_list)
    return Breaches(frame.duplicated(column_list, keep="first").to_numpy(dtype=bool))


def _some_value(
    frame: pd.DataFrame, column: str, min_value: float | None = None, strict_min: bool = False, max_value: float = 1.0
) -> Breaches:
    need(frame, [column])
    share, low = float(frame[column].notna().mean()) if len(frame) else 0.0, min_value or 0.0
    kept = (share > low if strict_min else share >= low) and share <= max_value
    return Breaches(notes=() if kept else (f"{column}: too few cells, or too many, hold a value",))


_FINDERS: Mapping[str, Callable[..., Breaches]] = {
    "expect_table_columns_to_match_ordered_list": _columns,
    "expect_table_row_count_to_equal": _row_count,
    "expect_table_row_count_to_be_between": _row_count_between,
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_be_unique": _unique,
    "expect_compound_columns_to_be_unique": _unique_together,
    "expect_column_proportion_of_non_null_values_to_be_between": _some_value,
}


def builtin_breaches(frame: pd.DataFrame, expectation_type: str, kwargs: Mapping[str, Any]) -> Breaches | None:
    """Find the breaches of a stock expectation; None where only Great Expectations can judge it.

    Raises:
        MissingColumnError: The table lacks a column that the expectation is about.
    """
    finder = _FINDERS.get(expectation_type)
    known = finder is not None and set(kwargs) <= set(finder.__code__.co_varnames[: finder.__code__.co_argcount])
    return finder(frame, **kwargs) if finder is not None and known else None
