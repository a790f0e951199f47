"""All cells that share records, as one numbered list with the relations among them.

The knowledge of a reader is one sparse linear system: every parent is the sum of its children, every identity between
measures holds, and a cell that stands in several tables is one cell. Cells are numbered once over all tables, so that a
suppression in one table is the same suppression in every other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes
from ddg_pipeline.masking.margins import check_sums, dense_figures, fill_margins
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.shared import merge_shared

if TYPE_CHECKING:
    from scipy import sparse

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class Status(IntEnum):
    """What becomes of a cell."""

    OPEN = 0  # published; may be hidden as a complementary cell
    ZERO = 1  # a real zero, or nothing there: always shown (§4.4.1 item 1)
    KNOWN = 2  # known to readers whatever we do: a margin the table does not carry, and what follows from such
    SMALL = 3  # hidden: primary suppression
    COMPLEMENTARY = 4  # hidden: complementary suppression


@dataclass(frozen=True)
class Cube:
    """One count measure of one table, over every combination of its dimensions' nodes.

    Attributes:
        table: Which table it belongs to, as position in ``System.tables``.
        measure: The count of individuals.
        axes: The nodes of each dimension, in the contract's order.
        ids: Cell numbers; an array with one axis a dimension.
        row_ids: The cell number of each row of the table.
    """

    table: int
    measure: str
    axes: tuple[AxisNodes, ...]
    ids: Integers
    row_ids: Integers


@dataclass(frozen=True)
class Relations:
    """Many relations of the same shape: ``sum(coefficients * x[cells]) = constant``.

    Attributes:
        cells: Cell numbers, one relation a row.
        coefficients: One a column; for sums the parent comes first with -1, its children follow with +1.
        is_sum: False for identities between measures, to which the rules about rows and columns do not apply.
    """

    cells: Integers
    coefficients: Integers
    is_sum: bool


@dataclass(frozen=True)
class System:
    """Every cell of one group of linked tables for one count, or for several counts joined by identities.

    Attributes:
        tables: The tables.
        cubes: One for each table and measure.
        values: The true counts, one a cell. Restricted.
        carried: Whether some table has a row for the cell.
        present: Whether there is anything at the coordinate: a row, or a margin over rows.
        relations: All that a reader knows to add up.
        costs: What hiding the cell costs; the cheapest complementary cells are preferred (§4.4.1 item 5).
        mismatches: Coordinates of carried margins that exceed the sum of their carried parts.
    """

    tables: tuple[BoundTable, ...]
    cubes: tuple[Cube, ...]
    values: Integers
    carried: Booleans
    present: Booleans
    relations: tuple[Relations, ...]
    costs: Integers
    mismatches: tuple[str, ...]

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The relations as a sparse matrix, one row a relation, one column a cell."""
        from scipy import sparse

        rows, columns, data, start = [], [], [], 0
        for block in self.relations:
            count, width = block.cells.shape
            rows.append(np.repeat(np.arange(start, start + count), width))
            columns.append(block.cells.ravel())
            data.append(np.tile(block.coefficients, count))
            start += count
        if not rows:
            return sparse.csr_array((0, len(self.values)), dtype=np.int64)
        shape = (start, len(self.values))
        entries = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
        return sparse.csr_array(sparse.coo_array(entries, shape=shape))

    @cached_property
    def row_is_sum(self) -> Booleans:
        """For each row of `matrix`, whether it is a sum rather than an identity between measures."""
        return np.concatenate(
            [np.full(len(block.cells), block.is_sum) for block in self.relations] or [np.zeros(0, bool)]
        )

    @cached_property
    def by_cell(self) -> sparse.csc_array:
        """The same matrix, quick to read by cell."""
        from scipy import sparse

        return sparse.csc_array(self.matrix)

    @cached_property
    def positions(self) -> Integers:
        """For each cube and cell, the cell's flat position in the cube, or -1 where it is not in it."""
        flat = np.full((len(self.cubes), len(self.values)), -1, dtype=np.int64)
        for number, cube in enumerate(self.cubes):
            flat[number, cube.ids.ravel()] = np.arange(cube.ids.size)
        return flat

    def nodes(self, cell: int, cube: int) -> tuple[int, ...] | None:
        """Give a cell's node along each dimension of a cube; None if it is not in it."""
        flat = int(self.positions[cube, cell])
        if flat < 0:
            return None
        return tuple(int(node) for node in np.unravel_index(flat, self.cubes[cube].ids.shape))

    def coordinate(self, cell: int) -> str:
        """Name a cell by measure and categories, never by its figure."""
        number = int(np.argmax(self.positions[:, cell] >= 0))
        cube, nodes = self.cubes[number], self.nodes(cell, number)
        assert nodes is not None  # noqa: S101 - every cell is in some cube
        labels = (
            f"{axis.name}={axis.labels[node] if axis.labels[node] is not None else '(total)'}"
            for axis, node in zip(cube.axes, nodes, strict=True)
        )
        return f"{cube.measure} at {', '.join(labels)}"

    def initial_status(self, rules: MaskingRules) -> NDArray[np.int8]:
        """Say of every cell what is known before any complementary suppression (§4.4.1 item 1).

        A margin that no table carries is assumed known, unless it is small: then nobody may publish it either. What
        follows from known margins and zeros alone is known too, so that hiding it would protect nothing.
        """
        status = np.where(self.carried, Status.OPEN, Status.KNOWN).astype(np.int8)
        status[(self.values >= rules.lower) & (self.values <= rules.upper)] = Status.SMALL
        status[~self.present | (self.values < rules.lower)] = Status.ZERO
        return self._with_consequences(status)

    def _with_consequences(self, status: NDArray[np.int8]) -> NDArray[np.int8]:
        """Mark, in place, each open cell that is the only unknown one of some relation; return the same array."""
        changed = True
        while changed:
            changed = False
            for block in self.relations:
                unknown = (status[block.cells] != Status.ZERO) & (status[block.cells] != Status.KNOWN)
                single = np.flatnonzero(np.count_nonzero(unknown, axis=1) == 1)
                cells = block.cells[single, unknown[single].argmax(axis=1)]
                follows = cells[status[cells] == Status.OPEN]
                status[follows] = Status.KNOWN
                changed = changed or len(follows) > 0
        return status


