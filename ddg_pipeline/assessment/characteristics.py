"""What a table says about people: its dimensions, and what its contract's `scope` says of every row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Literal

from ddg_pipeline.assessment.contradictions import contradictions
from ddg_pipeline.assessment.inference import infer_period, infer_sizes, known_size
from ddg_pipeline.assessment.measure_names import CategoryMeasures, category_measures
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.assessment.subtables import SubTable
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.columns import some
from ddg_pipeline.contract.dimension import Implied
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook

_LISTED = 3

Origin = Literal["crossed", "total", "scope", "implied"]
"""Where a characteristic comes from: a dimension that is broken down, one that stands at its total, an entry of
``scope``, or what a dimension tells without showing it."""

SIZE_KEY = {
    Variable.INSURANCE_COVERAGE: "members",
    Variable.EXPECTED_PAYER: "enrollment",
    Variable.MEANS_TESTED_PROGRAM: "enrollment",
}
"""The key that holds a variable's size; `population` for every other."""

_KEEPS_ITS_SIZE = frozenset(
    {
        Variable.RESIDENCE_GEOGRAPHY,
        Variable.SERVICE_GEOGRAPHY,
        Variable.INSURANCE_COVERAGE,
        Variable.EXPECTED_PAYER,
        Variable.MEANS_TESTED_PROGRAM,
        Variable.TIME,
    }
)


@dataclasses.dataclass(frozen=True)
class Characteristic:
    """One variable of one table.

    Attributes:
        variable: What it says about a person.
        key: The contract's key for it, as errors name it: ``dimensions.county``.
        name: The column, or ``scope`` with its position.
        origin: Where it comes from.
        labels: The categories it is broken down to, without totals, broader groups and labels for "not known"; the one
            label of a scope that has one; the implied labels.
        sizes: How many people each category stands for, where declared or known.
        period: What one period covers, of a time variable.
        groups: How many groups are declared, of an `other` variable.
        place: What errors call the table.
        of_everyone: Whether it is told of everyone in the table, and not only where some category implies it.
    """

    variable: Variable
    key: str
    name: str
    origin: Origin
    labels: tuple[str, ...]
    sizes: Mapping[str, int] | None = dataclasses.field(repr=False)
    period: str | None
    groups: int | None
    place: str
    of_everyone: bool = True

    @property
    def crossed(self) -> bool:
        """Whether the table is broken down by it, so that it multiplies with others."""
        return self.origin == "crossed"

    @property
    def size_key(self) -> str:
        """The contract's key for its size, as errors name it."""
        return f"{self.key}.{SIZE_KEY.get(self.variable, 'population')}"

    @property
    def smallest(self) -> tuple[str, int] | None:
        """The smallest category with its size; None where no size is declared."""
        if not self.sizes:
            return None
        label = min(self.sizes, key=lambda label: (self.sizes or {})[label])
        return label, self.sizes[label]

    def shown(self, label: str) -> str | None:
        """Give a label for people to read; a scope has none."""
        return label if self.labels else None


def characteristics(
    bound: BoundTable,
    table: SubTable,
    rulebook: Rulebook,
    notes: list[Note] | None = None,
    errors: list[InputError] | None = None,
) -> Iterator[Characteristic]:
    """Give the variables of one table: dimensions, what they imply, the wider area or plan it stands for, the scope.

    Args:
        bound: The table.
        table: Which of its rows.
        rulebook: The edition.
        notes: Takes what was inferred, and from what.
        errors: Takes everything that is wrong, and the rest is still given; left out, it is raised at the end.

    Raises:
        InputErrors: What decides a score is neither declared nor known, or a declaration contradicts the table.
    """
    wrong: list[InputError] = [] if errors is None else errors
    remarks: list[Note] = [] if notes is None else notes
    wrong += contradictions(bound, rulebook, remarks)
    for name, declared in bound.contract.dimensions.items():
        try:
            if name in table.dimensions:
                yield _crossed(bound, name, rulebook, remarks)
            elif declared.variable in _KEEPS_ITS_SIZE:
                yield _at_total(bound, name, rulebook, remarks)
        except InputErrors as found:
            wrong += found.errors
        try:
            yield from _implied(bound, name, rulebook, remarks, at_total=name not in table.dimensions)
        except InputErrors as found:
            wrong += found.errors
    for position in range(len(bound.contract.scope)):
        try:
            yield _scope(bound, position, rulebook, remarks)
        except InputErrors as found:
            wrong += found.errors
    for one in category_measures(bound.contract, rulebook):
        try:
            yield _by_measures(bound, one, rulebook, remarks)
        except InputErrors as found:
            wrong += found.errors
    if errors is None and wrong:
        raise InputErrors(wrong)


