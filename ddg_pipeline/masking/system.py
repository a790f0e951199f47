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
from ddg_pipeline.contract.columns import some
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes
from ddg_pipeline.masking.costs import cell_costs
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.margins import Figures, check_sums, figures_of, listed, row_positions
from ddg_pipeline.masking.public import public_figures
from ddg_pipeline.masking.remainders import RemainderLabel, balance
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.shared import merge_shared
from ddg_pipeline.masking.wishes import wished

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
        carried: Whether some table has a row for the cell; or none shows it and readers can only calculate it: a
            remainder, or a missing count.
        present: Whether there is anything at the coordinate: a row, or a margin over rows.
        relations: All that a reader knows to add up.
        costs: What hiding the cell costs; the cheapest complementary cells are preferred (§4.4.1 item 5).
        mismatches: Coordinates of margins that exceed the sum of their parts. The difference is a cell as well, so that
            every relation holds for ``values``.
        public: Whether the figure is public already, by an earlier release: known to readers whatever we do. None:
            nothing is.
        kept: Whether the contract asks for the cell to stay open. None: nowhere.
        forced: Whether the contract asks for the cell to be hidden, small or not; never a zero. None: nowhere.
    """

    tables: tuple[BoundTable, ...]
    cubes: tuple[Cube, ...]
    values: Integers
    carried: Booleans
    present: Booleans
    relations: tuple[Relations, ...]
    costs: Integers
    mismatches: tuple[str, ...]
    public: Booleans | None = None
    kept: Booleans | None = None
    forced: Booleans | None = None

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
        labels = (axis.written(node) for axis, node in zip(cube.axes, nodes, strict=True))
        return f"{cube.measure} at {', '.join(labels)}"

    def initial_status(self, rules: MaskingRules) -> NDArray[np.int8]:
        """Say of every cell what is known before any complementary suppression (§4.4.1 item 1).

        A margin that no table carries is assumed known, unless it is small: then nobody may publish it either. What
        follows from known margins and zeros alone is known too, so that hiding it would protect nothing. So is what an
        earlier release shows, even a small count that the contract says is lost (`already_public`), and what the
        contract keeps open. A cell that the contract forces to be hidden is complementary from the start, unless it
        is small or known anyway; it may not be given back.
        """
        status = np.where(self.carried, np.int8(Status.OPEN), np.int8(Status.KNOWN))
        status[(self.values >= rules.lower) & (self.values <= rules.upper)] = Status.SMALL
        if self.forced is not None:
            status[self.forced & (status == Status.OPEN)] = Status.COMPLEMENTARY
        if self.kept is not None:
            status[self.kept & (status == Status.OPEN)] = Status.KNOWN
        if self.public is not None:
            status[self.public] = Status.KNOWN
        status[~self.present | (self.values < rules.lower)] = Status.ZERO
        return self._with_consequences(status)

    def _with_consequences(self, status: NDArray[np.int8]) -> NDArray[np.int8]:
        """Mark, in place, each open cell that is the only unknown one of some relation; return the same array."""
        changed = True
        while changed:
            changed = False
            for block in self.relations:
                known = status[block.cells]
                unknown = (known != Status.ZERO) & (known != Status.KNOWN)
                single = np.flatnonzero(np.count_nonzero(unknown, axis=1) == 1)
                cells = block.cells[single, unknown[single].argmax(axis=1)]
                follows = cells[status[cells] == Status.OPEN]
                status[follows] = Status.KNOWN
                changed = changed or len(follows) > 0
        return status


def build_systems(tables: Sequence[BoundTable], rules: MaskingRules | None = None) -> list[System]:
    """Turn linked tables into systems of cells, one for every count (or counts joined by identities).

    Args:
        tables: The tables of one group of links.
        rules: What is small. None: nobody is going to mask, so that wishes about small cells are not checked, and cells
            are not priced by their distance to small ones.

    Raises:
        InputErrors: A table contradicts itself, a linked one or what is public already, or a contract asks for a small
            cell to stay open.
        RefusedError: A small cell is public already.
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
    return [_build(tables, group, rules) for group in distinct]


def _build(tables: Sequence[BoundTable], measures: frozenset[str], rules: MaskingRules | None) -> System:
    errors: list[InputError] = []
    mismatches: list[str] = []
    parts: list[_Part] = []
    start = 0
    for number, table in enumerate(tables):
        for part in _parts(number, table, measures, start, rules, errors, mismatches):
            parts.append(part)
            start += part.cube.ids.size
    if errors:
        raise InputErrors(errors)
    joined = _Part.joined(parts)
    cubes = [part.cube for part in parts]
    merged = merge_shared(tables, cubes, joined.values, joined.present)
    if merged is not None:
        keep, renumber = np.unique(merged, return_inverse=True)
        cubes = [Cube(c.table, c.measure, c.axes, renumber[c.ids], renumber[c.row_ids]) for c in cubes]
        joined = joined.merged(keep, renumber)
    public = public_figures(tables, cubes, joined.values, rules)
    kept, forced = wished(tables, cubes, joined.values, joined.carried, rules)
    relations = _sums(cubes, joined.present) + _identities(tables, cubes, joined.present, joined.values)
    return System(
        tuple(tables),
        tuple(cubes),
        joined.values,
        joined.carried,
        joined.present,
        tuple(relations),
        joined.costs,
        tuple(mismatches),
        public,
        kept,
        forced,
    )


