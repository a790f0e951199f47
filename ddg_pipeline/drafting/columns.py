"""Sort the columns of a table: figures, categories, days, moments, numbers of records, and what says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ddg_pipeline.drafting.dates import days_of
from ddg_pipeline.drafting.facts import ColumnFacts
from ddg_pipeline.drafting.words import (
    AGES,
    AMOUNTS,
    BESIDE,
    CODES,
    EVENTS,
    MEANS,
    PEOPLE,
    PERCENTS,
    POPULATIONS,
    RATES,
    SERIAL,
    TIME,
    has,
    names_a_code_of_places,
    names_a_number,
)

Kind = Literal["figure", "category", "day", "moment", "serial", "beside", "empty"]

_FIGURE_WORDS = PEOPLE | EVENTS | POPULATIONS | RATES | PERCENTS | AMOUNTS | MEANS
_OLDEST = 130  # in years; no age is higher
_PERIODS = 53  # weeks of a year, and fewer months and quarters
_NEARLY_ALL = 0.9  # of the rows have a number of their own
_MANY = 0.3  # of the rows have: several records of one person
_LISTED = 20  # different numbers at least, for a column of which not nearly every row has its own


def kind_of(column: ColumnFacts, rows: int, people: Sequence[str]) -> Kind:
    """Say what a column is, before it is looked at more closely.

    Args:
        column: The column.
        rows: How many rows the table has.
        people: Columns that somebody says count people.
    """
    if column.name in people:
        return "figure"
    if not column.labels:
        return "empty"
    if has(column.words, BESIDE):
        return "beside"
    if _numbers_rows(column, rows) or _numbers_records(column, rows):
        return "serial"
    if column.numbers is not None:
        return "category" if _names_something(column) else "figure"
    days = days_of(column.labels)
    if days is None:
        return "category"
    return "day" if days.type == "date" else "moment"


def _numbers_rows(column: ColumnFacts, rows: int) -> bool:
    if column.numbers is not None and not column.whole:
        return False
    if has(column.words, _FIGURE_WORDS - {"case", "n"}):
        return False
    return has(column.words, SERIAL) and rows > 1 and len(column.labels) >= _NEARLY_ALL * rows


def _numbers_records(column: ColumnFacts, rows: int) -> bool:
    """Say whether a column is called like a number and has so many that they are of records, or of people."""
    if not names_a_number(column.words) or (column.numbers is not None and not column.whole):
        return False
    return len(column.labels) >= max(_LISTED, _MANY * rows)


def _names_something(column: ColumnFacts) -> bool:
    """Say whether numbers are labels: years, ages, codes."""
    if has(column.words, _FIGURE_WORDS) or not column.whole or column.numbers is None:
        return False
    highest = float(column.numbers.max())
    if column.coded or has(column.words, CODES) or names_a_code_of_places(column.words):
        return True
    if has(column.words, TIME):
        return column.is_year or highest <= _PERIODS
    return has(column.words, AGES) and highest <= _OLDEST
