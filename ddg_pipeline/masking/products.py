"""Moves found as products of swaps.

The simplest change of a table with all its margins takes one person from a leaf category to another along some
dimensions (so that the margin over that dimension stays), and adds one to every total along the others. Along one
dimension that is a pair of leaves; a move is the product of one pair for each dimension. The search looks at all
products at once: along each dimension the prices of the touched nodes are summed for every pair, so that one array
operation a dimension gives the price of every product. Measures joined by identities are one more dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.axes import AxisNodes
from ddg_pipeline.masking.measure_axis import MeasureAxis, elementary_changes
from ddg_pipeline.masking.moves import Bounds, Move
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.swaps import Swaps
from ddg_pipeline.masking.system import Booleans, Integers, Status, System

Prices = NDArray[np.float64]

NEVER = 1e9  # the price of a cell that cannot change
_PRODUCTS_AT_MOST = 64_000  # products looked at in one search, made of the cheapest swaps of each dimension


@dataclass(frozen=True)
class _Grid:
    """The cells of one table, with an axis for its measures where identities join them."""

    axes: tuple[AxisNodes | MeasureAxis, ...]
    ids: Integers

    @property
    def names(self) -> list[str]:
        return [axis.name for axis in self.axes]


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
        self._grids = _grids(system)
        self._flat = _positions(self._grids, len(system.values))

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
        signs = [sign for sign in signs if (up if sign > 0 else down)[cell] < NEVER]
        if not signs:
            return None
        search = self._prepare(cell, up + down)
        if search is None:
            return None
        best: tuple[float, int, Prices, list[Integers]] | None = None
        for sign in signs:
            total, rests = search.price_products(up, down, sign)
            price = float(total.min())
            if price < limit and (best is None or price < best[0]):
                best = price, sign, total, rests
        if best is None:
            return None
        price, sign, total, rests = best
        chosen = np.unravel_index(int(total.argmin()), total.shape)
        move = search.move(chosen, rests, sign * size)
        # tables that group their categories differently may disagree about a product
        return (move, price) if len(search.grids) == 1 or self._balances(move) else None

    def _balances(self, move: Move) -> bool:
        return not (self._system.by_cell[:, move.cells] @ move.deltas).any()

    def _prepare(self, cell: int, both: Prices) -> _Search | None:
        holding = np.flatnonzero(self._flat[:, cell] >= 0)
        grids = [self._grids[number] for number in holding]
        nodes = [
            tuple(int(node) for node in np.unravel_index(int(self._flat[number, cell]), self._grids[number].ids.shape))
            for number in holding
        ]
        common = _common_dimensions(grids)
        if common is None:
            return None
        swaps = _choices(grids, nodes, common, both)
        if swaps is None:
            return None
        used = [[_Used.of(each) for each in row] for row in swaps]
        parts = []
        for grid, row, position in zip(grids, used, range(len(holding)), strict=True):
            cells = grid.ids[np.ix_(*(each.nodes for each in row))]
            parts.append(_Part(cells, *self._elsewhere(cells, holding, position)))
        return _Search(grids, swaps, used, parts, common)

    def _elsewhere(self, cells: Integers, holding: Integers, position: int) -> tuple[Booleans, Booleans]:
        """Say which cells also stand in a table outside the search, and which in an earlier table of it.

        The former would have to change there as well, so they may not change; the latter are paid for once.
        """
        others = np.ones(len(self._grids), dtype=np.bool_)
        others[holding] = False
        outside: Booleans = np.any(self._flat[others][:, cells] >= 0, axis=0, keepdims=True)[0]
        counted: Booleans = np.any(self._flat[holding[:position]][:, cells] >= 0, axis=0, keepdims=True)[0]
        return outside, counted


def _grids(system: System) -> list[_Grid]:
    identities = [identity.terms for table in system.tables for identity in table.contract.parsed_identities]
    measures = {cube.measure for cube in system.cubes}
    relevant = [terms for terms in identities if terms.keys() <= measures]
    changes = tuple(elementary_changes(measures, relevant)) if relevant else ()
    grids: list[_Grid] = []
    for number in dict.fromkeys(cube.table for cube in system.cubes):
        cubes = [cube for cube in system.cubes if cube.table == number]
        if relevant:
            axis = MeasureAxis(tuple(cube.measure for cube in cubes), changes)
            grids.append(_Grid((axis, *cubes[0].axes), np.stack([cube.ids for cube in cubes])))
        else:
            grids += [_Grid(cube.axes, cube.ids) for cube in cubes]
    return grids


def _positions(grids: Sequence[_Grid], cells: int) -> Integers:
    """For each grid and cell, the cell's flat position in the grid, or -1."""
    flat = np.full((len(grids), cells), -1, dtype=np.int64)
    for number, grid in enumerate(grids):
        flat[number, grid.ids.ravel()] = np.arange(grid.ids.size)
    return flat


