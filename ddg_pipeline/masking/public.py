"""Figures that earlier tables have published already (`already_public`): known to readers whatever is hidden now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.already_public import AlreadyPublic
from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.contract.columns import dimension_column, numbers_or_nothing, some
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.margins import Booleans, Integers, listed
from ddg_pipeline.masking.rules import MaskingRules


@dataclass(frozen=True)
class Earlier:
    """The rows of an earlier table that are about cells of the present one.

    Attributes:
        declared: What the contract says about it.
        nodes: Where each row lies: its node along each dimension of the present table; shape ``(rows, dimensions)``.
        figures: The measures of the present release that it shows, NaN where it shows nothing.
    """

    declared: AlreadyPublic
    nodes: NDArray[np.intp]
    figures: pd.DataFrame


def public_figures(
    tables: Sequence[BoundTable], cubes: Sequence[Cube], values: Integers, rules: MaskingRules | None
) -> Booleans | None:
    """Mark the cells whose figure is public already; None where no contract names an earlier table.

    Args:
        tables: The tables, whose contracts name earlier ones.
        cubes: The cells of each count.
        values: The count of each cell.
        rules: What is small; None where nothing is masked, and small figures do not matter.

    Raises:
        InputErrors: An earlier table cannot be read, or shows another figure.
        RefusedError: An earlier table shows a small count, and the contract does not accept that.
    """
    public: Booleans | None = None
    errors: list[InputError] = []
    lost: list[str] = []
    for cube in cubes:
        table = tables[cube.table]
        for number, earlier in enumerate(earlier_rows(table, cube.axes)):
            public = np.zeros(len(values), dtype=bool) if public is None else public
            if cube.measure not in earlier.figures:
                continue
            shown = earlier.figures[cube.measure].notna().to_numpy()
            nodes, figures = earlier.nodes[shown], earlier.figures[cube.measure].to_numpy()[shown]
            cells = cube.ids[tuple(nodes.T)]
            differing = values[cells] != figures
            if differing.any():
                found = f"another figure than the table has now, at {listed(cube.measure, cube.axes, nodes[differing])}"
                expected = f"the same figures: correct one of {earlier.declared.table} and {table.place}"
                errors.append(InputError(table.place, f"already_public[{number}]", found, expected))
                continue
            public[cells] = True
            if rules is not None and earlier.declared.small_counts == "refuse":
                small = (values[cells] >= rules.lower) & (values[cells] <= rules.upper)
                if small.any():
                    lost.append(f"{earlier.declared.table} shows {listed(cube.measure, cube.axes, nodes[small])}")
    if errors:
        raise InputErrors(errors)
    if lost:
        raise RefusedError(
            f"small counts are public already, so that nothing can protect them: {'; '.join(lost)}.\n"
            "Withdraw that table; or, if its figures cannot be called back, say `small_counts: accept` at it under "
            "`already_public`: then they are hidden here, and the other cells are protected from whoever knows them."
        )
    return public


def earlier_rows(table: BoundTable, axes: Sequence[AxisNodes]) -> Iterator[Earlier]:
    """Read the earlier tables that a contract names, and find the cells that they are about.

    Raises:
        InputErrors: One has a column that the contract does not explain, none of its counts, or not one common cell.
    """
    for number, declared in enumerate(table.contract.already_public):
        field = f"already_public[{number}]"
        frame = table.references[declared.table]
        _check_columns(table, declared, frame, field)
        use = np.ones(len(frame), dtype=bool)
        for column, wanted in declared.at.items():
            labels, wrong = dimension_column(frame[column], declared.table, column)
            if wrong:
                raise InputErrors(wrong)
            use &= (labels == wanted).to_numpy()
        nodes = np.full((len(frame), len(axes)), -1, dtype=np.intp)
        for position, axis in enumerate(axes):
            if axis.name not in frame.columns:
                nodes[:, position] = _everything(axis, table, field, declared)
                continue
            labels, wrong = dimension_column(frame[axis.name], declared.table, axis.name)
            if wrong:
                raise InputErrors(wrong)
            nodes[:, position] = labels.map(axis.position).fillna(-1).to_numpy(dtype=np.intp)
        use &= (nodes >= 0).all(axis=1)
        if not use.any():
            found = f"no row of {declared.table} about anything in this table"
            expected = "categories that are spelled alike in both, or no entry for a table that has nothing in common"
            raise InputErrors([InputError(table.place, field, found, expected)])
        if len(np.unique(nodes[use], axis=0)) < np.count_nonzero(use):
            found = f"several rows of {declared.table} for one combination of categories"
            raise InputErrors([InputError(table.place, field, found, "one row each; choose by `at`")])
        measures = {name: numbers_or_nothing(frame[name])[use] for name in table.contract.measures if name in frame}
        yield Earlier(declared, nodes[use], pd.DataFrame(measures))


def _check_columns(table: BoundTable, declared: AlreadyPublic, frame: pd.DataFrame, field: str) -> None:
    contract = table.contract
    extra = [
        str(column)
        for column in frame.columns
        if column not in {*contract.columns, *declared.at, *_annotations(contract)}
    ]
    errors = []
    if extra:
        expected = "under `at`, the one category of each column by which this release does not classify"
        errors.append(InputError(table.place, field, f"columns {some(extra)} in {declared.table}", expected))
    absent = [column for column in declared.at if column not in frame.columns]
    if absent:
        expected = f"a column of {declared.table}: {', '.join(map(str, frame.columns))}"
        errors.append(InputError(table.place, f"{field}.at", some(absent), expected))
    counts = [name for name in contract.counts if name in frame.columns]
    if not counts:
        found = f"no count of this release in {declared.table}"
        errors.append(InputError(table.place, field, found, f"at least one of {', '.join(contract.counts)}"))
    if errors:
        raise InputErrors(errors)


def _annotations(contract: ReleaseContract) -> Iterator[str]:
    names = contract.suppression.annotations
    for measure in contract.measures:
        yield names.code.format(measure=measure)
        yield names.description.format(measure=measure)


def _everything(axis: AxisNodes, table: BoundTable, field: str, declared: AlreadyPublic) -> int:
    if axis.everything is None:
        found = f"no column {axis.name} in {declared.table}, and no total over {axis.name}, whose categories do not sum"
        raise InputErrors([InputError(table.place, field, found, f"a table with the column {axis.name}")])
    return axis.everything


def known_already(table: BoundTable) -> pd.DataFrame:
    """List what earlier tables show about cells of this one, for the audit.

    Args:
        table: The table.

    Returns:
        The dimensions' columns, a total without a label as None, and the measures that earlier tables have; one row a
        row of theirs.
    """
    axes = [axis_nodes(axis) for axis in table.axes.values()]
    frames = []
    for earlier in earlier_rows(table, axes):
        columns: dict[str, Any] = {
            axis.name: pd.Series([axis.labels[node] for node in earlier.nodes[:, position]], dtype="object")
            for position, axis in enumerate(axes)
        }
        frames.append(pd.concat([pd.DataFrame(columns), earlier.figures], axis=1))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(table.axes))


def lost_cells(table: BoundTable, lower: int, upper: int) -> list[tuple[str, dict[str, str]]]:
    """List the small counts that earlier tables show and the contract accepts as lost.

    Args:
        table: The table.
        lower: The smallest count that is small.
        upper: The largest.

    Returns:
        The measure and the category in each dimension, ``(total)`` for a total without a label; no figure.
    """
    axes = [axis_nodes(axis) for axis in table.axes.values()]
    found: dict[tuple[str, tuple[int, ...]], dict[str, str]] = {}
    for earlier in earlier_rows(table, axes):
        if earlier.declared.small_counts != "accept":
            continue
        for measure in set(table.contract.counts) & set(earlier.figures):
            small = earlier.figures[measure].between(lower, upper).to_numpy()
            for nodes in earlier.nodes[small].tolist():
                labels = (axis.labels[node] for axis, node in zip(axes, nodes, strict=True))
                found[measure, tuple(nodes)] = {
                    axis.name: "(total)" if label is None else label for axis, label in zip(axes, labels, strict=True)
                }
    return [(measure, labels) for (measure, _), labels in sorted(found.items())]
