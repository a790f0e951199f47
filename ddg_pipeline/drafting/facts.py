"""What a column holds, before anybody says what it means: numbers, labels, gaps, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.assessment.identifier_content import words_in
from ddg_pipeline.contract.columns import label as as_label
from ddg_pipeline.drafting.words import GAPS, MARKS

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LEADING_ZERO = re.compile(r"0\d+")
_DECIMALS = re.compile(r"\.(\d+)$")


@dataclass(frozen=True)
class ColumnFacts:
    """A column as it is written.

    Attributes:
        name: The column.
        cells: Each row's text, None for a gap; blanks around it left out.
        numbers: Each row's number, NaN where there is none; None where the column holds anything that is no number.
        marked: Whether some cells hold a mark, such as ``*``, where a number stands in others.
        formatted: Whether numbers are written with separators, per cent signs or currency signs.
        coded: Whether whole numbers are written with zeros in front, as codes are.
        decimals: The most decimals that a number is written with.
    """

    name: str
    cells: Sequence[str | None]
    numbers: pd.Series[float] | None
    marked: bool = False
    formatted: bool = False
    percent_sign: bool = False
    coded: bool = False
    decimals: int = 0

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name, in lower case."""
        return tuple(words_in(self.name).split())

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Its different texts, in order of appearance."""
        return tuple(dict.fromkeys(cell for cell in self.cells if cell is not None))

    @cached_property
    def has_gaps(self) -> bool:
        """Whether some rows hold nothing."""
        return any(cell is None for cell in self.cells)

    @cached_property
    def whole(self) -> bool:
        """Whether it holds whole numbers of 0 or more, and nothing else."""
        if self.numbers is None:
            return False
        values = self.numbers.dropna()
        return bool(len(values)) and bool((values >= 0).all()) and bool((values == np.floor(values)).all())

    @cached_property
    def is_year(self) -> bool:
        """Whether it holds nothing but years."""
        return self.whole and self.numbers is not None and bool(self.numbers.dropna().between(1900, 2100).all())


def facts_of(column: pd.Series[Any]) -> ColumnFacts:
    """Read a column, of text as from CSV or of any other type."""
    written = [as_label(value) for value in column.tolist()]
    cells = [None if text is None or text.strip().casefold() in GAPS else text.strip() for text in written]
    name = str(column.name)
    if pd.api.types.is_bool_dtype(column):
        return ColumnFacts(name, cells, None)
    if pd.api.types.is_numeric_dtype(column):
        numbers = pd.Series([np.nan if cell is None else float(cell) for cell in cells], dtype=float)
        return ColumnFacts(name, cells, numbers, decimals=_decimals(cells))
    return _of_text(name, cells)


def _of_text(name: str, cells: list[str | None]) -> ColumnFacts:
    given = [cell for cell in cells if cell is not None]
    marks = {cell for cell in given if cell.casefold() in MARKS or cell.startswith("<")}
    read = {cell: _as_number(cell) for cell in set(given) - marks}
    if not read or any(number is None for number in read.values()):
        return ColumnFacts(name, cells, None)
    values = [np.nan if cell is None or cell in marks else read[cell] for cell in cells]
    plain = [cell for cell in read if _NUMBER.fullmatch(cell)]
    return ColumnFacts(
        name,
        cells,
        pd.Series(values, dtype=float),
        marked=bool(marks),
        formatted=len(plain) < len(read),
        percent_sign=any(cell.endswith("%") for cell in read),
        coded=any(_LEADING_ZERO.fullmatch(cell) for cell in plain),
        decimals=_decimals(list(read)),
    )


def _as_number(text: str) -> float | None:
    plain = text.removeprefix("$").removesuffix("%").strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    return float(plain) if _NUMBER.fullmatch(plain) else None


def _decimals(texts: Sequence[str | None]) -> int:
    found = [_DECIMALS.search(text.rstrip("%")) for text in texts if text is not None]
    return max((len(match[1]) for match in found if match is not None), default=0)
