"""Moves: other tables that match everything published.

A move is an integer vector ``d`` over hidden cells with ``A d = 0``. Adding it to the true table gives another table
that nobody outside can tell from the true one, as long as every cell stays within what a reader knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Booleans, Integers, Status, System

UNLIMITED = int(np.iinfo(np.int32).max)


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


def is_hidden(status: NDArray[np.int8]) -> Booleans:
    """Say which cells are hidden, for either reason."""
    return status >= Status.SMALL


class Bounds:
    """What a reader knows of each cell by its status alone.

    With reasons shown a small cell lies in ``lower..upper`` and a complementary one above. With reasons hidden all that
    is known is that zeros are shown. A small margin that no table carries is known to be small in any case.
    """

    def __init__(self, system: System, rules: MaskingRules) -> None:
        self._values, self._carried, self._rules = system.values, system.carried, rules

    def room(self, cells: Integers, status: NDArray[np.int8]) -> tuple[Integers, Integers]:
        """Give how far each cell may fall and rise if hidden: two arrays of 0 or more, `UNLIMITED` for no limit.

        Cells that are open are judged as if they were hidden as complementary cells; cells that can never be hidden
        have no room.
        """
        values, rules = self._values[cells], self._rules
        small = status == Status.SMALL
        tight = small if rules.show_reason else small & ~self._carried[cells]
        least = np.where(small | (not rules.show_reason), rules.lower, rules.upper + 1)
        down = values - least
        up = np.where(tight, rules.upper - values, UNLIMITED)
        fixed = (status == Status.ZERO) | (status == Status.KNOWN)
        return np.where(fixed, 0, np.maximum(down, 0)), np.where(fixed, 0, up)

    def allow(self, move: Move, status: NDArray[np.int8]) -> bool:
        """Say whether every cell of a move stays within its room."""
        down, up = self.room(move.cells, status[move.cells])
        return bool(((move.deltas >= -down) & (move.deltas <= up)).all())
