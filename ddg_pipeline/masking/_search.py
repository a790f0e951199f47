"""The search for the cheapest move of a cell among products of record swaps. Compiled.

A move takes records at one coordinate (alpha) out and puts others (beta) in. Axes are taken together in blocks: within
a block all coordinates change at once, and the move is the product of the blocks' changes. The finest partition, a
swap of two categories along each axis, touches the fewest cells where a table is dense. Where zeros stand in its way,
coarser blocks pass them by: one record against another that differs in several axes at once, with all their margins.
An axis may also be left as it is; then every cell above the coordinate changes with it, up to the total.

Everything is counted relative to the target: each block's change has +1 at the target's node, so that the cells of a
partial product, with the other axes at the target's nodes, are cells of the whole product as well. That makes the
price so far a lower bound and the room so far an upper one, which is all that branch and bound needs.
"""

# ruff: noqa: ANN001, ANN202, C901, SIM110 - of compiled functions the arrays say the types, and plain loops are fast
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ddg_pipeline.compiling import watch
from ddg_pipeline.masking.lattice import ADDS_UP, COUNTS, Lattice, record

watch()

TOP = 48  # candidates kept for each block
ENTRIES = 256  # nodes that a block's change may touch
CELLS = 4096  # cells that a move may touch
CHAIN = 1024  # cells that a sum of moves may touch
LONG = 96  # categories; along a longer axis only so many are tried of a leaf's own group, and of all
_PAIRS = 6000  # changes of one block that are priced
_ALPHAS = 12  # coordinates below a margin that a block of several axes tries
_EXPANSIONS = 4000  # partial products looked at in one partition
FAR = 2**40

