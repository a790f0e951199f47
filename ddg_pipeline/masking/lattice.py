"""The cells of all tables as compiled code reads them: coordinates over the union of all dimensions.

Tables that share records are projections of one table that nobody publishes, with every dimension of theirs. A change
of records moves a cell of each table: the one at its coordinates, with the dimensions that the table lacks at their
total. So a move is described once, over all dimensions, and every table finds its cells from that.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.axes import AxisNodes
from ddg_pipeline.masking.measure_axis import MEASURES, elementary_changes
from ddg_pipeline.masking.system import System

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

OUTSIDE = -(2**40)  # the offset of a node that a table does not have; no sum with one of these is 0 or more
_TOTAL = ("\0total",)
_ALL_PARTITIONS_UP_TO = 4  # dimensions; with more, at most one block of several
_LARGEST_BLOCK = 4

ADDS_UP, STANDS_ALONE, COUNTS = 0, 1, 2  # kinds of axes


def record(fields: Sequence[tuple[str, str]]) -> np.dtype[np.void]:
    """Describe records whose fields are attributes, in compiled code and out of it."""
    return np.dtype((np.record, np.dtype(list(fields), align=True)))


AXIS = record([("kind", "i8"), ("everything", "i8"), ("node", "i8"), ("leaf", "i8")])
"""An axis: its kind; the node that counts all records, or -1; where its nodes begin among all nodes, and its leaves in
`Lattice.lists`. There is one more, for where the last one's end."""

NODE = record([("path", "i8"), ("below", "i8"), ("change", "i8"), ("signature", "i8")])
"""A node: where its path begins in `Lattice.lists` (a leaf and all that counts it in, through any hierarchy); where the
leaves counted in it begin there; where its changes begin in `Lattice.change_of`; and for leaves a number: those with
the same can be exchanged, one with 0 can also change by itself, -1 is no leaf. One more node marks the end."""

PLACE = record([("cell", "i4"), ("first", "?")])
"""A position in a cube: its cell, and whether it is the first of that cell."""


class Lattice(NamedTuple):
    """Axes, nodes and cells, in flat arrays. U axes, G nodes over all axes, K cubes, P partitions.

    Attributes:
        axes: Records of `AXIS`.
        nodes: Records of `NODE`.
        lists: Node numbers, as numbered along their axis.
        change_of: Where each elementary change of counts begins in `changes`.
        changes: Pairs of a node and by how much it changes.
        offset: K x G: what a node adds to a cell's position in a cube, or OUTSIDE.
        base: Where each cube begins in `places`; K + 1.
        places: Records of `PLACE`, for all cubes.
        home: Per cell, its first position in `places`.
        shape: K x U x 3: how many nodes a cube has along an axis (0 where it lacks the axis), how far they are apart in
            it, and where they begin in `own_nodes`.
        own_nodes: The axis's node number of a cube's node.
        blocks: P x U: to which block of a partition an axis belongs; the finest partition first.
    """

    axes: NDArray[np.void]
    nodes: NDArray[np.void]
    lists: Integers
    change_of: Integers
    changes: Integers
    offset: Integers
    base: Integers
    places: NDArray[np.void]
    home: Integers
    shape: Integers
    own_nodes: Integers
    blocks: Integers


class _Grid(NamedTuple):
    """The cells of one table, with a first axis for its counts where identities join them."""

    axes: tuple[_Axis, ...]
    ids: Integers


class _Axis(NamedTuple):
    name: str
    keys: tuple[Hashable, ...]  # one a node; the same key in two tables is the same node
    relations: tuple[tuple[Hashable, tuple[Hashable, ...]], ...]
    everything: Hashable | None


class _Union(NamedTuple):
    """One axis over all tables that have it."""

    keys: list[Hashable]
    relations: list[tuple[int, tuple[int, ...]]]
    everything: int
    kind: int
    changes: list[list[tuple[tuple[int, int], ...]]]


