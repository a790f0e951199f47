"""Columns of a table as text labels and numbers, whatever type they came in.

Errors name rows by their coordinate, never by a figure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.measure import Measure
from ddg_pipeline.errors import InputError

_LISTED = 5  # how many rows or labels an error lists before it says how many more there are
_MOST_DECIMALS = 12  # as many as a contract may declare
_LARGEST = 10**15  # sums of larger counts could overflow, and nobody counts as many people

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def label(value: object) -> str | None:
    """Write a category as text: whole floats without decimals, midnights as dates; None for a gap."""
    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float | np.floating) and np.isnan(value))
    ):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def dimension_column(column: pd.Series[Any], place: str, name: str) -> tuple[pd.Series[str], list[InputError]]:
    """Turn a column into labels.

    Returns:
        The labels, and what is wrong with them.
    """
    codes, given = pd.factorize(column if isinstance(column.dtype, pd.StringDtype) else column.astype("object"))
    # what is equal may be of several types, such as 1 and 1.0 and True: only text is sure to be written in one way
    if pd.api.types.infer_dtype(given, skipna=False) not in ("string", "empty"):
        labels = column.astype("object").map(label)
        codes, given = pd.factorize(labels)
    spelled = [str(one) for one in given]
    errors: list[InputError] = []
    blank = (codes < 0) | np.array([*(not one.strip() for one in spelled), False], dtype=np.bool_)[codes]
    if blank.any():
        rows = [str(position + 1) for position in np.flatnonzero(blank)]
        errors.append(InputError(place, name, f"no category in row {some(rows)}", "write one, such as Unknown"))
    spellings: dict[str, set[str]] = {}
    for one in spelled:
        spellings.setdefault(" ".join(one.split()), set()).add(one)
    for given_twice in (each for each in spellings.values() if len(each) > 1):
        found = f"{some(map(repr, sorted(given_twice)))}, which differ in spaces only"
        errors.append(InputError(place, name, found, "spell every category in one way"))
    text = pd.array([*spelled, "nan"], dtype="str").take(codes)  # the last one where there is none: an error above
    return pd.Series(text, index=column.index), errors


def count_column(
    column: pd.Series[Any], coordinates: pd.DataFrame, place: str, name: str
) -> tuple[pd.Series[Any], list[InputError]]:
    """Turn a column into whole numbers of 0 or more; unchanged where something is wrong with it."""
    counts, empty, errors = counts_with_gaps(column, coordinates, place, name)
    if not errors and empty.any():
        errors = [_no_count("no value", empty, coordinates, place, name)]
    return (column if errors else counts), errors


def counts_with_gaps(
    column: pd.Series[Any], coordinates: pd.DataFrame, place: str, name: str
) -> tuple[pd.Series[Any], Booleans, list[InputError]]:
    """Turn a column into whole numbers of 0 or more, of which some may be missing.

    Returns:
        The numbers, 0 where there is none, or the column unchanged where something is wrong with it; which rows hold
        no number; and what is wrong.
    """
    numbers, empty = _numbers(column)
    no_number = ~np.isfinite(numbers)
    unreadable = no_number & ~empty
    for wrong, found in (
        (empty & empty.all(), "no value"),
        (unreadable, _no_number(column, unreadable)),
        (numbers < 0, "a negative number"),
        (np.mod(numbers, 1, where=~no_number, out=np.zeros_like(numbers)) != 0, "a number with decimals"),
        (numbers > _LARGEST, "a number too large to count anything"),
    ):
        if wrong.any():
            return column, empty, [_no_count(found, wrong, coordinates, place, name)]
    counts = np.where(empty, 0.0, numbers).astype(np.int64)
    return pd.Series(counts, index=column.index), empty, []


def _no_count(found: str, wrong: Booleans, coordinates: pd.DataFrame, place: str, name: str) -> InputError:
    rows = some(coordinates_of(coordinates, wrong))
    return InputError(place, name, f"{found} at {rows}", "a whole number, 0 or more, in every row")


def number_column(
    column: pd.Series[Any], coordinates: pd.DataFrame, place: str, name: str
) -> tuple[pd.Series[Any], list[InputError]]:
    """Check that a column holds numbers, or nothing; it stays as it is."""
    numbers, empty = _numbers(column)
    wrong = ~np.isfinite(numbers) & ~empty
    if wrong.any():
        rows = some(coordinates_of(coordinates, wrong))
        return column, [InputError(place, name, f"{_no_number(column, wrong)} at {rows}", "a number, or nothing")]
    return column, []


def _no_number(column: pd.Series[Any], wrong: Booleans) -> str:
    text = all(isinstance(value, str) for value in column[wrong])
    return "text that is no number" if text else "something that is no number"


def sizes_column(column: pd.Series[Any]) -> NDArray[np.int64] | None:
    """Read numbers of people from a reference table; None if some are none."""
    numbers, _ = _numbers(column)
    if not np.isfinite(numbers).all() or (numbers < 0).any() or (numbers % 1 != 0).any() or (numbers > _LARGEST).any():
        return None
    return numbers.astype(np.int64)


def numbers_or_nothing(column: pd.Series[Any]) -> Floats:
    """Read the numbers of a published column; NaN for what is empty or a marker such as ``*``."""
    numbers, _ = _numbers(column)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _numbers(column: pd.Series[Any]) -> tuple[Floats, Booleans]:
    """Read numbers, NaN where there is none; and say which rows are empty."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        numbers = column.to_numpy(dtype=np.float64)
        return numbers, np.isnan(numbers)
    if isinstance(column.dtype, pd.StringDtype):
        codes, texts = pd.factorize(column)  # few numbers, many rows
        read = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce")
        numbers = np.append(read.to_numpy(dtype=np.float64, na_value=np.nan), np.nan)[codes]
        empty = (codes < 0) | np.array([*(not str(text).strip() for text in texts), False], dtype=np.bool_)[codes]
        return numbers, empty
    values = column.astype("object")
    empty = values.map(lambda value: label(value) is None or str(value).strip() == "").to_numpy(dtype=np.bool_)
    # pandas would count True as 1 and a date as its microseconds
    odd: pd.Series[Any] = values.map(
        lambda value: isinstance(value, bool | np.bool_ | complex | dt.date | dt.timedelta | np.generic)
    )
    odd &= ~values.map(lambda value: isinstance(value, np.integer | np.floating))
    parsed = pd.to_numeric(values.where(~(odd | empty), None), errors="coerce")
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan), empty


def coordinates_of(frame: pd.DataFrame, wrong: Booleans) -> list[str]:
    """Name the marked rows by their categories."""
    rows = frame[wrong]
    named = [
        "(" + ", ".join(f"{k}={v}" for k, v in row.items()) + ")" for row in rows.head(_LISTED + 1).to_dict("records")
    ]
    return named + ["…"] * (len(rows) - len(named))


def some(items: Iterable[str], most: int = _LISTED) -> str:
    """List the first few, and say how many more there are."""
    listed = [str(item) for item in items]
    shown = ", ".join(listed[:most])
    return shown if len(listed) <= most else f"{shown} and {len(listed) - most} more"


def quoted(labels: Iterable[str], most: int = _LISTED) -> str:
    """List the first few labels as they are written, each in quotes, and say how many more there are."""
    return some(map(repr, labels), most)


def decimals_of(measure: Measure, column: pd.Series[Any]) -> int:
    """Give how many decimals a statistic has: declared, or as many as the most exactly written of its figures."""
    if measure.decimals is not None:
        return measure.decimals
    shown = (str(value).strip().rpartition(".")[2] for value in column if "." in str(value))
    return min(max((len(text) for text in shown if text.isdigit()), default=0), _MOST_DECIMALS)
