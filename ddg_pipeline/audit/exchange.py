"""The shortest way from one solution to another in which a given unknown has a given value.

Linear programming over the changes: as little change as possible in sum, nothing else moved without need. The answer is
usually whole and touches few unknowns; where it has fractions, it still says where to look. If there is none, no
solution has that value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.solver import Answer, Floats, Program
from ddg_pipeline.audit.system import System, shifted


class Exchange:
    """Changes within one system, asked for many times."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._program = Program(_changes(system), whole=False, dual=True)
        self._equations = bool((system.row_lower == system.row_upper).all())

    def find(self, point: Integers, unknown: int, value: int, seconds: float) -> tuple[Answer, Floats | None]:
        """Look for the shortest change.

        Args:
            point: The solution to start from.
            unknown: The unknown to change.
            value: What it shall be.
            seconds: When to give up.

        Returns:
            SOLVED with the change of every unknown; IMPOSSIBLE if no solution has the value; or UNKNOWN.
        """
        system, size = self._system, self._system.unknowns
        low = np.zeros(2 * size, dtype=np.int64)
        high = np.concatenate(
            [np.where(system.upper >= NO_LIMIT, NO_LIMIT, system.upper - point), point - system.lower]
        )
        step = value - int(point[unknown])
        low[unknown] = high[unknown] = max(step, 0)
        low[size + unknown] = high[size + unknown] = max(-step, 0)
        self._program.bound_all(low, high)
        if not self._equations:
            sums = system.sums(point)
            self._program.bound_rows(shifted(system.row_lower, sums), shifted(system.row_upper, sums))
        answer, changes = self._program.point(np.ones(2 * size), seconds)
        return answer, None if changes is None else changes[:size] - changes[size:]


def _changes(system: System) -> System:
    """Give the rows over increases and decreases of the unknowns; bounds are set with each question."""
    sizes = np.diff(system.start)
    start = np.concatenate([[0], np.cumsum(2 * sizes)]).astype(np.int64)
    column: Any = np.empty(2 * len(system.column), dtype=np.int64)
    factor: Any = np.empty(2 * len(system.column), dtype=np.int64)
    first = np.arange(len(system.column)) + np.repeat(system.start[:-1], sizes)
    second = first + np.repeat(sizes, sizes)
    column[first], column[second] = system.column, system.column + system.unknowns
    factor[first], factor[second] = system.coefficient, -system.coefficient
    free = np.zeros(2 * system.unknowns, dtype=np.int64)
    equal = system.row_lower == system.row_upper
    return System(
        free,
        free,
        start,
        column,
        factor,
        np.where(equal, 0, system.row_lower),
        np.where(equal, 0, system.row_upper),
        system.label,
    )
