"""Which cells of linked tables are the same cell: those that count the same people."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.remainders import RemainderLabel

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def merge_shared(
    tables: Sequence[BoundTable], cubes: Sequence[Cube], values: Integers, present: Booleans
) -> Integers | None:
    """Give cells that stand in several tables one number: the smallest of theirs; None if no cell does.

    Raises:
        InputErrors: Two tables disagree about a shared cell.
    """
    pairs: list[tuple[Integers, Integers]] = []
    for first, second in itertools.combinations(cubes, 2):
        if first.measure != second.measure or first.table == second.table:
            continue
        pair = _shared(first, second)
        if pair is None:
            continue
        one, two = pair
        differing = np.flatnonzero(present[one] & present[two] & (values[one] != values[two]))
        if len(differing):
            where = np.argwhere(second.ids == two[differing[0]])[0]
            labels = ", ".join(axis.written(int(node)) for axis, node in zip(second.axes, where, strict=True))
            raise InputErrors(
                [
                    InputError(
                        tables[second.table].place,
                        second.measure,
                        f"another count than in the linked table {tables[first.table].place} in {len(differing)} "
                        f"shared cells, the first at {labels}",
                        "the same figures, from the same records; or, where one table counts only a part of them, "
                        "a column in it, called as in the other table, with the category of that part in every row",
                    )
                ]
            )
        pairs.append(pair)
    return _components(len(values), pairs) if pairs else None


def _components(count: int, pairs: list[tuple[Integers, Integers]]) -> Integers:
    """Number things joined by pairs, directly or through others, by the smallest among them."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    one, two = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    graph = sparse.coo_array((np.ones(len(one), dtype=np.int8), (one, two)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    smallest = np.full(count, count, dtype=np.int64)
    np.minimum.at(smallest, component, np.arange(count, dtype=np.int64))
    merged: Integers = smallest[component]
    return merged


def _shared(first: Cube, second: Cube) -> tuple[Integers, Integers] | None:
    """List the cells of two tables that are the same: shared dimensions alike, all others at their total."""
    names = [[axis.name for axis in cube.axes] for cube in (first, second)]
    common = [name for name in names[0] if name in names[1]]
    alike: dict[str, tuple[list[int], list[int]]] = {}
    for name in common:
        one, two = first.axes[names[0].index(name)], second.axes[names[1].index(name)]
        pairs = [
            (node, two.position[label])
            for label, node in one.position.items()
            if label in two.position
            and node != one.total
            and two.position[label] != two.total
            # who is in none of a margin's parts depends on the parts that a table has
            and not isinstance(label, RemainderLabel)
        ]
        if one.total is not None and two.total is not None:
            pairs.append((one.total, two.total))
        if not pairs:
            return None
        alike[name] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    selected = []
    for side, cube in enumerate((first, second)):
        nodes: list[list[int]] = []
        for axis in cube.axes:
            everything = axis.everything
            if axis.name in alike:
                nodes.append(alike[axis.name][side])
            elif everything is not None:
                nodes.append([everything])
            else:
                return None
        part = cube.ids[np.ix_(*nodes)]
        selected.append(np.moveaxis(part, [names[side].index(name) for name in common], range(len(common))).ravel())
    return selected[0], selected[1]
