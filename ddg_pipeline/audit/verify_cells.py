"""Every cell that a reader could reason about, with the truth and what is known of it, for checking proofs.

A cell is a count at a combination of categories. Cells of linked tables that count the same people are one cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.report import Cell
from ddg_pipeline.audit.verify_axes import Categories, categories
from ddg_pipeline.audit.verify_figures import Assumed, Axes, Counts, TableCounts, each_sum, table_counts
from ddg_pipeline.audit.verify_public import PublishedRows, Told, already_public
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.columns import some
from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    from scipy import sparse

UNLIMITED = 1 << 62
_MOST_KEYS = 1 << 62


@dataclass(frozen=True, eq=False)
class Cube:
    """One count of one table.

    Attributes:
        table: The position of the table.
        release: Its name.
        measure: The count.
        axes: The dimensions.
        ids: The cell at every combination of categories, -1 where there is nothing.
        rows: The flat position of each row of the table.
    """

    table: int
    release: str
    measure: str
    axes: tuple[Categories, ...]
    ids: Integers
    rows: Integers

    def name(self, flat: int) -> Cell:
        """Name a cell by its categories."""
        labels = np.unravel_index(flat, self.ids.shape)
        coordinate = {
            axis.name: "(total)" if axis.labels[label] is None else str(axis.labels[label])
            for axis, label in zip(self.axes, labels, strict=True)
        }
        return Cell(self.release, self.measure, coordinate)


@dataclass(frozen=True, eq=False)
class SumBlock:
    """Many sums alike: a whole and its parts at every combination of the other dimensions; or an identity.

    Attributes:
        cells: Cell numbers, one sum a column; -1 where there is nothing.
        factors: One a line of `cells`.
    """

    cells: Integers
    factors: Integers


@dataclass(frozen=True, eq=False)
class Cells:
    """All cells of a group of tables.

    Attributes:
        cubes: Where they stand.
        identities: For each table, the identities: measure to factor.
        value: The true counts. Restricted.
        places: In how many cubes each stands.
        least: The least that a reader can take it for.
        most: The most.
        fixed: Whether a reader knows the count: it is shown, or public, or a margin that nobody hides.
        to_protect: Whether the count is small, and a reader must be left with several possible values.
        hidden: Whether a table has a row for it in which it is hidden.
    """

    cubes: tuple[Cube, ...]
    identities: tuple[tuple[dict[str, int], ...], ...]
    value: Integers
    places: Integers
    least: Integers
    most: Integers
    fixed: Booleans
    to_protect: Booleans
    hidden: Booleans

    def __len__(self) -> int:
        return len(self.value)

    def name(self, cell: int) -> Cell:
        """Name a cell by table, count and categories."""
        for cube in self.cubes:
            at = np.flatnonzero(cube.ids.ravel() == cell)
            if len(at):
                return cube.name(int(at[0]))
        raise ValueError("no such cell")

    def sums(self) -> Iterator[SumBlock]:
        """Go through everything that adds up."""
        for cube in self.cubes:
            for along, whole, parts in each_sum(cube.axes):
                by_label = np.moveaxis(cube.ids[..., None], along, 0)
                cells = by_label[[whole, *parts]].reshape(1 + len(parts), -1)
                cells = cells[:, (cells[1:] >= 0).any(axis=0)]  # where no part is there, nothing is said of the whole
                yield SumBlock(cells, np.array([-1, *[1] * len(parts)], dtype=np.int8))
        for number, identities in enumerate(self.identities):
            of_measure = {cube.measure: cube.ids.ravel() for cube in self.cubes if cube.table == number}
            for identity in identities:
                factors = np.array(list(identity.values()), dtype=np.int64)
                yield SumBlock(np.stack([of_measure[name] for name in identity]), factors)

    def relations_of(self, cells: Booleans) -> Relations:
        """Collect the sums in which some cells take part, with these cells only."""
        found = _Collected()
        for block in self.sums():
            found.add(block, cells)
        return found.relations(len(self))


@dataclass
class _Collected:
    """Sums as they are collected: entries of a sparse matrix of cells by sums."""

    cells: list[Integers] = field(default_factory=list)
    sums: list[Integers] = field(default_factory=list)
    factors: list[Any] = field(default_factory=list)
    wholes: list[Integers] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    size: int = 0

    def add(self, block: SumBlock, wanted: Booleans) -> None:
        use = (block.cells >= 0) & wanted[block.cells]
        touched = np.flatnonzero(use.any(axis=0))
        if not len(touched):
            return
        line, column = np.nonzero(use[:, touched])
        self.cells.append(block.cells[line, touched[column]])
        self.sums.append(column.astype(np.int64) + self.size)
        self.factors.append(block.factors[line])
        self.begins.append(self.size)
        first = block.cells[0, touched]
        self.wholes.append(np.where(first >= 0, first, block.cells[:, touched].max(axis=0)))
        self.size += len(touched)

    def relations(self, cells: int) -> Relations:
        from scipy import sparse

        if not self.cells:
            return Relations(sparse.csr_array((cells, 0), dtype=np.int64), (), ())
        entries = np.concatenate(self.factors), (np.concatenate(self.cells), np.concatenate(self.sums))
        matrix = sparse.csr_array(sparse.coo_array(entries, shape=(cells, self.size)))
        return Relations(matrix, tuple(self.begins), tuple(self.wholes))


@dataclass(frozen=True, eq=False)
class Relations:
    """Sums as a sparse matrix, cells by sums.

    Attributes:
        matrix: The factor of each cell in each sum.
    """

    matrix: sparse.csr_array
    _begins: tuple[int, ...]
    _wholes: tuple[Integers, ...]

    def whole(self, number: int) -> int:
        """Give the cell that a sum is about."""
        block = bisect_right(self._begins, number) - 1
        return int(self._wholes[block][number - self._begins[block]])


@dataclass(frozen=True)
class Limits:
    """What is small, and what a reader is told: figures of the rulebook."""

    lower: int
    upper: int


def gather_cells(
    tables: Sequence[BoundTable],
    published: Sequence[PublishedRows],
    limits: Limits,
    assumed: Callable[[BoundTable, Axes], Mapping[str, Assumed]],
) -> Cells:
    """Number the cells of a group of tables and work out what a reader knows of each.

    Args:
        tables: The true tables.
        published: The same tables as published.
        limits: What is small.
        assumed: Reads from the proof what it assumes about innermost cells of a table without a count.

    Raises:
        InputErrors: A table contradicts itself, or the proof a table.
    """
    parts: list[_Part] = []
    for number, table in enumerate(tables):
        axes = tuple(categories(axis) for axis in table.axes.values())
        given = assumed(table, axes)
        for measures in _joined(table):
            parts += _parts(number, table, table_counts(table, axes, measures, given), published[number], limits)
    total = 0
    for part in parts:
        part.start, total = total, total + part.size
    merged = _merged(parts, total)
    cubes = [part.cube(merged) for part in parts]
    count = int(merged.max(initial=-1)) + 1
    value, places = np.zeros(count, dtype=np.int64), np.bincount(merged, minlength=count)
    least, most = np.zeros(count, dtype=np.int64), np.full(count, UNLIMITED, dtype=np.int64)
    carried, margin, public = (np.zeros(count, dtype=np.bool_) for _ in range(3))
    shown, hidden, unseen = (np.zeros(count, dtype=np.bool_) for _ in range(3))
    for part in parts:
        np.maximum.at(value, merged[part.start : part.start + part.size], part.value)
    for part, cube in zip(parts, cubes, strict=True):
        ids = merged[part.start : part.start + part.size]
        _check_alike(part, cube, value[ids])
        np.maximum.at(least, ids, part.least)
        np.minimum.at(most, ids, part.most)
        for flags, mine in (
            (carried, part.row),
            (public, part.public),
            (shown, part.shown),
            (hidden, part.row & ~part.shown),
            (unseen, part.unseen),
            (margin, ~part.row & ~part.unseen),
        ):
            flags[ids[mine]] = True
    small = (value >= limits.lower) & (value <= limits.upper)
    # a margin that no table carries: readers may have it from elsewhere, unless it is small and nobody publishes it
    implied = margin & ~carried & ~unseen
    bounded = implied & small
    least[bounded] = np.maximum(least[bounded], limits.lower)
    most[bounded] = np.minimum(most[bounded], limits.upper)
    least[unseen & ~carried] = np.maximum(least[unseen & ~carried], limits.lower)
    fixed = shown | public | (value < limits.lower) | (implied & ~small)
    identities = tuple(tuple(dict(one.terms) for one in _counted(table)) for table in tables)
    return Cells(tuple(cubes), identities, value, places.astype(np.int64), least, most, fixed, small & ~public, hidden)


def _check_alike(part: _Part, cube: Cube, value: Integers) -> None:
    differs = part.flat[(part.value != value) & (part.row | ~part.unseen)]
    if len(differs):
        found = f"another count than in a linked table, at {some(str(cube.name(int(at))) for at in differs)}"
        expected = "linked tables from the same records"
        raise InputErrors([InputError(part.release, part.measure, found, expected)])


def _counted(table: BoundTable) -> list[Any]:
    """List the identities between counts of individuals."""
    counts = set(table.contract.counts)
    return [identity for identity in table.contract.parsed_identities if set(identity.terms) <= counts]


def _joined(table: BoundTable) -> list[list[str]]:
    """Group the counts of a table that identities join; remainders are the same people in all of them."""
    group = {name: {name} for name in table.contract.counts}
    for identity in _counted(table):
        together: set[str] = set().union(*(group[name] for name in identity.terms))
        for name in together:
            group[name] = together
    return [sorted(names) for names in {frozenset(names): None for names in group.values()}]


class _Part:
    """The cells of one cube that are there, one after the other."""

    def __init__(self, number: int, table: BoundTable, measure: str, counts: TableCounts, limits: Limits) -> None:
        one: Counts = counts.counts[measure]
        self.number, self.release, self.measure = number, table.contract.release, measure
        self.axes, self.rows = counts.axes, counts.rows
        self.there = one.there | one.gap
        self.flat = np.flatnonzero(self.there.ravel())
        self.size, self.start = len(self.flat), 0
        self.value = one.value.ravel()[self.flat]
        self.row = one.row.ravel()[self.flat]
        # nobody is told of these, but readers may calculate them: remainders, and innermost cells without a count
        self.unseen = ~self.row & (counts.remainder | counts.finest).ravel()[self.flat]
        self.public, self.shown = (np.zeros(self.size, dtype=np.bool_) for _ in range(2))
        self.least = np.zeros(self.size, dtype=np.int64)
        self.most = np.full(self.size, UNLIMITED, dtype=np.int64)
        self._limits = limits

    def tell(self, told: Integers) -> None:
        """Take in what each row of the published table says."""
        at = np.full(self.there.size, -1, dtype=np.int64)
        at[self.flat] = np.arange(self.size)
        mine, limits = at[self.rows], self._limits
        self.shown[mine] = told == Told.SHOWN
        told = np.where(self.row[mine], told, int(Told.NO_DATA))
        hidden = (told != Told.SHOWN) & (told != Told.NO_DATA)
        self.least[mine[hidden]] = np.where(told[hidden] == Told.COMPLEMENTARY, limits.upper + 1, limits.lower)
        self.most[mine[told == Told.SMALL]] = limits.upper
        self.shown &= self.row

    def make_public(self, flat: Integers) -> None:
        """Mark cells whose figure an earlier table shows."""
        marked = np.zeros(self.there.size, dtype=np.bool_)
        marked[flat] = True
        self.public = marked[self.flat]

    def cube(self, merged: Integers) -> Cube:
        flat = np.full(self.there.size, -1, dtype=np.int64)
        flat[self.flat] = merged[self.start : self.start + self.size]
        ids: Integers = flat.reshape(self.there.shape)
        return Cube(self.number, self.release, self.measure, self.axes, ids, self.rows)

    @cached_property
    def labels(self) -> tuple[Integers, ...]:
        """Per axis, the label of each cell."""
        return tuple(np.asarray(one) for one in np.unravel_index(self.flat, self.there.shape))


def _parts(
    number: int, table: BoundTable, counts: TableCounts, published: PublishedRows, limits: Limits
) -> list[_Part]:
    public = already_public(table, counts.axes)
    parts = []
    for measure in counts.counts:
        part = _Part(number, table, measure, counts, limits)
        part.tell(published.told[measure])
        if len(public[measure]):
            part.make_public(public[measure])
        parts.append(part)
    return parts


def _merged(parts: Sequence[_Part], total: int) -> Integers:
    """Number the cells of all parts, the same people once."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    one, two = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for first, second in combinations(parts, 2):
        if first.measure == second.measure and first.number != second.number:
            mine, theirs = _same(first, second)
            one.append(mine + first.start)
            two.append(theirs + second.start)
    left, right = np.concatenate(one), np.concatenate(two)
    if not len(left):
        return np.arange(total, dtype=np.int64)
    graph = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(total, total))
    merged: Integers = connected_components(graph, directed=False)[1].astype(np.int64)
    return merged


