"""The choice of what to hide, given all cuts found so far: a linear program, then an integer program."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ddg_pipeline.masking.optimal_changes import Deadline, TimeIsUpError, UndecidedError, quiet_solver, run
from ddg_pipeline.masking.optimal_cuts import Cut
from ddg_pipeline.masking.optimal_part import Flags, Floats, Part

_ROUNDING = 1e-6  # by how much a solver's bound may be wrong, relative to its size


@dataclass(frozen=True)
class Choice:
    """An answer of the integer program.

    Attributes:
        chosen: The cheapest choice found that obeys all cuts; None if none was found.
        bound: No choice that obeys all cuts is cheaper.
        impossible: Whether it is proved that no choice obeys all cuts.
    """

    chosen: Flags | None
    bound: int
    impossible: bool = False


class Master:
    """What is known of all safe patterns of one part."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.cuts: list[Cut] = []
        self._known: set[bytes] = set()
        self._solver = quiet_solver()
        count = len(part.choice)
        none = np.zeros(0, dtype=np.int32)
        self._solver.addCols(
            count, part.price.astype(float), np.zeros(count), np.ones(count), 0, none, none, np.zeros(0)
        )
        rows = part.demands.tocsr()
        self._solver.addRows(
            rows.shape[0], part.least.astype(float), np.full(rows.shape[0], np.inf), rows.nnz,
            rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
        )  # fmt: skip

    def add(self, cuts: Iterable[Cut]) -> int:
        """Add the cuts that are new; return how many."""
        added = 0
        for cut in cuts:
            if cut.key in self._known:
                continue
            self._known.add(cut.key)
            self.cuts.append(cut)
            self._solver.addRow(
                float(cut.least), np.inf, len(cut.cells), cut.cells.astype(np.int32), cut.weights.astype(float)
            )
            added += 1
        return added

    def relaxed(self, deadline: Deadline) -> tuple[Floats, int] | None:
        """Solve the linear program.

        Returns:
            How much of each cell is hidden, and what no pattern can cost less than; None where no pattern is safe.
        """
        import highspy

        run(self._solver, deadline)
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise UndecidedError
        share = np.clip(np.array(self._solver.getSolution().col_value), 0, 1)
        return share, _rounded_up(self._solver.getInfo().objective_function_value)

    def best(self, known: Flags | None, gap: float, deadline: Deadline) -> Choice:
        """Solve the integer program.

        Args:
            known: A choice that obeys all cuts, if one is known.
            gap: By what share of its cost the answer may be dearer than the cheapest.
            deadline: When to stop and give what there is.
        """
        import highspy

        solver = quiet_solver()
        lp = self._solver.getLp()
        lp.integrality_ = [highspy.HighsVarType.kInteger] * len(self._part.choice)
        solver.passModel(lp)
        solver.setOptionValue("mip_rel_gap", gap)
        solver.setOptionValue("mip_abs_gap", 1e-6)
        if known is not None:
            start = highspy.HighsSolution()
            start.col_value = known.astype(float).tolist()
            solver.setSolution(start)
        try:
            run(solver, deadline)
        except TimeIsUpError:
            if solver.getModelStatus() != highspy.HighsModelStatus.kTimeLimit:
                raise
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return Choice(None, 0, impossible=True)
        info = solver.getInfo()
        bound = _rounded_up(info.mip_dual_bound) if math.isfinite(info.mip_dual_bound) else 0
        values = np.array(solver.getSolution().col_value)
        found = len(values) > 0 and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if not found:
            return Choice(None, bound)
        chosen = values > 0.5
        told = info.objective_function_value
        if known is not None and abs(self._part.cost(chosen) - told) > _ROUNDING * max(1.0, abs(told)):
            # where presolving alone solves the program, the solver may hand back what it was given
            return self.best(None, gap, deadline)
        return Choice(chosen, bound)


def _rounded_up(bound: float) -> int:
    """Prices are whole numbers, so no pattern costs less than the next one."""
    return max(math.ceil(bound - _ROUNDING * max(1.0, abs(bound))), 0)