def _common_dimensions(grids: Sequence[_Grid]) -> list[str] | None:
    """Name the dimensions along which a change must be the same in every table; None where tables overlap unevenly.

    A cell of one table alone has all its dimensions in common with itself.
    """
    names = [grid.names for grid in grids]
    common = [name for name in names[0] if all(name in other for other in names)]
    for position, one in enumerate(names):
        for two in names[:position]:
            if set(one) & set(two) != set(common):
                return None
    return common


def _choices(
    grids: Sequence[_Grid], nodes: Sequence[tuple[int, ...]], common: list[str], both: Prices
) -> list[list[Swaps]] | None:
    """For each table and dimension, the swaps worth pricing; None where some dimension has none.

    Along common dimensions the swaps of all tables correspond, one by one. Along the others a change must reach the
    total, because that is where the shared cells are.
    """
    found: list[list[Swaps]] = []
    for number, (grid, at) in enumerate(zip(grids, nodes, strict=True)):
        most = int(_PRODUCTS_AT_MOST ** (1 / len(grid.axes)))
        row: list[Swaps] = []
        for position, (axis, node) in enumerate(zip(grid.axes, at, strict=True)):
            swaps = axis.swaps(node) if axis.name in common else axis.swaps(node).reaching_total
            if number == 0 or axis.name not in common:
                swaps = _promising(swaps, node, _line(grid, at, position, both), most)
            row.append(swaps)
        found.append(row)
    for name in common if len(grids) > 1 else []:
        _match(grids, found, name)
    return found if all(len(swaps) for row in found for swaps in row) else None


def _match(grids: Sequence[_Grid], found: list[list[Swaps]], name: str) -> None:
    """Keep, in place, the swaps along one dimension that every table knows, in the first table's order."""
    positions = [grid.names.index(name) for grid in grids]
    keyed = [
        {key: index for index, key in enumerate(row[position].keys)}
        for row, position in zip(found, positions, strict=True)
    ]
    everywhere = [key for key in keyed[0] if all(key in index for index in keyed)]
    for row, position, index in zip(found, positions, keyed, strict=True):
        row[position] = row[position].take(np.array([index[key] for key in everywhere], dtype=np.int64))


def _line(grid: _Grid, nodes: tuple[int, ...], position: int, prices: Prices) -> Prices:
    """Prices along one dimension through the cell."""
    index: list[Any] = list(nodes)
    index[position] = slice(None)
    line: Prices = prices[grid.ids[tuple(index)]]
    return line


def _promising(swaps: Swaps, node: int, line: Prices, most: int) -> Swaps:
    """Keep the swaps whose own cells can change at all, the cheapest first.

    ``line`` holds the price up plus the price down: ``NEVER`` once for a cell that can go one way only, which may be
    the way wanted, and twice for a cell that cannot change.
    """
    others = (swaps.signs != 0) & (swaps.nodes != node)
    prices = np.where(others, line[swaps.nodes], 0)
    possible = np.flatnonzero((prices < 2 * NEVER).all(axis=1))
    cost = (prices % NEVER).sum(axis=1) + np.count_nonzero(others, axis=1)
    order = possible[np.argsort(cost[possible], kind="stable")]
    return swaps.take(order[:most])


@dataclass(frozen=True)
class _Used:
    """The nodes that some swaps touch, and each swap's nodes as positions among them."""

    nodes: Integers
    local: Integers

    @classmethod
    def of(cls, swaps: Swaps) -> _Used:
        nodes, inverse = np.unique(swaps.nodes[swaps.signs != 0], return_inverse=True)
        local = np.zeros_like(swaps.nodes)
        local[swaps.signs != 0] = inverse
        return cls(nodes, local)


