"""Periods joined into longer ones: quarters into years, years into several together."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ddg_pipeline.advice.changes import Merge, NotPossibleError
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.contract.bind import Axis

_YEAR = 12
_YEARS_JOINED = (2, 3, 4, 5)
_UNITS = {1: "month", 3: "quarter", 6: "half-year", _YEAR: "year"}
_MARKS = {"Q": 3, "H": 6}
_BEFORE = r"(?P<before>(?:[A-Za-z]{2,8}\s+)?)"
_WITH_MARK = re.compile(rf"{_BEFORE}(?P<year>\d{{4}})[\s-]*(?P<mark>[QH])(?P<number>[1-4])")
_MARK_FIRST = re.compile(r"(?P<before>)(?P<mark>[QH])(?P<number>[1-4])[\s-]*(?P<year>\d{4})")
_ONE_YEAR = re.compile(rf"{_BEFORE}(?P<year>\d{{4}})")
_MONTH = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})")
_NAMED_MONTH = re.compile(r"(?P<name>[A-Za-z]+)\.?,?\s+(?P<year>\d{4})")
_MONTH_NAMES = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}


@dataclass(frozen=True)
class Span:
    """A run of calendar months.

    Attributes:
        first: Its first month, counted from the year 0.
        months: How many.
        before: What stands before the year in its label: ``CY`` of ``CY 2013``.
    """

    first: int
    months: int
    before: str = ""


def parse_span(label: str) -> Span | None:
    """Read a year, half-year, quarter or month such as ``2024``, ``CY 2024``, ``2024-Q1``, ``2024-03``, ``May 2024``.

    Returns:
        The months, or None where the label is none of these.
    """
    text = label.strip()
    match = _WITH_MARK.fullmatch(text) or _MARK_FIRST.fullmatch(text)
    if match:
        months = _MARKS[match["mark"]]
        position = (int(match["number"]) - 1) * months
        return Span(int(match["year"]) * _YEAR + position, months, match["before"]) if position < _YEAR else None
    if match := _ONE_YEAR.fullmatch(text):
        if match["before"].strip().casefold() in _MONTH_NAMES:
            return Span(int(match["year"]) * _YEAR + _MONTH_NAMES[match["before"].strip().casefold()] - 1, 1)
        return Span(int(match["year"]) * _YEAR, _YEAR, match["before"])
    if match := _NAMED_MONTH.fullmatch(text):
        number = _MONTH_NAMES.get(match["name"].casefold())
    elif match := _MONTH.fullmatch(text):
        number = int(match["month"])
    else:
        return None
    return Span(int(match["year"]) * _YEAR + number - 1, 1) if number and number <= _YEAR else None


def joined_periods(axis: Axis, unknown: Iterable[str] = ()) -> Iterator[Merge]:
    """Give longer periods: calendar units that the periods make, then two to five years together.

    Years that do not divide evenly are joined so that no period is shorter than asked for; the older ones are longer.

    Raises:
        NotPossibleError: The labels cannot be read, or leave out a period; or no longer period would be whole.
    """
    stay = {label: (label,) for label in axis.leaves if label in set(unknown)}
    spans = _read(axis, stay)
    unit = next(iter(spans.values())).months
    declared = axis.declared.period
    if declared is not None and months_of(declared) != unit:
        raise NotPossibleError(f"{axis.name}: its labels name another period than {declared}: nothing is joined")
    seen = {frozenset(frozenset([label]) for label in axis.leaves)}
    broken = ""
    for months, groups in _joined(spans, unit):
        if len(groups) < 2:
            continue
        if cut := _not_whole(groups, unit):
            broken = broken or f"{period_of(months) or 'period'}, {' and '.join(cut)} would not be whole"
            continue  # its label would say more time than its figures are of, and the score goes by the label
        period = shortest(groups, axis.declared.period or _UNITS.get(unit))
        longer = period is not None and months_of(period) > months  # ten years by four are two times five
        words = f"{axis.name} by {period if longer else period_of(months) or 'period'}"
        merge = Merge(axis.name, groups | stay, period, words)
        if merge.partition not in seen:
            seen.add(merge.partition)
            yield merge
    if broken and len(seen) == 1:
        raise NotPossibleError(f"{axis.name} by {broken}; begin and end the table with a whole one")


def period_of(months: int) -> str | None:
    """Write months as a contract's ``period``: the longest that is not longer; None for less than a month."""
    if months >= 2 * _YEAR:
        return f"{months // _YEAR} years"
    return next((name for length, name in sorted(_UNITS.items(), reverse=True) if length <= months), None)


