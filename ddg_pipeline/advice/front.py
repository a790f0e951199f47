"""Which alternatives are beaten by no other in everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Say whether one is nowhere worse than the other and somewhere better; smaller is better."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and tuple(one) != tuple(other)


def pareto_front(points: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """Mark the points that no other dominates; smaller is better in every coordinate, and equal points stay together.

    Args:
        points: One row a point; at least one coordinate.
    """
    if not len(points):
        return np.zeros(0, dtype=np.bool_)
    table = np.asarray(points, dtype=float)
    nowhere_worse = (table[:, None, :] <= table[None, :, :]).all(axis=2)
    somewhere_better = (table[:, None, :] < table[None, :, :]).any(axis=2)
    beaten: NDArray[np.bool_] = np.any(nowhere_worse & somewhere_better, axis=0)
    return np.logical_not(beaten)
