"""Python values of a driver or a workbook as the text that stands for exactly the same value."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ddg_pipeline.warehouse._reading.reader import PlannedColumn
from ddg_pipeline.warehouse.sources import Column

_LARGEST_EXACT_INTEGER = 2**53  # in double precision floating point
_NUMBERS = frozenset({"integer", "decimal", "number", "boolean"})
_TIMES = frozenset({"date", "timestamp"})

ToText = Callable[[Any, Column], str | None]


class Unfit(Exception):  # noqa: N818 - a finding, turned into an InputError by whoever knows the row
    """A value that cannot be stored as declared; its message says what kind of value it is, without quoting it."""


def exact_text(value: Any, column: Column) -> str | None:
    """Writes a value so that the conversion from text gives back the same.

    Args:
        value: What a database driver returned.
        column: The declared column.

    Returns:
        Decimal notation for numbers, ISO 8601 for dates and times, None for a missing value.

    Raises:
        Unfit: The value is of a kind that the declared type cannot be taken from.
    """
    wanted = column.type.name
    match value:
        case None:
            return None
        case str():
            return _from_format(value, column)
        case bool():
            return _allowed(str(value).lower(), wanted == "boolean", "a true/false value")
        case int():
            return _allowed(str(value), wanted in _NUMBERS, "a number")
        case float():
            return _allowed(_float_text(value, wanted), wanted in _NUMBERS, "a number")
        case Decimal():
            return _allowed(format(value, "f"), wanted in _NUMBERS, "a number")
        case dt.datetime():
            if value.tzinfo is not None:
                raise Unfit("a timestamp with a time zone")
            return _allowed(value.isoformat(sep=" "), wanted in _TIMES, "a timestamp")
        case dt.date():
            return _allowed(value.isoformat(), wanted in _TIMES, "a date")
        case uuid.UUID():
            return _allowed(str(value), wanted == "text", "a UUID")
        case _:
            raise Unfit(f"a value of type {type(value).__name__}, which cannot be loaded")


def _allowed(text: str, fits: bool, kind: str) -> str:
    if not fits:
        raise Unfit(kind)
    return text


def _float_text(value: float, wanted: str) -> str:
    if wanted in ("integer", "decimal") and abs(value) <= _LARGEST_EXACT_INTEGER:
        return format(Decimal(repr(value)), "f")  # without an exponent
    return repr(value)


def _from_format(text: str, column: Column) -> str:
    """A date written in the declared format, as ISO 8601; anything else as it is."""
    if column.format is None:
        return text
    try:
        # what is declared has no time zone, on purpose
        return dt.datetime.strptime(text.strip(), column.format).isoformat(sep=" ")  # noqa: DTZ007
    except ValueError:
        kind = f"text that is not a {column.type.name} in the declared format"
    raise Unfit(kind)


def text_columns(
    rows: Sequence[Sequence[Any]], plan: Sequence[PlannedColumn], to_text: ToText = exact_text
) -> tuple[dict[int, list[str | None]], list[tuple[int, str, str]]]:
    """Turns rows into text columns.

    Args:
        rows: Values by row.
        plan: The columns to load.
        to_text: How a value becomes text.

    Returns:
        The texts by position of the column in the source; and what could not be turned, as row (from 0), column, and
        what was found there.
    """
    texts: dict[int, list[str | None]] = {}
    unfit: list[tuple[int, str, str]] = []
    for planned in plan:
        if planned.position is None:
            continue
        position, column = planned.position, planned.column
        values = [row[position] for row in rows]
        if to_text is exact_text and column.format is None and set(map(type, values)) <= {str, type(None)}:
            texts[position] = values  # most columns; twice as fast
            continue
        texts[position] = out = []
        for number, value in enumerate(values):
            try:
                out.append(to_text(value, column))
            except Unfit as finding:
                out.append(None)
                unfit.append((number, planned.name, str(finding)))
    return texts, unfit
