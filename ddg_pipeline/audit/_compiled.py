"""Compiled loops of the audit: propagation, and the search for exchanges. Imported only where a table is large.

An *exchange* is a change of a solution that keeps every sum. The simplest ones are products: along every axis, one
category takes over from another, and the cells that change are all combinations. Where one cell of a product cannot
change, a second product through that cell can take its change back, and so on in a chain.

Whatever the search comes up with is checked against all rows and bounds before it is used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ddg_pipeline.audit.boards import Board
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.compiling import watch

watch()

CANDIDATES = 96  # changes kept along one axis
ENTRIES = 512  # cells that one product may change
_LOOKED_AT = 1000  # changes looked at along one axis
_LOOKS = 4  # so many cost a step
_MULTIPLES = 16  # how many times an exchange is repeated at most
_NO_LIMIT = 1 << 60
_ROOT, _STILL = -1, -2

# what the square of a product can do
_FREE, _STUCK, _NOWHERE = 0, 1, 2


class Ground(NamedTuple):
    """A system and a solution of it.

    Attributes:
        point: Per unknown, its value.
        sums: Per row, its sum at this point.
        lower: Per unknown, the least it can be.
        upper: Per unknown, the most it can be.
        begin: Per unknown, where its entries begin in the next two.
        row: Rows.
        factor: Factors.
        row_lower: Per row, the least its sum can be.
        row_upper: Per row, the most it can be.
        change: Per unknown, room to work in: the change under consideration.
        row_change: Per row, room to work in.
    """

    point: Integers
    sums: Integers
    lower: Integers
    upper: Integers
    begin: Integers
    row: Integers
    factor: Integers
    row_lower: Integers
    row_upper: Integers
    change: Integers
    row_change: Integers


class Tally(NamedTuple):
    """Which values the unknowns in question have been seen to take.

    Attributes:
        question: Per unknown, its question, or -1.
        unknown: Per question, its unknown.
        need: Per question, how many values it needs.
        first: Per question, the value that the lowest bit of ``seen`` stands for.
        counts: Per question, the bits that count.
        seen: Per question, the values seen.
        done: Per question, whether it is answered.
    """

    question: Integers
    unknown: Integers
    need: Integers
    first: Integers
    counts: Integers
    seen: Integers
    done: Integers


class Desk(NamedTuple):
    """Room for the search of one product.

    Attributes:
        gone: Per axis and candidate, the innermost category that changes along.
        come: Per axis and candidate, the one that takes over; or `_ROOT`, if the total changes, or `_STILL`.
        listed: Per axis, how many candidates there are.
        order: The axes, those with few candidates first.
        at: Per level of the search, the candidate looked at.
        size: Per level, how many cells the product has so far.
        offset: Per level and cell, its square relative to the target.
        factor: Per level and cell, its change relative to the target's.
        stuck: Per level, how many cells cannot change.
        where: Per level, the last cell that cannot.
        state: The target's square, its change, how many cells may be stuck, the level, steps left, changes looked at.
    """

    gone: Integers
    come: Integers
    listed: Integers
    order: Integers
    at: Integers
    size: Integers
    offset: Integers
    factor: Integers
    stuck: Integers
    where: Integers
    state: Integers


def new_desk(axes: int) -> Desk:
    """Make room for products along some axes."""

    def room(*shape: int) -> Integers:
        return np.zeros(shape, dtype=np.int64)

    return Desk(
        room(axes, CANDIDATES),
        room(axes, CANDIDATES),
        room(axes),
        room(axes),
        room(axes + 1),
        room(axes + 1),
        room(axes + 1, ENTRIES),
        room(axes + 1, ENTRIES),
        room(axes + 1),
        room(axes + 1),
        room(8),
    )


# -- propagation -------------------------------------------------------------------------------------------------------


class Rules(NamedTuple):
    """A system row by row, for propagation.

    Attributes:
        start: Per row, where its entries begin in the next two.
        column: Unknowns.
        factor: Factors.
        row_lower: Per row, the least its sum can be.
        row_upper: Per row, the most it can be.
        begin: Per unknown, where its rows begin in ``by_column``.
        by_column: Rows.
    """

    start: Integers
    column: Integers
    factor: Integers
    row_lower: Integers
    row_upper: Integers
    begin: Integers
    by_column: Integers


class Queue(NamedTuple):
    """Rows that wait to be looked at, and what has changed.

    Attributes:
        rows: Room for every row, used in a circle.
        waiting: Per row, whether it waits.
        span: Where the first one is, how many wait, and how many changes are noted; -1 if none shall be.
        changed: The unknowns that changed.
        lower: Their lower bounds before.
        upper: Their upper bounds before.
    """

    rows: Integers
    waiting: Integers
    span: Integers
    changed: Integers
    lower: Integers
    upper: Integers


def new_queue(rows: int, changes: int) -> Queue:
    """Make room for propagation."""

    def room(size: int) -> Integers:
        return np.zeros(size, dtype=np.int64)

    return Queue(room(rows), room(rows), np.array([0, 0, -1]), room(changes), room(changes), room(changes))


@njit(cache=True)
def _wait(rules: Rules, queue: Queue, unknown: int) -> None:
    rows = len(queue.rows)
    for at in range(rules.begin[unknown], rules.begin[unknown + 1]):
        row = rules.by_column[at]
        if not queue.waiting[row]:
            queue.waiting[row] = 1
            queue.rows[(queue.span[0] + queue.span[1]) % rows] = row
            queue.span[1] += 1


@njit(cache=True)
def _new_bounds(
    by: int, low: int, high: int, least: int, most: int, rest_low: int, rest_high: int, uses: int
) -> tuple[int, int]:
    """Narrow one unknown by a row, of which the others sum to ``rest_low`` to ``rest_high``.

    ``uses`` tells which sides say something: 1 the row's upper end, 2 its lower one, 3 both.
    """
    if uses & 1:
        if by > 0:
            high = min(high, (most - rest_low) // by)
        else:
            low = max(low, -((most - rest_low) // -by))
    if uses & 2:
        if by > 0:
            low = max(low, -(-(least - rest_high) // by))
        else:
            high = min(high, -(least - rest_high) // -by)
    return low, high


@njit(cache=True)
def _tighten(rules: Rules, queue: Queue, lower: Integers, upper: Integers, row: int) -> bool:
    """Narrow the unknowns of one row; false if no values within the bounds satisfy it."""
    low, high, low_open, high_open = 0, 0, 0, 0
    for entry in range(rules.start[row], rules.start[row + 1]):
        unknown, by = rules.column[entry], rules.factor[entry]
        least, most = (lower[unknown], upper[unknown]) if by > 0 else (upper[unknown], lower[unknown])
        if abs(least) >= _NO_LIMIT:
            low_open += 1
        else:
            low += by * least
        if abs(most) >= _NO_LIMIT:
            high_open += 1
        else:
            high += by * most
    row_lower, row_upper = rules.row_lower[row], rules.row_upper[row]
    if (low_open == 0 and low > row_upper) or (high_open == 0 and high < row_lower):
        return False
    sides = (1 if row_upper < _NO_LIMIT else 0) + (2 if row_lower > -_NO_LIMIT else 0)
    for entry in range(rules.start[row], rules.start[row + 1]):
        unknown, by = rules.column[entry], rules.factor[entry]
        least, most = (lower[unknown], upper[unknown]) if by > 0 else (upper[unknown], lower[unknown])
        own_low = 0 if abs(least) >= _NO_LIMIT else by * least
        own_high = 0 if abs(most) >= _NO_LIMIT else by * most
        uses = sides
        if low_open - (abs(least) >= _NO_LIMIT) > 0:
            uses &= 2
        if high_open - (abs(most) >= _NO_LIMIT) > 0:
            uses &= 1
        new_low, new_high = _new_bounds(
            by, lower[unknown], upper[unknown], row_lower, row_upper, low - own_low, high - own_high, uses
        )
        if new_low > new_high:
            return False
        if new_low == lower[unknown] and new_high == upper[unknown]:
            continue
        # what this row's sum can be has become narrower as well
        new_least, new_most = (new_low, new_high) if by > 0 else (new_high, new_low)
        if abs(new_least) < _NO_LIMIT:
            low += by * new_least - own_low
            low_open -= abs(least) >= _NO_LIMIT
        if abs(new_most) < _NO_LIMIT:
            high += by * new_most - own_high
            high_open -= abs(most) >= _NO_LIMIT
        _bound(queue, lower, upper, unknown, new_low, new_high)
        _wait(rules, queue, unknown)
    return True


@njit(cache=True)
def _bound(queue: Queue, lower: Integers, upper: Integers, unknown: int, new_low: int, new_high: int) -> None:
    """Change bounds, and note what they were."""
    at = queue.span[2]
    if 0 <= at < len(queue.changed):
        queue.changed[at], queue.lower[at], queue.upper[at] = unknown, lower[unknown], upper[unknown]
        queue.span[2] = at + 1
    lower[unknown], upper[unknown] = new_low, new_high


@njit(cache=True)
def _take(queue: Queue) -> int:
    row = queue.rows[queue.span[0]]
    queue.span[0] = (queue.span[0] + 1) % len(queue.rows)
    queue.span[1] -= 1
    queue.waiting[row] = 0
    return int(row)


@njit(cache=True)
def narrow(rules: Rules, queue: Queue, lower: Integers, upper: Integers, most: int) -> tuple[Integers, bool]:
    """Narrow bounds in place, row by row, until nothing changes or so many rows were looked at.

    Returns:
        Per row, whether no values within the bounds satisfy it; and whether nothing is left to narrow.
    """
    rows = len(rules.row_lower)
    broken = np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        queue.rows[row] = row
        queue.waiting[row] = 1
    queue.span[0], queue.span[1], queue.span[2] = 0, rows, -1
    steps = 0
    while queue.span[1] > 0 and steps < most:
        steps += 1
        row = _take(queue)
        if not broken[row] and not _tighten(rules, queue, lower, upper, row):
            broken[row] = 1
    return broken, queue.span[1] == 0


@njit(cache=True)
def _impossible(
    rules: Rules, queue: Queue, lower: Integers, upper: Integers, unknown: int, low: int, high: int, most: int
) -> bool:
    """Tell whether propagation shows that an unknown cannot lie in a part of its interval; changes nothing."""
    queue.span[1], queue.span[2] = 0, 0
    _bound(queue, lower, upper, unknown, low, high)
    _wait(rules, queue, unknown)
    found = False
    steps = 0
    while queue.span[1] > 0:
        row = _take(queue)
        steps += 1
        # when room for notes runs out, stop before anything changes without being noted
        room = len(queue.changed) - queue.span[2] > rules.start[row + 1] - rules.start[row]
        if found or steps > most or not room:
            continue
        found = not _tighten(rules, queue, lower, upper, row)
    for at in range(queue.span[2] - 1, -1, -1):
        lower[queue.changed[at]], upper[queue.changed[at]] = queue.lower[at], queue.upper[at]
    queue.span[2] = -1
    return found


@njit(cache=True)
def probe(
    rules: Rules, queue: Queue, lower: Integers, upper: Integers, tally: Tally, waiting: Integers, most: int
) -> int:
    """Narrow unknowns to the values seen, where propagation shows that nothing lies beyond; give how many bounds."""
    narrowed = 0
    for question in waiting:
        if tally.done[question] or tally.seen[question] == 0:
            continue
        unknown = tally.unknown[question]
        least, greatest = 0, 0
        while not (tally.seen[question] >> least) & 1:
            least += 1
        greatest = least
        for bit in range(least, 62):
            if (tally.seen[question] >> bit) & 1:
                greatest = bit
        least += tally.first[question]
        greatest += tally.first[question]
        for side in range(2):
            low = greatest + 1 if side else lower[unknown]
            high = upper[unknown] if side else least - 1
            if low > high or not _impossible(rules, queue, lower, upper, unknown, low, high, most):
                continue
            narrowed += 1
            if side:
                upper[unknown] = greatest
            else:
                lower[unknown] = least
            _wait(rules, queue, unknown)
            while queue.span[1] > 0:
                _tighten(rules, queue, lower, upper, _take(queue))
    return narrowed


# -- products ----------------------------------------------------------------------------------------------------------


@njit(cache=True)
def _can(board: Board, ground: Ground, square: int, step: int) -> int:
    unknown = board.unknown_at[square]
    if unknown < 0:
        return _NOWHERE
    value = ground.point[unknown] + ground.change[unknown] + step
    return _FREE if ground.lower[unknown] <= value <= ground.upper[unknown] else _STUCK


@njit(cache=True)
def _grow(  # noqa: C901 - one walk through two sorted lists
    board: Board, ground: Ground, desk: Desk, level: int, axis: int, gone: int, come: int
) -> bool:
    """Multiply the product of a level by a change along an axis; false if more cells are stuck than may be."""
    square, step, allowed = desk.state[0], desk.state[1], desk.state[2]
    size = desk.size[level]
    stuck, where = desk.stuck[level], desk.where[level]
    for entry in range(size):
        desk.offset[level + 1, entry] = desk.offset[level, entry]
        desk.factor[level + 1, entry] = desk.factor[level, entry]
    new = size
    if come != _STILL:
        stride = board.stride[axis]
        base = board.label_begin[axis]
        label = square // stride % board.size[axis]
        first, first_end = board.up_begin[base + gone], board.up_begin[base + gone + 1]
        second, second_end = 0, 0
        if come != _ROOT:
            second, second_end = board.up_begin[base + come], board.up_begin[base + come + 1]
        while first < first_end or second < second_end:
            if second >= second_end or (first < first_end and board.up[first] < board.up[second]):
                other, factor = board.up[first], 1
                first += 1
            elif first >= first_end or board.up[second] < board.up[first]:
                other, factor = board.up[second], -1
                second += 1
            else:
                first += 1
                second += 1
                continue
            if other == label:
                continue
            if new + size > ENTRIES:
                return False
            for entry in range(size):
                offset = desk.offset[level, entry] + (other - label) * stride
                change = desk.factor[level, entry] * factor
                found = _can(board, ground, square + offset, change * step)
                if found == _NOWHERE:
                    return False
                if found == _STUCK:
                    stuck += 1
                    if stuck > allowed:
                        return False
                    where = new
                desk.offset[level + 1, new] = offset
                desk.factor[level + 1, new] = change
                new += 1
    desk.size[level + 1] = new
    desk.stuck[level + 1], desk.where[level + 1] = stuck, where
    return True


@njit(cache=True)
def _keep(desk: Desk, axis: int, gone: int, come: int) -> bool:
    count = desk.listed[axis]
    desk.gone[axis, count], desk.come[axis, count] = gone, come
    desk.listed[axis] = count + 1
    return bool(count + 1 < CANDIDATES)


@njit(cache=True)
def _list_changes(board: Board, ground: Ground, desk: Desk, axis: int, turn: int) -> None:
    """List the changes along one axis that are possible by themselves, near categories first."""
    label = desk.state[0] // board.stride[axis] % board.size[axis]
    desk.listed[axis] = 0
    if not board.adds_up[axis]:
        _keep(desk, axis, label, _STILL)
        return
    base = board.label_begin[axis]
    leaf_begin, leaves = board.leaf_begin[axis], board.leaf_begin[axis + 1] - board.leaf_begin[axis]
    down_begin, below = (
        board.down_begin[base + label],
        board.down_begin[base + label + 1] - board.down_begin[base + label],
    )
    looked = 0
    for nearness in range(leaves):
        for number in range(below):
            gone = board.down[down_begin + (number + turn) % below]
            if (
                nearness == 0
                and _grow(board, ground, desk, 0, axis, gone, _ROOT)
                and not _keep(desk, axis, gone, _ROOT)
            ):
                return
            step = (nearness + 1) // 2 if nearness % 2 else -(nearness // 2)
            come = board.leaf[leaf_begin + (board.leaf_place[base + gone] + step + turn * (nearness > 0)) % leaves]
            looked += 1
            if come == gone or _is_below(board, base + label, come):
                continue
            if _grow(board, ground, desk, 0, axis, gone, come) and not _keep(desk, axis, gone, come):
                desk.state[5] += looked
                return
        if looked > _LOOKED_AT:
            break
    desk.state[5] += looked


@njit(cache=True)
def _is_below(board: Board, label: int, leaf: int) -> bool:
    found = False
    for at in range(board.down_begin[label], board.down_begin[label + 1]):
        found |= board.down[at] == leaf
    return found


@njit(cache=True)
def _begin(
    board: Board, ground: Ground, desk: Desk, square: int, step: int, allowed: int, steps: int, together: int, turn: int
) -> bool:
    """Set out to list the products through a square; false if there is none."""
    desk.state[0], desk.state[1], desk.state[2], desk.state[4], desk.state[5] = square, step, allowed, steps, 0
    desk.size[0], desk.stuck[0], desk.where[0] = 0, 0, 0
    measure = square // board.space
    for entry in range(board.entry_begin[together], board.entry_begin[together + 1]):
        at = desk.size[0]
        desk.offset[0, at] = (board.entry_measure[entry] - measure) * board.space
        desk.factor[0, at] = board.entry_factor[entry]
        if at > 0:
            found = _can(board, ground, square + desk.offset[0, at], desk.factor[0, at] * step)
            if found == _NOWHERE:
                return False
            if found == _STUCK:
                desk.stuck[0] += 1
                desk.where[0] = at
        desk.size[0] = at + 1
    if desk.stuck[0] > allowed:
        return False
    axes = len(board.stride)
    for axis in range(axes):
        _list_changes(board, ground, desk, axis, turn)
        if desk.listed[axis] == 0:
            return False
        at = axis
        while at > 0 and desk.listed[desk.order[at - 1]] > desk.listed[axis]:
            desk.order[at] = desk.order[at - 1]
            at -= 1
        desk.order[at] = axis
    desk.state[3] = 0
    desk.at[0] = 0
    return True


@njit(cache=True)
def _next(board: Board, ground: Ground, desk: Desk) -> int:
    """Find the next product: 1 if all its cells can change, 2 if one cannot, 0 if there is no further one."""
    axes = len(board.stride)
    level = desk.state[3]
    while level >= 0:
        axis = desk.order[level]
        if desk.at[level] >= desk.listed[axis]:
            level -= 1
            continue
        desk.state[4] -= 1
        if desk.state[4] < 0:
            return 0
        at = desk.at[level]
        desk.at[level] += 1
        if not _grow(board, ground, desk, level, axis, desk.gone[axis, at], desk.come[axis, at]):
            continue
        if level + 1 == axes:
            desk.state[3] = level
            return 1 if desk.stuck[axes] == 0 else 2
        level += 1
        desk.at[level] = 0
    return 0


@njit(cache=True)
def _lay(board: Board, ground: Ground, desk: Desk, times: int) -> None:
    """Add the product found last to the change under consideration, or take it back."""
    axes = len(board.stride)
    by = desk.state[1] * times
    for entry in range(desk.size[axes]):
        ground.change[board.unknown_at[desk.state[0] + desk.offset[axes, entry]]] += desk.factor[axes, entry] * by


# -- use of a change ---------------------------------------------------------------------------------------------------


@njit(cache=True)
def _collect(board: Board, ground: Ground, desks: tuple[Desk, ...], depth: int, changed: Integers) -> int:
    """List the unknowns of the change under consideration, each once; -1 if they are too many."""
    axes = len(board.stride)
    count = 0
    for level in range(depth + 1):
        desk = desks[level]
        for entry in range(desk.size[axes]):
            unknown = board.unknown_at[desk.state[0] + desk.offset[axes, entry]]
            new = ground.change[unknown] != 0
            for at in range(count):
                if changed[at] == unknown:
                    new = False
                    break
            if new:
                if count >= len(changed):
                    return -1
                changed[count] = unknown
                count += 1
    return count


@njit(cache=True)
def range_of(ground: Ground, changed: Integers, count: int) -> tuple[int, int]:
    """Say how many times a change can be taken back and be repeated: (0, 0) if it breaks a row."""
    low, high = -_MULTIPLES, _MULTIPLES
    good = True
    for at in range(count):
        unknown = changed[at]
        step = ground.change[unknown]
        down, up = ground.point[unknown] - ground.lower[unknown], ground.upper[unknown] - ground.point[unknown]
        if step > 0:
            high, low = min(high, up // step), max(low, -(down // step))
        else:
            high, low = min(high, down // -step), max(low, -(up // -step))
        for entry in range(ground.begin[unknown], ground.begin[unknown + 1]):
            ground.row_change[ground.row[entry]] += ground.factor[entry] * step
    for at in range(count):
        unknown = changed[at]
        for entry in range(ground.begin[unknown], ground.begin[unknown + 1]):
            row = ground.row[entry]
            step = ground.row_change[row]
            if step == 0:
                continue
            ground.row_change[row] = 0
            least, most = ground.row_lower[row], ground.row_upper[row]
            if least == most:
                good = False
                continue
            down = _NO_LIMIT if least <= -_NO_LIMIT else ground.sums[row] - least
            up = _NO_LIMIT if most >= _NO_LIMIT else most - ground.sums[row]
            if step > 0:
                high, low = min(high, up // step), max(low, -(down // step))
            else:
                high, low = min(high, down // -step), max(low, -(up // -step))
    return (low, high) if good else (0, 0)


@njit(cache=True)
def mark(ground: Ground, tally: Tally, changed: Integers, count: int, low: int, high: int) -> int:
    """Note every value that the multiples of a change give; tell how many questions that answers."""
    answered = 0
    for at in range(count):
        unknown = changed[at]
        question = tally.question[unknown]
        if question < 0 or tally.done[question]:
            continue
        for times in range(low, high + 1):
            bit = ground.point[unknown] + times * ground.change[unknown] - tally.first[question]
            if 0 <= bit < 62:
                tally.seen[question] |= 1 << bit
        if _bits(tally.seen[question] & tally.counts[question]) >= tally.need[question]:
            tally.done[question] = 1
            answered += 1
    return answered


@njit(cache=True)
def _bits(number: int) -> int:
    count = 0
    while number:
        number &= number - 1
        count += 1
    return count


@njit(cache=True)
def go(ground: Ground, changed: Integers, count: int, times: int) -> None:
    """Move to the changed solution."""
    for at in range(count):
        unknown = changed[at]
        step = times * ground.change[unknown]
        ground.point[unknown] += step
        for entry in range(ground.begin[unknown], ground.begin[unknown + 1]):
            ground.sums[ground.row[entry]] += ground.factor[entry] * step


@njit(cache=True)
def take(ground: Ground, tally: Tally, start: Integers, unknown: Integers, delta: Integers) -> int:
    """Try changes that were suggested, one after the other; tell how many questions they answer."""
    answered = 0
    for number in range(len(start) - 1):
        changed = unknown[start[number] : start[number + 1]]
        for at in range(len(changed)):
            ground.change[changed[at]] = delta[start[number] + at]
        low, high = range_of(ground, changed, len(changed))
        answered += mark(ground, tally, changed, len(changed), low, high)
        for at in range(len(changed)):
            ground.change[changed[at]] = 0
    return answered


@njit(cache=True)
def _direction(ground: Ground, tally: Tally, question: int) -> int:
    """Say where the nearest value is that counts and has not been seen."""
    unknown = tally.unknown[question]
    value = ground.point[unknown]
    for distance in range(1, 62):
        for step in (1, -1):
            there = value + step * distance
            bit = there - tally.first[question]
            if (
                0 <= bit < 62
                and ground.lower[unknown] <= there <= ground.upper[unknown]
                and (tally.counts[question] >> bit) & 1
                and not (tally.seen[question] >> bit) & 1
            ):
                return step
    return 0


@njit(cache=True)
def walk(
    board: Board,
    ground: Ground,
    tally: Tally,
    desks: tuple[Desk, ...],
    waiting: Integers,
    chain: int,
    steps: int,
    moving: bool,
    turn: int,
) -> int:
    """Look for exchanges that answer questions.

    Args:
        board: The table that they lie in.
        ground: The system and where we are; changed if ``moving``.
        tally: What has been seen; changed.
        desks: Room for each product of a chain.
        waiting: The questions.
        chain: Of how many products an exchange may be made.
        steps: How many partial products are looked at for one question.
        moving: Whether to move to new solutions on the way.
        turn: Shifts the order in which categories are tried.

    Returns:
        How many questions were answered.
    """
    answered = 0
    changed = np.empty(ENTRIES * chain, dtype=np.int64)
    for question in waiting:
        if tally.done[question]:
            continue
        unknown = tally.unknown[question]
        square = board.square_of[unknown]
        if square < 0:
            continue
        left = steps
        first = _direction(ground, tally, question)
        tries = 0
        while first != 0 and left > 0 and tries < 64 and not tally.done[question]:
            tries += 1
            moved = False
            for side in (first, -first):
                if not (ground.lower[unknown] <= ground.point[unknown] + side <= ground.upper[unknown]):
                    continue
                measure = square // board.space
                for together in range(board.change_begin[measure], board.change_begin[measure + 1]):
                    used, found = _chain(
                        board,
                        ground,
                        tally,
                        desks,
                        changed,
                        question,
                        square,
                        side,
                        chain,
                        left,
                        moving,
                        turn,
                        together,
                    )
                    left -= used
                    answered += found // 2
                    moved = found % 2 == 1
                    if moved or tally.done[question]:
                        break
                if moved or tally.done[question]:
                    break
            if not moved:
                break
            first = _direction(ground, tally, question)
    return answered


@njit(cache=True)
def _chain(
    board: Board,
    ground: Ground,
    tally: Tally,
    desks: tuple[Desk, ...],
    changed: Integers,
    question: int,
    square: int,
    side: int,
    chain: int,
    left: int,
    moving: bool,
    turn: int,
    together: int,
) -> tuple[int, int]:
    """Search the chains of products through a square; give the steps used, and twice the answers, plus one if moved."""
    answered, depth = 0, 0
    unknown = tally.unknown[question]
    if not _begin(board, ground, desks[0], square, side, 1 if chain > 1 else 0, left, together, turn):
        return 1 + desks[0].state[5] // _LOOKS, 0
    used = desks[0].state[5] // _LOOKS
    while depth >= 0:
        desk = desks[depth]
        before = desk.state[4]
        found = _next(board, ground, desk)
        used += before - desk.state[4]
        if found == 0 or used > left:
            depth -= 1
            if depth >= 0:
                _lay(board, ground, desks[depth], -1)
            if used > left:
                while depth > 0:
                    depth -= 1
                    _lay(board, ground, desks[depth], -1)
                break
            continue
        _lay(board, ground, desk, 1)
        if found == 1:
            count = _collect(board, ground, desks, depth, changed)
            if count > 0 and ground.change[unknown] != 0:
                low, high = range_of(ground, changed, count)
                answered += mark(ground, tally, changed, count, low, high)
                if moving and high > 0 and not tally.done[question]:
                    go(ground, changed, count, 1)
                    _forget(board, ground, desks, depth)
                    return used, 2 * answered + 1
                if tally.done[question]:
                    _forget(board, ground, desks, depth)
                    return used, 2 * answered
            _lay(board, ground, desk, -1)
            continue
        axes = len(board.stride)
        where = desk.where[axes]
        stuck = desk.state[0] + desk.offset[axes, where]
        step = -desk.factor[axes, where] * desk.state[1]
        deeper = desks[depth + 1]
        measure = stuck // board.space
        may = 1 if depth + 2 < chain else 0
        if _begin(board, ground, deeper, stuck, step, may, min(300, left - used), board.change_begin[measure], turn):
            depth += 1
        else:
            _lay(board, ground, desk, -1)
        used += 1 + deeper.state[5] // _LOOKS
    return used, 2 * answered


@njit(cache=True)
def _forget(board: Board, ground: Ground, desks: tuple[Desk, ...], depth: int) -> None:
    for level in range(depth + 1):
        _lay(board, ground, desks[level], -1)
