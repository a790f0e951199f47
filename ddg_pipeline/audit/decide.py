"""Answer the questions: propagate, split, share solutions, look nearby, and only then decide exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.contradictions import distrusted, repair
from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.propagation import redundant_rows
from ddg_pipeline.audit.questions import Ledger, Outcome, Question, Verdict
from ddg_pipeline.audit.search import Search
from ddg_pipeline.audit.solver import Deadline
from ddg_pipeline.audit.structure import components, is_tree, without_free_parents
from ddg_pipeline.audit.system import System

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Decisions:
    """The answers.

    Attributes:
        outcomes: One for each question.
        contradictory: Labels of rows that cannot hold together with the rest and were left out.
        impossible: Unknowns of groups that have no solution, although no single row is to blame.
    """

    outcomes: list[Outcome]
    contradictory: Integers
    impossible: Integers


def decide(
    system: System,
    implied: Booleans,
    questions: Sequence[Question],
    deadline: Deadline,
    *,
    redundant: Integers | None = None,
    start: Integers | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Decisions:
    """Answer every question about a system, as far as time allows.

    Args:
        system: The rows in which something is unknown.
        implied: Per unknown, whether nobody publishes it.
        questions: What to find out.
        deadline: When to stop.
        redundant: Labels of rows that follow from the others, so that they need not be solved.
        start: A solution for all unknowns, if one is at hand; it is checked.
        seed: Seed of all random choices.
        progress: Called with the stage, questions answered, and questions.
    """
    free = implied & (system.lower == 0) & (system.upper >= NO_LIMIT)
    system = without_free_parents(system, free)
    dropped: list[Integers] = []
    while True:
        attempt = _Attempt(
            system, free, questions, deadline, () if redundant is None else redundant, start, seed, progress
        )
        dropped.append(attempt.dropped)
        blamed = [distrusted(attempt.repaired, group) for group in attempt.impossible]
        if not any(len(rows) for rows in blamed):
            break
        # again without the rows that cannot be right; what hangs on them is reported as a contradiction
        labels = attempt.repaired.label[np.concatenate(blamed)]
        dropped.append(labels)
        system = attempt.repaired.keep_rows(~np.isin(attempt.repaired.label, labels))
    return Decisions(attempt.ledger.outcomes, _joined(dropped), _joined(attempt.impossible))


class _Attempt:
    """One way through: propagate, split, and search every group."""

    def __init__(
        self,
        system: System,
        free: Booleans,
        questions: Sequence[Question],
        deadline: Deadline,
        redundant: Integers | Sequence[int],
        start: Integers | None,
        seed: int,
        progress: Progress | None,
    ) -> None:
        self._questions, self._deadline, self._seed, self._start = questions, deadline, seed, start
        self._progress = progress
        found = repair(system)
        self.dropped = found.dropped
        self.repaired = system.keep_rows(~np.isin(system.label, found.dropped))
        self._settled, narrowed = found.propagated.settled, found.propagated.system
        self.ledger = Ledger(questions, narrowed.lower, narrowed.upper)
        self.impossible: list[Integers] = []
        self._asked: dict[int, list[int]] = {}
        for number, question in enumerate(questions):
            self._asked.setdefault(question.unknown, []).append(number)
        self._fixed = narrowed.lower == narrowed.upper
        # propagation has used every row; of what is left to solve, some rows say nothing new
        needed = narrowed if len(found.dropped) else narrowed.keep_rows(~np.isin(narrowed.label, redundant))
        left = without_free_parents(_without_fixed(needed, self._fixed).merged(), free & ~self._fixed)
        left = left.keep_rows(~redundant_rows(left))
        for group in components(left):
            self._examine(left, group)
        self._tell()

    def _examine(self, system: System, group: Integers) -> None:
        asked = [number for unknown in group for number in self._asked.get(int(unknown), [])]
        asked = [number for number in asked if self.ledger.outcomes[number].verdict is not Verdict.ENOUGH]
        if not asked:
            return
        part = system.restrict(group, system.lower)
        if self._fixed[group[0]] or (self._settled and is_tree(part)):
            for number in asked:
                outcome = self.ledger.outcomes[number]
                self.ledger.allow(number, outcome.lower, outcome.upper)
            return
        rng = np.random.default_rng([self._seed, int(group[0])])
        search = Search(part, group, self.ledger, asked, self._deadline, rng)
        if not search.run(None if self._start is None else self._start[group]):
            self.impossible.append(group)
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress("audit", len(self._questions) - len(self.ledger.open), len(self._questions))


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
