"""What can be tried on each dimension of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ddg_pipeline.advice.age_bands import merged_bands
from ddg_pipeline.advice.changes import Change, Drop, Merge, NotPossibleError
from ddg_pipeline.advice.coarsening import addable
from ddg_pipeline.advice.hierarchy_levels import levels_of
from ddg_pipeline.advice.periods import joined_periods, shortest
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Options:
    """What can be tried.

    Attributes:
        changes: For each dimension, in the contract's order, what can be done to it; the mildest first.
        categories: How many categories each dimension has that stand for themselves.
        splittable: The dimensions that need not stand in every one of several smaller tables.
        percentages: The dimensions of which whole percentages can be published instead of counts (§4.4.4), each with
            the number of categories that it has to have then.
        not_tried: What cannot be tried, and why.
    """

    changes: dict[str, tuple[Change, ...]]
    categories: dict[str, int]
    splittable: tuple[str, ...]
    percentages: dict[str, int]
    not_tried: tuple[str, ...]


def options_for(bound: BoundTable, linked: Sequence[BoundTable], rulebook: Rulebook) -> Options:
    """List what can be done to a table, one dimension at a time.

    Args:
        bound: The table.
        linked: The tables it shares records with; they stay as they are.
        rulebook: The edition.
    """
    not_tried: list[str] = []
    changes: dict[str, tuple[Change, ...]] = {}
    for name, axis in bound.axes.items():
        found: list[Change] = [merge for merge in _merges(bound, axis, rulebook, not_tried) if _known(merge, linked)]
        if _droppable(bound, axis):
            found.append(Drop(name))
        changes[name] = tuple(found)
    categories = {name: len(axis.leaves) for name, axis in bound.axes.items()}
    percentages = {} if linked else _percentages(bound, rulebook)
    return Options(changes, categories, _splittable(bound), percentages, tuple(dict.fromkeys(not_tried)))


def _merges(bound: BoundTable, axis: Axis, rulebook: Rulebook, not_tried: list[str]) -> list[Merge]:
    if len(axis.leaves) < 2:
        return []
    reason = addable(bound, axis.name)
    if reason is not None:
        not_tried.append(reason)
        return []
    unknown = {label for label in axis.leaves if label in axis.declared.unknown or label in rulebook.unknown_labels}
    found = [_with_period(merge, axis) for merge in levels_of(axis)]
    further: Callable[[], Iterator[Merge]] | None = {
        Variable.AGE: lambda: merged_bands(axis, unknown, rulebook),
        Variable.TIME: lambda: joined_periods(axis, unknown),
    }.get(axis.declared.variable)
    if further is not None:
        try:
            have = {merge.partition for merge in found}
            found += [merge for merge in further() if merge.partition not in have]
        except NotPossibleError as reason:
            not_tried.append(str(reason))
    return sorted(found, key=lambda merge: -len(merge.members))


def _with_period(merge: Merge, axis: Axis) -> Merge:
    """Say what a broader period covers: a level of a hierarchy only has labels."""
    if axis.declared.variable is not Variable.TIME:
        return merge
    known = {label: members for label, members in merge.members.items() if label not in axis.declared.unknown}
    period = shortest(known, axis.declared.period)
    return replace(merge, period=period, words=merge.words if period is None else f"{axis.name} by {period}")


def _droppable(bound: BoundTable, axis: Axis) -> bool:
    """Say whether leaving a dimension out is worth a try and can be done at all."""
    if len(bound.axes) == 1 or len(axis.leaves) < 2:
        return False
    return addable(bound, axis.name) is None or axis.total is not None


def _known(merge: Merge, linked: Sequence[BoundTable]) -> bool:
    """Say whether every linked table that has the dimension knows the broader categories.

    Otherwise nothing would tell that a category here is the sum of several there.
    """
    return all(
        table.axes[merge.dimension].groups.union(table.axes[merge.dimension].labels).issuperset(merge.members)
        for table in linked
        if merge.dimension in table.axes
    )


def _splittable(bound: BoundTable) -> tuple[str, ...]:
    """Name the dimensions that add up; time stands in every table, as the figures of a year belong together."""
    if bound.contract.suppression.form != "cells":
        return ()  # the counts behind percentages may appear nowhere else (§4.4.4)
    return tuple(
        name
        for name, axis in bound.axes.items()
        if axis.declared.variable is not Variable.TIME and len(axis.leaves) > 1 and addable(bound, name) is None
    )


def _percentages(bound: BoundTable, rulebook: Rulebook) -> dict[str, int]:
    """Name the dimensions that whole percentages may be of; their categories add up, and one count is all there is."""
    form, contract = rulebook.masking.whole_percentages, bound.contract
    if (
        form is None
        or len(contract.counts) != 1
        or contract.links
        or contract.identities
        or contract.survey is not None
    ):
        return {}
    if contract.suppression.form == "whole_percentages":
        return {}
    wanted = form.large_categories + form.small_categories
    return {
        name: wanted
        for name, axis in bound.axes.items()
        if axis.declared.variable is not Variable.TIME and len(axis.leaves) >= wanted and addable(bound, name) is None
    }
