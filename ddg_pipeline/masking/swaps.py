"""Elementary changes along one axis of a table: a person leaves one category for another, or is counted in addition."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Swap:
    """One elementary change.

    Attributes:
        key: What it changes, in words that mean the same in every table.
        up: The nodes that rise by one.
        down: The nodes that fall by one.
    """

    key: Hashable
    up: tuple[int, ...]
    down: tuple[int, ...]


@dataclass(frozen=True)
class Swaps:
    """Many elementary changes along one axis, as arrays.

    Attributes:
        keys: One a swap; the same change has the same key in every table.
        nodes: Every node that changes, one swap a row, padded with node 0 to equal length.
        signs: +1 where the node rises, -1 where it falls, 0 for padding.
        reaches_total: Whether the swap raises the axis's total.
    """

    keys: tuple[Hashable, ...]
    nodes: Integers
    signs: Integers
    reaches_total: Booleans

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, swaps: Sequence[Swap], total: int | None) -> Swaps:
        """Write swaps as arrays; ``total`` is the axis's total."""
        width = max((len(swap.up) + len(swap.down) for swap in swaps), default=0)
        nodes = np.zeros((len(swaps), width), dtype=np.int64)
        signs = np.zeros((len(swaps), width), dtype=np.int64)
        for row, swap in enumerate(swaps):
            nodes[row, : len(swap.up) + len(swap.down)] = [*swap.up, *swap.down]
            signs[row, : len(swap.up) + len(swap.down)] = [1] * len(swap.up) + [-1] * len(swap.down)
        reaches = np.array([total in swap.up for swap in swaps], dtype=np.bool_)
        return cls(tuple(swap.key for swap in swaps), nodes, signs, reaches)

    def take(self, rows: Integers) -> Swaps:
        """Keep some of the swaps, in the order given."""
        keys = tuple(self.keys[row] for row in rows.tolist())
        return Swaps(keys, self.nodes[rows], self.signs[rows], self.reaches_total[rows])

    @property
    def reaching_total(self) -> Swaps:
        """The swaps that change the total."""
        return self.take(np.flatnonzero(self.reaches_total))
