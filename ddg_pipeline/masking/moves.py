"""Moves: other tables that match everything published, found as products of swaps.

A move is an integer vector ``d`` over hidden cells with ``A d = 0``. Adding it to the true table gives another table
that nobody outside can tell from the true one. The simplest change of a table with all its margins takes one person
from a leaf category to another along some dimensions (so that the margin over that dimension stays), and adds one to
every total along the others. Along one dimension that is a pair of leaves; a move is the product of one pair for each
dimension. The search looks at all products at once: along each dimension the prices of the touched nodes are summed for
every pair, so that one array operation a dimension gives the price of every product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.axes import Swaps
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Cube, Integers, Status, System

Prices = NDArray[np.float64]

NEVER = 1e9  # the price of a cell that cannot change
_SWAPS_AT_MOST = 40  # swaps looked at along one dimension, the cheapest first


@dataclass(frozen=True)
class Move:
    """One integer change of the table.

    Attributes:
        cells: The cells that change, ascending.
        deltas: By how much each changes; none is 0.
    """

    cells: Integers
    deltas: Integers

    def delta(self, cell: int) -> int:
        """Say by how much the move changes one cell."""
        where = np.searchsorted(self.cells, cell)
        return int(self.deltas[where]) if where < len(self.cells) and self.cells[where] == cell else 0


class Bounds:
    """What a reader knows of each cell by its status alone.

    With reasons shown a small cell lies in ``lower..upper`` and a complementary one above. With reasons hidden all that
    is known is that zeros are shown. A small margin that no table carries is known to be small in any case.
    """

    def __init__(self, system: System, rules: MaskingRules) -> None:
        self._values, self._carried, self._rules = system.values, system.carried, rules

    def room(self, cells: Integers, status: NDArray[np.int8]) -> tuple[Integers, Integers]:
        """Give how far each cell may fall and rise if hidden: two arrays of 0 or more, very large for no limit.

        Cells that are open are judged as if they were hidden as complementary cells; cells that can never be hidden have
        no room.
        """
        values, rules = self._values[cells], self._rules
        small = status == Status.SMALL
        tight = small if rules.show_reason else small & ~self._carried[cells]
        least = np.where(small | (not rules.show_reason), rules.lower, rules.upper + 1)
        down = values - least
        up = np.where(tight, rules.upper - values, np.iinfo(np.int32).max)
        fixed = (status == Status.ZERO) | (status == Status.KNOWN)
        return np.where(fixed, 0, np.maximum(down, 0)), np.where(fixed, 0, up)


class MoveFinder:
    """Finds the cheapest product move for a cell, given what is hidden so far.

    Args:
        system: The cells and relations.
        rules: The figures that masking obeys.
        status: What becomes of each cell; the finder reads it anew wherever `changed` says so.
    """

    def __init__(self, system: System, rules: MaskingRules, status: NDArray[np.int8]) -> None:
        self._system, self._status = system, status
        self._bounds = Bounds(system, rules)
        self._prices: dict[int, tuple[Prices, Prices]] = {}
        self._flat = _positions(system)
        self._in_cubes = np.count_nonzero(self._flat >= 0, axis=0)
        self._bound_by_identity = any(not block.is_sum for block in system.relations)

    def changed(self, cells: Integers) -> None:
        """Take note that the status of these cells is another now."""
        for step, (up, down) in self._prices.items():
            up[cells], down[cells] = self._price(cells, step)

    def cheapest(self, cell: int, steps: Sequence[int], free: bool = False) -> tuple[Move, float] | None:
        """Find the cheapest move that changes ``cell`` by one of ``steps``.

        Args:
            cell: The cell to change.
            steps: The changes that would do, in order of preference among equals.
            free: Look only for moves among cells that are hidden already.

        Returns:
            The move and the price of the cells it would newly hide, or None if no product of swaps will do.
        """
        if self._bound_by_identity:
            return None
        best: tuple[Move, float] | None = None
        limit = 1.0 if free else NEVER
        for size in sorted({abs(step) for step in steps}):
            signs = [1 if step > 0 else -1 for step in steps if abs(step) == size]
            found = self._search(cell, size, signs, limit)
            if found is not None:
                best = found
                limit = found[1]
                if limit < 1:
                    break
        return best

    def _price(self, cells: Integers, step: int) -> tuple[Prices, Prices]:
        status = self._status[cells]
        down, up = self._bounds.room(cells, status)
        cost = np.where(status == Status.OPEN, self._system.costs[cells], 0).astype(np.float64)
        return np.where(up >= step, cost, NEVER), np.where(down >= step, cost, NEVER)

    def _prices_for(self, step: int) -> tuple[Prices, Prices]:
        if step not in self._prices:
            self._prices[step] = self._price(np.arange(len(self._status)), step)
        return self._prices[step]

    def _search(self, cell: int, size: int, signs: list[int], limit: float) -> tuple[Move, float] | None:
        up, down = self._prices_for(size)
        if all((up if sign > 0 else down)[cell] >= NEVER for sign in signs):
            return None
        holding = [number for number in range(len(self._system.cubes)) if self._flat[number, cell] >= 0]
        cubes = [self._system.cubes[number] for number in holding]
        nodes = [np.unravel_index(int(self._flat[n, cell]), self._system.cubes[n].ids.shape) for n in holding]
        common = _common_dimensions(cubes)
        if common is None:
            return None
        # a cell that also stands in a table outside this search would have to change there as well
        fixed = self._in_cubes > len(holding)
        steps = _Steps(np.where(fixed, NEVER, up), np.where(fixed, NEVER, down), self._in_cubes > 1)
        swaps = _choices(cubes, nodes, common, steps)
        if swaps is None:
            return None
        best: tuple[float, int, Prices, list[Integers]] | None = None
        for sign in signs:
            total, rests = _price_products(cubes, swaps, common, steps, sign)
            price = float(total.min())
            if price < limit and (best is None or price < best[0]):
                best = price, sign, total, rests
        if best is None:
            return None
        price, sign, total, rests = best
        chosen = np.unravel_index(int(total.argmin()), total.shape)
        return _product_move(cubes, swaps, common, chosen, rests, sign * size), price


def _positions(system: System) -> Integers:
    """For each cube and cell, the cell's flat position in the cube, or -1."""
    flat = np.full((len(system.cubes), len(system.values)), -1, dtype=np.int64)
    for number, cube in enumerate(system.cubes):
        flat[number, cube.ids.ravel()] = np.arange(cube.ids.size)
    return flat


