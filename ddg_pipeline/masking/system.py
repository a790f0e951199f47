"""All cells that share records, as one numbered list with the relations among them.

The knowledge of a reader is one sparse linear system: every parent is the sum of its children, every identity between
measures holds, and a cell that stands in several tables is one cell. Cells are numbered once over all tables, so that a
suppression in one table is the same suppression in every other.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes
from ddg_pipeline.masking.rules import MaskingRules

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_MOST_CELLS = 60_000_000
_LISTED = 5


class Status(IntEnum):
    """What becomes of a cell."""

    OPEN = 0  # published; may be hidden as a complementary cell
    ZERO = 1  # a real zero, or nothing there: always shown (§4.4.1 item 1)
    KNOWN = 2  # known to readers whatever we do: a margin the table does not carry
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
        return sparse.csc_array(self.matrix)

    def coordinate(self, cell: int) -> str:
        """Name a cell by measure and categories, never by its figure."""
        for cube in self.cubes:
            where = np.argwhere(cube.ids == cell)
            if len(where):
                labels = (
                    f"{axis.name}={axis.labels[node] if axis.labels[node] is not None else '(total)'}"
                    for axis, node in zip(cube.axes, where[0], strict=True)
                )
                return f"{cube.measure} at {', '.join(labels)}"
        return f"cell {cell}"  # pragma: no cover - every cell is in some cube

    def initial_status(self, rules: MaskingRules) -> NDArray[np.int8]:
        """Say of every cell what is known before any complementary suppression (§4.4.1 item 1).

        A margin that no table carries is assumed known, unless it is small: then nobody may publish it either.
        """
        status = np.where(self.carried, Status.OPEN, Status.KNOWN).astype(np.int8)
        status[(self.values >= rules.lower) & (self.values <= rules.upper)] = Status.SMALL
        status[~self.present | (self.values < rules.lower)] = Status.ZERO
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
    cubes: list[Cube] = []
    values: list[Integers] = []
    carried: list[Booleans] = []
    present: list[Booleans] = []
    costs: list[Integers] = []
    start = 0
    mismatches: list[str] = []
    for number, table in enumerate(tables):
        axes = tuple(axis_nodes(axis) for axis in table.axes.values())
        for measure in table.contract.counts:
            if measure not in measures:
                continue
            dense, has_row, rows = _dense(table, measure, axes)
            there = _fill_margins(dense, has_row, axes)
            _check_sums(table, measure, dense, has_row, there, axes, errors, mismatches)
            ids = np.arange(start, start + dense.size, dtype=np.int64).reshape(dense.shape)
            start += dense.size
            cubes.append(Cube(number, measure, axes, ids, ids.ravel()[rows]))
            values.append(dense.ravel())
            carried.append(has_row.ravel())
            present.append(there.ravel())
            costs.append(_costs(table, dense, axes).ravel())
    if errors:
        raise InputErrors(errors)
    merged = _merge_shared(tables, cubes, np.concatenate(values), np.concatenate(present))
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


def _dense(table: BoundTable, measure: str, axes: tuple[AxisNodes, ...]) -> tuple[Integers, Booleans, Integers]:
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


def _fill_margins(dense: Integers, has_row: Booleans, axes: tuple[AxisNodes, ...]) -> Booleans:
    """Compute, in place, every margin that has parts but no row; return where there is anything at all."""
    present = has_row.copy()
    for number, axis in enumerate(axes):
        values, there = np.moveaxis(dense, number, 0), np.moveaxis(present, number, 0)
        for parent, children in _bottom_up(axis):
            some = there[list(children)].any(axis=0)
            missing = some & ~there[parent]
            values[parent][missing] = values[list(children)].sum(axis=0)[missing]
            there[parent][missing] = True
    return present


def _bottom_up(axis: AxisNodes) -> list[tuple[int, tuple[int, ...]]]:
    return sorted(axis.relations, key=lambda relation: -len(axis.ancestors[relation[0]]))


def _check_sums(
    table: BoundTable,
    measure: str,
    dense: Integers,
    has_row: Booleans,
    present: Booleans,
    axes: tuple[AxisNodes, ...],
    errors: list[InputError],
    mismatches: list[str],
) -> None:
    for number, axis in enumerate(axes):
        values, rows, there = (np.moveaxis(array, number, 0) for array in (dense, has_row, present))
        others = [other for position, other in enumerate(axes) if position != number]
        for parent, children in axis.relations:
            known = rows[parent] & there[list(children)].any(axis=0)
            rest = np.where(known, values[parent] - values[list(children)].sum(axis=0), 0)
            named = [_at(table, measure, axis, parent, others, where) for where in np.argwhere(rest)[:_LISTED]]
            more = f" and {np.count_nonzero(rest) - _LISTED} more" if np.count_nonzero(rest) > _LISTED else ""
            if (rest < 0).any():
                errors.append(
                    InputError(
                        table.place,
                        measure,
                        f"parts that sum to more than their whole at {'; '.join(named)}{more}",
                        f"correct the table, or declare `additive: false` on {axis.name} if its categories do not sum",
                    )
                )
            elif named:
                mismatches.append(f"{'; '.join(named)}{more}")


def _at(table: BoundTable, measure: str, axis: AxisNodes, parent: int, others: list[AxisNodes], where: Integers) -> str:
    label = {axis.name: axis.labels[parent]}
    label |= {other.name: other.labels[node] for other, node in zip(others, where, strict=True)}
    listed = ", ".join(f"{name}={'(total)' if label[name] is None else label[name]}" for name in table.axes)
    return f"{measure} at {listed}"


def _costs(table: BoundTable, dense: Integers, axes: tuple[AxisNodes, ...]) -> Integers:
    """Price each cell: one suppression plus a little for its size; a tenth where the contract prefers the category."""
    price = 100 * (1 + np.log2(1 + dense / 10.0))
    for number, axis in enumerate(axes):
        declared = table.contract.dimensions[axis.name]
        for label in {*table.contract.suppression.prefer.get(axis.name, []), *declared.unknown}:
            np.moveaxis(price, number, 0)[axis.position[label]] /= 10
    rounded: Integers = np.rint(price).astype(np.int64)
    return rounded


def _merge_shared(tables: Sequence[BoundTable], cubes: list[Cube], values: Integers, present: Booleans) -> Integers:
    """Give cells that stand in several tables one number: the first table's."""
    number = np.arange(len(values), dtype=np.int64)
    for first, second in itertools.combinations(cubes, 2):
        if first.measure != second.measure or first.table == second.table:
            continue
        pair = _shared(first, second)
        if pair is None:
            continue
        one, two = pair
        both = present[one] & present[two]
        differing = np.flatnonzero(both & (values[one] != values[two]))
        if len(differing):
            where = np.argwhere(second.ids == two[differing[0]])[0]
            labels = ", ".join(f"{a.name}={a.labels[n]}" for a, n in zip(second.axes, where, strict=True))
            raise InputErrors(
                [
                    InputError(
                        tables[second.table].place,
                        second.measure,
                        f"another count than in the linked table {tables[first.table].place} in {len(differing)} "
                        f"shared cells, the first at {labels}",
                        "linked tables must come from the same records; otherwise remove the link",
                    )
                ]
            )
        number[two] = np.minimum(number[one], number[two])
    return number


