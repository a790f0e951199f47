"""Everything a reader of the published tables knows, as whole-number unknowns and rows over them.

A cell is a measure at a coordinate. Cells of linked tables at the same coordinate, with the dimensions that only one of
them has at their total, are one unknown. Published figures are unknowns with equal bounds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from ddg_pipeline.audit.cells import NO_LIMIT, Column, Reason
from ddg_pipeline.audit.figures import true_figures
from ddg_pipeline.audit.lattice import Booleans, Integers, Sums
from ddg_pipeline.audit.published import ReadTable
from ddg_pipeline.audit.ratios import Interval, Ratio, denominator_range, factors, numerator_range, read_ratios
from ddg_pipeline.audit.redundancy import redundant_sums
from ddg_pipeline.audit.system import Rows, System, shifted
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.errors import InputError, InputErrors


class RowKind(StrEnum):
    """Why a row holds."""

    SUM = "sum"
    IDENTITY = "identity"
    EVENTS = "events"
    RATIO = "ratio"


@dataclass(frozen=True)
class RowName:
    """A row, so that a reader can find it in the table.

    Attributes:
        kind: Why it holds.
        table: The position of the table.
        measure: The measure summed, or the statistic or events count behind the row.
        cell: The parent cell of a sum, else the cell.
        axis: The dimension summed along, for a sum.
    """

    kind: RowKind
    table: int
    measure: str
    cell: int
    axis: int = -1


@dataclass(frozen=True)
class Hidden:
    """One hidden cell of a published table.

    Attributes:
        table: The position of the table.
        measure: The measure.
        cell: The cell in the table's lattice.
        unknown: The unknown behind it.
        reason: What the publication says about it.
    """

    table: int
    measure: str
    cell: int
    unknown: int
    reason: Reason


@dataclass(frozen=True, eq=False)
class HiddenCells:
    """The hidden cells of one measure of a published table, as columns; see `Hidden`.

    Attributes:
        table: The position of the table.
        measure: The measure.
        cell: The cells in the table's lattice.
        unknown: The unknowns behind them.
        reason: What the publication says about them.
    """

    table: int
    measure: str
    cell: Integers
    unknown: Integers
    reason: Integers

    def __len__(self) -> int:
        return len(self.cell)

    def only(self, keep: Booleans) -> HiddenCells:
        """Leave out cells."""
        return HiddenCells(self.table, self.measure, self.cell[keep], self.unknown[keep], self.reason[keep])

    def __iter__(self) -> Iterator[Hidden]:
        for cell, unknown, reason in zip(self.cell.tolist(), self.unknown.tolist(), self.reason.tolist(), strict=True):
            yield Hidden(self.table, self.measure, cell, unknown, Reason(reason))


@dataclass(frozen=True)
class Mismatch:
    """Published figures that contradict each other.

    Attributes:
        row: The row that they break; None where two tables show different figures for one cell.
        table: The position of the table.
        measure: The measure.
        cell: The cell.
    """

    row: RowName | None
    table: int
    measure: str
    cell: int


@dataclass(frozen=True, eq=False)
class Remainders:
    """Few people whom totals count and none of their parts, as columns.

    Attributes:
        table: The position of the table.
        measure: The measure.
        axis: The dimension summed along.
        cell: The totals' cells in the table's lattice.
        unknown: The unknowns behind the remainders; -1 where the total and all parts are public.
        value: How many people; known to the reader only where there is no unknown.
    """

    table: int
    measure: str
    axis: int
    cell: Integers
    unknown: Integers
    value: Integers


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What the reader knows.

    Attributes:
        tables: The tables, read.
        number: Per table and count measure, the unknown of each cell of the table's lattice.
        lower: Per unknown, the least it can be, before any row is used.
        upper: Per unknown, the most it can be, before any row is used.
        implied: Per unknown, whether no table shows or hides it: it only stands between cells that a table has.
        system: The rows in which something is hidden.
        redundant: Per row of the system, whether it follows from the others.
        hidden: Every hidden count, by table and measure.
        mismatches: Published figures that contradict each other, with nothing hidden between them.
        remainders: Small numbers of people that a total counts beyond its parts.
        ratio_range: Per unknown, what published statistics alone leave of it.
        open_statistics: Statistics whose formula is not known or does not hold, as table and measure.
    """

    tables: tuple[ReadTable, ...]
    number: Mapping[tuple[int, str], Integers]
    lower: Integers
    upper: Integers
    implied: Booleans
    system: System
    redundant: Booleans
    hidden: tuple[HiddenCells, ...]
    mismatches: tuple[Mismatch, ...]
    remainders: tuple[Remainders, ...]
    ratio_range: Mapping[int, tuple[int, int]]
    open_statistics: frozenset[tuple[int, str]]
    _names: tuple[tuple[int, RowKind, int, str, int, Integers], ...] = field(repr=False)

    def name_of(self, label: int) -> RowName:
        """Name a row by its label in the system."""
        begins = self._name_begins
        begin, kind, table, measure, axis, cells = self._names[bisect_right(begins, label) - 1]
        return RowName(kind, table, measure, int(cells[label - begin]), axis)

    def kinds_of(self, labels: Integers, kinds: set[RowKind]) -> Booleans:
        """Tell which rows, by their labels, are of one of some kinds."""
        wanted = np.array([kind in kinds for _, kind, *_ in self._names], dtype=np.bool_)
        return wanted[np.searchsorted(self._name_begins, labels, side="right") - 1]

    @cached_property
    def _name_begins(self) -> list[int]:
        return [begin for begin, *_ in self._names]

    @property
    def known(self) -> Booleans:
        """Tell which unknowns are public."""
        return np.equal(self.lower, self.upper)


