"""Complementary suppression: hide more cells until every small one is proved protected (§4.4.1 items 2-6).

First it is worked out how far each cell could change if all others were hidden: where that is not enough, nothing is.
Then the rules about rows and columns are satisfied as they stand. Each small cell gets its moves, among cells already
hidden where there are any, else the cheapest, whose cells are then hidden too. What no product of swaps protects goes
to linear and integer programs. At the end every complementary cell that neither a move nor a rule needs is given back,
and on tables of moderate size some are taken away at random to see whether others do for less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.exact import SearchTooLongError, cheapest_move
from ddg_pipeline.masking.literal import broken_rows
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.proof_check import UNBALANCED, faults
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

if TYPE_CHECKING:
    from ddg_pipeline.masking.work import Work

Progress = Callable[[str, int, int], None]

_ROUNDS_PER_CELL = 40  # rounds of improvement for each complementary cell
_MOST_ROUNDS = 6_000
_MOST_CELL_ROUNDS = 12_000_000  # rounds times cells: of a large table each improves too little
# what the exact solver's linear programs are tried on: some seconds of work
_MOST_SMALL = 450
_MOST_CELLS = 2_500
_MOST_WORK = 1.5e9
# tables of at most so many cells that change are given to its integer programs too, with so much work
_MOST_SOLVED = 700
_MOST_WORK_SOLVED = 5e7
_FEW = 300  # to these at once, without the linear ones before
_NEAR = 0.05  # how near the proven bound is near enough


@dataclass(frozen=True)
class Protection:
    """A system with its suppression pattern and the proof that it holds.

    Attributes:
        system: The cells and relations.
        rules: The figures obeyed.
        status: What becomes of each cell, as `Status`.
        proof: For every small cell, other tables that match everything published.
    """

    system: System
    rules: MaskingRules
    status: NDArray[np.int8]
    proof: Proof


@dataclass(frozen=True)
class Unprotected:
    """Small cells that no suppression can protect, and why nothing may be said of them.

    Attributes:
        cells: Their numbers in the system.
        undecided: Those among them for which the solver ran out of time.
        rows: Rows that break the literal rules with nothing left to hide, as cell numbers, their sum first.
    """

    cells: Integers
    undecided: Integers
    rows: list[Integers]


def protect(
    system: System, rules: MaskingRules, progress: Progress | None = None, hasty: bool = False
) -> Protection | Unprotected:
    """Choose the cells to hide.

    Args:
        system: The cells and relations; not changed.
        rules: The figures to obey.
        progress: Called with a stage's name, the steps done and the steps in all.
        hasty: Stop at the first small cell that cannot be protected.

    Returns:
        The pattern with its proof, or what cannot be protected. Nothing in between.

    Raises:
        RefusedError: The finished pattern does not pass its own proof; nothing may be released.
    """
    # compiled code takes a moment to load: not before it is needed
    from ddg_pipeline.masking.first_pattern import first_pattern
    from ddg_pipeline.masking.reach import hopeless, reach
    from ddg_pipeline.masking.rows import rows_of
    from ddg_pipeline.masking.work import Work

    report = progress or (lambda _stage, _done, _all: None)
    status = system.initial_status(rules)
    rows = rows_of(system, status)
    down, up = reach(system, rules, status, rows)
    never = hopeless(system, rules, status, down, up)
    if len(never):
        return Unprotected(never, never[:0], [])
    first = first_pattern(system, rules, status, rows, down, up)
    wrong: dict[str, Integers] = {}
    for products in (True, False):
        work = Work(system, rules, status, rows, down, up, report, products=products)
        work.hide(first)
        failed = _search(system, rules, work, report, hasty)
        if failed is not None:
            return failed
        protection = Protection(system, rules, work.status, work.proof())
        wrong = _faults(protection)
        if not wrong:
            return _cheaper(protection, report)
        if set(wrong) != {UNBALANCED}:
            break  # else tables group their categories so differently that they disagree about a product
    raise RefusedError(f"the suppression pattern fails its own proof: {'; '.join(sorted(wrong))}")


def _search(system: System, rules: MaskingRules, work: Work, report: Progress, hasty: bool) -> Unprotected | None:
    """Hide cells until every small one is protected and every row in order, then as few as will do."""
    none = np.zeros(0, dtype=np.int64)
    work.mend_rows()
    bare = work.certify(work.small, free=True)
    bare = work.certify(bare, free=False)
    impossible, undecided = _with_programs(system, rules, work, bare, report, hasty)
    if impossible:
        return Unprotected(np.array(impossible, dtype=np.int64), np.array(undecided, dtype=np.int64), [])
    work.mend_rows()
    broken = work.broken_rows()
    if broken:
        return Unprotected(none, none, broken)
    work.give_back()
    rounds = min(_MOST_ROUNDS, _ROUNDS_PER_CELL * len(work.complementary), _MOST_CELL_ROUNDS // len(system.values))
    if rounds >= len(work.complementary):  # fewer change next to nothing
        work.improve(rounds)
        work.give_back()
    return None


def _cheaper(protection: Protection, report: Progress) -> Protection:
    """On a small table, see what the exact solver finds; by a limit of work, not of time."""
    status = protection.status
    small, hideable = np.count_nonzero(status == Status.SMALL), np.count_nonzero(status == Status.OPEN)
    if not small or small > _MOST_SMALL or small + hideable > _MOST_CELLS:
        return protection
    if small + hideable > _FEW:
        protection = _solved(protection, report, work=_MOST_WORK, prove=False)
    if small + hideable <= _MOST_SOLVED:
        protection = _solved(protection, report, work=_MOST_WORK_SOLVED, prove=True)
    return protection


def _solved(protection: Protection, report: Progress, *, work: float, prove: bool) -> Protection:
    """Give what the exact solver finds if it is cheaper; with ``prove``, by its integer programs too."""
    from ddg_pipeline.masking.optimal import optimal

    system, rules, status = protection.system, protection.rules, protection.status
    found = optimal(
        system, rules, time_limit=math.inf, work=work, start=status, prove=prove, within=_NEAR, progress=report
    )
    if found.status is None or found.proof is None or _cost(system, found.status) >= _cost(system, status):
        return protection
    return Protection(system, rules, found.status, found.proof)


def _cost(system: System, status: NDArray[np.int8]) -> int:
    return int(system.costs[status == Status.COMPLEMENTARY].sum())


def _faults(protection: Protection) -> dict[str, Integers]:
    wrong = faults(protection.system, protection.rules, protection.status, protection.proof)
    if protection.rules.literal and broken_rows(protection.system, protection.status, protection.rules):
        wrong["a row breaks the rules of §4.4.1"] = np.zeros(0, dtype=np.int64)
    return wrong


def _with_programs(
    system: System, rules: MaskingRules, work: Work, bare: Integers, report: Progress, hasty: bool
) -> tuple[list[int], list[int]]:
    """Protect cells by linear and integer programs; return those that cannot be, and those left undecided."""
    impossible: list[int] = []
    undecided: list[int] = []
    status = work.status
    for number, cell in enumerate(bare.tolist()):
        report("linear and integer programs", number, len(bare))
        while not work.is_proved(cell):
            try:
                move = cheapest_move(system, rules, status, cell, work.differences(cell))
            except SearchTooLongError:
                undecided.append(cell)
                move = None
            if move is None:
                impossible.append(cell)
                if hasty:
                    return impossible, undecided
                break
            work.take(move)
            status = work.status
    return impossible, undecided


__all__ = ["Progress", "Protection", "Unprotected", "protect"]
