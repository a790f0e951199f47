"""Categories that overlap in a dimension that does not add up (`additive: false`): what they tell of each other.

"0-17" and "0-19" side by side tell how many are 18 or 19, and "18+" less "18-64" is "65+". Masking and audit work with
the sums that a contract declares and do not see these. So a table that has to be masked is refused where they would
tell a small count, or bear on a count that is hidden (DDG 2.0 §4.4).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.assessment.derived import derived_counts
from ddg_pipeline.assessment.spans import Span, spans_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import MaskedTable
from ddg_pipeline.rulebook import Rulebook

_LISTED = 5
_NO_LIMIT = 2**53
_REMEDY = (
    "Leave one of the overlapping categories out; or, if the broader one is the sum of others in the table, say so: "
    "`additive: true` with a `hierarchy` that puts them under it, so that all of them are masked together; or make the "
    "categories coarser (§4.4.2)."
)


def refuse_small_differences(tables: Sequence[BoundTable], rulebook: Rulebook) -> None:
    """Refuse tables in which overlapping categories differ by few people.

    Args:
        tables: Tables that have to be masked.
        rulebook: For what is small.

    Raises:
        RefusedError: Some do; it names them by coordinates.
    """
    small = rulebook.thresholds.numerator
    told = []
    for table in tables:
        if not any(_bearing(axis) for axis in table.axes.values()):
            continue
        for derived in derived_counts(table):
            found = derived.coordinates_between(small.lower, small.upper, overlapping=True)
            if found:
                told.append(f"{table.place}: {derived.measure} at {_some(found)}")
    if told:
        raise RefusedError(
            "categories that overlap tell small counts by their difference, which no suppression of theirs is known to "
            f"protect: {'; '.join(told)}.\n{_REMEDY}"
        )


def refuse_hidden_in_overlaps(tables: Sequence[BoundTable], masked: Sequence[MaskedTable], rulebook: Rulebook) -> None:
    """Refuse tables in which a count is hidden that overlapping categories tell, or narrow down.

    Args:
        tables: The tables.
        masked: The same tables masked, in the same order.
        rulebook: For the annotation codes.

    Raises:
        RefusedError: Some are; it names them by coordinates.
    """
    told = []
    for table, result in zip(tables, masked, strict=True):
        for name, axis in table.axes.items():
            bearing = _bearing(axis)
            if not bearing:
                continue
            inside = table.frame[name].isin(bearing).to_numpy(dtype=np.bool_)
            for measure in table.contract.counts:
                rows = np.flatnonzero(inside & _hidden(result, measure, rulebook))
                if len(rows):
                    told.append(f"{table.place}: {measure} at {_some([f'({table.coordinate(int(r))})' for r in rows])}")
    if told:
        raise RefusedError(
            "hidden counts stand in categories that overlap with others of the same dimension, so that they could be "
            f"calculated or narrowed down from these: {'; '.join(told)}.\n{_REMEDY}"
        )


def _hidden(masked: MaskedTable, measure: str, rulebook: Rulebook) -> NDArray[np.bool_]:
    code = masked.contract.suppression.annotations.code.format(measure=measure)
    gone = (masked.frame[measure] == "") & (masked.frame[code] != rulebook.annotations.not_available.code)
    return gone.to_numpy(dtype=np.bool_)


def _bearing(axis: Axis) -> set[str]:
    """List the categories of a dimension without sums that bear on each other: one holds another, or others make it."""
    if axis.additive:
        return set()
    labels = [label for label in axis.labels if label != axis.total and label not in axis.declared.unknown]
    spans = spans_of(axis.declared.variable, labels, axis.declared.period)
    found = {
        label
        for one, other in itertools.combinations(spans, 2)
        if spans[one] == spans[other] or spans[one].holds(spans[other]) or spans[other].holds(spans[one])
        for label in (one, other)
    }
    if axis.declared.variable is Variable.AGE:  # nobody is in two age bands, so that they can be put end to end
        found |= set(_made_of_others(spans))
    return found


def _made_of_others(spans: Mapping[str, Span]) -> Iterator[str]:
    """List the categories from whose one end others lead to the other, end to end."""
    for label, span in spans.items():
        reached = {span.first}
        others = [other for name, other in spans.items() if name != label]
        grown = True
        while grown:
            more = {other.after for other in others if other.first in reached}
            more |= {other.first for other in others if other.after in reached}
            grown = not more <= reached
            reached |= more
        if span.after in reached:
            yield label


def _some(found: Sequence[str]) -> str:
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"{', '.join(found[:_LISTED])}{more}"


def told_by_totals(
    table: BoundTable, published: pd.DataFrame, rulebook: Rulebook, values: int, *, reasons_shown: bool
) -> pd.DataFrame:
    """List what has to be hidden besides, because a total that is no sum tells something about its categories.

    Where people may be in several categories (`additive: false`), the total is at least the largest of them, and at
    most their sum. So a hidden total may be told by its categories, and a hidden category by the total and the others.

    Args:
        table: The table before masking.
        published: The table as it would be published, rows in the same order.
        rulebook: For what is small, and the annotation codes.
        values: How many values a hidden count has to be able to have.
        reasons_shown: Whether the codes tell small cells from complementary ones.

    Returns:
        Coordinates of shown counts, one column a dimension: the largest category beside a hidden total, or the total.
    """
    found = [
        table.frame[list(table.axes)].iloc[rows]
        for name, axis in table.axes.items()
        if not axis.additive and axis.total is not None
        for measure in table.contract.counts
        for rows in [_bounding(table, published, name, measure, rulebook, values, reasons_shown=reasons_shown)]
    ]
    none = table.frame[list(table.axes)].iloc[:0]
    return pd.concat([none, *found]).drop_duplicates().reset_index(drop=True)


def refuse_told_by_totals(
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    values: int,
    *,
    reasons_shown: bool,
) -> None:
    """Refuse tables in which a total that is no sum tells a hidden count, or nearly so.

    Raises:
        RefusedError: Some do; it names by coordinates which shown counts tell it.
    """
    told = []
    for table, frame in zip(tables, published, strict=True):
        rows = told_by_totals(table, frame, rulebook, values, reasons_shown=reasons_shown).to_dict("records")
        if rows:
            named = [f"({', '.join(f'{name}={label}' for name, label in row.items())})" for row in rows]
            told.append(f"{table.place}: {_some(named)}")
    if told:
        raise RefusedError(
            "a total of categories of which people may be in several (`additive: false`) is at least the largest of "
            f"them and at most their sum, which tells hidden counts. It does by what is shown at {'; '.join(told)}.\n"
            "Leave that total out of the table, or do not ask to keep these cells open; or make the categories coarser "
            "(§4.4.2)."
        )


def _bounding(
    table: BoundTable,
    published: pd.DataFrame,
    name: str,
    measure: str,
    rulebook: Rulebook,
    values: int,
    *,
    reasons_shown: bool,
) -> list[int]:
    """List rows whose counts bound a hidden one too closely, along one dimension."""
    axis, small = table.axes[name], rulebook.thresholds.numerator
    counts = table.frame[measure].to_numpy(dtype=np.int64)
    unknown = table.missing.get(measure, np.zeros(len(counts), dtype=np.bool_))
    shown = _shown(published[measure]) & ~unknown
    most = np.where((counts >= small.lower) & (counts <= small.upper) & reasons_shown, small.upper, _NO_LIMIT)
    whole = (table.frame[name] == axis.total).to_numpy()
    others = [other for other in table.axes if other != name]
    lines: list[NDArray[np.intp]] = [np.arange(len(counts))]
    if others:
        lines = [np.asarray(rows) for rows in table.frame.groupby(others, sort=False).indices.values()]
    found = []
    for line in lines:
        total, parts = line[whole[line]], line[~whole[line]]
        if not len(total) or shown[line].all() or unknown[line].any():
            continue
        at = int(total[0])
        largest, added_up = int(counts[parts].max(initial=0)), int(counts[parts].sum())
        if not largest <= counts[at] <= added_up:
            continue  # then it is no total of these categories, whatever it is called
        if not shown[at]:
            seen = parts[shown[parts]]
            low = int(counts[seen].max(initial=0))
            high = min(added_up, int(most[at])) if len(seen) == len(parts) else int(most[at])
            if high - low + 1 < values and len(seen):
                found.append(int(seen[counts[seen].argmax()]))
            continue
        hidden = parts[~shown[parts]]
        room = sum(min(int(most[one]), int(counts[at])) for one in hidden)
        for one in hidden:
            high = min(int(most[one]), int(counts[at]))
            low = int(counts[at]) - int(counts[parts[shown[parts]]].sum()) - (room - high)
            if high - max(low, 0) + 1 < values:
                found.append(at)
                break
    return found


def _shown(column: pd.Series[Any]) -> NDArray[np.bool_]:
    return (column.notna() & (column.astype(str) != "")).to_numpy(dtype=np.bool_)