def gather(tables: Sequence[ReadTable]) -> Knowledge:
    """Put together everything that the published tables say.

    Raises:
        InputErrors: A count is no whole number, or an additional figure cannot be placed.
    """
    return _Gathering(tables).knowledge()


def counts(table: ReadTable) -> list[str]:
    """List the measures of a table that count individuals or events."""
    return [name for name, measure in table.contract.measures.items() if measure.kind is MeasureKind.COUNT]


class _Gathering:
    def __init__(self, tables: Sequence[ReadTable]) -> None:
        self.tables = tuple(tables)
        self.number, size = number_unknowns(self.tables, counts)
        self.lower = np.zeros(size, dtype=np.int64)
        self.upper = np.full(size, NO_LIMIT, dtype=np.int64)
        self.implied = np.ones(size, dtype=np.bool_)
        self.hidden: list[HiddenCells] = []
        self.mismatches: list[Mismatch] = []
        self.ratio_range: dict[int, tuple[int, int]] = {}
        self.open_statistics: set[tuple[int, str]] = set()
        self.rows = Rows()
        self.names: list[tuple[int, RowKind, int, str, int, Integers]] = []
        self.labels = 0
        self.redundant: list[Integers] = []
        self.remainders: list[Remainders] = []

    def knowledge(self) -> Knowledge:
        for number, table in enumerate(self.tables):
            for measure in counts(table):
                self._take_shown(number, table, measure)
            self._take_known(number, table)
        for number, table in enumerate(self.tables):
            for measure in counts(table):
                self._take_hidden(number, table, measure)
        for number, table in enumerate(self.tables):
            follows = redundant_sums(table.lattice)
            for measure in counts(table):
                seen, begin = len(self.mismatches), len(self.redundant)
                for sums, redundant in zip(table.lattice.sums, follows, strict=True):
                    self._take_sums(number, table, measure, sums, redundant)
                told = table.published.residuals
                if len(self.mismatches) > seen or (told is not None and len(told)):
                    del self.redundant[begin:]  # sums that do not hold exactly do not follow from each other
            self._take_identities(number, table)
            self._take_events(number, table)
            self._take_ratios(number, table)
        system = self.rows.system(self.lower, self.upper)
        return Knowledge(
            self.tables,
            self.number,
            self.lower,
            self.upper,
            self.implied,
            system,
            np.isin(system.label, np.concatenate([*self.redundant, np.empty(0, dtype=np.int64)])),
            tuple(self.hidden),
            tuple(self.mismatches),
            tuple(self.remainders),
            self.ratio_range,
            frozenset(self.open_statistics),
            tuple(self.names),
        )

    # -- figures -------------------------------------------------------------------------------------------------------

    def _take_shown(self, number: int, table: ReadTable, measure: str) -> None:
        column = table.columns[measure]
        _check_counts(table, column)
        cells = np.flatnonzero(table.lattice.row >= 0)
        rows = table.lattice.row[cells]
        self.implied[self.number[number, measure][cells]] = False
        shown = column.shown[rows]
        self._fix(number, measure, cells[shown], column.whole[rows[shown]])

    def _take_hidden(self, number: int, table: ReadTable, measure: str) -> None:
        column = table.columns[measure]
        cells = np.flatnonzero((table.lattice.row >= 0) & ~column.shown[table.lattice.row])
        rows, unknowns = table.lattice.row[cells], self.number[number, measure][cells]
        reason = _shared_reason(table, measure)[rows]
        if table.published.unexplained == "small":
            reason = np.where(reason == Reason.UNEXPLAINED, int(Reason.SMALL), reason)
        low, high = self._told(table, measure, reason)
        low = np.where(column.lower[rows] >= 0, np.maximum(low, column.lower[rows]), low)
        high = np.where(column.upper[rows] >= 0, np.minimum(high, column.upper[rows]), high)
        fixed = self.lower[unknowns] == self.upper[unknowns]
        new_low = np.maximum(self.lower[unknowns], low)
        new_high = np.minimum(self.upper[unknowns], high)
        contradicted = new_low > new_high
        self.mismatches += [Mismatch(None, number, measure, int(cell)) for cell in cells[contradicted]]
        use = ~fixed & ~contradicted
        self.lower[unknowns[use]], self.upper[unknowns[use]] = new_low[use], new_high[use]
        self.hidden.append(HiddenCells(number, measure, cells, unknowns, reason.astype(np.int64)))

    def _told(self, table: ReadTable, measure: str, reason: Integers) -> tuple[Integers, Integers]:
        """Give the range that the reason alone leaves; events of few people can be many."""
        rules = table.rules
        low = np.select(
            [reason == Reason.COMPLEMENTARY, reason == Reason.NO_DATA], [rules.upper + 1, 0], default=rules.lower
        )
        individuals = table.contract.measures[measure].unit == "individuals"
        high = np.where((reason == Reason.SMALL) & individuals, rules.upper, NO_LIMIT)
        return low.astype(np.int64), high.astype(np.int64)

    def _fix(self, number: int, measure: str, cells: Integers, values: Integers) -> None:
        unknowns = self.number[number, measure][cells]
        before = self.lower[unknowns] == self.upper[unknowns]
        different = before & (self.lower[unknowns] != values)
        self.mismatches += [Mismatch(None, number, measure, int(cell)) for cell in cells[different]]
        free = ~before
        self.lower[unknowns[free]] = self.upper[unknowns[free]] = values[free]

    def _take_known(self, number: int, table: ReadTable) -> None:
        known = table.published.known
        if known is None or known.empty:
            return
        cells = table.cells_of(known, "known")
        for measure in counts(table):
            if measure not in known.columns:
                continue
            numbers = pd.to_numeric(known[measure], errors="coerce")
            if ((numbers < 0) | (numbers % 1 != 0)).where(numbers.notna(), other=False).any():
                raise InputErrors(
                    [InputError(table.published.place, f"known.{measure}", "no whole number", "0 or more, or nothing")]
                )
            use = numbers.notna().to_numpy() & (cells >= 0)
            self._fix(number, measure, cells[use], numbers[use].to_numpy().astype(np.int64))

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _name(self, kind: RowKind, table: int, measure: str, axis: int, cells: Integers) -> Integers:
        self.names.append((self.labels, kind, table, measure, axis, cells))
        self.labels += len(cells)
        return np.arange(self.labels - len(cells), self.labels, dtype=np.int64)

    def _take_sums(self, number: int, table: ReadTable, measure: str, sums: Sums, redundant: Booleans) -> None:
        unknown = self.number[number, measure]
        value = np.where(self.lower == self.upper, self.lower, 0)
        is_hidden = self.lower != self.upper
        parent, child = unknown[sums.parent], unknown[sums.child]
        fixed = value[parent] - np.add.reduceat(value[child], sums.start[:-1])
        residual = residuals(table, measure, sums)
        open_children = is_hidden[child]
        is_open = is_hidden[parent] | np.logical_or.reduceat(open_children, sums.start[:-1])
        for broken in np.flatnonzero(~is_open & (fixed != residual)):
            at = int(sums.parent[broken])
            self.mismatches.append(Mismatch(RowName(RowKind.SUM, number, measure, at, sums.axis), number, measure, at))
        self._note_remainders(number, table, measure, sums, np.flatnonzero(~is_open), fixed)
        exceeds = self._may_exceed(table, sums, residual, ~is_open & (fixed > 0))
        kept = np.cumsum(is_open) - 1
        labels = self._name(RowKind.SUM, number, measure, sums.axis, sums.parent[is_open])
        self.redundant.append(labels[redundant[is_open]])
        parents = np.flatnonzero(is_hidden[parent])
        relation = sums.relation[open_children]
        few = np.flatnonzero(is_open & exceeds & self._is_small(table, measure, residual))
        rest = self._note_remainders(number, table, measure, sums, few, residual, hidden=True)
        exceeds[few] = False
        residual = np.where(exceeds, 0, residual)
        residual[few] = 0
        right = (residual - fixed)[is_open]
        self.rows.extend(
            kept[np.concatenate([parents, relation, few])],
            np.concatenate([parent[parents], child[open_children], rest]),
            np.repeat(np.array([1, -1], dtype=np.int64), [len(parents), len(relation) + len(few)]),
            right,
            np.where(exceeds[is_open], NO_LIMIT, right),
            labels,
        )

    def _may_exceed(self, table: ReadTable, sums: Sums, residual: Integers, seen: Booleans) -> Booleans:
        """Tell of which parents nobody can say that they are all of their parts.

        Where the holder of the data has not said it: of those of a label that visibly exceeds its parts elsewhere.
        """
        if table.published.residuals is not None or not seen.any():
            return residual > 0
        label = table.lattice.label_positions(sums.axis)[sums.parent]
        return np.isin(label, label[seen])

    def _is_small(self, table: ReadTable, measure: str, remainder: Integers) -> Booleans:
        """Tell which remainders count few people."""
        people = table.contract.governor(measure) == measure
        return people & (remainder >= table.rules.lower) & (remainder <= table.rules.upper)

    def _note_remainders(
        self,
        number: int,
        table: ReadTable,
        measure: str,
        sums: Sums,
        at: Integers,
        value: Integers,
        *,
        hidden: bool = False,
    ) -> Integers:
        """Note small remainders; those that cannot simply be subtracted become unknowns: give their numbers."""
        at = at[self._is_small(table, measure, value[at])]
        unknown = np.full(len(at), -1, dtype=np.int64)
        if hidden:
            unknown = np.arange(len(self.lower), len(self.lower) + len(at), dtype=np.int64)
            self.lower = np.concatenate([self.lower, np.zeros(len(at), dtype=np.int64)])
            self.upper = np.concatenate([self.upper, np.full(len(at), NO_LIMIT, dtype=np.int64)])
            self.implied = np.concatenate([self.implied, np.zeros(len(at), dtype=np.bool_)])
        if len(at):
            self.remainders.append(Remainders(number, measure, sums.axis, sums.parent[at], unknown, value[at]))
        return unknown

    def _take_identities(self, number: int, table: ReadTable) -> None:
        cells = np.flatnonzero(table.lattice.row >= 0)
        for identity in table.contract.parsed_identities:
            name = next(iter(identity.terms))
            unknowns = {measure: self.number[number, measure][cells] for measure in identity.terms}
            is_open = np.zeros(len(cells), dtype=np.bool_)
            fixed = np.zeros(len(cells), dtype=np.int64)
            for measure, factor in identity.terms.items():
                column = unknowns[measure]
                known = self.lower[column] == self.upper[column]
                is_open |= ~known
                fixed += np.where(known, factor * self.lower[column], 0)
            self.mismatches += [
                Mismatch(RowName(RowKind.IDENTITY, number, name, int(cell)), number, name, int(cell))
                for cell in cells[~is_open & (fixed != 0)]
            ]
            labels = self._name(RowKind.IDENTITY, number, name, -1, cells[is_open])
            terms = [
                (column[is_open], factor) for factor, column in ((identity.terms[m], u) for m, u in unknowns.items())
            ]
            self._add_bulk(terms, 0, np.zeros(len(labels), dtype=np.int64), labels)

    def _take_events(self, number: int, table: ReadTable) -> None:
        """Nobody has less than one event, and where nobody is, nothing can have happened."""
        cells = np.flatnonzero(table.lattice.row >= 0)
        for measure in counts(table):
            governor = table.contract.governor(measure)
            if governor == measure:
                continue
            events, people = self.number[number, measure][cells], self.number[number, governor][cells]
            open_cells = (self.lower[events] != self.upper[events]) | (self.lower[people] != self.upper[people])
            labels = self._name(RowKind.EVENTS, number, measure, -1, cells[open_cells])
            events, people = events[open_cells], people[open_cells]
            self._add_bulk([(events, 1), (people, -1)], 0, np.where(self.upper[people] == 0, 0, NO_LIMIT), labels)

    def _add_bulk(self, terms: Sequence[tuple[Integers, int]], low: int, high: Integers, labels: Integers) -> None:
        """Add rows of the same form, with what is known moved to their right sides."""
        fixed = np.zeros(len(labels), dtype=np.int64)
        parts = []
        for unknown, factor in terms:
            known = self.lower[unknown] == self.upper[unknown]
            fixed += np.where(known, factor * self.lower[unknown], 0)
            row = np.flatnonzero(~known)
            parts.append((row, unknown[row], np.full(len(row), factor, dtype=np.int64)))
        row, column, coefficient = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.rows.extend(row, column, coefficient, low - fixed, shifted(high, fixed), labels)

    # -- statistics ----------------------------------------------------------------------------------------------------

    def _take_ratios(self, number: int, table: ReadTable) -> None:
        kinds = (MeasureKind.RATE, MeasureKind.PERCENT, MeasureKind.MEAN)
        statistics = {name for name, measure in table.contract.measures.items() if measure.kind in kinds}
        readable = read_ratios(table)
        self.open_statistics |= {(number, name) for name in statistics - {ratio.name for ratio in readable}}
        for ratio in readable:
            if self._holds(number, table, ratio):
                self._take_ratio(number, table, ratio)
            else:
                self.open_statistics.add((number, ratio.name))

    def _holds(self, number: int, table: ReadTable, ratio: Ratio) -> bool:
        """Check the formula where everything is shown; what does not hold there must not be used elsewhere."""
        for cell, shown, above, below in self._ratio_cells(number, table, ratio):
            if isinstance(above, int) or isinstance(below, int):
                continue
            low, high = ratio.interval(shown)
            if low * below[0] > ratio.per * above[1] or high * below[1] < ratio.per * above[0]:
                row = RowName(RowKind.RATIO, number, ratio.name, cell)
                self.mismatches.append(Mismatch(row, number, ratio.name, cell))
                return False
        return True

    def _ratio_cells(
        self, number: int, table: ReadTable, ratio: Ratio
    ) -> Iterator[tuple[int, Decimal, int | Interval, int | Interval]]:
        """Give every shown statistic with its numerator and denominator: a number's interval, or an unknown."""
        column = table.columns[ratio.name]
        for cell in np.flatnonzero(table.lattice.row >= 0):
            row = int(table.lattice.row[cell])
            shown = column.number(row)
            if shown is None:
                continue
            above = self._figure(number, table, ratio.numerator, int(cell))
            if ratio.denominator is not None:
                below = self._figure(number, table, ratio.denominator, int(cell))
            else:
                size = ratio.sizes[row] if ratio.sizes else None
                below = None if size is None else (Fraction(size), Fraction(size))
            if above is not None and below is not None:
                yield int(cell), shown, above, below

    def _figure(self, number: int, table: ReadTable, measure: str, cell: int) -> int | Interval | None:
        if (number, measure) in self.number:
            unknown = int(self.number[number, measure][cell])
            if self.lower[unknown] != self.upper[unknown]:
                return unknown
            return Fraction(int(self.lower[unknown])), Fraction(int(self.lower[unknown]))
        column = table.columns[measure]
        amount = column.number(int(table.lattice.row[cell]))
        if amount is None:
            return None
        half = Fraction(1, 2 * 10**column.decimals)
        return Fraction(amount) - half, Fraction(amount) + half

    def _take_ratio(self, number: int, table: ReadTable, ratio: Ratio) -> None:
        for cell, shown, above, below in self._ratio_cells(number, table, ratio):
            if not isinstance(above, int) and not isinstance(below, int):
                continue
            label = int(self._name(RowKind.RATIO, number, ratio.name, -1, np.array([cell]))[0])
            if isinstance(above, int) and isinstance(below, int):
                at_least, at_most = factors(ratio, shown)
                self.rows.add([(above, at_least[0]), (below, -at_least[1])], 0, NO_LIMIT, label)
                self.rows.add([(above, at_most[0]), (below, -at_most[1])], -NO_LIMIT, 0, label)
            elif isinstance(above, int) and not isinstance(below, int):
                self._bound(above, *numerator_range(ratio, shown, below), label)
            elif isinstance(below, int) and not isinstance(above, int):
                low, high = denominator_range(ratio, shown, above)
                self._bound(below, low, NO_LIMIT if high is None else high, label)

    def _bound(self, unknown: int, low: int, high: int, label: int) -> None:
        before = self.ratio_range.get(unknown, (0, NO_LIMIT))
        self.ratio_range[unknown] = (max(before[0], low), min(before[1], high))
        self.rows.add([(unknown, 1)], low, high, label)


