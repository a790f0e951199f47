"""High-risk populations that the labels of a table speak of, whether or not the contract declares them (§5.6.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ddg_pipeline.assessment.codes import reads_like_codes
from ddg_pipeline.assessment.conditions import tells_a_condition
from ddg_pipeline.assessment.measure_names import category_measures
from ddg_pipeline.assessment.personal_characteristics import tells_about_people
from ddg_pipeline.assessment.result import Step
from ddg_pipeline.contract import BoundTable, ReleaseContract, Variable
from ddg_pipeline.contract.dimension import Implied, Scope
from ddg_pipeline.errors import InputError
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.rulebook.model import HighRiskPopulation

_SHOWN, _MASKED = 1, 4
# A code that a label begins with, or that stands in brackets: F11.20, F1120, "F10-F19 Substance use", "Opioids (F11)".
_CODE = re.compile(r"(?:^|[(\[])\s*([A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?)(?![0-9A-Z])", re.IGNORECASE)


@dataclass(frozen=True)
class FoundInLabels:
    """The high-risk populations that labels speak of.

    Attributes:
        places: By population, where: ``diagnosis`` for a column, ``scope[0]`` for what holds for every row. In the
            rulebook's order.
        denied: Those that the contract lists under `not_high_risk`, likewise.
    """

    places: Mapping[str, tuple[str, ...]]
    denied: Mapping[str, tuple[str, ...]]

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns, and scopes, that speak of any."""
        return frozenset(place for places in self.places.values() for place in places)


def find_high_risk(bound: BoundTable, rulebook: Rulebook) -> FoundInLabels:
    """Look for the rulebook's words and codes in the labels of columns and scopes, and in what columns imply.

    Periods and places of residence are not looked at, nor a variable for the population that its own scoring table
    judges: immigration status, whose own groups the guideline scores (see ``variables.high_risk_detail``).
    Codes are looked for where a variable is `other` only, because elsewhere something else may look like one.
    """
    contract = bound.contract
    found: dict[str, list[str]] = {}
    for place, variable, labels in _labels(bound):
        table = None if variable is None else rulebook.scoring.category_table(variable)
        judged = None if table is None else table.more_detail.high_risk
        for slug, population in rulebook.high_risk.items():
            if slug != judged and any(_speaks_of(label, slug, population, variable) for label in labels):
                found.setdefault(slug, []).append(place)
    places = {slug: tuple(dict.fromkeys(found[slug])) for slug in rulebook.high_risk if slug in found}
    return FoundInLabels(
        places={slug: where for slug, where in places.items() if slug not in contract.not_high_risk},
        denied={slug: where for slug, where in places.items() if slug in contract.not_high_risk},
    )


def check_high_risk(
    contract: ReleaseContract, found: FoundInLabels, rulebook: Rulebook, place: str
) -> Iterator[InputError]:
    """Say what is wrong with `high_risk` and `not_high_risk`, and where people are shown in what is called public."""
    for key in ("high_risk", "not_high_risk"):
        for name in getattr(contract, key):
            if name not in rulebook.high_risk:
                yield InputError(place, key, repr(name), f"one of {', '.join(rulebook.high_risk)}")
    for name in contract.not_high_risk:
        if name in contract.high_risk:
            yield InputError(place, "not_high_risk", f"{name}, which is also in high_risk", "one of both")
    if tells_about_people(contract):
        return
    field = "subject" if contract.subject != "people" else "personal_characteristics"
    value = contract.subject if contract.subject != "people" else "false"
    expected = "people" if contract.subject != "people" else "true"
    if contract.high_risk:
        yield InputError(
            place,
            field,
            f"{value} beside high_risk: {', '.join(contract.high_risk)}",
            f"{expected}: a high-risk population is a personal characteristic",
        )
    elif found.places and contract.subject != "projected_budget":
        said = "; ".join(f"{slug} in the labels of {', '.join(where)}" for slug, where in found.places.items())
        yield InputError(
            place,
            field,
            f"{value} beside {said}",
            f"{expected}: a high-risk population is a personal characteristic; if the labels speak of none, list "
            f"{', '.join(found.places)} under `not_high_risk`",
        )


