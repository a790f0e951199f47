"""From the rows of a table to figures at every combination of its dimensions' nodes, margins included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_MOST_CELLS = 60_000_000
_LISTED = 5


@dataclass(frozen=True)
class Figures:
    """One count at every combination of a table's nodes; arrays with one axis a dimension.

    Attributes:
        values: The counts; 0 where there is nothing.
        known: Where the table has a row with a count in it.
        missing: Where the table has a row without a count.
        present: Where there is anything: a count, or a margin over counts.
        rows: For each row of the table, its flat position.
    """

    values: Integers
    known: Booleans
    missing: Booleans
    present: Booleans
    rows: Integers


def row_positions(table: BoundTable, axes: tuple[AxisNodes, ...]) -> Integers:
    """Find the flat position of each row of a table among all combinations of nodes.

    Raises:
        InputErrors: There are more combinations than can be held.
    """
    shape = tuple(len(axis.labels) for axis in axes)
    if np.prod([float(length) for length in shape]) > _MOST_CELLS:
        raise InputErrors(
            [
                InputError(
                    table.place,
                    "dimensions",
                    f"{' x '.join(map(str, shape))} combinations with margins",
                    f"at most {_MOST_CELLS:,}; publish several tables of fewer dimensions (§4.4.2)",
                )
            ]
        )
    rows = np.zeros(len(table.frame), dtype=np.int64)
    for axis, length in zip(axes, shape, strict=True):
        rows *= length
        rows += table.codes(axis.name, axis.position)
    return rows


def figures_of(table: BoundTable, measure: str, axes: tuple[AxisNodes, ...], rows: Integers) -> Figures:
    """Place a count in an array with one axis a dimension, and compute the margins that have parts but no count."""
    shape = tuple(len(axis.labels) for axis in axes)
    values = np.zeros(shape, dtype=np.int64)
    known, missing = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    values.ravel()[rows] = table.frame[measure].to_numpy(dtype=np.int64)
    known.ravel()[rows] = True
    if measure in table.missing:
        blank = rows[table.missing[measure]]
        known.ravel()[blank] = False
        missing.ravel()[blank] = True
    return Figures(values, known, missing, fill_margins(values, known, axes), rows)


def fill_margins(dense: Integers, has_row: Booleans, axes: tuple[AxisNodes, ...]) -> Booleans:
    """Compute, in place, every margin that has parts but no row, the finer ones first.

    Where a table lacks parts, two ways to add up may disagree; the larger sum is nearer the truth.

    Returns:
        Where there is anything at all: a row, or a margin over rows.
    """
    present = has_row.copy()
    if present.all():
        return present
    heights = _heights(axes)
    for height in range(1, int(heights.max(initial=0)) + 1):
        level = (heights == height) & ~has_row
        if not level.any():
            continue
        for values, there, due, parent, children in _relations(axes, dense, present, level):
            if not due[parent].any():
                continue
            fresh = due[parent] & there[children].any(axis=0)
            # parts that are not there count 0
            values[parent][fresh] = np.maximum(values[parent], values[children].sum(axis=0))[fresh]
            there[parent][fresh] = True
    return present


def check_sums(
    table: BoundTable,
    measure: str,
    axes: tuple[AxisNodes, ...],
    figures: Figures,
) -> list[InputError]:
    """Find the margins that the table carries and whose parts sum to more."""
    errors: list[InputError] = []
    for number, axis in enumerate(axes):
        others = [other for position, other in enumerate(axes) if position != number]
        for values, there, rows, parent, children in _relations(
            axes, figures.values, figures.present, figures.known, only=number
        ):
            known = rows[parent] & there[children].any(axis=0)
            rest = np.where(known, values[parent] - values[children].sum(axis=0), 0)[..., 0]
            too_much = _listed(table, measure, axis, parent, others, rest < 0)
            if too_much:
                errors.append(
                    InputError(
                        table.place,
                        measure,
                        f"parts that sum to more than their whole at {too_much}",
                        f"correct the table, or declare `additive: false` on {axis.name} if its categories do not sum",
                    )
                )
    return errors


def _heights(axes: tuple[AxisNodes, ...]) -> NDArray[np.int16]:
    """Levels of parts below each combination of nodes, summed over the dimensions."""
    total = np.zeros((), dtype=np.int16)
    for axis in axes:
        total = np.add.outer(total, np.array(axis.heights, dtype=np.int16))
    return total


def _relations(
    axes: tuple[AxisNodes, ...], dense: Integers, present: Booleans, third: Booleans, only: int | None = None
) -> Iterator[tuple[Integers, Booleans, Booleans, int, list[int]]]:
    """Go through the relations along each dimension, that dimension first in views of the three arrays.

    A last axis of length 1 keeps the views arrays where a table has a single dimension.
    """
    for number, axis in enumerate(axes):
        if only in (None, number):
            values = np.moveaxis(dense[..., None], number, 0)
            there = np.moveaxis(present[..., None], number, 0)
            marked = np.moveaxis(third[..., None], number, 0)
            for parent, children in axis.relations:
                yield values, there, marked, parent, list(children)


def _listed(
    table: BoundTable, measure: str, axis: AxisNodes, parent: int, others: list[AxisNodes], where: Booleans
) -> str:
    """Name the first few margins of one dimension, and how many more there are; nothing if there are none."""
    found = np.argwhere(where)
    axes = [axis if name == axis.name else next(o for o in others if o.name == name) for name in table.axes]
    number = [one.name for one in axes].index(axis.name)
    return listed(measure, axes, np.insert(found, number, parent, axis=1))


def listed(measure: str, axes: Sequence[AxisNodes], places: NDArray[np.intp]) -> str:
    """Name the first few cells, and how many more there are; nothing if there are none.

    Args:
        measure: The count.
        axes: The dimensions.
        places: One cell a row: its node along each dimension.
    """
    named = [f"{measure} at {', '.join(map(AxisNodes.written, axes, place))}" for place in places[:_LISTED].tolist()]
    return "; ".join(named) + (f" and {len(places) - _LISTED} more" if len(places) > _LISTED else "")
