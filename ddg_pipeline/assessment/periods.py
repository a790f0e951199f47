"""How long one period of a time variable is: from the contract's word for it, or from the labels people write."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ddg_pipeline.assessment._period_labels import Reading, read_label

_MONTHS = {"day": 0, "week": 0, "month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
_SHORTEST_MONTH, _SHORTEST_YEAR = 28, 365


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

    Args:
        labels: The labels, without totals and labels for "not known".

    Returns:
        The period; None where there is no label, or one that is no period.
    """
    read = [read_label(label) for label in labels]
    if not read or any(not readings for readings in read):
        return None
    common = [word for word in _words(read[0]) if all(word in _words(readings) for readings in read)]
    common = [word for word in common if not _overlap(word, read)]
    if common:
        ordered = tuple(sorted(common, key=_length))
        return Period(ordered[0], ordered)
    shortest = min((word for readings in read for word in _words(readings)), key=_length)
    return Period(shortest, (shortest,))


def unreadable(labels: Iterable[str]) -> list[str]:
    """List the labels that are no period."""
    return [label for label in labels if not read_label(label)]


def _words(readings: Sequence[Reading]) -> list[str]:
    return [reading.word for reading in readings]


def _length(word: str) -> tuple[int, int]:
    return months_of(word), _DAYS.get(word, 0)


def _spelled_alike(period: str) -> str:
    return "year" if period == "1 years" else period


def _overlap(word: str, read: Sequence[Sequence[Reading]]) -> bool:
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