def build_systems(tables: Sequence[BoundTable]) -> list[System]:
    """Turn linked tables into systems of cells, one for every count (or counts joined by identities).

    Raises:
        InputErrors: A table contradicts itself or a linked one.
    """
    groups: dict[str, set[str]] = {}
    for table in tables:
        _check_identities(table)
        for measure in table.contract.counts:
            groups.setdefault(measure, {measure})
        for identity in table.contract.parsed_identities:
            joined = set().union(*(groups[name] for name in identity.terms))
            for name in joined:
                groups[name] = joined
    distinct = {frozenset(group): None for group in groups.values()}
    return [_build(tables, group) for group in distinct]


def _build(tables: Sequence[BoundTable], measures: frozenset[str]) -> System:
    errors: list[InputError] = []
    mismatches: list[str] = []
    cubes: list[Cube] = []
    values: list[Integers] = []
    carried: list[Booleans] = []
    present: list[Booleans] = []
    costs: list[Integers] = []
    start = 0
    for number, table in enumerate(tables):
        axes = tuple(axis_nodes(axis) for axis in table.axes.values())
        for measure in table.contract.counts:
            if measure not in measures:
                continue
            dense, has_row, rows = dense_figures(table, measure, axes)
            there = fill_margins(dense, has_row, axes)
            wrong, beyond = check_sums(table, measure, axes, dense, has_row, there)
            errors += wrong
            mismatches += beyond
            ids = np.arange(start, start + dense.size, dtype=np.int64).reshape(dense.shape)
            start += dense.size
            cubes.append(Cube(number, measure, axes, ids, ids.ravel()[rows]))
            values.append(dense.ravel())
            carried.append(has_row.ravel())
            present.append(there.ravel())
            costs.append(_costs(table, dense, axes).ravel())
    if errors:
        raise InputErrors(errors)
    merged = merge_shared(tables, cubes, np.concatenate(values), np.concatenate(present))
    keep, renumber = np.unique(merged, return_inverse=True)
    cubes = [Cube(c.table, c.measure, c.axes, renumber[c.ids], renumber[c.row_ids]) for c in cubes]
    any_carried = np.zeros(len(keep), dtype=bool)
    np.logical_or.at(any_carried, renumber, np.concatenate(carried))
    any_present = np.zeros(len(keep), dtype=bool)
    np.logical_or.at(any_present, renumber, np.concatenate(present))
    all_values = np.zeros(len(keep), dtype=np.int64)
    np.maximum.at(all_values, renumber, np.where(np.concatenate(present), np.concatenate(values), 0))
    relations = _sums(cubes, any_present) + _identities(tables, cubes, any_present, all_values)
    return System(
        tuple(tables),
        tuple(cubes),
        all_values,
        any_carried,
        any_present,
        tuple(relations),
        np.concatenate(costs)[keep],
        tuple(mismatches),
    )


