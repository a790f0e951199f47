"""A suppression pattern in the making, with its moves and its rows. Compiled.

Everything that changes is logged, so that a step which does not pay can be taken back.
"""

# ruff: noqa: ANN001, ANN202, C901, SIM110 - of compiled functions the arrays say the types, and plain loops are fast
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ddg_pipeline.compiling import watch
from ddg_pipeline.masking._chains import put_aside, seek, take_back
from ddg_pipeline.masking._search import HIGH, LOW, PRICE, SIZE, inner, search
from ddg_pipeline.masking.lattice import record

watch()

OPEN, ZERO, KNOWN, SMALL, COMPLEMENTARY = 0, 1, 2, 3, 4  # as `Status`
_NEAREST = 2  # single steps tried each way where a cell needs one more value
_SEVERAL = 63  # the bit that stands for every value too large for one of its own
_DEAR = 2**50
_START = 2  # how many times as dear as the move known the first product of a sum may be
_REFRESH = 64  # rounds of improvement after which the list of complementary cells is made anew

# entries of Pattern.tally
MOVES, ENTRIES, LOGGED, COST, RANDOM, FULL = 0, 1, 2, 3, 4, 5
COUNTERS = 6
# kinds of log entries
_HID, _SHOWED, _ADDED, _DROPPED = 0, 1, 2, 3


class Limits(NamedTuple):
    """The figures of `MaskingRules` that compiled code needs."""

    lower: int
    upper: int
    possible: int
    every: bool
    literal: bool
    per_row: int
    all_at_most: int
    sum_below: int
    longest: int


ROW = record([("start", "i8"), ("total", "i8"), ("parent", "i4"), ("hidden", "i4"), ("large", "i4"), ("is_sum", "?")])
"""A relation with a cell that can be hidden.

* ``start``: where its cells begin in `Pattern.row_cells`; one row more than there are marks the end of the last.
* ``parent``: the cell that the others add up to.
* ``hidden``, ``total``, ``large``: how many of its cells are hidden, what these sum to, and how many of them are above
  the limit for very small ones.
* ``is_sum``: False for an identity between measures, of which no cell may be hidden alone either.
"""

MOVE = record([("start", "i8"), ("low", "i2"), ("high", "i2"), ("on", "?")])
"""A move: where its entries begin, how often it can go backwards (0 or less) and forwards, and whether it is in use."""

ENTRY = record([("next", "i8"), ("cell", "i4"), ("move", "i4"), ("delta", "i2")])
"""A cell that a move changes: by how much, and the entry before it of the same cell, or -1."""

LOG = record([("what", "i8"), ("kind", "i1")])
"""Something done to a cell or a move."""


class Pattern(NamedTuple):
    """A suppression pattern, with its moves and its rows.

    Attributes:
        cells: Records of `CELL`.
        rows: Records of `ROW`.
        row_cells: The cells of each row that can be hidden.
        cell_rows: The rows of each cell.
        moves: Records of `MOVE`.
        entries: Records of `ENTRY`.
        log: Records of `LOG`.
        tally: Counters; see the names above.
    """

    cells: NDArray[np.void]
    rows: NDArray[np.void]
    row_cells: NDArray[np.int32]
    cell_rows: NDArray[np.int32]
    moves: NDArray[np.void]
    entries: NDArray[np.void]
    log: NDArray[np.void]
    tally: NDArray[np.int64]


@inner
def _log(pattern, kind, what):  # type: ignore[no-untyped-def]
    at = pattern.tally[LOGGED]
    if at < len(pattern.log):
        pattern.log[at].kind = kind
        pattern.log[at].what = what
        pattern.tally[LOGGED] = at + 1
    else:
        pattern.tally[FULL] = 1


@inner
def _count_rows(pattern, limits, cell, sign):  # type: ignore[no-untyped-def]
    value = pattern.cells[cell].value
    for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
        row = pattern.cell_rows[i]
        pattern.rows[row].hidden += sign
        pattern.rows[row].total += sign * value
        if value > limits.all_at_most:
            pattern.rows[row].large += sign