@dataclass(frozen=True)
class _Steps:
    """Prices of one step up and one step down, and which cells stand in several tables."""

    up: Prices
    down: Prices
    shared: NDArray[np.bool_]


def _common_dimensions(cubes: Sequence[Cube]) -> list[str] | None:
    """Name the dimensions along which a change must be the same in every table; None where tables overlap unevenly.

    A cell of one table alone has all its dimensions in common with itself.
    """
    names = [[axis.name for axis in cube.axes] for cube in cubes]
    common = [name for name in names[0] if all(name in other for other in names)]
    for position, one in enumerate(names):
        for two in names[:position]:
            if set(one) & set(two) != set(common):
                return None
    return common


def _choices(
    cubes: Sequence[Cube], nodes: Sequence[tuple[np.intp, ...]], common: list[str], steps: _Steps
) -> list[list[Swaps]] | None:
    """For each table and dimension, the swaps worth pricing; None where some dimension has none.

    Along common dimensions the swaps of all tables correspond, one by one. Along the others a change must reach the
    total, because that is where the shared cells are.
    """
    both = steps.up + steps.down
    found: list[list[Swaps]] = []
    for number, (cube, at) in enumerate(zip(cubes, nodes, strict=True)):
        row: list[Swaps] = []
        for position, axis in enumerate(cube.axes):
            node = int(at[position])
            if axis.name not in common:
                row.append(_promising(axis.swaps(node).reaching_total, node, _line(cube, at, position, both)))
            elif number == 0:
                row.append(_promising(axis.swaps(node), node, _line(cube, at, position, both)))
            else:
                row.append(axis.swaps(node))
        found.append(row)
    for name in common if len(cubes) > 1 else []:
        _match(cubes, found, name)
    return found if all(len(swaps) for row in found for swaps in row) else None


def _match(cubes: Sequence[Cube], found: list[list[Swaps]], name: str) -> None:
    """Keep, in place, the swaps along one dimension that every table knows, in the first table's order."""
    positions = [next(p for p, axis in enumerate(cube.axes) if axis.name == name) for cube in cubes]
    keyed: list[dict[tuple[str | None, str | None], int]] = []
    for cube, row, position in zip(cubes, found, positions, strict=True):
        axis, swaps = cube.axes[position], row[position]
        pairs = zip(swaps.gains.tolist(), swaps.loses.tolist(), strict=True)
        labels = [(axis.labels[gains], axis.labels[loses] if loses >= 0 else None) for gains, loses in pairs]
        keyed.append({pair: index for index, pair in enumerate(labels)})
    everywhere = [key for key in keyed[0] if all(key in index for index in keyed)]
    for row, position, index in zip(found, positions, keyed, strict=True):
        row[position] = row[position].take(np.array([index[key] for key in everywhere], dtype=np.int64))


def _line(cube: Cube, nodes: tuple[np.intp, ...], position: int, prices: Prices) -> Prices:
    """Prices along one dimension through the cell."""
    index: list[Any] = [int(node) for node in nodes]
    index[position] = slice(None)
    line: Prices = prices[cube.ids[tuple(index)]]
    return line


