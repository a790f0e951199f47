"""Cells that the contract asks to keep open or to hide (`suppression.keep`, `suppression.hide`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.margins import Booleans, Integers, listed
from ddg_pipeline.masking.rules import MaskingRules


def wished(
    tables: Sequence[BoundTable],
    cubes: Sequence[Cube],
    values: Integers,
    carried: Booleans,
    rules: MaskingRules | None,
) -> tuple[Booleans | None, Booleans | None]:
    """Mark the carried cells to keep open and those to hide, each None where no contract asks for any.

    Args:
        tables: The tables, whose contracts ask.
        cubes: The cells of each count.
        values: The count of each cell.
        carried: Whether some table has a row for the cell.
        rules: What is small; None where nothing is masked, and nothing is checked.

    Raises:
        InputErrors: A small cell, or one that has to be hidden, should stay open.
    """
    kept, hidden = (_marked(key, tables, cubes, carried) for key in ("keep", "hide"))
    if rules is not None and kept is not None:
        small = kept & (values >= rules.lower) & (values <= rules.upper)
        errors = _contradictions(tables, cubes, small, "which is a small count", "keep only cells that may be shown")
        if hidden is not None:
            also = "which `suppression.hide` names too"
            errors += _contradictions(tables, cubes, kept & hidden, also, "name every cell under one of the two")
        if errors:
            raise InputErrors(errors)
    return kept, hidden


def _marked(key: str, tables: Sequence[BoundTable], cubes: Sequence[Cube], carried: Booleans) -> Booleans | None:
    marked: Booleans | None = None
    for cube in cubes:
        for pattern in getattr(tables[cube.table].contract.suppression, key):
            marked = np.zeros(len(carried), dtype=bool) if marked is None else marked
            marked[matching(cube, pattern)] = True
    return None if marked is None else marked & carried


def matching(cube: Cube, pattern: Mapping[str, Sequence[str]]) -> Integers:
    """List the cells whose categories a pattern names; a dimension that it does not name may be anything."""
    nodes = [
        [axis.position[label] for label in pattern[axis.name] if label in axis.position]
        if axis.name in pattern
        else list(range(len(axis.labels)))
        for axis in cube.axes
    ]
    cells: Integers = cube.ids[np.ix_(*nodes)].ravel()
    return cells


def _contradictions(
    tables: Sequence[BoundTable], cubes: Sequence[Cube], wrong: Booleans, why: str, expected: str
) -> list[InputError]:
    errors: list[InputError] = []
    for cube in cubes:
        places = np.argwhere(wrong[cube.ids])
        if len(places) and tables[cube.table].contract.suppression.keep:
            found = f"{listed(cube.measure, cube.axes, places)}, {why}"
            errors.append(InputError(tables[cube.table].place, "suppression.keep", found, expected))
    return errors
