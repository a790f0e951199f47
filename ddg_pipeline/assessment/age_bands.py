"""Read age bands from the labels people write."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Ages are compared in days of a calendar whose months all have 31: exact for years and months, and never wider than
# true for weeks and days.
DAYS_OF_A_MONTH = 31
_YEAR = 12 * DAYS_OF_A_MONTH
_YEARS = r"years? of age|years?[- ]?olds?|yrs?[- ]?olds?|years?|yrs?|yo|y/o|y"
_MONTHS = r"months? of age|months?[- ]?olds?|months?|mos?"
_UNIT = rf"(?:\s*-?\s*({_YEARS}|{_MONTHS}|weeks?[- ]?olds?|weeks?|wks?|days?[- ]?olds?|days?)\b)?"
_N = rf"(\d{{1,3}}){_UNIT}"
_OVER = r"(?:over|older|above|up|upwards?|more|greater)"
_UNDER = r"(?:under|younger|below|less|fewer)"
_CLOSED = re.compile(rf"{_N}\s*(?:-|~|to|through|thru|until|up to)\s*(<|(?:under|below|less than)\s)?\s*{_N}")
_BETWEEN = re.compile(rf"(?:between|from)\s+{_N}\s+(?:and|to|through)\s+{_N}")
_DECADE = re.compile(r"(\d{1,2}0)'?s")
_OPEN = re.compile(
    rf"{_N}\s*(?:\+|plus\b|-\s*plus\b|(?:and|or|&)\s*{_OVER}\b|-\s*(?:over|older|up)\b)(?:\s*(?:{_YEARS})\b)?"
)
_FROM = re.compile(rf"(?:>=|=>|at least|from|minimum)\s*{_N}")
_ABOVE = re.compile(rf"(?:>|over|older than|more than|greater than|above)\s*{_N}")
_BELOW = re.compile(rf"(?:<|under|less than|younger than|below)\s*{_N}")
_UP_TO = re.compile(rf"(?:<=|=<|up to|at most|through|to)\s*{_N}|{_N}\s*(?:and|or|&)\s*{_UNDER}")
_SINGLE = re.compile(_N)
# What pandas and R write for the bands they cut: the square bracket belongs to the band, the round one does not.
_INTERVAL = re.compile(r"([\[(])\s*(\d{1,3})(?:\.0+)?\s*[,;]\s*(\d{1,3}|\+?inf|\+?∞)(?:\.0+)?\s*([\])])")
_PREFIX = re.compile(r"^(?:aged|ages?)(?:[ _-]*(?:groups?|grps?|bands?|ranges?|categor(?:y|ies)|cat))?\s*[:=]?[\s_]*")
_STAGE = re.compile(
    r"^(?:(?:young|younger|older|working|pre-?school|school)[- ])?(?:aged?[- ]?)?"
    r"(?:infants?|bab(?:y|ies)|toddlers?|child(?:ren)?|kids?|minors?|youths?|teens?|teenagers?|adolescents?|adults?|"
    r"seniors?|elderly|elders?|people|persons?|(?<=school age)|(?<=working age))(?:\b\s*[:-]?\s*|$)"
)
_FIRST_YEAR = re.compile(r"(?:infants?|infancy|newborns?|neonates?|neonatal|bab(?:y|ies)|at birth|birth)")
_BIRTH = re.compile(r"^(?:birth|newborn)\b")
_ASIDE = re.compile(r"\s*\((?:inclusive|in years|years?|yrs?)\)")
_IN_BRACKETS = re.compile(r"^(.*?)\s*\(([^()]*)\)$")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_WORDS = {"zero": "0", "one": "1", "two": "2", "three": "3", "five": "5"}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")


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
        ends = (open_band_ends_at + 1) * _YEAR  # a band such as 85-120 is no wider than 85+
        after = ends if self.after is None else min(self.after, ends)
        return max(1, (after - self.first) // _YEAR)

    def lies_above(self, age: int) -> bool:
        """Say whether it is closed and holds only people older than ``age`` years."""
        return self.after is not None and self.first >= (age + 1) * _YEAR


def parse_age_band(label: str) -> AgeBand | None:
    """Read a label such as ``0-17``, ``18 to 24``, ``65+``, ``<1``, ``Under 1 year`` or ``85 years and over``.

    A stage of life is read with its ages, as in ``Adults (18-64)``; alone, only ``infant`` and ``birth`` tell them.

    Args:
        label: The label.

    Returns:
        The band, or None where the label is none.
    """
    text = _DASHES.sub("-", label.casefold()).replace("≥", ">=").replace("≤", "<=")
    text = " ".join(text.split())
    return _interval(text) or _in_words(text)


def _interval(text: str) -> AgeBand | None:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        return None
    left, low, high, right = match.groups()
    first = int(low) + (left == "(")
    if not high.isdigit():
        return AgeBand(first * _YEAR, None)
    after = int(high) + (right == "]")
    return AgeBand(first * _YEAR, after * _YEAR) if first < after else None


def _in_words(text: str) -> AgeBand | None:
    text = _PREFIX.sub("", _ASIDE.sub("", text.replace(",", " ")).replace(".", " "))
    text = text.replace("_", " " if "-" in text else "-")
    text = _WORD.sub(lambda match: _WORDS[match[0]], " ".join(text.split()))
    if _FIRST_YEAR.fullmatch(text):
        return AgeBand(0, _YEAR)
    text = _BIRTH.sub("0", text)
    return _band(text) or _with_stage(text)


def _with_stage(text: str) -> AgeBand | None:
    """Read ``Adults 18-64``, ``Adult (18+)`` and ``65+ (seniors)``: the stage of life adds nothing to the ages."""
    bracket = _IN_BRACKETS.match(text)
    if bracket:
        outside, inside = bracket.groups()
        read = [band for part in (outside, inside) if (band := _band(_PREFIX.sub("", part.strip()))) is not None]
        others = [part for part in (outside, inside) if _band(_PREFIX.sub("", part.strip())) is None]
        return (
            read[0] if len(read) == 1 and all(_STAGE.sub("", part.strip(), count=1) == "" for part in others) else None
        )
    ages = _STAGE.sub("", text, count=1)
    return _band(_PREFIX.sub("", ages)) if ages != text else None


def _band(text: str) -> AgeBand | None:
    return _closed(text) or _half_open(text)


def _closed(text: str) -> AgeBand | None:
    if match := _CLOSED.fullmatch(text):
        low, low_unit, exclusive, high, high_unit = match.groups()
        first = _start(low, low_unit or high_unit)
        after = _start(high, high_unit or low_unit) if exclusive else _end(high, high_unit or low_unit)
        return AgeBand(first, after) if first < after else None
    if match := _BETWEEN.fullmatch(text):
        low, low_unit, high, high_unit = match.groups()
        first, after = _start(low, low_unit or high_unit), _end(high, high_unit or low_unit)
        return AgeBand(first, after) if first < after else None
    if match := _DECADE.fullmatch(text):
        return AgeBand(int(match[1]) * _YEAR, (int(match[1]) + 10) * _YEAR)
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
        return DAYS_OF_A_MONTH
    return 7 if unit.startswith("w") else 1
