"""Sparse Gaussian elimination modulo a prime: what a linear system determines, and by which combination of its rows.

Tables with margins fill in hardly at all if the shortest equation is used first, and in it the unknown that stands in
the fewest others (Markowitz 1957). A prime near 2^31 makes a wrong answer by chance as good as impossible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

Integers = NDArray[np.int64]

PRIME = 2_147_483_647
_CANDIDATES = 8  # equations compared before one is used


@dataclass(frozen=True)
class Eliminated:
    """A homogeneous system in echelon form.

    Attributes:
        rows: How many equations there were.
        columns: How many unknowns.
        pivot_rows: The equations used, in order.
        pivots: The unknown that each solved for.
        start: Where each of them begins in `cells` and `residues`; one more at the end.
        cells: Their unknowns.
        residues: Their coefficients, modulo the prime.
        steps: What was subtracted, in order: one row each of target, source, factor.
    """

    rows: int
    columns: int
    pivot_rows: Integers
    pivots: Integers
    start: Integers
    cells: Integers
    residues: Integers
    steps: tuple[Integers, Integers, Integers]

    def solutions(self, count: int, seed: int) -> Integers:
        """Draw solutions at random: one row an unknown; zero in all of them means determined."""
        rng = np.random.default_rng(seed)
        drawn = rng.integers(1, PRIME, (self.columns, count))
        _back_substitute(drawn, self.pivots, self.start, self.cells, self.residues)
        return drawn

    def combination(self, unknown: int) -> Integers:
        """Give the multiple of each equation that together leave only one unknown, which is determined.

        Raises:
            ValueError: It is not determined.
        """
        factors, found = _combine(
            unknown,
            self.columns,
            self.rows,
            self.pivot_rows,
            self.pivots,
            self.start,
            self.cells,
            self.residues,
            *self.steps,
        )
        if not found:
            raise ValueError(f"unknown {unknown} is not determined")
        return factors


def eliminate(system: sparse.csr_array) -> Eliminated:
    """Bring a homogeneous system with small whole coefficients to echelon form, modulo the prime."""
    rows, columns = system.shape
    found = _eliminate(
        columns,
        system.indptr.astype(np.int64),
        system.indices.astype(np.int64),
        system.data.astype(np.int64) % PRIME,
    )
    pivot_rows, pivots, start, cells, residues, targets, sources, factors = found
    return Eliminated(rows, columns, pivot_rows, pivots, start, cells, residues, (targets, sources, factors))


@njit(cache=True)
def inverse(residue: int) -> int:
    """Invert modulo the prime."""
    result, power, exponent = 1, residue % PRIME, PRIME - 2
    while exponent > 0:
        if exponent & 1:
            result = result * power % PRIME
        power = power * power % PRIME
        exponent >>= 1
    return result


@njit(cache=True)
def _room(array, needed):
    if needed <= len(array):
        return array
    larger = np.empty(max(needed, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(cache=True)
def _eliminate(columns, start, indices, data):  # noqa: C901
    # Rows live in a pool and move to its end when they change; lists of rows by column and by length are never
    # shortened: whatever is outdated in them is recognised when it is met.
    rows, entries = len(start) - 1, len(indices)
    pool, residues, top = np.empty(3 * entries + 64, np.int64), np.empty(3 * entries + 64, np.int64), entries
    pool[:entries], residues[:entries] = indices, data
    begin, length = start[:-1].copy(), start[1:] - start[:-1]
    column_head, in_column = np.full(columns, -1, np.int64), np.zeros(columns, np.int64)
    column_next, column_row, column_top = np.empty(2 * entries + 64, np.int64), np.empty(2 * entries + 64, np.int64), 0
    for row in range(rows):
        for place in range(begin[row], begin[row] + length[row]):
            cell = pool[place]
            column_row[column_top], column_next[column_top] = row, column_head[cell]
            column_head[cell] = column_top
            column_top += 1
            in_column[cell] += 1
    length_head = np.full(columns + 1, -1, np.int64)
    length_next, length_row, length_top = np.empty(4 * rows + 64, np.int64), np.empty(4 * rows + 64, np.int64), 0
    for row in range(rows - 1, -1, -1):
        length_row[length_top], length_next[length_top] = row, length_head[length[row]]
        length_head[length[row]] = length_top
        length_top += 1
    used, touched = np.zeros(rows, np.bool_), np.full(rows, -1, np.int64)
    pivot_rows, pivots, done = np.empty(min(rows, columns), np.int64), np.empty(min(rows, columns), np.int64), 0
    targets, sources, factors = (
        np.empty(entries + 64, np.int64),
        np.empty(entries + 64, np.int64),
        np.empty(entries + 64, np.int64),
    )
    step, shortest = 0, 1
    pivot_values, present = np.zeros(columns, np.int64), np.zeros(columns, np.bool_)
    while True:
        best, pivot, price, compared, first = -1, -1, np.int64(1) << 60, 0, -1
        size = shortest
        while size <= columns and compared < _CANDIDATES and price > size:
            before, item = -1, length_head[size]
            while item >= 0 and compared < _CANDIDATES:
                row = length_row[item]
                if used[row] or length[row] != size:
                    if before < 0:
                        length_head[size] = length_next[item]
                    else:
                        length_next[before] = length_next[item]
                    item = length_next[item]
                    continue
                if first < 0:
                    first = size
                compared += 1
                for place in range(begin[row], begin[row] + size):
                    cell = pool[place]
                    fill = (size - 1) * (in_column[cell] - 1)
                    if fill < price or (fill == price and in_column[cell] < in_column[pivot]):
                        price, best, pivot = fill, row, cell
                before, item = item, length_next[item]
            size += 1
        if best < 0:
            break
        shortest = first
        used[best] = True
        pivot_rows[done], pivots[done] = best, pivot
        for place in range(begin[best], begin[best] + length[best]):
            in_column[pool[place]] -= 1
            pivot_values[pool[place]] = residues[place]
        inverted = inverse(pivot_values[pivot])
        item = column_head[pivot]
        while item >= 0:
            row, item = column_row[item], column_next[item]
            if used[row] or touched[row] == done:
                continue
            touched[row] = done
            factor = 0
            for place in range(begin[row], begin[row] + length[row]):
                if pool[place] == pivot:
                    factor = residues[place] * inverted % PRIME
            if factor == 0:
                continue
            targets, sources, factors = (_room(targets, step + 1), _room(sources, step + 1), _room(factors, step + 1))
            targets[step], sources[step], factors[step] = row, best, factor
            step += 1
            pool, residues = (
                _room(pool, top + length[row] + length[best]),
                _room(residues, top + length[row] + length[best]),
            )
            end = top
            for place in range(begin[row], begin[row] + length[row]):
                cell = pool[place]
                present[cell] = True
                changed = (residues[place] - factor * pivot_values[cell]) % PRIME
                if changed == 0:
                    in_column[cell] -= 1
                else:
                    pool[end], residues[end] = cell, changed
                    end += 1
            for place in range(begin[best], begin[best] + length[best]):
                cell = pool[place]
                if not present[cell]:
                    pool[end], residues[end] = cell, PRIME - factor * residues[place] % PRIME
                    end += 1
                    in_column[cell] += 1
                    column_next, column_row = (_room(column_next, column_top + 1), _room(column_row, column_top + 1))
                    column_row[column_top], column_next[column_top] = row, column_head[cell]
                    column_head[cell] = column_top
                    column_top += 1
            for place in range(begin[row], begin[row] + length[row]):
                present[pool[place]] = False
            begin[row], length[row] = top, end - top
            top = end
            if length[row] > 0:
                length_next, length_row = (_room(length_next, length_top + 1), _room(length_row, length_top + 1))
                length_row[length_top], length_next[length_top] = row, length_head[length[row]]
                length_head[length[row]] = length_top
                length_top += 1
                shortest = min(shortest, length[row])
        for place in range(begin[best], begin[best] + length[best]):
            pivot_values[pool[place]] = 0
        done += 1
    echelon = np.zeros(done + 1, np.int64)
    for number in range(done):
        echelon[number + 1] = echelon[number] + length[pivot_rows[number]]
    cells, values = np.empty(echelon[done], np.int64), np.empty(echelon[done], np.int64)
    for number in range(done):
        place, size = begin[pivot_rows[number]], length[pivot_rows[number]]
        cells[echelon[number] : echelon[number + 1]] = pool[place : place + size]
        values[echelon[number] : echelon[number + 1]] = residues[place : place + size]
    return (
        pivot_rows[:done].copy(),
        pivots[:done].copy(),
        echelon,
        cells,
        values,
        targets[:step].copy(),
        sources[:step].copy(),
        factors[:step].copy(),
    )


@njit(cache=True)
def _back_substitute(drawn, pivots, start, cells, residues):
    total = np.empty(drawn.shape[1], np.int64)
    for number in range(len(pivots) - 1, -1, -1):
        total[:] = 0
        own = 1
        for place in range(start[number], start[number + 1]):
            if cells[place] == pivots[number]:
                own = residues[place]
            else:
                for draw in range(len(total)):
                    total[draw] = (total[draw] + residues[place] * drawn[cells[place], draw]) % PRIME
        factor = PRIME - inverse(own)
        for draw in range(len(total)):
            drawn[pivots[number], draw] = total[draw] * factor % PRIME


@njit(cache=True)
def _combine(unknown, columns, rows, pivot_rows, pivots, start, cells, residues, targets, sources, factors):
    left, combined = np.zeros(columns, np.int64), np.zeros(rows, np.int64)
    left[unknown] = 1
    for number in range(len(pivots)):
        wanted = left[pivots[number]]
        if wanted == 0:
            continue
        own = 0
        for place in range(start[number], start[number + 1]):
            if cells[place] == pivots[number]:
                own = residues[place]
        factor = wanted * inverse(own) % PRIME
        combined[pivot_rows[number]] = factor
        for place in range(start[number], start[number + 1]):
            left[cells[place]] = (left[cells[place]] - factor * residues[place]) % PRIME
    for step in range(len(targets) - 1, -1, -1):  # from reduced equations back to those given
        taken = combined[targets[step]]
        if taken != 0:
            combined[sources[step]] = (combined[sources[step]] - factors[step] * taken) % PRIME
    return combined, not left.any()