def _costs(table: BoundTable, dense: Integers, axes: tuple[AxisNodes, ...]) -> Integers:
    """Price each cell: one suppression plus a little for its size; a tenth where the contract prefers the category."""
    price = 100 * (1 + np.log2(1 + dense / 10.0))
    for number, axis in enumerate(axes):
        declared = table.contract.dimensions[axis.name]
        preferred = {*table.contract.suppression.prefer.get(axis.name, []), *declared.unknown}
        for node in [axis.position[label] for label in preferred if label in axis.position]:
            np.moveaxis(price, number, 0)[node] /= 10
    rounded: Integers = np.rint(price).astype(np.int64)
    return rounded


def _sums(cubes: list[Cube], present: Booleans) -> list[Relations]:
    blocks: list[Relations] = []
    for cube in cubes:
        for number, axis in enumerate(cube.axes):
            ids = np.moveaxis(cube.ids, number, 0)
            for parent, children in axis.relations:
                below = ids[list(children)].reshape(len(children), -1).T
                cells = np.column_stack([ids[parent].reshape(-1), below])
                cells = cells[present[below].any(axis=1)]
                coefficients = np.concatenate([[-1], np.ones(len(children), dtype=np.int64)])
                if len(cells):
                    blocks.append(Relations(cells, coefficients, is_sum=True))
    return blocks


def _identities(
    tables: Sequence[BoundTable], cubes: list[Cube], present: Booleans, values: Integers
) -> list[Relations]:
    blocks: list[Relations] = []
    for number, table in enumerate(tables):
        by_measure = {cube.measure: cube for cube in cubes if cube.table == number}
        for text, identity in zip(table.contract.identities, table.contract.parsed_identities, strict=True):
            if not set(identity.terms) & set(by_measure):
                continue
            cells = np.column_stack([by_measure[name].ids.ravel() for name in identity.terms])
            cells = cells[present[cells].any(axis=1)]
            coefficients = np.array(list(identity.terms.values()), dtype=np.int64)
            rows = np.column_stack([by_measure[name].row_ids for name in identity.terms])
            wrong = np.count_nonzero(values[rows] @ coefficients)
            if wrong:
                raise InputErrors(
                    [
                        InputError(
                            table.place,
                            "identities",
                            f"{text!r}, which does not hold in {wrong} rows",
                            "correct the table or the identity",
                        )
                    ]
                )
            blocks.append(Relations(cells, coefficients, is_sum=False))
    return blocks


def _check_identities(table: BoundTable) -> None:
    for text, identity in zip(table.contract.identities, table.contract.parsed_identities, strict=True):
        events = [name for name in identity.terms if name not in table.contract.counts]
        if events:
            raise InputErrors(
                [
                    InputError(
                        table.place,
                        "identities",
                        f"{text!r}, in which {', '.join(events)} counts events",
                        "identities may join counts of individuals only",
                    )
                ]
            )
