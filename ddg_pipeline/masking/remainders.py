"""People whom a margin counts and none of its parts: a category more, which no table shows.

A total that exceeds the sum of its parts tells how many people are in none of them. Readers can subtract, so that the
remainder is a cell like any other: where it is small it has to be protected. Every margin with a remainder gets one
more part, at every combination of the other dimensions, so that all sums hold exactly.

A count that is missing (a row without a figure, published as "no data available") is nobody's secret, unless a margin
that counts it in is carried: then it can be calculated, and is a cell that no table carries as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError
from ddg_pipeline.masking.axes import AxisNodes
from ddg_pipeline.masking.margins import Booleans, Figures, Integers, fill_margins, listed

Axes = tuple[AxisNodes, ...]

_MOST_COMPLETED = 200_000  # cells of a table with rows left out, beyond which nobody looks for their counts
_SECONDS = 60.0


class RemainderLabel(str):
    """The label of people in none of a margin's parts; told from real labels by its type."""

    __slots__ = ()


@dataclass(frozen=True)
class Balanced:
    """A table whose sums all hold.

    Attributes:
        axes: The nodes of each dimension, those for remainders among the leaves.
        figures: The counts of each measure.
        derived: For each measure, the cells that no table shows and a reader can only calculate: remainders, and
            missing counts that follow from margins.
        mirrored: For each measure, the remainders among them that are all their margin counts there, because none of
            its parts is in the table at that combination: the margin's own figure over again.
    """

    axes: Axes
    figures: Mapping[str, Figures]
    derived: Mapping[str, Booleans]
    mirrored: Mapping[str, Booleans]


def balance(table: BoundTable, axes: Axes, figures: Mapping[str, Figures]) -> tuple[Balanced, list[InputError]]:
    """Add what is missing for every sum of a table to hold: counts that follow from others, and remainders.

    Args:
        table: The table.
        axes: Its nodes.
        figures: Its counts.

    Returns:
        The balanced table, and what is wrong with it: remainders that contradict each other.
    """
    found = {name: _with_missing(axes, one) for name, one in figures.items()}
    balanced = _with_remainders(table, axes, found)
    again = [name for name, one in balanced.figures.items() if _wrong(balanced.axes, one).any()]
    if again:  # rows that the table leaves out hold somebody
        for name in again:
            found[name] = _completed(table, axes, name, figures[name]) or found[name]
        balanced = _with_remainders(table, axes, found)
    errors = []
    for name in again:
        wrong = _wrong(balanced.axes, balanced.figures[name])
        if wrong.any():
            at = listed(name, balanced.axes, np.argwhere(wrong))
            expected = (
                "correct the table, carry the totals and groups above these cells in it, or declare `additive: false` "
                "on a dimension whose categories do not sum"
            )
            text = f"margins that exceed their parts in a way that no counts explain, at {at}"
            errors.append(InputError(table.place, name, text, expected))
    return balanced, errors


def _wrong(axes: Axes, figures: Figures) -> Booleans:
    """Mark cells that would count fewer than nobody, and margins that are not the sum of their parts."""
    wrong = figures.values < 0
    if not _remainders(axes).any():
        return wrong  # no margin exceeds its parts
    for number, parent, children in _each(axes):
        values, present, marked = (
            np.moveaxis(a[..., None], number, 0) for a in (figures.values, figures.present, wrong)
        )
        marked[parent] |= present[children].any(axis=0) & (values[parent] != values[children].sum(axis=0))
    return wrong


# --- missing counts --------------------------------------------------------------------------------------------------


def _with_missing(axes: Axes, figures: Figures) -> Figures:
    """Give each missing count the most that every margin above it leaves, one after the other.

    Of several missing counts in one row the first takes all, so that protecting it protects their sum. Only cells
    without parts are counts of their own: a missing margin is the sum of its parts.
    """
    wanted = figures.missing & ~figures.present & _finest(axes)
    if not wanted.any():
        return figures
    wanted &= ~_blocked(axes, figures)
    values, present = figures.values.copy(), figures.present.copy()
    filled = replace(figures, values=values, present=present)
    for place in np.argwhere(wanted).tolist():
        above = [sorted(axis.ancestors[node]) for axis, node in zip(axes, place, strict=True)]
        most = _room(axes, values, figures.known, above)
        if most:
            values[tuple(place)] = most
            present[tuple(place)] = True
            _add_up_again(axes, filled, above, tuple(place))
    return filled


