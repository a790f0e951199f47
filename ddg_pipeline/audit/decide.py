"""Answer the questions: propagate, split, share solutions, look nearby, and only then decide exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ddg_pipeline.audit.boards import Board
from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.contradictions import distrusted, repair
from ddg_pipeline.audit.exchanges import SeenValues, exchanges
from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.propagation import propagate, redundant_rows
from ddg_pipeline.audit.questions import Ledger, Outcome, Question, Questions, Verdict
from ddg_pipeline.audit.search import Search
from ddg_pipeline.audit.solver import Deadline
from ddg_pipeline.audit.structure import components, is_tree, without_free_parents
from ddg_pipeline.audit.suggested import Suggested
from ddg_pipeline.audit.system import System

Progress = Callable[[str, int, int], None]

_COMPILED_FROM = 200  # compiled code is loaded if so many questions are open


@dataclass(frozen=True, eq=False)
class Decisions:
    """The answers.

    Attributes:
        questions: What was asked, by unknown in ascending order.
        verdict: A ``Verdict`` for each question.
        lower: Per unknown, the least it can be.
        upper: Per unknown, the most it can be.
        closely: What is known besides about questions that needed a closer look, by their number.
        contradictory: Labels of rows that cannot hold together with the rest and were left out.
        impossible: Unknowns of groups that have no solution, although no single row is to blame.
    """

    questions: Questions
    verdict: Integers
    lower: Integers
    upper: Integers
    closely: Mapping[int, Outcome]
    contradictory: Integers
    impossible: Integers

    @cached_property
    def _order(self) -> Integers:
        return np.argsort(self.questions.unknown, kind="stable")

    def _number(self, unknown: Integers) -> Integers:
        if not len(self.questions):
            return np.full(len(unknown), -1, dtype=np.int64)
        asked = self.questions.unknown[self._order]
        at = np.clip(np.searchsorted(asked, unknown), 0, len(asked) - 1)
        return np.where(asked[at] == unknown, self._order[at], -1)

    def verdict_about(self, unknown: Integers) -> Integers:
        """Give the verdicts about unknowns, all of which were asked about."""
        return self.verdict[self._number(unknown)] if len(unknown) else np.empty(0, dtype=np.int64)

    def about(self, unknown: int) -> Outcome | None:
        """Give what is known about one unknown; None if nobody asked."""
        number = int(self._number(np.array([unknown], dtype=np.int64))[0])
        return None if number < 0 else self.outcome(number)

    def outcome(self, number: int) -> Outcome:
        """Give what is known about one question."""
        if number in self.closely:
            return self.closely[number]
        unknown = self.questions.unknown[number]
        return Outcome(Verdict(int(self.verdict[number])), int(self.lower[unknown]), int(self.upper[unknown]))

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each question."""
        return [self.outcome(number) for number in range(len(self.questions))]


def decide(
    system: System,
    implied: Booleans,
    questions: Questions | Sequence[Question],
    deadline: Deadline,
    *,
    redundant: Integers | None = None,
    start: Integers | None = None,
    boards: Sequence[Board] = (),
    seed: int = 0,
    progress: Progress | None = None,
    suggested: Suggested | None = None,
) -> Decisions:
    """Answer every question about a system, as far as time allows.

    Args:
        system: The rows in which something is unknown.
        implied: Per unknown, whether nobody publishes it.
        questions: What to find out.
        deadline: When to stop.
        redundant: Labels of rows that follow from the others, so that they need not be solved.
        start: A solution for all unknowns, if one is at hand; it is checked.
        boards: How the unknowns lie in tables, which helps to find solutions.
        seed: Seed of all random choices.
        progress: Called with the stage, questions answered, and questions.
        suggested: Changes to try first.
    """
    free = implied & (system.lower == 0) & (system.upper >= NO_LIMIT)
    system = without_free_parents(system, free)
    asked = questions if isinstance(questions, Questions) else Questions.of(questions)
    dropped: list[Integers] = []
    while True:
        attempt = _Attempt(
            system,
            free,
            asked,
            deadline,
            () if redundant is None else redundant,
            start,
            boards,
            seed,
            progress,
            suggested,
        )
        attempt.run()
        dropped.append(attempt.dropped)
        blamed = [distrusted(attempt.repaired, group) for group in attempt.impossible]
        if not any(len(rows) for rows in blamed):
            break
        # again without the rows that cannot be right; what hangs on them is reported as a contradiction
        labels = attempt.repaired.label[np.concatenate(blamed)]
        dropped.append(labels)
        system = attempt.repaired.keep_rows(~np.isin(attempt.repaired.label, labels))
    return attempt.decisions(_joined(dropped))


