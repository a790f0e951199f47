"""A release by reporting periods: every month, quarter or year is masked, reviewed and published by itself."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field, model_validator

from ddg_pipeline.contract.strict import Name, Strict

if TYPE_CHECKING:
    from ddg_pipeline.contract.model import ReleaseContract

Every = Literal["day", "week", "month", "quarter", "half-year", "year"]

_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7}
_USUAL: Final[Mapping[str, str]] = {
    "day": "%Y-%m-%d",
    "week": "%G-W%V",
    "month": "%Y-%m",
    "quarter": "%Y-Q%q",
    "half-year": "%Y-H%h",
    "year": "%Y",
}
_LATEST: Final = 2200  # a year in which nobody releases any more: a start after it is a slip
_MOST_ALIKE: Final = 800  # two years of days, and more of everything else: labels that repeat do it sooner
_ENGLISH: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class ReportingPeriods(Strict):
    """Releases each reporting period by itself, in a file of its own of one dataset (docs/how-to/periods.md)."""

    dimension: Name = Field(description="The dimension of variable `time` whose categories are the periods.")
    every: Every = Field(description="How long a period is.")
    start: dt.date = Field(
        description="The first day of the first period, such as 2024-01-01; later ones follow without gaps."
    )
    labels: Name | None = Field(
        default=None,
        description="How the table writes a period, by its first day: `%Y` the year, `%m` the month, `%d` the day, "
        "`%B` the month's English name, `%q` the quarter, `%h` the half-year, `%G` and `%V` year and week of ISO 8601. "
        "Left out: 2024-03-01, 2024-W09, 2024-03, 2024-Q1, 2024-H1, 2024.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start.year >= _LATEST:
            raise ValueError(f"start: must be a day before the year {_LATEST}")
        if self.every == "week" and self.start.weekday() != 0:
            raise ValueError("start: weeks begin on Mondays; write the first one's")
        if self.every in _MONTHS and self.start.day != 1:
            raise ValueError("start: must be the first day of a month")
        if self.every in ("quarter", "half-year") and (self.start.month - 1) % _MONTHS[self.every]:
            raise ValueError(f"start: a {self.every} of a calendar year does not begin in this month")
        seen: dict[str, dt.date] = {}
        first = self.start
        for _ in range(_MOST_ALIKE):
            text = self.label(first)
            if text in seen:
                raise ValueError(f"labels: {seen[text]} and {first} would both be written {text!r}")
            seen[text] = first
            first = self.after(first)
        return self

    def label(self, first: dt.date) -> str:
        """Write a period, given by its first day, as the table does."""
        pattern = self.labels or _USUAL[self.every]
        quarter, half = (first.month - 1) // 3 + 1, (first.month - 1) // 6 + 1
        pattern = re.sub(r"%([qhB%])", lambda found: _own(found[1], quarter, half, first), pattern)
        return first.strftime(pattern)

    def after(self, first: dt.date) -> dt.date:
        """Give the first day of the period after the one that begins on ``first``."""
        if self.every in _DAYS:
            return first + dt.timedelta(days=_DAYS[self.every])
        month = first.month - 1 + _MONTHS[self.every]
        return dt.date(first.year + month // 12, month % 12 + 1, 1)

    def ended(self, today: dt.date) -> dict[str, dt.date]:
        """Give the periods that have ended before a day, the oldest first: their labels and first days."""
        found = {}
        first = self.start
        while (following := self.after(first)) <= today:
            found[self.label(first)] = first
            first = following
        return found

    @property
    def cron(self) -> str:
        """When periods begin, as cron says it; of what `start` says, years begin in its month."""
        if self.every == "day":
            return "0 0 * * *"
        if self.every == "week":
            return "0 0 * * 1"
        step = _MONTHS[self.every]
        months = sorted((self.start.month - 1 + step * number) % 12 + 1 for number in range(12 // step))
        return f"0 0 1 {'*' if step == 1 else ','.join(map(str, months))} *"


def _own(directive: str, quarter: int, half: int, first: dt.date) -> str:
    """Write what `strftime` does not know, or writes in the machine's language."""
    return {"q": str(quarter), "h": str(half), "B": _ENGLISH[first.month - 1], "%": "%%"}[directive]


class ReportingPeriod(Strict):
    """The one period that a contract is about. Made from `reporting_periods`, never written by people."""

    of: str
    label: Name


def of_period(contract: ReleaseContract, label: str) -> ReleaseContract:
    """Give the contract of one reporting period: a release of its own, with a name, approvals and versions of its own.

    Args:
        contract: A contract with `reporting_periods`.
        label: The period as the table writes it.
    """
    suffix = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return contract.model_copy(
        update={
            "release": f"{contract.release}_{suffix}",
            "links": [f"{link}_{suffix}" for link in contract.links],
            "reporting_period": ReportingPeriod(of=contract.release, label=label),
        }
    )


def series_of(contract: ReleaseContract) -> ReleaseContract:
    """Give the contract that people wrote: of a period's, that of all of them."""
    period = contract.reporting_period
    if period is None:
        return contract
    suffix = contract.release.removeprefix(period.of)
    return contract.model_copy(
        update={
            "release": period.of,
            "links": [link.removesuffix(suffix) for link in contract.links],
            "reporting_period": None,
        }
    )
