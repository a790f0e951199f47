"""Moves that are no single product of swaps, found by linear and integer programming.

Where zeros block every product, several products together may still do. The search asks for integer changes of the
cells near the one to protect, such that all relations hold and the cells newly hidden are the cheapest; if there is
none nearby, it looks further, and at last at every cell that shares a relation with it, directly or through others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import UNLIMITED, Bounds, Move
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

_NEIGHBOURS = (3, 8, 16)  # how many categories beside its own each search but the last takes along a dimension
_SECONDS = 60.0  # the time one program may take
_INFEASIBLE = 2  # scipy's status of a program shown to have no solution
_REACH = 10  # how far cells may change at first; a small range keeps the programs easy
_WHOLE = 1e-6  # how near to a whole number counts as one
_GAP = 0.2  # how much dearer than the best an integer solution may be
_FACTORS = 4  # a fractional solution is tried this many times over
_OTHER_PRICES = 4  # how many linear programs are tried before the integer program

Floats = NDArray[np.float64]


class SearchTooLongError(Exception):
    """The solver could neither find a change nor show that there is none in the time allowed."""


def cheapest_move(
    system: System, rules: MaskingRules, status: NDArray[np.int8], cell: int, have: Collection[int]
) -> Move | None:
    """Find a change of a small cell to a value that it is not known to be able to have, hiding as little as possible.

    Args:
        system: The cells and relations.
        rules: The figures that masking obeys.
        status: What becomes of each cell so far.
        cell: The cell to change.
        have: The differences from its true value that need not be found again.

    Returns:
        The move, or None where it is proved that no such change exists.

    Raises:
        SearchTooLongError: The solver reached its limit of time on the widest search.
    """
    ranges = list(_wanted(system, rules, status, cell, have))
    if not ranges:
        return None
    for region in _regions(system, status, cell):
        found = _cheapest_of(_Program(system, rules, status, cell, region, _REACH), ranges)
        if found is not None:
            return found
    # a proof that there is none must look at every change of every cell
    whole = _Program(system, rules, status, cell, _connected(system, status, cell), UNLIMITED)
    found = _cheapest_of(whole, ranges)
    if found is None and whole.gave_up:
        raise SearchTooLongError
    return found


def _wanted(
    system: System, rules: MaskingRules, status: NDArray[np.int8], cell: int, have: Collection[int]
) -> Iterator[tuple[int, int]]:
    """Give the differences that would help, as ranges without gaps, within what a reader knows of the cell."""
    one = np.array([cell], dtype=np.int64)
    down, up = Bounds(system, rules).room(one, status[one])
    low, high = -int(down[0]), int(up[0])
    if rules.every_value:
        high = min(high, rules.upper - int(system.values[cell]))
    start = low
    for taken in sorted({0, *have}):
        if low <= taken <= high:
            if start < taken:
                yield start, taken - 1
            start = taken + 1
    if start <= high:
        yield start, high


def _cheapest_of(program: _Program, ranges: list[tuple[int, int]]) -> Move | None:
    best: tuple[float, Move] | None = None
    for low, high in ranges:
        found = program.solve(low, high)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return best[1] if best is not None else None


def _regions(system: System, status: NDArray[np.int8], cell: int) -> Iterator[Integers]:
    size = 0
    for neighbours in _NEIGHBOURS:
        region = _near(system, status, cell, neighbours)
        if len(region) > size:
            yield region
        size = len(region)


def _near(system: System, status: NDArray[np.int8], cell: int, neighbours: int) -> Integers:
    """The cells at combinations of the cell's own categories, what they add up to, and a few others that can change."""
    chosen: dict[str, dict[str | None, None]] = {}
    for number, cube in enumerate(system.cubes):
        where = system.nodes(cell, number)
        if where is None:
            continue
        for position, (axis, node) in enumerate(zip(cube.axes, where, strict=True)):
            index: list[object] = list(where)
            index[position] = slice(None)
            line = cube.ids[tuple(index)]  # type: ignore[arg-type]
            can_change = (status[line] != Status.ZERO) & (status[line] != Status.KNOWN)
            price = np.where(status[line] == Status.OPEN, system.costs[line], 0)
            order = [int(n) for n in np.lexsort((np.arange(len(line)), price)) if can_change[n] and n != node]
            leaves = [n for n in order if n < axis.leaf_count][:neighbours]
            own = [leaf for leaf in range(axis.leaf_count) if node in axis.ancestors[leaf]]
            kept = {node, *leaves, *([] if node < axis.leaf_count else own[:neighbours])}
            kept |= {above for leaf in list(kept) for above in axis.ancestors[leaf]}
            chosen.setdefault(axis.name, {}).update(dict.fromkeys(axis.labels[n] for n in sorted(kept)))
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
    part = system.matrix[:, movable].tocoo()
    relations, cells = part.shape
    # relations and cells are the nodes of one graph
    edges = part.coords[0], part.coords[1] + relations
    graph = sparse.coo_array((np.ones(part.nnz, dtype=np.int8), edges), shape=(relations + cells, relations + cells))
    _, component = connected_components(graph, directed=False)
    component = component[relations:]
    connected: Integers = movable[component == component[np.searchsorted(movable, cell)]]
    return connected