@inner
def hide(pattern, limits, cell):  # type: ignore[no-untyped-def]
    """Make an open cell a complementary one."""
    pattern.cells[cell].status = COMPLEMENTARY
    pattern.cells[cell].price = 0
    pattern.tally[COST] += pattern.cells[cell].cost
    _count_rows(pattern, limits, cell, 1)
    _log(pattern, _HID, cell)


@inner
def show(pattern, limits, cell):  # type: ignore[no-untyped-def]
    """Publish a complementary cell again."""
    pattern.cells[cell].status = OPEN
    pattern.cells[cell].price = pattern.cells[cell].cost
    pattern.tally[COST] -= pattern.cells[cell].cost
    _count_rows(pattern, limits, cell, -1)
    _log(pattern, _SHOWED, cell)


@njit(cache=True)
def start_rows(pattern, limits):  # type: ignore[no-untyped-def]
    """Count what is hidden from the start in every row."""
    for cell in range(len(pattern.cells) - 1):
        if pattern.cells[cell].status >= SMALL:
            _count_rows(pattern, limits, cell, 1)


@inner
def short_row(pattern, limits, row):  # type: ignore[no-untyped-def]
    """Say whether a row needs one more suppression (§4.4.1 items 2 and 4)."""
    if not limits.literal or pattern.rows[row].hidden == 0:
        return False
    if not pattern.rows[row].is_sum:
        return pattern.rows[row].hidden < limits.per_row
    return (
        pattern.rows[row].hidden < limits.per_row
        or pattern.rows[row].total < limits.sum_below
        or pattern.rows[row].large == 0
    )


@inner
def broken_row(pattern, limits, row):  # type: ignore[no-untyped-def]
    """Say whether a row is short of suppressions and that matters.

    A row whose hidden cells are all it has besides zeros cannot have one more; where its sum is hidden too nothing can
    be calculated from it.
    """
    if not short_row(pattern, limits, row):
        return False
    if pattern.cells[pattern.rows[row].parent].status < SMALL:
        return True
    for i in range(pattern.rows[row].start, pattern.rows[row + 1].start):
        if pattern.cells[pattern.row_cells[i]].status == OPEN:
            return True
    return False


@inner
def mend_row(pattern, limits, row):  # type: ignore[no-untyped-def]
    """Hide open cells of a row until it is not short: those that mend the most rows for their price."""
    while short_row(pattern, limits, row):
        best, least = -1, 0.0
        for i in range(pattern.rows[row].start, pattern.rows[row + 1].start):
            cell = pattern.row_cells[i]
            if pattern.cells[cell].status != OPEN or pattern.cells[cell].price >= _DEAR:
                continue
            mended, opened = 0, 0
            for j in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
                other = pattern.cell_rows[j]
                if short_row(pattern, limits, other):
                    mended += 1
                elif pattern.rows[other].hidden == 0:
                    opened += 1
            score = pattern.cells[cell].price * (1.0 + 0.5 * opened) / mended
            if best < 0 or score < least:
                best, least = cell, score
        if best < 0:
            return
        hide(pattern, limits, best)
        for j in range(pattern.cells[best].rows, pattern.cells[best + 1].rows):
            other = pattern.cell_rows[j]
            if other != row and short_row(pattern, limits, other):
                mend_later(pattern, limits, other)


@inner
def mend_later(pattern, limits, row):  # type: ignore[no-untyped-def]
    """Hide the cheapest open cell of each row that became short, and of those that follow from it."""
    waiting = [row]
    while len(waiting) > 0:
        one = waiting.pop()
        while short_row(pattern, limits, one):
            best = -1
            for i in range(pattern.rows[one].start, pattern.rows[one + 1].start):
                cell = pattern.row_cells[i]
                if pattern.cells[cell].status != OPEN or pattern.cells[cell].price >= _DEAR:
                    continue
                if best < 0 or pattern.cells[cell].price < pattern.cells[best].price:
                    best = cell
            if best < 0:
                break
            hide(pattern, limits, best)
            for j in range(pattern.cells[best].rows, pattern.cells[best + 1].rows):
                other = pattern.cell_rows[j]
                if other != one and short_row(pattern, limits, other):
                    waiting.append(other)


