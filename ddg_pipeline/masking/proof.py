"""The proof that every small cell is protected: other tables that match everything published.

A move is an integer vector ``d`` over hidden cells with ``A d = 0``, where ``A`` holds every relation a reader knows.
Added to the true table, once or several times over, it gives a table that nobody outside can tell from the true one, as
long as every cell stays within what a reader knows of it. Checking that needs arithmetic only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Proof:
    """Moves, one after the other.

    Attributes:
        start: Where each move begins in `cells` and `deltas`; one entry more than there are moves.
        cells: The cells that change, ascending within a move.
        deltas: By how much each changes; none is 0.
        low: How many times each move can be taken backwards, as a number of 0 or less.
        high: How many times each can be taken forwards, 0 or more.
    """

    start: Integers
    cells: Integers
    deltas: Integers
    low: Integers
    high: Integers

    @classmethod
    def empty(cls) -> Self:
        """Give the proof of a table without small cells."""
        none = np.zeros(0, dtype=np.int64)
        return cls(np.zeros(1, dtype=np.int64), none, none, none, none)

    def __len__(self) -> int:
        return len(self.low)