def shortest(groups: Mapping[str, tuple[str, ...]], period: str | None) -> str | None:
    """Say what the shortest of some groups of periods covers, by their labels and by how many periods each holds.

    Args:
        groups: Each longer period with the periods that it consists of.
        period: What one of these covers; None where it is not known.

    Returns:
        The period, never longer than it is; ``period`` itself where nothing more can be said.
    """
    found: list[int] = []
    for label, members in groups.items():
        months = [len(members) * months_of(period)] if period is not None and months_of(period) else []
        if (span := parse_span(label)) is not None:
            months.append(span.months)
        found.append(min(months, default=0))
    return period_of(min(found, default=0)) or period


def _not_whole(groups: Mapping[str, tuple[str, ...]], unit: int) -> list[str]:
    """List the longer periods of which the table does not have every month: at its beginning and its end."""
    found = []
    for label, members in groups.items():
        begin, _, end = label.partition(" to ")
        first, last = parse_span(begin), parse_span(end or begin)
        if first is not None and last is not None and len(members) * unit < last.first + last.months - first.first:
            found.append(label)
    return found


def _read(axis: Axis, stay: Mapping[str, object]) -> dict[str, Span]:
    spans: dict[str, Span] = {}
    for label in axis.leaves:
        span = parse_span(label)
        if span is not None:
            spans[label] = span
        elif label not in stay:
            raise NotPossibleError(f"{axis.name}: {label!r} is no calendar period that can be joined with others")
    in_order = dict(sorted(spans.items(), key=lambda item: item[1].first))
    if not in_order:
        raise NotPossibleError(f"{axis.name}: no calendar periods")
    for (one, span), (other, following) in pairwise(in_order.items()):
        if span.months != following.months or span.first + span.months != following.first:
            raise NotPossibleError(f"{axis.name}: {one!r} and {other!r} do not follow each other: nothing is joined")
    return in_order


def _joined(spans: Mapping[str, Span], unit: int) -> Iterator[tuple[int, dict[str, tuple[str, ...]]]]:
    years: dict[str, tuple[str, ...]] = {}
    for months in (length for length in _UNITS if length >= unit):
        groups: dict[tuple[int, str], list[str]] = {}
        for label, span in spans.items():
            groups.setdefault((span.first // months, span.before), []).append(label)
        years = {_name(number * months, months, before): tuple(group) for (number, before), group in groups.items()}
        if months > unit:
            yield months, years
    names = list(years)
    for joined in _YEARS_JOINED:
        if len(names) < 2 * joined:
            continue
        count = len(names) // joined
        size, longer = divmod(len(names), count)
        chunks, start = {}, 0
        for number in range(count):
            stop = start + size + (number < longer)
            chunk = names[start:stop]
            last = parse_span(chunk[-1])
            label = f"{chunk[0]} to {last.first // _YEAR if last else chunk[-1]}"  # 2018-2019 could be a fiscal year
            chunks[label] = tuple(member for name in chunk for member in years[name])
            start = stop
        yield joined * _YEAR, chunks


def _name(first: int, months: int, before: str) -> str:
    year, month = divmod(first, _YEAR)
    if months == _YEAR:
        return f"{before}{year}"
    mark = next((mark for mark, length in _MARKS.items() if length == months), None)
    return f"{before}{year}-{mark}{month // months + 1}" if mark else f"{year}-{month + 1:02}"