def residuals(table: ReadTable, measure: str, sums: Sums) -> Integers:
    """Say by how much each parent of a family is known to exceed its parts."""
    found = np.zeros(len(sums.parent), dtype=np.int64)
    given = table.published.residuals
    if given is None or given.empty or measure not in given.columns:
        return found
    here = given[
        (given["dimension"] == table.lattice.axes[sums.axis].name)
        & (given["hierarchy"] == sums.family)
        & given[measure].notna()
    ]
    cells = table.cells_of(here.drop(columns=["dimension", "hierarchy"]), "residuals")
    at = np.clip(np.searchsorted(sums.parent, cells), 0, max(len(sums.parent) - 1, 0))
    use = (cells >= 0) & (sums.parent[at] == cells)
    found[at[use]] = here[measure].to_numpy(dtype=np.float64)[use].astype(np.int64)
    return found


def number_unknowns(
    tables: Sequence[ReadTable], measures: Callable[[ReadTable], list[str]]
) -> tuple[dict[tuple[int, str], Integers], int]:
    """Number the unknowns of some measures; cells that several tables share get one number.

    Where the truth is at hand, cells are shared only if it is the same: between two versions of a table, some figures
    were corrected, and a corrected one is another unknown than it was.

    Returns:
        Per table and measure, the unknown of each cell of the table's lattice; and how many numbers were given out.
    """
    number: dict[tuple[int, str], Integers] = {}
    size = 0
    for position, table in enumerate(tables):
        for measure in measures(table):
            number[position, measure] = np.arange(size, size + len(table.lattice), dtype=np.int64)
            size += len(table.lattice)
    if len(tables) == 1:
        return number, size
    first: dict[tuple[str, tuple[tuple[str, str], ...], float | None], int] = {}
    for position, table in enumerate(tables):
        others = [other for at, other in enumerate(tables) if at != position]
        cells = shared_cells(table, others)
        keys = [table.lattice.key(int(cell)) for cell in cells]
        for measure in measures(table):
            unknowns = number[position, measure]
            for cell, key, value in zip(cells.tolist(), keys, _truths(table, measure, cells), strict=True):
                unknowns[cell] = first.setdefault((measure, key, value), int(unknowns[cell]))
    return number, size