@dataclass(frozen=True)
class _Part:
    """The cells of one table that products may touch; which of them may not change, which are paid for elsewhere."""

    ids: Integers
    outside: Booleans
    counted: Booleans


@dataclass(frozen=True)
class _Search:
    """All products of swaps that raise one cell, in every table that has it."""

    grids: list[_Grid]
    swaps: list[list[Swaps]]
    used: list[list[_Used]]
    parts: list[_Part]
    common: list[str]

    def price_products(self, up: Prices, down: Prices, sign: int) -> tuple[Prices, list[Integers]]:
        """Price every product of swaps that raises (or, with ``sign`` -1, lowers) the cell.

        Returns:
            The prices over the swaps along the common dimensions, all other swaps at their best, added up over the
            tables; and for each table, which of its other swaps those are, as a flat index.
        """
        total: Prices = np.zeros(())
        rests: list[Integers] = []
        for number, grid in enumerate(self.grids):
            prices = self._table_prices(number, up, down, sign)
            order = [grid.names.index(name) for name in self.common]
            prices = np.transpose(prices, order + [p for p in range(prices.ndim) if p not in order])
            flat = prices.reshape(*prices.shape[: len(order)], -1)
            rests.append(flat.argmin(axis=-1))
            total = total + flat.min(axis=-1)
        return total, rests

    def _table_prices(self, number: int, up: Prices, down: Prices, sign: int) -> Prices:
        """Price every product of swaps in one table: the sum over its cells of a step up or down, as the signs say."""
        part = self.parts[number]
        free, never = np.where(part.counted, 0, 1), np.where(part.outside, NEVER, 0)
        rise, fall = up[part.ids] * free + never, down[part.ids] * free + never
        # with s the sign of a cell in the product, its price is (rise + fall)/2 + s (rise - fall)/2
        absolute, signed = rise + fall, (rise - fall) * sign
        for position, (swaps, used) in enumerate(zip(self.swaps[number], self.used[number], strict=True)):
            absolute = _along(absolute, position, used.local, np.abs(swaps.signs))
            signed = _along(signed, position, used.local, swaps.signs)
        prices: Prices = (absolute + signed) / 2
        return prices

    def move(self, chosen: tuple[np.intp, ...], rests: list[Integers], delta: int) -> Move:
        """Write out one product: ``chosen`` along the common dimensions, ``rests`` along each table's others."""
        changes: dict[int, int] = {}
        for grid, row, rest in zip(self.grids, self.swaps, rests, strict=True):
            others = [position for position, name in enumerate(grid.names) if name not in self.common]
            inner = np.unravel_index(int(rest[chosen]), [len(row[position]) for position in others]) if others else ()
            picked = dict(zip(self.common, map(int, chosen), strict=True))
            picked |= {grid.names[p]: int(index) for p, index in zip(others, inner, strict=True)}
            cells, signs = grid.ids, np.ones((), dtype=np.int64)
            for position, name in enumerate(grid.names):
                index = picked[name]
                real = row[position].signs[index] != 0
                cells = np.take(cells, row[position].nodes[index][real], axis=position)
                signs = np.multiply.outer(signs, row[position].signs[index][real])
            # a cell that stands in several tables changes alike in each
            changes |= dict(zip(cells.ravel().tolist(), (signs.ravel() * delta).tolist(), strict=True))
        cells = np.array(sorted(changes), dtype=np.int64)
        return Move(cells, np.array([changes[cell] for cell in cells.tolist()], dtype=np.int64))


def _along(array: Prices, position: int, nodes: Integers, signs: Integers) -> Prices:
    """Sum, along one dimension, over the nodes that each swap touches."""
    shape = [1] * array.ndim
    shape[position] = len(nodes)
    result = np.zeros((*array.shape[:position], len(nodes), *array.shape[position + 1 :]))
    for column in range(nodes.shape[1]):
        result += np.take(array, nodes[:, column], axis=position) * signs[:, column].reshape(shape)
    return result
