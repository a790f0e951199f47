"""Columns of days, and of days with a time: which ones they are, and in which order day and month are written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

_DAYS = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y")
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_FORMATS = (*_DAYS, *(f"{day} {time}" for day in _DAYS for time in _TIMES))
# As sources are loaded that declare no format: seconds may be left out, and so may the time in some rows.
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:([ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)0*)?")


@dataclass(frozen=True)
class Days:
    """How the days of a column are written.

    Attributes:
        format: As `strptime` takes it, and a source declares it; None for ISO 8601.
        moments: Every text with what it means.
    """

    format: str | None
    moments: dict[str, dt.datetime]

    @cached_property
    def type(self) -> Literal["date", "timestamp"]:
        """The type that a source declares: a time of day that is midnight everywhere is none."""
        midnight = all(moment.time() == dt.time() for moment in self.moments.values())
        return "date" if midnight else "timestamp"

    def year_of(self, label: str) -> str:
        """Give the year of one of the texts, as text."""
        return str(self.moments[label].year)


def days_of(labels: Sequence[str]) -> Days | None:
    """Find the one way to write days that every text of a column fits; None where none does, or there is no text.

    Args:
        labels: The different texts. One with a time zone is none that can be loaded, and fits no way.
    """
    for written in (None, *_FORMATS):
        moments: dict[str, dt.datetime] = {}
        for label in labels:
            moment = _from_iso(label) if written is None else _from_format(label, written)
            if moment is None:
                break
            moments[label] = moment
        else:
            return Days(written, moments) if moments else None
    return None


def _from_iso(label: str) -> dt.datetime | None:
    match = _ISO.fullmatch(label)
    if match is None:
        return None
    try:
        return dt.datetime.fromisoformat(f"{match[1]}{match[2] or ''}")
    except ValueError:
        return None


def _from_format(label: str, written: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(label, written)  # noqa: DTZ007 - what can be loaded has no time zone
    except ValueError:
        return None
