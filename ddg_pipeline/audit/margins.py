"""What follows from margins that a table does not carry, whatever they are."""

from __future__ import annotations

import numpy as np

from ddg_pipeline.audit.cells import Reason
from ddg_pipeline.audit.knowledge import Hidden, Knowledge, RowKind
from ddg_pipeline.audit.lattice import Booleans
from ddg_pipeline.audit.linear import determined
from ddg_pipeline.audit.system import System

_MAYBE_SMALL = (int(Reason.SMALL), int(Reason.UNEXPLAINED))


def determined_by_margins(knowledge: Knowledge) -> list[Hidden]:
    """List the hidden cells that can be calculated once the implied margins are known.

    Only for tables whose margins were not given to the audit. A margin that is the only hidden figure of its row stays
    unknown: either it is small itself, and then nobody publishes it, or the hidden figure is not small.
    """
    tables = {position for position, table in enumerate(knowledge.tables) if table.published.known is None}
    if not tables or not (knowledge.implied & ~knowledge.known).any():
        return []
    sums = {RowKind.SUM, RowKind.IDENTITY}
    system = knowledge.system.keep_rows(knowledge.kinds_of(knowledge.system.label, sums))
    public = knowledge.implied & ~knowledge.known
    public &= ~_not_published(knowledge, system)
    free = np.flatnonzero(~public)
    part = system.restrict(free, system.lower)
    fixed = np.zeros(system.unknowns, dtype=np.bool_)
    fixed[free] = determined(part)
    return [
        hidden
        for cells in knowledge.hidden
        if cells.table in tables
        for hidden in cells.only(fixed[cells.unknown] & np.isin(cells.reason, _MAYBE_SMALL))
    ]


def _not_published(knowledge: Knowledge, system: System) -> Booleans:
    """Tell which implied margins equal one hidden cell that is, or may be, small, and nothing else."""
    lone = np.zeros(system.unknowns, dtype=np.bool_)
    for cells in knowledge.hidden:
        lone[cells.unknown] = np.isin(cells.reason, _MAYBE_SMALL)
    small = np.zeros(system.unknowns, dtype=np.bool_)
    size = np.diff(system.start)
    pairs = system.start[:-1][(size == 2) & (system.row_lower == 0) & (system.row_upper == 0)]
    first, second = system.column[pairs], system.column[pairs + 1]
    parent, child = np.concatenate([first, second]), np.concatenate([second, first])
    fresh = knowledge.implied[parent] & lone[child]
    while fresh.any():
        small[parent[fresh]] = lone[parent[fresh]] = True
        fresh = knowledge.implied[parent] & ~small[parent] & lone[child]
    return small
