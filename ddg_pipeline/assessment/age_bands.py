"""Read age bands from the labels people write."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Ages are compared in days of a calendar whose months all have 31: exact for years and months, and never wider than
# true for weeks and days.
_MONTH = 31
_YEAR = 12 * _MONTH
_YEARS = r"years? of age|years? old|years?|yrs?|yo|y/o|y"
_MONTHS = r"months? of age|months? old|months?|mos?"
_UNIT = rf"(?:\s*-?\s*({_YEARS}|{_MONTHS}|weeks?|days?)\b)?"
_N = rf"(\d{{1,3}}){_UNIT}"
_OVER = r"(?:over|older|above|up|more)"
_UNDER = r"(?:under|younger|below|less)"
_CLOSED = re.compile(rf"{_N}\s*(?:-|to|through|thru)\s*(<|under\s)?\s*{_N}")
_OPEN = re.compile(rf"{_N}\s*(?:\+|plus\b|(?:and|or|&)\s+{_OVER}\b)(?:\s*(?:years?|yrs?)(?: of age| old)?)?")
_FROM = re.compile(rf"(?:>=|at least|from)\s*{_N}")
_ABOVE = re.compile(rf"(?:>|over|older than|more than|above)\s*{_N}")
_BELOW = re.compile(rf"(?:<|under|less than|younger than|below)\s*{_N}")
_UP_TO = re.compile(rf"(?:<=|up to|at most)\s*{_N}|{_N}\s*(?:and|or|&)\s+{_UNDER}")
_SINGLE = re.compile(_N)
_PREFIX = re.compile(r"^(?:aged|ages?)\s*:?\s*")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


@dataclass(frozen=True)
class AgeBand:
    """An age band, in days since birth, with 31 days a month.

    Attributes:
        first: The first day in it.
        after: The first day above it; None for an open band.
    """

    first: int
    after: int | None

    def years(self, open_band_ends_at: int) -> int:
        """Give its width in whole years: at least 1, and an open band ends with the year given (§16.2.3 Table 4)."""
        after = self.after if self.after is not None else (open_band_ends_at + 1) * _YEAR
        return max(1, (after - self.first) // _YEAR)

    def lies_above(self, age: int) -> bool:
        """Say whether it is closed and holds only people older than ``age`` years."""
        return self.after is not None and self.first >= (age + 1) * _YEAR


def parse_age_band(label: str) -> AgeBand | None:
    """Read a label such as ``0-17``, ``18 to 24``, ``65+``, ``<1``, ``Under 1 year`` or ``85 years and over``.

    Args:
        label: The label.

    Returns:
        The band, or None where the label is none.
    """
    text = _DASHES.sub("-", label.casefold()).replace("≥", ">=").replace("≤", "<=")
    text = _PREFIX.sub("", " ".join(text.replace(".", " ").split()))
    return _closed(text) or _half_open(text)


def _closed(text: str) -> AgeBand | None:
    if match := _CLOSED.fullmatch(text):
        low, low_unit, exclusive, high, high_unit = match.groups()
        first = _start(low, low_unit or high_unit)
        after = _start(high, high_unit or low_unit) if exclusive else _end(high, high_unit or low_unit)
        return AgeBand(first, after) if first < after else None
    if match := _SINGLE.fullmatch(text):
        return AgeBand(_start(*match.groups()), _end(*match.groups()))
    return None


def _half_open(text: str) -> AgeBand | None:
    if match := _BELOW.fullmatch(text):
        after = _start(*match.groups())
        return AgeBand(0, after) if after else None
    if match := _UP_TO.fullmatch(text):
        number, unit = match.groups()[:2] if match.group(1) else match.groups()[2:]
        return AgeBand(0, _end(number, unit))
    if match := _OPEN.fullmatch(text) or _FROM.fullmatch(text):
        return AgeBand(_start(*match.groups()), None)
    if match := _ABOVE.fullmatch(text):
        return AgeBand(_end(*match.groups()), None)
    return None


def _start(number: str, unit: str | None) -> int:
    """The day on which someone reaches that age."""
    return int(number) * _days(unit)


def _end(number: str, unit: str | None) -> int:
    """The day on which someone outgrows that age."""
    return (int(number) + 1) * _days(unit)


def _days(unit: str | None) -> int:
    if unit is None or unit.startswith("y"):
        return _YEAR
    if unit.startswith("mo"):
        return _MONTH
    return 7 if unit.startswith("w") else 1
