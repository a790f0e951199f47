"""Hidden amounts of money that the published ones determine.

Amounts may be negative (corrections, refunds), so only the sums are used, no bounds. Whether an amount is determined
does not depend on the figures, so rounding in the published ones does not protect it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ddg_pipeline.audit.cells import Reason
from ddg_pipeline.audit.knowledge import number_unknowns
from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.linear import determined, one_solution
from ddg_pipeline.audit.literal import name_cell
from ddg_pipeline.audit.published import ReadTable
from ddg_pipeline.audit.report import Finding, FindingKind
from ddg_pipeline.audit.system import Rows, System
from ddg_pipeline.contract.measure import MeasureKind


def amounts(table: ReadTable) -> list[str]:
    """List the measures of a table that are amounts."""
    return [name for name, measure in table.contract.measures.items() if measure.kind is MeasureKind.AMOUNT]


def amounts_determined(tables: tuple[ReadTable, ...]) -> Iterator[Finding]:
    """Find hidden amounts, of cells that are or may be small, that can be calculated."""
    number, size = number_unknowns(tables, amounts)
    if not number:
        return
    scale = 10 ** max(tables[position].columns[name].decimals for position, name in number)
    value, known = _figures(tables, number, size, scale)
    system = _system(tables, number, value, known)
    fixed = determined(system) | known
    solution = np.where(known, value, one_solution(system)) if fixed.any() and system.rows else value
    for (position, name), unknowns in number.items():
        table = tables[position]
        reason = table.columns[table.contract.governor(name)].reason
        may_be_small = (reason == Reason.SMALL) | (reason == Reason.UNEXPLAINED)
        for cell in np.flatnonzero(table.lattice.row >= 0):
            row = int(table.lattice.row[cell])
            if may_be_small[row] and not table.columns[name].shown[row] and fixed[unknowns[cell]]:
                amount = float(solution[unknowns[cell]]) / scale
                yield Finding(FindingKind.AMOUNT, name_cell(table, name, int(cell)), None, amount, amount)


def _figures(
    tables: tuple[ReadTable, ...], number: dict[tuple[int, str], Integers], size: int, scale: int
) -> tuple[Integers, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    value, known = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    for (position, name), unknowns in number.items():
        table = tables[position]
        column = table.columns[name]
        for cell in np.flatnonzero(table.lattice.row >= 0):
            shown = column.number(int(table.lattice.row[cell]))
            if shown is not None:
                value[unknowns[cell]], known[unknowns[cell]] = round(shown * scale), True
        given = table.published.known
        if given is not None and name in given.columns:
            cells = table.cells_of(given, "known")
            numbers = pd.to_numeric(given[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            use = (cells >= 0) & ~np.isnan(numbers)
            value[unknowns[cells[use]]] = np.rint(numbers[use] * scale).astype(np.int64)
            known[unknowns[cells[use]]] = True
    return value, known


def _system(
    tables: tuple[ReadTable, ...],
    number: dict[tuple[int, str], Integers],
    value: Integers,
    known: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> System:
    rows = Rows()
    for (position, _), unknowns in number.items():
        for sums in tables[position].lattice.sums:
            relations = np.arange(len(sums.parent), dtype=np.int64)
            row = np.concatenate([relations, sums.relation])
            column = unknowns[np.concatenate([sums.parent, sums.child])]
            factor = np.concatenate([np.ones(len(relations), np.int64), np.full(len(sums.child), -1, np.int64)])
            right = np.zeros(len(relations), dtype=np.int64)
            fixed = known[column]
            np.add.at(right, row[fixed], -factor[fixed] * value[column[fixed]])
            rows.extend(row[~fixed], column[~fixed], factor[~fixed], right, right, relations)
    free = np.zeros(len(value), dtype=np.int64)
    return rows.system(free, free)
