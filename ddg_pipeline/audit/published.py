"""A published table as a reader finds it, together with what else is public about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from ddg_pipeline.audit.cells import Column, distinct_values, read_column
from ddg_pipeline.audit.lattice import Axis, Integers, Lattice, build_lattice, label_of, read_axis
from ddg_pipeline.audit.rules import AuditRules
from ddg_pipeline.contract import Hierarchy, ReleaseContract
from ddg_pipeline.contract.hierarchy import hierarchy_from_table, hierarchy_from_tree
from ddg_pipeline.errors import InputError, InputErrors

_LISTED = 5


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """One table of an audit.

    Attributes:
        contract: What the table says it is.
        frame: The table as published: one row a coordinate, text or numbers, hidden cells empty or marked.
        references: The reference tables that the contract names.
        known: Figures that are public although this table does not show them: the dimensions' columns, in which a
            total may be written as its label or left empty, and any of the measures. Margins that the table does not
            carry belong here (`implied_margins` computes them). None: not at hand, so the audit reports what would
            follow from them, whatever they are.
        residuals: Where a published margin is known to differ from its parts: as `broken_margins` gives it.
        truth: The table before masking, where the caller has it. It only helps to decide faster and to tell which
            unexplained cells are small; what is reported as safe is checked all the same.
        unexplained: What an empty cell without a reason means: ``any`` hidden count, or ``small`` where the publisher
            hides nothing else.
        name: What errors and findings call the table; by default the release's name.
    """

    contract: ReleaseContract
    frame: pd.DataFrame
    references: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    known: pd.DataFrame | None = None
    residuals: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None
    unexplained: Literal["any", "small"] = "any"
    name: str = ""

    @property
    def place(self) -> str:
        """What errors and findings call the table."""
        return self.name or self.contract.release


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A published table, read.

    Attributes:
        published: The table as given.
        rules: The rules it is judged by.
        lattice: Its cells and sums.
        columns: Its measures.
        notes: What a reader of the report should know about the reading.
    """

    published: PublishedTable
    rules: AuditRules
    lattice: Lattice
    columns: Mapping[str, Column]
    notes: tuple[str, ...]

    @property
    def contract(self) -> ReleaseContract:
        """The contract of the table."""
        return self.published.contract

    def cells_of(self, frame: pd.DataFrame, what: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Find the cell that each row of another frame is about; -1 where this table has no such cell.

        Raises:
            InputErrors: A category that the table does not know.
        """
        labels = np.empty((len(frame), len(self.lattice.axes)), dtype=np.int64)
        errors: list[str] = []
        for number, axis in enumerate(self.lattice.axes):
            if axis.name not in frame.columns:
                labels[:, number] = -1 if axis.total is None else axis.total
                errors += ["None"] * (axis.total is None)
                continue
            which, values = distinct_values(frame[axis.name])
            found = [axis.position.get(label_of(value)) for value in values]
            errors += [str(value) for value, at in zip(values, found, strict=True) if at is None]
            labels[:, number] = np.array([-1 if at is None else at for at in found], dtype=np.int64)[which]
        if errors and len(frame):
            listed = ", ".join(dict.fromkeys(errors[:_LISTED]))
            raise InputErrors([InputError(self.published.place, what, f"unknown categories {listed}", "the table's")])
        return self.lattice.find(labels)


def read_table(published: PublishedTable, rules: AuditRules, measures: Sequence[str] | None = None) -> ReadTable:
    """Read a published table.

    Args:
        published: The table.
        rules: The rules it is judged by.
        measures: The measures to read; by default all of the contract.

    Raises:
        InputErrors: A column of the contract is missing, a coordinate stands there twice or has no category, or a cell
            cannot be read.
    """
    contract, frame, place = published.contract, published.frame, published.place
    read = list(contract.measures) if measures is None else list(measures)
    _check_columns(contract, frame, read, place)
    labels = {name: _read_labels(frame[name]) for name in contract.dimensions}
    _check_labels(labels, place)
    axes, positions = [], np.empty((len(frame), len(labels)), dtype=np.int64)
    for number, (name, (which, given)) in enumerate(labels.items()):
        carried = [label for label in dict.fromkeys(given) if label is not None]
        axes.append(read_axis(name, contract.dimensions[name], carried, _hierarchies(published, name)))
        positions[:, number] = np.array([axes[-1].position[label] for label in given], dtype=np.int64)[which]
    lattice = build_lattice(axes, positions, place)
    if int((lattice.row >= 0).sum()) < len(frame):
        raise _repeated(axes, positions, place)
    columns = {}
    for name in read:
        code = contract.suppression.annotations.code.format(measure=name)
        columns[name] = read_column(name, frame[name], frame[code] if code in frame.columns else None, rules, place)
    return ReadTable(published, rules, lattice, columns, _notes(contract, frame))


def _read_labels(values: pd.Series[Any]) -> tuple[Integers, list[str | None]]:
    """Give per row the position of its category in a list of all, in order of appearance."""
    which, found = distinct_values(values)
    return which, [label_of(value) for value in found]


def _check_columns(contract: ReleaseContract, frame: pd.DataFrame, measures: Sequence[str], place: str) -> None:
    missing = [name for name in (*contract.dimensions, *measures) if name not in frame.columns]
    if missing:
        have = ", ".join(map(str, frame.columns))
        raise InputErrors([InputError(place, "columns", f"no {', '.join(missing)}", f"the table has {have}")])
    if frame.empty:
        raise InputErrors([InputError(place, "rows", "none", "a table with at least one row")])
    if not frame.columns.is_unique:
        raise InputErrors([InputError(place, "columns", "one name twice", "give every column its own name")])


def _check_labels(labels: Mapping[str, tuple[Integers, list[str | None]]], place: str) -> None:
    errors = []
    for name, (which, given) in labels.items():
        nothing = np.array([label is None for label in given], dtype=np.bool_)
        blank = [str(row + 1) for row in np.flatnonzero(nothing[which])[:_LISTED]]
        if blank:
            listed = ", ".join(blank)
            errors.append(InputError(place, name, f"no category in row {listed}", "write one, such as Unknown"))
    if errors:
        raise InputErrors(errors)


def _repeated(axes: Sequence[Axis], positions: np.ndarray[Any, np.dtype[np.int64]], place: str) -> InputErrors:
    """Say which coordinates stand there twice."""
    twice = positions[pd.DataFrame(positions).duplicated().to_numpy()][:_LISTED]
    listed = "; ".join(
        ", ".join(f"{axis.name}={axis.labels[at]}" for axis, at in zip(axes, row, strict=True)) for row in twice
    )
    return InputErrors(
        [InputError(place, "rows", f"the same coordinate twice: {listed}", "one row for every combination")]
    )


def _hierarchies(published: PublishedTable, name: str) -> list[Hierarchy]:
    found = []
    for number, reference in enumerate(published.contract.dimensions[name].hierarchy):
        where = f"dimensions.{name}.hierarchy[{number}]"
        if reference.tree is not None:
            found.append(hierarchy_from_tree(reference.tree, published.place, where))
            continue
        table = published.references.get(str(reference.table))
        if table is None:
            raise InputErrors(
                [InputError(published.place, where, f"no reference table {reference.table}", "give it to the audit")]
            )
        found.append(hierarchy_from_table(table, reference, published.place, where))
    return found


def _notes(contract: ReleaseContract, frame: pd.DataFrame) -> tuple[str, ...]:
    names = contract.suppression.annotations
    expected = {*contract.dimensions, *contract.measures, *contract.published_measures, *contract.population_columns}
    for measure in contract.published_measures:
        expected |= {names.code.format(measure=measure), names.description.format(measure=measure)}
    ignored = [str(column) for column in frame.columns if column not in expected]
    absent = [column for column in contract.population_columns if column not in frame.columns]
    notes = []
    if ignored:
        notes.append(f"Columns that the contract does not declare were not examined: {', '.join(ignored)}.")
    if absent:
        notes.append(f"Population columns that the table does not carry: {', '.join(absent)}.")
    return tuple(notes)
