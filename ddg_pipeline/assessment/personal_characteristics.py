"""Step 1: which personal characteristics a table shows, directly or indirectly (§4.1, §5.3, §5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.contract.dimension import Dimension, Scope

PERSONAL_VARIABLES = frozenset(set(Variable) - {Variable.TIME, Variable.SERVICE_GEOGRAPHY, Variable.OTHER})
"""Variables that say something about a person by themselves."""


@dataclass(frozen=True)
class PersonalCharacteristic:
    """Something that a release tells about the people behind its figures.

    Attributes:
        variable: What it says about a person.
        how: ``shown`` by a column, ``scoped``: true of everyone in the table, or ``implied`` by what a column shows.
        field: The contract's key, as errors name it: ``dimensions.hospital.implies[0]``.
        column: The column that shows or implies it; None for a scope.
        label: The category that everyone in the scope is in, or that is implied; None where a column shows several.
        categories: The categories of the column that imply it; empty where any of them may.
    """

    variable: Variable
    how: Literal["shown", "scoped", "implied"]
    field: str
    column: str | None = None
    label: str | None = None
    categories: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say it in a few words: ``age 0-17, implied by hospital (Children's Hospital)``."""
        what = str(self.variable).replace("_", " ") + (f" {self.label}" if self.label else "")
        if self.how == "scoped":
            return f"{what}, true of the whole table"
        which = f" ({', '.join(self.categories)})" if self.categories else ""
        return f"{what}, {self.how} by {self.column}{which}"


def personal_characteristics_of(contract: ReleaseContract) -> tuple[PersonalCharacteristic, ...]:
    """List the personal characteristics that a contract declares, as step 1 asks for them.

    What counts depends on the contract's ``subject``:

    * ``people`` and ``actual_budget`` (§5.3): everything that is shown, scoped or implied. An `other` variable counts,
      since it describes the people who are counted: their diagnosis, say. An empty list is no reason to answer step 1
      with no, because the figures are still about people; only ``personal_characteristics: false`` is.
    * ``providers`` (§5.4): what a provider is, is public, so an `other` variable counts only where it ``implies``
      something. Whatever else is about people counts as usual. An empty list answers step 1 with no; otherwise the
      table is assessed like any other.
    * ``projected_budget`` (§5.3): nobody is behind projected figures, so there are none.

    Time is never one, and a service's place only where `residents_only` says that it tells residence.
    ``personal_characteristics: false`` does not shorten the list: what it claims to be public is what an expert has to
    confirm.

    Args:
        contract: The contract.

    Returns:
        Dimensions first, each with what it implies, then the scope; in the contract's order.
    """
    if contract.subject == "projected_budget":
        return ()
    found: list[PersonalCharacteristic] = []
    for name, dimension in contract.dimensions.items():
        field = f"dimensions.{name}"
        variable = _about_people(dimension, contract)
        if variable is not None:
            found.append(PersonalCharacteristic(variable, "shown", field, name))
        found += [
            PersonalCharacteristic(
                it.variable, "implied", f"{field}.implies[{number}]", name, it.label, tuple(it.categories)
            )
            for number, it in enumerate(dimension.implies)
        ]
    for position, scope in enumerate(contract.scope):
        variable = _about_people(scope, contract)
        if variable is not None:
            found.append(PersonalCharacteristic(variable, "scoped", f"scope[{position}]", label=scope.label))
    return tuple(found)


def tells_about_people(contract: ReleaseContract) -> bool:
    """Say whether a release has to be assessed, by what its contract declares (step 1 of Figure 5).

    True for people and actual budgets unless ``personal_characteristics: false``; for providers only where something
    about people is shown, scoped or implied, whatever that key says; for projected budgets never.
    """
    match contract.subject:
        case "projected_budget":
            return False
        case "providers":
            return bool(personal_characteristics_of(contract))
        case _:
            return contract.personal_characteristics


def _about_people(declared: Dimension | Scope, contract: ReleaseContract) -> Variable | None:
    """Give the variable as it describes a person; None where it does not."""
    if declared.variable in PERSONAL_VARIABLES:
        return declared.variable
    if isinstance(declared, Dimension) and declared.residents_only:
        return Variable.RESIDENCE_GEOGRAPHY
    if declared.variable is Variable.OTHER and contract.subject != "providers":
        return declared.variable
    return None
