"""From what a source holds to what was declared, without loss: SQL for the value, and SQL for what is wrong with it.

DuckDB's own casts are too kind for this: ``1.5`` becomes the integer 2, ``1.239`` the decimal 1.24, a timestamp with a
zone loses it. So a value is taken only if it converts there and back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ddg_pipeline.warehouse._sql_text import literal
from ddg_pipeline.warehouse.column_types import ColumnType, TypeName

_BLANKS: Final = r"E' \t\r\n'"
_LARGEST_EXACT_INTEGER: Final = 2**53  # in double precision floating point
_YES: Final = "('true', 't', 'yes', 'y', '1')"
_NO: Final = "('false', 'f', 'no', 'n', '0')"

_NUMERIC: Final = frozenset({"int", "decimal", "float"})
_TAKEN_FROM: Final[dict[TypeName, frozenset[str]]] = {
    "text": frozenset({"text"}),
    "integer": _NUMERIC | {"text"},
    "decimal": _NUMERIC | {"text"},
    "number": _NUMERIC | {"text"},
    "boolean": frozenset({"boolean", "int", "text"}),
    "date": frozenset({"date", "timestamp", "text"}),
    "timestamp": frozenset({"date", "timestamp", "text"}),
}
_FAMILY: Final = (
    (re.compile(r"VARCHAR|UUID|ENUM\(.*", re.DOTALL), "text"),
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER"), "int"),
    (re.compile(r"DECIMAL\(.*"), "decimal"),
    (re.compile(r"DOUBLE|FLOAT"), "float"),
    (re.compile(r"BOOLEAN"), "boolean"),
    (re.compile(r"DATE"), "date"),
    (re.compile(r"TIMESTAMP(_S|_MS|_NS)?"), "timestamp"),
    (re.compile(r'"?NULL"?'), "null"),
)


@dataclass(frozen=True)
class Conversion:
    """SQL expressions over one column of a source.

    Attributes:
        value: The value to store.
        problem: NULL where the value can be stored, otherwise a text which says why not, without quoting it.
    """

    value: str
    problem: str


class UnfitType(Exception):  # noqa: N818 - a finding, turned into an InputError by whoever knows the column
    """A whole column is of a type that the declared one cannot be taken from; says what to do about it."""


def conversion(
    declared: ColumnType, found_type: str, column: str, *, nullable: bool, date_format: str | None
) -> Conversion:
    """How a column is converted.

    Args:
        declared: The wanted type.
        found_type: The column's DuckDB type.
        column: The column as SQL.
        nullable: Whether NULL is allowed.
        date_format: How dates are written as text; ISO 8601 where None.

    Raises:
        UnfitType: No value of that type can be stored as declared.
    """
    family = next((family for pattern, family in _FAMILY if pattern.fullmatch(found_type)), "other")
    if family != "null" and family not in _TAKEN_FROM[declared.name]:
        raise UnfitType(_advice(declared, family, found_type))
    if family == "null":
        value, problem = f"CAST(NULL AS {declared.sql})", "NULL"
    elif declared.name == "text":
        value, problem = f"CAST({column} AS VARCHAR)", "NULL"
    elif family == "text":
        value, problem = _from_text(declared, f"CAST({column} AS VARCHAR)", date_format)
    else:
        value, problem = _from_typed(declared, family, found_type, column)
    missing = "NULL" if nullable else literal("no value, where one is required")
    return Conversion(value, f"CASE WHEN {column} IS NULL THEN {missing} ELSE {problem} END")


def _advice(declared: ColumnType, family: str, found_type: str) -> str:
    if declared.name == "text" and family in _NUMERIC:
        return (
            "leading zeros are already lost in it: have it written as text, or declare it a number and format it later"
        )
    if found_type == "TIMESTAMP WITH TIME ZONE":
        return "have it written without a time zone, in local time"
    return f"declare the type it has, or have it written as {declared}"


def _from_text(declared: ColumnType, column: str, date_format: str | None) -> tuple[str, str]:
    text = f"trim({column}, {_BLANKS})"
    match declared.name:
        case "integer":
            value = rf"TRY_CAST(regexp_replace({text}, '\.0*$', '') AS BIGINT)"
            return value, _cases(
                (_unlike(text, r"[+-]?(\d+\.?\d*|\.\d+)"), "text that is not an integer"),
                (_unlike(text, r"[+-]?\d+(\.0*)?"), "a number with a fraction"),
                (f"{value} IS NULL", "an integer that does not fit in 64 bits"),
            )
        case "decimal":
            value = f"TRY_CAST({text} AS {declared.sql})"
            places = declared.scale
            return value, _cases(
                (_unlike(text, r"[+-]?(\d+\.?\d*|\.\d+)"), "text that is not a decimal number"),
                (_unlike(text, rf"[+-]?\d*(\.\d{{0,{places}}}0*)?"), f"a number with more than {places} decimals"),
                (f"{value} IS NULL", f"a number with too many digits for {declared}"),
            )
        case "number":
            value = f"TRY_CAST({text} AS DOUBLE)"
            return value, _cases(
                (_unlike(text, r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), "text that is not a number"),
                (f"{value} IS NULL OR NOT isfinite({value})", "a number that is too large"),
            )
        case "boolean":
            value = f"CASE WHEN lower({text}) IN {_YES} THEN true WHEN lower({text}) IN {_NO} THEN false END"
            return value, _cases((f"({value}) IS NULL", "a value that is not true or false"))
        case _:
            return _time_from_text(declared, text, date_format)


def _time_from_text(declared: ColumnType, text: str, date_format: str | None) -> tuple[str, str]:
    what = f"text that is not a {declared.name}"
    if date_format is not None:
        parsed = f"try_strptime({text}, {literal(date_format)})"
        unlike = (f"{parsed} IS NULL", f"{what} in the declared format")
        # DuckDB reads 21 as %Y and means the year 21
        unlikely = (f"year({parsed}) NOT BETWEEN 1000 AND 9999", "a year that has not four digits")
        if declared.name == "date":
            value = f"CAST({parsed} AS DATE)"
            return value, _cases(
                unlike, unlikely, (f"CAST({value} AS TIMESTAMP) <> {parsed}", "a date with a time of day")
            )
        return parsed, _cases(unlike, unlikely)
    day, time = r"\d{4}-\d{2}-\d{2}", r"[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6}0*)?)?"
    zone = r"\s*([zZ]|[+-]\d{2}(:?\d{2})?)"
    value = f"TRY_CAST({text} AS TIMESTAMP)"
    unlike = (f"{_unlike(text, f'{day}({time})?')} OR {value} IS NULL", what)
    if declared.name == "timestamp":
        zoned = (f"regexp_full_match({text}, {literal(day + time + zone)})", "a timestamp with a time zone")
        return value, _cases(zoned, unlike)
    midnight = f"date_trunc('day', {value})"
    return f"CAST({value} AS DATE)", _cases(unlike, (f"{value} <> {midnight}", "a date with a time of day"))


def _from_typed(declared: ColumnType, family: str, found_type: str, column: str) -> tuple[str, str]:
    value = f"TRY_CAST({column} AS {declared.sql})"
    if declared.name == "boolean" and family == "int":
        value = f"CASE {column} WHEN 0 THEN false WHEN 1 THEN true END"
        return value, _cases((f"({value}) IS NULL", "a number that is not 0 or 1"))
    if declared.name == "number" and family != "int":
        return value, _cases((f"{value} IS NULL OR NOT isfinite({value})", "a number that is not finite"))
    loss = {
        "integer": "a number with a fraction",
        "decimal": f"a number with more than {declared.scale} decimals",
        "number": "an integer too large for a floating point number",
        "date": "a date with a time of day",
    }.get(declared.name, f"a {declared.name} that is too fine")
    cases = [(f"{value} IS NULL", f"a value that does not fit in {declared}")]
    if declared.name == "integer" and family == "float":
        inexact = f"abs({column}) > {_LARGEST_EXACT_INTEGER}"
        cases.append((inexact, "a floating point number too large to be an exact integer"))
    cases.append((f"TRY_CAST({value} AS {found_type}) IS DISTINCT FROM {column}", loss))
    return value, _cases(*cases)


def _unlike(text: str, pattern: str) -> str:
    return f"NOT regexp_full_match({text}, {literal(pattern)})"


def _cases(*cases: tuple[str, str]) -> str:
    return "CASE " + " ".join(f"WHEN {condition} THEN {literal(problem)}" for condition, problem in cases) + " END"
