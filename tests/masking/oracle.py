"""A reader of a published table who tries everything: whole-number completions by exhaustive search.

Written from the definitions alone; no code of the package is used here. Cells are plain tuples, relations plain
dictionaries, and the search walks through values one by one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

SMALLEST, LARGEST = 1, 10  # a small count
LEVELS = {"exact": 2, "ddg": 3, "full": 10}  # how many values a small count must be able to have
MANY = 40  # how far above its true value a hidden count without an upper limit is tried
PATIENCE = 20_000  # search steps after which a question counts as unanswered

Coordinate = tuple[str | None, ...]  # one label a dimension; None is a total without a label
Cell = tuple[
    str, frozenset[tuple[str, str]]
]  # a measure, and the categories of every dimension that is not at its total


@dataclass
class Axis:
    """A dimension as the test declares it: labels, groupings and the margin."""

    name: str
    labels: list[str]  # those in the table
    parents: list[dict[str, str]]  # one child-to-parent mapping a grouping
    total: str | None
    additive: bool

    def __post_init__(self) -> None:
        known = set(self.labels)
        grown = True
        while grown:
            above = {up[label] for up in self.parents for label in known if label in up and label != self.total}
            grown = not above <= known
            known |= above
        self.children: list[dict[str, list[str]]] = []
        for up in self.parents:
            below: dict[str, list[str]] = {}
            for child, parent in up.items():
                if child in known and child != self.total:
                    below.setdefault(parent, []).append(child)
            self.children.append(below)
        self.groups = {parent for below in self.children for parent in below} - {self.total}
        self.leaves = sorted(known - self.groups - {self.total})
        self.nodes = self.leaves + sorted(self.groups)

    def under(self, label: str) -> set[str]:
        """Collect the leaves that a label stands for."""
        if label in self.leaves:
            return {label}
        return set().union(*(self.under(c) for below in self.children for c in below.get(label, [])))

    def extent(self, label: str) -> set[str]:
        """Collect the finest categories that are declared below a label, whether the table has them or not."""
        below = {child for up in self.parents for child, parent in up.items() if parent == label}
        return set().union(*(self.extent(child) for child in below)) if below else {label}

    @property
    def everyone(self) -> set[str]:
        """The finest categories that the total counts."""
        every = set().union(*(self.extent(leaf) for leaf in self.leaves))
        return every & self.extent(self.total) if any(self.total in below for below in self.children) else every

    @property
    def everything(self) -> str | None:
        """The label that stands for all leaves: the declared total, or a group that covers them all."""
        if self.total is not None or not self.additive:
            return self.total
        covering = [group for group in sorted(self.groups) if self.extent(group) >= self.everyone]
        outermost = [g for g in covering if not any(g in up for up in self.parents)]
        return outermost[0] if outermost else None

    def sums(self) -> Iterator[tuple[str | None, list[str]]]:
        """List what adds up to what; None is a total without a label."""
        if not self.additive:
            return
        everything = self.everything
        for below in self.children:
            for parent, children in below.items():
                if parent not in (everything, self.total):
                    yield parent, children
        if everything is None and len(self.nodes) == 1:
            return
        for below, up in zip(self.children or [{}], self.parents or [{}], strict=True):
            inner = {child for children in below.values() for child in children}
            parts = list(below.get(everything) or [group for group in below if group not in inner])
            covered = set().union(*(self.extent(part) for part in parts))
            # a group without parts in the table is a part of the total in its own grouping only
            own = [leaf for leaf in self.leaves if leaf in up.values()]
            for leaf in [*own, *(leaf for leaf in self.leaves if leaf not in own)]:
                if self.extent(leaf) <= self.everyone and not self.extent(leaf) & covered:
                    parts.append(leaf)
                    covered |= self.extent(leaf)
            yield everything, parts


@dataclass
class Table:
    """One table as given: rows by coordinate, a count a measure."""

    name: str
    axes: list[Axis]
    rows: dict[tuple[str, ...], dict[str, int]]
    measures: list[str]
    identities: list[dict[str, int]] = field(default_factory=list)


@dataclass
class Knowledge:
    """Everything that can be known about a group of tables that share records.

    Attributes:
        values: The true count of each cell.
        carried: Cells that have a row in some table.
        relations: Each a mapping of cells to coefficients, with the constant it sums to.
        rows: For each relation that is a row or column, the sum and its parts.
        never_shown: Parts that no table shows and nobody publishes: whom a sum counts and none of its parts does.
    """

    values: dict[Cell, int]
    carried: set[Cell]
    relations: list[tuple[dict[Cell, int], int]]
    rows: list[tuple[Cell, list[Cell]]]
    never_shown: set[Cell]

    @property
    def small(self) -> set[Cell]:
        return {cell for cell, value in self.values.items() if SMALLEST <= value <= LARGEST}

    @property
    def hideable(self) -> set[Cell]:
        """Cells that may become complementary ones."""
        return {cell for cell in self.carried if self.values[cell] > LARGEST}


def name_of(measure: str, axes: Iterable[Axis], coordinate: Iterable[str | None]) -> Cell:
    """Name a cell such that cells with the same records have the same name."""
    return measure, frozenset(
        (axis.name, label)
        for axis, label in zip(axes, coordinate, strict=True)
        if label is not None and label != axis.everything and len(axis.nodes) + (axis.total is not None) > 1
    )


def know(tables: list[Table]) -> Knowledge:
    """Work out cells and relations; margins that are not carried are the sum of what there is."""
    values: dict[Cell, int] = {}
    carried: set[Cell] = set()
    rows: list[tuple[Cell, list[Cell]]] = []
    identities: list[dict[Cell, int]] = []
    never_shown: set[Cell] = set()
    for table in tables:
        sums = _sums(table)
        for measure in table.measures:
            got: dict[Coordinate, int] = {coordinate: row[measure] for coordinate, row in table.rows.items()}
            carried |= {name_of(measure, table.axes, coordinate) for coordinate in got}
            _add_margins(got, table, sums)
            for coordinate, value in got.items():
                cell = name_of(measure, table.axes, coordinate)
                assert values.get(cell, value) == value, "tables disagree"
                values[cell] = value
            for parent, children in sums:
                below = [name_of(measure, table.axes, child) for child in children if child in got]
                if below:
                    # whom the sum counts and no part does is a part that nobody shows
                    above = name_of(measure, table.axes, parent)
                    rest = values[above] - sum(values[cell] for cell in below)
                    if rest:
                        nobody = measure, above[1] | {(table.name, repr(sorted(map(repr, below))))}
                        values[nobody] = rest
                        never_shown.add(nobody)
                        below.append(nobody)
                    rows.append((above, below))
        for terms in table.identities:
            for coordinate in _everywhere(table):
                relation = {name_of(m, table.axes, coordinate): factor for m, factor in terms.items()}
                if all(cell in values for cell in relation):
                    identities.append(relation)
    relations = []
    for parent_cell, cells in rows:
        relation = dict.fromkeys(cells, 1) | {parent_cell: -1}
        relations.append((relation, sum(factor * values[cell] for cell, factor in relation.items())))
    relations += [(relation, 0) for relation in identities]
    return Knowledge(values, carried, relations, rows, never_shown)


def _everywhere(table: Table) -> Iterator[Coordinate]:
    """List every combination of labels, margins included, whether there is anything or not."""
    labels: list[list[str | None]] = []
    for axis in table.axes:
        nameless = axis.additive and axis.everything is None and len(axis.nodes) > 1
        labels.append([*axis.nodes, *([None] if nameless else []), *([axis.total] if axis.total is not None else [])])
    yield from itertools.product(*labels)


def _sums(table: Table) -> list[tuple[Coordinate, list[Coordinate]]]:
    """List what adds up to what, as coordinates."""
    everywhere = list(_everywhere(table))
    found = []
    for position, axis in enumerate(table.axes):
        for parent, children in axis.sums():
            for at in everywhere:
                if at[position] == parent:
                    found.append((at, [(*at[:position], child, *at[position + 1 :]) for child in children]))
    return found


def _add_margins(got: dict[Coordinate, int], table: Table, sums: list[tuple[Coordinate, list[Coordinate]]]) -> None:
    """Compute margins without a row, finer ones first; where two ways disagree the larger one is nearer the truth."""

    def height(axis: Axis, label: str | None) -> int:
        below = [children for parent, children in axis.sums() if parent == label]
        return 1 + max((height(axis, child) for children in below for child in children), default=0)

    def fineness(coordinate: Coordinate) -> int:
        return sum(height(axis, label) for axis, label in zip(table.axes, coordinate, strict=True))

    by_parent: dict[Coordinate, list[list[Coordinate]]] = {}
    for parent, children in sums:
        by_parent.setdefault(parent, []).append(children)
    for parent in sorted(by_parent, key=fineness):
        ways = [[got[c] for c in children if c in got] for children in by_parent[parent]]
        if parent not in got and any(ways):
            got[parent] = max(sum(way) for way in ways)


@dataclass
class Reader:
    """What a reader knows once a pattern is published.

    Args:
        knowledge: The cells and relations.
        hidden: The cells that are hidden.
        reasons: Whether the reason of each suppression is told.
    """

    knowledge: Knowledge
    hidden: set[Cell]
    reasons: bool

    def __post_init__(self) -> None:
        self.bounds: dict[Cell, tuple[int, int]] = {}
        for cell, value in self.knowledge.values.items():
            if cell not in self.knowledge.carried:
                # nobody publishes a small margin, and that is how its size is known
                if SMALLEST <= value <= LARGEST:
                    self.bounds[cell] = SMALLEST, LARGEST
                elif cell in self.knowledge.never_shown:
                    self.bounds[cell] = LARGEST + 1, value + MANY
            elif cell in self.hidden:
                most = value + MANY
                if not self.reasons:
                    self.bounds[cell] = SMALLEST, most
                elif value <= LARGEST:
                    self.bounds[cell] = SMALLEST, LARGEST
                else:
                    self.bounds[cell] = LARGEST + 1, most
        self.relations: list[tuple[list[tuple[Cell, int]], int]] = []
        for relation, constant in self.knowledge.relations:
            open_part = [(cell, factor) for cell, factor in relation.items() if cell in self.bounds]
            shown = sum(f * self.knowledge.values[c] for c, f in relation.items() if c not in self.bounds)
            if open_part:
                self.relations.append((open_part, constant - shown))
        self.of_cell: dict[Cell, list[int]] = {cell: [] for cell in self.bounds}
        for number, (part, _) in enumerate(self.relations):
            for cell, _ in part:
                self.of_cell[cell].append(number)

    def possible(self, cell: Cell, enough: int = 10**9) -> set[int]:
        """Find the values that a hidden cell may have: all of them, or as many as asked for."""
        true = self.knowledge.values[cell]
        found = {true}
        low, high = self.bounds[cell]
        for value in sorted(range(low, high + 1), key=lambda v: (abs(v - true), v)):
            if len(found) >= enough:
                break
            if value != true and self.completes({cell: value}):
                found.add(value)
        return found

    def completes(self, given: Mapping[Cell, int]) -> bool:
        """Say whether some table matches everything published and the values given."""
        domains = dict(self.bounds)
        for cell, value in given.items():
            low, high = domains[cell]
            if not low <= value <= high:
                return False
            domains[cell] = value, value
        self._steps = 0
        return self._complete(domains, list(given))

    def _complete(self, domains: dict[Cell, tuple[int, int]], changed: list[Cell]) -> bool:
        if not self._narrow(domains, changed):
            return False
        self._steps += 1
        if self._steps > PATIENCE:
            raise TimeoutError
        wide = [cell for cell, (low, high) in domains.items() if low < high]
        if not wide:
            return True
        cell = min(wide, key=lambda c: (domains[c][1] - domains[c][0], repr(c)))
        true = self.knowledge.values[cell]
        low, high = domains[cell]
        for value in sorted(range(low, high + 1), key=lambda v: abs(v - true)):
            if self._complete({**domains, cell: (value, value)}, [cell]):
                return True
        return False

    def _narrow(self, domains: dict[Cell, tuple[int, int]], changed: list[Cell]) -> bool:
        """Tighten the bounds by every relation until nothing moves; False if a bound is broken."""
        waiting = {number for cell in changed for number in self.of_cell[cell]}
        while waiting:
            part, constant = self.relations[waiting.pop()]
            least = sum(f * domains[c][0 if f > 0 else 1] for c, f in part)
            most = sum(f * domains[c][1 if f > 0 else 0] for c, f in part)
            if not least <= constant <= most:
                return False
            for cell, factor in part:
                low, high = domains[cell]
                ends = sorted((factor * low, factor * high))
                smallest, largest = constant - (most - ends[1]), constant - (least - ends[0])
                if factor < 0:
                    smallest, largest = largest, smallest
                new = max(low, math.ceil(smallest / factor)), min(high, math.floor(largest / factor))
                if new[0] > new[1]:
                    return False
                if new != (low, high):
                    domains[cell] = new
                    waiting |= set(self.of_cell[cell])
        return True


def unprotected(reader: Reader, level: str) -> list[Cell]:
    """List the small cells that can be narrowed down further than the level allows."""
    return [cell for cell in sorted(reader.knowledge.small, key=repr) if not _protected(reader, cell, level)]


def _protected(reader: Reader, cell: Cell, level: str) -> bool:
    if cell not in reader.bounds:
        return False
    if level == "full":
        return all(reader.completes({cell: value}) for value in range(SMALLEST, LARGEST + 1))
    return len(reader.possible(cell, LEVELS[level])) >= LEVELS[level]


def broken_rows(knowledge: Knowledge, hidden: set[Cell]) -> list[tuple[Cell, list[Cell]]]:
    """Find rows and columns that break items 2 and 4 of §4.4.1.

    Where the sum is hidden as well and nothing but zeros is shown, nothing can be added and nothing calculated.
    """
    secret = hidden | (knowledge.small - knowledge.carried)
    found = []
    for parent, children in knowledge.rows:
        members = [parent, *children]
        values = [knowledge.values[cell] for cell in members if cell in secret]
        if not values or (len(values) >= 2 and sum(values) >= 11 and max(values) > 3):
            continue
        if any(cell in knowledge.never_shown - secret for cell in members):
            continue  # nothing can be calculated
        if parent in secret and not any(cell in knowledge.hideable - hidden for cell in members):
            continue
        found.append((parent, children))
    return found


def some_pattern_protects(knowledge: Knowledge, level: str, reasons: bool) -> bool:
    """Try every set of complementary cells there is."""
    carried_small = knowledge.small & knowledge.carried
    candidates = sorted(knowledge.hideable, key=repr)
    for size in range(len(candidates), -1, -1):
        for complementary in itertools.combinations(candidates, size):
            hidden = carried_small | set(complementary)
            if level != "exact" and broken_rows(knowledge, hidden):
                continue
            if not unprotected(Reader(knowledge, hidden, reasons), level):
                return True
    return False