def _truths(table: ReadTable, measure: str, cells: Integers) -> list[float | None]:
    """Give what a measure really is on some cells; None where nobody told, for all of them if there is no truth."""
    truth = table.published.truth
    if truth is None or measure not in truth.columns:
        return [None] * len(cells)
    figures = true_figures(table, truth, measure)
    pairs = zip(figures.value[cells].tolist(), figures.known[cells].tolist(), strict=True)
    return [value if known else None for value, known in pairs]


def shared_cells(table: ReadTable, others: Sequence[ReadTable]) -> Integers:
    """List the cells that some other table may have as well: all dimensions it lacks are at their total."""
    wanted = np.zeros(len(table.lattice), dtype=np.bool_)
    for other in others:
        fits = np.ones(len(table.lattice), dtype=np.bool_)
        for position, axis in enumerate(table.lattice.axes):
            if axis.name not in other.contract.dimensions:
                fits &= table.lattice.label_positions(position) == (-1 if axis.total is None else axis.total)
        wanted |= fits
    return np.flatnonzero(wanted)


def _check_counts(table: ReadTable, column: Column) -> None:
    bad = np.array(
        [number is not None and (number < 0 or number != number.to_integral_value()) for number in column.distinct],
        dtype=np.bool_,
    )
    wrong = np.flatnonzero(bad[column.code]).tolist()
    if wrong:
        listed = ", ".join(str(row + 1) for row in wrong[:5])
        raise InputErrors(
            [
                InputError(
                    table.published.place,
                    column.name,
                    f"no count in row {listed}",
                    "a whole number, 0 or more, or nothing",
                )
            ]
        )


def _shared_reason(table: ReadTable, measure: str) -> Integers:
    """Give the reason of each row; where it is not told for a count, a figure tied to it may tell it."""
    reason = table.columns[measure].reason.copy()
    governor = table.contract.governor(measure)
    for name in table.contract.measures:
        if name == measure or table.contract.governor(name) != governor:
            continue
        other = table.columns[name].reason
        tells = (other == Reason.SMALL) | (other == Reason.COMPLEMENTARY)
        reason = np.where((reason == Reason.UNEXPLAINED) & tells, other, reason)
    return reason