# for functions that only compiled code calls: they need no way in from Python, which takes long to compile
inner = njit(cache=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # type: ignore[call-overload]


CELL = record(
    [("value", "i8"), ("cost", "i8"), ("price", "i8"), ("have", "u8"), ("head", "i8"), ("rows", "i8"),
     ("up", "i4"), ("down", "i4"), ("link", "i4"), ("status", "i1"), ("forced", "?")]
)  # fmt: skip
"""What compiled code knows of a cell.

* ``value``: the true count. Restricted.
* ``status``: as `Status`.
* ``forced``: hidden because the contract says so.
* ``cost``: what hiding it costs; ``price``: what it costs from here, 0 if it is hidden.
* ``up``, ``down``: how far it may rise and fall if hidden; 0 if it can never change.
* ``have``: a bit for every value that a small cell is known to be able to have.
* ``head``: the last entry of a move that changes it, or -1.
* ``link``: where it stands in the chain that is being made, or -1.
* ``rows``: where its rows begin; there is one cell more than there are, for where the last one's end.
"""


LINK = record([("cell", "i8"), ("delta", "i8"), ("price", "i8"), ("up", "i4"), ("down", "i4"), ("tried", "?")])
"""A cell of a chain: by how much it changes, its price and room before, and whether putting it back was tried."""


class Desk(NamedTuple):
    """Room to work in, and the best move found.

    Attributes:
        nodes: The target's node along each axis.
        here: The target's position in each cube.
        tmp: A change of one block: per node where it is in each cube, relative to the target; last, its sign.
        entries: The same for every candidate kept; by region, candidate, node.
        cand: Per region and candidate: length, price, room, and the candidates in order.
        tally: How many candidates each region has.
        grown: The product so far: per cell its position in each cube, and its sign.
        depth: The state of the search at every level.
        partners: Leaves that one can be exchanged with.
        tuples: Coordinates over several axes.
        best: The best move's price, size and room.
        move: Its cells, and by how much each changes.
        kept: The best move put aside, as in `best`.
        kept_move: Its cells, as in `move`.
        chain: A sum of moves in the making: records of `LINK`; empty if none are to be made.
    """

    nodes: NDArray[np.int64]
    here: NDArray[np.int64]
    tmp: NDArray[np.int64]
    entries: NDArray[np.int64]
    cand: NDArray[np.int64]
    tally: NDArray[np.int64]
    grown: NDArray[np.int64]
    depth: NDArray[np.int64]
    partners: NDArray[np.int64]
    tuples: NDArray[np.int64]
    best: NDArray[np.int64]
    move: NDArray[np.int64]
    kept: NDArray[np.int64]
    kept_move: NDArray[np.int64]
    chain: NDArray[np.void]


# columns of Desk.cand
_LENGTH, _PRICE, _UP, _DOWN, _ORDER = 0, 1, 2, 3, 4
# entries of Desk.best
PRICE, SIZE, HIGH, LOW = 0, 1, 2, 3
# columns of Desk.depth
_REGION, _INDEX, _GROWN, _SPENT, _ROOM_UP, _ROOM_DOWN, _REST = 0, 1, 2, 3, 4, 5, 6


def new_desk(lattice: Lattice, *, sums: bool = True) -> Desk:
    """Make room for searches in a lattice, for those of sums of moves only if asked for."""
    axes, cubes = lattice.blocks.shape[1], len(lattice.offset)
    regions = 2 * axes + 1
    return Desk(
        nodes=np.zeros(axes, dtype=np.int64),
        here=np.zeros(cubes, dtype=np.int64),
        tmp=np.zeros((ENTRIES, cubes + 1), dtype=np.int64),
        entries=np.zeros((regions, TOP, ENTRIES, cubes + 1), dtype=np.int64),
        cand=np.zeros((regions, TOP, 5), dtype=np.int64),
        tally=np.zeros(regions, dtype=np.int64),
        grown=np.zeros((CELLS, cubes + 1), dtype=np.int64),
        depth=np.zeros((axes + 2, 7), dtype=np.int64),
        partners=np.zeros(2 * LONG + 2, dtype=np.int64),
        tuples=np.zeros((6, axes + 1), dtype=np.int64),
        best=np.zeros(4, dtype=np.int64),
        move=np.zeros((CELLS * cubes, 2), dtype=np.int64),
        kept=np.zeros(4, dtype=np.int64),
        kept_move=np.zeros((CELLS * cubes, 2), dtype=np.int64),
        chain=np.zeros(CHAIN if sums else 0, dtype=LINK),
    )


@inner
def _place(lattice, desk, cell):  # type: ignore[no-untyped-def]
    """Write the target's node along each axis, and where it is in each cube."""
    position = lattice.home[cell]
    cube = 0
    while lattice.base[cube + 1] <= position:
        cube += 1
    rest = position - lattice.base[cube]
    axes = lattice.blocks.shape[1]
    for axis in range(axes):
        size = lattice.shape[cube, axis, 0]
        if size == 0:
            desk.nodes[axis] = lattice.axes[axis].everything
            continue
        own = rest // lattice.shape[cube, axis, 1] % size
        desk.nodes[axis] = lattice.own_nodes[lattice.shape[cube, axis, 2] + own]
    for k in range(lattice.offset.shape[0]):
        total = 0
        for axis in range(axes):
            if desk.nodes[axis] >= 0:
                total += lattice.offset[k, lattice.axes[axis].node + desk.nodes[axis]]
            elif lattice.shape[k, axis, 0] > 0:
                total -= FAR
        desk.here[k] = total


@inner
def _counts_in(lattice, axis, leaf, node):  # type: ignore[no-untyped-def]
    """Say whether a leaf is counted in a node."""
    g = lattice.axes[axis].node + leaf
    for i in range(lattice.nodes[g].path, lattice.nodes[g + 1].path):
        if lattice.lists[i] == node:
            return True
    return False


@inner
def _consider(lattice, cells, desk, region, length, need, limit, free):  # type: ignore[no-untyped-def]
    """Price the change in the temporary entries by itself; keep it if it is among the best of its region."""
    price, up, down = 0, desk.depth[0, _ROOM_UP], desk.depth[0, _ROOM_DOWN]
    for e in range(length):
        sign = desk.tmp[e, -1]
        for k in range(lattice.offset.shape[0]):
            at = desk.here[k] + desk.tmp[e, k]
            if at < 0:
                continue
            position = lattice.base[k] + at
            cell = lattice.places[position].cell
            if sign > 0:
                up, down = min(up, cells[cell].up), min(down, cells[cell].down)
            else:
                up, down = min(up, cells[cell].down), min(down, cells[cell].up)
            if up < need[0] or down < need[1] or up + down < need[2]:
                return
            if lattice.places[position].first:
                price += cells[cell].price
                if price >= limit:
                    return
    slot = desk.tally[region]
    if slot < TOP:
        desk.tally[region] += 1
    else:
        if free:
            return
        slot = 0
        for other in range(1, TOP):
            if desk.cand[region, other, _PRICE] > desk.cand[region, slot, _PRICE]:
                slot = other
        if desk.cand[region, slot, _PRICE] <= price:
            return
    desk.cand[region, slot, _LENGTH] = length
    desk.cand[region, slot, _PRICE] = price
    desk.cand[region, slot, _UP] = up
    desk.cand[region, slot, _DOWN] = down
    for e in range(length):
        desk.entries[region, slot, e, -1] = desk.tmp[e, -1]
        for k in range(lattice.offset.shape[0]):
            desk.entries[region, slot, e, k] = desk.tmp[e, k]


@inner
def _sort(desk, region):  # type: ignore[no-untyped-def]
    """Order a region's candidates by price; equal ones stay as they were found."""
    count = desk.tally[region]
    for i in range(count):
        j = i
        while j > 0 and desk.cand[region, desk.cand[region, j - 1, _ORDER], _PRICE] > desk.cand[region, i, _PRICE]:
            desk.cand[region, j, _ORDER] = desk.cand[region, j - 1, _ORDER]
            j -= 1
        desk.cand[region, j, _ORDER] = i


@inner
def _entry(lattice, desk, axis, node, sign, length):  # type: ignore[no-untyped-def]
    """Add a node of one axis to the temporary entries, relative to the target."""
    start = lattice.axes[axis].node
    for k in range(lattice.offset.shape[0]):
        desk.tmp[length, k] = lattice.offset[k, start + node] - lattice.offset[k, start + desk.nodes[axis]]
    desk.tmp[length, -1] = sign
    return length + 1


@inner
def _swap_entries(lattice, desk, axis, alpha, beta):  # type: ignore[no-untyped-def]
    """Write the change from one leaf to another, or (with beta -1) of one leaf alone; say how many nodes."""
    length = 0
    start = lattice.axes[axis].node
    if beta >= 0:
        for i in range(lattice.nodes[start + beta].path, lattice.nodes[start + beta + 1].path):
            node = lattice.lists[i]
            if not _counts_in(lattice, axis, alpha, node):
                if length == ENTRIES:
                    return -1
                length = _entry(lattice, desk, axis, node, -1, length)
    for i in range(lattice.nodes[start + alpha].path, lattice.nodes[start + alpha + 1].path):
        node = lattice.lists[i]
        if node != desk.nodes[axis] and (beta < 0 or not _counts_in(lattice, axis, beta, node)):
            if length == ENTRIES:
                return -1
            length = _entry(lattice, desk, axis, node, 1, length)
    return length


@inner
def _one_axis(lattice, cells, desk, axis, need, limit, free):  # type: ignore[no-untyped-def]
    """Collect the changes along one axis by itself."""
    desk.tally[axis] = 0
    node = desk.nodes[axis]
    if lattice.axes[axis].kind == COUNTS:
        g = lattice.axes[axis].node + node
        for change in range(lattice.nodes[g].change, lattice.nodes[g + 1].change):
            length = 0
            for i in range(lattice.change_of[change], lattice.change_of[change + 1]):
                if lattice.changes[i, 0] != node:
                    length = _entry(lattice, desk, axis, lattice.changes[i, 0], lattice.changes[i, 1], length)
            _consider(lattice, cells, desk, axis, length, need, limit, free)
        _sort(desk, axis)
        return
    if lattice.axes[axis].kind != ADDS_UP or node < 0:
        _consider(lattice, cells, desk, axis, 0, need, limit, free)
        _sort(desk, axis)
        return
    g = lattice.axes[axis].node + node
    first, last = lattice.nodes[g].below, lattice.nodes[g + 1].below
    pairs = 0
    for i in range(first, last):
        alpha = lattice.lists[i]
        signature = lattice.nodes[lattice.axes[axis].node + alpha].signature
        if not _leaf_can_change(lattice, cells, desk, axis, alpha, need, limit):
            continue
        partners = _find_partners(lattice, desk, axis, alpha)
        for j in range(partners):
            beta = desk.partners[j]
            if lattice.nodes[lattice.axes[axis].node + beta].signature != signature:
                continue
            if _counts_in(lattice, axis, beta, node) or not _leaf_can_change(
                lattice, cells, desk, axis, beta, need, limit
            ):
                continue
            length = _swap_entries(lattice, desk, axis, alpha, beta)
            if length >= 0:
                _consider(lattice, cells, desk, axis, length, need, limit, free)
        if signature == 0:
            length = _swap_entries(lattice, desk, axis, alpha, -1)
            if length >= 0:
                _consider(lattice, cells, desk, axis, length, need, limit, free)
        pairs += partners
        if pairs > _PAIRS:
            break
    _sort(desk, axis)


@inner
def _find_partners(lattice, desk, axis, alpha):  # type: ignore[no-untyped-def]
    """List leaves to exchange with: all others, or on a long axis those of the smallest group and those nearby."""
    start = lattice.axes[axis].node
    first, last = lattice.axes[axis].leaf, lattice.axes[axis + 1].leaf
    number = 0
    if last - first <= LONG:
        for j in range(first, last):
            if lattice.lists[j] != alpha:
                desk.partners[number] = lattice.lists[j]
                number += 1
        return number
    group, least = -1, last - first
    for i in range(lattice.nodes[start + alpha].path, lattice.nodes[start + alpha + 1].path):
        g = start + lattice.lists[i]
        size = lattice.nodes[g + 1].below - lattice.nodes[g].below
        if 1 < size < least:
            group, least = g, size
    if group >= 0:
        first, last = lattice.nodes[group].below, lattice.nodes[group + 1].below
        number = _nearby(lattice, desk, first, last, alpha, 0)
    return _nearby(lattice, desk, lattice.axes[axis].leaf, lattice.axes[axis + 1].leaf, alpha, number)


@inner
def _nearby(lattice, desk, first, last, alpha, number):  # type: ignore[no-untyped-def]
    """Add the leaves of a range that are nearest to one in it and not listed yet."""
    listed = number
    low, high = first, last
    while low < high:  # leaves of a range are ascending
        middle = (low + high) // 2
        if lattice.lists[middle] < alpha:
            low = middle + 1
        else:
            high = middle
    begin = min(max(first, low - LONG // 2), max(first, last - LONG))
    for j in range(begin, min(last, begin + LONG)):
        leaf = lattice.lists[j]
        known = leaf == alpha
        for i in range(listed):
            known = known or desk.partners[i] == leaf
        if not known:
            desk.partners[number] = leaf
            number += 1
    return number


@inner
def _leaf_can_change(lattice, cells, desk, axis, leaf, need, limit):  # type: ignore[no-untyped-def]
    """Say whether the cell at a leaf, the other axes at the target's, can change as needed and costs little enough."""
    start = lattice.axes[axis].node
    most = max(need[0], need[1], (need[2] + 1) // 2)
    for k in range(lattice.offset.shape[0]):
        at = desk.here[k] + lattice.offset[k, start + leaf] - lattice.offset[k, start + desk.nodes[axis]]
        if at >= 0:
            cell = lattice.places[lattice.base[k] + at].cell
            if max(cells[cell].up, cells[cell].down) < most or cells[cell].price >= limit:
                return False
    return True


@inner
def _tuple_can_change(lattice, cells, desk, block, size, row, need, limit):  # type: ignore[no-untyped-def]
    """The same for a coordinate of several axes."""
    most = max(need[0], need[1], (need[2] + 1) // 2)
    for k in range(lattice.offset.shape[0]):
        at = desk.here[k]
        for i in range(size):
            axis = block[i]
            start = lattice.axes[axis].node
            at += lattice.offset[k, start + desk.tuples[row, i]] - lattice.offset[k, start + desk.nodes[axis]]
        if at >= 0:
            cell = lattice.places[lattice.base[k] + at].cell
            if max(cells[cell].up, cells[cell].down) < most or cells[cell].price >= limit:
                return False
    return True


@inner
def _tuple_entries(lattice, desk, block, size, own, other, sign, length):  # type: ignore[no-untyped-def]
    """Add every coordinate above one tuple and not above the other, but for the target."""
    counter = desk.tuples[4]
    for i in range(size):
        counter[i] = 0
    while True:
        shared, target = True, True
        for i in range(size):
            axis = block[i]
            g = lattice.axes[axis].node + desk.tuples[own, i]
            node = lattice.lists[lattice.nodes[g].path + counter[i]]
            if node != desk.nodes[axis]:
                target = False
            if not _counts_in(lattice, axis, desk.tuples[other, i], node):
                shared = False
        if not shared and not target:
            if length == ENTRIES:
                return -1
            for k in range(lattice.offset.shape[0]):
                total = 0
                for i in range(size):
                    axis = block[i]
                    start = lattice.axes[axis].node
                    g = start + desk.tuples[own, i]
                    node = lattice.lists[lattice.nodes[g].path + counter[i]]
                    total += lattice.offset[k, start + node] - lattice.offset[k, start + desk.nodes[axis]]
                desk.tmp[length, k] = total
            desk.tmp[length, -1] = sign
            length += 1
        i = size - 1
        while i >= 0:
            g = lattice.axes[block[i]].node + desk.tuples[own, i]
            counter[i] += 1
            if counter[i] < lattice.nodes[g + 1].path - lattice.nodes[g].path:
                break
            counter[i] = 0
            i -= 1
        if i < 0:
            return length


@inner
def _several_axes(lattice, cells, desk, region, block, size, need, limit, free):  # type: ignore[no-untyped-def]
    """Collect the changes along several axes at once: one coordinate against another that differs in each."""
    desk.tally[region] = 0
    alpha, beta, low, counter = desk.tuples[0], desk.tuples[1], desk.tuples[2], desk.tuples[3]
    combinations = 1.0
    for i in range(size):
        axis = block[i]
        combinations *= lattice.axes[axis + 1].leaf - lattice.axes[axis].leaf
    window = FAR
    if combinations > _PAIRS:
        window = max(2, int(_PAIRS ** (1.0 / size)))
    for i in range(size):
        counter[i] = 0
    alphas = 0
    tried = 0
    while alphas < _ALPHAS and tried < _PAIRS:
        tried += 1
        usable = True
        for i in range(size):
            axis = block[i]
            g = lattice.axes[axis].node + desk.nodes[axis]
            alpha[i] = lattice.lists[lattice.nodes[g].below + counter[i]]
            usable = usable and lattice.nodes[lattice.axes[axis].node + alpha[i]].signature == 0
        if usable and _tuple_can_change(lattice, cells, desk, block, size, 0, need, limit):
            alphas += 1
            _against_others(lattice, cells, desk, region, block, size, window, need, limit, free, low, beta)
        i = size - 1
        while i >= 0:
            g = lattice.axes[block[i]].node + desk.nodes[block[i]]
            counter[i] += 1
            if counter[i] < lattice.nodes[g + 1].below - lattice.nodes[g].below:
                break
            counter[i] = 0
            i -= 1
        if i < 0:
            break
    _sort(desk, region)


@inner
def _against_others(lattice, cells, desk, region, block, size, window, need, limit, free, low, beta):  # type: ignore[no-untyped-def]
    """Price the change from one coordinate to every other within the window."""
    alpha, steps = desk.tuples[0], desk.tuples[5]
    for i in range(size):
        axis = block[i]
        first, last = lattice.axes[axis].leaf, lattice.axes[axis + 1].leaf
        low[i] = first
        if last - first > window:
            at = first
            while lattice.lists[at] != alpha[i]:
                at += 1
            low[i] = min(max(first, at - window // 2), last - window)
        steps[i] = 0
    while True:
        usable, outside = True, False
        for i in range(size):
            axis = block[i]
            beta[i] = lattice.lists[low[i] + steps[i]]
            if beta[i] == alpha[i] or lattice.nodes[lattice.axes[axis].node + beta[i]].signature != 0:
                usable = False
                break
            if not _counts_in(lattice, axis, beta[i], desk.nodes[axis]):
                outside = True
        if usable and outside and _tuple_can_change(lattice, cells, desk, block, size, 1, need, limit):
            length = _tuple_entries(lattice, desk, block, size, 1, 0, -1, 0)
            if length >= 0:
                length = _tuple_entries(lattice, desk, block, size, 0, 1, 1, length)
            if length >= 0:
                _consider(lattice, cells, desk, region, length, need, limit, free)
                if free and desk.tally[region] == TOP:
                    return
        i = size - 1
        while i >= 0:
            axis = block[i]
            width = min(window, lattice.axes[axis + 1].leaf - lattice.axes[axis].leaf)
            steps[i] += 1
            if steps[i] < width:
                break
            steps[i] = 0
            i -= 1
        if i < 0:
            return


@inner
def search(lattice, cells, desk, cell, need, limit, free, coarse):  # type: ignore[no-untyped-def]
    """Find the cheapest move that raises a cell by one, and can be repeated as often as needed.

    Args:
        lattice: A `Lattice`.
        cells: Records of `CELL`.
        desk: A `Desk`; holds the move afterwards.
        cell: The target.
        need: How often at least the move must go forwards, backwards, and both together.
        limit: A move must be cheaper than this.
        free: Whether the first move below the limit will do.
        coarse: Whether to take axes together where single swaps will not do.

    Returns:
        Whether there is one.
    """
    desk.best[PRICE] = limit
    desk.best[SIZE] = 0
    if cells[cell].up < need[0] or cells[cell].down < need[1] or cells[cell].up + cells[cell].down < need[2]:
        return False
    _place(lattice, desk, cell)
    axes = lattice.blocks.shape[1]
    desk.depth[0, _ROOM_UP] = cells[cell].up
    desk.depth[0, _ROOM_DOWN] = cells[cell].down
    for axis in range(axes):
        _one_axis(lattice, cells, desk, axis, need, limit, free)
    block = np.zeros(axes, dtype=np.int64)
    for partition in range(lattice.blocks.shape[0]):
        if _collect(lattice, cells, desk, partition, block, need, free):
            _combine(lattice, cells, desk, need, free)
        if desk.best[SIZE] > 0 or not coarse:
            break
    return desk.best[SIZE] > 0


@inner
def _collect(lattice, cells, desk, partition, block, need, free):  # type: ignore[no-untyped-def]
    """Gather the candidates of each block of a partition; say whether there are any for all."""
    axes = lattice.blocks.shape[1]
    blocks = 0
    for axis in range(axes):
        blocks = max(blocks, lattice.blocks[partition, axis] + 1)
    least = 0
    for number in range(blocks):
        size = 0
        for axis in range(axes):
            if lattice.blocks[partition, axis] == number:
                block[size] = axis
                size += 1
        region = block[0]
        if size > 1:
            for i in range(size):
                if desk.nodes[block[i]] < 0:
                    return False
            region = axes + number
            _several_axes(lattice, cells, desk, region, block, size, need, desk.best[PRICE] - least, free)
        if desk.tally[region] == 0:
            return False
        least += desk.cand[region, desk.cand[region, 0, _ORDER], _PRICE]
        if least >= desk.best[PRICE]:
            return False
        desk.depth[number, _REGION] = region
    # blocks with few candidates first
    for i in range(1, blocks):
        region = desk.depth[i, _REGION]
        j = i
        while j > 0 and desk.tally[desk.depth[j - 1, _REGION]] > desk.tally[region]:
            desk.depth[j, _REGION] = desk.depth[j - 1, _REGION]
            j -= 1
        desk.depth[j, _REGION] = region
    desk.depth[blocks, _REGION] = -1
    rest = 0
    for i in range(blocks - 1, -1, -1):
        desk.depth[i, _REST] = rest
        region = desk.depth[i, _REGION]
        rest += desk.cand[region, desk.cand[region, 0, _ORDER], _PRICE]
    return True


@inner
def _combine(lattice, cells, desk, need, free):  # type: ignore[no-untyped-def]
    """Multiply the blocks' candidates, the cheapest first, and give up what cannot be better than the best."""
    cubes = lattice.offset.shape[0]
    depth = desk.depth
    for k in range(cubes):
        desk.grown[0, k] = desk.here[k]
    desk.grown[0, -1] = 1
    level = 0
    depth[0, _INDEX] = -1
    depth[0, _GROWN] = 1
    depth[0, _SPENT] = 0
    # depth[0, _ROOM_*] is the target's own room
    expansions = 0
    while level >= 0:
        region = depth[level, _REGION]
        depth[level, _INDEX] += 1
        if depth[level, _INDEX] >= desk.tally[region]:
            level -= 1
            continue
        slot = desk.cand[region, depth[level, _INDEX], _ORDER]
        if depth[level, _SPENT] + desk.cand[region, slot, _PRICE] + depth[level, _REST] >= desk.best[PRICE]:
            level -= 1
            continue
        expansions += 1
        if expansions > _EXPANSIONS:
            return
        size = depth[level, _GROWN]
        price, up, down = depth[level, _SPENT], depth[level, _ROOM_UP], depth[level, _ROOM_DOWN]
        length = desk.cand[region, slot, _LENGTH]
        if size * (length + 1) > CELLS:
            continue
        ok = True
        grown = size
        for e in range(length):
            sign = desk.entries[region, slot, e, -1]
            for j in range(size):
                own = sign * desk.grown[j, -1]
                desk.grown[grown, -1] = own
                for k in range(cubes):
                    at = desk.grown[j, k] + desk.entries[region, slot, e, k]
                    desk.grown[grown, k] = at
                    if at < 0:
                        continue
                    position = lattice.base[k] + at
                    cell = lattice.places[position].cell
                    if own > 0:
                        up, down = min(up, cells[cell].up), min(down, cells[cell].down)
                    else:
                        up, down = min(up, cells[cell].down), min(down, cells[cell].up)
                    if up < need[0] or down < need[1] or up + down < need[2]:
                        ok = False
                        break
                    if lattice.places[position].first:
                        price += cells[cell].price
                if not ok or price + depth[level, _REST] >= desk.best[PRICE]:
                    ok = False
                    break
                grown += 1
            if not ok:
                break
        if not ok:
            continue
        if depth[level + 1, _REGION] < 0:
            _keep(lattice, desk, grown, price, up, down)
            if free or price == 0:
                return
            continue
        level += 1
        depth[level, _INDEX] = -1
        depth[level, _GROWN] = grown
        depth[level, _SPENT] = price
        depth[level, _ROOM_UP] = up
        depth[level, _ROOM_DOWN] = down


@inner
def _keep(lattice, desk, grown, price, up, down):  # type: ignore[no-untyped-def]
    """Write down a finished product as the best so far."""
    size = 0
    for j in range(grown):
        for k in range(lattice.offset.shape[0]):
            at = desk.grown[j, k]
            if at >= 0:
                position = lattice.base[k] + at
                if lattice.places[position].first:
                    desk.move[size, 0] = lattice.places[position].cell
                    desk.move[size, 1] = desk.grown[j, -1]
                    size += 1
    desk.best[PRICE] = price
    desk.best[SIZE] = size
    desk.best[HIGH] = up
    desk.best[LOW] = down