def _shared(first: Cube, second: Cube) -> tuple[Integers, Integers] | None:
    """List the cells of two tables that are the same: shared dimensions alike, all others at their total."""
    common = [axis.name for axis in first.axes if axis.name in {other.name for other in second.axes}]
    pick: dict[str, tuple[list[int], list[int]]] = {}
    for name in common:
        one = next(axis for axis in first.axes if axis.name == name)
        two = next(axis for axis in second.axes if axis.name == name)
        pairs = [
            (node, two.position[label])
            for label, node in one.position.items()
            if label in two.position and node != one.total and two.position[label] != two.total
        ]
        if one.total is not None and two.total is not None:
            pairs.append((one.total, two.total))
        if not pairs:
            return None
        pick[name] = ([p for p, _ in pairs], [p for _, p in pairs])
    selected = []
    for side, cube in enumerate((first, second)):
        nodes: list[list[int]] = []
        for axis in cube.axes:
            if axis.name in pick:
                nodes.append(pick[axis.name][side])
            elif axis.total is not None:
                nodes.append([axis.total])
            else:
                return None
        order = [axis.name for axis in cube.axes]
        part = cube.ids[np.ix_(*nodes)]
        part = np.moveaxis(part, [order.index(name) for name in common], range(len(common)))
        selected.append(part.ravel())
    return selected[0], selected[1]


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
            wrong = np.count_nonzero(values[cells] @ coefficients)
            if wrong:
                raise InputErrors(
                    [
                        InputError(
                            table.place,
                            "identities",
                            f"{text!r}, which does not hold in {wrong} cells",
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
