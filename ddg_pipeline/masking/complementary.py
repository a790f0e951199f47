"""Complementary suppression: hide more cells until every small one is proved protected (§4.4.1 items 2-6).

First the rules about rows and columns are satisfied as they stand. Then each small cell gets its certificate: moves
among cells already hidden where there are any, else the cheapest move, whose cells are then hidden too. At the end
every complementary cell that neither a certificate nor a rule needs is given back, the dearest first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.certificates import Certificates, faults
from ddg_pipeline.masking.exact import SearchTooLongError, cheapest_move
from ddg_pipeline.masking.literal import broken_rows, hide_until_satisfied, row_needs_one_more
from ddg_pipeline.masking.moves import Bounds, Move, is_hidden
from ddg_pipeline.masking.products import MoveFinder
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

_NEAREST = 4  # how many differences from the true value the search for products tries: one and two up and down

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Protection:
    """A system with its suppression pattern and the proof that it holds.

    Attributes:
        system: The cells and relations.
        rules: The figures obeyed.
        status: What becomes of each cell, as `Status`.
        certificates: The proof for every small cell.
    """

    system: System
    rules: MaskingRules
    status: NDArray[np.int8]
    certificates: Certificates


@dataclass(frozen=True)
class Unprotected:
    """Small cells that no suppression can protect, and why nothing may be said of them.

    Attributes:
        cells: Their numbers in the system.
        undecided: Those among them for which the solver ran out of time.
        rows: Rows that break the literal rules with nothing left to hide, as cell numbers.
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
    work = _Work(system, rules, progress or (lambda _stage, _done, _all: None), hasty)
    work.certify()
    rows = work.satisfy_literal_rules()
    if work.impossible or rows:
        cells, undecided = work.impossible, work.undecided
        return Unprotected(np.array(cells, dtype=np.int64), np.array(undecided, dtype=np.int64), rows)
    work.give_back()
    wrong = faults(system, rules, work.status, work.certificates)
    if rules.literal and broken_rows(system, work.status, rules):
        wrong["a row breaks the rules of §4.4.1"] = np.zeros(0, dtype=np.int64)
    if wrong:
        raise RefusedError(f"the suppression pattern fails its own proof: {'; '.join(sorted(wrong))}")
    return Protection(system, rules, work.status, work.certificates)


class _Work:
    """The state of one search for a pattern."""

    def __init__(self, system: System, rules: MaskingRules, progress: Progress, hasty: bool) -> None:
        self.system, self.rules, self.progress, self.hasty = system, rules, progress, hasty
        self.status = system.initial_status(rules)
        self.bounds = Bounds(system, rules)
        self.finder = MoveFinder(system, rules, self.status)
        self.certificates = Certificates(system, rules)
        self.impossible: list[int] = []
        self.undecided: list[int] = []

    def satisfy_literal_rules(self) -> list[Integers]:
        """Hide what items 2 and 4 ask for; return the rows where that is impossible."""
        if not self.rules.literal:
            return []
        self.finder.changed(hide_until_satisfied(self.system, self.status, self.rules))
        return broken_rows(self.system, self.status, self.rules)

    def certify(self) -> None:
        """Give every small cell its certificate, hiding more where it takes more."""
        self.satisfy_literal_rules()
        small = np.flatnonzero(self.status == Status.SMALL).tolist()
        # what costs nothing first: every certificate found among hidden cells may serve many others
        for number, cell in enumerate(small):
            self.progress("certificates among hidden cells", number, len(small))
            self._certify(cell, free=True)
        for number, cell in enumerate(small):
            self.progress("complementary cells", number, len(small))
            if not self._certify(cell, free=False) and not self._certify_exactly(cell) and self.hasty:
                return

    def give_back(self) -> None:
        """Publish again every complementary cell that nothing needs, the dearest first."""
        hidden = np.flatnonzero(self.status == Status.COMPLEMENTARY)
        order = hidden[np.argsort(-self.system.costs[hidden], kind="stable")]
        for number, cell in enumerate(order.tolist()):
            self.progress("giving back", number, len(order))
            self._give_back(cell)

    def _give_back(self, cell: int) -> None:
        one = np.array([cell], dtype=np.int64)
        self.status[cell] = Status.OPEN
        rows = self.system.by_cell.indices[self.system.by_cell.indptr[cell] : self.system.by_cell.indptr[cell + 1]]
        if self.rules.literal and any(
            row_needs_one_more(self.system, int(row), self.status, self.rules) for row in rows
        ):
            self.status[cell] = Status.COMPLEMENTARY
            return
        self.finder.changed(one)
        certificates = self.certificates
        lost = {number: certificates.withdraw(number) for number in sorted(certificates.using.get(cell, ()))}
        poorer = sorted({small for move in lost.values() for small in move.cells.tolist()})
        found: list[int] = []
        for small in poorer:
            if self.status[small] == Status.SMALL and not self._certify(small, free=True, found=found):
                for number in found:
                    certificates.withdraw(number)
                for number, move in lost.items():
                    certificates.add(move, number)
                self.status[cell] = Status.COMPLEMENTARY
                self.finder.changed(one)
                return

    def _certify(self, cell: int, free: bool, found: list[int] | None = None) -> bool:
        """Add product moves until the cell is protected; say whether it is."""
        while missing := self.certificates.missing(cell):
            best = self.finder.cheapest(cell, self._nearest(missing), free)
            if best is None:
                return False
            number = self._accept(best[0])
            if found is not None:
                found.append(number)
        return True

    def _nearest(self, missing: list[int]) -> list[int]:
        """Where some of many differences would do, try the nearest; the exact search looks at the rest."""
        return missing if self.rules.every_value else missing[:_NEAREST]

    def _certify_exactly(self, cell: int) -> bool:
        while self.certificates.missing(cell):
            try:
                move = cheapest_move(self.system, self.rules, self.status, cell, self.certificates.values_found(cell))
            except SearchTooLongError:
                self.undecided.append(cell)
                move = None
            if move is None:
                self.impossible.append(cell)
                return False
            self._accept(move)
            self._accept_multiples(cell, move)
        return True

    def _accept_multiples(self, cell: int, move: Move) -> None:
        """The same change backwards, or several times over, may serve as well and hides nothing more."""
        for factor in (-1, *(sign * size for size in range(2, self.rules.upper) for sign in (1, -1))):
            if factor * move.delta(cell) in self.certificates.missing(cell):
                several = move.times(factor)
                if self.bounds.allow(several, self.status):
                    self._accept(several)

    def _accept(self, move: Move) -> int:
        newly = move.cells[~is_hidden(self.status[move.cells])]
        self.status[newly] = Status.COMPLEMENTARY
        self.finder.changed(newly)
        return self.certificates.add(move)
