"""Categories that overlap in a dimension that does not add up (`additive: false`): what they tell of each other.

"0-17" and "0-19" side by side tell how many are 18 or 19, and "18+" less "18-64" is "65+". Masking and audit work with
the sums that a contract declares and do not see these. So a table that has to be masked is refused where they would
tell a small count, or bear on a count that is hidden (DDG 2.0 §4.4).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.assessment.derived import derived_counts
from ddg_pipeline.assessment.spans import Span, spans_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import MaskedTable
from ddg_pipeline.rulebook import Rulebook

_LISTED = 5
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
