"""Masking in the peers' own sense of protection: no small count can be calculated from what is shown.

Bounds, whole numbers and annotation codes are left aside; that is far too weak for a release, and here only to compare
like with like. A hidden cell can be calculated if and only if some combination of the relations leaves it as the only
hidden cell. So a pattern is safe if no combination leaves a small cell alone; and a complementary cell that is left
alone protects nothing, so that some cheapest safe pattern obeys, for every combination and each cell ``c`` in it::

    sum of the others hidden >= c hidden

(bridgeless inequalities, Fischetti and Salazar-González 1999, "Models and algorithms for the 2-dimensional cell
suppression problem", Mathematical Programming 84). The relations themselves do nearly all the work. They make a linear
program that is nearly integral; what is calculable after all is found by elimination, each with its combination, and
becomes one more inequality (an implicit hitting set).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.elimination import PRIME, Eliminated, eliminate, inverse
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, System
from ddg_pipeline.rulebook import load_rulebook

if TYPE_CHECKING:
    from highspy import Highs
    from scipy import sparse

Objective = Literal["cells", "value"]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_RULEBOOK = "calhhs-ddg-2.0"
_TIE = 1e-4  # of a cell for each doubling of its count: among patterns of equally many cells, the smaller counts
_LONG = 12  # unknowns of a relation from which on their sum becomes a variable of its own
_NEAR = 0.1  # reduced cost, in usual prices, up to which a cell stays in the restricted integer program
_MANY = 20_000  # inequalities from which on the interior point method is the quicker one
_LARGE = 4_000  # units from which on the relaxed pattern is only completed, not reconsidered
_FREE_ROUNDS, _FREE_ROUNDS_LARGE = 12, 2  # from then on what is hidden stays hidden, so that the end is certain
_TINY = 1e-6


@dataclass(frozen=True)
class LinearPattern:
    """A pattern, safe in the linear sense.

    Attributes:
        status: One `Status` a cell.
        cost: Complementary cells, or their counts added up.
        bound: No safe pattern costs less.
        rounds: How often a pattern was chosen and checked.
    """

    status: NDArray[np.int8]
    cost: int
    bound: int
    rounds: int


def linear_pattern(
    system: System,
    *,
    objective: Objective = "cells",
    time_limit: float = 600.0,
    seed: int = 1,
    gap: float = 0.05,
    rules: MaskingRules | None = None,
) -> NDArray[np.int8]:
    """Choose complementary cells so that no small cell is determined by the relations over the real numbers.

    The same arguments give the same pattern, unless the time limit is reached.

    Args:
        system: The cells and relations.
        objective: Hide few cells, or little in all.
        time_limit: Seconds after which no better pattern is looked for; the one returned is safe all the same.
        seed: Of the random solutions by which determined cells are found.
        gap: How far from the proven bound the pattern may be, as a share; 0 looks for the optimum.
        rules: What is small; by default that of the guideline.

    Returns:
        One `Status` a cell.

    Raises:
        RefusedError: A small cell can be calculated even if all else is hidden that may be.
    """
    return solve(system, objective=objective, time_limit=time_limit, seed=seed, gap=gap, rules=rules).status


def solve(
    system: System,
    *,
    objective: Objective = "cells",
    time_limit: float = 600.0,
    seed: int = 1,
    gap: float = 0.05,
    rules: MaskingRules | None = None,
) -> LinearPattern:
    """Do the same as `linear_pattern`, and tell how good it is."""
    rules = rules or MaskingRules.of(load_rulebook(_RULEBOOK), "exact", show_reason=False)
    status = system.initial_status(rules)
    problem = _presolve(system, status, objective)
    search = _Search(problem, gap, seed, time.monotonic() + time_limit)
    chosen = search.run()
    hidden = np.zeros(len(status), dtype=bool)
    hidden[problem.unknown] = chosen[problem.unit]
    more = hidden & (status == Status.OPEN)
    status[more] = Status.COMPLEMENTARY
    cost = int(more.sum()) if objective == "cells" else int(system.values[more].sum())
    return LinearPattern(status, cost, min(cost, search.proven), search.rounds)


@dataclass(frozen=True)
class _Problem:
    """Units of cells that are hidden together or not at all, and the relations among them.

    Attributes:
        unknown: The cells that are or may be hidden.
        unit: The unit of each of them.
        matrix: One row a relation, one column a unit.
        small: Which units must be hidden.
        price: What it costs to hide a unit.
        unit_price: The cost without what breaks ties.
    """

    unknown: Integers
    unit: Integers
    matrix: sparse.csr_array
    small: Booleans
    price: Floats
    unit_price: Integers


def _presolve(system: System, status: NDArray[np.int8], objective: Objective) -> _Problem:
    """Drop what is always shown, and merge cells that a relation of two makes multiples of each other."""
    from scipy import sparse

    unknown = np.flatnonzero((status == Status.SMALL) | (status == Status.OPEN))
    matrix = sparse.csr_array(system.matrix[:, unknown])
    matrix.eliminate_zeros()
    pairs = np.flatnonzero(np.diff(matrix.indptr) == 2)
    one, other = matrix.indices[matrix.indptr[pairs]], matrix.indices[matrix.indptr[pairs] + 1]
    graph = sparse.csr_array((np.ones(len(pairs)), (one, other)), shape=(len(unknown), len(unknown)))
    units, unit = sparse.csgraph.connected_components(graph, directed=False)
    small = np.zeros(units, dtype=bool)
    small[unit[status[unknown] == Status.SMALL]] = True
    # A unit's cells move together; relations are written for the first of them. Relations of two are then no more.
    scale = _scales(matrix, pairs, unit)
    merge = sparse.csr_array((scale, (np.arange(len(unknown)), unit)), shape=(len(unknown), units))
    merged = sparse.csr_array(matrix @ merge)
    merged.data[np.abs(merged.data) < _TINY] = 0
    merged.eliminate_zeros()
    merged.sort_indices()
    merged = _whole(merged)
    counts = np.bincount(unit, weights=status[unknown] == Status.OPEN, minlength=units).astype(np.int64)
    values = np.where(status[unknown] == Status.OPEN, system.values[unknown], 0)
    totals = np.bincount(unit, weights=values, minlength=units).astype(np.int64)
    if objective == "cells":
        return _Problem(unknown, unit, merged, small, counts + _TIE * np.log2(np.maximum(totals, 1)), counts)
    return _Problem(unknown, unit, merged, small, totals + _TIE * counts, totals)


def _scales(matrix: sparse.csr_array, pairs: Integers, unit: Integers) -> Floats:
    """How far each cell moves when the first of its unit moves by one."""
    scale = np.zeros(len(unit))
    _, first = np.unique(unit, return_index=True)
    scale[first] = 1
    left, right = matrix.indices[matrix.indptr[pairs]], matrix.indices[matrix.indptr[pairs] + 1]
    ratio = -matrix.data[matrix.indptr[pairs]] / matrix.data[matrix.indptr[pairs] + 1]
    while not scale.all():
        forward = (scale[left] != 0) & (scale[right] == 0)
        scale[right[forward]] = (scale[left] * ratio)[forward]
        backward = (scale[right] != 0) & (scale[left] == 0)
        scale[left[backward]] = (scale[right] / ratio)[backward]
    return scale


def _whole(matrix: sparse.csr_array) -> sparse.csr_array:
    """Write relations in whole numbers, each set of unknowns with the same coefficients once, and none empty."""
    if np.any(matrix.data != np.rint(matrix.data)):  # identities with coefficients other than one, in chains
        raise ValueError("relations whose cells move by fractions of each other are not provided for")
    matrix.data = np.rint(matrix.data).astype(np.int64)
    kept: dict[bytes, int] = {}
    for row in range(matrix.shape[0]):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        if part.stop > part.start:
            kept.setdefault(matrix.indices[part].tobytes() + matrix.data[part].tobytes(), row)
    return matrix[np.array(list(kept.values()), dtype=np.int64)]


class _Search:
    """Patterns that obey the inequalities known so far, until one is safe."""

    def __init__(self, problem: _Problem, gap: float, seed: int, deadline: float) -> None:
        self._problem, self._gap, self._seed, self._deadline = problem, gap, seed, deadline
        self._supports: dict[bytes, Integers] = {}
        matrix = problem.matrix
        for row in range(matrix.shape[0]):
            self._learn(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])
        self.rounds = 0
        self._bound = 0.0
        self._large = len(np.unique(np.concatenate([np.zeros(1, int), *self._supports.values()]))) > _LARGE

    @property
    def proven(self) -> int:
        """No safe pattern costs less than this, whatever breaks ties."""
        if not self._problem.unit_price.any():
            return 0
        ties = self._problem.price - self._problem.unit_price
        priced = self._problem.unit_price > 0
        worst = float((ties[priced] / self._problem.unit_price[priced]).max(initial=0))
        return math.ceil(self._bound / (1 + worst) - 1e-4)

    def run(self) -> Booleans:
        best = self._safe(None)
        within = self._bound * (1 + self._gap) + _TINY
        if self._price(best) > within and time.monotonic() < self._deadline:
            better = self._safe(self._price(best))
            best = min(best, better, key=self._price)
        return best

    def _price(self, chosen: Booleans) -> float:
        return float(self._problem.price[chosen & ~self._problem.small].sum())

    def _safe(self, known: float | None) -> Booleans:
        """Choose, check and learn until nothing small is determined.

        Args:
            known: The price of a safe pattern; where there is one, all cells that a cheaper one can have are let in.
        """
        hidden = self._problem.small.copy()
        for number in range(10**6):
            self.rounds += 1
            free = _FREE_ROUNDS_LARGE if known is None and self._large else _FREE_ROUNDS
            final = number >= free or time.monotonic() > self._deadline
            hidden = self._chosen(known, hidden if final and number else self._problem.small)
            if not self._learn_from(hidden):
                return self._without_needless(hidden)
        raise AssertionError("every round hides one more cell")

    def _learn(self, support: Integers) -> bool:
        """Keep what one combination of relations demands: an inequality among at most one small unit and others."""
        support = support.astype(np.int64)
        small = self._problem.small[support]
        if small.sum() > 1:
            return False
        # a small unit comes first, and is told by -1
        key = np.concatenate([[-1], support[~small]]) if small.any() else np.sort(support)
        if key[0] < 0 and len(key) == 1:
            raise RefusedError("a small count can be calculated even if everything is hidden that may be hidden")
        new = key.tobytes() not in self._supports
        self._supports[key.tobytes()] = key
        return new

    def _learn_from(self, hidden: Booleans) -> bool:
        """Find what is determined, and by what; tell whether anything small is."""
        columns = np.flatnonzero(hidden)
        rows, found = self._eliminated(columns)
        determined = ~found.solutions(2, self._seed).any(axis=1)
        if not (determined & self._problem.small[columns]).any():
            return False
        for column in np.flatnonzero(determined):
            factors = found.combination(int(column))
            used = np.flatnonzero(factors)
            centred = np.where(factors[used] > PRIME // 2, factors[used] - PRIME, factors[used])
            part = self._problem.matrix[rows[used]]
            residues = np.zeros(part.shape[1], dtype=np.int64)
            for row, factor in enumerate(centred.tolist()):
                place = slice(part.indptr[row], part.indptr[row + 1])
                residues[part.indices[place]] = (residues[part.indices[place]] + factor * part.data[place]) % PRIME
            self._learn(np.flatnonzero(residues))
        return True

    def _eliminated(self, columns: Integers) -> tuple[Integers, Eliminated]:
        from scipy import sparse

        part = sparse.csr_array(self._problem.matrix[:, columns])
        rows = np.flatnonzero(np.diff(part.indptr))
        return rows, eliminate(sparse.csr_array(part[rows]))

    def _chosen(self, known: float | None, fixed: Booleans) -> Booleans:
        """Choose a cheap pattern that obeys all inequalities: linear program first, then integers near its optimum."""
        more = fixed & ~self._problem.small
        program = _Program(self._problem, list(self._supports.values()))
        program.require(more)
        relaxed = program.relax()
        if known is not None:
            near = known - relaxed
        elif self._large:
            near = 0.0
            program.keep_whole()
        else:
            near = program.usual_price() * _NEAR
        chosen, bound = program.integral(near, self._gap / 5, self._deadline)
        if not more.any():
            self._bound = max(self._bound, relaxed)
            if known is not None:  # no cell left out is in a cheaper pattern (reduced costs)
                self._bound = max(self._bound, min(known, bound))
        return chosen | self._problem.small

    def _without_needless(self, hidden: Booleans) -> Booleans:
        """Show again what no small cell needs, the dearest first.

        Two hidden cells in series (proportional in every solution) are determined as soon as one of them is shown. So
        all cells in series may be shown if none of them is small; and so may those that are determined already.
        """
        hidden = hidden.copy()
        while True:
            columns = np.flatnonzero(hidden)
            one, other = self._eliminated(columns)[1].solutions(2, self._seed).T
            series = np.array(
                [a * inverse(b) % PRIME if b else -1 for a, b in zip(one.tolist(), other.tolist(), strict=True)]
            )
            _, number = np.unique(series, return_inverse=True)
            needed = np.bincount(number, weights=self._problem.small[columns]) > 0
            price = np.bincount(number, weights=self._problem.price[columns])
            price[needed] = -1
            dearest = int(price.argmax()) if len(price) else 0
            if not len(price) or price[dearest] < 0:
                return hidden
            hidden[columns[number == dearest]] = False


class _Program:
    """The inequalities as a linear or integer program for HiGHS."""

    def __init__(self, problem: _Problem, supports: list[Integers]) -> None:
        import highspy
        from scipy import sparse

        self._highspy = highspy
        self._problem = problem
        self._units = np.unique(np.concatenate([support[support >= 0] for support in supports] or [np.zeros(0, int)]))
        place = np.full(len(problem.small), -1)
        place[self._units] = np.arange(len(self._units))
        rows, columns, data = [], [], []
        lower: list[float] = []
        variables = len(self._units)
        for support in supports:
            here = place[support[support >= 0]]
            size, first = len(here), len(lower)
            if support[0] < 0:
                rows.append(np.full(size, first))
                columns.append(here)
                data.append(np.ones(size))
                lower.append(1.0)
            elif size <= _LONG:
                rows.append(np.repeat(np.arange(first, first + size), size))
                columns.append(np.tile(here, size))
                data.append((np.ones((size, size)) - 2 * np.eye(size)).ravel())
                lower += [0.0] * size
            else:
                rows.append(np.concatenate([np.full(size + 1, first), np.repeat(np.arange(size) + first + 1, 2)]))
                columns.append(np.concatenate([here, [variables]]))
                columns.append(np.column_stack([here, np.full(size, variables)]).ravel())
                data.append(np.concatenate([np.ones(size), [-1.0], np.tile([-2.0, 1.0], size)]))
                lower += [0.0] * (size + 1)
                variables += 1
        self._cost = np.zeros(variables)
        self._cost[: len(self._units)] = problem.price[self._units]
        self._lower, self._upper = np.zeros(variables), np.full(variables, highspy.kHighsInf)
        self._upper[: len(self._units)] = 1
        self._row_lower = np.array(lower)
        if rows:
            entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
            self._matrix = sparse.csc_array(entries, shape=(len(lower), variables))
        self._relaxed, self._reduced = np.zeros(variables), np.zeros(variables)

    def require(self, units: Booleans) -> None:
        """Keep what is hidden already."""
        self._lower[: len(self._units)] = units[self._units]

    def relax(self) -> float:
        """Solve it without asking for whole numbers; return the cost."""
        if not len(self._row_lower):
            return 0.0
        solved = self._solve(self._lower, self._upper, integral=False, gap=0.0, deadline=math.inf)
        if solved.getModelStatus() != self._highspy.HighsModelStatus.kOptimal:  # without a vertex that can happen
            solved.setOptionValue("run_crossover", "on")
            solved.run()
        if solved.getModelStatus() != self._highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS: {solved.modelStatusToString(solved.getModelStatus())}")
        solution = solved.getSolution()
        self._relaxed, self._reduced = np.array(solution.col_value), np.array(solution.col_dual)
        return float(solved.getInfo().objective_function_value) * (1 - _TINY)

    def keep_whole(self) -> None:
        """Keep what the relaxed pattern hides altogether."""
        size = len(self._units)
        self._lower[:size][self._relaxed[:size] > 1 - _TINY] = 1

    def usual_price(self) -> float:
        """The median price of what the relaxed pattern hides."""
        size = len(self._units)
        prices = self._cost[:size][self._relaxed[:size] > _TINY]
        return float(np.median(prices)) if len(prices) else 0.0

    def integral(self, near: float, gap: float, deadline: float) -> tuple[Booleans, float]:
        """Choose among the cells whose reduced cost is small; return them and a bound for such patterns."""
        chosen = np.zeros(len(self._problem.small), dtype=bool)
        if not len(self._row_lower):
            return chosen, 0.0
        size = len(self._units)
        upper = self._upper.copy()
        upper[:size][(self._relaxed[:size] <= _TINY) & (self._reduced[:size] > near + _TINY)] = 0
        upper[:size] = np.maximum(upper[:size], self._lower[:size])
        solved = self._solve(self._lower, upper, integral=True, gap=gap, deadline=deadline)
        if solved.getInfo().primal_solution_status == self._highspy.SolutionStatus.kSolutionStatusFeasible:
            values = np.array(solved.getSolution().col_value)
        else:  # out of time: all that the relaxed pattern hides in part obeys the inequalities too
            values = np.ceil(self._relaxed - _TINY)
        chosen[self._units[values[:size] > 0.5]] = True
        return chosen, float(solved.getInfo().mip_dual_bound)

    def _solve(self, lower: Floats, upper: Floats, *, integral: bool, gap: float, deadline: float) -> Highs:
        highs = self._highspy
        model = highs.HighsLp()
        model.num_col_, model.num_row_ = len(lower), len(self._row_lower)
        model.col_cost_, model.col_lower_, model.col_upper_ = self._cost, lower, upper
        model.row_lower_, model.row_upper_ = self._row_lower, np.full(len(self._row_lower), highs.kHighsInf)
        model.a_matrix_.format_ = highs.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = self._matrix.indptr, self._matrix.indices
        model.a_matrix_.value_ = self._matrix.data
        if integral:
            size = len(self._units)
            kinds = [highs.HighsVarType.kInteger] * size + [highs.HighsVarType.kContinuous] * (len(lower) - size)
            model.integrality_ = kinds
        solver = highs.Highs()
        options: dict[str, object] = {"output_flag": False, "threads": 1, "mip_rel_gap": gap}
        if not integral and len(self._row_lower) > _MANY:
            options |= {"solver": "ipm", "run_crossover": "off"}
        if math.isfinite(deadline):
            options["time_limit"] = max(1.0, deadline - time.monotonic())
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.passModel(model)
        solver.run()
        return solver
