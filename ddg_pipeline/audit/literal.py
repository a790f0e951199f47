"""Rules of DDG 2.0 §4.4.1 as written, as far as a reader can check them: items 1 to 4."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ddg_pipeline.audit.cells import Reason
from ddg_pipeline.audit.figures import true_figures
from ddg_pipeline.audit.knowledge import Knowledge, residuals
from ddg_pipeline.audit.lattice import Booleans, Sums
from ddg_pipeline.audit.published import ReadTable
from ddg_pipeline.audit.report import Cell, Finding, FindingKind


def small_counts_shown(table: ReadTable) -> Iterator[Finding]:
    """Item 1: find small counts of individuals that are shown."""
    for measure in table.contract.counts:
        shown = np.where(table.lattice.row >= 0, table.columns[measure].whole[table.lattice.row], -1)
        for cell in np.flatnonzero((shown >= table.rules.lower) & (shown <= table.rules.upper)):
            name, count = name_cell(table, measure, int(cell)), int(shown[cell])
            yield Finding(FindingKind.SHOWN, name, None, count, count, (count,))


def statistics_shown(table: ReadTable, position: int, knowledge: Knowledge) -> Iterator[Finding]:
    """Item 3: find figures that are shown although the count behind them is hidden."""
    for name in table.contract.measures:
        governor = table.contract.governor(name)
        unchecked = (position, name) in knowledge.open_statistics
        if governor == name or not (table.rules.literal_rules or unchecked):
            continue
        reason = table.columns[governor].reason
        hidden = (reason != Reason.SHOWN) & (reason != Reason.NO_DATA)
        broken = (hidden & table.columns[name].shown)[table.lattice.row] & (table.lattice.row >= 0)
        for cell in np.flatnonzero(broken):
            yield Finding(FindingKind.STATISTIC_SHOWN, name_cell(table, name, int(cell)))


def rows_and_columns(table: ReadTable, position: int, knowledge: Knowledge) -> Iterator[Finding]:
    """Items 2 and 4: find rows and columns, at any level of a hierarchy, with too little suppressed in them."""
    for measure in table.contract.counts:
        very_small = _very_small(table, measure)
        for sums in table.lattice.sums:
            yield from _one_direction(table, position, measure, sums, knowledge, very_small)


def _one_direction(
    table: ReadTable, position: int, measure: str, sums: Sums, knowledge: Knowledge, very_small: Booleans | None
) -> Iterator[Finding]:
    rules = table.rules
    unknown = knowledge.number[position, measure]
    shown, hidden = _shown_and_hidden(table, measure)
    public = shown | (knowledge.known[unknown] & ~hidden)
    value = np.where(public, knowledge.lower[unknown], 0)
    begin = sums.start[:-1]
    remainder = residuals(table, measure, sums)
    hidden_parts = np.add.reduceat(hidden[sums.child].astype(np.int64), begin)
    all_accounted = np.logical_and.reduceat((hidden | public)[sums.child], begin)
    suppressed = hidden_parts + hidden[sums.parent]
    left = value[sums.parent] - np.minimum(remainder, 0) - np.add.reduceat(value[sums.child], begin)
    told = public[sums.parent] & all_accounted & (hidden_parts > 0)
    known_row = (public | hidden)[sums.parent] & all_accounted
    # people in none of the parts are a part more, which no table shows
    few = known_row & (suppressed > 0) & (suppressed + (remainder > 0) < rules.minimum_suppressed_per_row)
    checks = [(FindingKind.TOO_FEW_SUPPRESSED, few), (FindingKind.SUM_TOO_SMALL, told & (left < rules.sum_below))]
    if very_small is not None:
        all_small = np.logical_and.reduceat((very_small | ~hidden)[sums.child], begin)
        all_small &= remainder <= rules.all_at_most
        checks.append((FindingKind.ALL_VERY_SMALL, told & all_small))
    dimension = table.lattice.axes[sums.axis].name
    for kind, broken in checks:
        for cell in sums.parent[broken]:
            yield Finding(kind, name_cell(table, measure, int(cell)), dimension)


def _shown_and_hidden(table: ReadTable, measure: str) -> tuple[Booleans, Booleans]:
    carried = table.lattice.row >= 0
    reason = table.columns[measure].reason[table.lattice.row]
    hidden = carried & (reason != Reason.SHOWN) & (reason != Reason.NO_DATA)
    return np.asarray(carried & (reason == Reason.SHOWN)), np.asarray(hidden)


def _very_small(table: ReadTable, measure: str) -> Booleans | None:
    """Tell which cells are very small; only the holder of the data can."""
    if table.published.truth is None:
        return None
    figures = true_figures(table, table.published.truth, measure)
    return np.asarray(figures.known & (figures.value <= table.rules.all_at_most))


def name_cell(table: ReadTable, measure: str, cell: int) -> Cell:
    """Name a cell of a table for the report."""
    return Cell(table.published.place, measure, table.lattice.coordinate(cell))
