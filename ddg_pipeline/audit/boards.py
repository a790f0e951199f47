"""How the unknowns of a table lie in it: what the search for exchanges walks on.

A person more in one innermost cell is one more in every total above it. The changes of a table that keep all its sums
are made of such persons: along every axis, either one category takes over from another, or everything above it changes
too. Which labels lie above and below which is all that is needed to list them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ddg_pipeline.audit.lattice import Axis, Integers
from ddg_pipeline.audit.published import ReadTable

_MOST_MEASURES = 6  # beyond, one measure is changed at a time


class Board(NamedTuple):
    """One table for compiled code. A square is numbered by its cell's number, plus ``space`` for every measure before.

    Attributes:
        space: How many numbers a cell can have.
        unknown_at: Per square, its unknown, or -1.
        square_of: Per unknown, its square, or -1.
        stride: Per axis, what one label more adds to a number.
        size: Per axis, how many labels it has.
        adds_up: Per axis, whether its categories sum.
        label_begin: Per axis, where its labels begin in the next four.
        up_begin: Per label, where the labels it is part of begin in ``up``, itself included, in ascending order.
        up: Labels.
        down_begin: Per label, where its innermost categories begin in ``down``.
        down: Labels.
        leaf_begin: Per axis, where its innermost categories begin in ``leaf``.
        leaf: Labels, such that those with a parent in common stand together.
        leaf_place: Per label, where it stands among the innermost categories of its axis; for others 0.
        change_begin: Per measure, where its changes begin in ``entry_begin``.
        entry_begin: Per change of several measures together, where its entries begin.
        entry_measure: The measures that change, the one in question first.
        entry_factor: By how much each changes; 1 for the one in question.
    """

    space: int
    unknown_at: Integers
    square_of: Integers
    stride: Integers
    size: Integers
    adds_up: Integers
    label_begin: Integers
    up_begin: Integers
    up: Integers
    down_begin: Integers
    down: Integers
    leaf_begin: Integers
    leaf: Integers
    leaf_place: Integers
    change_begin: Integers
    entry_begin: Integers
    entry_measure: Integers
    entry_factor: Integers


def boards(tables: Sequence[ReadTable], number: Mapping[tuple[int, str], Integers], unknowns: int) -> list[Board]:
    """Lay out every table whose cells can be looked up in a list.

    Args:
        tables: The tables.
        number: Per table and count measure, the unknown of each cell.
        unknowns: How many unknowns there are.
    """
    found = []
    for position, table in enumerate(tables):
        measures = [measure for at, measure in number if at == position]
        if measures and len(table.lattice.place):
            found.append(_board(table, {measure: number[position, measure] for measure in measures}, unknowns))
    return found


def _board(table: ReadTable, number: Mapping[str, Integers], unknowns: int) -> Board:
    lattice = table.lattice
    space = len(lattice.place)
    unknown_at = np.full(space * len(number), -1, dtype=np.int64)
    square_of = np.full(unknowns, -1, dtype=np.int64)
    for position, numbers in enumerate(number.values()):
        squares = lattice.codes + position * space
        unknown_at[squares] = numbers
        square_of[numbers] = squares
    up, down, leaves, places = [], [], [], []
    for axis in lattice.axes:
        above, below, order = _levels(axis)
        up += above
        down += below
        leaves.append(order)
        place = np.zeros(len(axis.labels), dtype=np.int64)
        place[order] = np.arange(len(order), dtype=np.int64)
        places.append(place)
    changes = _changes(list(number), [dict(identity.terms) for identity in table.contract.parsed_identities])
    entries = [entry for of_measure in changes for entry in of_measure]
    return Board(
        space,
        unknown_at,
        square_of,
        np.array(lattice.strides, dtype=np.int64),
        np.array([len(axis.labels) for axis in lattice.axes], dtype=np.int64),
        np.array([bool(axis.families) for axis in lattice.axes], dtype=np.int64),
        _begins([len(axis.labels) for axis in lattice.axes]),
        _begins(map(len, up)),
        _flat(up),
        _begins(map(len, down)),
        _flat(down),
        _begins(map(len, leaves)),
        _flat(leaves),
        np.concatenate(places),
        _begins(map(len, changes)),
        _begins(map(len, entries)),
        _flat([[measure for measure, _ in entry] for entry in entries]),
        _flat([[factor for _, factor in entry] for entry in entries]),
    )


def _levels(axis: Axis) -> tuple[list[list[int]], list[list[int]], list[int]]:
    """Give for each label what it is part of, and its innermost categories; and these in order."""
    labels = range(len(axis.labels))
    if not axis.families:
        return [[label] for label in labels], [[label] for label in labels], list(labels)
    parents = {int(parent) for family in axis.families for parent in family if parent >= 0}
    leaves = [label for label in labels if label not in parents]
    above = [sorted({label, *axis.above[label].tolist()}) for label in labels]
    below: list[list[int]] = [[] for _ in labels]
    for leaf in leaves:
        for label in above[leaf]:
            below[label].append(leaf)
    return above, below, sorted(leaves, key=lambda leaf: (axis.above[leaf].tolist(), leaf))


def _changes(measures: list[str], identities: list[dict[str, int]]) -> list[list[list[tuple[int, int]]]]:
    """List for each measure the smallest ways to change it by one, with others, that keep all identities."""
    found: list[list[list[tuple[int, int]]]] = [[] for _ in measures]
    if not identities or len(measures) > _MOST_MEASURES:
        return [[[(position, 1)]] for position in range(len(measures))]
    for change in itertools.product((0, 1, -1), repeat=len(measures)):
        of_measure = dict(zip(measures, change, strict=True))
        if any(sum(factor * of_measure.get(name, 0) for name, factor in one.items()) for one in identities):
            continue
        for position, own in enumerate(change):
            if own == 1:
                others = [(at, factor) for at, factor in enumerate(change) if factor and at != position]
                found[position].append([(position, 1), *others])
    for of_measure_list in found:
        of_measure_list.sort(key=len)
    return found


def _begins(sizes: Sequence[int] | map[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(list(sizes), dtype=np.int64)]).astype(np.int64)


def _flat(parts: Sequence[Sequence[int]]) -> Integers:
    return np.array(list(itertools.chain.from_iterable(parts)), dtype=np.int64)
