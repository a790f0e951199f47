"""The peers' own sense of protection, checked by other means than theirs: what linear algebra alone gives away.

A hidden cell is *recovered* if the sums of the table and the figures shown determine it over the real numbers; bounds,
whole numbers and annotation codes are left aside. Then, and only then, it is zero in every change of the hidden cells
that keeps all sums. So random such changes are drawn, exactly, modulo primes, by elimination: a cell that is zero in
all of them is recovered, up to a chance of one in 10^12.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.axes import Axis, Integers, relations

Residues = NDArray[np.float64]  # whole numbers below the prime

# Products of two residues stay below 2**40, so that sums of 4,096 of them are exact in floating point.
_PRIMES = (1_048_573, 1_048_571)
_EXACT = 4096
_DRAWS = 2
_SEED = 20260101
_DENSE_FROM = 0.05  # of the entries of what is left
_BLOCK = 64


@dataclass(frozen=True)
class LinearCheck:
    """What linear algebra tells about a pattern.

    Attributes:
        hidden: How many cells are hidden.
        recovered: The cells among those asked for that can be calculated.
    """

    hidden: int
    recovered: Integers


def check(axes: Sequence[Axis], hidden: NDArray[np.bool_], asked: NDArray[np.bool_]) -> LinearCheck:
    """Find the cells that can be calculated from the others.

    Args:
        axes: The dimensions of the table.
        hidden: Which cells are not shown, flat.
        asked: Which of the hidden cells matter, flat.

    Raises:
        ValueError: A cell that is asked for is shown.
    """
    if np.any(asked & ~hidden):
        raise ValueError("a cell that must be hidden is shown")
    return LinearCheck(int(hidden.sum()), determined(equations(axes, hidden), np.flatnonzero(asked)))


def equations(axes: Sequence[Axis], hidden: NDArray[np.bool_]) -> list[dict[int, int]]:
    """Give what the sums say about changes of hidden cells: for each sum, the sign of each of its hidden cells."""
    found: list[dict[int, int]] = []
    for block in relations(axes):
        unknown = hidden[block]
        signs = np.ones(block.shape[1], dtype=np.int64)
        signs[0] = -1
        for row in np.flatnonzero(unknown.any(axis=1)):
            some = unknown[row]
            found.append(dict(zip(block[row, some].tolist(), signs[some].tolist(), strict=True)))
    return found


def determined(system: Sequence[dict[int, int]], asked: Integers) -> Integers:
    """Find which unknowns are zero in every solution of a homogeneous system."""
    zero = np.zeros(len(asked), dtype=bool)
    for prime in _PRIMES:
        solution = _random_solution(system, prime)
        # an unknown in no equation is free
        zero |= np.array([cell in solution and not solution[cell].any() for cell in asked.tolist()], dtype=bool)
    return asked[zero]


def _random_solution(system: Sequence[dict[int, int]], prime: int) -> dict[int, Residues]:
    """Draw solutions modulo a prime: residues for each unknown, one a draw."""
    work = _Sparse(system, prime)
    pivots = list(work.eliminate())
    solution = _dense_solution(work.rows(), prime)
    rng = np.random.default_rng(_SEED + prime)
    for cell in sorted({cell for row in system for cell in row} - {cell for cell, _ in pivots} - solution.keys()):
        solution[cell] = rng.integers(0, prime, _DRAWS).astype(float)
    for cell, row in reversed(pivots):
        total = np.zeros(_DRAWS)
        for other, coefficient in row.items():
            if other != cell:
                total = (total + coefficient * solution[other]) % prime
        solution[cell] = -total * pow(row[cell], -1, prime) % prime
    return solution


class _Sparse:
    """Gaussian elimination on rows as mappings, as long as it stays sparse."""

    def __init__(self, system: Sequence[dict[int, int]], prime: int) -> None:
        self._prime = prime
        self._rows = {number: {cell: sign % prime for cell, sign in row.items()} for number, row in enumerate(system)}
        self._columns: dict[int, set[int]] = defaultdict(set)
        self._by_length: dict[int, dict[int, None]] = defaultdict(dict)
        for number, row in self._rows.items():
            self._by_length[len(row)][number] = None
            for cell in row:
                self._columns[cell].add(number)
        self._entries = sum(len(row) for row in self._rows.values())

    def rows(self) -> list[dict[int, int]]:
        """What is left."""
        return list(self._rows.values())

    def eliminate(self) -> Iterator[tuple[int, dict[int, int]]]:
        """Give one pivot after the other, with its equation: the shortest row, and its rarest unknown."""
        while self._rows and self._entries < _DENSE_FROM * len(self._rows) * len(self._columns) + _BLOCK:
            shortest = min(length for length, rows in self._by_length.items() if rows)
            number = next(iter(self._by_length[shortest]))
            row = self._take(number)
            if row:
                cell = min(row, key=lambda cell: (len(self._columns[cell]), cell))
                for other in sorted(self._columns.pop(cell)):
                    self._subtract(other, row, cell)
                yield cell, row

    def _take(self, number: int) -> dict[int, int]:
        row = self._rows.pop(number)
        del self._by_length[len(row)][number]
        self._entries -= len(row)
        for cell in row:
            self._columns[cell].discard(number)
        return row

    def _subtract(self, number: int, pivot: dict[int, int], cell: int) -> None:
        row = self._rows[number]
        before = len(row)
        factor = row.pop(cell) * pow(pivot[cell], -1, self._prime) % self._prime
        for other, coefficient in pivot.items():
            if other == cell:
                continue
            changed = (row.get(other, 0) - factor * coefficient) % self._prime
            if changed:
                if other not in row:
                    self._columns[other].add(number)
                row[other] = changed
            elif other in row:
                del row[other]
                self._columns[other].discard(number)
        del self._by_length[before][number]
        self._by_length[len(row)][number] = None
        self._entries += len(row) - before


def _dense_solution(rows: list[dict[int, int]], prime: int) -> dict[int, Residues]:
    """Solve what is left with full matrices, a block of rows at a time."""
    cells = sorted({cell for row in rows for cell in row})
    if not cells:
        return {}
    position = {cell: number for number, cell in enumerate(cells)}
    matrix = np.zeros((len(rows), len(cells)))
    for number, row in enumerate(rows):
        matrix[number, [position[cell] for cell in row]] = list(row.values())
    panels: list[tuple[list[int], Residues]] = []
    pivoted: list[int] = []
    for start in range(0, len(matrix), _BLOCK):
        panel = matrix[start : start + _BLOCK]
        columns, panel = _reduced(panel, prime)
        if columns:
            below = matrix[start + _BLOCK :]
            below -= below[:, columns] @ panel
            below %= prime
            panels.append((columns, panel))
            pivoted += columns
    rng = np.random.default_rng(_SEED - prime)
    solution = rng.integers(0, prime, (len(cells), _DRAWS)).astype(float)
    solution[pivoted] = 0
    for columns, panel in reversed(panels):
        total = np.zeros((len(columns), _DRAWS))
        for start in range(0, len(cells), _EXACT):
            total = (total + panel[:, start : start + _EXACT] @ solution[start : start + _EXACT]) % prime
        solution[columns] = -total % prime
    return {cell: solution[number] for cell, number in position.items()}


def _reduced(panel: Residues, prime: int) -> tuple[list[int], Residues]:
    """Bring a few rows to reduced echelon form; give the pivots' columns and the rows that are not zero."""
    columns: list[int] = []
    panel = panel.copy()
    for row in range(len(panel)):
        found = np.flatnonzero(panel[row])
        if not len(found):
            continue
        column = int(found[0])
        panel[row] = panel[row] * pow(int(panel[row, column]), -1, prime) % prime
        others = np.flatnonzero(panel[:, column])
        others = others[others != row]
        panel[others] = (panel[others] - np.outer(panel[others, column], panel[row])) % prime
        columns.append(column)
    kept = np.flatnonzero(panel.any(axis=1))
    return columns, panel[kept]
