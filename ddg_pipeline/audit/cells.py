"""Read one column of a published table: what each cell shows, and what its marker or code gives away.

A hidden cell is empty, or carries one of the usual markers: those of the rulebook (``S``, ``*``, ``C``, ``**``),
``--``, ``Suppressed``, ``<11``, ``1-10``, ``11+``. Whatever is neither a number nor a known marker is an error: a
figure must not be overlooked because it is written in an unexpected way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Booleans, Integers, label_of
from ddg_pipeline.audit.rules import AuditRules
from ddg_pipeline.errors import InputError

NO_LIMIT = 1 << 60  # an upper bound that is none

_MARKS = {
    *("", "<na>", "nan", "none", "null", "n/a", "na", ".", "-", "--", "---", "—", "–", "*", "**", "***", "x"),  # noqa: RUF001
    *("c", "(c)", "d", "(d)", "s", "(s)", "suppressed", "hidden"),
}
_LESS = re.compile(r"^(?:<|less than)\s*([0-9][0-9,]*)$")
_AT_MOST = re.compile(r"^(?:<=|≤)\s*([0-9][0-9,]*)$")
_FROM_TO = re.compile(r"^([0-9][0-9,]*)\s*(?:-|\u2013|\u2014|to)\s*([0-9][0-9,]*)$")
_AT_LEAST = re.compile(r"^(?:(?:>=|≥)\s*([0-9][0-9,]*)|([0-9][0-9,]*)\s*\+)$")
_MORE = re.compile(r"^>\s*([0-9][0-9,]*)$")


class Reason(IntEnum):
    """What the publication says about a cell."""

    SHOWN = 0
    SMALL = 1
    COMPLEMENTARY = 2
    UNEXPLAINED = 3
    NO_DATA = 4


@dataclass(frozen=True)
class Mark:
    """What a text in a cell says: a number, or a reason and perhaps a range."""

    reason: Reason
    number: Decimal | None = None
    lower: int | None = None
    upper: int | None = None


@dataclass(frozen=True, eq=False)
class Column:
    """One measure of a published table, row by row.

    Attributes:
        name: The measure.
        distinct: What is shown, each number once; None where nothing is.
        code: Per row, the position of what it shows in ``distinct``.
        reason: A ``Reason`` for each row.
        lower: The least that a hidden figure can be by its marker alone; -1 where the marker is silent.
        upper: The most that it can be by its marker alone; -1 where the marker is silent.
    """

    name: str
    distinct: tuple[Decimal | None, ...]
    code: Integers
    reason: Integers
    lower: Integers
    upper: Integers

    def number(self, row: int) -> Decimal | None:
        """Give what a row shows."""
        return self.distinct[int(self.code[row])]

    @property
    def shown(self) -> Booleans:
        """Tell which rows show a number."""
        return np.equal(self.reason, Reason.SHOWN)

    @cached_property
    def whole(self) -> Integers:
        """Per row, what is shown as a whole number, rounded down; -1 where nothing is."""
        return np.array([-1 if number is None else int(number) for number in self.distinct], dtype=np.int64)[self.code]

    @property
    def decimals(self) -> int:
        """How many decimals the most exactly written number of the column has."""
        exponents = [-int(number.as_tuple().exponent) for number in self.distinct if number is not None]
        return max([0, *exponents])


def read_column(
    name: str, values: pd.Series[Any], codes: pd.Series[Any] | None, rules: AuditRules, place: str
) -> Column:
    """Read a measure.

    Every different text is read once, however often it stands there.

    Args:
        name: The measure.
        values: Its column, as text or numbers.
        codes: Its annotation codes, where the table has them.
        rules: Which codes mean what.
        place: What errors call the table.

    Raises:
        InputError: A cell holds neither a number nor a known marker.
    """
    which, texts = distinct_values(values)
    marks = [_mark(text, name, rules, place) for text in texts]
    coded: list[str | None] = [None]
    which_code = np.zeros(len(which), dtype=np.int64)
    if codes is not None:
        which_code, raw = distinct_values(codes)
        coded = [label_of(code) for code in raw]
    pairs, pair = np.unique(which * len(coded) + which_code, return_inverse=True)
    together = [(marks[number // len(coded)], coded[number % len(coded)]) for number in pairs.tolist()]
    told = _tells_reasons(together, rules)
    reasons = np.array([_reason(mark, code, rules, told=told) for mark, code in together], dtype=np.int64)
    lower = np.array([-1 if mark.lower is None else mark.lower for mark in marks], dtype=np.int64)
    upper = np.array([-1 if mark.upper is None else mark.upper for mark in marks], dtype=np.int64)
    return Column(name, tuple(mark.number for mark in marks), which, reasons[pair], lower[which], upper[which])


def distinct_values(values: pd.Series[Any]) -> tuple[Integers, list[Any]]:
    """Give per row the position of its value in a list of all different ones; blanks are None."""
    which, found = pd.factorize(values)
    listed = found.astype("object").tolist()
    missing = which < 0
    return np.where(missing, len(listed), which).astype(np.int64), [*listed, None] if missing.any() else listed


def _mark(value: Any, name: str, rules: AuditRules, place: str) -> Mark:
    mark = _read("" if pd.isna(value) else str(value).strip(), rules)
    if mark is None:
        raise InputError(
            place,
            name,
            "a text that is neither a number nor a known marker of a hidden cell",
            "a number, an empty cell, or one of * S ** C -- Suppressed <11 1-10",
        )
    return mark


def _read(text: str, rules: AuditRules) -> Mark | None:
    if text in rules.small_symbols:
        return Mark(Reason.SMALL)
    if text in rules.complementary_symbols:
        return Mark(Reason.COMPLEMENTARY)
    low = text.lower()
    return Mark(Reason.UNEXPLAINED) if low in _MARKS else _read_range(low) or _read_number(text)


def _read_range(text: str) -> Mark | None:
    for pattern, less in ((_LESS, 1), (_AT_MOST, 0)):
        if match := pattern.match(text.rstrip("%")):
            return Mark(Reason.UNEXPLAINED, upper=_whole(match.group(1)) - less)
    for pattern, more in ((_AT_LEAST, 0), (_MORE, 1)):
        if match := pattern.match(text.rstrip("%")):
            return Mark(Reason.UNEXPLAINED, lower=_whole(next(filter(None, match.groups()))) + more)
    if match := _FROM_TO.match(text):
        return Mark(Reason.UNEXPLAINED, lower=_whole(match.group(1)), upper=_whole(match.group(2)))
    return None


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def _read_number(text: str) -> Mark | None:
    try:
        number = Decimal(text.replace(",", "").removeprefix("$").removesuffix("%").strip())
    except InvalidOperation:
        return None
    return Mark(Reason.SHOWN, number=number) if number.is_finite() else None


def _tells_reasons(together: list[tuple[Mark, str | None]], rules: AuditRules) -> bool:
    """Codes 1 and 2 side by side tell the reason, whether that was meant or not."""
    hidden = {code for mark, code in together if mark.number is None}
    both_marks = {Reason.SMALL, Reason.COMPLEMENTARY} <= {mark.reason for mark, _ in together}
    return rules.show_reason or both_marks or {rules.small_code, rules.complementary_code} <= hidden


def _reason(mark: Mark, code: str | None, rules: AuditRules, *, told: bool) -> Reason:
    if mark.number is not None:
        return Reason.SHOWN
    if code == rules.no_data_code:
        return Reason.NO_DATA
    if not told:
        return Reason.UNEXPLAINED
    by_code = {rules.small_code: Reason.SMALL, rules.complementary_code: Reason.COMPLEMENTARY}
    return by_code.get(code or "", mark.reason)
