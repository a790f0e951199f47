"""Moves that are sums of products of swaps, found one product after the other. Compiled, by numba.

The cheapest product for a cell may change cells that are open. Each of them can be put back to what it was by another
product through it, as if it were the next target, as long as that needs less: an augmenting path, with products for
its edges. What is left of the open cells at the end is what the move asks to be hidden; often nothing.
"""

# ruff: noqa: ANN001, ANN202, C901 - of compiled functions the arrays say the types, and plain loops are fast
from __future__ import annotations

import numpy as np

from ddg_pipeline.masking._search import FAR, HIGH, LOW, PRICE, SIZE, inner, search

_REPAIRS = 24  # products tried at most, to put open cells back


@inner
def seek(lattice, cells, desk, target, times, way, first, limit):  # type: ignore[no-untyped-def]
    """Find on the desk a cheap move of a cell, in one direction, that may be a sum of products.

    Args:
        lattice: A `Lattice`.
        cells: Records of `CELL`; the same again afterwards.
        desk: A `Desk`; holds the move afterwards.
        target: The cell to be moved by one, so often as said.
        times: How often at least the move must go forwards.
        way: 1 to raise the cell, -1 to lower it.
        first: What its first product must be cheaper than.
        limit: What the whole must be cheaper than; 1 if only a move that costs nothing will do.

    Returns:
        Whether there is one.
    """
    need = np.zeros(3, dtype=np.int64)
    need[0 if way > 0 else 1] = times
    if not search(lattice, cells, desk, target, need, first, False, False) or desk.best[SIZE] > len(desk.chain):
        return False
    size = _add(cells, desk, way, times, 0)
    cells[target].up = cells[target].down = 0  # what follows leaves it alone
    price = _price(desk, size)
    for _ in range(_REPAIRS):
        worst = -1
        for i in range(size):
            if desk.chain[i].delta == 0 or desk.chain[i].price == 0 or desk.chain[i].tried:
                continue
            if worst < 0 or desk.chain[i].price > desk.chain[worst].price:
                worst = i
        if worst < 0:
            break
        desk.chain[worst].tried = True
        back = -1 if desk.chain[worst].delta > 0 else 1
        need[:] = 0
        need[0 if back > 0 else 1] = times
        out = desk.chain[worst].cell
        if not search(lattice, cells, desk, out, need, desk.chain[worst].price, False, False):
            if limit == 1:
                break
            continue
        if size + desk.best[SIZE] > len(desk.chain):
            break
        size = _add(cells, desk, back, times, size)
        now = _price(desk, size)
        if now >= price:
            size = _add(cells, desk, -back, times, size)
            continue
        price = now
        for i in range(size):
            desk.chain[i].tried = False
    _restore(cells, desk, size)
    if price >= limit:
        return False
    _write(cells, desk, size, price)
    return desk.best[HIGH] >= times


@inner
def _add(cells, desk, sign, times, size):  # type: ignore[no-untyped-def]
    """Add the desk's move to the chain, and let cells have the room that it leaves; return the chain's length."""
    for i in range(desk.best[SIZE]):
        cell = desk.move[i, 0]
        at = cells[cell].link
        if at < 0:
            at = size
            size += 1
            cells[cell].link = at
            desk.chain[at].cell = cell
            desk.chain[at].delta = 0
            desk.chain[at].price = cells[cell].price
            desk.chain[at].up = cells[cell].up
            desk.chain[at].down = cells[cell].down
            desk.chain[at].tried = False
        desk.chain[at].delta += sign * desk.move[i, 1]
        delta = desk.chain[at].delta
        cells[cell].up = desk.chain[at].up - times * delta
        cells[cell].down = desk.chain[at].down + times * delta
        cells[cell].price = desk.chain[at].price if delta == 0 else 0
    return size


@inner
def _price(desk, size):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(size):
        if desk.chain[i].delta != 0:
            total += desk.chain[i].price
    return total


@inner
def _restore(cells, desk, size):  # type: ignore[no-untyped-def]
    for i in range(size):
        cell = desk.chain[i].cell
        cells[cell].link = -1
        cells[cell].price = desk.chain[i].price
        cells[cell].up = desk.chain[i].up
        cells[cell].down = desk.chain[i].down


@inner
def _write(cells, desk, size, price):  # type: ignore[no-untyped-def]
    """Write the chain's sum on the desk."""
    number, high, low = 0, FAR, FAR
    for i in range(size):
        delta = desk.chain[i].delta
        if delta == 0:
            continue
        cell = desk.chain[i].cell
        rise, fall = cells[cell].up, cells[cell].down
        if delta < 0:
            rise, fall = fall, rise
        high, low = min(high, rise // abs(delta)), min(low, fall // abs(delta))
        desk.move[number, 0], desk.move[number, 1] = cell, delta
        number += 1
    desk.best[PRICE], desk.best[SIZE], desk.best[HIGH], desk.best[LOW] = price, number, high, low


@inner
def put_aside(desk):  # type: ignore[no-untyped-def]
    """Keep the desk's move while another is looked for."""
    size = desk.best[SIZE]
    desk.kept[:] = desk.best
    desk.kept_move[:size] = desk.move[:size]


@inner
def take_back(desk):  # type: ignore[no-untyped-def]
    """Put the move on the desk again that was put aside."""
    size = desk.kept[SIZE]
    desk.best[:] = desk.kept
    desk.move[:size] = desk.kept_move[:size]