@inner
def _mark(pattern, move):  # type: ignore[no-untyped-def]
    """Note the values that a move gives its small cells."""
    for e in range(pattern.moves[move].start, pattern.moves[move + 1].start):
        cell = pattern.entries[e].cell
        if pattern.cells[cell].status == SMALL:
            _mark_entry(pattern, e)


@inner
def _mark_entry(pattern, e):  # type: ignore[no-untyped-def]
    cell, move = pattern.entries[e].cell, pattern.entries[e].move
    value, delta = pattern.cells[cell].value, pattern.entries[e].delta
    bits = pattern.cells[cell].have
    for times in range(pattern.moves[move].low, pattern.moves[move].high + 1):
        bits |= np.uint64(1) << np.uint64(min(value + times * delta, _SEVERAL))
    pattern.cells[cell].have = bits


@inner
def _remark(pattern, cell):  # type: ignore[no-untyped-def]
    """Work out anew which values a small cell can have."""
    pattern.cells[cell].have = np.uint64(1) << np.uint64(pattern.cells[cell].value)
    e = pattern.cells[cell].head
    while e >= 0:
        if pattern.moves[pattern.entries[e].move].on:
            _mark_entry(pattern, e)
        e = pattern.entries[e].next


@inner
def _add_move(pattern, desk, limits):  # type: ignore[no-untyped-def]
    """Take the desk's move into use and hide its cells."""
    size = desk.best[SIZE]
    for i in range(size):
        cell = desk.move[i, 0]
        if pattern.cells[cell].status == OPEN:
            hide(pattern, limits, cell)
    move = pattern.tally[MOVES]
    at = pattern.tally[ENTRIES]
    pattern.moves[move].start = at
    pattern.moves[move + 1].start = at + size
    pattern.moves[move].low = -min(desk.best[LOW], limits.longest)
    pattern.moves[move].high = min(desk.best[HIGH], limits.longest)
    pattern.moves[move].on = True
    for i in range(size):
        cell = desk.move[i, 0]
        pattern.entries[at].cell = cell
        pattern.entries[at].delta = desk.move[i, 1]
        pattern.entries[at].move = move
        pattern.entries[at].next = pattern.cells[cell].head
        pattern.cells[cell].head = at
        at += 1
    pattern.tally[MOVES] = move + 1
    pattern.tally[ENTRIES] = at
    _mark(pattern, move)
    _log(pattern, _ADDED, move)
    return move


@inner
def _drop_move(pattern, move):  # type: ignore[no-untyped-def]
    pattern.moves[move].on = False
    _log(pattern, _DROPPED, move)


@inner
def undo(pattern, limits, to):  # type: ignore[no-untyped-def]
    """Take everything back that was logged after a point."""
    while pattern.tally[LOGGED] > to:
        at = pattern.tally[LOGGED] - 1
        kind, what = pattern.log[at].kind, pattern.log[at].what
        if kind == _HID:
            pattern.cells[what].status = OPEN
            pattern.cells[what].price = pattern.cells[what].cost
            pattern.tally[COST] -= pattern.cells[what].cost
            _count_rows(pattern, limits, what, -1)
        elif kind == _SHOWED:
            pattern.cells[what].status = COMPLEMENTARY
            pattern.cells[what].price = 0
            pattern.tally[COST] += pattern.cells[what].cost
            _count_rows(pattern, limits, what, 1)
        else:
            if kind == _ADDED:
                pattern.moves[what].on = False
            else:
                pattern.moves[what].on = True
            for e in range(pattern.moves[what + 1].start - 1, pattern.moves[what].start - 1, -1):
                cell = pattern.entries[e].cell
                if kind == _ADDED:
                    pattern.cells[cell].head = pattern.entries[e].next
                if pattern.cells[cell].status == SMALL:
                    _remark(pattern, cell)
            if kind == _ADDED:
                pattern.tally[MOVES] = what
                pattern.tally[ENTRIES] = pattern.moves[what].start
        pattern.tally[LOGGED] = at


