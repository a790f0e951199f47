"""From the rows of a table to figures at every combination of its dimensions' nodes, margins included."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_MOST_CELLS = 60_000_000
_LISTED = 5


def dense_figures(table: BoundTable, measure: str, axes: tuple[AxisNodes, ...]) -> tuple[Integers, Booleans, Integers]:
    """Place the rows of a table in an array with one axis a dimension.

    Returns:
        The figures, 0 where there is no row; whether there is a row; and each row's flat position.

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
    nodes = [table.frame[axis.name].map(axis.position).to_numpy(dtype=np.int64) for axis in axes]
    rows = np.ravel_multi_index(tuple(nodes), shape)
    dense = np.zeros(shape, dtype=np.int64)
    has_row = np.zeros(shape, dtype=bool)
    dense.ravel()[rows] = table.frame[measure].to_numpy(dtype=np.int64)
    has_row.ravel()[rows] = True
    return dense, has_row, rows.astype(np.int64)


def fill_margins(dense: Integers, has_row: Booleans, axes: tuple[AxisNodes, ...]) -> Booleans:
    """Compute, in place, every margin that has parts but no row, the finer ones first.

    Where a table lacks parts, two ways to add up may disagree; the larger sum is nearer the truth.

    Returns:
        Where there is anything at all: a row, or a margin over rows.
    """
    present = has_row.copy()
    heights = _heights(axes)
    for height in range(1, int(heights.max(initial=0)) + 1):
        level = (heights == height) & ~has_row
        for values, there, due, parent, children in _relations(axes, dense, present, level):
            fresh = due[parent] & there[children].any(axis=0)
            # parts that are not there count 0
            values[parent][fresh] = np.maximum(values[parent], values[children].sum(axis=0))[fresh]
            there[parent][fresh] = True
    return present


def check_sums(
    table: BoundTable,
    measure: str,
    axes: tuple[AxisNodes, ...],
    dense: Integers,
    has_row: Booleans,
    present: Booleans,
) -> tuple[list[InputError], list[str]]:
    """Compare every margin that has a row with its parts.

    Returns:
        What is wrong: parts that sum to more than their whole. And by coordinate, the margins that exceed their parts.
    """
    errors: list[InputError] = []
    mismatches: list[str] = []
    for number, axis in enumerate(axes):
        others = [other for position, other in enumerate(axes) if position != number]
        for values, there, rows, parent, children in _relations(axes, dense, present, has_row, only=number):
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
            beyond = _listed(table, measure, axis, parent, others, rest > 0)
            mismatches += [beyond] if beyond else []
    return errors, mismatches


def _heights(axes: tuple[AxisNodes, ...]) -> Integers:
    """Levels of parts below each combination of nodes, summed over the dimensions."""
    total = np.zeros((), dtype=np.int64)
    for axis in axes:
        total = np.add.outer(total, np.array(axis.heights, dtype=np.int64))
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
    """Name the first few places, and how many more there are; nothing if there are none."""
    found = np.argwhere(where)
    named = [_at(table, measure, axis, parent, others, place) for place in found[:_LISTED]]
    return "; ".join(named) + (f" and {len(found) - _LISTED} more" if len(found) > _LISTED else "")


def _at(table: BoundTable, measure: str, axis: AxisNodes, parent: int, others: list[AxisNodes], where: Integers) -> str:
    label = {axis.name: axis.labels[parent]}
    label |= {other.name: other.labels[node] for other, node in zip(others, where, strict=True)}
    listed = ", ".join(f"{name}={'(total)' if label[name] is None else label[name]}" for name in table.axes)
    return f"{measure} at {listed}"
