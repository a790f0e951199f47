"""How long one period of a time variable is: from the contract's word for it, or from the labels people write."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ddg_pipeline.assessment._period_labels import Reading, read_label, without_asides

_MONTHS = {"day": 0, "week": 0, "month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
_SHORTEST_MONTH, _SHORTEST_YEAR = 28, 365

_Readings = Sequence[Sequence[Reading]]


def months_of(period: str) -> int:
    """Give the whole months in a contract's ``period``: ``quarter`` is 3, ``2 years`` 24; a week or a day is 0."""
    if period in _MONTHS:
        return _MONTHS[period]
    return int(period.removesuffix(" years")) * _MONTHS["year"]


@dataclass(frozen=True)
class Period:
    """What one period of a column covers.

    Attributes:
        word: As a contract writes it: ``year``, ``quarter``, ``3 years``.
        readings: All words that every label can mean, shortest first; one where the labels leave no doubt.
    """

    word: str
    readings: tuple[str, ...]

    def fits(self, declared: str) -> bool:
        """Say whether the labels can mean a declared period."""
        return _spelled_alike(declared) in {self.word, *self.readings}


def period_of(labels: Iterable[str]) -> Period | None:
    """Read how long one period is from its labels, such as ``2024``, ``FY 2022-23``, ``2024 Q1`` or ``Jan 2024``.

    All labels are read in one way where there is a way that fits all of them: ``2010-11`` may be a month, but beside
    ``2012-13`` it is a year. Of several such ways the shortest holds, because shorter periods are at more risk, and
    where labels of different length stand in one column, the shortest decides.

    Different labels that would cover the same time show that they were not read rightly: ``2024 (A)`` and ``2024 (B)``
    are no years, and ``2020-21`` and ``2021-22`` no pairs of years.

    Args:
        labels: The labels, without totals and labels for "not known".

    Returns:
        The period; None where there is no label, or one that is no period, or where labels longer than a month would
        cover the same time in every reading.
    """
    different = list(dict.fromkeys(labels))
    read = [read_label(label) for label in different]
    if not read or any(not readings for readings in read):
        return None
    twins = len({without_asides(label) for label in different}) < len(different)
    common = [word for word in _words(read[0]) if all(word in _words(readings) for readings in read)]
    common = sorted((word for word in common if not _overlap(word, read)), key=_length)
    if common:
        fitting = tuple(
            word
            for word in common
            if months_of(word) <= 1 or not (twins or _clash(word, read, rolling=word == common[0]))
        )
        return Period(fitting[0], fitting) if fitting else None
    shortest = min((word for readings in read for word in _words(readings)), key=_length)
    if months_of(shortest) > 1 and (twins or _partly_clash(read)):
        return None
    return Period(shortest, (shortest,))


def spans_of_periods(labels: Iterable[str], declared: str | None = None) -> dict[str, tuple[dt.date, dt.date]]:
    """Say from which day to which each label reaches, read as `period_of` reads all of them.

    Args:
        labels: The labels, without totals and labels for "not known".
        declared: The period that a contract declares; it decides between readings.

    Returns:
        Label to its first day and the one after its last, of those that tell both. Weeks and days are left out: they
        are as short as the doubt about when the first week of a year begins.
    """
    different = list(dict.fromkeys(labels))
    period = period_of(different)
    if period is None:
        return {}
    word = _spelled_alike(declared) if declared is not None and period.fits(declared) else period.word
    found = {}
    for label in different:
        readings = [one for one in read_label(label) if one.span is not None and months_of(one.word)]
        chosen = next((one for one in readings if one.word == word), None) or min(
            readings, key=lambda one: _length(one.word), default=None
        )
        if chosen is not None and chosen.span is not None:
            found[label] = chosen.span
    return found


def longer(one: str, other: str) -> bool:
    """Say whether one period, in a contract's word, is longer than another."""
    return _length(one) > _length(other)


def unreadable(labels: Iterable[str]) -> list[str]:
    """List the labels that are no period."""
    return [label for label in labels if not read_label(label)]


def _words(readings: Sequence[Reading]) -> list[str]:
    return [reading.word for reading in readings]


def _length(word: str) -> tuple[int, int]:
    return months_of(word), _DAYS.get(word, 0)


def _spelled_alike(period: str) -> str:
    return "year" if period == "1 years" else period


def _clash(word: str, read: _Readings, *, rolling: bool) -> bool:
    """Say whether labels would cover the same time if all are that long.

    Whole calendar years may overlap where nothing shorter can be meant: 2019-2021 and 2020-2022 are rolling.
    """
    spans = [
        next((reading.span for reading in readings if reading.word == word and reading.span), None) for readings in read
    ]
    return any(
        one == other or not (rolling and _whole_years(one) and _whole_years(other))
        for one, other in _overlapping([span for span in spans if span])
    )


def _partly_clash(read: _Readings) -> bool:
    """Say the same of labels of different length, where a part may stand beside its whole: 2024 Q1 and 2024."""
    spans = [min(readings, key=lambda reading: _length(reading.word)).span for readings in read]
    for one, other in _overlapping([span for span in spans if span]):
        nested = one != other and (_within(one, other) or _within(other, one))
        if not nested and not (one != other and _whole_years(one) and _whole_years(other)):
            return True
    return False


_Days = tuple[dt.date, dt.date]


def _overlapping(spans: Iterable[_Days]) -> Iterator[tuple[_Days, _Days]]:
    pairs = itertools.combinations(spans, 2)
    return ((one, other) for one, other in pairs if one[0] < other[1] and other[0] < one[1])


def _within(inner: _Days, outer: _Days) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _whole_years(span: _Days) -> bool:
    return all((day.month, day.day) == (1, 1) for day in span)


def _overlap(word: str, read: _Readings) -> bool:
    """Say whether periods of that length, beginning or ending on the dates that the labels give, would overlap."""
    dates = sorted({reading.date for readings in read for reading in readings if reading.word == word and reading.date})
    gaps = [(after - before).days for before, after in itertools.pairwise(dates)]
    return bool(gaps) and min(gaps) < _at_least_days(word)


def _at_least_days(word: str) -> int:
    months = months_of(word)
    if months < 1:
        return _DAYS[word]
    years, rest = divmod(months, 12)
    return years * _SHORTEST_YEAR + rest * _SHORTEST_MONTH
