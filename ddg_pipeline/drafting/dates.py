"""Columns of days: which ones they are, and in which order day and month are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y")
"""How days are written, as far as a draft can read them."""


def date_format(labels: Sequence[str]) -> str | None:
    """Find the one format that every text of a column fits; None where none does, or there is no text."""
    for one in FORMATS:
        if labels and all(_fits(label, one) for label in labels):
            return one
    return None


def year_of(label: str, written: str) -> str:
    """Give the year of a day, as text."""
    return str(dt.datetime.strptime(label, written).year)  # noqa: DTZ007 - a day has no time zone


def _fits(label: str, written: str) -> bool:
    try:
        dt.datetime.strptime(label, written)  # noqa: DTZ007
    except ValueError:
        return False
    return True
