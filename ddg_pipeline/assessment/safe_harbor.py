"""Whether a table may meet HIPAA's Safe Harbor (§3 Figure 1, §4.5)."""

from __future__ import annotations

from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.rulebook import Rulebook

_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)


def safe_harbor_finding(bound: BoundTable, rulebook: Rulebook) -> str:
    """Say in a sentence whether the table is statewide and annual with no finer element, and why not otherwise."""
    against = [*_finer_than_state(bound, rulebook), *_finer_than_year(bound)]
    if against:
        return f"Safe Harbor is not met: {'; '.join(against)}."
    return (
        "The table may meet Safe Harbor: it shows one area, as large as the state, and whole years, and nothing finer; "
        "the expert has to confirm that the area is the state."
    )


def _finer_than_state(bound: BoundTable, rulebook: Rulebook) -> list[str]:
    against, declared = [], False
    for name, dimension in bound.contract.dimensions.items():
        if dimension.variable in _GEOGRAPHY:
            declared = True
            sizes = bound.sizes(name)
            areas = [label for label in bound.axes[name].labels if label not in dimension.unknown]
            if len(areas) > 1:
                against.append(f"{name} shows areas within the state")
            elif not _statewide(min((sizes or {"": 0}).values()), rulebook):
                against.append(f"{name} shows an area smaller than the state")
    for position, scope in enumerate(bound.contract.scope):
        if scope.variable in _GEOGRAPHY:
            declared = True
            if not _statewide(scope.population or 0, rulebook):
                against.append(f"scope[{position}] is an area smaller than the state")
    return against if declared else ["no geography is declared, so nothing shows that it is statewide"]


def _statewide(population: int, rulebook: Rulebook) -> bool:
    return population >= rulebook.scoring.residence_geography.bands[-1].lower


def _finer_than_year(bound: BoundTable) -> list[str]:
    contract = bound.contract
    periods = [(name, dimension.period) for name, dimension in contract.dimensions.items() if dimension.period]
    periods += [(f"scope[{position}]", scope.period) for position, scope in enumerate(contract.scope) if scope.period]
    if not periods:
        return ["no time is declared, so nothing shows that it is annual"]
    return [
        f"{name} is finer than a year ({period})" for name, period in periods if months_of(period) < months_of("year")
    ]