@inner
def _bits(word):  # type: ignore[no-untyped-def]
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


@njit(cache=True)
def proved(pattern, limits, cell):  # type: ignore[no-untyped-def]
    """Say whether a small cell can have as many values as the level asks for."""
    have = pattern.cells[cell].have
    if limits.every:
        for value in range(limits.lower, limits.upper + 1):
            if not have >> np.uint64(value) & np.uint64(1):
                return False
        return True
    return _bits(have) >= limits.possible


@inner
def _has(pattern, cell, value):  # type: ignore[no-untyped-def]
    return (pattern.cells[cell].have >> np.uint64(min(value, _SEVERAL))) & np.uint64(1) == np.uint64(1)


@inner
def _one_more_move(pattern, lattice, desk, limits, cell, free, limit, coarse):  # type: ignore[no-untyped-def]
    """Find on the desk the cheapest move that gives a cell a value that it does not have yet."""
    need = np.zeros(3, dtype=np.int64)
    value = pattern.cells[cell].value
    best_price, best_need = limit, np.zeros(3, dtype=np.int64)
    found = False
    if limits.every:
        for other in range(limits.lower, limits.upper + 1):
            if not _has(pattern, cell, other):
                need[0] = max(need[0], other - value)
                need[1] = max(need[1], value - other)
        if search(lattice, pattern.cells, desk, cell, need, limit, free, coarse):
            return True
        for other in range(limits.lower, limits.upper + 1):
            if _has(pattern, cell, other):
                continue
            need[0], need[1], need[2] = max(other - value, 0), max(value - other, 0), 0
            if search(lattice, pattern.cells, desk, cell, need, best_price, free, coarse):
                if free:
                    return True
                found, best_price = True, desk.best[PRICE]
                best_need[:] = need
    else:
        have = _bits(pattern.cells[cell].have)
        if have == 1:
            need[2] = limits.possible - 1
            if search(lattice, pattern.cells, desk, cell, need, limit, free, coarse):
                return True
            # one more value at a time; where there is none at all, there is none of any size
            need[2] = 1
            return limits.possible > 2 and search(lattice, pattern.cells, desk, cell, need, limit, free, coarse)
        for size in range(1, _NEAREST + 1):
            for way in range(2):
                other = value + size if way == 0 else value - size
                if other < limits.lower or _has(pattern, cell, other):
                    continue
                need[0], need[1], need[2] = (size, 0, 0) if way == 0 else (0, size, 0)
                if search(lattice, pattern.cells, desk, cell, need, best_price, free, coarse):
                    if free:
                        return True
                    found, best_price = True, desk.best[PRICE]
                    best_need[:] = need
    if found:
        search(lattice, pattern.cells, desk, cell, best_need, best_price + 1, False, coarse)
    return found


@inner
def _one_more_chain(pattern, lattice, desk, limits, cell, free, found, spare):  # type: ignore[no-untyped-def]
    """Find on the desk a sum of products that gives a cell a value that it does not have yet, and costs less.

    ``free`` says whether only one that costs nothing will do; ``found``, whether there is a move on the desk already,
    which stays there if nothing is cheaper; ``spare``, what the first product of the sum may cost where there is none.
    """
    value = pattern.cells[cell].value
    least, most = limits.lower - value, limits.upper - value
    if not limits.every:
        most = min(limits.possible - 1, _NEAREST)
        least = max(least, -most)
    best, first = 1 if free else _DEAR, spare
    if found:
        best = desk.best[PRICE]
        first = _START * best
        put_aside(desk)
    cheaper = False
    far = max(most, -least)
    for step in range(1, far + 1):
        times = step if free and not limits.every else far + 1 - step
        for way in (1, -1):
            if not least <= way * times <= most or _has(pattern, cell, value + way * times):
                continue
            if seek(lattice, pattern.cells, desk, cell, times, way, first, best):
                put_aside(desk)
                cheaper, best = True, desk.best[PRICE]
                if best == 0:
                    return True
        if cheaper:
            break  # nearer values come along with farther ones
    if found or cheaper:
        take_back(desk)
    return found or cheaper


