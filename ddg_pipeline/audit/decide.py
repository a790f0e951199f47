"""Answer the questions: propagate, split, share solutions, look nearby, and only then decide exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.contradictions import repair
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
    repaired = repair(without_free_parents(system, free))
    settled = repaired.propagated.settled
    narrowed = repaired.propagated.system
    ledger = Ledger(questions, narrowed.lower, narrowed.upper)
    fixed = narrowed.lower == narrowed.upper
    # propagation has used every row; of what is left to solve, some rows say nothing new
    needed = (
        narrowed
        if len(repaired.dropped)
        else narrowed.keep_rows(~np.isin(narrowed.label, () if redundant is None else redundant))
    )
    small = without_free_parents(_without_fixed(needed, fixed).merged(), free & ~fixed)
    small = small.keep_rows(~redundant_rows(small))
    by_unknown: dict[int, list[int]] = {}
    for number, question in enumerate(questions):
        by_unknown.setdefault(question.unknown, []).append(number)
    groups = [group for group in components(small) if not fixed[group[0]]]
    impossible: list[Integers] = []
    for group in groups:
        asked = [number for unknown in group for number in by_unknown.get(int(unknown), [])]
        if not asked:
            continue
        part = small.restrict(group, small.lower)
        if settled and is_tree(part):
            for number in asked:
                outcome = ledger.outcomes[number]
                ledger.allow(number, outcome.lower, outcome.upper)
        else:
            search = Search(part, group, ledger, asked, deadline, np.random.default_rng([seed, int(group[0])]))
            if not search.run(None if start is None else start[group]):
                impossible.append(group)
        if progress is not None:
            progress("audit", len(questions) - len(ledger.open), len(questions))
    for number, question in enumerate(questions):
        outcome = ledger.outcomes[number]
        if fixed[question.unknown] and outcome.verdict is not Verdict.ENOUGH:
            ledger.allow(number, outcome.lower, outcome.upper)
    return Decisions(ledger.outcomes, repaired.dropped, np.concatenate([*impossible, np.empty(0, dtype=np.int64)]))


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