class _Attempt:
    """One way through: propagate, look for exchanges, split what is left, and search every group."""

    def __init__(
        self,
        system: System,
        free: Booleans,
        questions: Questions,
        deadline: Deadline,
        redundant: Integers | Sequence[int],
        start: Integers | None,
        boards: Sequence[Board],
        seed: int,
        progress: Progress | None,
        suggested: Suggested | None,
    ) -> None:
        self._suggested = suggested
        self._questions, self._deadline, self._seed, self._boards = questions, deadline, seed, boards
        self._progress, self._redundant, self._free = progress, redundant, free
        found = repair(system)
        self.dropped = found.dropped
        self.repaired = system if not len(found.dropped) else system.keep_rows(~np.isin(system.label, found.dropped))
        self._settled, self._narrowed = found.propagated.settled, found.propagated.system
        self._fixed = self._narrowed.lower == self._narrowed.upper
        self._start = start
        self.ledger = Ledger(questions, self._narrowed.lower, self._narrowed.upper)
        self.impossible: list[Integers] = []
        self._seen = SeenValues.of(questions, self._narrowed, start)
        self._verdict = self._by_bounds()
        self._exchanged = False

    def run(self) -> None:
        self._tell()
        self._exchange(self._start)
        look = np.flatnonzero(self._verdict != int(Verdict.ENOUGH))
        if not len(look):
            return
        for number in look.tolist():
            self.ledger.take(number, self._seen.values(number))
        is_fixed = self._fixed[self._questions.unknown[look]]
        for number in look[is_fixed].tolist():
            outcome = self.ledger.outcomes[number]
            self.ledger.allow(number, outcome.lower, outcome.upper)
        self._search(look[~is_fixed])

    def decisions(self, contradictory: Integers) -> Decisions:
        """Put the answers together."""
        verdict = self._verdict.copy()
        for number, outcome in self.ledger.outcomes.items():
            verdict[number] = int(outcome.verdict)
        narrowed = self._narrowed
        return Decisions(
            self._questions,
            verdict,
            narrowed.lower,
            narrowed.upper,
            self.ledger.outcomes,
            contradictory,
            _joined(self.impossible),
        )

    def _by_bounds(self) -> Integers:
        """Answer what propagation alone has answered."""
        asked, narrowed = self._questions, self._narrowed
        verdict = np.zeros(len(asked), dtype=np.int64)
        verdict[asked.room(narrowed.lower, narrowed.upper) < asked.need] = int(Verdict.TOO_FEW)
        verdict[narrowed.lower[asked.unknown] > asked.matters_up_to] = int(Verdict.ENOUGH)
        return verdict

    def _exchange(self, point: Integers | None) -> None:
        """Look for many solutions at once, by compiled code, starting from one."""
        waiting = np.flatnonzero(self._verdict == int(Verdict.OPEN))
        if point is None or len(waiting) < _COMPILED_FROM or self._deadline.passed or not self._narrowed.holds(point):
            return
        seen, self._exchanged = self._seen, True
        self._narrowed = exchanges(
            self._narrowed,
            point,
            self._boards,
            seen,
            waiting,
            self._deadline,
            self._seed,
            self._news,
            self._suggested,
        )
        enough = waiting[seen.enough(waiting)]
        self._verdict[enough] = int(Verdict.ENOUGH)
        left = np.setdiff1d(waiting, enough, assume_unique=True)
        if len(left):
            found = propagate(self._narrowed)
            self._settled, self._narrowed = found.settled, found.system
            self._fixed = self._narrowed.lower == self._narrowed.upper
            self.ledger = Ledger(self._questions, self._narrowed.lower, self._narrowed.upper)
            self._verdict[left] = self._by_bounds()[left]
        self._tell()

    def _search(self, numbers: Integers) -> None:
        """Split what is left, and look into every group that is asked about."""
        if not len(numbers):
            return
        # propagation has used every row; of what is left to solve, some rows say nothing new
        narrowed = self._narrowed
        needed = narrowed if len(self.dropped) else narrowed.keep_rows(~np.isin(narrowed.label, self._redundant))
        left = without_free_parents(_without_fixed(needed, self._fixed), self._free & ~self._fixed)
        asked: dict[int, list[int]] = {}
        for number in numbers.tolist():
            asked.setdefault(int(self._questions.unknown[number]), []).append(number)
        wanted = np.zeros(left.unknowns, dtype=np.bool_)
        wanted[list(asked)] = True
        left = left.merged()
        left = left.keep_rows(~redundant_rows(left))
        for group in components(left, wanted):
            mine = np.flatnonzero(wanted[group])
            self._examine(left, group, [number for at in mine for number in asked[int(group[at])]])
        self._tell()

    def _examine(self, system: System, group: Integers, asked: list[int]) -> None:
        part = system.restrict(group, system.lower)
        if self._settled and is_tree(part):
            for number in asked:
                outcome = self.ledger.outcomes[number]
                self.ledger.allow(number, outcome.lower, outcome.upper)
            return
        rng = np.random.default_rng([self._seed, int(group[0])])
        search = Search(part, group, self.ledger, asked, self._deadline, rng)
        point = search.begin(None if self._start is None else self._start[group])
        if point is None:
            if search.impossible:
                self.impossible.append(group)
            return
        if len(search.waiting) >= _COMPILED_FROM and not self._exchanged:
            self._exchange_within(system, group, point, search.waiting)
            part = part.with_bounds(self.ledger.lower[group], self.ledger.upper[group])
            search = Search(part, group, self.ledger, asked, self._deadline, rng)
            search.begin(point)
        search.run()
        self._tell()

    def _exchange_within(self, system: System, group: Integers, point: Integers, waiting: Sequence[int]) -> None:
        """Look for many solutions of one group at once, now that one is at hand; all else stays where it is."""
        inside = np.zeros(system.unknowns, dtype=np.bool_)
        inside[group] = True
        rows = np.zeros(system.rows, dtype=np.bool_)
        rows[system.row[inside[system.column]]] = True
        whole = np.where(inside, 0, system.lower)
        whole[group] = point
        held = system.keep_rows(rows).with_bounds(
            np.where(inside, system.lower, whole), np.where(inside, system.upper, whole)
        )
        seen = SeenValues.of(self._questions, held, whole)
        numbers = np.array(waiting, dtype=np.int64)
        narrowed = exchanges(held, whole, self._boards, seen, numbers, self._deadline, self._seed, lambda _: None)
        self.ledger.lower, self.ledger.upper = self.ledger.lower.copy(), self.ledger.upper.copy()
        self.ledger.lower[group], self.ledger.upper[group] = narrowed.lower[group], narrowed.upper[group]
        for number in waiting:
            unknown = self._questions.unknown[number]
            for value in seen.values(number):
                self.ledger.see(number, value)
            self.ledger.narrow(number, int(narrowed.lower[unknown]), int(narrowed.upper[unknown]))

    def _tell(self) -> None:
        self._news(0)

    def _news(self, answered: int) -> None:
        if self._progress is not None:
            still = self._verdict == int(Verdict.OPEN)
            waiting = len(self.ledger.open) if self.ledger.outcomes else int(still.sum()) - answered
            self._progress("audit", len(self._questions) - waiting, len(self._questions))


def _joined(parts: Sequence[Integers]) -> Integers:
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)])


def _without_fixed(system: System, fixed: Booleans) -> System:
    """Move what is fixed to the right side; unknowns keep their numbers."""
    free = np.flatnonzero(~fixed)
    part = system.restrict(free, system.lower)
    return System(
        system.lower,
        system.upper,
        part.start,
        free[part.column],
        part.coefficient,
        part.row_lower,
        part.row_upper,
        part.label,
    )
