"""Whether a table may meet HIPAA's Safe Harbor (§3 Figure 1, §4.5)."""

from __future__ import annotations

from collections.abc import Iterator

from ddg_pipeline.assessment.age_bands import AgeBand, parse_age_band
from ddg_pipeline.assessment.characteristics import Characteristic, characteristics
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.assessment.service_address import is_address
from ddg_pipeline.assessment.subtables import subtables
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.errors import InputError
from ddg_pipeline.populations import area, as_large_as_the_state
from ddg_pipeline.rulebook import Rulebook

_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)


def safe_harbor_finding(bound: BoundTable, rulebook: Rulebook) -> str:
    """Say in a sentence whether the table is statewide and annual with no finer element, and why not otherwise.

    Direct identifiers, and ages over 89 that are told apart, have been refused before; here ages over 89 in a closed
    band are left to be found.
    """
    present = _present(bound, rulebook)
    against = list(dict.fromkeys([*_finer_than_state(present), *_finer_than_year(present), *_ages(present, rulebook)]))
    section = rulebook.cite(rulebook.scoring.age.highest_single_age_section)
    if against:
        return f"Safe Harbor is not met ({section}): {'; '.join(against)}."
    return (
        f"The table may meet Safe Harbor ({section}): it shows one area, as large as the state, and whole years, and "
        "nothing finer; the expert has to confirm that the area is the state, and that nothing else identifies people."
    )


def _present(bound: BoundTable, rulebook: Rulebook) -> list[Characteristic]:
    wrong: list[InputError] = []  # what is wrong has been told when the table was scored
    return [one for table in subtables(bound) for one in characteristics(bound, table, rulebook, [], wrong)]


def _finer_than_state(present: list[Characteristic]) -> Iterator[str]:
    geography = [one for one in present if one.variable in _GEOGRAPHY]
    if not geography:
        yield "no geography is declared, so nothing shows that it is statewide"
    for one in geography:
        if one.origin != "total" and any(is_address(label) for label in one.labels):
            yield f"{one.name} shows addresses, or ZIP codes of more than three digits"
        elif len(one.labels) > 1:
            yield f"{one.name} shows areas within the state"
        elif not _is_the_state(one):
            yield f"{one.name} {'is' if one.origin == 'scope' else 'shows'} an area smaller than the state"


def _is_the_state(one: Characteristic) -> bool:
    """Say whether one area is the state by its name, or has about as many people."""
    named = [area(label) for label in one.labels]
    if named and all(found is not None and found.fips is None for found in named):
        return True
    return one.smallest is not None and as_large_as_the_state(one.smallest[1])


def _finer_than_year(present: list[Characteristic]) -> Iterator[str]:
    times = [one for one in present if one.variable is Variable.TIME]
    if not any(one.of_everyone for one in times):
        yield "no time is declared, so nothing shows that it is annual"
    for one in times:
        if one.period is None:
            yield f"nothing tells what period {one.name} covers"
        elif months_of(one.period) < months_of("year"):
            yield f"{one.name} is finer than a year ({one.period})"


def _ages(present: list[Characteristic], rulebook: Rulebook) -> Iterator[str]:
    """Ages over 89 may only stand in an open band."""
    table = rulebook.scoring.age
    for one in present:
        for label in one.labels if one.variable is Variable.AGE else ():
            band = parse_age_band(label)
            if band is None or band.after is None:
                continue
            if AgeBand(0, band.after).years(table.open_band_ends_at) > table.highest_single_age + 1:
                yield f"{one.name} has ages over {table.highest_single_age} in a band that is not open ({label})"
