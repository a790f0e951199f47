"""The proof that every small cell is protected: for each, other tables that match everything published.

A certificate is a list of moves (see `moves`). Checking it needs arithmetic only: every move balances every relation,
touches hidden cells only, and stays within what a reader knows of each cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import Bounds, Move, is_hidden
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Booleans, Integers, Status, System


@dataclass
class Certificates:
    """The moves found so far, and which values they give each small cell.

    Attributes:
        moves: Every move in use by its number, in the order found.
        alternatives: For each small cell, each difference from its true value, with the numbers of the moves that make
            it.
        using: For each cell, the numbers of the moves that need it hidden.
    """

    system: System
    rules: MaskingRules
    moves: dict[int, Move] = field(default_factory=dict)
    alternatives: dict[int, dict[int, set[int]]] = field(default_factory=dict)
    using: dict[int, set[int]] = field(default_factory=dict)
    _next: int = 0

    def add(self, move: Move, number: int | None = None) -> int:
        """Keep a move; return its number. A move that was withdrawn may have its number again."""
        if number is None:
            number = self._next
            self._next += 1
        self.moves[number] = move
        small = self._is_small(move)
        for cell in move.cells.tolist():
            self.using.setdefault(cell, set()).add(number)
        for cell, delta in zip(move.cells[small].tolist(), move.deltas[small].tolist(), strict=True):
            self.alternatives.setdefault(cell, {}).setdefault(delta, set()).add(number)
        return number

    def withdraw(self, number: int) -> Move:
        """Forget a move."""
        move = self.moves.pop(number)
        small = self._is_small(move)
        for cell in move.cells.tolist():
            self.using[cell].discard(number)
        for cell, delta in zip(move.cells[small].tolist(), move.deltas[small].tolist(), strict=True):
            sources = self.alternatives[cell][delta]
            sources.discard(number)
            if not sources:
                del self.alternatives[cell][delta]
        return move

    def _is_small(self, move: Move) -> Booleans:
        values = self.system.values[move.cells]
        return (values >= self.rules.lower) & (values <= self.rules.upper)

    def values_found(self, cell: int) -> set[int]:
        """The differences from a cell's true value that some move makes."""
        return set(self.alternatives.get(cell, {}))

    def missing(self, cell: int) -> list[int]:
        """List the nearest differences that would still help to protect a small cell; none if it is protected."""
        return missing(self.rules, int(self.system.values[cell]), self.values_found(cell))


def missing(rules: MaskingRules, value: int, have: set[int]) -> list[int]:
    """List the nearest differences that would still help to protect a small cell; none if it is protected.

    At a level that asks for every value of ``lower..upper`` those are the values not reached yet; else any other
    values, the nearest first.

    Args:
        rules: The figures to obey.
        value: The cell's true value.
        have: The differences from it that some move makes.
    """
    have = have - {0}
    if rules.every_value:
        every = range(rules.lower, rules.upper + 1)
        return [other - value for other in every if other != value and other - value not in have]
    if len(have) + 1 >= rules.possible_values:
        return []
    return [
        sign * size
        for size in range(1, rules.upper - rules.lower + 1)
        for sign in (1, -1)
        if sign * size not in have and value + sign * size >= rules.lower
    ]


def faults(
    system: System, rules: MaskingRules, status: NDArray[np.int8], certificates: Certificates
) -> dict[str, Integers]:
    """Check a pattern and every certificate by arithmetic alone.

    Returns:
        What is wrong, with the cells concerned; empty if every small cell is proved to be protected.
    """
    wrong: dict[str, Integers] = {}
    initial = system.initial_status(rules)
    forged = (status != initial) & ~((initial == Status.OPEN) & (status == Status.COMPLEMENTARY))
    if forged.any():
        wrong["a cell is hidden or shown that must not be"] = np.flatnonzero(forged)
    unordered = [m.cells for m in certificates.moves.values() if (np.diff(m.cells) <= 0).any() or not m.deltas.all()]
    if unordered:
        wrong["a move changes a cell twice or not at all"] = np.unique(np.concatenate(unordered))
    wrong |= _wrong_moves(system, rules, status, certificates)
    unproved = [
        cell
        for cell in np.flatnonzero(initial == Status.SMALL).tolist()
        if certificates.missing(cell)
        or any(
            number not in certificates.moves or certificates.moves[number].delta(cell) != delta
            for delta, numbers in certificates.alternatives.get(cell, {}).items()
            for number in numbers or {-1}
        )
    ]
    if unproved:
        wrong["a small cell has too few possible values"] = np.array(unproved, dtype=np.int64)
    return wrong


def _wrong_moves(
    system: System, rules: MaskingRules, status: NDArray[np.int8], certificates: Certificates
) -> dict[str, Integers]:
    from scipy import sparse

    wrong: dict[str, Integers] = {}
    moves = list(certificates.moves.values())
    if not moves:
        return wrong
    rows = np.repeat(np.arange(len(moves)), [len(move.cells) for move in moves])
    cells = np.concatenate([move.cells for move in moves])
    deltas = np.concatenate([move.deltas for move in moves])
    matrix = sparse.csr_array((deltas, (rows, cells)), shape=(len(moves), len(system.values)))
    unbalanced = (system.matrix @ matrix.T).tocoo()
    unbalanced.eliminate_zeros()
    if unbalanced.nnz:
        wrong["a move does not balance"] = np.unique(cells[np.isin(rows, np.unique(unbalanced.coords[1]))])
    down, up = Bounds(system, rules).room(cells, status[cells])
    bad = ~is_hidden(status[cells]) | (deltas < -down) | (deltas > up)
    if bad.any():
        wrong["a move leaves what a reader knows"] = np.unique(cells[bad])
    return wrong