def build_lattice(system: System) -> Lattice:
    """Write a system's cubes as one lattice."""
    changes = _measure_changes(system)
    grids = _grids(system, joined=changes is not None)
    names = list(dict.fromkeys(axis.name for grid in grids for axis in grid.axes))
    unions = [_union(name, grids, changes or ()) for name in names]
    node_start = np.cumsum([0, *(len(union.keys) for union in unions)])
    paths, signatures, below, leaves = [], [], [], []
    for union in unions:
        own_paths, own_signatures, own_below = _climb(union)
        paths += own_paths
        signatures += own_signatures
        below += own_below
        leaves.append([node for node, signature in enumerate(own_signatures) if signature >= 0])
    offset, shape, own_nodes = _places(grids, names, unions, node_start)
    places = np.zeros(sum(grid.ids.size for grid in grids), dtype=PLACE)
    places["cell"] = np.concatenate([grid.ids.ravel() for grid in grids])
    home = np.full(len(system.values), -1, dtype=np.int64)
    positions = np.arange(len(places), dtype=np.int64)
    home[places["cell"][::-1]] = positions[::-1]
    places["first"] = home[places["cell"]] == positions
    axes = np.zeros(len(unions) + 1, dtype=AXIS)
    axes["kind"][:-1] = [union.kind for union in unions]
    axes["everything"][:-1] = [union.everything for union in unions]
    axes["node"] = node_start
    nodes = np.zeros(len(signatures) + 1, dtype=NODE)
    nodes["signature"][:-1] = signatures
    nodes["path"] = _starts(paths)
    nodes["below"] = _starts(below) + nodes["path"][-1]
    axes["leaf"] = _starts(leaves) + nodes["below"][-1]
    every_change = [changes for union in unions for changes in union.changes]
    nodes["change"] = _starts(every_change)
    changed = [change for changes in every_change for change in changes]
    flat = [pair for change in changed for pair in change]
    return Lattice(
        axes=axes,
        nodes=nodes,
        lists=_flat([*paths, *below, *leaves]),
        change_of=_starts(changed),
        changes=np.array(flat, dtype=np.int64).reshape(-1, 2),
        offset=offset,
        base=np.cumsum([0, *(grid.ids.size for grid in grids)]).astype(np.int64),
        places=places,
        home=home,
        shape=shape,
        own_nodes=own_nodes,
        blocks=_partitions([union.kind for union in unions]),
    )


def _measure_changes(system: System) -> tuple[Mapping[str, int], ...] | None:
    """List the elementary changes of the counts that identities join; None where none are joined."""
    identities = [identity.terms for table in system.tables for identity in table.contract.parsed_identities]
    measures = {cube.measure for cube in system.cubes}
    relevant = [terms for terms in identities if terms.keys() <= measures]
    return tuple(elementary_changes(measures, relevant)) if relevant else None


def _grids(system: System, joined: bool) -> list[_Grid]:
    found: list[_Grid] = []
    for number in dict.fromkeys(cube.table for cube in system.cubes):
        cubes = [cube for cube in system.cubes if cube.table == number]
        if joined:
            counts = _Axis(MEASURES, tuple(cube.measure for cube in cubes), (), None)
            found.append(_Grid((counts, *map(_axis, cubes[0].axes)), np.stack([cube.ids for cube in cubes])))
        else:
            found += [_Grid(tuple(map(_axis, cube.axes)), cube.ids) for cube in cubes]
    return found


def _axis(nodes: AxisNodes) -> _Axis:
    keys = tuple(_TOTAL if node == nodes.total else label for node, label in enumerate(nodes.labels))
    relations = tuple((keys[parent], tuple(keys[child] for child in children)) for parent, children in nodes.relations)
    return _Axis(nodes.name, keys, relations, None if nodes.everything is None else keys[nodes.everything])


def _union(name: str, grids: Sequence[_Grid], changes: Sequence[Mapping[str, int]]) -> _Union:
    mine = [axis for grid in grids for axis in grid.axes if axis.name == name]
    keys = list(dict.fromkeys(key for axis in mine for key in axis.keys))
    position = {key: node for node, key in enumerate(keys)}
    relations = list(
        dict.fromkeys(
            (position[parent], tuple(sorted(position[child] for child in children)))
            for axis in mine
            for parent, children in axis.relations
        )
    )
    if name == MEASURES:
        return _Union(keys, [], -1, COUNTS, [_raising(measure, position, changes) for measure in keys])
    everything = {axis.everything for axis in mine} - {None}
    whole = _TOTAL if _TOTAL in everything else next(iter(everything)) if len(everything) == 1 else None
    kind = ADDS_UP if relations else STANDS_ALONE
    return _Union(keys, relations, -1 if whole is None else position[whole], kind, [[] for _ in keys])


def _raising(
    measure: Hashable, position: Mapping[Hashable, int], changes: Sequence[Mapping[str, int]]
) -> list[tuple[tuple[int, int], ...]]:
    """List the elementary changes that raise a count, as (node, delta); counts that no table has are left out."""
    found = []
    for change in changes:
        sign = {name: delta for name, delta in change.items() if name == measure}.get(str(measure), 0)
        if sign:
            found.append(tuple((position[name], delta * sign) for name, delta in change.items() if name in position))
    return found