def _same(first: _Part, second: _Part) -> tuple[Integers, Integers]:
    """List the cells of two tables that count the same people: alike in common dimensions, all others at everything."""
    names = [[axis.name for axis in part.axes] for part in (first, second)]
    common = [name for name in names[0] if name in names[1]]
    keys, use, sizes = [], [], []
    for name in common:
        labels = {label for part in (first, second) for label in _axis(part, name).labels if label is not None}
        sizes.append({label: number for number, label in enumerate(sorted(labels), 1)})
    if np.prod([float(len(size) + 1) for size in sizes]) >= _MOST_KEYS:
        places = f"{first.release} and {second.release}"
        raise InputErrors([InputError(places, "dimensions", "too many combinations in common", "fewer labels")])
    for part in (first, second):
        key, wanted = np.zeros(part.size, dtype=np.int64), np.ones(part.size, dtype=np.bool_)
        for number, axis in enumerate(part.axes):
            if axis.name not in common:
                wanted &= part.labels[number] == (-1 if axis.everything is None else axis.everything)
        for name, size in zip(common, sizes, strict=True):
            axis = _axis(part, name)
            code = [0 if at == axis.total else size[str(label)] for at, label in enumerate(axis.labels)]
            at = part.labels[[axis.name for axis in part.axes].index(name)]
            key = key * (len(size) + 1) + np.array(code, dtype=np.int64)[at]
            # who is in none of a whole's parts depends on the parts that a table has
            wanted &= ~np.isin(at, list(axis.remainders))
        keys.append(key)
        use.append(np.flatnonzero(wanted))
    _, mine, theirs = np.intersect1d(keys[0][use[0]], keys[1][use[1]], assume_unique=True, return_indices=True)
    return use[0][mine], use[1][theirs]


def _axis(part: _Part, name: str) -> Categories:
    return next(axis for axis in part.axes if axis.name == name)