@dataclass(frozen=True)
class _Part:
    """The cells of one cube, or of all of them one after the other; the arrays are flat."""

    cube: Cube
    values: Integers
    carried: Booleans
    present: Booleans
    costs: Integers

    @classmethod
    def joined(cls, parts: Sequence[_Part]) -> _Part:
        if len(parts) == 1:
            return parts[0]
        names = ("values", "carried", "present", "costs")
        return cls(parts[0].cube, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def merged(self, keep: Integers, renumber: Integers) -> _Part:
        """Give each cell that stands in several places one number: carried and present if it is so anywhere."""
        carried, present = (np.zeros(len(keep), dtype=bool) for _ in range(2))
        carried[renumber[self.carried]] = True
        present[renumber[self.present]] = True
        values = np.zeros(len(keep), dtype=np.int64)
        np.maximum.at(values, renumber, np.where(self.present, self.values, 0))
        return _Part(self.cube, values, carried, present, self.costs[keep])


def _parts(
    number: int,
    table: BoundTable,
    measures: frozenset[str],
    start: int,
    rules: MaskingRules | None,
    errors: list[InputError],
    mismatches: list[str],
) -> list[_Part]:
    """Place the counts of one table; what is wrong with them is added to the errors."""
    axes = tuple(axis_nodes(axis) for axis in table.axes.values())
    rows = row_positions(table, axes)
    placed = {name: figures_of(table, name, axes, rows) for name in table.contract.counts if name in measures}
    wrong = [error for measure, figures in placed.items() for error in check_sums(table, measure, axes, figures)]
    errors += wrong
    if wrong or not placed:
        return []
    balanced, contradictions = balance(table, axes, placed)
    errors += contradictions
    if contradictions:
        return []
    parts: list[_Part] = []
    for measure, figures in balanced.figures.items():
        ids = np.arange(start, start + figures.values.size, dtype=np.int64).reshape(figures.values.shape)
        start += ids.size
        cube = Cube(number, measure, balanced.axes, ids, ids.ravel()[figures.rows])
        derived, mirrored = balanced.derived[measure], balanced.mirrored[measure]
        mismatches += _exceeding(measure, balanced.axes, figures)
        parts.append(
            _Part(
                cube,
                figures.values.ravel(),
                (figures.known | derived).ravel(),
                figures.present.ravel(),
                cell_costs(table, figures.values, balanced.axes, derived, mirrored, rules).ravel(),
            )
        )
    return parts


def _exceeding(measure: str, axes: tuple[AxisNodes, ...], figures: Figures) -> list[str]:
    """Name the carried margins that count people in none of their parts, one text a dimension and margin."""
    found: list[str] = []
    for number, axis in enumerate(axes):
        rests = [node for node, label in enumerate(axis.labels) if isinstance(label, RemainderLabel)]
        for rest in rests:
            parent, parts = next(relation for relation in axis.relations if rest in relation[1])
            carried = np.take(figures.known, parent, axis=number)
            shown = np.take(figures.present, [part for part in parts if part != rest], axis=number).any(axis=number)
            there = carried & shown & (np.take(figures.values, rest, axis=number) > 0)
            places = np.argwhere(there)
            if len(places):
                found.append(listed(measure, axes, np.insert(places, number, parent, axis=1)))
    return found


def _sums(cubes: list[Cube], present: Booleans) -> list[Relations]:
    blocks: list[Relations] = []
    for cube in cubes:
        there = present[cube.ids]
        for number, axis in enumerate(cube.axes):
            ids, here = np.moveaxis(cube.ids, number, 0), np.moveaxis(there, number, 0)
            for parent, children in axis.relations:
                some = here[list(children)].any(axis=0).ravel()
                count = int(np.count_nonzero(some))
                if not count:
                    continue
                cells = np.empty((count, 1 + len(children)), dtype=np.int64)
                for column, node in enumerate((parent, *children)):
                    cells[:, column] = ids[node].ravel()[some]
                coefficients = np.concatenate([[-1], np.ones(len(children), dtype=np.int64)])
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
            gaps = np.any([table.missing[name] for name in identity.terms if name in table.missing], axis=0)
            wrong = np.count_nonzero(values[rows[~gaps] if gaps.shape else rows] @ coefficients)
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
            if gaps.shape and (values[cells] @ coefficients).any():
                at = some(table.coordinate(int(row)) for row in np.flatnonzero(gaps))
                raise InputErrors(
                    [
                        InputError(
                            table.place,
                            "identities",
                            f"{text!r}, from which a missing count can be calculated, at {at}",
                            "write the count, or leave the other counts of the identity out of that row too",
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