@inner
def certify(pattern, lattice, desk, limits, cell, free, coarse, spare):  # type: ignore[no-untyped-def]
    """Add moves until a small cell is proved protected; say whether it is.

    ``free`` says whether only moves among hidden cells will do; ``coarse``, whether to take axes together where single
    swaps will not do; ``spare``, what the first product of a sum may cost, whose others put back what it changes (0 for
    no sums).
    """
    while not proved(pattern, limits, cell):
        if pattern.tally[ENTRIES] + len(desk.move) > len(pattern.entries):
            pattern.tally[FULL] = 1
            return False
        if pattern.tally[MOVES] + 2 > len(pattern.moves) - 1:
            pattern.tally[FULL] = 1
            return False
        limit = 1 if free else _DEAR
        found = _one_more_move(pattern, lattice, desk, limits, cell, free, limit, False)
        if not found and coarse:
            # what single swaps cannot do is worth a longer search once, but not whenever a cell is tried anew
            found = _one_more_move(pattern, lattice, desk, limits, cell, free, limit, True)
        if spare > 0 and len(desk.chain) > 0 and (not found or desk.best[PRICE] > 0):
            found = _one_more_chain(pattern, lattice, desk, limits, cell, free, found, spare)
        if not found:
            return False
        had = pattern.cells[cell].have
        _add_move(pattern, desk, limits)
        if pattern.cells[cell].have == had:
            return False
    return True


@njit(cache=True)
def hide_all(pattern, limits, which):  # type: ignore[no-untyped-def]
    """Hide open cells."""
    for cell in which:
        if pattern.cells[cell].status == OPEN:
            hide(pattern, limits, cell)


@njit(cache=True)
def mend_all(pattern, limits, first, last):  # type: ignore[no-untyped-def]
    """Mend rows in their order."""
    for row in range(first, last):
        if short_row(pattern, limits, row):
            mend_row(pattern, limits, row)


@njit(cache=True)
def broken_rows(pattern, limits):  # type: ignore[no-untyped-def]
    """Say of every row whether it breaks the rules."""
    broken = np.zeros(len(pattern.rows) - 1, dtype=np.bool_)
    for row in range(len(broken)):
        broken[row] = broken_row(pattern, limits, row)
    return broken


@njit(cache=True)
def take(pattern, desk, limits):  # type: ignore[no-untyped-def]
    """Take the move on the desk into use."""
    pattern.tally[LOGGED] = 0
    _add_move(pattern, desk, limits)


@njit(cache=True)
def link(pattern):  # type: ignore[no-untyped-def]
    """Link the entries of every cell anew."""
    for cell in range(len(pattern.cells)):
        pattern.cells[cell].head = -1
    for move in range(pattern.tally[MOVES]):
        for e in range(pattern.moves[move].start, pattern.moves[move + 1].start):
            cell = pattern.entries[e].cell
            pattern.entries[e].move = move
            pattern.entries[e].next = pattern.cells[cell].head
            pattern.cells[cell].head = e


@njit(cache=True)
def certify_all(pattern, lattice, desk, limits, order, first, last, free, proven):  # type: ignore[no-untyped-def]
    """Certify cells in an order; stop where room runs out.

    Returns:
        The position reached.
    """
    for i in range(first, last):
        pattern.tally[LOGGED] = 0
        done = certify(pattern, lattice, desk, limits, order[i], free, not free, 0 if free else _DEAR)
        if pattern.tally[FULL]:
            return i
        proven[i] = done
    return last


