"""The term for variables that are crossed with each other (§16.2, Appendix I)."""

from __future__ import annotations

from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.result import Term
from ddg_pipeline.assessment.subtables import SubTable
from ddg_pipeline.contract import Variable
from ddg_pipeline.rulebook import Rulebook

_NAME = "interactions"


def interaction_term(present: list[Characteristic], table: SubTable, rulebook: Rulebook) -> Term:
    """Score how many variables are crossed beyond events, time and population; without any, by the smallest cell."""
    interactions = rulebook.scoring.interactions
    further = [one for one in present if _interacts(one, rulebook)]
    if further:
        by_number = interactions.further_variables
        band = by_number.band(len(further))
        names = ", ".join(one.name for one in further)
        return Term(_NAME, band.category, band.score, rulebook.cite(by_number.section), found=names)
    by_cell = interactions.only_population
    band = by_cell.highest if table.smallest_cell is None else by_cell.band(table.smallest_cell)
    return Term(_NAME, band.category, band.score, rulebook.cite(by_cell.section))


def _interacts(one: Characteristic, rulebook: Rulebook) -> bool:
    if one.variable is Variable.TIME or one.variable in rulebook.scoring.interactions.population_variables:
        return False
    if one.variable is Variable.MEANS_TESTED_PROGRAM:
        # One program that holds for every row narrows the people down as a column of it would.
        enrolled = one.smallest[1] if one.smallest else 0
        return enrolled <= rulebook.scoring.means_tested_program.interacts_up_to
    return one.crossed
