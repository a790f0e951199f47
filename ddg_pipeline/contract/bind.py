"""Join a contract with a table and its reference tables, and check everything that both must agree on.

What leaves here is safe to compute with: every dimension a text column without gaps, every count of individuals or
events a whole number of 0 or more, every row's coordinate unique, every category known to its hierarchy's shape.
Errors name rows by their coordinate, never by a figure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.contract.hierarchy import Hierarchy, hierarchy_from_table, hierarchy_from_tree
from ddg_pipeline.contract.model import Dimension, MeasureKind, ReleaseContract, TableReference
from ddg_pipeline.errors import InputError, InputErrors

_LISTED = 5  # how many rows or labels an error lists before it says how many more there are


@dataclass(frozen=True)
class Axis:
    """One dimension as the table carries it.

    Attributes:
        name: The column.
        declared: The contract's declaration.
        labels: Every label in the table, in order of appearance; margins and broader groups included.
        hierarchies: The declared groupings.
    """

    name: str
    declared: Dimension
    labels: tuple[str, ...]
    hierarchies: tuple[Hierarchy, ...]

    @property
    def total(self) -> str | None:
        """The label of the margin, where the table carries it."""
        return self.declared.total

    @property
    def additive(self) -> bool:
        """Whether categories sum to broader ones and to the total."""
        return self.declared.additive

    @cached_property
    def groups(self) -> frozenset[str]:
        """Labels, carried or not, that stand for several others: parents in a hierarchy, and the total."""
        parents = {parent for hierarchy in self.hierarchies for parent in hierarchy.parents}
        return frozenset(parents | ({self.total} if self.total is not None else set()))

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The labels in the table that stand for themselves."""
        return tuple(label for label in self.labels if label not in self.groups)


@dataclass(frozen=True)
class BoundTable:
    """A contract with a table that fits it.

    Attributes:
        contract: The contract.
        place: What errors call the table.
        original: The table as given: its own columns, order and values; nothing converted.
        frame: The same rows: dimensions as text, counts and population columns as ``int64``, the rest as given.
        axes: One for each dimension, in the contract's order.
        references: The reference tables that the contract names, by name.
    """

    contract: ReleaseContract
    place: str
    original: pd.DataFrame
    frame: pd.DataFrame
    axes: Mapping[str, Axis]
    references: Mapping[str, pd.DataFrame]

    def sizes(self, dimension: str, key: str = "population") -> dict[str, int] | None:
        """Look up how many people each category of a dimension stands for.

        Args:
            dimension: A dimension of the contract.
            key: ``population``, ``members`` or ``enrollment``.

        Returns:
            Label to size for every leaf label (groups and totals where the source has them, labels declared ``unknown``
            never), or None where the contract declares no such size.

        Raises:
            InputErrors: A leaf label has no size.
        """
        declared = self.contract.dimensions[dimension]
        size = getattr(declared, key)
        axis = self.axes[dimension]
        field = f"dimensions.{dimension}.{key}"
        if size is None:
            return None
        if isinstance(size, int):
            return dict.fromkeys(axis.leaves, size)
        if isinstance(size, str):
            sizes = self.frame.groupby(dimension, sort=False)[size].max().astype(int).to_dict()
        elif isinstance(size, TableReference):
            sizes = self._looked_up(size, field)
        else:
            sizes = dict(size)
        missing = [label for label in axis.leaves if label not in sizes and label not in declared.unknown]
        if missing:
            raise InputErrors(
                [
                    InputError(
                        self.place,
                        field,
                        f"no size for {_some(missing)}",
                        f"add it to the sizes, or list it under dimensions.{dimension}.unknown if it means 'not known'",
                    )
                ]
            )
        return {label: sizes[label] for label in axis.labels if label in sizes and label not in declared.unknown}

    def denominators(self, measure: str) -> pd.Series[int] | None:
        """Give the population behind each row of ``measure``, aligned with ``frame``; None where undeclared."""
        size = self.contract.measures[measure].population
        if size is None:
            return None
        if isinstance(size, str):
            return self.frame[size]
        if isinstance(size, int):
            return pd.Series(size, index=self.frame.index, dtype="int64")
        field = f"measures.{measure}.population"
        if isinstance(size, TableReference):
            keys = [size.key] if isinstance(size.key, str) else list(size.key)
            sizes: dict[Any, int] = self._looked_up(size, field)
        else:
            keys = [next(iter(self.axes))] if len(self.axes) == 1 else [self._dimension_of(size, field)]
            sizes = dict(size)
        unknown = [key for key in keys if key not in self.axes]
        if unknown:
            raise InputErrors(
                [InputError(self.place, field, f"key {_some(unknown)}", f"one of {', '.join(self.axes)}")]
            )
        labels = (
            self.frame[keys[0]]
            if len(keys) == 1
            else pd.Series(list(self.frame[keys].itertuples(index=False, name=None)), index=self.frame.index)
        )
        found = labels.map(sizes)
        if found.isna().any():
            missing = [str(label) for label in labels[found.isna()].unique()]
            raise InputErrors([InputError(self.place, field, f"no size for {_some(missing)}", "add it to the sizes")])
        return found.astype("int64")

    def coordinate(self, row: int) -> str:
        """Name a row by its categories: ``county=Alpine, year=2020``. Never by a figure."""
        return ", ".join(f"{name}={self.frame[name].iloc[row]}" for name in self.axes)

    def _dimension_of(self, sizes: Mapping[str, int], field: str) -> str:
        fitting = [name for name, axis in self.axes.items() if set(axis.leaves) <= set(sizes)]
        if len(fitting) == 1:
            return fitting[0]
        raise InputErrors(
            [
                InputError(
                    self.place, field, "labels that fit no single dimension", "a size for every label of one dimension"
                )
            ]
        )

    def _looked_up(self, size: TableReference, field: str) -> dict[Any, int]:
        table = self.references[size.table]
        keys = [size.key] if isinstance(size.key, str) else list(size.key)
        absent = [column for column in (*keys, size.value) if column not in table.columns]
        if absent:
            have = ", ".join(map(str, table.columns))
            raise InputErrors(
                [InputError(self.place, field, f"no column {_some(absent)} in {size.table}", f"one of {have}")]
            )
        numbers = pd.to_numeric(table[size.value], errors="coerce")
        if numbers.isna().any() or (numbers < 0).any() or (numbers % 1 != 0).any():
            raise InputErrors(
                [
                    InputError(
                        f"{size.table}",
                        size.value,
                        "values that are no whole numbers",
                        "a number of people in every row",
                    )
                ]
            )
        columns = [table[key].map(_label) for key in keys]
        labels = columns[0] if len(columns) == 1 else pd.Series(list(zip(*columns, strict=True)), index=table.index)
        sizes: dict[Any, int] = {}
        for label, number in zip(labels, numbers.astype("int64"), strict=True):
            if sizes.setdefault(label, int(number)) != number:
                raise InputErrors(
                    [InputError(size.table, ", ".join(keys), f"{label!r} with two sizes", "one row for every key")]
                )
        return sizes


