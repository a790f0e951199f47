"""How far a small cell can move, by linear and integer programming over what is hidden.

The linear program gives an upper limit with its proof: prices of the relations, from which follows what every further
hidden cell could add at most (`Limit`). The integer program gives the moves themselves.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ddg_pipeline.masking.moves import UNLIMITED
from ddg_pipeline.masking.optimal_part import Flags, Floats, Integers, Part

if TYPE_CHECKING:
    import highspy
    from scipy import sparse


NO_LIMIT = 2**40  # what a hidden cell adds where nothing limits it
WHOLE = 1e-6  # how near to a whole number counts as one
_GAP = 0.2  # by how much a move may be longer than the shortest
_NODES = 1_000  # of one integer program, where work is limited
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 60)


class TimeIsUpError(Exception):
    """The time allowed is over."""


class UndecidedError(Exception):
    """The solver could neither find a move nor prove that there is none."""


@dataclass(frozen=True)
class Limit:
    """A proof that a cell moves by at most ``sum(adds[hidden]) / scale``, whatever else is hidden.

    Attributes:
        adds: What each cell adds if it is hidden; n, whole numbers, `NO_LIMIT` at most.
        scale: By what they are multiplied.
    """

    adds: Integers
    scale: int

    def of(self, hidden: Flags) -> int:
        """Give the limit for a pattern, rounded down."""
        return int(self.adds[hidden].sum()) // self.scale


class Deadline(float):
    """When to stop: on the monotonic clock, or when so much work is done, which alone is the same on any machine.

    Attributes:
        work_left: Iterations of the simplex method times the entries of the program; shared by copies.
    """

    def __new__(cls, at: float, work_left: list[float] | None = None) -> Self:
        """Take a time and the work, a list of one number that every copy counts down."""
        made = super().__new__(cls, at)
        made.work_left = [math.inf] if work_left is None else work_left
        return made

    work_left: list[float]

    def at_most(self, seconds: float) -> Deadline:
        """Stop after so many seconds from now, if not before."""
        return Deadline(min(self, time.monotonic() + seconds), self.work_left)


def quiet_solver() -> highspy.Highs:
    """Start a solver that says nothing, uses one thread and gives the same answer to the same question."""
    import highspy

    plain: Any = highspy.Highs.__base__  # the class made for people prints a banner
    solver: highspy.Highs = plain()
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
        solver.setOptionValue(option, value)
    return solver


class Changes:
    """All changes of one part that keep every relation, as a program to be asked again and again."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._size = len(part.cells)
        self._every = np.arange(self._size, dtype=np.int32)
        self._up = np.where(part.up >= UNLIMITED, np.inf, part.up.astype(float))
        self._down = part.down.astype(float)
        self._either = np.maximum(self._down, self._up)
        self._columns = part.relations.tocsc()
        self._solver = self._program()
        self._aim: tuple[int, int] | None = None

    def _program(self) -> highspy.Highs:
        import highspy

        solver = quiet_solver()
        solver.setOptionValue("presolve", "off")
        rows = self._part.relations.tocsr()
        nothing = np.zeros(self._size)
        solver.addCols(self._size, nothing, nothing, nothing, 0, np.zeros(0, np.int32), np.zeros(0, np.int32), nothing)
        zero = np.zeros(rows.shape[0])
        solver.addRows(
            rows.shape[0], zero, zero, rows.nnz,
            rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
        )  # fmt: skip
        assert solver.getNumCol() == self._size  # noqa: S101
        self._optimal = highspy.HighsModelStatus.kOptimal
        self._infeasible = highspy.HighsModelStatus.kInfeasible
        return solver

    def allow(self, share: Floats, reach: int, cell_reach: int, cell: int, both_ways: bool = False) -> None:
        """Set how far cells may change: a share of what readers leave them, 1 where hidden, 0 where shown.

        Args:
            share: n numbers between 0 and 1.
            reach: The farthest that any cell may change.
            cell_reach: The farthest that `cell` may change.
            cell: The cell asked about.
            both_ways: Let every cell fall as far as it can rise, and the other way round.
        """
        down, up = (self._either, self._either) if both_ways else (self._down, self._up)
        down, up = np.minimum(down, reach) * share, np.minimum(up, reach) * share
        down[cell], up[cell] = min(down[cell], cell_reach), min(up[cell], cell_reach)
        self._solver.changeColsBounds(self._size, self._every, -down, up)

    def farthest(self, cell: int, sign: int, deadline: Deadline) -> tuple[float, Floats]:
        """Move a cell as far as it goes, in one direction; `allow` says what may change.

        Returns:
            How far, and the change of every cell.
        """
        if self._aim is not None:
            self._solver.changeColCost(self._aim[0], 0.0)
        self._aim = cell, sign
        self._solver.changeColCost(cell, float(-sign))
        run(self._solver, deadline)
        if self._solver.getModelStatus() != self._optimal:
            self._solver.clearSolver()  # a fresh start mends what rounding spoilt
            run(self._solver, deadline)
            if self._solver.getModelStatus() != self._optimal:
                raise UndecidedError
        solution = np.array(self._solver.getSolution().col_value)
        return float(sign * solution[cell]), solution

    def limit(self, cell: int, sign: int, cell_reach: int, both_ways: bool = False) -> Limit:
        """Prove the answer just given by `farthest`: a limit that holds for every pattern.

        Any prices whatever give a valid limit, so that rounding them costs nothing but strength.
        """
        prices = -np.array(self._solver.getSolution().row_dual)
        scale = next((k for k in _DENOMINATORS if np.abs(prices * k - np.rint(prices * k)).max(initial=0) < WHOLE), 60)
        whole = np.rint(prices * scale).astype(np.int64)
        rest = -(self._columns.T @ whole)
        rest[cell] += sign * scale
        part = self._part
        up, down = part.up.copy(), part.down.copy()
        if both_ways:
            up = down = np.maximum(up, down)
        up[cell], down[cell] = min(up[cell], cell_reach), min(down[cell], cell_reach)
        endless = (rest > 0) & (up >= UNLIMITED)
        endless |= (rest < 0) & (down >= UNLIMITED)
        adds = np.abs(rest) * np.where(endless, 0, np.where(rest > 0, up, down))
        return Limit(np.where(endless, NO_LIMIT, np.minimum(adds, NO_LIMIT)), scale)

    def whole_move(self, cell: int, low: int, high: int, hidden: Flags, deadline: Deadline) -> Integers | None:
        """Find a whole-number change of a cell by ``low..high`` among hidden cells, a small one.

        Returns:
            The change of every cell, or None where it is proved that there is none.

        Raises:
            UndecidedError: The solver gave up.
            TimeIsUpError: The deadline has passed.
        """
        part = self._part
        room_down = np.where(hidden, self._down, 0.0)
        room_up = np.where(hidden, self._up, 0.0)
        if low > room_up[cell] or high < -room_down[cell]:
            return None
        used = np.flatnonzero((room_down > 0) | (room_up > 0))
        at = int(np.searchsorted(used, cell))
        if at == len(used) or used[at] != cell:
            return None
        relations = part.relations[:, used]
        solver = self._mover(relations, room_down[used], room_up[used], at, low, high)
        run(solver, deadline)
        status = solver.getModelStatus()
        if status == self._infeasible:
            return None
        if status != self._optimal:
            raise UndecidedError
        count = len(used)
        found = np.array(solver.getSolution().col_value)
        whole = np.rint(found).astype(np.int64)
        change = np.zeros(self._size, dtype=np.int64)
        change[used] = whole[:count] - whole[count:]
        if (part.relations @ change).any() or not low <= change[cell] <= high:
            raise UndecidedError
        if ((change < -room_down) | (change > room_up)).any():
            raise UndecidedError
        return change

    def _mover(
        self, relations: sparse.csr_array, down: Floats, up: Floats, at: int, low: int, high: int
    ) -> highspy.Highs:
        """Set up the integer program: every change split into a rise and a fall, whose sum is to be small."""
        import highspy
        from scipy import sparse

        count = len(up)
        least, most = np.zeros(2 * count), np.concatenate([up, down])
        least[at], least[count + at] = max(low, 0), max(-high, 0)
        most[at], most[count + at] = min(most[at], max(high, 0)), min(most[count + at], max(-low, 0))
        both = sparse.hstack([relations, -relations]).tocsc()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * count, relations.shape[0]
        lp.col_cost_ = np.ones(2 * count)
        lp.col_lower_, lp.col_upper_ = least, most
        lp.row_lower_ = lp.row_upper_ = np.zeros(relations.shape[0])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = (
            both.indptr,
            both.indices,
            both.data.astype(float),
        )
        lp.integrality_ = [highspy.HighsVarType.kInteger] * (2 * count)
        solver = quiet_solver()
        solver.setOptionValue("mip_rel_gap", _GAP)
        solver.passModel(lp)
        return solver