@inner
def _withdraw(pattern, cell, broken):  # type: ignore[no-untyped-def]
    """Drop every move that needs a cell hidden; list the small cells that are no longer proved."""
    e = pattern.cells[cell].head
    while e >= 0:
        move = pattern.entries[e].move
        if pattern.moves[move].on:
            _drop_move(pattern, move)
            for f in range(pattern.moves[move].start, pattern.moves[move + 1].start):
                small = pattern.entries[f].cell
                if pattern.cells[small].status == SMALL:
                    broken.append(small)
        e = pattern.entries[e].next


@inner
def _unproved(pattern, limits, touched):  # type: ignore[no-untyped-def]
    """Of cells that lost a move, those that need another; each once, in order."""
    found = [np.int64(0) for _ in range(0)]
    for cell in touched:
        _remark(pattern, cell)
    for cell in touched:
        if not proved(pattern, limits, cell) and cell not in found:
            found.append(np.int64(cell))
    return found


@inner
def _can_be_put_back(pattern, lattice, desk, cell):  # type: ignore[no-untyped-def]
    """Say whether a change of a cell can be undone by a product among hidden cells."""
    need = np.zeros(3, dtype=np.int64)
    for way in range(2):
        need[0], need[1] = 1 - way, way
        if search(lattice, pattern.cells, desk, cell, need, 1, True, False):
            return True
    return False


@inner
def give_back(pattern, lattice, desk, limits, cell):  # type: ignore[no-untyped-def]
    """Publish a complementary cell again if every small cell can be proved without it, for nothing."""
    mark = pattern.tally[LOGGED]
    show(pattern, limits, cell)
    for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
        if broken_row(pattern, limits, pattern.cell_rows[i]):
            undo(pattern, limits, mark)
            return False
    touched = [np.int64(0) for _ in range(0)]
    _withdraw(pattern, cell, touched)
    for small in touched:
        _remark(pattern, small)
    spare = 0
    if len(desk.chain) > 0 and _can_be_put_back(pattern, lattice, desk, cell):
        spare = pattern.cells[cell].cost + 1
    for small in touched:
        if not proved(pattern, limits, small) and not certify(
            pattern, lattice, desk, limits, small, True, False, spare
        ):
            undo(pattern, limits, mark)
            return False
    return True


@njit(cache=True)
def give_back_all(pattern, lattice, desk, limits, order, first, last):  # type: ignore[no-untyped-def]
    """Try to publish complementary cells again, in an order; stop where room runs out.

    Returns:
        The position reached.
    """
    for i in range(first, last):
        pattern.tally[LOGGED] = 0
        if pattern.cells[order[i]].status == COMPLEMENTARY:
            give_back(pattern, lattice, desk, limits, order[i])
        if pattern.tally[FULL]:
            return i
    return last


@inner
def _optional(pattern):  # type: ignore[no-untyped-def]
    """List the complementary cells that may be published again."""
    found = np.empty(len(pattern.cells) - 1, dtype=np.int64)
    number = 0
    for cell in range(len(pattern.cells) - 1):
        if pattern.cells[cell].status == COMPLEMENTARY and not pattern.cells[cell].forced:
            found[number] = cell
            number += 1
    return found[:number]


@inner
def _random(pattern, below):  # type: ignore[no-untyped-def]
    """Give a whole number from 0 to below - 1 (xorshift)."""
    x = np.uint64(pattern.tally[RANDOM])
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    pattern.tally[RANDOM] = np.int64(x)
    return np.int64((x >> np.uint64(11)) % np.uint64(below))


