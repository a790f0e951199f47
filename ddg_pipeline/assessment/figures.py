"""Figures that contradict their declaration: statistics of something else, counts declared as amounts, hidden sums.

What readers can calculate is judged, and hidden, by what the contract declares (§4.4.1 item 3). A declaration that the
whole table contradicts is therefore an error. A few odd rows, and rates that nothing explains, because they are
adjusted, say, are noted by `consistency`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.columns import decimals_of, some
from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.errors import InputError

_PERCENT = 100
_POWERS = tuple(10**power for power in range(8))
_EXPLAINED = 0.95  # of the rows, so that a few slips do not hide what the others are
_AT_LEAST_ROWS = 3  # fewer may agree by chance
_LISTED = 3
_RATIOS = (MeasureKind.RATE, MeasureKind.PERCENT, MeasureKind.MEAN)

_Numbers = NDArray[np.float64]


def contradictory_figures(bound: BoundTable) -> list[InputError]:
    """Find declarations of measures that the figures contradict throughout.

    * A rate, percentage or mean that is not its numerator over its denominator in most rows, and is something else in
      nearly all: per another number, upside down, of another column, a share of another whole.
    * An amount or a mean that equals a count in every row: it is that count, and would be judged as none.
    * A count that is the sum of others in every row, which no identity declares: readers subtract, so masking has to
      know.

    Returns:
        The contradictions; none tells a figure.
    """
    return [*_other_ratios(bound), *_counts_in_disguise(bound), *_undeclared_sums(bound)]


def differing_rows(bound: BoundTable, name: str) -> pd.Series[bool] | None:
    """Say in which rows a statistic is not what it is declared as, within its decimals; None where nothing can tell."""
    measure = bound.contract.measures[name]
    expected = _declared(bound, measure)
    if expected is None:
        return None
    shown = _numbers(bound, name)
    return pd.Series(np.abs(shown - expected) > _rounding(bound, name), index=bound.frame.index)


def in_words(measure: Measure) -> str:
    """Say what a statistic is declared as: ``cases over people per 100,000``."""
    per = "" if measure.kind is MeasureKind.MEAN else f" per {_per(measure):,}"
    return f"{measure.numerator} over {measure.denominator}{per}"


def _other_ratios(bound: BoundTable) -> Iterator[InputError]:
    for name, measure in bound.contract.measures.items():
        expected = _declared(bound, measure)
        if expected is None:
            continue
        shown, rounding = _numbers(bound, name), _rounding(bound, name)
        telling = np.isfinite(shown) & np.isfinite(expected) & ((shown != 0) | (expected != 0))
        differs = telling & (np.abs(shown - expected) > rounding)
        if differs.sum() < _AT_LEAST_ROWS or 2 * differs.sum() <= telling.sum():
            continue
        for words, mend, other in _others(bound, measure):
            fits = np.abs(shown - other) <= rounding
            if (fits & telling).sum() >= _EXPLAINED * telling.sum():
                rows = some((f"({bound.coordinate(int(row))})" for row in np.flatnonzero(differs)), _LISTED)
                found = f"{words}, and not {in_words(measure)}, in {int(differs.sum()):,} rows: {rows}"
                yield InputError(bound.place, f"measures.{name}", found, mend)
                break


def _others(bound: BoundTable, measure: Measure) -> Iterator[tuple[str, str, _Numbers]]:
    """Give what a statistic could be in truth, in words, with what to declare then."""
    above, below, per = str(measure.numerator), str(measure.denominator), _per(measure)
    numerator, denominator = _numbers(bound, above), _numbers(bound, below)
    for power in _POWERS:
        if power != per:
            mend = f"per: {power}" if measure.kind is MeasureKind.RATE else f"kind: rate and per: {power}"
            yield f"{above} over {below} per {power:,}", mend, _ratio(numerator, denominator, power)
    yield (
        f"{below} over {above} per {per:,}",
        f"numerator: {below} and denominator: {above}, or the figures turned round",
        _ratio(denominator, numerator, per),
    )
    columns = dict.fromkeys([*_count_columns(bound), *bound.contract.population_columns])
    for other in columns:
        if other not in (above, below):
            figures = _numbers(bound, other)
            yield f"{above} over {other}", f"denominator: {other}", _ratio(numerator, figures, per)
            yield f"{other} over {below}", f"numerator: {other}", _ratio(figures, denominator, per)
    for number in range(1, len(bound.axes) + 1):
        for over in itertools.combinations(bound.axes, number):
            words = f"the share of {above} in their total over {' and '.join(over)}"
            mend = (
                f"leave `denominator` out of this share, and declare `population: {{total_over: [{', '.join(over)}]}}` "
                f"of {above} if they come from that group; or publish {in_words(measure)}"
            )
            yield words, mend, _ratio(numerator, _whole(bound, above, over), per)


def _whole(bound: BoundTable, count: str, over: tuple[str, ...]) -> _Numbers:
    """Add a count up over some dimensions, for each row: the published total, else the sum of the categories."""
    rest = [name for name in bound.axes if name not in over]
    frame = bound.frame[list(bound.axes)].assign(**{"": _numbers(bound, count)})
    for name in over:
        axis = bound.axes[name]
        keys = [other for other in bound.axes if other != name and other in frame.columns]
        kept = frame[frame[name] == axis.total] if axis.total is not None else frame[frame[name].isin(axis.leaves)]
        if not keys:
            return np.full(len(bound.frame), kept[""].sum())
        frame = kept.groupby(keys, sort=False)[""].sum().reset_index()
    wholes = frame.set_index(rest)[""]
    wanted = pd.MultiIndex.from_frame(bound.frame[rest]) if len(rest) > 1 else pd.Index(bound.frame[rest[0]])
    return wholes.reindex(wanted).to_numpy(dtype=np.float64)


def _counts_in_disguise(bound: BoundTable) -> Iterator[InputError]:
    for name, measure in bound.contract.measures.items():
        if measure.kind not in (MeasureKind.AMOUNT, MeasureKind.MEAN):
            continue
        shown = _numbers(bound, name)
        for count in _count_columns(bound):
            counted = _numbers(bound, count)
            known = np.isfinite(shown)
            if (counted[known] > 0).sum() >= _AT_LEAST_ROWS and np.array_equal(shown[known], counted[known]):
                found = f"{measure.kind}, but its figures equal {count} in every row"
                expected = f"kind: count, or leave the column out, because it repeats {count}"
                yield InputError(bound.place, f"measures.{name}.kind", found, expected)
                break


def _undeclared_sums(bound: BoundTable) -> Iterator[InputError]:
    """Find counts that are sums of others in every row: of two others, or of all that are left."""
    names = _count_columns(bound)
    figures = {name: _numbers(bound, name) for name in names}
    declared = [[identity.terms.get(name, 0) for name in names] for identity in bound.contract.parsed_identities]
    for whole in names:
        others = [name for name in names if name != whole]
        groups = [*itertools.combinations(others, 2), *([tuple(others)] if len(others) > 2 else [])]
        for parts in groups:
            together = np.sum([figures[part] for part in parts], axis=0)
            known = np.isfinite(together) & np.isfinite(figures[whole])
            telling = np.all([figures[part] > 0 for part in parts], axis=0) & known
            if telling.sum() < _AT_LEAST_ROWS or not np.array_equal(together[known], figures[whole][known]):
                continue
            relation = [-1 if name == whole else int(name in parts) for name in names]
            if _rank([*declared, relation]) == _rank(declared):
                continue
            declared.append(relation)
            identity = f"{' + '.join(parts)} = {whole}"
            found = f"nothing that says {identity}, which holds in every row, so that readers can subtract"
            yield InputError(bound.place, "identities", found, f"the identity '{identity}'")


def _rank(relations: list[list[int]]) -> int:
    return int(np.linalg.matrix_rank(np.array(relations))) if relations else 0


def _count_columns(bound: BoundTable) -> list[str]:
    return [name for name, measure in bound.contract.measures.items() if measure.kind is MeasureKind.COUNT]


def _declared(bound: BoundTable, measure: Measure) -> _Numbers | None:
    """Calculate what a statistic is declared as; None where the contract leaves a part of it open."""
    if measure.kind not in _RATIOS or measure.numerator is None or measure.denominator is None:
        return None
    if measure.kind is MeasureKind.RATE and measure.per is None:
        return None
    if measure.denominator not in bound.frame.columns:
        return None
    return _ratio(_numbers(bound, measure.numerator), _numbers(bound, measure.denominator), _per(measure))


def _ratio(above: _Numbers, below: _Numbers, per: int) -> _Numbers:
    result: _Numbers = above / np.where(below > 0, below, np.nan) * per
    return result


def _numbers(bound: BoundTable, name: str) -> _Numbers:
    """Give a column as numbers, NaN where it has none."""
    column: pd.Series[Any] = bound.frame[name]
    if name in bound.missing:
        column = column.mask(bound.missing[name])
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _rounding(bound: BoundTable, name: str) -> float:
    return float(10.0 ** -decimals_of(bound.contract.measures[name], bound.frame[name]))


def _per(measure: Measure) -> int:
    if measure.kind is MeasureKind.MEAN:
        return 1
    return measure.per or _PERCENT