class CheapMoves:
    """Moves that need as little as possible newly hidden, by a linear program over rises and falls."""

    def __init__(self, part: Part) -> None:
        from scipy import sparse

        self._part = part
        self._size = len(part.cells)
        self._every = np.arange(2 * self._size, dtype=np.int32)
        self._most = np.concatenate([part.up, part.down]).astype(float)
        self._most[self._most >= UNLIMITED] = np.inf
        rows = sparse.hstack([part.relations, -part.relations]).tocsr()
        self._solver = quiet_solver()
        self._solver.setOptionValue("presolve", "off")
        nothing = np.zeros(2 * self._size)
        none = np.zeros(0, dtype=np.int32)
        self._solver.addCols(2 * self._size, nothing, nothing, self._most, 0, none, none, np.zeros(0))
        zero = np.zeros(rows.shape[0])
        self._solver.addRows(
            rows.shape[0], zero, zero, rows.nnz,
            rows.indptr[:-1].astype(np.int32), rows.indices.astype(np.int32), rows.data.astype(float),
        )  # fmt: skip
        self._cell: int | None = None

    def price(self, price: Floats) -> None:
        """Say what changing each cell by one costs; n."""
        self._solver.changeColsCost(2 * self._size, self._every, np.concatenate([price, price]))

    def find(self, cell: int, difference: int, deadline: Deadline) -> Floats | None:
        """Change a cell by a difference at the least price; None if there is no such change, whole or not."""
        import highspy

        if self._cell is not None:
            for column in (self._cell, self._size + self._cell):
                self._solver.changeColBounds(column, 0.0, self._most[column])
        self._cell = cell
        rise, fall = (difference, 0) if difference > 0 else (0, -difference)
        self._solver.changeColBounds(cell, float(rise), float(rise))
        self._solver.changeColBounds(self._size + cell, float(fall), float(fall))
        run(self._solver, deadline)
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        both = np.array(self._solver.getSolution().col_value)
        change: Floats = both[: self._size] - both[self._size :]
        return change


def run(solver: highspy.Highs, deadline: Deadline) -> None:
    """Let a solver work until the deadline.

    Raises:
        TimeIsUpError: It is over already, or the solver did not finish.
    """
    import highspy

    left = deadline - time.monotonic()
    work = deadline.work_left
    if left <= 0 or work[0] <= 0:
        raise TimeIsUpError
    solver.setOptionValue("time_limit", solver.getRunTime() + left)
    limited = math.isfinite(work[0])
    if limited:
        solver.setOptionValue("mip_max_nodes", _NODES)
    solver.run()
    if limited:
        work[0] -= (max(solver.getInfo().simplex_iteration_count, 0) + 1) * (solver.getNumNz() + 1)
    if solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
        raise TimeIsUpError
