"""A second attacker, for tests: reads a published table its own way and tries every whole number.

It shares no code with the package: contracts are plain mappings as in YAML, tables are data frames or CSV files. Small
problems are searched exhaustively by backtracking, large ones by mixed-integer programs (`scipy.optimize.milp`).

    leaks = attack(Release(yaml.safe_load(...), "published.csv"), lower=1, upper=10, need=3)
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

TOTAL = None  # stands for a total that has no label of its own


@dataclass
class Row:
    """``low <= sum(factor * cell) <= high``; None is no bound."""

    terms: dict
    low: Fraction | int | None = 0
    high: Fraction | int | None = 0


@dataclass
class Puzzle:
    """Cells with bounds (None: unbounded above), and rows over them."""

    bounds: dict = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Leak:
    """A hidden count that can be narrowed down."""

    release: str
    measure: str
    coordinate: tuple[tuple[str, str], ...]
    values: tuple[int, ...]


@dataclass
class Release:
    """A contract as YAML gives it, with its published table and reference tables (frames or CSV paths)."""

    contract: dict
    table: pd.DataFrame | str | Path
    references: dict = field(default_factory=dict)


# ---------------------------------------------------------------------------------------------------------- exhaustive


def feasible_values(puzzle: Puzzle, cells=None, up_to: int = 60) -> dict:
    """Find every value of every cell for which all the other cells can be completed, by backtracking.

    Args:
        puzzle: The cells and rows.
        cells: Which cells to answer for; all by default.
        up_to: Values above are not tried (a cell without an upper bound has any number of them).
    """
    found: dict = {cell: set() for cell in (puzzle.bounds if cells is None else cells)}
    for names, rows in _connected(puzzle):
        asked = [cell for cell in names if cell in found]
        if asked:
            _search_component({cell: puzzle.bounds[cell] for cell in names}, rows, asked, found, up_to)
    return found


def _search_component(bounds, rows, asked, found, up_to):
    # no figure needs to be larger than all that is published together
    endless = up_to + sum(abs(bound) for row in rows for bound in (row.low, row.high) if bound is not None)
    endless += sum(low for low, _ in bounds.values())
    domain = {cell: (low, endless if high is None else high) for cell, (low, high) in bounds.items()}
    rows = [(list(row.terms.items()), row.low, row.high) for row in rows]
    rows_of: dict = {cell: [] for cell in domain}
    for number, (terms, *_) in enumerate(rows):
        for cell, _ in terms:
            rows_of[cell].append(number)
    problem = rows, rows_of
    domain = _squeeze(problem, domain, range(len(rows)))
    if domain is None:
        return
    for cell in asked:
        for value in range(domain[cell][0], min(domain[cell][1], up_to) + 1):
            if value in found[cell]:
                continue
            solution = _complete(problem, {**domain, cell: (value, value)}, cell)
            if solution is not None:
                for other in asked:
                    found[other].add(solution[other])


def _complete(problem, domain, last):
    """Give every cell a value, after one of them has been given one; None if that is not possible."""
    domain = _squeeze(problem, domain, problem[1][last])
    if domain is None:
        return None
    open_cells = [cell for cell, (low, high) in domain.items() if low < high]
    if not open_cells:
        return {cell: low for cell, (low, _) in domain.items()}
    cell = min(open_cells, key=lambda c: domain[c][1] - domain[c][0])
    for value in range(domain[cell][0], domain[cell][1] + 1):
        solution = _complete(problem, {**domain, cell: (value, value)}, cell)
        if solution is not None:
            return solution
    return None


def _squeeze(problem, domain, touched):
    """Shrink the domains by every row that was touched until nothing changes; None if one is empty."""
    rows, rows_of = problem
    domain = dict(domain)
    waiting = dict.fromkeys(touched)
    while waiting:
        number, _ = waiting.popitem()
        terms, low, high = rows[number]
        ends = [
            (f * domain[c][0], f * domain[c][1]) if f > 0 else (f * domain[c][1], f * domain[c][0]) for c, f in terms
        ]
        least, most = sum(end[0] for end in ends), sum(end[1] for end in ends)
        for (cell, factor), (here_least, here_most) in zip(terms, ends, strict=True):
            smallest, largest = domain[cell]
            if high is not None:  # factor * value <= high - what the others take at least
                room = high - least + here_least
                if factor > 0:
                    largest = min(largest, room // factor)
                else:
                    smallest = max(smallest, -(room // -factor))
            if low is not None:  # factor * value >= low - what the others take at most
                lack = low - most + here_most
                if factor > 0:
                    smallest = max(smallest, -(-lack // factor))
                else:
                    largest = min(largest, -lack // -factor)
            if smallest > largest:
                return None
            if (smallest, largest) != domain[cell]:
                domain[cell] = (smallest, largest)
                waiting |= dict.fromkeys(rows_of[cell])
    return domain


# --------------------------------------------------------------------------------------------------- integer programs


def possible_by_programs(puzzle: Puzzle, cells, need: int, *, most: int | None = None, seed: int = 0) -> dict:
    """Find up to ``need`` values of each cell with integer programs; fewer means there are no more.

    Args:
        puzzle: The cells and rows.
        cells: Which cells to answer for.
        need: How many values are enough.
        most: Answer exactly for at most so many of the cells that random solutions leave open, chosen at random.
        seed: Seed of the random choices.
    """
    rng = random.Random(seed)
    found: dict = {cell: set() for cell in cells}
    for names, rows in _connected(puzzle):
        asked = [cell for cell in names if cell in found]
        if asked:
            _solve_component(_Component(puzzle, names, rows), asked, found, need, most, rng)
    return found


def _connected(puzzle):
    parent = {cell: cell for cell in puzzle.bounds}

    def root(cell):
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = parent[cell]
        return cell

    for row in puzzle.rows:
        first, *others = row.terms
        for other in others:
            parent[root(other)] = root(first)
    names, rows = defaultdict(list), defaultdict(list)
    for cell in puzzle.bounds:
        names[root(cell)].append(cell)
    for row in puzzle.rows:
        rows[root(next(iter(row.terms)))].append(row)
    return [(names[key], rows[key]) for key in names]


class _Component:
    FAR = 10_000

    def __init__(self, puzzle, names, rows):
        from scipy.sparse import coo_array

        self.names = names
        self.place = {cell: i for i, cell in enumerate(names)}
        self.low = np.array([puzzle.bounds[c][0] for c in names], dtype=float)
        self.high = np.array([np.inf if puzzle.bounds[c][1] is None else puzzle.bounds[c][1] for c in names])
        data = [(i, self.place[c], float(f)) for i, row in enumerate(rows) for c, f in row.terms.items()]
        i, j, v = zip(*data, strict=True) if data else ((), (), ())
        self.matrix = coo_array((v, (i, j)), shape=(len(rows), len(names))).tocsr() if rows else None
        self.row_low = np.array([-np.inf if row.low is None else float(row.low) for row in rows])
        self.row_high = np.array([np.inf if row.high is None else float(row.high) for row in rows])

    def solve(self, cost, fixed=None, cap=None):
        from scipy.optimize import Bounds, LinearConstraint, milp

        low, high = self.low.copy(), self.high.copy()
        if cap is not None:
            high = np.minimum(high, np.maximum(low, cap))
        if fixed is not None:
            low[fixed[0]] = high[fixed[0]] = fixed[1]
        limits = [] if self.matrix is None else [LinearConstraint(self.matrix, self.row_low, self.row_high)]
        result = milp(cost, integrality=np.ones(len(cost)), bounds=Bounds(low, high), constraints=limits)
        return None if result.x is None else np.rint(result.x).astype(int)


def _solve_component(component, asked, found, need, most, rng):
    def note(solution):
        for cell in asked:
            found[cell].add(int(solution[component.place[cell]]))

    size = len(component.names)
    first = component.solve(np.ones(size))
    if first is None:
        return  # contradictory figures: no value is possible
    note(first)
    for _ in range(6):
        waiting = [cell for cell in asked if len(found[cell]) < need]
        if not waiting or size == 1:
            break
        cost = np.zeros(size)
        for cell in waiting:
            cost[component.place[cell]] = rng.choice((-1, 1))
        for sign in (1, -1):
            solution = component.solve(sign * cost, cap=first.max() + component.FAR)
            if solution is not None:
                note(solution)
    for cell in _chosen([cell for cell in asked if len(found[cell]) < need], found, need, most, rng):
        _all_values(component, component.place[cell], cell, found, need, note)


def _chosen(waiting, found, need, most, rng):
    if most is None or len(waiting) <= most:
        return waiting
    chosen = set(rng.sample(range(len(waiting)), most))
    for number, cell in enumerate(waiting):
        if number not in chosen:
            found[cell] |= set(range(-need, 0))  # not examined, so nothing is claimed
    return [waiting[number] for number in sorted(chosen)]


def _all_values(component, place, cell, found, need, note):
    size = len(component.names)
    cost = np.zeros(size)
    cost[place] = 1
    least = component.solve(cost)
    note(least)
    cap = np.full(size, np.inf)
    cap[place] = least[place] + component.FAR
    greatest = component.solve(-cost, cap=cap)
    note(greatest)
    for value in range(int(least[place]), int(greatest[place]) + 1):
        if len(found[cell]) >= need:
            return
        if value not in found[cell]:
            solution = component.solve(np.zeros(size), fixed=(place, value))
            if solution is not None:
                note(solution)


# ------------------------------------------------------------------------------------------------------------- reading


def attack(
    releases: Release | list[Release],
    *,
    lower: int,
    upper: int,
    need: int,
    small_code: str = "1",
    complementary_code: str = "2",
    no_data_code: str = "3",
    known=None,
    most: int | None = None,
    exhaustive: bool = False,
    up_to: int = 60,
) -> list[Leak]:
    """List the hidden counts with fewer than ``need`` possible values.

    Args:
        releases: The published tables, drawn from the same records.
        lower: The smallest count that is hidden as small.
        upper: The largest.
        need: How many values a small count must keep.
        small_code: The annotation code of a small cell.
        complementary_code: The annotation code of a complementary cell.
        no_data_code: The annotation code of a cell without data.
        known: Margins that no table carries but that are public: per release name a frame with the dimensions (empty
            or absent for a total) and measures.
        most: At most so many cells of a connected group are decided exactly; the others only by random solutions.
        exhaustive: Try every value by backtracking instead of integer programs.
        up_to: The largest value that backtracking tries.
    """
    releases = [releases] if isinstance(releases, Release) else list(releases)
    codes = {"small": small_code, "complementary": complementary_code, "no data": no_data_code}
    reading = _Reading(releases, lower, upper, codes, known or {})
    puzzle = reading.puzzle()
    asked = list(dict.fromkeys(cell for cell, *_ in reading.asked))
    inside = [cell for cell in asked if cell in puzzle.bounds]
    if exhaustive:
        values = feasible_values(puzzle, inside, up_to)
    else:
        values = possible_by_programs(puzzle, inside, need, most=most)
    values |= {cell: {reading.value[cell]} for cell in asked if cell in reading.value}
    leaks = []
    for cell, release, measure, coordinate, certain, governor in reading.asked:
        behind = values.get(governor, {upper + 1})
        nothing_found = not behind and not exhaustive  # contradictory figures; backtracking may just have stopped below
        may_be_small = certain or nothing_found or min(behind, default=upper + 1) <= upper
        if may_be_small and len(values[cell]) < need:
            leaks.append(Leak(release, measure, coordinate, tuple(sorted(values[cell]))))
    return leaks


class _Reading:
    """What the published tables say, as cells named by measure and by every dimension that is not at its total."""

    def __init__(self, releases, lower, upper, codes, known):
        self.lower, self.upper, self.codes = lower, upper, codes
        self.value, self.range, self.rows, self.asked = {}, {}, [], []
        self.place: dict = {}
        tables = [(release.contract, *_frame(release)) for release in releases]
        for contract, frame, _ in tables:
            self._shown(contract, frame)
        for contract, _, _ in tables:
            extra = known.get(contract["release"])
            if extra is not None:
                self._public(contract, extra)
        for contract, frame, references in tables:
            self._hidden(contract, frame)
            self._sums(contract, frame, references)
            self._between(contract, frame)
            self._rates(contract, frame, references)

    def puzzle(self):
        """Put what is known on the right side, and keep what is not."""
        bounds, rows = {}, []
        for row in self.rows:
            rest = sum(f * self.value[c] for c, f in row.terms.items() if c in self.value)
            terms = {c: f for c, f in row.terms.items() if c not in self.value}
            if terms:
                low = None if row.low is None else row.low - rest
                rows.append(Row(terms, low, None if row.high is None else row.high - rest))
            for cell in terms:
                bounds[cell] = self.range.get(cell, (0, None))
        for cell, *_ in self.asked:
            if cell not in self.value:
                bounds.setdefault(cell, self.range[cell])
        return Puzzle(bounds, rows)

    # -- cells

    @staticmethod
    def _name(contract, measure, coordinate):
        parts = []
        for dimension, declared in contract["dimensions"].items():
            label = coordinate[dimension]
            if label is not TOTAL and label != declared.get("total"):
                parts.append((dimension, label))
        return measure, tuple(sorted(parts))

    def _rows_of(self, contract, frame):
        for _, record in frame.iterrows():
            yield record, {dimension: record[dimension] for dimension in contract["dimensions"]}

    def _shown(self, contract, frame):
        for record, coordinate in self._rows_of(contract, frame):
            for measure in _counts(contract):
                number = _number(record[measure])
                if number is not None:
                    self.value[self._name(contract, measure, coordinate)] = int(number)

    def _public(self, contract, extra):
        for _, record in extra.iterrows():
            coordinate = {}
            for dimension in contract["dimensions"]:
                label = record.get(dimension)
                coordinate[dimension] = TOTAL if label is None or pd.isna(label) else str(label)
            for measure in _counts(contract):
                if measure in extra.columns and not pd.isna(record[measure]):
                    self.value.setdefault(self._name(contract, measure, coordinate), int(record[measure]))

    def _hidden(self, contract, frame):
        shows = contract.get("suppression", {}).get("show_reason", True)
        pattern = contract.get("suppression", {}).get("annotations", {}).get("code", "{measure}_annotation_code")
        for measure in _counts(contract):
            column = pattern.replace("{measure}", measure)
            codes = frame[column].map(_text) if column in frame else pd.Series("", index=frame.index)
            hidden = frame[measure].map(_number).isna()
            seen = set(codes[hidden])
            told = shows or {self.codes["small"], self.codes["complementary"]} <= seen
            individuals = _governor(contract, measure) == measure
            for (record, coordinate), code in zip(self._rows_of(contract, frame), codes, strict=True):
                if _number(record[measure]) is not None:
                    continue
                cell = self._name(contract, measure, coordinate)
                small = told and code == self.codes["small"]
                complementary = told and code == self.codes["complementary"]
                nothing = code == self.codes["no data"]
                low = self.upper + 1 if complementary else 0 if nothing else self.lower
                high = self.upper if small and individuals else None
                before = self.range.get(cell, (0, None))
                highs = [h for h in (before[1], high) if h is not None]
                self.range[cell] = (max(before[0], low), min(highs) if highs else None)
                if not complementary and not nothing:
                    governor = self._name(contract, _governor(contract, measure), coordinate)
                    labels = tuple(sorted(coordinate.items()))
                    self.asked.append((cell, contract["release"], measure, labels, small, governor))

    # -- rows

    def _sums(self, contract, frame, references):
        names = list(contract["dimensions"])
        trees = {name: _trees(contract["dimensions"][name], references) for name in names}
        carried = {tuple(row) for row in frame[names].itertuples(index=False, name=None)}
        labels = {name: set(frame[name]) for name in names}
        above = {name: _above(contract["dimensions"][name], trees[name], labels[name]) for name in names}
        present = set()
        for coordinate in carried:
            reach = [{label} | above[name][label] for name, label in zip(names, coordinate, strict=True)]
            present |= set(itertools.product(*reach))
        for position, name in enumerate(names):
            if not contract["dimensions"][name].get("additive", True):
                continue
            groups = defaultdict(set)
            for coordinate in present:
                groups[coordinate[:position] + coordinate[position + 1 :]].add(coordinate[position])
            for others, here in groups.items():
                for whole, parts in _splits(contract["dimensions"][name], trees[name], here):
                    for measure in _counts(contract):
                        terms = defaultdict(int)
                        for label, factor in [(whole, 1), *((part, -1) for part in parts)]:
                            full = dict(zip(names, (*others[:position], label, *others[position:]), strict=True))
                            terms[self._name(contract, measure, full)] += factor
                        self._add({c: f for c, f in terms.items() if f}, 0, 0)

    def _between(self, contract, frame):
        for _, coordinate in self._rows_of(contract, frame):
            for identity in contract.get("identities", []):
                terms = {self._name(contract, m, coordinate): f for m, f in _identity(identity).items()}
                self._add(terms, 0, 0)
            for measure in _counts(contract):
                governor = _governor(contract, measure)
                if governor != measure:
                    people = self._name(contract, governor, coordinate)
                    events = self._name(contract, measure, coordinate)
                    nobody = self.value.get(people) == 0
                    self._add({events: 1, people: -1}, 0, 0 if nobody else None)

    def _rates(self, contract, frame, references):
        for name, measure in contract["measures"].items():
            if measure["kind"] not in {"rate", "percent"}:
                continue
            per = measure.get("per") or (100 if measure["kind"] == "percent" else 1)
            texts = [str(text) for text in frame[name] if _number(text) is not None]
            seen = max((len(text.rstrip("%").partition(".")[2]) for text in texts), default=0)
            half = Fraction(1, 2 * 10 ** max(seen, measure.get("decimals") or 0))
            below = measure.get("denominator")
            for record, coordinate in self._rows_of(contract, frame):
                shown = _number(record[name])
                above = self._name(contract, measure["numerator"], coordinate)
                if shown is None or above in self.value:
                    continue
                if below in contract["measures"]:
                    size = self.value.get(self._name(contract, below, coordinate))
                else:
                    size = _size(contract, measure, record, references)
                if size is not None:
                    least, greatest = (shown - half) * size / per, (shown + half) * size / per
                    self._add({above: 1}, math.ceil(least), math.floor(greatest))

    def _add(self, terms, low, high):
        if any(cell not in self.value for cell in terms):
            self.rows.append(Row(terms, low, high))


def _frame(release):
    def load(table):
        frame = table if isinstance(table, pd.DataFrame) else pd.read_csv(table, dtype=str, keep_default_na=False)
        return frame.reset_index(drop=True)

    frame = load(release.table).copy()
    for dimension in release.contract["dimensions"]:
        frame[dimension] = frame[dimension].map(str)
    return frame, {name: load(table) for name, table in release.references.items()}


def _text(value):
    return "" if pd.isna(value) else str(value).strip().removesuffix(".0")


def _number(value):
    text = "" if pd.isna(value) else str(value).strip().replace(",", "").rstrip("%")
    return Fraction(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", text) else None


def _counts(contract):
    return [name for name, measure in contract["measures"].items() if measure["kind"] == "count"]


def _governor(contract, name):
    measure = contract["measures"][name]
    if measure["kind"] == "count" and measure.get("unit", "individuals") == "individuals":
        return name
    return _governor(contract, measure.get("individuals") or measure["numerator"])


def _identity(text):
    left, right = text.split("=")
    terms = defaultdict(int)
    for side, sign in ((left, 1), (right, -1)):
        for mark, name in re.findall(r"([+-]?)\s*([A-Za-z_]\w*)", side):
            terms[name] += -sign if mark == "-" else sign
    return {name: factor for name, factor in terms.items() if factor}


def _size(contract, measure, record, references):
    size = measure.get("denominator") or measure.get("population")
    size = size or contract["measures"][measure["numerator"]].get("population")
    if isinstance(size, int):
        return size
    if isinstance(size, str):
        number = _number(record.get(size, ""))
        return None if number is None else int(number)
    if isinstance(size, dict) and "table" in size:
        keys = [size["key"]] if isinstance(size["key"], str) else size["key"]
        table = references[size["table"]]
        fits = np.logical_and.reduce([table[key].map(str) == record[key] for key in keys])
        return int(table[size["value"]][fits].iloc[0]) if fits.any() else None
    return None


def _trees(declared, references):
    """Give each grouping as child to parent."""
    given = declared.get("hierarchy") or []
    found = []
    for one in [given] if isinstance(given, dict) else given:
        pairs = {}
        if "tree" in one:
            stack = list(one["tree"].items())
            while stack:
                parent, below = stack.pop()
                pairs |= {str(child): str(parent) for child in below}
                stack += below.items() if isinstance(below, dict) else []
        else:
            table = references[one["table"]].dropna(subset=[one["parent"]])
            pairs = {str(c): str(p) for c, p in zip(table[one["child"]], table[one["parent"]], strict=True)}
        found.append(pairs)
    return found


def _above(declared, trees, labels):
    """List for each label in the table everything it is part of."""
    found = {}
    for label in labels:
        over, waiting = set(), [label]
        while waiting:
            one = waiting.pop()
            for tree in trees:
                if one in tree and tree[one] not in over:
                    over.add(tree[one])
                    waiting.append(tree[one])
        if declared.get("additive", True):
            over.add(declared.get("total"))
        found[label] = over - {label}
    return found


def _splits(declared, trees, here):
    """Say which labels, of those that are there, consist of which others: always the finest that are there."""
    total = declared.get("total")
    covered = {}  # by any grouping, what a label consists of at the finest
    inside = defaultdict(set)
    for tree in trees:
        for child, parent in tree.items():
            if child in here:
                inside[parent].add(child)

    def finest(label):
        if label not in covered:
            covered[label] = set().union(*(finest(child) for child in inside[label])) if inside[label] else {label}
        return covered[label]

    parents = {parent for tree in trees for parent in tree.values()}
    stated = {total} & parents
    for tree in trees:
        for parent in sorted(set(tree.values()), key=str):
            parts = set().union(*(finest(c) for c, p in tree.items() if p == parent and c in here), set())
            if parent in here and parts:
                yield parent, parts
    if total in here and not stated:
        everything = set().union(*(finest(label) for label in here if label != total), set())
        if everything:
            yield total, everything
