"""Check a proof of protection: whole-number arithmetic only, with no search and no code of the masker's (DDG 2.0 §4.4).

The holder of the true tables gives them with what is published and the proof: moves, which are changes of hidden cells
that keep every sum. A move added to the true tables, once or several times over, gives tables that nobody outside can
tell from them. If the moves leave every small cell as many values as the level asks for, it is protected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Integers
from ddg_pipeline.audit.report import Cell
from ddg_pipeline.audit.verify_cells import Cells, Limits, gather_cells
from ddg_pipeline.audit.verify_proof import assumed_counts, check_columns, check_moves, possible_values, read_lines
from ddg_pipeline.audit.verify_public import PublishedRows, Told, read_published
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook

Progress = Callable[[str, int, int], None]
_RowFaults = tuple["Rule", BoundTable, str, Integers]  # what is wrong in which rows of a measure

_LISTED = 20  # cells that are named of each kind of fault
_HALF = 0.5


class Rule(StrEnum):
    """What a proof, or the table that it is about, must hold to."""

    TRUE = "true"
    HIDDEN = "hidden"
    TIED = "tied"
    EXPLAINED = "explained"
    RELEASED = "released"
    CELL = "cell"
    LINES = "lines"
    BALANCE = "balance"
    KNOWN = "known"
    BOUNDS = "bounds"
    VALUES = "values"


_BROKEN = {
    Rule.TRUE: "a published figure is not the true one",
    Rule.HIDDEN: "a small count is shown (§4.4.1 item 1)",
    Rule.TIED: "a figure derived from a hidden count is shown (§4.4.1 item 3)",
    Rule.EXPLAINED: "the code beside a figure does not fit it",
    Rule.RELEASED: "a figure is hidden although the table may be released as it is",
    Rule.CELL: "the proof names a cell that there is not",
    Rule.LINES: "lines of the proof contradict each other or lack others",
    Rule.BALANCE: "a move changes a sum, so that readers would see it; named by the sum",
    Rule.KNOWN: "a move changes a count that readers know",
    Rule.BOUNDS: "a move takes a count beyond what readers know of it",
    Rule.VALUES: "the proof leaves a small count fewer values than the level asks for",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. No figure is named.

    Attributes:
        rule: What is broken.
        cell: The cell, or None where a line of the proof names none.
        line: The line of the proof, counted from 1, where the fault is in one.
    """

    rule: Rule
    cell: Cell | None
    line: int | None = None

    def to_json_dict(self) -> dict[str, Any]:
        """Give plain values."""
        where: dict[str, Any] = {}
        if self.cell is not None:
            where = {"table": self.cell.table, "measure": self.cell.measure, "cell": dict(self.cell.coordinate)}
        if self.line is not None:
            where["line"] = self.line
        return {"rule": self.rule.value, "broken": _BROKEN[self.rule], **where}

    @property
    def where(self) -> str:
        """Name the cell, or the line of the proof."""
        return str(self.cell) if self.cell is not None else f"line {self.line} of the proof"

    def __str__(self) -> str:
        return f"{_BROKEN[self.rule]}: {self.where}"


def broken(rule: Rule) -> str:
    """Say what is wrong where a rule is broken."""
    return _BROKEN[rule]


@dataclass(frozen=True)
class Verification:
    """What the check of a proof found.

    Attributes:
        releases: The tables, by release.
        level: The level of protection that was asked for; None where the tables may be released as they are.
        faults: What is wrong; of each kind the first few.
        counted: How many faults there are of each kind.
        moves: How many moves the proof has.
        cells: How many cells were checked, margins that no table carries among them.
        hidden: How many of them are hidden in a table.
        protected: How many had to be proved protected.
    """

    releases: tuple[str, ...]
    level: str | None
    faults: tuple[Fault, ...]
    counted: dict[Rule, int]
    moves: int
    cells: int
    hidden: int
    protected: int

    @property
    def proved(self) -> bool:
        """Whether nothing is wrong: every small count is hidden and proved to be protected."""
        return not self.counted

    def summary(self) -> str:
        """Say in a sentence what was found."""
        if self.counted:
            return f"not proved: {sum(self.counted.values()):,} faults"
        if self.level is None:
            return "released as it is: every figure is shown, and is the true one"
        return f"proved: every one of {self.protected:,} small counts is protected at level {self.level}"

    def to_json_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "proved": self.proved,
            "summary": self.summary(),
            "releases": list(self.releases),
            "level": self.level,
            "moves": self.moves,
            "cells": self.cells,
            "hidden_cells": self.hidden,
            "small_counts_to_protect": self.protected,
            "faults": [fault.to_json_dict() for fault in self.faults],
            "faults_by_rule": {rule.value: number for rule, number in self.counted.items()},
        }


