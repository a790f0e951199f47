"""What must hold in a published table, as plain functions: a table in, its breaches out.

Every function takes the table as it was read (text cells, or typed columns; empty cells missing) and says which rows
break the rule. None of them ever says by which figure: breaches are positions of rows, and a row is named by its
categories alone. The Great Expectations classes in `expectations` are thin shells around these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.quality.hashing import sha256_of

Rows = NDArray[np.bool_]


class MissingColumnError(Exception):
    """The table lacks a column that a rule needs; the message holds the column's name and nothing else."""


@dataclass(frozen=True)
class Breaches:
    """Where a table breaks one rule.

    Attributes:
        rows: One flag for each row.
        notes: Breaches of the table as a whole, in words that hold no figure of a measure.
        remarks: What is no breach, but should be known, such as that there was nothing to compare with.
    """

    rows: Rows = field(default_factory=lambda: np.zeros(0, dtype=bool))
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many breaches there are."""
        return int(self.rows.sum()) + len(self.notes)


def need(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Make sure that a table has the columns a rule is about.

    Raises:
        MissingColumnError: It lacks one.
    """
    for column in columns:
        if column not in frame.columns:
            raise MissingColumnError(column)


def is_empty(column: pd.Series[Any]) -> pd.Series[bool]:
    """Tell which cells hold nothing: missing, or an empty text."""
    return column.isna() | (column.astype("str") == "")


def figures(column: pd.Series[Any]) -> pd.Series[float]:
    """Read cells as numbers; what is no number is missing."""
    return pd.to_numeric(column, errors="coerce").astype("float64")


def codes(column: pd.Series[Any]) -> pd.Series[str]:
    """Read annotation cells as text, ``1.0`` as ``1``; an empty cell is the empty text."""
    text = column.astype("object").where(column.notna(), "").astype("str").str.strip()
    return text.str.replace(r"\.0$", "", regex=True)


def small_counts(frame: pd.DataFrame, column: str, lower: float, upper: float) -> Breaches:
    """Find shown counts from ``lower`` to ``upper``, both included (DDG 2.0 §4.4.1 item 1), and text that is no number.

    What cannot be read as a number cannot be shown to be harmless, so it counts as a breach.
    """
    need(frame, [column])
    numbers = figures(frame[column])
    unreadable = numbers.isna() & ~is_empty(frame[column])
    return Breaches(_flags(numbers.between(lower, upper) | unreadable))


def not_as_annotated(
    frame: pd.DataFrame, column: str, code_column: str, shown_codes: Sequence[str], hidden_codes: Sequence[str]
) -> Breaches:
    """Find values that are not empty exactly where their annotation code says so.

    A value with one of ``hidden_codes`` must be empty, one with ``shown_codes`` must stand there, and any other code is
    a breach by itself. So a zero, which is never suppressed, must be shown as ``0``.
    """
    need(frame, [column, code_column])
    empty, code = is_empty(frame[column]), codes(frame[code_column])
    hidden, shown = code.isin(list(hidden_codes)), code.isin(list(shown_codes))
    return Breaches(_flags((hidden & ~empty) | (shown & empty) | ~(hidden | shown)))


def unknown_annotations(
    frame: pd.DataFrame, code_column: str, description_column: str, annotations: Sequence[Mapping[str, str]]
) -> Breaches:
    """Find annotations whose code is not in the list, or whose description belongs to another code.

    Args:
        frame: The table.
        code_column: The column of codes.
        description_column: The column of descriptions.
        annotations: The allowed pairs, each with ``code`` and ``description``; an empty cell is the empty text.
    """
    need(frame, [code_column, description_column])
    allowed = {(pair["code"], pair["description"]) for pair in annotations}
    found = zip(codes(frame[code_column]).tolist(), _text(frame[description_column]), strict=True)
    return Breaches(np.array([pair not in allowed for pair in found], dtype=bool))


def not_empty_together(
    frame: pd.DataFrame, column: str, counts: Sequence[str], code_column: str | None, other_codes: Sequence[str]
) -> Breaches:
    """Find statistics that stay while a count behind them is hidden, or are hidden for no count (§4.4.1 item 3).

    Args:
        frame: The table.
        column: The events, rate, percentage, mean or amount.
        counts: The counts it is computed from or derived from.
        code_column: Its annotation codes, where it has any.
        other_codes: Codes that explain an empty statistic beside shown counts, such as "no data available".
    """
    need(frame, [column, *counts, *([code_column] if code_column else [])])
    empty = is_empty(frame[column])
    behind = pd.concat([is_empty(frame[count]) for count in counts], axis=1).any(axis=1)
    explained = (
        codes(frame[code_column]).isin(list(other_codes)) if code_column else pd.Series(False, index=frame.index)
    )
    return Breaches(_flags((behind & ~empty) | (~behind & empty & ~explained)))


def broken_identity(frame: pd.DataFrame, terms: Mapping[str, int]) -> Breaches:
    """Find rows where all measures of an additive relation are shown and ``sum(coefficient * measure)`` is not 0."""
    need(frame, terms)
    parts = [coefficient * figures(frame[name]) for name, coefficient in terms.items()]
    total = pd.concat(parts, axis=1).sum(axis=1, skipna=False)
    return Breaches(_flags(total.notna() & (total != 0)))


def rows_digest(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Hash the set of coordinates of a table: the same for the same rows in any order, for no others."""
    need(frame, columns)
    return sha256_of(sorted(zip(*(_text(frame[column]) for column in columns), strict=True)))


def other_rows(frame: pd.DataFrame, columns: Sequence[str], sha256: str) -> Breaches:
    """Compare the coordinates of a table with those that were assessed, by their digest."""
    note = ("the rows are not the rows that were assessed: one was dropped, added or relabelled",)
    return Breaches(notes=() if rows_digest(frame, columns) == sha256 else note)


def coordinates(
    frame: pd.DataFrame, key: Sequence[str], rows: Rows, limit: int, known: Mapping[str, frozenset[str]] | None = None
) -> tuple[str, ...]:
    """Name rows by their categories, ``county=Alpine, year=2020``; never by a figure.

    Args:
        frame: The table.
        key: Its dimensions.
        rows: Which rows.
        limit: How many of them at most.
        known: For each dimension the labels that may be told, anything else is ``…``: in a table whose columns were
            swapped or shifted, figures stand where categories should. None tells every label.
    """
    named = [column for column in key if column in frame.columns]

    def told(name: str, label: object) -> str:
        text = "" if pd.isna(label) else str(label)  # type: ignore[call-overload] # any scalar will do
        return text if known is None or not text or text in known.get(name, frozenset()) else "…"

    found = frame.loc[rows, named].head(limit)
    return tuple(
        ", ".join(f"{name}={told(name, label)}" for name, label in zip(named, row, strict=True))
        for row in found.itertuples(index=False, name=None)
    )


def _text(column: pd.Series[Any]) -> list[str]:
    return column.astype("object").where(column.notna(), "").astype("str").tolist()


def _flags(breaking: pd.Series[bool]) -> Rows:
    return breaking.fillna(value=True).to_numpy(dtype=bool)
