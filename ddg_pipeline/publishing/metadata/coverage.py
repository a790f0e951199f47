"""Which time and which areas a table covers, as far as its labels tell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from ddg_pipeline.assessment.periods import spans_of_periods
from ddg_pipeline.contract.dimension import Dimension, Scope
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.populations import area

_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)
_COUNTY, _STATE = "County", "State"


@dataclass(frozen=True)
class Coverage:
    """What a table covers; None for what its labels do not tell for sure.

    Attributes:
        period: The first and the last day.
        area: The whole area, by name.
        granularity: The smallest areas: ``County`` or ``State``.
    """

    period: tuple[dt.date, dt.date] | None
    area: str | None
    granularity: str | None


def coverage(contract: ReleaseContract, table: pd.DataFrame) -> Coverage:
    """Tell what a published table covers.

    Args:
        contract: The contract.
        table: The published table, as text.
    """
    whole, smallest = _areas(contract, table)
    return Coverage(_period(contract, table), whole, smallest)


def _period(contract: ReleaseContract, table: pd.DataFrame) -> tuple[dt.date, dt.date] | None:
    """From the first day of the earliest period to the last day of the latest, where every label can be read."""
    spans: list[tuple[dt.date, dt.date]] = []
    for name, declared in contract.dimensions.items():
        if declared.variable is Variable.TIME:
            labels = _labels(table, name, declared)
            found = spans_of_periods(labels, declared.period)
            if len(found) < len(labels):
                return None
            spans += found.values()
    for scope in _scopes(contract, (Variable.TIME,)):
        found = spans_of_periods([scope.label or ""], scope.period)
        if not found:
            return None
        spans += found.values()
    if not spans:
        return None
    return min(first for first, _ in spans), max(after for _, after in spans) - dt.timedelta(days=1)


def _areas(contract: ReleaseContract, table: pd.DataFrame) -> tuple[str | None, str | None]:
    counties: set[str] = set()
    state = False
    named = [
        (
            name,
            declared.hierarchy,
            set(_labels(table, name, declared)) | ({declared.total} if declared.total else set()),
        )
        for name, declared in contract.dimensions.items()
        if declared.variable in _GEOGRAPHY
    ]
    named += [("", [], {scope.label or ""}) for scope in _scopes(contract, _GEOGRAPHY)]
    for column, hierarchy, labels in named:
        found = {label: area(str(label), column) for label in labels}
        if not hierarchy and any(one is None for one in found.values()):
            return None, None  # areas of some other kind: what they add up to is not known here
        counties |= {one.name for one in found.values() if one is not None and one.fips is not None}
        state = state or any(one is not None and one.fips is None for one in found.values())
    if not counties:
        return ("California", _STATE) if state else (None, None)
    one_only = len(counties) == 1 and not state
    return (f"{next(iter(counties))} County" if one_only else "California"), _COUNTY


def _labels(table: pd.DataFrame, name: str, declared: Dimension) -> list[str]:
    left_out = {declared.total, *declared.unknown}
    return [str(label) for label in table[name].dropna().unique() if label not in left_out]


def _scopes(contract: ReleaseContract, variables: tuple[Variable, ...]) -> list[Scope]:
    return [scope for scope in contract.scope if scope.variable in variables]
