"""One group of unknowns that hang together: look for solutions that show enough values, or for proof that none do.

From cheap to dear: a first solution; more solutions for random objectives, each of which serves every question;
for each question left, bounds and the shortest exchanges by linear programming; exact integer answers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ddg_pipeline.audit.exchange import Exchange
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.questions import Ledger, Verdict
from ddg_pipeline.audit.solver import Answer, Deadline, Floats, Program, Solution, whole_bound
from ddg_pipeline.audit.structure import neighbourhood
from ddg_pipeline.audit.system import System

# Rounds of random walks: over blocks of so many unknowns, each of which may move so far. Short steps move many of them;
# what is still open needs larger blocks, and sometimes longer steps.
_STIRS = (
    *((300, 1), (300, 1), (300, 2), (300, 1), (300, 2), (300, 1), (300, 3)),
    *((1000, 1), (1000, 3)),
)
_FIRST_SECONDS = 120.0
_SECONDS = 10.0
_NEARLY = 0.05
_FEW_NODES = 50
_MOVED = 1e-6
_FAR, _FAR_REACH = 2000, 4  # the neighbourhood tried before an exact answer
_AROUND = 200  # how many unknowns around an exchange with fractions may help to make it whole
_WORTHWHILE = 0.1
_TRIES = 24
_MUCH = 3000  # larger groups have been searched by compiled code, or are content with any first solution
_AROUND_ONE = (60, 300, 1200)
_ALONG = 10  # other questions asked of a neighbourhood along with its own
_COMPLETE = 600  # in groups of up to so many unknowns, findings say exactly which values are left
_REACH = 100  # how far from the present solution a new one may lie; keeps objectives bounded


class Search:
    """The search in one group.

    Args:
        system: The rows of the group, over its unknowns only.
        group: The unknowns' numbers outside.
        ledger: Where questions and answers are kept.
        asked: The questions about this group.
        deadline: When to stop.
        rng: Where randomness comes from.
    """

    def __init__(
        self,
        system: System,
        group: Integers,
        ledger: Ledger,
        asked: Sequence[int],
        deadline: Deadline,
        rng: np.random.Generator,
    ) -> None:
        self._system, self._ledger, self._asked, self._deadline, self._rng = system, ledger, asked, deadline, rng
        place = {int(unknown): position for position, unknown in enumerate(group)}
        self._place = {number: place[ledger.questions[number].unknown] for number in asked}
        self._point = system.lower
        self._exact: Program | None = None
        self._linear: Program | None = None
        self._shortest: Exchange | None = None
        self.impossible = False

    def begin(self, start: Integers | None) -> Integers | None:
        """Find a first solution; None if there is none, or none was found in time."""
        first = self._first(start)
        self.impossible = first.answer is Answer.IMPOSSIBLE
        if first.values is not None:
            self._use(first.values)
        return first.values

    def run(self) -> None:
        """Answer what can be answered, once there is a first solution."""
        if self._system.unknowns <= _MUCH:
            self._stir()
        for step in (self._nearby, self._approach, self._decide):
            for number in self.waiting:
                if number in self._ledger.open and not self._deadline.passed:
                    step(number)
        for number in self._asked:
            if self._ledger.outcomes[number].verdict is Verdict.TOO_FEW:
                self._see_whether_small(number)
                if self._system.unknowns <= _COMPLETE:
                    self._complete(number)

    # -- solutions that serve everyone ---------------------------------------------------------------------------------

    def _first(self, start: Integers | None) -> Solution:
        if start is not None and self._system.holds(start):
            return Solution(Answer.SOLVED, start)
        # bounded below, since every unknown is; but what is large is content with any solution
        size = self._system.unknowns
        cost = self._rng.random(size) if size <= _MUCH else np.zeros(size)
        return self._whole().minimize(cost, self._seconds(_FIRST_SECONDS), gap=1.0)

    def _use(self, values: Integers) -> int:
        """Take a solution as the new point, and show it to every open question of the group."""
        self._point = values
        learnt = 0
        for number in self._asked:
            if number in self._ledger.open:
                learnt += self._ledger.see(number, int(values[self._place[number]]))
        return learnt

    def _stir(self) -> None:
        """Walk through the solutions, each unknown towards values not yet seen, until that teaches little."""
        tired = 0
        for size, reach in _STIRS:
            waiting = self.waiting
            if not waiting or self._deadline.passed:
                return
            if size > tired:
                learnt = self._push(waiting, size, reach)
                tired = size if learnt < _WORTHWHILE * len(waiting) else tired
            if size >= self._system.unknowns and tired >= size:
                return

    @property
    def waiting(self) -> list[int]:
        """List the questions that are still open."""
        return [number for number in self._asked if number in self._ledger.open]

    def _push(self, waiting: Sequence[int], size: int, reach: int) -> int:
        """Push the unknowns in question towards new values, block by block."""
        cost = np.zeros(self._system.unknowns)
        for number in waiting:
            cost[self._place[number]] -= self._direction(number)
        learnt = 0
        left = dict.fromkeys(self._rng.permutation([self._place[number] for number in waiting]).tolist())
        while left and not self._deadline.passed:
            block = neighbourhood(self._system, [next(iter(left))], size, self._rng)
            learnt += self._improve(block, cost, reach)
            for unknown in block.tolist():
                left.pop(unknown, None)
        return learnt

    def _direction(self, number: int) -> float:
        """Choose up or down: where the next value is new; at random where both are, or neither."""
        outcome, value = self._ledger.outcomes[number], int(self._point[self._place[number]])
        up = value < outcome.upper and value + 1 not in outcome.seen
        down = value > outcome.lower and value - 1 not in outcome.seen
        return float(self._rng.choice((-1.0, 1.0))) if up == down else 1.0 if up else -1.0

    def _improve(self, block: Integers, cost: Floats, reach: int) -> int:
        part = _near(self._system.restrict(block, self._point), self._point[block], reach)
        solution = Program(part).minimize(cost[block], self._seconds(_SECONDS), gap=_NEARLY, nodes=_FEW_NODES)
        return 0 if solution.values is None else self._use(self._with(block, solution.values))

    def _with(self, block: Integers, values: Integers) -> Integers:
        point = self._point.copy()
        point[block] = values
        return point

    # -- a question and what lies around it ----------------------------------------------------------------------------

    def _nearby(self, number: int) -> None:
        """Look around one unknown: for a proof by the rows nearby alone, and for exchanges that reach no further."""
        unknown, size = self._place[number], self._system.unknowns
        for reach in _AROUND_ONE:
            if reach >= size or number not in self._ledger.open or self._deadline.passed:
                return
            block = neighbourhood(self._system, [unknown], reach, self._rng)
            self._bound_nearby(number, block)
            self._exchange_nearby(number, block)

    def _bound_nearby(self, number: int, block: Integers) -> None:
        """Bound unknowns by the rows that touch a block; all else may be anything within its bounds."""
        program = Program(self._system.relaxed(block), whole=False, dual=True)
        inside = {int(unknown): at for at, unknown in enumerate(block)}
        others = [one for one in self.waiting if one != number and self._place[one] in inside]
        for one in [number, *others[:_ALONG]]:
            self._bound_by(program, one, inside[self._place[one]])

    def _bound_by(self, program: Program, number: int, at: int) -> None:
        outcome = self._ledger.outcomes[number]
        for sign in (1.0, -1.0):
            if number not in self._ledger.open or self._deadline.passed:
                return
            # whether there is anything beyond the values seen is all that matters
            least, most = min(outcome.seen), max(outcome.seen)
            low, high = (outcome.lower, least - 1) if sign > 0 else (most + 1, outcome.upper)
            if low > high:
                continue
            program.limit(at, low, high)
            cost = np.zeros(program.system.unknowns)
            cost[at] = sign
            solution = program.minimize(cost, self._seconds(_SECONDS))
            program.limit(at, int(program.system.lower[at]), int(program.system.upper[at]))
            if solution.answer is Answer.IMPOSSIBLE:
                narrower = (least, outcome.upper) if sign > 0 else (outcome.lower, most)
                self._ledger.narrow(number, *narrower)
            elif (bound := whole_bound(solution.bound)) is not None:
                narrower = (bound, outcome.upper) if sign > 0 else (outcome.lower, -bound)
                self._ledger.narrow(number, *narrower)

    def _exchange_nearby(self, number: int, block: Integers) -> None:
        unknown = self._place[number]
        at = int(np.searchsorted(block, unknown))
        part = self._system.restrict(block, self._point)
        exchange = Exchange(part)
        for value in self._ledger.candidates(number, 2):
            if number not in self._ledger.open or self._deadline.passed:
                return
            if not part.lower[at] <= value <= part.upper[at]:
                continue
            _, changes = exchange.find(self._point[block], at, value, self._seconds(_SECONDS))
            if changes is None:
                continue
            target = self._point[block] + np.rint(changes).astype(np.int64)
            if part.holds(target):
                self._use(self._with(block, target))
            else:
                self._reach_for(unknown, value, block[np.abs(changes) > _MOVED], _REACH)

    # -- one question at a time ----------------------------------------------------------------------------------------

    def _approach(self, number: int) -> None:
        """Bound one unknown by linear programming, and look for the shortest ways to its other values."""
        self._bound(number, exact=False)
        for value in self._ledger.candidates(number, 2 * self._ledger.questions[number].need):
            if number not in self._ledger.open or self._deadline.passed:
                return
            self._exchange(number, value)

    def _decide(self, number: int) -> None:
        """Answer what is left of one question: in a large neighbourhood, then exactly."""
        for value in self._ledger.candidates(number, self._ledger.questions[number].need):
            if number in self._ledger.open and not self._deadline.passed:
                unknown = self._place[number]
                self._reach_for(unknown, value, neighbourhood(self._system, [unknown], _FAR, self._rng), _FAR_REACH)
        self._bound(number, exact=True)
        if number in self._ledger.open:
            self._try_values(number)

    def _exchange(self, number: int, value: int) -> None:
        """Go to the nearest solution in which one unknown has another value, or learn that there is none."""
        unknown = self._place[number]
        answer, changes = self._exchanges().find(self._point, unknown, value, self._seconds(_SECONDS))
        if answer is Answer.IMPOSSIBLE:
            self._ledger.exclude(number, value)
        if changes is None:
            return
        target = self._point + np.rint(changes).astype(np.int64)
        if self._system.holds(target):
            self._use(target)
            return
        moved = np.flatnonzero(np.abs(changes) > _MOVED)
        around = neighbourhood(self._system, moved.tolist(), len(moved) + _AROUND, self._rng)
        if not self._reach_for(unknown, value, moved, _REACH):
            self._reach_for(unknown, value, around, _REACH)

    def _reach_for(self, unknown: int, value: int, block: Integers, reach: int) -> bool:
        """Look for a solution with one value in a neighbourhood, with the rest held where it is."""
        part = _near(self._system.restrict(block, self._point), self._point[block], reach)
        at = int(np.searchsorted(block, unknown))
        if not part.lower[at] <= value <= part.upper[at]:
            return False
        program = Program(part)
        program.limit(at, value, value)
        solution = program.minimize(np.zeros(len(block)), self._seconds(_SECONDS), nodes=_FEW_NODES)
        if solution.values is not None:
            self._use(self._with(block, solution.values))
        return solution.values is not None

    def _bound(self, number: int, *, exact: bool) -> None:
        """Bound one unknown over the whole group, by linear programming or exactly."""
        for sign in (1.0, -1.0):
            if number not in self._ledger.open or self._deadline.passed:
                return
            program = self._whole() if exact else self._relaxed()
            self._bound_one(number, program, sign, exact=exact)

    def _bound_one(self, number: int, program: Program, sign: float, *, exact: bool) -> None:
        outcome, unknown = self._ledger.outcomes[number], self._place[number]
        # no need to know how large it can get, beyond being large enough
        most = max(outcome.seen, default=outcome.lower) + self._ledger.questions[number].need
        cap = min(outcome.upper, most) if sign < 0 else outcome.upper
        cost = np.zeros(self._system.unknowns)
        cost[unknown] = sign
        program.limit(unknown, outcome.lower, cap)
        solution = program.minimize(cost, self._seconds(_SECONDS))
        program.limit(unknown, int(self._system.lower[unknown]), int(self._system.upper[unknown]))
        if exact and solution.values is not None:
            self._use(solution.values)
        bound = whole_bound(solution.bound)
        if bound is None:
            return
        if sign > 0:
            self._ledger.narrow(number, bound, outcome.upper)
        elif -bound < cap:
            self._ledger.narrow(number, outcome.lower, -bound)

    def _try_values(self, number: int) -> None:
        """Ask for single values, which need not lie without gaps."""
        for _ in range(_TRIES):
            candidates = self._ledger.candidates(number, 1)
            if not candidates or number not in self._ledger.open or self._deadline.passed:
                return
            if not self._try_value(number, candidates[0]):
                return

    def _try_value(self, number: int, value: int) -> bool:
        """Look for a solution with one value; False if it could not be decided."""
        unknown, system = self._place[number], self._system
        program = self._whole()
        program.limit(unknown, value, value)
        solution = program.minimize(np.zeros(system.unknowns), self._seconds(_SECONDS))
        program.limit(unknown, int(system.lower[unknown]), int(system.upper[unknown]))
        if solution.values is not None:
            self._ledger.see(number, value)
            self._use(solution.values)
        elif solution.answer is Answer.IMPOSSIBLE:
            self._ledger.exclude(number, value)
        return solution.answer is not Answer.UNKNOWN

    def _see_whether_small(self, number: int) -> None:
        """For an unexplained cell that gives too much away, see whether it can be small at all."""
        outcome, limit = self._ledger.outcomes[number], self._ledger.questions[number].matters_up_to
        if outcome.upper <= limit:
            return
        self._bound_one(number, self._relaxed(), 1.0, exact=False)
        while outcome.lower <= limit < min(outcome.seen, default=limit + 1) and not self._deadline.passed:
            if not self._try_value(number, outcome.lower):
                return

    def _complete(self, number: int) -> None:
        """For a cell that gives too much away, say exactly which values are left."""
        for value in self._ledger.unseen(number):
            if self._deadline.passed or not self._try_value(number, value):
                return

    # -- programs over the whole group ---------------------------------------------------------------------------------

    def _whole(self) -> Program:
        if self._exact is None:
            self._exact = Program(self._system)
        return self._exact

    def _relaxed(self) -> Program:
        if self._linear is None:
            self._linear = Program(self._system, whole=False)
        return self._linear

    def _exchanges(self) -> Exchange:
        if self._shortest is None:
            self._shortest = Exchange(self._system)
        return self._shortest

    def _seconds(self, most: float) -> float:
        return min(most, self._deadline.left)


def _near(system: System, point: Integers, reach: int) -> System:
    """Keep every unknown within reach of a solution."""
    return system.with_bounds(np.maximum(system.lower, point - reach), np.minimum(system.upper, point + reach))
