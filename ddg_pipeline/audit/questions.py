"""What the audit asks about each hidden cell, and what it has found so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.lattice import Integers


@dataclass(frozen=True)
class Question:
    """Can this unknown take enough values?

    Attributes:
        unknown: The unknown.
        need: How many different values it must be able to take.
        low: Only values from here on count.
        high: Only values up to here count.
        matters_up_to: The question only matters if the unknown can be at most this; above, it is no small cell.
    """

    unknown: int
    need: int
    low: int = 0
    high: int = NO_LIMIT
    matters_up_to: int = NO_LIMIT


@dataclass(frozen=True, eq=False)
class Questions:
    """Many questions, as columns; see `Question`."""

    unknown: Integers
    need: Integers
    low: Integers
    high: Integers
    matters_up_to: Integers

    @classmethod
    def of(cls, questions: Sequence[Question]) -> Questions:
        """Gather single questions."""
        columns = zip(
            *((one.unknown, one.need, one.low, one.high, one.matters_up_to) for one in questions), strict=True
        )
        return cls(*(np.array(column, dtype=np.int64) for column in list(columns) or [()] * 5))

    @classmethod
    def joined(cls, parts: Sequence[Questions]) -> Questions:
        """Put questions together; of several about one unknown the one that needs most is kept."""
        columns = [
            np.concatenate([np.empty(0, dtype=np.int64), *(getattr(part, name) for part in parts)])
            for name in ("unknown", "need", "low", "high", "matters_up_to")
        ]
        order = np.lexsort((columns[1], columns[0]))
        last = np.append(np.diff(columns[0][order]) != 0, np.ones(min(len(order), 1), dtype=np.bool_))
        return cls(*(column[order[last]] for column in columns))

    def __len__(self) -> int:
        return len(self.unknown)

    def __getitem__(self, number: int) -> Question:
        return Question(*(int(column[number]) for column in self._columns))

    @property
    def _columns(self) -> tuple[Integers, ...]:
        return self.unknown, self.need, self.low, self.high, self.matters_up_to

    def room(self, lower: Integers, upper: Integers) -> Integers:
        """Say how many values that count lie within the bounds of each question's unknown."""
        low = np.maximum(lower[self.unknown], self.low)
        room: Integers = np.maximum(np.minimum(upper[self.unknown], self.high) - low + 1, 0)
        return room


class Verdict(IntEnum):
    """The answer to a question."""

    OPEN = 0
    ENOUGH = 1
    TOO_FEW = 2


@dataclass
class Outcome:
    """What is known about a question.

    Attributes:
        verdict: ENOUGH and TOO_FEW are proven; OPEN is not decided.
        lower: No solution has less.
        upper: No solution has more.
        seen: Values for which a solution has been seen, as far as was needed.
        impossible: Values within the interval that no solution has.
    """

    verdict: Verdict
    lower: int
    upper: int
    seen: set[int] = field(default_factory=set)
    impossible: set[int] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether every value of the interval has been seen or excluded."""
        return self.upper - self.lower < len(self.seen) + len(self.impossible)


class Ledger:
    """The questions that need a closer look, and what has been found about them."""

    def __init__(self, questions: Questions, lower: Integers, upper: Integers) -> None:
        self._all, self.lower, self.upper = questions, lower, upper
        self.questions: dict[int, Question] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.open: dict[int, None] = {}

    def take(self, number: int, seen: Iterable[int] = ()) -> Outcome:
        """Take up a question, with values that it is known to be able to take."""
        if number in self.questions:
            return self.outcomes[number]
        question = self.questions[number] = self._all[number]
        outcome = Outcome(Verdict.OPEN, int(self.lower[question.unknown]), int(self.upper[question.unknown]))
        self.outcomes[number] = outcome
        outcome.seen |= set(seen)
        if outcome.lower > question.matters_up_to:
            outcome.verdict = Verdict.ENOUGH
        else:
            self.open[number] = None
            self.narrow(number, outcome.lower, outcome.upper)
            self._close_if_enough(number)
        return outcome

    def see(self, number: int, value: int) -> bool:
        """Note that a solution with this value has been seen; tell whether that is news."""
        outcome = self.outcomes[number]
        if value in outcome.seen:
            return False
        outcome.seen.add(value)
        self._close_if_enough(number)
        return True

    def allow(self, number: int, low: int, high: int) -> None:
        """Note that every whole number of an interval is possible for a question."""
        question, outcome = self.questions[number], self.outcomes[number]
        first = max(low, question.low)
        outcome.seen |= set(range(first, min(high, question.high, first + question.need) + 1))
        if high - low < question.need:
            outcome.seen |= set(range(low, high + 1))
        self._close_if_enough(number)

    def exclude(self, number: int, value: int) -> None:
        """Note that no solution has this value."""
        outcome = self.outcomes[number]
        outcome.impossible.add(value)
        while outcome.lower in outcome.impossible:
            outcome.impossible.discard(outcome.lower)
            outcome.lower += 1
        while outcome.upper in outcome.impossible:
            outcome.impossible.discard(outcome.upper)
            outcome.upper -= 1
        self.narrow(number, outcome.lower, outcome.upper)

    def narrow(self, number: int, low: int, high: int) -> None:
        """Note that no solution has less than ``low`` or more than ``high``."""
        question, outcome = self.questions[number], self.outcomes[number]
        outcome.lower, outcome.upper = max(outcome.lower, low), min(outcome.upper, high)
        outcome.impossible = {value for value in outcome.impossible if outcome.lower <= value <= outcome.upper}
        if number in self.open and self._room(question, outcome) < question.need:
            outcome.verdict = Verdict.TOO_FEW
            del self.open[number]
        if outcome.lower > question.matters_up_to:
            outcome.verdict = Verdict.ENOUGH
            self.open.pop(number, None)

    def candidates(self, number: int, most: int) -> list[int]:
        """List values that count, are neither seen nor excluded, nearest to seen ones first."""
        question, outcome = self.questions[number], self.outcomes[number]
        low, high = max(outcome.lower, question.low), min(outcome.upper, question.high)
        near = sorted(outcome.seen) or [low]
        found: dict[int, None] = {}
        for step in range(most + len(outcome.seen) + len(outcome.impossible) + 1):
            for value in (*(seen + step for seen in near), *(seen - step for seen in near)):
                if low <= value <= high and value not in outcome.seen and value not in outcome.impossible:
                    found[value] = None
            if len(found) >= most:
                break
        return list(found)[:most]

    def unseen(self, number: int) -> list[int]:
        """List the values of a narrow interval that are neither seen nor excluded; of a wide one, none."""
        outcome = self.outcomes[number]
        if outcome.upper - outcome.lower >= self.questions[number].need:
            return []
        return [
            value
            for value in range(outcome.lower, outcome.upper + 1)
            if value not in outcome.seen and value not in outcome.impossible
        ]

    def counted(self, number: int) -> int:
        """Tell how many different values that count have been seen."""
        question = self.questions[number]
        return sum(question.low <= value <= question.high for value in self.outcomes[number].seen)

    def _room(self, question: Question, outcome: Outcome) -> int:
        low, high = max(outcome.lower, question.low), min(outcome.upper, question.high)
        return max(0, high - low + 1 - sum(low <= value <= high for value in outcome.impossible))

    def _close_if_enough(self, number: int) -> None:
        if number in self.open and self.counted(number) >= self.questions[number].need:
            self.outcomes[number].verdict = Verdict.ENOUGH
            del self.open[number]