def services_told_of_people(bound: BoundTable, found: FoundInLabels) -> list[str]:
    """Name the columns of a table about providers that tell something about the people they serve (§5.4).

    These are `other` columns of diagnosis or procedure codes or words, and all that speak of high-risk populations:
    what a provider treats its patients for is no characteristic of the provider.
    """
    contract = bound.contract
    if contract.subject != "providers":
        return []
    return [
        name
        for name, dimension in contract.dimensions.items()
        if name in found.columns
        or (dimension.variable is Variable.OTHER and _reads_like_diagnoses(bound.axes[name].leaves))
    ]


def _reads_like_diagnoses(labels: Sequence[str]) -> bool:
    return reads_like_codes(labels) or any(map(tells_a_condition, labels))


def measures_told_of_people(contract: ReleaseContract, rulebook: Rulebook) -> dict[str, Variable]:
    """Name the measures of a table about providers that tell something about the people they serve (§5.4).

    These are counts for each sex, age or the like side by side, and counts of people with a condition.
    """
    if contract.subject != "providers":
        return {}
    told = {", ".join(one.labels): one.variable for one in category_measures(contract, rulebook)}
    return told | {name: Variable.OTHER for name in contract.counts if tells_a_condition(name)}


def as_told_of_people(
    contract: ReleaseContract, columns: Iterable[str], measures: Mapping[str, Variable]
) -> ReleaseContract:
    """Read a contract about providers as if it said of each column and measure what it implies about people.

    The score is not made of this reading: an `other` variable is scored in any case.
    """
    told = set(columns)
    if not told and not measures:
        return contract
    served_for = {name: [_served_for(name)] for name in told}
    first = next(iter(contract.dimensions))
    conditions = [_served_for(name) for name, variable in measures.items() if variable is Variable.OTHER]
    served_for[first] = [*served_for.get(first, []), *conditions]
    dimensions = {
        name: dimension.model_copy(
            update={
                "implies": [
                    *dimension.implies,
                    *(Implied(variable=Variable.OTHER, label=label) for label in served_for.get(name, [])),
                ]
            }
        )
        for name, dimension in contract.dimensions.items()
    }
    scope = [
        Scope(variable=variable, label=f"told by {name}")
        for name, variable in measures.items()
        if variable is not Variable.OTHER
    ]
    return contract.model_copy(update={"dimensions": dimensions, "scope": [*contract.scope, *scope]})


def with_findings(steps: tuple[Step, ...], found: FoundInLabels, contract: ReleaseContract) -> tuple[Step, ...]:
    """Say in steps 1 and 4 which high-risk population was found in which labels, and how to object."""
    undeclared = {slug: where for slug, where in found.places.items() if slug not in contract.high_risk}
    if not undeclared:
        return steps
    said = "; ".join(f"{_named(slug)}, found in the labels of {', '.join(where)}" for slug, where in undeclared.items())
    results = {step.step: step.result for step in steps}
    changed = []
    for step in steps:
        if (step.step, step.result) in ((_SHOWN, "yes"), (_MASKED, "mask")) and results[_SHOWN] == "yes":
            changed.append(replace(step, summary=f"{step.summary} The contract does not declare {said}."))
        else:
            changed.append(step)
    return tuple(changed)


def _labels(bound: BoundTable) -> Iterator[tuple[str, Variable | None, list[str]]]:
    """Give every set of labels with its place: columns, what they imply, scopes, and what is counted."""
    for name, dimension in bound.contract.dimensions.items():
        if dimension.variable not in (Variable.TIME, Variable.RESIDENCE_GEOGRAPHY):
            yield name, dimension.variable, [str(label) for label in bound.axes[name].labels]
        for implied in dimension.implies:
            yield name, implied.variable, [implied.label]
    for position, scope in enumerate(bound.contract.scope):
        if scope.label is not None and scope.variable not in (Variable.TIME, Variable.RESIDENCE_GEOGRAPHY):
            yield f"scope[{position}]", scope.variable, [scope.label]
    for name in bound.contract.counts:
        yield name, None, [name]


def _speaks_of(label: str, slug: str, population: HighRiskPopulation, variable: Variable | None) -> bool:
    if normalised(label) == normalised(slug) or population.is_named_in(label):
        return True
    return variable is Variable.OTHER and any(population.has_code(code) for code in _CODE.findall(label))


def _served_for(name: str) -> str:
    return f"what the people behind it are served for ({name})"


def _named(slug: str) -> str:
    return slug.replace("_", " ")
