"""Rows and columns in every dimension and at every level: which cells each has, and which rows a cell stands in."""

# ruff: noqa: ANN001, ANN202 - of compiled functions the arrays say the types
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ddg_pipeline.compiling import watch
from ddg_pipeline.masking.system import Booleans, Status, System

watch()

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Every relation that has a cell which can be hidden. Cells that never can are left out.

    Attributes:
        start: Where each row's cells begin in `cells`.
        cells: Cell numbers.
        parent: The cell that the others add up to, whether it can be hidden or not; of an identity, its first cell.
        is_sum: False for identities between measures, of which no cell may be hidden alone either.
        cell_start: Where each cell's rows begin in `cell_rows`.
        cell_rows: Row numbers.
    """

    start: Integers
    cells: NDArray[np.int32]
    parent: NDArray[np.int32]
    is_sum: Booleans
    cell_start: Integers
    cell_rows: NDArray[np.int32]


def rows_of(system: System, status: NDArray[np.int8]) -> Rows:
    """Collect the relations of a system, given what becomes of each cell at first."""
    movable = (status != Status.ZERO) & (status != Status.KNOWN)
    counts, cells, parents, kinds = [], [], [], []
    for block in system.relations:
        there = movable[block.cells]
        used = there.any(axis=1)
        there = there[used]
        counts.append(np.count_nonzero(there, axis=1))
        cells.append(block.cells[used][there].astype(np.int32))
        parents.append(block.cells[used, 0].astype(np.int32))
        kinds.append(np.full(int(np.count_nonzero(used)), block.is_sum))
    start = np.concatenate([[0], np.cumsum(_joined(counts, np.int64))]).astype(np.int64)
    all_cells = _joined(cells, np.int32)
    cell_start, cell_rows = _by_cell(start, all_cells, len(status))
    is_sum = np.concatenate(kinds) if kinds else np.zeros(0, dtype=np.bool_)
    return Rows(start, all_cells, _joined(parents, np.int32), is_sum, cell_start, cell_rows)


def _joined(parts: list[NDArray[np.int32]] | list[Integers], kind: type[np.integer]) -> NDArray[np.int32]:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)


@njit(cache=True)
def _by_cell(start, cells, size):  # type: ignore[no-untyped-def]
    """Turn rows of cells into cells of rows."""
    cell_start = np.zeros(size + 1, dtype=np.int64)
    for cell in cells:
        cell_start[cell + 1] += 1
    for cell in range(size):
        cell_start[cell + 1] += cell_start[cell]
    filled = cell_start[:-1].copy()
    cell_rows = np.empty(len(cells), dtype=np.int32)
    for row in range(len(start) - 1):
        for i in range(start[row], start[row + 1]):
            cell_rows[filled[cells[i]]] = row
            filled[cells[i]] += 1
    return cell_start, cell_rows