@njit(cache=True)
def improve(pattern, lattice, desk, limits, rounds):  # type: ignore[no-untyped-def]
    """Take some complementary cells away, protect what is then bare at the least price, keep what is no dearer.

    Returns:
        How many rounds were done before room ran out.
    """
    hidden = _optional(pattern)
    for turn in range(rounds):
        if turn % _REFRESH == 0:
            hidden = _optional(pattern)
        number = len(hidden)
        pattern.tally[LOGGED] = 0
        if number == 0:
            return rounds
        before = pattern.tally[COST]
        chosen = [hidden[_random(pattern, number)]]
        if pattern.cells[chosen[0]].status != COMPLEMENTARY:
            continue
        more = _random(pattern, 4)
        for _ in range(more):
            chosen.append(_near(pattern, chosen[0], hidden, number))
        banned = _random(pattern, 2) == 0
        touched = [np.int64(0) for _ in range(0)]
        for cell in chosen:
            if pattern.cells[cell].status == COMPLEMENTARY:
                show(pattern, limits, cell)
                _withdraw(pattern, cell, touched)
        if banned:
            pattern.cells[chosen[0]].price = _DEAR
        ok = True
        for cell in chosen:
            for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
                mend_row(pattern, limits, pattern.cell_rows[i])
        bare = _unproved(pattern, limits, touched)
        for i in range(len(bare) - 1, 0, -1):
            j = _random(pattern, i + 1)
            bare[i], bare[j] = bare[j], bare[i]
        for cell in bare:
            if not certify(pattern, lattice, desk, limits, cell, True, False, 0):
                ok = certify(pattern, lattice, desk, limits, cell, False, False, _DEAR)
                if not ok or pattern.tally[COST] > before + before // 4 + 1000:
                    ok = False
                    break
        if banned and pattern.cells[chosen[0]].status == OPEN:
            pattern.cells[chosen[0]].price = pattern.cells[chosen[0]].cost
        if ok:
            ok = _settle(pattern, lattice, desk, limits)
        if pattern.tally[FULL] or not ok or pattern.tally[COST] > before:
            undo(pattern, limits, 0)
            if banned and pattern.cells[chosen[0]].status == OPEN:
                pattern.cells[chosen[0]].price = pattern.cells[chosen[0]].cost
            if pattern.tally[FULL]:
                return turn
    return rounds


@inner
def _near(pattern, cell, hidden, number):  # type: ignore[no-untyped-def]
    """Pick a complementary cell that shares a row with another, or any."""
    rows = pattern.cells[cell + 1].rows - pattern.cells[cell].rows
    for _ in range(8):
        if rows == 0:
            break
        row = pattern.cell_rows[pattern.cells[cell].rows + _random(pattern, rows)]
        width = pattern.rows[row + 1].start - pattern.rows[row].start
        other = pattern.row_cells[pattern.rows[row].start + _random(pattern, width)]
        if pattern.cells[other].status == COMPLEMENTARY and not pattern.cells[other].forced:
            return np.int64(other)
    return hidden[_random(pattern, number)]


@inner
def _settle(pattern, lattice, desk, limits):  # type: ignore[no-untyped-def]
    """Mend the rows around what was newly hidden, then give back what is not needed; say whether all is well."""
    at = 0
    fresh = [np.int64(0) for _ in range(0)]
    while at < pattern.tally[LOGGED]:
        if pattern.log[at].kind == _HID:
            cell = pattern.log[at].what
            if cell not in fresh:
                fresh.append(cell)
            for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
                mend_row(pattern, limits, pattern.cell_rows[i])
        elif pattern.log[at].kind == _SHOWED:
            cell = pattern.log[at].what
            for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
                mend_row(pattern, limits, pattern.cell_rows[i])
        at += 1
    for i in range(len(fresh) - 1, 0, -1):
        j = _random(pattern, i + 1)
        fresh[i], fresh[j] = fresh[j], fresh[i]
    for cell in fresh:
        if pattern.cells[cell].status == COMPLEMENTARY:
            give_back(pattern, lattice, desk, limits, cell)
    at = 0
    while at < pattern.tally[LOGGED]:
        if pattern.log[at].kind <= _SHOWED:
            cell = pattern.log[at].what
            for i in range(pattern.cells[cell].rows, pattern.cells[cell + 1].rows):
                if broken_row(pattern, limits, pattern.cell_rows[i]):
                    return False
        at += 1
    return True
