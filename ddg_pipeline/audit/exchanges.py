"""Many solutions at once: exchanges that keep every sum, found by compiled code.

Each exchange, and each of its multiples, is another table that looks like the published one; it shows a further value
of every cell that it changes. All of them are checked against all rows and bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ddg_pipeline.audit.boards import Board
from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.propagation import rules_of
from ddg_pipeline.audit.questions import Questions
from ddg_pipeline.audit.solver import Deadline
from ddg_pipeline.audit.suggested import Suggested
from ddg_pipeline.audit.system import System

_WINDOW = 62  # so many values of a cell are told apart
_AT_ONCE = 4096  # questions between two looks at the clock

_PROBED = 500  # rows looked at to see whether a cell can have a value beyond those seen
_NOTES = 1 << 14
# A solver answers what is left. It takes longer on a larger system, so that more steps are worth while there: so many
# for each answer and each unknown that is not known. Few questions are looked into to the end.
_FEW, _WORTHWHILE = 100, 25

# Rounds: of how many products an exchange is made (0: none, but see whether there is anything to find), how many steps
# a question may cost, whether to wander about.
_ROUNDS = (
    (1, 400, False),
    (1, 5000, False),
    (2, 5000, False),
    (2, 1000, True),
    (0, _PROBED, False),
    (2, 2000, True),
    (1, 2000, True),
    (0, _PROBED, False),
    (2, 10000, True),
    (3, 20000, True),
    (2, 10000, True),
    (3, 50000, True),
)


@dataclass(frozen=True, eq=False)
class SeenValues:
    """Which values have been seen, as bits from a first value on.

    Attributes:
        questions: The questions.
        first: Per question, the value of the lowest bit.
        counts: Per question, the bits that count.
        bits: Per question, the values seen.
    """

    questions: Questions
    first: Integers
    counts: Integers
    bits: Integers

    @classmethod
    def of(cls, questions: Questions, system: System, start: Integers | None) -> SeenValues:
        """Begin with nothing seen; what is told apart lies around a solution, where there is one."""
        lower = system.lower[questions.unknown]
        middle = lower if start is None else start[questions.unknown] - _WINDOW // 2
        first = np.where(questions.need < _WINDOW // 2, np.maximum(lower, middle), lower)
        from_bit = np.clip(questions.low - first, 0, _WINDOW)
        to_bit = np.clip(questions.high - first + 1, 0, _WINDOW)
        one = np.int64(1)
        counts = np.where(to_bit > from_bit, (one << to_bit) - (one << from_bit), 0)
        return cls(questions, first, counts, np.zeros(len(questions), dtype=np.int64))

    def enough(self, numbers: Integers) -> Booleans:
        """Tell which questions have seen enough values."""
        seen = np.bitwise_count(self.bits[numbers] & self.counts[numbers])
        return np.asarray(seen >= self.questions.need[numbers])

    def values(self, number: int) -> list[int]:
        """List the values seen for one question."""
        bits, first = int(self.bits[number]), int(self.first[number])
        return [first + bit for bit in range(_WINDOW) if bits >> bit & 1]


def exchanges(
    system: System,
    point: Integers,
    boards: Sequence[Board],
    seen: SeenValues,
    waiting: Integers,
    deadline: Deadline,
    seed: int,
    news: Callable[[int], None],
    suggested: Suggested | None = None,
) -> System:
    """Look for exchanges until every question has seen enough, or they teach little more.

    Args:
        system: The rows.
        point: A solution.
        boards: How the unknowns lie in tables.
        seen: What has been seen; changed.
        waiting: The questions to answer.
        deadline: When to stop.
        seed: Seed of all random choices.
        news: Told how many questions have been answered.
        suggested: Changes to try first; by the same numbers of unknowns.

    Returns:
        The system, with narrower bounds where that was found out.
    """
    from ddg_pipeline.audit import _compiled

    order, begin = system.by_column
    lower, upper = system.lower.copy(), system.upper.copy()
    ground = _compiled.Ground(
        point.copy(),
        system.sums(point),
        lower,
        upper,
        begin,
        system.row[order],
        system.coefficient[order],
        system.row_lower,
        system.row_upper,
        np.zeros(system.unknowns, dtype=np.int64),
        np.zeros(system.rows, dtype=np.int64),
    )
    asked = seen.questions
    question = np.full(system.unknowns, -1, dtype=np.int64)
    question[asked.unknown] = np.arange(len(asked), dtype=np.int64)
    done = np.ones(len(asked), dtype=np.int64)
    done[waiting] = 0
    tally = _compiled.Tally(question, asked.unknown, asked.need, seen.first, seen.counts, seen.bits, done)
    _see(point, asked, seen)
    rng = np.random.default_rng(seed)
    answered, unsettled = 0, int((lower < upper).sum())
    if suggested is not None and len(suggested):
        answered = _compiled.take(ground, tally, suggested.start, suggested.unknown, suggested.delta)
        news(answered)
    rules, queue = rules_of(system), _compiled.new_queue(system.rows, _NOTES)
    for chain, steps, moving in _ROUNDS:
        before, still = answered, int((done == 0).sum())
        for board in boards if chain else boards[:1]:
            desks = tuple(_compiled.new_desk(len(board.stride)) for _ in range(3))
            left = waiting[done[waiting] == 0]
            for at in range(0, len(left), _AT_ONCE):
                if deadline.passed:
                    return system.with_bounds(lower, upper)
                some = left[at : at + _AT_ONCE]
                if chain:
                    turn = int(rng.integers(0, 1 << 20)) if moving else 0
                    answered += _compiled.walk(board, ground, tally, desks, some, chain, steps, moving, turn)
                else:
                    _compiled.probe(rules, queue, lower, upper, tally, some, steps)
                    done[some[asked.room(lower, upper)[some] < asked.need[some]]] = 1
                news(answered)
        taken = still * steps if moving and chain > 1 and still > _FEW else 0
        if done.all() or taken > _WORTHWHILE * unsettled * max(answered - before, 1):
            break
    return system.with_bounds(lower, upper)


def _see(point: Integers, asked: Questions, seen: SeenValues) -> None:
    """Note the values that a solution itself shows."""
    bit = point[asked.unknown] - seen.first
    inside = (bit >= 0) & (bit < _WINDOW)
    seen.bits[inside] |= np.int64(1) << bit[inside]
