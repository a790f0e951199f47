"""The proof that every small cell is protected: for each, other tables that match everything published.

A certificate is a list of moves (see `moves`). Checking it needs arithmetic only: every move balances every relation,
touches hidden cells only, and stays within what a reader knows of each cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ddg_pipeline.masking.literal import is_hidden
from ddg_pipeline.masking.moves import Bounds, Move
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System


@dataclass
class Certificates:
    """The moves found so far, and which values they give each small cell.

    Attributes:
        moves: Every move, in the order found; None where it was withdrawn.
        alternatives: For each small cell, each difference from its true value with the move that makes it.
    """

    system: System
    rules: MaskingRules
    moves: list[Move | None] = field(default_factory=list)
    alternatives: dict[int, dict[int, int]] = field(default_factory=dict)

    def add(self, move: Move, status: NDArray[np.int8]) -> None:
        """Keep a move that brings something new to at least one small cell."""
        number = len(self.moves)
        small = status[move.cells] == Status.SMALL
        for cell, delta in zip(move.cells[small].tolist(), move.deltas[small].tolist(), strict=True):
            self.alternatives.setdefault(cell, {}).setdefault(delta, number)
        self.moves.append(move)

    def withdraw(self, numbers: set[int]) -> list[int]:
        """Forget moves; return the cells that lost an alternative."""
        touched: set[int] = set()
        for number in numbers:
            move = self.moves[number]
            if move is None:
                continue
            self.moves[number] = None
            for cell in move.cells.tolist():
                have = self.alternatives.get(cell, {})
                lost = [delta for delta, source in have.items() if source == number]
                for delta in lost:
                    del have[delta]
                if lost:
                    touched.add(cell)
        return sorted(touched)

    def missing(self, cell: int) -> list[int]:
        """List the differences that would still help to protect a small cell; none if it is protected.

        At a level that asks for every value of ``lower..upper`` those are the values not reached yet; else any other
        values, the nearest first.
        """
        rules, value = self.rules, int(self.system.values[cell])
        have = self.alternatives.get(cell, {})
        every = list(range(rules.lower, rules.upper + 1))
        if rules.every_value:
            return [other - value for other in every if other != value and other - value not in have]
        if len(have) + 1 >= rules.possible_values:
            return []
        span = range(1, rules.upper - rules.lower + 1)
        return [
            sign * size
            for size in span
            for sign in (1, -1)
            if sign * size not in have and value + sign * size >= rules.lower
        ]

    def used_by_cells(self) -> Mapping[int, set[int]]:
        """For each hidden cell, the numbers of the moves that need it hidden."""
        used: dict[int, set[int]] = {}
        for number, move in enumerate(self.moves):
            if move is not None:
                for cell in move.cells.tolist():
                    used.setdefault(cell, set()).add(number)
        return used


def faults(
    system: System, rules: MaskingRules, status: NDArray[np.int8], certificates: Certificates
) -> dict[str, Integers]:
    """Check every certificate by arithmetic alone.

    Returns:
        What is wrong, with the cells concerned; empty if every small cell is proved to be protected.
    """
    wrong: dict[str, Integers] = {}
    moves = [move for move in certificates.moves if move is not None]
    numbers = [number for number, move in enumerate(certificates.moves) if move is not None]
    if moves:
        rows = np.repeat(np.arange(len(moves)), [len(move.cells) for move in moves])
        cells = np.concatenate([move.cells for move in moves])
        deltas = np.concatenate([move.deltas for move in moves])
        matrix = sparse.csr_array((deltas, (rows, cells)), shape=(len(moves), len(system.values)))
        unbalanced = (system.matrix @ matrix.T).tocoo()
        unbalanced.eliminate_zeros()
        down, up = Bounds(system, rules).room(cells, status[cells])
        bad = ~is_hidden(status[cells]) | (deltas < -down) | (deltas > up)
        if unbalanced.nnz:
            wrong["a move does not balance"] = cells[np.isin(rows, np.unique(unbalanced.coords[1]))]
        if bad.any():
            wrong["a move leaves what a reader knows"] = np.unique(cells[bad])
    deltas_of = dict(zip(numbers, moves, strict=True))
    small = np.flatnonzero(status == Status.SMALL)
    unproved = [
        cell
        for cell in small.tolist()
        if certificates.missing(cell)
        or any(
            number not in deltas_of or deltas_of[number].delta(cell) != delta
            for delta, number in certificates.alternatives.get(cell, {}).items()
        )
    ]
    if unproved:
        wrong["a small cell has too few possible values"] = np.array(unproved, dtype=np.int64)
    return wrong