def _climb(union: _Union) -> tuple[list[list[int]], list[int], list[list[int]]]:
    """For each node its path, signature and leaves."""
    size = len(union.keys)
    above: list[set[int]] = [set() for _ in range(size)]
    parents = {parent for parent, _ in union.relations}
    for parent, children in union.relations:
        for child in children:
            above[child].add(parent)
    closed: dict[int, frozenset[int]] = {}

    def climb(node: int) -> frozenset[int]:
        if node not in closed:
            closed[node] = frozenset({node}).union(*(climb(parent) for parent in above[node]))
        return closed[node]

    paths: list[list[int]] = [sorted(climb(node)) if node not in parents else [] for node in range(size)]
    below: list[list[int]] = [[] for _ in range(size)]
    for node, path in enumerate(paths):
        for one in path:
            below[one].append(node)
    return paths, _signatures(union, paths), below


def _signatures(union: _Union, paths: Sequence[Sequence[int]]) -> list[int]:
    """Number the leaves by the relations that would not hold if one changed with its path alone; 0 if all would."""
    changes: list[list[tuple[int, int]]] = [[] for _ in union.keys]
    for number, (parent, children) in enumerate(union.relations):
        changes[parent].append((number, -1))
        for child in children:
            changes[child].append((number, 1))
    numbers: dict[tuple[tuple[int, int], ...], int] = {(): 0}
    found = []
    for path in paths:
        imbalance: dict[int, int] = {}
        for number, sign in (change for one in path for change in changes[one]):
            imbalance[number] = imbalance.get(number, 0) + sign
        wrong = tuple(sorted((number, off) for number, off in imbalance.items() if off))
        found.append(numbers.setdefault(wrong, len(numbers)) if path else -1)
    return found


def _places(
    grids: Sequence[_Grid], names: list[str], unions: Sequence[_Union], node_start: Integers
) -> tuple[Integers, Integers, Integers]:
    """Say where a node's cells are in each grid, and which node each grid's own number stands for."""
    offset = np.full((len(grids), int(node_start[-1])), OUTSIDE, dtype=np.int64)
    shape = np.zeros((len(grids), len(names), 3), dtype=np.int64)
    own_nodes: list[int] = []
    for k, grid in enumerate(grids):
        strides = [int(np.prod(grid.ids.shape[number + 1 :])) for number in range(grid.ids.ndim)]
        own = {axis.name: number for number, axis in enumerate(grid.axes)}
        for u, (name, union) in enumerate(zip(names, unions, strict=True)):
            if name not in own:
                if union.everything >= 0:
                    offset[k, node_start[u] + union.everything] = 0
                continue
            axis = grid.axes[own[name]]
            position = {key: node for node, key in enumerate(union.keys)}
            nodes = [position[key] for key in axis.keys]
            shape[k, u] = len(nodes), strides[own[name]], len(own_nodes)
            offset[k, node_start[u] + np.array(nodes)] = np.arange(len(nodes)) * strides[own[name]]
            own_nodes += nodes
    return offset, shape, np.array(own_nodes, dtype=np.int64)


def _partitions(kinds: Sequence[int]) -> Integers:
    """List ways to take axes together: each by itself first, then the larger blocks."""
    adding = [axis for axis, kind in enumerate(kinds) if kind == ADDS_UP]
    if len(adding) <= _ALL_PARTITIONS_UP_TO:
        partitions = [list(partition) for partition in _set_partitions(adding)]
    else:
        together = [chosen for size in range(2, _LARGEST_BLOCK + 1) for chosen in itertools.combinations(adding, size)]
        partitions = [[[axis] for axis in adding]]
        partitions += [[list(chosen), *([axis] for axis in adding if axis not in chosen)] for chosen in together]
    partitions.sort(key=lambda partition: (-len(partition), max((len(block) for block in partition), default=0)))
    table = np.zeros((len(partitions), len(kinds)), dtype=np.int64)
    alone = [axis for axis in range(len(kinds)) if axis not in adding]
    for row, partition in enumerate(partitions):
        for number, block in enumerate([*([axis] for axis in alone), *partition]):
            table[row, block] = number
    return table


def _set_partitions(items: Sequence[int]) -> Iterator[list[list[int]]]:
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for partition in _set_partitions(rest):
        yield [[head], *partition]
        for number, block in enumerate(partition):
            yield [*partition[:number], [head, *block], *partition[number + 1 :]]


def _starts(lists: Sequence[Sequence[object]]) -> Integers:
    return np.cumsum([0, *(len(one) for one in lists)]).astype(np.int64)


def _flat(lists: Sequence[Sequence[int]]) -> Integers:
    return np.array([item for one in lists for item in one], dtype=np.int64)


__all__ = ["ADDS_UP", "COUNTS", "OUTSIDE", "STANDS_ALONE", "Lattice", "build_lattice"]
