"""How a system falls apart: components, rows that say nothing, neighbourhoods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.system import System


def components(system: System, wanted: Booleans | None = None) -> list[Integers]:
    """Split the unknowns into groups that no row connects, in the order of their first unknown.

    Args:
        system: The rows.
        wanted: Per unknown, whether its group shall be listed; by default all are.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = system.unknowns + system.rows
    graph = coo_array(
        (np.ones(len(system.column), dtype=np.int8), (system.column, system.row + system.unknowns)), shape=(size, size)
    )
    _, group = connected_components(graph, directed=False)
    mine = group[: system.unknowns]
    listed = np.arange(len(mine))
    if wanted is not None:
        keep = np.zeros(size, dtype=np.bool_)
        keep[mine[wanted]] = True
        listed = np.flatnonzero(keep[mine])
    order = listed[np.argsort(mine[listed], kind="stable")]
    cuts = np.flatnonzero(np.diff(mine[order])) + 1
    return sorted((part.astype(np.int64) for part in np.split(order, cuts) if len(part)), key=lambda part: int(part[0]))


def is_tree(system: System) -> bool:
    """Tell whether a connected system has no cycle and only factors of one.

    Then propagation is exact once it has settled: every whole number of an interval can be completed to a solution.
    """
    entries = len(system.column)
    return entries == system.unknowns + system.rows - 1 and bool((np.abs(system.coefficient) == 1).all())


def without_free_parents(system: System, free: Booleans) -> System:
    """Leave out rows that only define something nobody publishes.

    An implied margin that stands in one row, and can be whatever the row makes of it, tells nothing about the rest.

    Args:
        system: The rows.
        free: Per unknown, whether nothing is known of it but that it is a count.
    """
    while system.rows:
        degree = np.bincount(system.column, minlength=system.unknowns)
        lone = free & (degree == 1)
        positive = system.coefficient > 0
        low = np.where(positive, system.lower[system.column], system.upper[system.column])
        candidate = lone[system.column] & (system.coefficient == 1)
        # with everything else in the row negative, the implied one is a sum of non-negative figures
        bad = (positive & ~candidate) | (low < 0)
        spoiled = np.zeros(system.rows, dtype=np.bool_)
        spoiled[system.row[bad]] = True
        parents = np.bincount(system.row[candidate], minlength=system.rows)
        drop = (parents == 1) & ~spoiled & (system.row_lower >= 0) & (system.row_lower == system.row_upper)
        if not drop.any():
            break
        system = system.keep_rows(~drop)
    return system


def neighbourhood(system: System, seeds: Sequence[int], size: int, rng: np.random.Generator) -> Integers:
    """Collect unknowns around some, preferring those that share many rows with what is already there.

    Such a set is likely to hold whole exchanges between cells, which need both corners in every row they touch.
    """
    order, begin = system.by_column
    score: dict[int, int] = {}
    buckets: list[list[int]] = [[] for _ in range(64)]
    opened = np.zeros(system.rows, dtype=np.bool_)
    taken: dict[int, None] = {}

    def take(unknown: int) -> None:
        taken[unknown] = None
        for entry in order[begin[unknown] : begin[unknown + 1]]:
            row = system.row[entry]
            if opened[row]:
                continue
            opened[row] = True
            members = system.column[system.start[row] : system.start[row + 1]]
            for member in rng.permutation(members).tolist():
                if member not in taken:
                    score[member] = min(score.get(member, 0) + 1, 63)
                    buckets[score[member]].append(member)

    for seed in seeds:
        if int(seed) not in taken:
            take(int(seed))
    top = 63
    while len(taken) < size:
        top = next((level for level in range(63, 0, -1) if buckets[level]), 0)
        if top == 0:
            break
        unknown = buckets[top].pop()
        if unknown not in taken and score[unknown] == top:
            take(unknown)
    return np.array(sorted(taken), dtype=np.int64)