def bind(
    contract: ReleaseContract,
    table: pd.DataFrame,
    references: Mapping[str, pd.DataFrame] | None = None,
    place: str | None = None,
) -> BoundTable:
    """Check a table against its contract and make it ready to compute with.

    Args:
        contract: The contract.
        table: The aggregate, one row a coordinate. Columns may be text (as from CSV) or typed (as from DuckDB).
        references: The reference tables that the contract names.
        place: What errors call the table; by default the release's name.

    Raises:
        InputErrors: Everything in which the table and the contract disagree.
    """
    place = place or contract.release
    references = references or {}
    _check_columns(contract, table, references, place)
    errors: list[InputError] = []
    converted: dict[str, Any] = {}
    for name in contract.dimensions:
        converted[name] = _dimension_column(table[name], place, name, errors)
    if errors:
        raise InputErrors(errors)
    coordinates = pd.DataFrame(converted, index=table.index)
    _check_unique(coordinates, place)
    exact = [n for n, m in contract.measures.items() if m.kind is MeasureKind.COUNT]
    for name in [*exact, *contract.population_columns]:
        converted[name] = _count_column(table[name], coordinates, place, name, errors)
    for name, measure in contract.measures.items():
        if measure.kind is not MeasureKind.COUNT:
            converted[name] = _number_column(table[name], coordinates, place, name, errors)
    if errors:
        raise InputErrors(errors)
    frame = pd.DataFrame({column: converted[column] for column in table.columns}, index=table.index)
    _check_governed(contract, frame, place, errors)
    axes = {name: _axis(contract, name, frame[name], references, place, errors) for name in contract.dimensions}
    _check_labels(contract, axes, place, errors)
    if errors:
        raise InputErrors(errors)
    return BoundTable(
        contract, place, table.reset_index(drop=True), frame.reset_index(drop=True), axes, dict(references)
    )


def _check_columns(
    contract: ReleaseContract, table: pd.DataFrame, references: Mapping[str, pd.DataFrame], place: str
) -> None:
    errors = []
    names = [str(column) for column in table.columns]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        errors.append(InputError(place, "columns", f"{_some(twice)} more than once", "give every column its own name"))
    missing = [column for column in contract.columns if column not in names]
    extra = [column for column in names if column not in contract.columns]
    if missing:
        errors.append(InputError(place, "columns", f"no {_some(missing)}", f"the table has {', '.join(names)}"))
    if extra:
        errors.append(
            InputError(
                place,
                "columns",
                f"{_some(extra)}, which the contract does not declare",
                "declare it as dimension, measure or population, or leave it out: nobody assessed it",
            )
        )
    if table.empty:
        errors.append(InputError(place, "rows", "none", "a table with at least one row"))
    errors += [
        InputError(
            place, f"reference table {name}", "nothing", "put the table beside the contract, or name the dbt model"
        )
        for name in contract.reference_tables
        if name not in references
    ]
    if errors:
        raise InputErrors(errors)