def _promising(swaps: Swaps, node: int, line: Prices) -> Swaps:
    """Keep the swaps whose own cells can change at all, the cheapest first.

    ``line`` holds the price up plus the price down: ``NEVER`` once for a cell that can go one way only, which may be
    the way wanted, and twice for a cell that cannot change.
    """
    others = (swaps.signs != 0) & (swaps.nodes != node)
    prices = np.where(others, line[swaps.nodes], 0)
    possible = np.flatnonzero((prices < 2 * NEVER).all(axis=1))
    cost = (prices % NEVER).sum(axis=1) + np.count_nonzero(others, axis=1)
    order = possible[np.argsort(cost[possible], kind="stable")]
    return swaps.take(order[:_SWAPS_AT_MOST])


def _price_products(
    cubes: Sequence[Cube], swaps: list[list[Swaps]], common: list[str], steps: _Steps, sign: int
) -> tuple[Prices, list[Integers]]:
    """Price every product of swaps that raises (or, with ``sign`` -1, lowers) the cell.

    Returns:
        The prices over the swaps along the common dimensions, all other swaps at their best, added up over the tables;
        and for each table, which of its other swaps those are, as a flat index.
    """
    total: Prices | None = None
    rests: list[Integers] = []
    for number, (cube, row) in enumerate(zip(cubes, swaps, strict=True)):
        prices = _table_prices(cube, row, steps, sign, count_shared=number == 0)
        axes = [axis.name for axis in cube.axes]
        order = [axes.index(name) for name in common]
        prices = np.transpose(prices, order + [p for p in range(len(axes)) if p not in order])
        flat = prices.reshape(*prices.shape[: len(order)], -1)
        rests.append(flat.argmin(axis=-1))
        best = flat.min(axis=-1)
        total = best if total is None else total + best
    assert total is not None  # noqa: S101 - a cell stands in at least one table
    return total, rests


def _table_prices(cube: Cube, row: list[Swaps], steps: _Steps, sign: int, count_shared: bool) -> Prices:
    """Price every product of swaps in one table: the sum over its cells of a step up or down, as the signs say."""
    used = [np.unique(swaps.nodes[swaps.signs != 0], return_inverse=True) for swaps in row]
    ids = cube.ids[np.ix_(*(nodes for nodes, _ in used))]
    up, down = steps.up[ids], steps.down[ids]
    if not count_shared:
        up, down = np.where(steps.shared[ids], 0, up), np.where(steps.shared[ids], 0, down)
    # with s the sign of a cell in the product, its price is (up + down)/2 + s (up - down)/2
    absolute, signed = up + down, (up - down) * sign
    for position, (swaps, (_, inverse)) in enumerate(zip(row, used, strict=True)):
        local = np.zeros_like(swaps.nodes)
        local[swaps.signs != 0] = inverse
        absolute = _along(absolute, position, local, np.abs(swaps.signs))
        signed = _along(signed, position, local, swaps.signs)
    prices: Prices = (absolute + signed) / 2
    return prices


def _along(array: Prices, position: int, nodes: Integers, signs: Integers) -> Prices:
    """Sum, along one dimension, over the nodes that each swap touches."""
    shape = [1] * array.ndim
    shape[position] = len(nodes)
    result = np.zeros((*array.shape[:position], len(nodes), *array.shape[position + 1 :]))
    for column in range(nodes.shape[1]):
        result += np.take(array, nodes[:, column], axis=position) * signs[:, column].reshape(shape)
    return result


def _product_move(
    cubes: Sequence[Cube],
    swaps: list[list[Swaps]],
    common: list[str],
    chosen: tuple[np.intp, ...],
    rests: list[Integers],
    delta: int,
) -> Move:
    changes: dict[int, int] = {}
    for cube, row, rest in zip(cubes, swaps, rests, strict=True):
        others = [position for position, axis in enumerate(cube.axes) if axis.name not in common]
        inner = np.unravel_index(int(rest[chosen]), [len(row[position]) for position in others]) if others else ()
        picked = dict(zip(common, map(int, chosen), strict=True))
        picked |= {cube.axes[p].name: int(index) for p, index in zip(others, inner, strict=True)}
        cells, signs = cube.ids, np.ones((), dtype=np.int64)
        for position, axis in enumerate(cube.axes):
            index = picked[axis.name]
            real = row[position].signs[index] != 0
            cells = np.take(cells, row[position].nodes[index][real], axis=position)
            signs = np.multiply.outer(signs, row[position].signs[index][real])
        # a cell that stands in several tables changes alike in each
        changes |= dict(zip(cells.ravel().tolist(), (signs.ravel() * delta).tolist(), strict=True))
    cells = np.array(sorted(changes), dtype=np.int64)
    return Move(cells, np.array([changes[cell] for cell in cells.tolist()], dtype=np.int64))
