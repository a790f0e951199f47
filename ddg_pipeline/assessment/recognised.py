"""Which variable a label belongs to, by its words."""

from __future__ import annotations

from collections.abc import Iterator

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.inference import known_size
from ddg_pipeline.assessment.periods import unreadable
from ddg_pipeline.contract import Variable
from ddg_pipeline.populations import area
from ddg_pipeline.rulebook import Rulebook

SAY_NOTHING = frozenset({"yes", "no", "y", "n", "true", "false", "0", "1", "other", "others", "all other", "mixed"})
"""Labels, in one form, that several variables have."""


def recognised_variables(rulebook: Rulebook) -> Iterator[Variable]:
    """Give the variables that labels can be told to belong to."""
    for table in rulebook.scoring.categories.values():
        yield table.variables[0]
    yield from (Variable.AGE, Variable.TIME, Variable.RESIDENCE_GEOGRAPHY)


def fits(variable: Variable, label: str, column: str, rulebook: Rulebook) -> bool:
    """Say whether a label is one of a variable's own; a bare number is nobody's but an age's and a year's."""
    match variable:
        case Variable.AGE:
            return parse_age_band(label) is not None
        case Variable.TIME:
            return not unreadable([label])
        case Variable.RESIDENCE_GEOGRAPHY | Variable.SERVICE_GEOGRAPHY:
            return area(label, column) is not None
        case _:
            table = rulebook.scoring.category_table(variable)
            level = table.level(label) if table is not None else None
            return level is not None or known_size(variable, label, column, rulebook) is not None
