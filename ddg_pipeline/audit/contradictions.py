"""Published figures that cannot all be right: find the sums to distrust, so that the rest can still be examined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.propagation import Propagated, propagate
from ddg_pipeline.audit.solver import Program
from ddg_pipeline.audit.structure import components
from ddg_pipeline.audit.system import System

_MOST_REPAIRS = 50
_SECONDS = 60.0


@dataclass(frozen=True, eq=False)
class Repaired:
    """A system without the rows that contradict the others.

    Attributes:
        propagated: The rest, narrowed.
        dropped: The labels of the rows left out.
    """

    propagated: Propagated
    dropped: Integers


def repair(system: System) -> Repaired:
    """Leave out rows until propagation finds no contradiction.

    First go the rows that no values can satisfy by themselves; then, in each group of cells that still contradicts
    itself, as few as a linear program can find.
    """
    dropped: list[Integers] = []
    alone = propagate(system, rounds=1)
    while alone.broken_rows.any() and alone.system.rows:
        dropped.append(system.label[alone.broken_rows])
        system = system.keep_rows(~alone.broken_rows)
        alone = propagate(system, rounds=1)
    for _ in range(_MOST_REPAIRS):
        found = propagate(system)
        if not found.broken_rows.any():
            return Repaired(found, _joined(dropped))
        distrusted = np.unique(np.concatenate([_distrusted_or_all(system, group) for group in _hit(system, found)]))
        dropped.append(system.label[distrusted])
        keep = np.ones(system.rows, dtype=np.bool_)
        keep[distrusted] = False
        system = system.keep_rows(keep)
    broken = propagate(system).broken_rows
    dropped.append(system.label[broken])
    return Repaired(propagate(system.keep_rows(~broken)), _joined(dropped))


def _hit(system: System, found: Propagated) -> list[Integers]:
    """List the groups of unknowns in which a row broke."""
    broken = np.zeros(system.unknowns, dtype=np.bool_)
    broken[system.column[found.broken_rows[system.row]]] = True
    return [group for group in components(system) if broken[group].any()]


def _distrusted_or_all(system: System, group: Integers) -> Integers:
    rows = distrusted(system, group)
    if len(rows):
        return rows
    inside = np.zeros(system.unknowns, dtype=np.bool_)
    inside[group] = True
    return np.unique(system.row[inside[system.column]])


def distrusted(system: System, group: Integers) -> Integers:
    """Choose rows of a contradictory group whose removal makes it possible, as few as a linear program can find.

    Returns:
        The rows; none if the group only lacks a solution in whole numbers.
    """
    inside = np.zeros(system.unknowns, dtype=np.bool_)
    inside[group] = True
    rows = np.unique(system.row[inside[system.column]])
    part = system.restrict(group, system.lower)
    slack = np.arange(2 * len(rows), dtype=np.int64)
    begin = np.diff(part.start)
    start = np.concatenate([[0], np.cumsum(begin + 2)]).astype(np.int64)
    column, factor = np.empty(start[-1], dtype=np.int64), np.empty(start[-1], dtype=np.int64)
    for row in range(part.rows):
        old = slice(part.start[row], part.start[row + 1])
        new = slice(start[row], start[row + 1])
        column[new] = np.append(part.column[old], part.unknowns + slack[2 * row : 2 * row + 2])
        factor[new] = np.append(part.coefficient[old], [1, -1])
    extended = System(
        np.concatenate([part.lower, np.zeros(len(slack), dtype=np.int64)]),
        np.concatenate([part.upper, np.full(len(slack), NO_LIMIT, dtype=np.int64)]),
        start,
        column,
        factor,
        part.row_lower,
        part.row_upper,
        part.label,
    )
    cost = np.concatenate([np.zeros(part.unknowns), np.ones(len(slack))])
    _, values = Program(extended, whole=False).point(cost, _SECONDS)
    if values is None:
        return np.empty(0, dtype=np.int64)
    used = values[part.unknowns :].reshape(-1, 2).sum(axis=1) > 1e-6
    return np.asarray(rows[used], dtype=np.int64)


def _joined(parts: list[Integers]) -> Integers:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])
