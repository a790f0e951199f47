"""The term for variables that are crossed with each other (§16.2, Appendix I)."""

from __future__ import annotations

from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.inference import believed_size
from ddg_pipeline.assessment.result import Term
from ddg_pipeline.assessment.subtables import SubTable
from ddg_pipeline.contract import Variable
from ddg_pipeline.rulebook import Rulebook

_NAME = "interactions"
_PROGRAMS = (Variable.MEANS_TESTED_PROGRAM, Variable.EXPECTED_PAYER)


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
    """Say whether a variable narrows people down beyond where and when they are.

    One that holds for every row does so as a column of it would, such as one program for all.
    """
    if one.variable is Variable.TIME or one.variable in rulebook.scoring.interactions.population_variables:
        return False
    programs = rulebook.scoring.means_tested_program
    if one.variable in _PROGRAMS and programs is not None:
        sizes = (one.sizes or {}).items()
        enrolled = (believed_size(one.variable, label, size, one.name, rulebook) for label, size in sizes)
        return min(enrolled, default=0) <= programs.interacts_up_to
    return one.origin != "total"
