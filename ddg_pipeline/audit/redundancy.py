"""Sums that follow from other sums.

A cell that is a total along two dimensions can be summed either way, and one of the two ways follows from the rest: the
sum of sums of its parts. Leaving such rows out changes no solution, but leaves less to solve.
"""

from __future__ import annotations

import numpy as np

from ddg_pipeline.audit.lattice import Booleans, Integers, Lattice, Sums


def redundant_sums(lattice: Lattice) -> list[Booleans]:
    """Tell for every family of sums which of its relations follow from others.

    For each cell one way of summing is kept: the one with the fewest implied parts. Another way, along a different
    dimension, follows from it if both kinds of parts can in turn be summed the other way. What it follows from are the
    kept way, and sums of cells strictly below; so no two relations are left out because of each other.
    """
    sizes = len(lattice)
    has = [_marked(sums.parent, sizes) for sums in lattice.sums]
    best = np.full(sizes, -1, dtype=np.int64)
    least = np.full(sizes, np.iinfo(np.int64).max, dtype=np.int64)
    implied = (lattice.row < 0).astype(np.int64)
    for number, sums in enumerate(lattice.sums):
        cost = np.add.reduceat(implied[sums.child], sums.start[:-1])
        better = cost < least[sums.parent]
        best[sums.parent[better]], least[sums.parent[better]] = number, cost[better]
    return [_follows(lattice, number, has, best) for number in range(len(lattice.sums))]


def _follows(lattice: Lattice, number: int, has: list[Booleans], best: Integers) -> Booleans:
    sums = lattice.sums[number]
    found = np.zeros(len(sums.parent), dtype=np.bool_)
    for other, kept in enumerate(lattice.sums):
        if kept.axis == sums.axis:
            continue
        parts_summed = np.zeros(len(lattice), dtype=np.bool_)
        parts_summed[kept.parent] = _all_parts(kept, has[number])
        found |= (best[sums.parent] == other) & parts_summed[sums.parent] & _all_parts(sums, has[other])
    return found


def _marked(cells: Integers, size: int) -> Booleans:
    found = np.zeros(size, dtype=np.bool_)
    found[cells] = True
    return found


def _all_parts(sums: Sums, has: Booleans) -> Booleans:
    return np.logical_and.reduceat(has[sums.child], sums.start[:-1])
