"""The cheapest safe pattern, proved to be so: complementary suppression solved exactly, for tables small enough.

Where the time does not suffice the best pattern found is given with the bound reached. Either way every small cell
comes with moves that prove it protected, checked here by arithmetic alone before anything is returned.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.literal import broken_rows
from ddg_pipeline.masking.optimal_changes import Deadline
from ddg_pipeline.masking.optimal_part import Integers, Part, parts_of
from ddg_pipeline.masking.optimal_search import Found, search
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.proof_check import faults
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, System

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Optimum:
    """The cheapest pattern found, and how near to the cheapest possible it is.

    Attributes:
        status: What becomes of each cell, as `Status`; None where no safe pattern was found.
        proof: Moves that protect every small cell under `status`; None where that is None.
        cost: The prices of the complementary cells that were a matter of choice, summed; None without a pattern.
        bound: No safe pattern costs less. Meaningless where it is proved that there is none.
        proven: Whether `status` is proved to be the cheapest; without a pattern, whether it is proved that none is
            safe.
        impossible: Small cells that stay unprotected even if everything is hidden.
    """

    status: NDArray[np.int8] | None
    proof: Proof | None
    cost: int | None
    bound: int
    proven: bool
    impossible: Integers

    @property
    def gap(self) -> float:
        """By what share of its cost the pattern may be dearer than the cheapest; 0 if it is proved to be that."""
        if self.cost is None:
            return 1.0
        return (self.cost - self.bound) / self.cost if self.cost else 0.0


def optimal(
    system: System,
    rules: MaskingRules,
    *,
    time_limit: float,
    start: NDArray[np.int8] | None = None,
    price: Integers | None = None,
    progress: Progress | None = None,
    prove: bool = True,
    within: float = 0.0,
    work: float = math.inf,
) -> Optimum:
    """Find the cheapest pattern that protects every small cell (DDG 2.0 §4.4.1), and prove that none is cheaper.

    With the time unlimited the same input gives the same pattern; a pattern found in limited time may depend on the
    machine.

    Args:
        system: The cells and relations; not changed.
        rules: The figures to obey.
        time_limit: Seconds after which to give what there is.
        start: A safe pattern to begin with, as `Status`; it costs nothing if it is wrong.
        price: What hiding each cell costs, whole numbers of 0 or more: `System.costs` if None. Ones minimise the number
            of complementary cells, the values what is suppressed.
        progress: Called with a stage's name, the lower bound and the best cost of a part.
        prove: Whether to solve integer programs until the bounds meet. If not, the answer is what linear programs
            suggest: nearly as cheap and sooner there, and it says by how much it may be dearer.
        within: By what share of its cost the answer may be dearer than the cheapest; with 0 the optimum is looked for.
        work: After how much work of the solver to give what there is, in iterations of the simplex method times
            entries of the program; in place of a time limit where the result must not depend on the machine.

    Returns:
        The pattern with its proof and the bound.

    Raises:
        RefusedError: The finished pattern does not pass its own proof; nothing may be released.
    """
    deadline = time.monotonic() + time_limit
    work_left = [work]
    status = system.initial_status(rules)
    parts = parts_of(system, rules, status, system.costs if price is None else price)
    report = progress or (lambda _stage, _done, _all: None)
    found: list[Found] = []
    for number, part in enumerate(parts):
        # each part may take its share of the time left
        left = deadline - time.monotonic()
        share = max(left, 0.0) * len(part.cells) / sum(len(one.cells) for one in parts[number:])
        known = None if start is None else start[part.cells[part.choice]] == Status.COMPLEMENTARY
        found.append(search(part, rules, known, Deadline(time.monotonic() + share, work_left), report, prove, within))
    return _joined(system, rules, status, parts, found)


def _joined(
    system: System, rules: MaskingRules, status: NDArray[np.int8], parts: list[Part], found: list[Found]
) -> Optimum:
    bound = sum(one.bound for one in found)
    none = [one for one in found if one.chosen is None]
    if none:
        impossible = [part.cells[one.impossible] for part, one in zip(parts, found, strict=True) if one.impossible]
        cells = np.sort(np.concatenate([*impossible, np.zeros(0, dtype=np.int64)]))
        return Optimum(None, None, None, bound, any(one.proven for one in none), cells.astype(np.int64))
    cost = 0
    for part, one in zip(parts, found, strict=True):
        assert one.chosen is not None  # noqa: S101 - just looked at
        status[part.cells[part.choice[one.chosen]]] = Status.COMPLEMENTARY
        cost += part.cost(one.chosen)
    proof = _proof(parts, found)
    wrong = faults(system, rules, status, proof)
    if rules.literal and broken_rows(system, status, rules):
        wrong["a row breaks the rules of §4.4.1"] = np.zeros(0, dtype=np.int64)
    if wrong:
        raise RefusedError(f"the suppression pattern fails its own proof: {'; '.join(sorted(wrong))}")
    return Optimum(status, proof, cost, bound, all(one.proven for one in found), np.zeros(0, dtype=np.int64))


def _proof(parts: list[Part], found: list[Found]) -> Proof:
    cells, deltas, low, high = [], [], [], []
    for part, one in zip(parts, found, strict=True):
        for change, least, most in one.moves:
            used = np.flatnonzero(change)
            cells.append(part.cells[used])
            deltas.append(change[used])
            low.append(least)
            high.append(most)
    if not cells:
        return Proof.empty()
    start = np.concatenate([[0], np.cumsum([len(one) for one in cells])]).astype(np.int64)
    return Proof(
        start,
        np.concatenate(cells).astype(np.int64),
        np.concatenate(deltas).astype(np.int64),
        np.array(low, dtype=np.int64),
        np.array(high, dtype=np.int64),
    )
