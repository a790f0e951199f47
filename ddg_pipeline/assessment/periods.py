"""How long one period of a time variable is."""

from __future__ import annotations

_MONTHS = {"day": 0, "week": 0, "month": 1, "quarter": 3, "half-year": 6, "year": 12}


def months_of(period: str) -> int:
    """Give the whole months in a contract's ``period``: ``quarter`` is 3, ``2 years`` 24; a week or a day is 0."""
    if period in _MONTHS:
        return _MONTHS[period]
    return int(period.removesuffix(" years")) * _MONTHS["year"]