def _scope(bound: BoundTable, position: int, rulebook: Rulebook, notes: list[Note]) -> Characteristic:
    scope, name = bound.contract.scope[position], f"scope[{position}]"
    label, size_key = scope.label, SIZE_KEY.get(scope.variable, "population")
    size = getattr(scope, size_key)
    sizes, period = None if size is None else {label or name: size}, scope.period
    if label is not None:
        if sizes is None:
            sizes = infer_sizes(scope.variable, [label], f"{name}.{size_key}", name, bound.place, rulebook, notes)
        if scope.variable is Variable.TIME:
            period = infer_period([label], period, name, bound.place, notes)
    return Characteristic(
        variable=scope.variable,
        key=name,
        name=name,
        origin="scope",
        labels=() if label is None else (label,),
        sizes=sizes,
        period=period,
        groups=None,
        place=bound.place,
    )


def _by_measures(bound: BoundTable, one: CategoryMeasures, rulebook: Rulebook, notes: list[Note]) -> Characteristic:
    """Read counts that are categories of one variable as the dimension that they are, told of every row."""
    names, labels = list(one.labels), tuple(dict.fromkeys(one.labels.values()))
    key, name = f"measures.{names[0]}", some(names, _LISTED)
    size_key = SIZE_KEY.get(one.variable, "population")
    kind = str(one.variable).replace("_", " ")
    notes.append(
        Note(
            key,
            f"{name} read like categories of one variable ({kind}), so the table is scored as if it had a dimension "
            "for them. Written long, with a row for each, it could be masked as one; written so, the relations between "
            "them belong under `identities`.",
        )
    )
    return Characteristic(
        variable=one.variable,
        key=key,
        name=name,
        origin="scope",
        labels=labels,
        sizes=infer_sizes(one.variable, labels, f"{key}.{size_key}", name, bound.place, rulebook, notes),
        period=infer_period(labels, None, key, bound.place, notes) if one.variable is Variable.TIME else None,
        groups=None,
        place=bound.place,
    )


def _implied(
    bound: BoundTable, name: str, rulebook: Rulebook, notes: list[Note], *, at_total: bool
) -> Iterator[Characteristic]:
    """Give what a dimension tells without showing it, one characteristic a variable.

    A dimension that stands at its total tells it where every category does.
    """
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    by_variable: dict[Variable, list[Implied]] = {}
    for one in declared.implies:
        telling = set(one.categories or axis.labels)
        if telling >= set(axis.leaves) if at_total else telling & set(axis.labels):
            by_variable.setdefault(one.variable, []).append(one)
    for variable, several in by_variable.items():
        key, labels = f"dimensions.{name}.implies", tuple(dict.fromkeys(one.label for one in several))
        sizes = {one.label: one.population for one in several if one.population is not None}
        rest = [label for label in labels if label not in sizes]
        if rest:
            field = f"{key}.{SIZE_KEY.get(variable, 'population')}"
            sizes |= infer_sizes(variable, rest, field, name, bound.place, rulebook, notes) or {}
        complete = all(label in sizes for label in labels)
        yield Characteristic(
            variable=variable,
            key=key,
            name=name,
            origin="implied",
            labels=labels,
            sizes=sizes if complete or (sizes and rulebook.scoring.category_table(variable) is not None) else None,
            period=infer_period(labels, None, key, bound.place, notes) if variable is Variable.TIME else None,
            groups=None,
            place=bound.place,
            of_everyone=at_total or _all_tell(by_variable[variable], axis),
        )