def _label(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def _dimension_column(column: pd.Series[Any], place: str, name: str, errors: list[InputError]) -> pd.Series[str]:
    labels = column.map(_label)
    blank = labels.isna() | (labels.astype("str").str.strip() == "")
    if blank.any():
        rows = [str(position + 1) for position in np.flatnonzero(blank.to_numpy())]
        errors.append(InputError(place, name, f"no category in row {_some(rows)}", "write one, such as Unknown"))
    return labels.astype("str")


def _check_unique(coordinates: pd.DataFrame, place: str) -> None:
    repeated = coordinates.duplicated(keep="first")
    if repeated.any():
        raise InputErrors(
            [
                InputError(
                    place,
                    "rows",
                    f"the same coordinate twice: {_some(_coordinates(coordinates, repeated))}",
                    "one row for every combination of categories",
                )
            ]
        )


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_numeric(column, errors="coerce")


def _count_column(
    column: pd.Series[Any], coordinates: pd.DataFrame, place: str, name: str, errors: list[InputError]
) -> pd.Series[Any]:
    numbers = _numbers(column)
    empty = column.isna() | (column.astype("str").str.strip() == "")
    for wrong, found in (
        (empty, "no value"),
        (numbers.isna() & ~empty, "text that is no number"),
        (numbers < 0, "a negative number"),
        (numbers.notna() & (numbers % 1 != 0), "a number with decimals"),
    ):
        if wrong.fillna(False).any():
            rows = _some(_coordinates(coordinates, wrong.fillna(False)))
            errors.append(InputError(place, name, f"{found} at {rows}", "a whole number, 0 or more, in every row"))
            return column
    return numbers.astype("int64")


def _number_column(
    column: pd.Series[Any], coordinates: pd.DataFrame, place: str, name: str, errors: list[InputError]
) -> pd.Series[Any]:
    empty = column.isna() | (column.astype("str").str.strip() == "")
    wrong = _numbers(column.astype("object").where(~empty, None)).isna() & ~empty
    if wrong.any():
        rows = _some(_coordinates(coordinates, wrong))
        errors.append(InputError(place, name, f"text that is no number at {rows}", "a number, or nothing"))
    return column


def _check_governed(contract: ReleaseContract, frame: pd.DataFrame, place: str, errors: list[InputError]) -> None:
    """Events come from individuals: where nobody is, nothing can have happened, and nobody has less than one event."""
    for name, measure in contract.measures.items():
        if measure.kind is MeasureKind.COUNT and measure.individuals:
            behind = frame[contract.governor(name)]
            wrong = frame[name] < behind
            if wrong.any():
                rows = _some(_coordinates(frame[list(contract.dimensions)], wrong))
                errors.append(
                    InputError(
                        place,
                        name,
                        f"fewer events than individuals at {rows}",
                        f"at least one event for each of {contract.governor(name)}, or declare the right `individuals`",
                    )
                )


def _axis(
    contract: ReleaseContract,
    name: str,
    column: pd.Series[str],
    references: Mapping[str, pd.DataFrame],
    place: str,
    errors: list[InputError],
) -> Axis:
    declared = contract.dimensions[name]
    hierarchies = []
    for number, reference in enumerate(declared.hierarchy):
        field = f"dimensions.{name}.hierarchy[{number}]"
        try:
            if reference.tree is not None:
                hierarchies.append(hierarchy_from_tree(reference.tree, place, field))
            else:
                hierarchies.append(hierarchy_from_table(references[str(reference.table)], reference, place, field))
        except InputError as error:
            errors.append(error)
    return Axis(name, declared, tuple(dict.fromkeys(column)), tuple(hierarchies))


def _check_labels(contract: ReleaseContract, axes: Mapping[str, Axis], place: str, errors: list[InputError]) -> None:
    for name, axis in axes.items():
        named = [("total", [axis.total] if axis.total is not None else []), ("unknown", list(axis.declared.unknown))]
        for key, labels in named:
            absent = [label for label in labels if label not in axis.labels]
            if absent and key == "total":
                errors.append(
                    InputError(
                        place,
                        f"dimensions.{name}.{key}",
                        f"{_some(absent)}, which is no label in the table",
                        f"one of {_some(list(axis.labels))}; leave `{key}` out where the table does not carry it",
                    )
                )
        for label in contract.suppression.prefer.get(name, []):
            if label not in axis.labels:
                errors.append(
                    InputError(
                        place,
                        f"suppression.prefer.{name}",
                        f"{label!r}, which is no label in the table",
                        f"one of {_some(list(axis.labels))}",
                    )
                )
        if not axis.leaves:
            errors.append(InputError(place, f"dimensions.{name}", "only totals and groups", "at least one category"))


def _coordinates(frame: pd.DataFrame, wrong: pd.Series[bool]) -> list[str]:
    rows = frame[wrong.to_numpy()]
    return [
        "(" + ", ".join(f"{k}={v}" for k, v in row.items()) + ")" for row in rows.head(_LISTED + 1).to_dict("records")
    ] + ["…"] * max(0, len(rows) - _LISTED - 1)


def _some(items: Iterable[str]) -> str:
    listed = [str(item) for item in items]
    shown = ", ".join(listed[:_LISTED])
    return shown if len(listed) <= _LISTED else f"{shown} and {len(listed) - _LISTED} more"
