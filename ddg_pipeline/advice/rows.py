"""Rows of a coarser table, from the rows of a finer one.

A row that the table carries already, such as that of a region, is taken as it is; only what it lacks is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from ddg_pipeline.advice.changes import NotPossibleError
from ddg_pipeline.contract import BoundTable, Measure, Variable
from ddg_pipeline.contract.columns import decimals_of
from ddg_pipeline.contract.measure import MeasureKind

_ORDER = "\0order"  # no column of a contract can be called that
_PERCENT = 100

Combine = Callable[[Any], "pd.Series[Any]"]


@dataclass(frozen=True)
class CoarserRows:
    """The rows of a coarser table.

    Attributes:
        frame: The rows; the columns are those of the finer table, without measures that cannot be computed.
        left_out: Measures left out, each with the reason.
    """

    frame: pd.DataFrame
    left_out: Mapping[str, str]


def coarser_rows(
    bound: BoundTable, dimension: str, into: Mapping[str, str], carried: Sequence[str], *, may_add: bool
) -> CoarserRows:
    """Replace categories of one dimension by broader ones.

    Args:
        bound: The finer table.
        dimension: The dimension.
        into: For each category that does not stay, the broader one.
        carried: The labels whose rows stay as they are: unchanged categories, groups, the total, and broader ones.
        may_add: Whether figures of several categories may be added up. Else every broader row has to be carried.

    Raises:
        NotPossibleError: Something would have to be added up that must not be.
    """
    others = [name for name in bound.axes if name != dimension]
    frame = bound.frame.assign(**{_ORDER: range(len(bound.frame))})
    kept = frame[frame[dimension].isin(list(carried))]
    parts = frame[frame[dimension].isin(list(into))]
    parts = parts.assign(**{dimension: parts[dimension].map(into)})
    missing = _without(parts, kept, [*others, dimension])
    if missing.empty:
        return CoarserRows(kept.drop(columns=_ORDER).reset_index(drop=True), {})
    if not may_add:
        raise NotPossibleError(f"{dimension}: its categories cannot be added up here")
    added, left_out = _added(bound, missing, dimension, others)
    rows = pd.concat([kept.drop(columns=list(left_out)), added], ignore_index=True)
    rows = rows.sort_values(_ORDER, kind="stable", ignore_index=True)
    return CoarserRows(rows[[column for column in bound.frame.columns if column not in left_out]], left_out)


def _without(parts: pd.DataFrame, kept: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Leave the parts of rows that are there already."""
    have = pd.MultiIndex.from_frame(kept[keys])
    return parts[~pd.MultiIndex.from_frame(parts[keys]).isin(have)]


def _added(
    bound: BoundTable, parts: pd.DataFrame, dimension: str, others: list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    keys = [*others, dimension]
    contract = bound.contract
    by_key = parts.groupby(keys, sort=False, observed=True)
    columns: dict[str, Any] = {_ORDER: by_key[_ORDER].min()}
    doubtful: set[str] = set()  # denominators that cannot be what a rate of the sum is taken of
    for name in contract.population_columns:
        columns[name], sure = _population(bound, by_key[name], name, dimension, others)
        if not sure:
            doubtful.add(name)
    for name, measure in contract.measures.items():
        if measure.kind is MeasureKind.COUNT:
            columns[name] = by_key[name].sum()
        elif measure.kind is MeasureKind.AMOUNT:
            numbers = parts.assign(**{name: pd.to_numeric(parts[name])}).groupby(keys, sort=False, observed=True)[name]
            columns[name] = numbers.sum().where(numbers.count() == numbers.size())
    left_out: dict[str, str] = {}
    for name, measure in contract.measures.items():
        if measure.kind in (MeasureKind.COUNT, MeasureKind.AMOUNT):
            continue
        reason = _why_not(measure, columns, doubtful, bound, dimension)
        if reason is None:
            columns[name] = _statistic(measure, columns, decimals_of(measure, bound.original[name]))
        else:
            left_out[name] = reason
    return pd.DataFrame(columns).reset_index(), left_out


def _population(
    bound: BoundTable, by_key: Any, name: str, dimension: str, others: list[str]
) -> tuple[pd.Series[Any], bool]:
    """Add up a population column over merged categories, if they divide people at all.

    Returns:
        The population of each new row, and whether a rate may be taken of it.
    """
    declared = bound.contract.dimensions[dimension]
    in_time = declared.variable is Variable.TIME
    if not _depends(bound, name, dimension, others):
        return by_key.min(), not in_time
    if in_time:  # people are counted again in every period
        return by_key.sum() // by_key.count(), False
    if declared.variable is Variable.OTHER and declared.population is None:
        return by_key.min(), False
    return by_key.sum(), True


def _depends(bound: BoundTable, name: str, dimension: str, others: list[str]) -> bool:
    """Say whether a population differs by category anywhere, other things being equal."""
    leaves = bound.frame[bound.frame[dimension].isin(bound.axes[dimension].leaves)]
    if not others:
        return bool(leaves[name].nunique() > 1)
    return bool((leaves.groupby(others, sort=False, observed=True)[name].nunique() > 1).any())


def _why_not(
    measure: Measure, columns: Mapping[str, Any], doubtful: set[str], bound: BoundTable, dimension: str
) -> str | None:
    """Say why a statistic cannot be computed for new rows; None where it can."""
    above, below = measure.numerator, measure.denominator
    if above is None or below is None or above not in columns or below not in columns:
        return "it cannot be computed anew, because the table lacks what it is computed from"
    if below in doubtful:
        if bound.contract.dimensions[dimension].variable is Variable.TIME:
            return f"over several periods it needs person-years, not {below}"
        return f"{below} of the merged categories is not their sum"
    return None


def _statistic(measure: Measure, columns: Mapping[str, Any], decimals: int) -> pd.Series[Any]:
    per = measure.per or (_PERCENT if measure.kind is MeasureKind.PERCENT else 1)
    unit = Decimal(1).scaleb(-decimals)
    above, below = columns[str(measure.numerator)], columns[str(measure.denominator)]

    def one(number: Any, of: Any) -> str | None:
        if pd.isna(number) or pd.isna(of) or not of:
            return None
        value = Decimal(str(number)) * per / Decimal(str(of))
        return str(value.quantize(unit, rounding=ROUND_HALF_UP))

    found = [one(number, of) for number, of in zip(above, below, strict=True)]
    return pd.Series(found, index=above.index, dtype="object")
