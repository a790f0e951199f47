"""Changes that somebody suggests to the attacker, such as the moves of a proof; he checks each as if it were his own.

A change that keeps every row that he knows, and stays within its bounds, shows that other tables look like the
published one, whoever found it. One that does not is of no use and does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.published import ReadTable
from ddg_pipeline.audit.verify_proof import DELTA, MEASURE, MOVE, RELEASE, codes_of, label_positions


@dataclass(frozen=True, eq=False)
class Suggested:
    """Changes of unknowns, one after the other.

    Attributes:
        start: Where each begins; one entry more than changes.
        unknown: What changes, each unknown once in a change.
        delta: By how much; never 0.
    """

    start: Integers
    unknown: Integers
    delta: Integers

    def __len__(self) -> int:
        return len(self.start) - 1


def read_suggested(
    proof: pd.DataFrame, tables: Sequence[ReadTable], number: Mapping[tuple[int, str], Integers]
) -> Suggested:
    """Read the moves of a proof (`verify_proof`) as changes of unknowns.

    Left out are moves of cells that the attacker does not know of, and those that say two things about one cell.

    Args:
        proof: One line for each cell that a move changes.
        tables: The published tables.
        number: Per table and measure, the unknown of each cell of the table's lattice.
    """
    lines = proof.iloc[np.flatnonzero((proof[MOVE] >= 0).to_numpy())]
    move, delta = lines[MOVE].to_numpy(dtype=np.int64), lines[DELTA].to_numpy(dtype=np.int64)
    unknown = np.full(len(lines), -1, dtype=np.int64)
    release, measure = codes_of(lines[RELEASE]), codes_of(lines[MEASURE])
    for (position, name), unknowns in number.items():
        table = tables[position]
        mine = np.flatnonzero(release.equal(table.contract.release) & measure.equal(name))
        labels = label_positions(lines, mine, table.lattice.axes) if len(mine) else None
        if labels is not None:
            cell = table.lattice.find(np.maximum(labels, 0))
            unknown[mine] = np.where((labels >= 0).all(axis=1) & (cell >= 0), unknowns[cell], -1)
    order = np.lexsort((unknown, move))
    move, unknown, delta = move[order], unknown[order], delta[order]
    again = np.zeros(len(move), dtype=np.bool_)
    again[1:] = (np.diff(move) == 0) & (np.diff(unknown) == 0)
    of_two_minds = again & (delta != np.roll(delta, 1))
    numbers, which = np.unique(move, return_inverse=True)
    useless = np.zeros(len(numbers), dtype=np.bool_)
    useless[which[(unknown < 0) | of_two_minds]] = True
    keep = ~again & ~useless[which] & (delta != 0)
    begins = np.flatnonzero(np.diff(move[keep], prepend=-1) != 0)
    start = np.append(begins, int(keep.sum())).astype(np.int64)
    return Suggested(start, unknown[keep], delta[keep])
