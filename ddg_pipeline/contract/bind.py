"""Join a contract with a table and its reference tables, and check everything that both must agree on.

What leaves here is safe to compute with: every dimension a text column without gaps, every count of individuals or
events a whole number of 0 or more, every row's coordinate unique, every category known to its hierarchy's shape.
Errors name rows by their coordinate, never by a figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.columns import (
    Booleans,
    coordinates_of,
    count_column,
    counts_with_gaps,
    dimension_column,
    label,
    number_column,
    sizes_column,
    some,
)
from ddg_pipeline.contract.dimension import Dimension
from ddg_pipeline.contract.hierarchy import Hierarchy, check_together, hierarchy_from_table, hierarchy_from_tree
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.sizes import TableReference, TotalOver
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.errors import InputError, InputErrors

Integers = NDArray[np.int64]

_LETTER = re.compile(r"[^\W\d_]")
# What spreadsheets that open a CSV file would compute, or run; `-5`, `+1` and `- unknown` are only text or numbers
_FORMULA = re.compile(r"\s*(?:[=@]|[+-].*[(|!])", re.DOTALL)
_TAKEN = ", which a spreadsheet takes for a formula"
_SPELL = "spell it without the mark in front"
# Three digits in a row, digits with separators as in dates, e-mail addresses, and last names before first names
_LIKE_DATA = re.compile(r"\d{3}|\d[-/.,: ]+\d|\d[-/. ]?[A-Za-z]{3}[-/. ]?\d|@|,")


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
        frame: The same rows: dimensions as text, counts and population columns as ``int64``, the rest as given. A
            missing count is 0 here; `missing` tells it from a real zero.
        axes: One for each dimension, in the contract's order.
        references: The reference tables that the contract names, by name.
        missing: For each count that has any, which rows hold no figure: published as "no data available".
    """

    contract: ReleaseContract
    place: str
    original: pd.DataFrame
    frame: pd.DataFrame
    axes: Mapping[str, Axis]
    references: Mapping[str, pd.DataFrame]
    missing: Mapping[str, Booleans] = field(default_factory=dict)

    def codes(self, dimension: str, position: Mapping[str, int] | Mapping[str | None, int]) -> Integers:
        """Give a number for each row's category.

        Args:
            dimension: A dimension of the contract.
            position: The number of each label.
        """
        codes, labels = self._factorized[dimension]
        return np.array([position[label] for label in labels], dtype=np.int64)[codes]

    @cached_property
    def _factorized(self) -> dict[str, tuple[NDArray[np.intp], list[str]]]:
        found = {}
        for name in self.axes:
            codes, labels = pd.factorize(self.frame[name])
            found[name] = codes, [str(label) for label in labels]
        return found

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
            sizes = self._sizes_of_rows(dimension, size)
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
                        f"no size for {some(missing)}",
                        f"add it to the sizes, or list it under dimensions.{dimension}.unknown if it means 'not known'",
                    )
                ]
            )
        return {label: sizes[label] for label in axis.labels if label in sizes and label not in declared.unknown}

    def _sizes_of_rows(self, dimension: str, column: str) -> dict[str, int]:
        """Give each category the size it has in the period in which it is smallest: fewer people are at more risk.

        Within a period the largest figure is the category's own; that of a row for one sex may be of that sex alone.
        """
        periods = [
            name
            for name, declared in self.contract.dimensions.items()
            if declared.variable is Variable.TIME and name != dimension
        ]
        of_period = self.frame.groupby([dimension, *periods], sort=False)[column].max()
        smallest = of_period.groupby(level=0, sort=False).min()
        return {str(label): int(size) for label, size in smallest.items()}

    def denominators(self, measure: str) -> pd.Series[Any] | None:
        """Give the population behind each row of ``measure``, aligned with ``frame``; None where undeclared.

        A row whose population is a total that the table does not hold is NaN.
        """
        size = self.contract.measures[measure].population
        if size is None:
            return None
        if isinstance(size, TotalOver):
            return self._totals(measure, size.total_over)
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
            raise InputErrors([InputError(self.place, field, f"key {some(unknown)}", f"one of {', '.join(self.axes)}")])
        labels = (
            self.frame[keys[0]]
            if len(keys) == 1
            else pd.Series(list(self.frame[keys].itertuples(index=False, name=None)), index=self.frame.index)
        )
        found = labels.map(sizes)
        if found.isna().any():
            missing = [str(label) for label in labels[found.isna()].unique()]
            raise InputErrors([InputError(self.place, field, f"no size for {some(missing)}", "add it to the sizes")])
        return found.astype("int64")

    def _totals(self, measure: str, over: Sequence[str]) -> pd.Series[Any]:
        """Add a measure up over some dimensions: the published total, else the sum of the categories in the table."""
        rest = list(self.axes)
        values = self.frame.set_index(rest)[measure].astype(float)
        for name in dict.fromkeys(over):
            axis = self.axes[name]
            of_row = values.index.get_level_values(name)
            published, parts = values[of_row == axis.total], values[of_row.isin(axis.leaves)]
            rest = [other for other in rest if other != name]
            if not rest:
                total = published.iloc[0] if len(published) else parts.sum() if axis.additive else float("nan")
                return pd.Series(total, index=self.frame.index, dtype=float)
            totals = published.droplevel(name)
            if axis.additive:
                totals = totals.combine_first(parts.groupby(level=rest, sort=False).sum())
            values = totals
        wanted = pd.MultiIndex.from_frame(self.frame[rest])
        values.index = pd.MultiIndex.from_frame(values.index.to_frame(index=False)[rest])
        return pd.Series(values.reindex(wanted).to_numpy(), index=self.frame.index, dtype=float)

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
                [InputError(self.place, field, f"no column {some(absent)} in {size.table}", f"one of {have}")]
            )
        numbers = sizes_column(table[size.value])
        if numbers is None:
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
        columns = [table[key].astype("object").map(label) for key in keys]
        labels = columns[0] if len(columns) == 1 else pd.Series(list(zip(*columns, strict=True)), index=table.index)
        sizes: dict[Any, int] = {}
        for key, number in zip(labels, numbers.tolist(), strict=True):
            if sizes.setdefault(key, number) != number:
                raise InputErrors(
                    [InputError(size.table, ", ".join(keys), f"{key!r} with two sizes", "one row for every key")]
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
    table = table.reset_index(drop=True)
    errors: list[InputError] = []
    converted: dict[str, Any] = {}
    for name in contract.dimensions:
        converted[name], wrong = dimension_column(table[name], place, name)
        errors += wrong
    if errors:
        raise InputErrors(errors)
    coordinates = pd.DataFrame(converted)
    _check_unique(coordinates, place)
    counts = [name for name, measure in contract.measures.items() if measure.kind is MeasureKind.COUNT]
    missing: dict[str, Booleans] = {}
    for name in dict.fromkeys([*counts, *contract.population_columns, *contract.measures]):
        if name in counts and contract.suppression.form == "cells":
            converted[name], empty, wrong = counts_with_gaps(table[name], coordinates, place, name)
            if empty.any():
                missing[name] = empty
        elif name in counts or name in contract.population_columns:
            converted[name], wrong = count_column(table[name], coordinates, place, name)
        else:
            converted[name], wrong = number_column(table[name], coordinates, place, name)
        errors += wrong
    if errors:
        raise InputErrors(errors)
    frame = pd.DataFrame({column: converted[column] for column in table.columns})
    _check_governed(contract, frame, missing, place, errors)
    axes = {name: _axis(contract, name, frame[name], references, place, errors) for name in contract.dimensions}
    _check_labels(contract, axes, place, errors)
    if errors:
        raise InputErrors(errors)
    return BoundTable(contract, place, table, frame, axes, dict(references), missing)


def axes_of(
    contract: ReleaseContract, table: pd.DataFrame, references: Mapping[str, pd.DataFrame], place: str
) -> dict[str, Axis]:
    """Read the dimensions of a table, published or not, and nothing else.

    Args:
        contract: The contract.
        table: The table; its counts may be hidden.
        references: The reference tables that the contract names.
        place: What errors call the table.

    Raises:
        InputErrors: A category is missing, or does not fit a hierarchy.
    """
    errors: list[InputError] = []
    axes = {}
    for name in contract.dimensions:
        column, wrong = dimension_column(table[name], place, name)
        errors += wrong
        if not wrong:
            axes[name] = _axis(contract, name, column, references, place, errors)
    if errors:
        raise InputErrors(errors)
    return axes


def _check_columns(
    contract: ReleaseContract, table: pd.DataFrame, references: Mapping[str, pd.DataFrame], place: str
) -> None:
    errors = []
    names = [str(column) for column in table.columns]
    shown = [_shown_name(name, number, contract) for number, name in enumerate(names, start=1)]
    odd = [text for text, column in zip(shown, table.columns, strict=True) if not isinstance(column, str)]
    if odd:
        errors.append(InputError(place, "columns", f"{some(odd)}, which are no text", "give every column a name"))
    if len(set(names)) != len(names):
        first = dict(reversed(list(zip(names, shown, strict=True))))
        twice = [first[name] for name in sorted({name for name in names if names.count(name) > 1})]
        errors.append(InputError(place, "columns", f"{some(twice)} more than once", "give every column its own name"))
    missing = [column for column in contract.columns if column not in names]
    extra = [text for text, column in zip(shown, names, strict=True) if column not in contract.columns]
    if missing:
        errors.append(InputError(place, "columns", f"no {some(missing)}", f"the table has {', '.join(shown)}"))
    if extra:
        errors.append(
            InputError(
                place,
                "columns",
                f"{some(extra)}, which the contract does not declare",
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


def _shown_name(name: str, number: int, contract: ReleaseContract) -> str:
    """Quote a column's name, unless it looks like data: the first row of a table without a header may be a secret."""
    harmless = _LETTER.search(name) and not _LIKE_DATA.search(name) and not _is_number(name)
    return name if name in contract.columns or harmless else f"a column whose name looks like data (column {number})"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_unique(coordinates: pd.DataFrame, place: str) -> None:
    repeated = coordinates.duplicated(keep="first")
    if repeated.any():
        raise InputErrors(
            [
                InputError(
                    place,
                    "rows",
                    f"the same coordinate twice: {some(coordinates_of(coordinates, repeated.to_numpy()))}",
                    "one row for every combination of categories; where a row is a person or an event, count them "
                    "first: the guideline is for aggregate data",
                )
            ]
        )


def _check_governed(
    contract: ReleaseContract,
    frame: pd.DataFrame,
    missing: Mapping[str, Booleans],
    place: str,
    errors: list[InputError],
) -> None:
    """Events come from individuals: where nobody is, nothing can have happened, and nobody has less than one event."""
    for name, measure in contract.measures.items():
        if measure.kind is MeasureKind.COUNT and measure.individuals:
            governor = contract.governor(name)
            people, events = frame[governor], frame[name]
            both = ~(missing.get(governor, False) | missing.get(name, np.zeros(len(frame), dtype=np.bool_)))
            for wrong, found in (
                (events < people, "fewer events than individuals"),
                ((people == 0) & (events > 0), "events without individuals"),
            ):
                if (wrong & both).any():
                    rows = some(coordinates_of(frame[list(contract.dimensions)], (wrong & both).to_numpy()))
                    expected = (
                        f"at least one event for each of {governor} and none for none, or the right `individuals`"
                    )
                    errors.append(InputError(place, name, f"{found} at {rows}", expected))


def _axis(
    contract: ReleaseContract,
    name: str,
    column: pd.Series[str],
    references: Mapping[str, pd.DataFrame],
    place: str,
    errors: list[InputError],
) -> Axis:
    declared = contract.dimensions[name]
    labels = tuple(map(str, pd.unique(column)))
    hierarchies: list[Hierarchy] = []
    for number, reference in enumerate(declared.hierarchy):
        field = f"dimensions.{name}.hierarchy[{number}]"
        try:
            if reference.tree is not None:
                hierarchy = hierarchy_from_tree(reference.tree, place, field)
            else:
                hierarchy = hierarchy_from_table(references[str(reference.table)], reference, place, field)
            check_together([*hierarchies, hierarchy], place, field)
        except InputError as error:
            errors.append(error)
            continue
        hierarchies.append(hierarchy)
        if not hierarchy.parent_of.keys() & {*labels, *(parent for each in hierarchies for parent in each.parents)}:
            found = f"groups of {some(hierarchy.parent_of)}, of which the table has none"
            errors.append(InputError(place, field, found, f"groups of categories in the table: {some(labels)}"))
    return Axis(name, declared, labels, tuple(hierarchies))


def _check_labels(contract: ReleaseContract, axes: Mapping[str, Axis], place: str, errors: list[InputError]) -> None:
    headings = [name for name in contract.columns if _FORMULA.match(name)]
    if headings:
        errors.append(InputError(place, "columns", f"{some(map(repr, headings))}{_TAKEN}", _SPELL))
    for name, axis in axes.items():
        formulas = [label for label in axis.labels if _FORMULA.match(label)]
        if formulas:
            errors.append(InputError(place, f"column {name}", f"{some(map(repr, formulas))}{_TAKEN}", _SPELL))
        if axis.total is not None and axis.total not in axis.labels:
            expected = f"one of {some(axis.labels)}; leave `total` out where the table does not carry it"
            found = f"{axis.total}, which is no label in the table"
            errors.append(InputError(place, f"dimensions.{name}.total", found, expected))
        for preferred in contract.suppression.prefer.get(name, []):
            if preferred not in axis.labels:
                found = f"{preferred!r}, which is no label in the table"
                field = f"suppression.prefer.{name}"
                errors.append(InputError(place, field, found, f"one of {some(axis.labels)}"))
        for key in ("keep", "hide"):
            for number, pattern in enumerate(getattr(contract.suppression, key)):
                unknown = [label for label in pattern.get(name, []) if label not in axis.labels]
                if unknown:
                    found = f"{some(map(repr, unknown))}, which is no label in the table"
                    field = f"suppression.{key}[{number}].{name}"
                    errors.append(InputError(place, field, found, f"one of {some(axis.labels)}"))
        if not axis.leaves:
            errors.append(InputError(place, f"dimensions.{name}", "only totals and groups", "at least one category"))