def _add_up_again(axes: Axes, figures: Figures, above: Sequence[Sequence[int]], place: tuple[int, ...]) -> None:
    """Compute, in place, the margins of one cell that have no row, finer ones first: as `fill_margins` does for all."""
    margins = [cell for cell in itertools.product(*above) if cell != place and not figures.known[cell]]
    for cell in sorted(margins, key=lambda cell: sum(a.heights[n] for a, n in zip(axes, cell, strict=True))):
        for number, parent, children in _each(axes):
            if parent == cell[number]:
                parts = sum(int(figures.values[(*cell[:number], part, *cell[number + 1 :])]) for part in children)
                figures.values[cell] = max(int(figures.values[cell]), parts)
        figures.present[cell] = True


def _finest(axes: Sequence[AxisNodes]) -> Booleans:
    finest = np.ones((), dtype=bool)
    for axis in axes:
        finest = np.logical_and.outer(finest, np.array(axis.heights) == 0)
    return finest


def _blocked(axes: Axes, figures: Figures) -> Booleans:
    """Say which cells cannot count more than they do, because a margin that is known does not."""
    blocked = figures.known.copy()
    before = -1
    while before < int(np.count_nonzero(blocked)):
        before = int(np.count_nonzero(blocked))
        for number, parent, children in _each(axes):
            values, done, known = (np.moveaxis(a, number, 0) for a in (figures.values, blocked, figures.known))
            full = np.where(known[parent], values[parent] == values[children].sum(axis=0), done[parent])
            done[children] |= full
    return blocked


def _room(axes: Axes, values: Integers, known: Booleans, above: Sequence[Sequence[int]]) -> int:
    """Say how much more a cell may count: the least that any known margin above it leaves; 0 if there is none."""
    room: int | None = None
    for number, parent, children in _each(axes):
        if parent not in above[number]:
            continue
        through = set(children).intersection(above[number])
        if len(through) != 1:
            return 0  # counted twice, or not at all: nothing can be said
        (child,) = through
        for others in itertools.product(*(nodes for n, nodes in enumerate(above) if n != number)):
            before, after = others[:number], others[number:]
            if known[(*before, parent, *after)] and not known[(*before, child, *after)]:
                parts = sum(int(values[(*before, part, *after)]) for part in children)
                left = int(values[(*before, parent, *after)]) - parts
                room = left if room is None else min(room, left)
    return max(room or 0, 0)


def _completed(table: BoundTable, axes: Axes, name: str, figures: Figures) -> Figures | None:
    """Find counts for rows that the table leaves out, as few people as possible, so that every remainder is possible.

    People whom a margin counts and none of its parts are looked for under margins that the table carries; of others
    nothing is known but the sum of their parts.

    Returns:
        The table with these counts, or None where there are none, or too many to look for.
    """
    from scipy import optimize, sparse

    wide: list[AxisNodes] = []
    values, known, missing = figures.values, figures.known, figures.missing
    for number, axis in enumerate(axes):
        needed = [_Needed(parent, (position,)) for position, (parent, _) in enumerate(axis.relations)]
        wide.append(_extended(axis, needed, ()))
        values, known, missing = (
            _widened(array, number, axis.leaf_count, len(needed)) for array in (values, known, missing)
        )
    if values.size > _MOST_COMPLETED:
        return None
    ids = np.arange(values.size).reshape(values.shape)
    rows, columns, data, count = [], [], [], 0
    for number, parent, children in _each(tuple(wide)):
        along = np.moveaxis(ids, number, 0)
        cells = np.concatenate([along[parent].reshape(1, -1), along[children].reshape(len(children), -1)])
        rows.append(np.broadcast_to(np.arange(count, count + cells.shape[1]), cells.shape).ravel())
        columns.append(cells.ravel())
        data.append(np.repeat([-1.0, *[1.0] * len(children)], cells.shape[1]))
        count += cells.shape[1]
    matrix = sparse.csr_array((np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))))
    nobody, unlikely = _without_margin(axes, wide, known)
    left_out = _finest(wide) & ~known & ~missing & ~_remainders(wide)
    given = known.ravel()
    # an implied margin is the largest sum of parts, along some dimension: without remainders along that one
    for number in (None, *range(len(axes))):
        empty = nobody if number is None else nobody | _beyond_implied(axes, wide, known, number)
        most = np.where(empty.ravel(), 0, np.inf)
        found = optimize.milp(
            (left_out | unlikely).ravel().astype(float),
            integrality=(~given).astype(np.int64),
            bounds=optimize.Bounds(np.where(given, values.ravel(), 0), np.where(given, values.ravel(), most)),
            constraints=optimize.LinearConstraint(matrix, 0, 0),
            options={"time_limit": _SECONDS},
        )
        if found.x is None:
            continue
        own = np.ix_(*([n for n, label in enumerate(w.labels) if not isinstance(label, RemainderLabel)] for w in wide))
        completed = np.rint(found.x).astype(np.int64).reshape(values.shape)[own]
        taken = figures.known | (_finest(axes) & (completed > 0))
        completed = np.where(taken, completed, 0)
        one = replace(figures, values=completed, present=fill_margins(completed, taken, axes))
        balanced = _with_remainders(table, axes, {name: one})
        if not _wrong(balanced.axes, balanced.figures[name]).any():
            return one
    return None