def verify(
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    proof: pd.DataFrame,
    progress: Progress | None = None,
) -> Verification:
    """Check that a proof shows every small count of a group of published tables to be protected.

    Args:
        tables: The true tables of one group of links. Restricted.
        published: The same tables as published, in the same order.
        rulebook: The edition that governs them.
        proof: The proof; see `verify_proof`.
        progress: Called with the stage, what is done and what there is to do.

    Returns:
        What is wrong, by cell and rule; nothing if the protection is proved.

    Raises:
        InputErrors: A table is not what its contract says, contradicts itself, or is published in another form.
    """
    _check_form(tables)
    check_columns(proof, "proof")
    say = progress or (lambda _stage, _done, _of: None)
    say("reading what is published", 0, 0)
    rows = [read_published(table, frame, rulebook) for table, frame in zip(tables, published, strict=True)]
    numerator = rulebook.thresholds.numerator
    limits = Limits(numerator.lower, numerator.upper)
    found = _Faults()
    for table, read in zip(tables, rows, strict=True):
        found.extend(_published_faults(table, read, limits))
    say("gathering cells", 0, 0)
    cells = gather_cells(tables, rows, limits, partial(assumed_counts, proof))
    say("reading the proof", 0, 0)
    lines = read_lines(proof, cells)
    found.add(
        Rule.CELL, [Fault(Rule.CELL, None, int(line) + 1) for line in lines.nowhere[:_LISTED]], len(lines.nowhere)
    )
    odd = lines.misnumbered
    found.add(Rule.LINES, [Fault(Rule.LINES, None, int(line) + 1) for line in odd[:_LISTED]], len(odd))
    found.cells(Rule.LINES, np.union1d(lines.unequal, lines.still), cells)
    wrong = check_moves(lines.moves, cells, lambda done, of: say("checking moves", done, of))
    found.cells(Rule.BALANCE, wrong.unbalanced, cells)
    found.cells(Rule.KNOWN, wrong.known, cells)
    found.cells(Rule.BOUNDS, np.union1d(wrong.beyond, _beyond_already(cells)), cells)
    level = max((table.contract.suppression.level for table in tables), key=_strength(rulebook))
    enough = rulebook.masking.levels[level].possible_values
    every = range(limits.lower, limits.upper + 1) if enough >= limits.upper - limits.lower + 1 else ()
    needed = possible_values(lines.moves, cells, every, enough)
    found.cells(Rule.VALUES, np.flatnonzero(cells.to_protect)[needed > 0], cells)
    return Verification(
        tuple(table.contract.release for table in tables),
        level,
        tuple(found.listed),
        dict(found.counted),
        len(lines.moves),
        len(cells),
        int(np.count_nonzero(cells.hidden)),
        int(np.count_nonzero(cells.to_protect)),
    )


def verify_unmasked(
    tables: Sequence[BoundTable], published: Sequence[pd.DataFrame], rulebook: Rulebook
) -> Verification:
    """Check that tables which may be released as they are show all their figures, and the true ones; see `verify`."""
    _check_form(tables)
    found = _Faults()
    for table, frame in zip(tables, published, strict=True):
        read = read_published(table, frame, rulebook)
        found.extend(_false_figures(table, read))
        for name in table.contract.counts:
            gap = np.asarray(table.missing.get(name, np.zeros(len(table.frame), dtype=np.bool_)))
            hidden = _where((read.told[name] != Told.SHOWN) & ~gap)
            found.extend([(Rule.RELEASED, table, name, hidden)])
    cells = sum(len(table.frame) * len(table.contract.counts) for table in tables)
    releases = tuple(table.contract.release for table in tables)
    return Verification(releases, None, tuple(found.listed), dict(found.counted), 0, cells, 0, 0)


def _strength(rulebook: Rulebook) -> Callable[[str], int]:
    levels: Any = rulebook.masking.levels
    return lambda name: int(levels[name].possible_values)


