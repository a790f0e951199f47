"""Moves that are no single product of swaps, found by integer programming.

Where zeros block every product, several products together may still do. The search asks for integer changes of the
cells near the one to protect, such that all relations hold and the cells newly hidden are the cheapest; if there is none
nearby, it looks further, and at last at every cell that shares a relation with it, directly or through others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import Bounds, Move
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

_NEIGHBOURS = (3, 8)  # how many categories beside its own a first and a second search take along each dimension
_SECONDS = 60.0  # the time one integer program may take
_INFEASIBLE = 2  # scipy's status of a program shown to have no solution


class SearchTooLongError(Exception):
    """The solver could neither find a change nor show that there is none in the time allowed."""


def cheapest_move(
    system: System,
    rules: MaskingRules,
    status: NDArray[np.int8],
    cell: int,
    wanted: Iterable[int],
) -> tuple[Move, float] | None:
    """Find changes of ``cell`` to one of the ``wanted`` differences, hiding as little as possible.

    Args:
        system: The cells and relations.
        rules: The figures that masking obeys.
        status: What becomes of each cell so far.
        cell: The cell to change.
        wanted: The differences from its true value that would do.

    Returns:
        The move and the price of what it would newly hide, or None where it is proved that no such change exists.

    Raises:
        SearchTooLongError: The solver reached its limit of time on the widest search.
    """
    differences = sorted(set(wanted))
    bounds = Bounds(system, rules)
    for number, region in enumerate(_regions(system, status, cell)):
        last = number == len(_NEIGHBOURS)
        best: tuple[Move, float] | None = None
        for low, high in _runs(differences):
            found = _solve(system, bounds, status, cell, region, (low, high), last)
            if found is not None and (best is None or found[1] < best[1]):
                best = found
        if best is not None:
            return best
    return None


def _runs(differences: list[int]) -> Iterator[tuple[int, int]]:
    """Split sorted whole numbers into runs without gaps."""
    start = previous = differences[0]
    for difference in differences[1:]:
        if difference != previous + 1:
            yield start, previous
            start = difference
        previous = difference
    yield start, previous


def _regions(system: System, status: NDArray[np.int8], cell: int) -> Iterator[Integers]:
    for neighbours in _NEIGHBOURS:
        yield _near(system, status, cell, neighbours)
    yield _connected(system, status, cell)


def _near(system: System, status: NDArray[np.int8], cell: int, neighbours: int) -> Integers:
    """The cells at combinations of the cell's own categories, what they add up to, and a few others that can change."""
    chosen: dict[str, set[str | None]] = {}
    for cube in system.cubes:
        where = np.argwhere(cube.ids == cell)
        if not len(where):
            continue
        for position, axis in enumerate(cube.axes):
            node = int(where[0][position])
            index: list[object] = [int(n) for n in where[0]]
            index[position] = slice(None)
            line = cube.ids[tuple(index)]  # type: ignore[arg-type]
            can_change = (status[line] != Status.ZERO) & (status[line] != Status.KNOWN)
            price = np.where(status[line] == Status.OPEN, system.costs[line], 0)
            order = [int(n) for n in np.lexsort((np.arange(len(line)), price)) if can_change[n] and n != node]
            leaves = [n for n in order if n < axis.leaf_count][:neighbours]
            own = [leaf for leaf in range(axis.leaf_count) if node in axis.ancestors[leaf]]
            kept = {node, *leaves, *([] if node < axis.leaf_count else own[:neighbours])}
            kept |= {above for leaf in list(kept) for above in axis.ancestors[leaf]}
            labels = {axis.labels[n] for n in kept}
            chosen.setdefault(axis.name, set()).update(labels)
    cells: list[Integers] = []
    for cube in system.cubes:
        nodes: list[list[int]] = []
        for axis in cube.axes:
            if axis.name in chosen:
                kept_nodes = [axis.position[label] for label in chosen[axis.name] if label in axis.position]
                if axis.total is not None:
                    kept_nodes.append(axis.total)
            else:
                # a linked table's own dimension: a few leaves and all that is above them
                leaves = list(range(min(neighbours + 1, axis.leaf_count)))
                kept_nodes = [above for leaf in leaves for above in axis.ancestors[leaf]]
            nodes.append(sorted(set(kept_nodes)))
        if all(nodes):
            cells.append(cube.ids[np.ix_(*nodes)].ravel())
    return np.unique(np.concatenate(cells))


def _connected(system: System, status: NDArray[np.int8], cell: int) -> Integers:
    """Every cell that can change and is joined to this one by relations among such cells."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    movable = np.flatnonzero((status != Status.ZERO) & (status != Status.KNOWN))
    part = abs(system.matrix[:, movable])
    graph = sparse.csr_array(part.T @ part)
    _, component = connected_components(graph, directed=False)
    own = component[np.searchsorted(movable, cell)]
    connected: Integers = movable[component == own]
    return connected


def _solve(
    system: System,
    bounds: Bounds,
    status: NDArray[np.int8],
    cell: int,
    region: Integers,
    difference: tuple[int, int],
    last: bool,
) -> tuple[Move, float] | None:
    """Solve one integer program: change ``cell`` by an amount in the range, and only cells of the region."""
    from scipy import optimize, sparse

    down, up = bounds.room(region, status[region])
    can_change = (down > 0) | (up > 0)
    cells = region[can_change]
    where = np.searchsorted(cells, cell)
    if where >= len(cells) or cells[where] != cell:
        return None
    # a small range keeps the program easy; a protecting change never needs cells to move further than the count itself
    reach = 2 * max(abs(difference[0]), abs(difference[1]), 5)
    lower = -np.minimum(down[can_change], reach).astype(float)
    upper = np.minimum(up[can_change], reach).astype(float)
    lower[where], upper[where] = max(difference[0], -down[can_change][where]), min(difference[1], up[can_change][where])
    if lower[where] > upper[where]:
        return None
    open_cells = np.flatnonzero(status[cells] == Status.OPEN)
    relations = system.matrix[:, cells]
    relations = relations[np.unique(relations.nonzero()[0])].astype(float)
    count, switches = len(cells), len(open_cells)
    pick = sparse.csr_array((np.ones(switches), (np.arange(switches), open_cells)), shape=(switches, count))
    above = sparse.hstack([pick, sparse.diags_array(-upper[open_cells])])
    below = sparse.hstack([pick, sparse.diags_array(-lower[open_cells])])
    balanced = sparse.hstack([relations, sparse.csr_array((relations.shape[0], switches))])
    constraints = [optimize.LinearConstraint(sparse.csc_array(balanced), 0, 0)]
    if switches:
        constraints.append(optimize.LinearConstraint(sparse.csc_array(above), -np.inf, 0))
        constraints.append(optimize.LinearConstraint(sparse.csc_array(below), 0, np.inf))
    result = optimize.milp(
        np.concatenate([np.zeros(count), system.costs[cells[open_cells]].astype(float)]),
        integrality=np.ones(count + switches, dtype=np.int64),
        bounds=optimize.Bounds(np.concatenate([lower, np.zeros(switches)]), np.concatenate([upper, np.ones(switches)])),
        constraints=constraints,
        options={"time_limit": _SECONDS, "mip_rel_gap": 0.02},
    )
    if result.x is None:
        if result.status != _INFEASIBLE and last:
            raise SearchTooLongError
        return None
    deltas = np.rint(result.x[:count]).astype(np.int64)
    changed = np.flatnonzero(deltas)
    move = Move(cells[changed], deltas[changed])
    newly = cells[changed][status[cells[changed]] == Status.OPEN]
    return move, float(system.costs[newly].sum())
