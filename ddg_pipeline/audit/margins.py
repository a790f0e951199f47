"""What follows from margins that a table does not carry, whatever they are."""

from __future__ import annotations

import numpy as np

from ddg_pipeline.audit.cells import Reason
from ddg_pipeline.audit.knowledge import Hidden, Knowledge, RowKind
from ddg_pipeline.audit.lattice import Booleans
from ddg_pipeline.audit.linear import determined
from ddg_pipeline.audit.system import System


def determined_by_margins(knowledge: Knowledge) -> list[Hidden]:
    """List the hidden cells that can be calculated once the implied margins are known.

    Only for tables whose margins were not given to the audit. A margin that is the only hidden figure of its row stays
    unknown: either it is small itself, and then nobody publishes it, or the hidden figure is not small.
    """
    tables = {position for position, table in enumerate(knowledge.tables) if table.published.known is None}
    if not tables or not (knowledge.implied & ~knowledge.known).any():
        return []
    sums = {RowKind.SUM, RowKind.IDENTITY}
    keep = np.array([knowledge.name_of(int(label)).kind in sums for label in knowledge.system.label], dtype=np.bool_)
    system = knowledge.system.keep_rows(keep)
    public = knowledge.implied & ~knowledge.known
    public &= ~_not_published(knowledge, system)
    free = np.flatnonzero(~public)
    part = system.restrict(free, system.lower)
    fixed = np.zeros(system.unknowns, dtype=np.bool_)
    fixed[free] = determined(part)
    return [
        hidden
        for hidden in knowledge.hidden
        if hidden.table in tables and fixed[hidden.unknown] and hidden.reason in (Reason.SMALL, Reason.UNEXPLAINED)
    ]


def _not_published(knowledge: Knowledge, system: System) -> Booleans:
    """Tell which implied margins equal one hidden cell that is, or may be, small, and nothing else."""
    lone = np.zeros(system.unknowns, dtype=np.bool_)
    for hidden in knowledge.hidden:
        lone[hidden.unknown] = hidden.reason in (Reason.SMALL, Reason.UNEXPLAINED)
    small = np.zeros(system.unknowns, dtype=np.bool_)
    size = np.diff(system.start)
    pairs = np.flatnonzero((size == 2) & (system.row_lower == 0) & (system.row_upper == 0))
    more = True
    while more:
        more = False
        for row in pairs:
            first, second = system.column[system.start[row] : system.start[row] + 2]
            for parent, child in ((first, second), (second, first)):
                if knowledge.implied[parent] and not small[parent] and lone[child]:
                    small[parent] = lone[parent] = more = True
    return small
