"""One change of one dimension, applied: a coarser table with the contract that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ddg_pipeline.advice.changes import Change, Drop, Merge, NotPossibleError
from ddg_pipeline.advice.contracts import Rewriter
from ddg_pipeline.advice.rows import CoarserRows, coarser_rows
from ddg_pipeline.contract import BoundTable, bind
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Coarser:
    """A coarser table.

    Attributes:
        bound: The table with its contract. Restricted, as the finer one is.
        left_out: Measures that it cannot have, each with the reason.
    """

    bound: BoundTable
    left_out: Mapping[str, str]


def coarsen(bound: BoundTable, change: Change, rulebook: Rulebook) -> Coarser:
    """Apply one change.

    Args:
        bound: The finer table; not changed.
        change: What to do to which dimension.
        rulebook: The edition; tells which sizes are known without being declared.

    Raises:
        NotPossibleError: The table does not allow the change.
        InputErrors: The coarser table contradicts its contract.
    """
    rewriter = Rewriter(bound, rulebook)
    if isinstance(change, Merge):
        groups = groups_above(bound.axes[change.dimension], change)
        found = _merged_rows(bound, change, groups)
        rewriter.merge(change, groups)
    else:
        found = _dropped_rows(bound, change)
        rewriter.drop(change)
    rewriter.leave_out(found.left_out)
    contract = parse_contract(rewriter.raw, bound.place)
    references = {name: rewriter.references[name] for name in contract.reference_tables}
    frame = found.frame[[column for column in found.frame.columns if column in contract.columns]]
    return Coarser(bind(contract, frame, references, bound.place), found.left_out)


def groups_above(axis: Axis, change: Merge) -> dict[str, frozenset[str]]:
    """Give the groups that still consist of whole categories after a merge, each with the finer categories below it.

    A group that is one of the broader categories, or as large as one, is no longer a group.
    """
    parts = {frozenset(members) for members in change.members.values()}
    found: dict[str, frozenset[str]] = {}
    for group, extent in extents(axis).items():
        whole = all(part <= extent or not part & extent for part in parts)
        if group not in change.members and whole and extent not in parts and extent not in found.values():
            found[group] = extent
    return found


def extents(axis: Axis) -> dict[str, frozenset[str]]:
    """Give each group, the total left out, with the categories of the table below it; groups without any left out."""
    above: dict[str, set[str]] = {}
    for hierarchy in axis.hierarchies:
        for child, parent in hierarchy.parent_of.items():
            above.setdefault(child, set()).add(parent)
    found: dict[str, set[str]] = {}
    for leaf in axis.leaves:
        waiting, seen = [leaf], {leaf}
        while waiting:
            for parent in above.get(waiting.pop(), set()) - seen:
                seen.add(parent)
                waiting.append(parent)
                found.setdefault(parent, set()).add(leaf)
    return {group: frozenset(leaves) for group, leaves in found.items() if group != axis.total}


def addable(bound: BoundTable, dimension: str) -> str | None:
    """Say why the categories of a dimension cannot be added up; None where they can."""
    axis = bound.axes[dimension]
    if not axis.additive:
        return f"{dimension}: the contract says that its categories do not sum (additive: false)"
    if bound.contract.survey is not None:
        return f"{dimension}: estimates from a survey cannot be added up without its records"
    below = extents(axis)
    empty = [group for group in axis.labels if group in axis.groups and group != axis.total and group not in below]
    if empty:
        return f"{dimension}: the table carries {empty[0]!r} without the categories it consists of"
    return None


def _merged_rows(bound: BoundTable, change: Merge, groups: Mapping[str, frozenset[str]]) -> CoarserRows:
    axis = bound.axes[change.dimension]
    into = {leaf: label for label, members in change.members.items() for leaf in members if leaf != label}
    stay = {*change.members, *groups, axis.total}
    carried = [label for label in axis.labels if label in stay and label not in into]
    return coarser_rows(bound, change.dimension, into, carried, may_add=addable(bound, change.dimension) is None)


def _dropped_rows(bound: BoundTable, change: Drop) -> CoarserRows:
    axis = bound.axes[change.dimension]
    if len(bound.axes) == 1:
        raise NotPossibleError(f"{change.dimension}: it is the only dimension")
    everyone = axis.total or ""
    into = dict.fromkeys(axis.leaves, everyone)
    carried = [everyone] if axis.total is not None else []
    reason = addable(bound, change.dimension)
    try:
        return coarser_rows(bound, change.dimension, into, carried, may_add=reason is None)
    except NotPossibleError:
        raise NotPossibleError(reason) from None
