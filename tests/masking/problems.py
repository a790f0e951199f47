"""Random small tables with everything that makes suppression hard, and how to mask them."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace

import pandas as pd
from hypothesis import strategies as st

from ddg_pipeline.contract import BoundTable, bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.masking import MaskedTable

from .oracle import Axis, Cell, Knowledge, Table, name_of


@dataclass
class Problem:
    """A group of tables with the level of protection asked for."""

    tables: list[Table]
    level: str
    show_reason: bool | None

    def bound(self) -> list[BoundTable]:
        return [bind(parse_contract(contract_of(t, self), t.name), frame_of(t), place=t.name) for t in self.tables]

    def __repr__(self) -> str:
        lines = [f"level {self.level}, show_reason {self.show_reason}"]
        for table in self.tables:
            lines.append(f"{table.name}: {table.measures} {table.identities}")
            lines += [f"  {axis!r}" for axis in table.axes]
            lines += [f"  {coordinate}: {row}" for coordinate, row in table.rows.items()]
        return "\n".join(lines)


def contract_of(table: Table, problem: Problem) -> dict[str, object]:
    dimensions: dict[str, object] = {}
    for axis in table.axes:
        declared: dict[str, object] = {"variable": "other", "groups": 3, "additive": axis.additive}
        if axis.parents:
            declared["hierarchy"] = [{"tree": _tree(up)} for up in axis.parents]
        if axis.total is not None:
            declared["total"] = axis.total
        dimensions[axis.name] = declared
    suppression: dict[str, object] = {"level": problem.level}
    if problem.show_reason is not None:
        suppression["show_reason"] = problem.show_reason
    return {
        "release": table.name,
        "title": table.name,
        "dimensions": dimensions,
        "measures": {measure: {"kind": "count"} for measure in table.measures},
        "identities": [_identity(terms) for terms in table.identities],
        "links": [other.name for other in problem.tables if other is not table],
        "suppression": suppression,
    }


def _tree(up: dict[str, str]) -> dict[str, object]:
    below: dict[str, list[str]] = {}
    for child, parent in up.items():
        below.setdefault(parent, []).append(child)

    def grow(label: str) -> object:
        children = below[label]
        if not any(child in below for child in children):
            return list(children)
        return {child: grow(child) if child in below else [f"{child} (part)"] for child in children}

    return {root: grow(root) for root in below if root not in up}


def _identity(terms: dict[str, int]) -> str:
    left = " + ".join(name for name, factor in terms.items() for _ in range(factor))
    right = " + ".join(name for name, factor in terms.items() for _ in range(-factor))
    return f"{left} = {right}"


def frame_of(table: Table) -> pd.DataFrame:
    records = [
        {axis.name: label for axis, label in zip(table.axes, coordinate, strict=True)} | row
        for coordinate, row in table.rows.items()
    ]
    return pd.DataFrame(records, columns=[*(axis.name for axis in table.axes), *table.measures])


def hidden_cells(problem: Problem, masked: list[MaskedTable]) -> tuple[set[Cell], dict[Cell, set[str]]]:
    """Read back which cells are hidden, and every code that a cell carries."""
    hidden: set[Cell] = set()
    codes: dict[Cell, set[str]] = {}
    for table, result in zip(problem.tables, masked, strict=True):
        names = [axis.name for axis in table.axes]
        for record in result.frame.to_dict("records"):
            coordinate = tuple(record[name] for name in names)
            for measure in table.measures:
                cell = name_of(measure, table.axes, coordinate)
                code = record[f"{measure}_annotation_code"]
                codes.setdefault(cell, set()).add(code)
                if record[measure] == "":
                    hidden.add(cell)
                else:
                    assert int(record[measure]) == table.rows[coordinate][measure]
    return hidden, codes


def at(knowledge: Knowledge, cells: set[Cell]) -> dict[Cell, int]:
    return {cell: knowledge.values[cell] for cell in cells}


# --- random tables ---------------------------------------------------------------------------------------------------


def _grouping(source: random.Random, labels: list[str], prefix: str) -> dict[str, str]:
    """Group labels at random: some may stay outside, groups may be grouped again, one group may cover everything."""
    count = source.choice([1, 2, 2, 3])
    up = {label: f"{prefix}{source.randrange(count)}" for label in labels if source.random() < 0.85}
    groups = sorted(set(up.values()))
    if len(groups) > 1 and source.random() < 0.3:
        up |= {group: f"{prefix}top" for group in groups if source.random() < 0.8}
    return up


def _axis(source: random.Random, name: str, size: int, plain: bool) -> Axis:
    labels = [f"{name}{number}" for number in range(size)]
    additive = source.random() > 0.12
    parents = []
    if additive and not plain:
        for number in range(source.choice([0, 0, 1, 1, 2])):
            parents.append(_grouping(source, labels, f"{name}g{number}"))
    parents = [up for up in parents if up]
    total = f"{name} total" if additive and source.random() < 0.7 else None
    return Axis(name, labels, parents, total, additive)


def _value(source: random.Random, zeros: float, small: float) -> int:
    draw = source.random()
    if draw < zeros:
        return 0
    if draw < zeros + small:
        return source.choice([1, 1, 2, 3, 4, 5, 7, 9, 10])
    return source.choice([11, 12, 13, 15, 18, 22, 30])


_SHAPES = [(3,), (5,), (8,), (2, 2), (3, 2), (3, 3), (4, 3), (5, 2), (2, 2, 2), (3, 2, 2), (3, 3, 2), (2, 2, 2, 2)]


def random_problem(source: random.Random) -> Problem:
    """Draw one table, or two that share records."""
    kind = source.choice(
        ["plain", "plain", "hierarchies", "hierarchies", "ragged", "gaps", "identity", "linked", "linked"]
    )
    level = source.choice(["exact", "ddg", "ddg", "ddg", "full"])
    show = source.choice([True, False, None])
    zeros, small = source.choice([(0.1, 0.3), (0.3, 0.4), (0.5, 0.3), (0.2, 0.7)])
    if kind == "linked":
        tables = _linked(source, zeros, small)
    else:
        shape = source.choice(_SHAPES if kind != "identity" else _SHAPES[:8])
        axes = [_axis(source, "abcd"[n], size, kind == "plain") for n, size in enumerate(shape)]
        measures, identities = _joined_measures(source) if kind == "identity" else (["n"], [])
        atoms = {}
        for coordinate in itertools.product(*(axis.labels for axis in axes)):
            if kind == "ragged" and source.random() < 0.2:
                continue
            atoms[coordinate] = _row(source, measures, identities, zeros, small)
        if not atoms:
            atoms[tuple(axis.labels[0] for axis in axes)] = _row(source, measures, identities, zeros, small)
        keep = source.choice([1.0, 1.0, 0.8])
        tables = [_tabulate(source, "t0", axes, atoms, measures, identities, keep, gaps=kind == "gaps")]
    return Problem(tables, level, show)


def _joined_measures(source: random.Random) -> tuple[list[str], list[dict[str, int]]]:
    return source.choice(
        [
            (["n", "m", "k"], [{"n": 1, "m": 1, "k": -1}]),
            (["n", "m", "k", "j"], [{"n": 1, "m": 1, "k": -1, "j": -1}]),
            (["n", "m"], [{"n": 2, "m": -1}]),
        ]
    )


def _row(
    source: random.Random, measures: list[str], identities: list[dict[str, int]], zeros: float, small: float
) -> dict[str, int]:
    row = {measure: _value(source, zeros, small) for measure in measures}
    for terms in identities:
        if len(terms) == 2:
            row["m"] = 2 * row["n"]
        elif len(terms) == 3:
            row["k"] = row["n"] + row["m"]
        else:
            row["j"] = source.randint(0, min(row["n"], row["m"]))
            row["k"] = row["n"] + row["m"] - row["j"]
    return row


def _tabulate(
    source: random.Random,
    name: str,
    axes: list[Axis],
    atoms: dict[tuple[str, ...], dict[str, int]],
    measures: list[str],
    identities: list[dict[str, int]],
    keep: float,
    gaps: bool = False,
) -> Table:
    """Add margins to the innermost rows: each kind carried or not, and of the carried ones perhaps not every row."""
    choices = []
    for axis in axes:
        groups = [g for g in sorted(axis.groups) if source.random() < 0.75]
        choices.append([*axis.labels, *groups, *([axis.total] if axis.total is not None else [])])
    rows: dict[tuple[str, ...], dict[str, int]] = {}
    for coordinate in itertools.product(*choices):
        below = [
            axis.leaves if label == axis.total else axis.under(label)
            for axis, label in zip(axes, coordinate, strict=True)
        ]
        parts = [atoms[c] for c in itertools.product(*(sorted(b) for b in below)) if c in atoms]
        if not parts or (coordinate not in atoms and source.random() > keep):
            continue
        rows[coordinate] = {m: sum(part[m] for part in parts) for m in measures}
    if gaps:
        for coordinate in [c for c in rows if c in atoms]:
            if source.random() < 0.2 and len(rows) > 1:
                del rows[coordinate]
    return _retitled(Table(name, axes, rows, measures, identities))


def _retitled(table: Table) -> Table:
    """Let each dimension list the labels that rows still have, in order of appearance."""
    axes = []
    for number, axis in enumerate(table.axes):
        labels = list(dict.fromkeys(coordinate[number] for coordinate in table.rows))
        total = axis.total if axis.total in labels else None
        axes.append(Axis(axis.name, labels, axis.parents, total, axis.additive))
    return replace(table, axes=axes)


def _linked(source: random.Random, zeros: float, small: float) -> list[Table]:
    """Draw records over up to four dimensions, and tabulate them by overlapping sets of these."""
    sizes = source.choice([(3, 2, 2), (3, 3, 2), (2, 2, 2, 2), (4, 2, 2), (3, 2, 1)])
    measures, identities = _joined_measures(source) if source.random() < 0.2 else (["n"], [])
    axes = [_axis(source, "abcd"[n], size, source.random() < 0.6) for n, size in enumerate(sizes)]
    everything = {
        c: _row(source, measures, identities, zeros, small) for c in itertools.product(*(axis.labels for axis in axes))
    }
    sets = source.choice(
        [[(0, 1), (0, 2)], [(0, 1), (1, 2)], [(0, 1, 2), (0, 1)], [(0, 1), (0, 2), (1, 2)]]
        if len(sizes) == 3
        else [[(0, 1, 2), (0, 1, 3)], [(0, 1), (0, 2), (0, 3)], [(0, 1, 2), (2, 3)], [(0, 1, 2), (0, 1, 3), (0, 2, 3)]]
    )
    # records can be added up over additive dimensions only
    axes = [
        axis if all(n in chosen for chosen in sets) else replace(axis, additive=True) for n, axis in enumerate(axes)
    ]
    tables = []
    for number, chosen in enumerate(sets):
        atoms: dict[tuple[str, ...], dict[str, int]] = {}
        for coordinate, row in everything.items():
            into = atoms.setdefault(tuple(coordinate[n] for n in chosen), dict.fromkeys(measures, 0))
            for measure, count in row.items():
                into[measure] += count
        # a table may leave a grouping of the other out
        own = [axes[n] if source.random() < 0.7 else replace(axes[n], parents=[]) for n in chosen]
        keep = source.choice([1.0, 1.0, 0.8])
        tables.append(_tabulate(source, f"t{number}", own, atoms, measures, identities, keep))
    return tables


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem; a failing one shrinks and is printed whole."""
    return random_problem(draw(st.randoms(use_true_random=False)))
