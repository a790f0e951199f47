"""What a table says about people: its dimensions, and what its contract's `scope` says of every row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from ddg_pipeline.assessment.subtables import SubTable
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.rulebook import Rulebook

SIZE_KEY = {
    Variable.INSURANCE_COVERAGE: "members",
    Variable.MEANS_TESTED_PROGRAM: "enrollment",
}
"""The key that holds a variable's size; `population` for every other."""

_KEEPS_ITS_SIZE = frozenset(
    {
        Variable.RESIDENCE_GEOGRAPHY,
        Variable.SERVICE_GEOGRAPHY,
        Variable.INSURANCE_COVERAGE,
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
        crossed: Whether the table is broken down by it, so that it multiplies with others.
        labels: The categories it is broken down to, without totals, broader groups and labels for "not known".
        sizes: How many people each category stands for, where declared.
        period: What one period covers, of a time variable.
        groups: How many groups are declared, of an `other` variable.
        place: What errors call the table.
    """

    variable: Variable
    key: str
    name: str
    crossed: bool
    labels: tuple[str, ...]
    sizes: Mapping[str, int] | None = dataclasses.field(repr=False)
    period: str | None
    groups: int | None
    place: str

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


def characteristics(bound: BoundTable, table: SubTable, rulebook: Rulebook) -> Iterator[Characteristic]:
    """Give the variables of one table: its dimensions, the wider area or plan it stands for, and the scope.

    Raises:
        InputErrors: A category has no size where its dimension declares sizes.
    """
    for name in bound.contract.dimensions:
        if name in table.dimensions:
            yield _crossed(bound, name, rulebook)
        elif bound.contract.dimensions[name].variable in _KEEPS_ITS_SIZE:
            yield _at_total(bound, name)
    for position, scope in enumerate(bound.contract.scope):
        size = getattr(scope, SIZE_KEY.get(scope.variable, "population"))
        name = f"scope[{position}]"
        yield Characteristic(
            variable=scope.variable,
            key=name,
            name=name,
            crossed=False,
            labels=(),
            sizes=None if size is None else {name: size},
            period=scope.period,
            groups=None,
            place=bound.place,
        )


def _crossed(bound: BoundTable, name: str, rulebook: Rulebook) -> Characteristic:
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    known = tuple(
        label for label in axis.leaves if label not in declared.unknown and label not in rulebook.unknown_labels
    )
    sizes = bound.sizes(name, SIZE_KEY.get(declared.variable, "population"))
    return Characteristic(
        variable=declared.variable,
        key=f"dimensions.{name}",
        name=name,
        crossed=True,
        labels=known,
        sizes=None if sizes is None else {label: sizes[label] for label in axis.leaves if label in sizes},
        period=declared.period,
        groups=declared.groups,
        place=bound.place,
    )


def _at_total(bound: BoundTable, name: str) -> Characteristic:
    """A dimension that stands at its total still says where, when or in which plan people are."""
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    sizes = bound.sizes(name, SIZE_KEY.get(declared.variable, "population"))
    total = axis.total or ""
    # A total without a size of its own is at least as large as its largest part; the smaller figure is the safe one.
    size = None if not sizes else sizes.get(total, max(sizes.values()))
    return Characteristic(
        variable=declared.variable,
        key=f"dimensions.{name}",
        name=name,
        crossed=False,
        labels=(total,),
        sizes=None if size is None else {total: size},
        period=declared.period,
        groups=None,
        place=bound.place,
    )