def _check_form(tables: Sequence[BoundTable]) -> None:
    other = [table for table in tables if table.contract.suppression.form != "cells"]
    if other:
        raise InputErrors(
            [
                InputError(
                    table.place,
                    "suppression.form",
                    f"{table.contract.suppression.form}, which hides no cell",
                    "nothing: no cell is suppressed, so there is no proof; `ddg audit` attacks such a table",
                )
                for table in other
            ]
        )


class _Faults:
    """Faults as they are found: all counted, the first few of each kind listed."""

    def __init__(self) -> None:
        self.listed: list[Fault] = []
        self.counted: Counter[Rule] = Counter()

    def add(self, rule: Rule, some: Iterable[Fault], number: int) -> None:
        if number:
            self.listed += some
            self.counted[rule] += number

    def cells(self, rule: Rule, wrong: Integers, cells: Cells) -> None:
        self.add(rule, [Fault(rule, cells.name(int(cell))) for cell in wrong[:_LISTED]], len(wrong))

    def extend(self, faults: Iterable[_RowFaults]) -> None:
        for rule, table, measure, rows in faults:
            self.add(rule, [Fault(rule, _row_name(table, measure, int(row))) for row in rows[:_LISTED]], len(rows))


def _row_name(table: BoundTable, measure: str, row: int) -> Cell:
    coordinate = {name: str(table.frame[name].iloc[row]) for name in table.axes}
    return Cell(table.contract.release, measure, coordinate)


def _beyond_already(cells: Cells) -> Integers:
    """List the hidden cells whose true count is not what their code says."""
    beyond: Integers = np.flatnonzero(~cells.fixed & ((cells.value < cells.least) | (cells.value > cells.most))).astype(
        np.int64
    )
    return beyond


def _published_faults(table: BoundTable, read: PublishedRows, limits: Limits) -> Iterator[_RowFaults]:
    """Compare what is shown of a table with the truth: rule, table, measure and rows."""
    contract = table.contract
    hidden = {}
    for name in contract.counts:
        value = table.frame[name].to_numpy(dtype=np.int64)
        told, shown = read.told[name], read.told[name] == Told.SHOWN
        gap = np.asarray(table.missing.get(name, np.zeros(len(value), dtype=np.bool_)))
        small = (value >= limits.lower) & (value <= limits.upper) & ~gap
        hidden[name] = ~shown & ~gap
        yield Rule.HIDDEN, table, name, _where(shown & small)
        said_small = (told == Told.SMALL) & ~small
        said_large = (told == Told.COMPLEMENTARY) & (value <= limits.upper)
        said_nothing = (told == Told.UNEXPLAINED) | ((told == Told.NO_DATA) != gap)
        yield Rule.EXPLAINED, table, name, _where(~shown & (said_small | said_large | said_nothing))
    for name in contract.measures:
        shown = read.told[name] == Told.SHOWN
        if name not in contract.counts:
            secret = np.any([hidden[count] for count in _tied(table, name)], axis=0)
            yield Rule.TIED, table, name, _where(shown & secret)
    yield from _false_figures(table, read)


def _false_figures(table: BoundTable, read: PublishedRows) -> Iterator[_RowFaults]:
    for name, measure in table.contract.measures.items():
        shown = read.told[name] == Told.SHOWN
        yield Rule.TRUE, table, name, _where(shown & ~_agrees(table, name, measure, read.figures[name]))


def _where(rows: Any) -> Integers:
    found: Integers = np.flatnonzero(rows).astype(np.int64)
    return found


def _tied(table: BoundTable, name: str) -> list[str]:
    """Name the counts of individuals behind a figure: its own, and those behind what it is calculated from."""
    contract = table.contract
    measure = contract.measures[name]
    behind = [other for other in (measure.individuals, measure.numerator, measure.denominator) if other is not None]
    return sorted({contract.governor(other) for other in (name, *behind) if other in contract.measures})


def _agrees(table: BoundTable, name: str, measure: Measure, shown: Any) -> Any:
    """Compare published figures with the true ones, which may have more decimals than are published."""
    true = pd.to_numeric(table.frame[name].astype("object"), errors="coerce").to_numpy(dtype=np.float64)
    if name in table.missing:
        true = np.where(table.missing[name], np.nan, true)
    if measure.kind is MeasureKind.COUNT:
        return shown == true
    exact = measure.decimals is None
    tolerance = 0.0 if exact else (_HALF + 1e-6) * 10.0 ** -(measure.decimals or 0)
    return np.abs(shown - true) <= tolerance + np.abs(true) * 1e-12