class _Program:
    """Change one cell by an amount in a range, and others of a region such that all relations hold.

    Each change is split into a rise and a fall, each priced by the cell's cost where it would be newly hidden. Most of
    these programs have whole-number solutions without being asked to.
    """

    def __init__(
        self,
        system: System,
        rules: MaskingRules,
        status: NDArray[np.int8],
        cell: int,
        region: Integers,
        reach: int,
    ) -> None:
        down, up = Bounds(system, rules).room(region, status[region])
        can_change = (down > 0) | (up > 0)
        self._cells = region[can_change]
        self._fall, self._rise = np.minimum(down[can_change], reach), np.minimum(up[can_change], reach)
        self._cost = np.where(status[self._cells] == Status.OPEN, system.costs[self._cells], 0) + 1.0
        relations = system.by_cell[:, self._cells].tocsr()
        self._relations = relations[np.diff(relations.indptr) > 0]
        self._where = np.flatnonzero(self._cells == cell)
        self.gave_up = False

    def solve(self, low: int, high: int) -> tuple[float, Move] | None:
        """Find the cheapest change by ``low..high``; None if there is none, or if `gave_up` says that nobody knows."""
        if not len(self._where):
            return None
        where = int(self._where[0])
        rise, fall = self._rise.astype(float), self._fall.astype(float)
        rise[rise >= UNLIMITED] = np.inf
        least = np.concatenate([np.zeros(len(rise)), np.zeros(len(fall))])
        least[where], least[len(rise) + where] = max(low, 0), max(-high, 0)
        rise[where], fall[where] = min(rise[where], max(high, 0)), min(fall[where], max(-low, 0))
        most = np.concatenate([rise, fall])
        if (least > most).any():
            return None
        deltas = self._solve(least, most)
        if deltas is None:
            return None
        if (self._relations @ deltas).any():  # pragma: no cover - a solver's rounding
            self.gave_up = True
            return None
        changed = np.flatnonzero(deltas)
        return float(self._cost[changed].sum()), Move(self._cells[changed], deltas[changed])

    def _solve(self, least: Floats, most: Floats) -> Integers | None:
        """Try the linear program, then others with slightly other prices, and at last the integer program."""
        found = self._run(self._cost, least, most, whole=False)
        noise = np.random.default_rng(0)
        for _ in range(_OTHER_PRICES):
            if found is None:
                return None
            deltas = _whole(found, least, most)
            if deltas is not None:
                return deltas
            found = self._run(self._cost * noise.uniform(1, 2, len(self._cost)), least, most, whole=False)
        found = self._run(self._cost, least, most, whole=True)
        return None if found is None else _whole(found, least, most)

    def _run(self, cost: Floats, least: Floats, most: Floats, whole: bool) -> Floats | None:
        from scipy import optimize, sparse

        both = sparse.hstack([self._relations, -self._relations], format="csc").astype(float)
        result = optimize.milp(
            np.concatenate([cost, cost]),
            integrality=np.full(2 * len(cost), int(whole)),
            bounds=optimize.Bounds(least, most),
            constraints=[optimize.LinearConstraint(both, 0, 0)],
            options={"time_limit": _SECONDS, "mip_rel_gap": _GAP},
        )
        if result.x is None and result.status != _INFEASIBLE:
            self.gave_up = True
        return result.x


def _whole(solution: Floats, least: Floats, most: Floats) -> Integers | None:
    """Read whole changes off rises and falls, multiplied by a small number where that makes them whole; else None."""
    for factor in range(1, _FACTORS + 1):
        several = solution * factor
        rounded = np.rint(several)
        if np.abs(several - rounded).max(initial=0) < _WHOLE and (least <= rounded).all() and (rounded <= most).all():
            rises, falls = np.split(rounded.astype(np.int64), 2)
            deltas: Integers = rises - falls
            return deltas
    return None
