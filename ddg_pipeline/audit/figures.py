"""Figures of an unmasked table on every cell, carried or implied; only the holder of the data computes these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Booleans
from ddg_pipeline.audit.published import PublishedTable, ReadTable, read_table
from ddg_pipeline.audit.rules import AuditRules
from ddg_pipeline.contract.measure import MeasureKind

_SUMMED = (MeasureKind.COUNT, MeasureKind.AMOUNT)


@dataclass(frozen=True, eq=False)
class Figures:
    """A measure on every cell of a lattice.

    Attributes:
        value: Per cell, the figure; 0 where it is not known.
        known: Per cell, whether it is.
    """

    value: np.ndarray[tuple[int], np.dtype[np.float64]]
    known: Booleans


def true_figures(table: ReadTable, truth: pd.DataFrame, measure: str) -> Figures:
    """Place an unmasked measure on the cells of a table, and add up the implied ones.

    Raises:
        InputErrors: The unmasked table has categories that the other does not know.
    """
    cells = table.cells_of(truth, "truth")
    numbers = np.asarray(pd.to_numeric(truth[measure].astype("object"), errors="coerce"), dtype=np.float64)
    use = (cells >= 0) & ~np.isnan(numbers)
    value, known = np.zeros(len(table.lattice)), np.zeros(len(table.lattice), dtype=np.bool_)
    value[cells[use]], known[cells[use]] = numbers[use], True
    return _add_up(table, Figures(value, known))


def _add_up(table: ReadTable, figures: Figures) -> Figures:
    value, known = figures.value, figures.known
    more = True
    while more:
        more = False
        for sums in table.lattice.sums:
            complete = np.logical_and.reduceat(known[sums.child], sums.start[:-1])
            total = np.add.reduceat(value[sums.child], sums.start[:-1])
            fresh = complete & ~known[sums.parent]
            value[sums.parent[fresh]], known[sums.parent[fresh]] = total[fresh], True
            more |= bool(fresh.any())
    return figures


def implied_margins(unmasked: PublishedTable, rules: AuditRules) -> pd.DataFrame:
    """Compute the margins that a table does not carry, as far as an attacker is assumed to know them.

    Every total and broader group of every additive dimension, in every combination with the others. A margin that is
    itself small is left out, and with it the figures governed by it: nobody publishes it anywhere. So is the total of
    a dimension with one category, or one group of all categories: it is that one's figure, which the table is there to
    hide or to show.

    Args:
        unmasked: The table before masking.
        rules: What is small.

    Returns:
        One row a margin: the dimensions' columns (empty for a total without a label) and the summed measures (empty
        where not known). For `PublishedTable.known`.
    """
    table = read_table(unmasked, rules)
    implied = np.flatnonzero((table.lattice.row < 0) & ~_repeated(table))
    found = _coordinates(table, implied)
    measures = [name for name, measure in table.contract.measures.items() if measure.kind in _SUMMED]
    figures = {name: true_figures(table, unmasked.frame, name) for name in measures}
    for name in measures:
        governor = figures[table.contract.governor(name)]
        small = (governor.value >= rules.lower) & (governor.value <= rules.upper)
        use = (figures[name].known & governor.known & ~small)[implied]
        found[name] = pd.Series(figures[name].value[implied]).where(use)
    return found


def _repeated(table: ReadTable) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    repeated = np.zeros(len(table.lattice.row), dtype=np.bool_)
    for position, axis in enumerate(table.lattice.axes):
        if axis.only_repeats:
            repeated |= table.lattice.label_positions(position) == axis.total
    return repeated


def broken_margins(unmasked: PublishedTable, rules: AuditRules) -> pd.DataFrame:
    """List where the margins of a table differ from their parts, by how much.

    Returns:
        One row a margin and grouping: the dimensions' columns, ``dimension`` (summed along), ``hierarchy`` (its number)
        and the summed measures: margin minus parts, empty where there is no difference. For `PublishedTable.residuals`.
    """
    table = read_table(unmasked, rules)
    measures = [name for name, measure in table.contract.measures.items() if measure.kind in _SUMMED]
    parts = []
    for name in measures:
        figures = true_figures(table, unmasked.frame, name)
        for sums in table.lattice.sums:
            complete = np.logical_and.reduceat(figures.known[sums.child], sums.start[:-1]) & figures.known[sums.parent]
            gap = figures.value[sums.parent] - np.add.reduceat(figures.value[sums.child], sums.start[:-1])
            broken = np.flatnonzero(complete & (np.abs(gap) > 0.5 * 10.0 ** -table.columns[name].decimals))
            if len(broken):
                part = _coordinates(table, sums.parent[broken])
                part["dimension"], part["hierarchy"] = table.lattice.axes[sums.axis].name, sums.family
                part[name] = gap[broken]
                parts.append(part)
    columns = [*table.contract.dimensions, "dimension", "hierarchy", *measures]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).reindex(columns=columns)


def _coordinates(table: ReadTable, cells: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DataFrame:
    found = {}
    for position, axis in enumerate(table.lattice.axes):
        at = table.lattice.label_positions(position)[cells]
        found[axis.name] = pd.Series(np.array([*axis.labels, None], dtype=object)[at], dtype="object")
    return pd.DataFrame(found)
