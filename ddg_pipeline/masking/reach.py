"""How far every cell could change if all that may be hidden were: the most that any suppression can achieve.

Bounds are narrowed along rows until nothing moves. What they say holds for every pattern, so a small cell that cannot
have enough values within them cannot be protected, whatever else is hidden.
"""

# ruff: noqa: ANN001, ANN202, C901 - of compiled functions the arrays say the types
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ddg_pipeline.compiling import watch
from ddg_pipeline.masking.moves import Bounds
from ddg_pipeline.masking.rows import Rows
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, System

watch()

Integers = NDArray[np.int64]
_FAR = 2**30
_SWEEPS = 50


def reach(
    system: System, rules: MaskingRules, status: NDArray[np.int8], rows: Rows
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give how far each cell may fall and rise at most: two arrays of 0 or more."""
    fall, rise = Bounds(system, rules).room(np.arange(len(status)), status)
    down, up = np.minimum(fall, _FAR).astype(np.int32), np.minimum(rise, _FAR).astype(np.int32)
    movable = (status != Status.ZERO) & (status != Status.KNOWN)
    _narrow(rows.start, rows.cells, rows.parent, rows.is_sum, down, up, movable)
    return down, up


def hopeless(
    system: System, rules: MaskingRules, status: NDArray[np.int8], down: NDArray[np.int32], up: NDArray[np.int32]
) -> Integers:
    """List the small cells that no suppression can protect."""
    small = np.flatnonzero(status == Status.SMALL)
    values = system.values[small]
    if rules.every_value:
        narrow = (up[small] < rules.upper - values) | (down[small] < values - rules.lower)
    else:
        narrow = up[small].astype(np.int64) + down[small] + 1 < rules.possible_values
    return small[narrow]


@njit(cache=True)
def _narrow(start, cells, parent, is_sum, down, up, movable):  # type: ignore[no-untyped-def]
    """Narrow, in place, by the sums: the parent changes by as much as its parts together."""
    for _ in range(_SWEEPS):
        changed = False
        for row in range(len(parent)):
            if not is_sum[row]:
                continue
            whole = parent[row]
            most, least = np.int64(0), np.int64(0)
            for i in range(start[row], start[row + 1]):
                if cells[i] != whole:
                    most += up[cells[i]]
                    least += down[cells[i]]
            moves = movable[whole]
            if moves and up[whole] > most:
                up[whole] = most
                changed = True
            if moves and down[whole] > least:
                down[whole] = least
                changed = True
            above = up[whole] if moves else 0
            below = down[whole] if moves else 0
            for i in range(start[row], start[row + 1]):
                cell = cells[i]
                if cell == whole:
                    continue
                # a part rises by what the whole rises and the others fall
                rise = above + least - down[cell]
                fall = below + most - up[cell]
                if up[cell] > rise:
                    most -= up[cell] - rise
                    up[cell] = rise
                    changed = True
                if down[cell] > fall:
                    least -= down[cell] - fall
                    down[cell] = fall
                    changed = True
        if not changed:
            return