def _all_tell(implied: list[Implied], axis: Axis) -> bool:
    telling = {label for one in implied for label in one.categories or axis.labels}
    return telling >= set(shown_categories(axis))


def _crossed(bound: BoundTable, name: str, rulebook: Rulebook, notes: list[Note]) -> Characteristic:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    labels = [
        label
        for label in shown_categories(axis)
        if label not in declared.unknown and label not in rulebook.unknown_labels
    ]
    period = declared.period
    if declared.variable is Variable.TIME:
        period = infer_period(labels, period, f"dimensions.{name}", bound.place, notes)
    sizes = _sizes(bound, name, labels, rulebook, notes)
    return Characteristic(
        variable=declared.variable,
        key=f"dimensions.{name}",
        name=name,
        origin="crossed",
        labels=tuple(labels),
        sizes=sizes,
        period=period,
        groups=declared.groups,
        place=bound.place,
    )


def _at_total(bound: BoundTable, name: str, rulebook: Rulebook, notes: list[Note]) -> Characteristic:
    """A dimension that stands at its total still says where, when or in which plan people are."""
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    total, size = axis.total or "", None
    labels = [label for label in axis.leaves if label not in declared.unknown and label not in rulebook.unknown_labels]
    size_key = SIZE_KEY.get(declared.variable, "population")
    sizes = bound.sizes(name, size_key)
    if sizes is None:
        whole = known_size(declared.variable, total, name, rulebook)
        field = f"dimensions.{name}.{size_key}"
        sizes = infer_sizes(declared.variable, [total] if whole else labels, field, name, bound.place, rulebook, notes)
    if sizes:
        # A total without a size of its own is at least as large as its largest part; the smaller figure is safe.
        size = sizes.get(total, max(sizes.values()))
    period = declared.period
    if declared.variable is Variable.TIME:
        period = infer_period(labels, period, f"dimensions.{name}", bound.place, notes)
    return Characteristic(
        variable=declared.variable,
        key=f"dimensions.{name}",
        name=name,
        origin="total",
        labels=(total,),
        sizes=None if size is None else {total: size},
        period=period,
        groups=None,
        place=bound.place,
    )


def shown_categories(axis: Axis) -> list[str]:
    """List the finest categories that a table shows: a region of which it shows no county is one of them."""
    above = {
        ancestor for label in axis.labels for hierarchy in axis.hierarchies for ancestor in hierarchy.ancestors(label)
    }
    return [label for label in axis.labels if label != axis.total and label not in above]


def _sizes(
    bound: BoundTable, name: str, labels: list[str], rulebook: Rulebook, notes: list[Note]
) -> dict[str, int] | None:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    size_key = SIZE_KEY.get(declared.variable, "population")
    field = f"dimensions.{name}.{size_key}"
    parts = {label: _finest(axis, label) for label in labels if label in axis.groups}
    sizes = bound.sizes(name, size_key)
    if sizes is None:
        if isinstance(declared.address, str):
            return None
        areas = [label for label in labels if label not in (declared.address or {})]
        return infer_sizes(declared.variable, areas, field, name, bound.place, rulebook, notes, parts)
    missing = [label for label in labels if label not in sizes]
    if missing:
        more = infer_sizes(declared.variable, missing, field, name, bound.place, rulebook, notes, parts)
        if more is None and rulebook.scoring.category_table(declared.variable) is None:
            found = f"no size for {', '.join(map(repr, missing))}, of which the table shows no part"
            raise InputErrors([InputError(bound.place, field, found, "add it to the sizes")])
        sizes |= more or {}
    return {label: sizes[label] for label in labels if label in sizes}


def _finest(axis: Axis, label: str) -> list[str]:
    """List what a group consists of in the end, by the first hierarchy that has it."""
    for hierarchy in axis.hierarchies:
        below = [child for child in hierarchy.parent_of if label in hierarchy.ancestors(child)]
        if below:
            return [child for child in below if child not in hierarchy.parents]
    return []
