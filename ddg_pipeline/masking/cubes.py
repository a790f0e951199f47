"""Where the cells of one count of one table are among all cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.axes import AxisNodes

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Cube:
    """One count measure of one table, over every combination of its dimensions' nodes.

    Attributes:
        table: Which table it belongs to, as position in ``System.tables``.
        measure: The count of individuals.
        axes: The nodes of each dimension, in the contract's order; among the leaves, people in none of a margin's
            parts (`remainders.RemainderLabel`).
        ids: Cell numbers; an array with one axis a dimension.
        row_ids: The cell number of each row of the table.
    """

    table: int
    measure: str
    axes: tuple[AxisNodes, ...]
    ids: Integers
    row_ids: Integers