def _beyond_implied(axes: Axes, wide: Sequence[AxisNodes], known: Booleans, number: int) -> Booleans:
    """List remainders of one dimension, at categories of all others, whose margin the table does not carry."""
    above = [np.arange(len(one.labels)) for one in wide]
    for position, (parent, _) in enumerate(wide[number].relations):
        above[number][axes[number].leaf_count + position] = parent
    others = [one if n != number else replace(one, labels=(None,) * len(one.labels)) for n, one in enumerate(wide)]
    along = [n == number for n in range(len(wide))]
    own = np.zeros((), dtype=bool)
    for one, chosen in zip(wide, along, strict=True):
        remainder = [chosen and isinstance(label, RemainderLabel) for label in one.labels]
        own = np.logical_or.outer(own, remainder)
    return own & ~_remainders(others) & ~known[np.ix_(*above)]


def _without_margin(axes: Axes, wide: Sequence[AxisNodes], known: Booleans) -> tuple[Booleans, Booleans]:
    """List the finest remainders whose margin the table does not carry, in two parts.

    Args:
        axes: The nodes of each dimension.
        wide: The same with a remainder for every sum, in the order of the sums.
        known: Where the table has a count, by the wide nodes.

    Returns:
        Those in which nobody is, as their margin is the sum of its parts; and those that one grouping of a margin may
        lack because another has more.
    """
    above, several = [], np.zeros((), dtype=bool)
    for axis, one in zip(axes, wide, strict=True):
        margin = np.arange(len(one.labels))
        grouped = np.zeros(len(one.labels), dtype=bool)
        parents = [parent for parent, _ in one.relations]
        for position, parent in enumerate(parents):
            margin[axis.leaf_count + position] = parent
            grouped[axis.leaf_count + position] = parents.count(parent) > 1
        above.append(margin)
        several = np.logical_or.outer(several, grouped)
    unfounded = _finest(wide) & _remainders(wide) & ~known[np.ix_(*above)]
    return unfounded & ~several, unfounded & several


def _widened(array: NDArray[np.generic], number: int, at: int, more: int) -> Any:
    return np.insert(array, [at] * more, 0, axis=number)


# --- remainders ------------------------------------------------------------------------------------------------------


def _with_remainders(table: BoundTable, axes: Axes, figures: Mapping[str, Figures]) -> Balanced:
    done = dict(figures)
    mirrored = {name: np.zeros(one.values.shape, dtype=bool) for name, one in figures.items()}
    new_axes: list[AxisNodes] = []
    for number, axis in enumerate(axes):
        needed = _needed(number, axis, figures)
        new_axes.append(_extended(axis, needed, table.axes[axis.name].labels) if needed else axis)
        if needed:
            for name, one in done.items():
                done[name], mirrored[name] = _with_nodes(number, axis, needed, one, mirrored[name])
    new_shape = tuple(len(axis.labels) for axis in new_axes)
    for name, one in figures.items():
        if done[name] is not one:
            old = np.unravel_index(one.rows, one.values.shape)
            moved = [
                nodes + (len(new.labels) - len(axis.labels)) * (nodes >= axis.leaf_count)
                for nodes, axis, new in zip(old, axes, new_axes, strict=True)
            ]
            done[name] = replace(done[name], rows=np.ravel_multi_index(tuple(moved), new_shape).astype(np.int64))
    nobodys = _remainders(new_axes) | _finest(new_axes)
    derived = {name: one.present & ~one.known & nobodys for name, one in done.items()}
    return Balanced(tuple(new_axes), done, derived, mirrored)


