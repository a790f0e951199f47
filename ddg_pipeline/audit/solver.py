"""HiGHS behind two questions: a whole-number solution for an objective, and a bound on an objective.

Solutions are rounded and checked by arithmetic before anyone sees them, so a solution is a proof. That there is none,
and that a bound holds, is the solver's word.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.system import System

Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-6
_SEED = 20


class Answer(Enum):
    """How a question to the solver ended."""

    SOLVED = "solved"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Solution:
    """A whole-number solution, checked.

    Attributes:
        answer: SOLVED with values, IMPOSSIBLE, or UNKNOWN when a limit was hit or the solver failed.
        values: The solution.
        bound: What the objective cannot be below, whatever the values.
    """

    answer: Answer
    values: Integers | None = None
    bound: float = -math.inf


class Deadline:
    """A point in time after which nothing new is begun."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, 0 or more."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self.left <= 0


class Program:
    """One system, asked several times."""

    def __init__(self, system: System, *, whole: bool = True, dual: bool = False) -> None:
        import highspy

        self.system = system
        self._whole = whole
        # the solver proper; the class above it adds callbacks, which print a banner before they can be told not to
        solver: Any = highspy.Highs.__base__
        self._highs = solver()
        for option, value in (
            ("output_flag", False),
            ("random_seed", _SEED),
            ("parallel", "off"),
            ("simplex_strategy", 1 if whole or dual else 4),
            ("mip_feasibility_tolerance", 1e-7),
        ):
            self._highs.setOptionValue(option, value)
        self._columns = np.arange(system.unknowns, dtype=np.int32)
        self._highs.passModel(self._model(highspy))

    def _model(self, highspy: Any) -> Any:
        system = self.system
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = system.unknowns, system.rows
        model.col_cost_ = np.zeros(system.unknowns)
        model.col_lower_, model.col_upper_ = _floats(system.lower), _floats(system.upper)
        model.row_lower_, model.row_upper_ = _floats(system.row_lower), _floats(system.row_upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = system.start.astype(np.int32)
        model.a_matrix_.index_ = system.column.astype(np.int32)
        model.a_matrix_.value_ = system.coefficient.astype(np.float64)
        if self._whole:
            model.integrality_ = [highspy.HighsVarType.kInteger] * system.unknowns
        return model

    def minimize(self, cost: Floats, seconds: float, *, gap: float = 0.0, nodes: int | None = None) -> Solution:
        """Look for the solution of least cost.

        Args:
            cost: The cost of each unknown.
            seconds: When to give up.
            gap: How far from the least, relatively, is near enough.
            nodes: After how many branches to be content with what was found.
        """
        self._highs.setOptionValue("mip_rel_gap", gap)
        self._highs.setOptionValue("mip_max_nodes", nodes if nodes is not None else 2**31 - 1)
        return self._run(cost, seconds)

    def point(self, cost: Floats, seconds: float) -> tuple[Answer, Floats | None]:
        """Look for a point of least cost of the linear program, with fractions."""
        answer = self._run(cost, seconds).answer
        solution = self._highs.getSolution()
        return answer, np.array(solution.col_value) if answer is Answer.SOLVED and solution.value_valid else None

    def bound_all(self, low: Integers, high: Integers) -> None:
        """Change the bounds of every unknown."""
        self._highs.changeColsBounds(len(self._columns), self._columns, _floats(low), _floats(high))

    def bound_rows(self, low: Integers, high: Integers) -> None:
        """Change the bounds of every row."""
        rows = np.arange(self.system.rows, dtype=np.int32)
        self._highs.changeRowsBounds(len(rows), rows, _floats(low), _floats(high))

    def limit(self, unknown: int, low: int, high: int) -> None:
        """Change the bounds of one unknown for the questions that follow."""
        bounds = _floats(np.array([low, high], dtype=np.int64))
        self._highs.changeColBounds(unknown, bounds[0], bounds[1])

    def _run(self, cost: Floats, seconds: float) -> Solution:
        import highspy

        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(seconds, 0.01))
        self._highs.changeColsCost(len(self._columns), self._columns, cost)
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Solution(Answer.IMPOSSIBLE)
        info = self._highs.getInfo()
        if not self._whole:
            optimal = status == highspy.HighsModelStatus.kOptimal
            bound = info.objective_function_value if optimal else -math.inf
            return Solution(Answer.SOLVED if optimal else Answer.UNKNOWN, None, bound)
        bound = info.mip_dual_bound if math.isfinite(info.mip_dual_bound) else -math.inf
        return Solution(Answer.UNKNOWN, None, bound) if not self._has_point(info) else self._checked(bound)

    def _has_point(self, info: Any) -> bool:
        return bool(math.isfinite(info.objective_function_value) and self._highs.getSolution().value_valid)

    def _checked(self, bound: float) -> Solution:
        values = np.rint(np.array(self._highs.getSolution().col_value)).astype(np.int64)
        if not self.system.holds(values):
            return Solution(Answer.UNKNOWN, None, bound)
        return Solution(Answer.SOLVED, values, bound)


def _floats(bounds: Integers) -> Floats:
    found = bounds.astype(np.float64)
    found[bounds >= NO_LIMIT] = math.inf
    found[bounds <= -NO_LIMIT] = -math.inf
    return found


def whole_bound(bound: float) -> int | None:
    """Round a lower bound on a whole number up, allowing for the solver's tolerance; None for no bound."""
    return math.ceil(bound - _TOLERANCE * max(1.0, abs(bound))) if math.isfinite(bound) else None
