"""The assessment as a reader of the portal may see it.

The full assessment is for the department's reviewers. Beside a masked table some of its lines would help an attacker:
the interaction term of a table without further variables depends on the smallest count (§4.3.1), so that it says of
every hidden count that it is, for example, 5 or more; and where one annotation code stands for both reasons, the number
of small cells says how many are which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.facts import ReleaseFacts

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

_INTERACTIONS = "interactions"
_WITHHELD = "not published: it depends on the smallest count"


@dataclass(frozen=True)
class PublicTerm:
    """One line of the score table; ``score`` is None where it is withheld."""

    variable: str
    column: str
    category: str
    score: int | None
    section: str


@dataclass(frozen=True)
class PublicStep:
    """One step of the guideline's procedure."""

    step: int
    name: str
    question: str
    result: str
    summary: str
    section: str


@dataclass(frozen=True)
class PublicAssessment:
    """Steps and score.

    Attributes:
        decision: ``mask`` or ``release``.
        total: The publication score; None where it is withheld.
        verdict: The total compared with the cut-off, in words.
        terms: The addends.
        steps: The six steps.
        safe_harbor: Whether the table may meet Safe Harbor.
    """

    decision: str
    total: int | None
    verdict: str
    terms: tuple[PublicTerm, ...]
    steps: tuple[PublicStep, ...]
    safe_harbor: str


def public_assessment(facts: ReleaseFacts, rulebook: Rulebook, place: str) -> PublicAssessment:
    """Take from an assessment what may be published.

    Args:
        facts: What was found.
        rulebook: The edition it was judged by.
        place: What errors call the release.

    Raises:
        InputError: The assessment lacks a part that the report has to show.
    """
    try:
        return _public(facts, rulebook)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(place, "assessment", f"no readable {error}", "the assessment as `ddg assess --json`") from None


def _public(facts: ReleaseFacts, rulebook: Rulebook) -> PublicAssessment:
    score: Mapping[str, Any] = facts.assessment["score"]
    terms = tuple(_term(term, facts.masked) for term in score["terms"])
    withheld = any(term.score is None for term in terms)
    total, cut_off = int(score["total"]), rulebook.cut_off
    compared = "over" if total > cut_off else "not over"
    return PublicAssessment(
        decision=facts.decision,
        total=None if withheld else total,
        verdict=f"{compared} {cut_off}",
        terms=terms,
        steps=tuple(_step(step, facts, rulebook, compared, withheld) for step in facts.assessment["steps"]),
        safe_harbor=str(facts.assessment.get("safe_harbor", "")),
    )


def _term(term: Mapping[str, Any], masked: bool) -> PublicTerm:
    # a term for crossed variables names them under `found`; one that names none goes by the smallest count
    by_smallest_count = term["variable"] == _INTERACTIONS and not term.get("found")
    hide = masked and by_smallest_count
    return PublicTerm(
        variable=str(term["variable"]).replace("_", " "),
        column=str(term.get("dimension") or ""),
        category=_WITHHELD if hide else str(term["category"]),
        score=None if hide else int(term["score"]),
        section=str(term["section"]),
    )


def _step(
    step: Mapping[str, Any], facts: ReleaseFacts, rulebook: Rulebook, compared: str, withheld: bool
) -> PublicStep:
    number, summary = int(step["step"]), str(step["summary"])
    numerator = rulebook.thresholds.numerator
    if number == 2 and facts.masked and not facts.reasons_shown:
        summary = (
            f"Cells are derived from {numerator.lower} to {numerator.upper} individuals, or from a denominator of "
            f"{rulebook.thresholds.denominator:,} or fewer; how many is not published."
        )
    if number == 3 and withheld:
        summary = f"The publication score is {compared} {rulebook.cut_off}; the score itself is not published."
    return PublicStep(
        step=number,
        name=str(step.get("name", "")),
        question=str(step["question"]),
        result=str(step["result"]),
        summary=summary,
        section=str(step.get("section", "")),
    )