def _remainders(axes: Sequence[AxisNodes]) -> Booleans:
    found = np.zeros((), dtype=bool)
    for axis in axes:
        found = np.logical_or.outer(found, [isinstance(label, RemainderLabel) for label in axis.labels])
    return found


@dataclass(frozen=True)
class _Needed:
    """A node to be added: the margin, and which of its groupings lack the same people."""

    parent: int
    relations: tuple[int, ...]


def _needed(number: int, axis: AxisNodes, figures: Mapping[str, Figures]) -> list[_Needed]:
    """List the margins of a dimension that exceed their parts somewhere.

    Where every grouping of a margin lacks as many everywhere, they are taken to lack the same people.
    """
    lacking: dict[int, list[tuple[int, list[Integers]]]] = {}
    for position, (parent, children) in enumerate(axis.relations):
        rests: list[Integers] = []
        for one in figures.values():
            values, present = np.moveaxis(one.values, number, 0), np.moveaxis(one.present, number, 0)
            rest = values[parent] - values[list(children)].sum(axis=0)
            rests.append(np.where(present[list(children)].any(axis=0), rest, 0))
        lacking.setdefault(parent, []).append((position, rests))
    found: list[_Needed] = []
    for parent, groupings in lacking.items():
        first = groupings[0][1]
        alike = all(np.array_equal(a, b) for _, rests in groupings for a, b in zip(first, rests, strict=True))
        if alike and any((rest > 0).any() for rest in first):
            found.append(_Needed(parent, tuple(position for position, _ in groupings)))
        elif not alike:
            found += [_Needed(parent, (at,)) for at, rests in groupings if any((rest > 0).any() for rest in rests)]
    return found


def _extended(axis: AxisNodes, needed: Sequence[_Needed], taken: Sequence[str]) -> AxisNodes:
    """Add a leaf for each margin with a remainder, after the other leaves."""
    first, more = axis.leaf_count, len(needed)

    def moved(node: int) -> int:
        return node if node < first else node + more

    labels: list[str | None] = list(axis.labels[:first])
    for one in needed:
        parent = axis.labels[one.parent]
        label = "(in none of its parts)" if parent is None else f"(in none of the parts of {parent})"
        while label in labels or label in axis.labels or label in taken:
            label += "'"
        labels.append(RemainderLabel(label))
    labels += axis.labels[first:]
    relations = []
    for position, (parent_node, children) in enumerate(axis.relations):
        extra = [first + at for at, one in enumerate(needed) if position in one.relations]
        relations.append((moved(parent_node), tuple(sorted([*map(moved, children), *extra]))))
    total = None if axis.total is None else moved(axis.total)
    return AxisNodes(axis.name, tuple(labels), first + more, tuple(relations), total)


def _with_nodes(
    number: int, axis: AxisNodes, needed: Sequence[_Needed], figures: Figures, mirrored: Booleans
) -> tuple[Figures, Booleans]:
    """Put the remainders of one dimension after its leaves."""
    values, known, missing, present, same = (
        np.moveaxis(a, number, 0) for a in (figures.values, figures.known, figures.missing, figures.present, mirrored)
    )
    rests, mirrors = [], []
    for one in needed:
        children = list(axis.relations[one.relations[0]][1])
        rests.append(values[one.parent] - values[children].sum(axis=0))
        # where nothing of the margin is shown, what is in none of its parts is the margin itself
        mirrors.append((known[one.parent] | same[one.parent]) & present[one.parent] & ~present[children].any(axis=0))
    rest, mirror = np.stack(rests), np.stack(mirrors)
    nothing = np.zeros(rest.shape, dtype=bool)

    def joined(whole: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
        parts = [whole[: axis.leaf_count], new, whole[axis.leaf_count :]]
        return np.ascontiguousarray(np.moveaxis(np.concatenate(parts), 0, number))

    return (
        replace(
            figures,
            values=joined(values, rest),
            known=joined(known, nothing),
            missing=joined(missing, nothing),
            present=joined(present, rest != 0),
        ),
        joined(same, mirror & (rest > 0)),
    )


def _each(axes: Axes) -> Iterator[tuple[int, int, list[int]]]:
    for number, axis in enumerate(axes):
        for parent, children in axis.relations:
            yield number, parent, list(children)
