"""Read one label of a time variable: years, fiscal years, halves, quarters, months, weeks, days, and spans of them.

The names of months are English and stand here, so that nothing depends on the locale of the machine.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items()} | {"sept": 9}
_ORDINAL = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_ORDINAL |= {str(number): number for number in range(1, 5)}
_YEARS = range(1800, 2200)
_FISCAL_START = 7
_FISCAL_STARTS = (1, 4, 7, 10)  # months in which calendar, school, state and federal years begin

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_ASIDE = re.compile(r"\s*(?:[*\u2020\u2021]+|\(?\b(?:preliminary|provisional|revised|final)\b\)?)\s*$")
_IN_PARENTHESES = re.compile(r"^(?P<before>.*?)\s*\((?P<inside>[^()]*)\)$")
_YEAR = r"(?P<year>1[89]\d\d|2[01]\d\d)"
_MM = r"(?P<month>0?[1-9]|1[0-2])"
_DD = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_NAME = rf"(?P<name>{'|'.join(sorted(_MONTH, key=len, reverse=True))})\.?"
_NTH = r"(?P<nth>1st|2nd|3rd|4th|first|second|third|fourth|[1-4])"
_KIND_OF_YEAR = r"fiscal|school|academic|water|contract|plan|grant|program"
_ERA = rf"(?:(?:[sf]|ca|state |federal )?fy|(?:state |federal )?(?:{_KIND_OF_YEAR}) (?:year|yr))"
_FISCAL = re.compile(rf"(?<![a-z]){_ERA}(?![a-z])")
_FISCAL_BEFORE = re.compile(rf"^{_ERA}\s*[-:]?\s*'?(?=\d)")
_FISCAL_AFTER = re.compile(rf"\s*-?\s*{_ERA}$")
_RANGE_OF_YEARS = rf"{_YEAR}\s*(?:[-/]|\bto\b|\bthrough\b|\bthru\b)\s*(?P<end>\d{{4}}|\d{{2}})"
_SAYS_A_PART = re.compile(
    rf"\b(?:(?:{'|'.join(_MONTH)})\b|(?:q|h|w|wk|ew)\s*\d|\d\s*[qh]\b|(?:quarter|qtr|half|halves|week|month|day)s?\b)"
)
_SHORTEST_FIRST = ("day", "week", "month", "quarter", "half-year", "year")
_ANY_YEAR = 2000
_CALENDAR = re.compile(r"^(?:cy|calendar (?:year|yr)|year|yr)\s*[-:]?\s*(?=\d)")


@dataclass(frozen=True)
class Reading:
    """One thing that a label can mean.

    Attributes:
        word: How long it is, in a contract's word.
        date: The date that stands for the whole period, where the label is one.
        span: Its first day and the one after its last, where the label tells both.
    """

    word: str
    date: dt.date | None = None
    span: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True)
class _Span:
    """From one day to the one after the last; days of an unknown year are of a year chosen here."""

    first: dt.date
    after: dt.date
    dated: bool = True


@cache
def read_label(label: str) -> tuple[Reading, ...]:
    """Give everything that a label can mean, shortest first; nothing where it is no period."""
    return _read(without_asides(label))


def without_asides(label: str) -> str:
    """Give a label without marks and remarks that do not say when, such as ``2024`` for ``2024* (preliminary)``.

    Two labels of which the same is left differ in something that is not read.
    """
    text = _DASHES.sub("-", label.casefold()).replace(",", " ").replace("\u2019", "'").replace("_", " ")
    before = None
    while text != before:
        before, text = text, _ASIDE.sub("", text)
        aside = _IN_PARENTHESES.match(text)
        if aside and not _inside(aside["inside"]) and not _SAYS_A_PART.search(aside["inside"]):
            text = aside["before"]
    return " ".join(text.split())


def _read(text: str) -> tuple[Reading, ...]:
    aside = _IN_PARENTHESES.match(text)
    if aside:
        return _with_aside(_read(aside["before"]), aside["inside"])
    if not text:
        return ()
    if _FISCAL.search(text):
        return _fiscal(text)
    text = _CALENDAR.sub("", text)
    found = [*_as_date(text), *_as_two_years(text)]
    span = _span(text)
    if span is not None and not any(reading.date for reading in found):
        reading = _spanning(span)
        if reading.word not in [known.word for known in found]:
            found.append(reading)
    elif span is None and (part := _part_of_range(text)):
        found.append(Reading(part))
    return tuple(dict.fromkeys(found))


def _with_aside(before: tuple[Reading, ...], inside: str) -> tuple[Reading, ...]:
    """Read ``2024 (Q1)``: no longer than what the parenthesis says; nothing where that is a part, but not readable."""
    if not before or all(reading.word in ("day", "week") for reading in before):
        return before
    words = _inside(inside)
    if not words:
        return ()
    shortest = min(words, key=_rank)
    fitting = tuple(reading for reading in before if _rank(reading.word) <= _rank(shortest))
    return fitting or (Reading(shortest),)


def _inside(text: str) -> list[str]:
    """List what a parenthesis can mean, as it stands and as a part of a year: ``Q1``, ``Jan 5``."""
    text = " ".join(text.split())
    return [reading.word for whole in (text, f"{text} {_ANY_YEAR}") for reading in _read(whole)] if text else []


def _part_of_range(text: str) -> str | None:
    """Read ``Q1 2020-2024`` and ``2020-2021 January``, one part of several years or of one: as long as the part."""
    for pattern in (rf"(?P<part>.+?)\s*{_RANGE_OF_YEARS}", rf"{_RANGE_OF_YEARS}(?!\d)\s*[-/:]?\s*(?P<part>.+)"):
        match = re.fullmatch(pattern, text)
        if match is None or not re.search("[a-z]", match["part"]) or re.search(_YEAR, match["part"]):
            continue
        part = re.sub(r"\s*(?:\bof|[-/:])$", "", match["part"])
        span = _span(f"{part} {match['year']}") or _span(part)
        if span is not None:
            return _word(span)
    return None


def _spanning(span: _Span) -> Reading:
    return Reading(_word(span), span=(span.first, span.after) if span.dated else None)


# Dates: a column of periods often names each by its first or last day.


def _as_date(text: str) -> list[Reading]:
    span = _day(text)
    if span is None:
        return []
    day = span.first
    readings = [Reading("day", day), Reading("week", day)]
    if day.day == 1 or span.after.day == 1:
        begins = day.month if day.day == 1 else span.after.month
        readings.append(Reading("month", day))
        if begins in _FISCAL_STARTS:
            readings += [Reading("quarter", day), Reading("half-year", day), Reading("year", day)]
    return readings


def _as_two_years(text: str) -> list[Reading]:
    """Read ``2022-23`` and ``2022-2023``: one fiscal year, or two years; ``2011-12`` may be a month besides."""
    match = re.fullmatch(rf"{_YEAR}\s*[-/]\s*(?P<end>\d{{2}}|\d{{4}})", text)
    if match is None or int(match["end"]) % 100 != (int(match["year"]) + 1) % 100:
        return []
    if len(match["end"]) == 4 and int(match["end"]) != int(match["year"]) + 1:
        return []
    months = [Reading("month")] if _year_month(text) else []
    begin = int(match["year"])
    fiscal, both = _months(begin, _FISCAL_START, 12), _months(begin, 1, 24)
    return [*months, _spanning(fiscal), _spanning(both)]


# Fiscal years, which may begin in any month: only their length matters.


def _fiscal(text: str) -> tuple[Reading, ...]:
    plain = _FISCAL_AFTER.sub("", _FISCAL_BEFORE.sub("", text)).strip()
    years = re.fullmatch(r"(\d{4}|\d{2})(?:\s*[-/]\s*(\d{4}|\d{2}))?", plain)
    if years:
        length = _fiscal_years(years[1], years[2])
        return (Reading(length),) if length else ()
    year = r"(\d{4})(?:\s*[-/]\s*\d{2,4})?"
    ends = re.fullmatch(rf"{year}(?:\s*{_ERA})?\s*(?:-|to|through|thru)\s*(?:{_ERA}\s*)?{year}", plain)
    if ends:
        number = int(ends[2]) - int(ends[1]) + 1
        return (Reading(_years(number)),) if number > 1 else ()
    # FY 2023 Q1, Q1 of 2022-23: shorter than the year it is in
    part = re.sub(r"(\d{4})\s*[-/]\s*\d{2,4}", r"\1", plain)
    part = re.sub(r"(?<!\d)(\d{2})(?!\d)$|^(\d{2})(?!\d)(?=\s*q)", lambda match: f"20{match[1] or match[2]}", part)
    part = re.sub(rf"\b{_ERA}\s*", "", part)
    span = _span(part)
    return (Reading(_word(span)),) if span is not None else ()


def _fiscal_years(first: str, last: str | None) -> str | None:
    if last is None:
        return "year"
    begin, end = int(first), int(last)
    length = end - begin if len(last) == len(first) == 4 else (end - begin) % 100
    if length < 1:
        return None
    return "year" if length == 1 else _years(length + 1)


# Everything with a first and a last day.


def _span(text: str) -> _Span | None:
    for read in _KINDS:
        found = read(text)
        if found is not None:
            return found
    return _range(text)


def _range(text: str) -> _Span | None:
    short = re.fullmatch(rf"{_YEAR}\s*[-/]\s*(?P<end>\d{{2}})", text)  # 2019-23
    if short:
        begin = int(short["year"])
        end = begin - begin % 100 + int(short["end"])
        return _joined(_year(str(begin)), _year(str(end)))
    for separator in (r"\s+(?:to|through|thru|and|until)\s+", r"\s+-\s+", r"\s*-\s*", r"\s*/\s*"):
        parts = re.split(separator, text)
        for cut in range(1, len(parts)):
            if len(parts) != 2 * cut:
                continue
            joiner = "-" if "-" in separator else "/" if "/" in separator else " "
            found = _between(joiner.join(parts[:cut]), joiner.join(parts[cut:]))
            if found is not None:
                return found
    return None


def _between(begin: str, end: str) -> _Span | None:
    """Join two ends of one kind; ``Jan`` of ``Jan-Mar 2024`` and ``Q1`` of ``Q1-Q2 2024`` take the other's year.

    Beside a part of a year a bare year is no end of a span: ``2020 - 2021 Q1`` may be one quarter.
    """
    first, last = _whole(begin), _whole(end)
    year = re.search(r"\b(1[89]\d\d|2[01]\d\d)\b", end) or re.search(r"\b(1[89]\d\d|2[01]\d\d)\b", begin)
    if year is not None:
        if first is None or not first.dated:
            first = _whole(f"{begin} {year[1]}")
        if last is None or not last.dated:
            last = _whole(f"{end} {year[1]}")
    if first is None or last is None:
        return None
    kinds = _word(first), _word(last)
    if kinds[0] == kinds[1]:
        return _joined(first, last)
    if "year" in kinds:
        return last if kinds[0] == "year" else first
    return None


def _whole(text: str) -> _Span | None:
    text = text.strip()
    if _as_two_years(text) and not _year_month(text):
        return _months(int(text[:4]), _FISCAL_START, 12)
    return next((found for read in _KINDS if (found := read(text)) is not None), None)


def _joined(first: _Span | None, last: _Span | None) -> _Span | None:
    if first is None or last is None or last.first <= first.first or first.dated != last.dated:
        return None
    return _Span(first.first, last.after, first.dated)


def _year(text: str) -> _Span | None:
    return _months(int(text), 1, 12) if re.fullmatch(_YEAR, text) else None


def _half(text: str) -> _Span | None:
    words = (rf"h\s*{_NTH}", rf"{_NTH}\s*h", rf"half(?:[- ]year)?\s*{_NTH}", rf"{_NTH}\s+half(?:[- ]year)?")
    return _part_of_year(words, 6, text)


def _quarter(text: str) -> _Span | None:
    words = (rf"q\s*{_NTH}", rf"{_NTH}\s*q", rf"(?:quarter|qtr\.?)\s*{_NTH}", rf"{_NTH}\s+(?:quarter|qtr\.?)")
    return _part_of_year(words, 3, text)


def _part_of_year(words: Iterable[str], months: int, text: str) -> _Span | None:
    """Read the n-th part of a year, the year before it, behind it or left out."""
    for word in words:
        behind = rf"{word}(?:\s+of)?\s*[-/:]?\s*(?:cy\s*)?(?:{_YEAR}|'?(?P<short>\d{{2}}))?"
        match = re.fullmatch(behind, text) or re.fullmatch(rf"{_YEAR}\s*[-/:]?\s*{word}", text)
        if match is None:
            continue
        groups = match.groupdict()
        year, nth = _year_of(groups), _ORDINAL[groups["nth"]]
        if nth * months <= 12:
            return _months(year or _YEARS.start, (nth - 1) * months + 1, months, dated=year is not None)
    return None


def _year_of(groups: Mapping[str, str | None]) -> int | None:
    short = groups.get("short")
    year = groups.get("year") or (f"20{short}" if short else None)
    return None if year is None else int(year)


def _year_month(text: str) -> _Span | None:
    for pattern in (
        rf"{_YEAR}\s*[-/.]\s*{_MM}",
        rf"{_MM}\s*[-/.]\s*{_YEAR}",
        rf"{_YEAR}(?P<month>0[1-9]|1[0-2])",
        rf"{_YEAR}\s*-?\s*m\s*{_MM}",
    ):
        match = re.fullmatch(pattern, text)
        if match:
            return _months(int(match["year"]), int(match["month"]), 1)
    return None


def _named_month(text: str) -> _Span | None:
    for pattern in (
        rf"{_NAME}\s*[-/]?\s*(?:of\s+)?{_YEAR}",
        rf"{_YEAR}\s*[-/]?\s*{_NAME}",
        rf"{_NAME}\s*[-/]?\s*'?(?P<short>\d{{2}})",
        rf"'?(?P<short>\d{{2}})\s*-\s*{_NAME}",
        _NAME,
    ):
        match = re.fullmatch(pattern, text)
        if match:
            year = _year_of(match.groupdict())
            return _months(year or _YEARS.start, _MONTH[match["name"]], 1, dated=year is not None)
    return None


def _week(text: str) -> _Span | None:
    week = r"(?:(?:mmwr|epi|iso|cdc)\s*)?(?:week|wk|ew|w)\.?\s*(?P<week>0?[1-9]|[1-4]\d|5[0-3])"
    match = (
        re.fullmatch(rf"{_YEAR}\s*[-/:]?\s*{week}", text)
        or re.fullmatch(rf"{week}(?:\s+of)?\s*[-/:]?\s*{_YEAR}", text)
        or re.fullmatch(week, text)
    )
    if match:
        year = match.groupdict().get("year")
        first = dt.date(int(year or _YEARS.start), 1, 1) + dt.timedelta(weeks=int(match["week"]) - 1)
        return _Span(first, first + dt.timedelta(weeks=1), dated=year is not None)
    said = re.fullmatch(
        r"(?:mmwr\s+)?(?:week|wk)\s+(?:ending|end|of|beginning|starting|commencing)(?:\s+on)?:?\s+(.+)", text
    )
    day = _day(said[1]) if said else None
    return _Span(day.first, day.first + dt.timedelta(weeks=1)) if day else None


def _day(text: str) -> _Span | None:
    text = re.sub(r"[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?$", "", text)
    short = r"(?P<short>\d{2})"
    for pattern in (
        rf"{_YEAR}-{_MM}-{_DD}",
        rf"{_YEAR}[/.]{_MM}[/.]{_DD}",
        rf"{_MM}[-/.]{_DD}[-/.](?:{_YEAR}|{short})",
        rf"{_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])",
        rf"{_NAME}\s*{_DD}(?:st|nd|rd|th)?\s+{_YEAR}",
        rf"{_DD}(?:st|nd|rd|th)?[\s-]+{_NAME}[\s-]+{_YEAR}",
        rf"{_YEAR}-w(?P<week>\d{{2}})-?(?P<weekday>[1-7])",
    ):
        match = re.fullmatch(pattern, text)
        if match:
            return _one_day({key: value for key, value in match.groupdict().items() if value})
    return None


def _one_day(parts: dict[str, str]) -> _Span | None:
    year = int(parts.get("year") or f"20{parts['short']}")
    try:
        if "week" in parts:
            day = dt.date.fromisocalendar(year, int(parts["week"]), int(parts["weekday"]))
        else:
            month = _MONTH[parts["name"]] if "name" in parts else int(parts["month"])
            day = dt.date(year, month, int(parts["day"]))
    except ValueError:
        return None
    return _Span(day, day + dt.timedelta(days=1))


_KINDS: tuple[Callable[[str], _Span | None], ...] = (_year, _half, _quarter, _year_month, _named_month, _week, _day)


# Lengths.


def _months(year: int, month: int, length: int, *, dated: bool = True) -> _Span:
    first = dt.date(year, month, 1)
    return _Span(first, _later(first, length), dated)


def _later(day: dt.date, months: int) -> dt.date:
    """Give the same day of a later month, or the first day after that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        return _later(day.replace(day=1), months + 1)


def _word(span: _Span) -> str:
    """Give the longest period that fits into a span: fewer days are at more risk than the next period suggests."""
    months = 0
    while _later(span.first, months + 1) <= span.after:
        months += 1
    if months >= 12:
        return _years(months // 12)
    fitting = next(
        (word for word, length in (("half-year", 6), ("quarter", 3), ("month", 1)) if months >= length), None
    )
    return fitting or ("week" if (span.after - span.first).days >= 7 else "day")


def _rank(word: str) -> int:
    if word in _SHORTEST_FIRST:
        return _SHORTEST_FIRST.index(word)
    return len(_SHORTEST_FIRST) + int(word.removesuffix(" years"))


def _years(number: int) -> str:
    return "year" if number == 1 else f"{number} years"
