"""Which tables a file holds: variables side by side, never crossed, are separate tables (§4.3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ddg_pipeline.assessment.derived import SmallestDerived
from ddg_pipeline.contract import BoundTable


@dataclass(frozen=True)
class SubTable:
    """Rows of a table in which the same variables are crossed, with their margins.

    Attributes:
        dimensions: The dimensions that are broken down; all others stand at their total.
        smallest_cell: The smallest count of individuals above zero, in a row or by subtraction; None where all are
            zero. Never to be shown.
    """

    dimensions: tuple[str, ...]
    smallest_cell: int | None = field(repr=False)


def subtables(bound: BoundTable, derived: Sequence[SmallestDerived] = ()) -> list[SubTable]:
    """Split a table where the rows never cross some of its dimensions.

    A table with rows by race for both sexes and rows by sex for all races, and none by both, is two. Rows that break
    down fewer dimensions are margins of those that break down more.

    Args:
        bound: The rows.
        derived: What follows from them by subtraction; it counts for the smallest cell.

    Returns:
        The tables, in the order of their first rows.
    """
    totals = {name: axis.total for name, axis in bound.axes.items()}
    return subtables_of(bound.frame, totals, bound.contract.counts, derived)


def subtables_of(
    frame: pd.DataFrame,
    totals: Mapping[str, str | None],
    counts: Sequence[str],
    derived: Sequence[SmallestDerived] = (),
) -> list[SubTable]:
    """Split rows as `subtables` does.

    Args:
        frame: The rows.
        totals: The dimensions, each with the label of its margin where the rows carry it.
        counts: The measures that count individuals.
        derived: What follows from the rows by subtraction.
    """
    names = list(totals)
    broken_down = np.column_stack([(frame[name] != total).to_numpy(dtype=bool) for name, total in totals.items()])
    patterns, of_row = np.unique(broken_down, axis=0, return_inverse=True)
    of_row = of_row.reshape(-1)
    smallest = frame[list(counts)]
    lowest = smallest.where(smallest > 0).min(axis=1).to_numpy(dtype=float)
    found = []
    for pattern in patterns:
        if any(not np.array_equal(pattern, other) and np.all(other >= pattern) for other in patterns):
            continue
        inside = np.all(patterns <= pattern, axis=1)[of_row]
        cells = lowest[inside & ~np.isnan(lowest)]
        first = int(np.flatnonzero((patterns[of_row] == pattern).all(axis=1))[0])
        dimensions = tuple(name for name, crossed in zip(names, pattern, strict=True) if crossed)
        told = [one.count for one in derived if one.dimensions <= set(dimensions)]
        told += [int(cells.min())] if cells.size else []
        found.append((first, SubTable(dimensions, min(told, default=None))))
    return [table for _, table in sorted(found, key=lambda pair: pair[0])]
