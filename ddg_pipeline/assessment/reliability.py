"""Which estimates of a survey are statistically unreliable (§5.2, Appendix H)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.assessment.result import Reliability
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.survey import Survey, SurveyEstimate
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.model import SurveyLimit

Booleans = NDArray[np.bool_]

_GENERAL = "general"  # the entry of `survey_limits` that holds for every survey
_WHOLE = 1.0  # a relative standard error that never reaches it is a share, not a percentage


def survey_reliability(bound: BoundTable, rulebook: Rulebook) -> tuple[Reliability, ...]:
    """Count the unreliable estimates of each measure of a survey; nothing where the contract names no survey.

    An estimate is unreliable where any limit of its survey is not met, or where nobody can say: a missing standard
    error is beyond every limit. The guideline's own limit of sample cases below the line holds for surveys that have
    none of their own.

    Raises:
        InputErrors: The survey is unknown, or the contract does not name a measure that its limits need.
    """
    survey = bound.contract.survey
    if survey is None:
        return ()
    limit = _checked_limits(bound, survey, rulebook)
    own = rulebook.survey_limits[survey.limits]
    return tuple(_judged(bound, name, one, limit, rulebook.cite(own.section)) for name, one in survey.estimates.items())


def unstable_rows(bound: BoundTable, rulebook: Rulebook) -> dict[str, Booleans]:
    """Say which estimates of a survey have to be marked as statistically unstable (§5.2; Open Data Handbook).

    That is what `survey_reliability` counts: the unreliable ones, and those that the survey's limits ask to mark.

    Returns:
        For each measure that is an estimate, one flag a row; nothing where the contract names no survey.

    Raises:
        InputErrors: As `survey_reliability`.
    """
    survey = bound.contract.survey
    if survey is None:
        return {}
    limit = _checked_limits(bound, survey, rulebook)
    found: dict[str, Booleans] = {}
    for name, one in survey.estimates.items():
        rows = _rows(bound, one, limit)
        found[name] = (rows.unreliable | rows.flagged).to_numpy(dtype=np.bool_)
    return found


def _checked_limits(bound: BoundTable, survey: Survey, rulebook: Rulebook) -> SurveyLimit:
    if survey.limits not in rulebook.survey_limits:
        expected = f"one of {', '.join(rulebook.survey_limits)}"
        raise InputErrors([InputError(bound.place, "survey.limits", repr(survey.limits), expected)])
    limit = _limits(survey, rulebook)
    errors = [error for name, one in survey.estimates.items() for error in _missing(bound, name, one, limit)]
    if errors:
        raise InputErrors(errors)
    return limit


def _limits(survey: Survey, rulebook: Rulebook) -> SurveyLimit:
    """Join a survey's limits with those for all surveys and for all figures; the stricter holds."""
    own, general = rulebook.survey_limits[survey.limits], rulebook.survey_limits.get(_GENERAL)
    any_figure = rulebook.reliability.maximum_relative_standard_error if rulebook.reliability else None
    errors = [limit for limit in (own.maximum_relative_standard_error, any_figure) if limit is not None]
    return own.model_copy(
        update={
            "minimum_denominator": own.minimum_denominator or (general.minimum_denominator if general else None),
            "maximum_relative_standard_error": min(errors, default=None),
        }
    )


def _missing(bound: BoundTable, name: str, one: SurveyEstimate, limit: SurveyLimit) -> Iterator[InputError]:
    needed = {
        "numerator_cases": limit.minimum_numerator or limit.minimum_cell_unweighted,
        "weighted": limit.minimum_cell_weighted,
        "relative_standard_error": limit.maximum_relative_standard_error,
    }
    for key, number in needed.items():
        if number is not None and getattr(one, key) is None:
            expected = f"name the measure that holds it: the limits of {limit.description} need it"
            yield InputError(bound.place, f"survey.estimates.{name}.{key}", "nothing", expected)
    error = one.relative_standard_error
    if error is not None:
        shown = _numbers(bound, error)
        if (shown > 0).any() and shown.max() < _WHOLE:
            expected = "percent, such as 12.5 for an eighth of the estimate"
            yield InputError(bound.place, error, "no relative standard error of 1 or more", expected)


def _judged(bound: BoundTable, name: str, one: SurveyEstimate, limit: SurveyLimit, section: str) -> Reliability:
    rows = _rows(bound, one, limit)
    return Reliability(
        measure=name,
        cells=len(bound.frame),
        unreliable_cells=int(rows.unreliable.sum()),
        flagged_cells=int(rows.flagged.sum()),
        limits=f"{limit.description}: {', or '.join(rows.words)}",
        section=section,
    )


@dataclass(frozen=True)
class _Rows:
    """What holds of the rows of one estimate.

    Attributes:
        unreliable: One flag a row: a limit is not met.
        flagged: One flag a row: all limits are met, but the estimate has to be marked.
        words: The limits, in words.
    """

    unreliable: pd.Series[bool]
    flagged: pd.Series[bool]
    words: tuple[str, ...]


def _rows(bound: BoundTable, one: SurveyEstimate, limit: SurveyLimit) -> _Rows:
    unreliable = pd.Series(data=False, index=bound.frame.index)
    words = []
    for minimum, column, what in (
        (limit.minimum_denominator, one.denominator_cases, "sample cases in the denominator"),
        (limit.minimum_numerator, one.numerator_cases, "sample cases in the numerator"),
        (limit.minimum_cell_unweighted, one.numerator_cases, "sample cases in the cell"),
        (limit.minimum_cell_weighted, one.weighted, "people in the cell, weighted"),
    ):
        if minimum is not None and column is not None:
            unreliable |= ~(_numbers(bound, column) >= minimum)
            words.append(f"fewer than {minimum:,} {what}")
    highest = limit.maximum_relative_standard_error
    if highest is not None and one.relative_standard_error is not None:
        unreliable |= ~(_numbers(bound, one.relative_standard_error) <= highest)
        words.append(f"a relative standard error over {highest:g} %, or none given")
    flagged = pd.Series(data=False, index=bound.frame.index)
    if limit.flagged_up_to is not None:
        flagged = ~unreliable & (_numbers(bound, one.denominator_cases) <= limit.flagged_up_to)
    return _Rows(unreliable, flagged, tuple(words))


def _numbers(bound: BoundTable, column: str) -> pd.Series[Any]:
    return pd.to_numeric(bound.frame[column], errors="coerce")
