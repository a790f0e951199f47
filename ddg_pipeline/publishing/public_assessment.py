"""The assessment as a reader of the portal, or of Dagster's log, may see it.

The full assessment is for the people who may see the table. Beside a masked table some of it would help an attacker:

* the interaction term of a table without further variables goes by the smallest count (§4.3.1): it says of every hidden
  count that it is, for example, 5 or more. Its score is withheld, and with it the total and whatever tells them: the
  comparison with the cut-off, where that depends on the term; the result of step 3; the reason of step 4;
* so does the events term of a rulebook that tells small counts apart;
* where one annotation code stands for both reasons, the number of small cells says how many are which;
* notes that rest on restricted counts.

What cannot be withheld is the decision. A reader who adds up the published terms of a table that is masked for its
score alone learns what the withheld term must at least be; docs/explanation/assessment.md says when that matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.facts import ReleaseFacts

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

_EVENTS, _INTERACTIONS = "events", "interactions"
_WITHHELD = "not published: it depends on the smallest count"
_NOT_TOLD = "not published"


@dataclass(frozen=True)
class PublicTerm:
    """One line of the score table; ``score`` is None where it is withheld."""

    variable: str
    column: str
    found: str
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
class PublicCounts:
    """How many cells of one measure are of which kind; None where that is withheld."""

    measure: str
    cells: int
    small_cells: int | None
    zero_cells: int
    small_denominators: int | None
    denominators: str
    source: str


@dataclass(frozen=True)
class PublicNote:
    """Something that the expert review has to look at."""

    field: str
    text: str


_NOBODY_APPROVES = "No approval is required: `review.roles` in ddg.yaml is empty, and the contract names no role."


@dataclass(frozen=True)
class PublicOverride:
    """An entry that the rulebook holds otherwise than the edition it extends, with its source."""

    entry: str
    before: str
    after: str
    source: str
    reason: str
    by: str


@dataclass(frozen=True)
class PublicAssessment:
    """Steps 1 to 3, as far as they may be told.

    Attributes:
        decision: ``mask`` or ``release``.
        forced_by: High-risk populations that force suppression whatever the score.
        total: The publication score; None where it is withheld.
        at_most: The highest score that the published terms leave open; the total where that is published.
        verdict: The total compared with the cut-off, in words, as far as that may be told.
        dimensions: The columns that are crossed in the table whose score it is.
        tables: How many tables side by side the release holds; the score is that of the riskiest.
        terms: The addends.
        steps: The six steps.
        counts: Cells by kind, for each measure.
        notes: What the expert review has to look at.
        safe_harbor: Whether the table may meet Safe Harbor.
        approved: When the rulebook was approved, as an ISO date; empty where that is not known.
        extends: The rulebook that it is an overlay of; empty for an edition of the guideline.
        overrides: What the rulebook says otherwise than the edition that it extends.
    """

    decision: str
    forced_by: tuple[str, ...]
    total: int | None
    at_most: int
    verdict: str
    dimensions: tuple[str, ...]
    tables: int
    terms: tuple[PublicTerm, ...]
    steps: tuple[PublicStep, ...]
    counts: tuple[PublicCounts, ...]
    notes: tuple[PublicNote, ...]
    safe_harbor: str
    approved: str
    extends: str
    overrides: tuple[PublicOverride, ...]


def public_assessment(facts: ReleaseFacts, rulebook: Rulebook, place: str) -> PublicAssessment:
    """Take from an assessment what may be published.

    Args:
        facts: What was found.
        rulebook: The edition it was judged by.
        place: What errors call the release.

    Raises:
        InputError: The assessment lacks a part that the report has to show.
    """
    return public_part(
        facts.assessment,
        rulebook,
        place,
        masked=facts.masked,
        reasons_shown=facts.reasons_shown,
        approval_required=facts.approval_required,
    )


def public_part(
    assessment: Mapping[str, Any],
    rulebook: Rulebook,
    place: str,
    *,
    masked: bool,
    reasons_shown: bool,
    approval_required: bool = True,
) -> PublicAssessment:
    """Do the same for an assessment that nothing has been checked of yet.

    Args:
        assessment: The assessment, as `Assessment.to_json_dict` gives it.
        rulebook: The edition it was judged by.
        place: What errors call the release.
        masked: Whether counts under the threshold are hidden.
        reasons_shown: Whether the annotation codes tell small cells from complementary ones.
        approval_required: Whether anybody has to approve it before it is published.

    Raises:
        InputError: The assessment lacks a part.
    """
    try:
        found = _Public(assessment, rulebook, masked=masked, reasons_shown=reasons_shown).assessment()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(place, "assessment", f"no readable {error}", "the assessment as `ddg assess --json`") from None
    if approval_required:
        return found
    steps = [
        replace(step, result="not required", summary=_NOBODY_APPROVES) if step.result == "pending" else step
        for step in found.steps
    ]
    return replace(found, steps=tuple(steps))


class _Public:
    def __init__(self, assessment: Mapping[str, Any], rulebook: Rulebook, *, masked: bool, reasons_shown: bool) -> None:
        self._assessment, self._rulebook = assessment, rulebook
        self._masked, self._reasons_shown = masked, reasons_shown
        score: Mapping[str, Any] = assessment["score"]
        self._terms: list[Mapping[str, Any]] = list(score["terms"])
        self._withheld = [term for term in self._terms if masked and self._goes_by_smallest_count(term)]
        told = sum(int(term["score"]) for term in self._terms if term not in self._withheld)
        possible = [_possible_scores(term, rulebook) for term in self._withheld]
        self._at_least = told + sum(min(scores) for scores in possible)
        self._at_most = told + sum(max(scores) for scores in possible)
        self._total = None if self._withheld else int(score["total"])

    def assessment(self) -> PublicAssessment:
        plain = self._assessment
        edition = plain["edition"]
        return PublicAssessment(
            decision=str(plain["decision"]),
            forced_by=tuple(map(str, plain["forced_by"])),
            total=self._total,
            at_most=self._at_most,
            verdict=self._verdict,
            dimensions=tuple(map(str, plain["score"]["dimensions"])),
            tables=len(plain["tables"]),
            terms=tuple(map(self._term, self._terms)),
            steps=tuple(map(self._step, plain["steps"])),
            counts=tuple(map(self._counts, plain["counts"]["measures"])),
            notes=tuple(
                PublicNote(str(note["field"]), str(note["text"]))
                for note in plain["notes"]
                if not (self._masked and note["rests_on_counts"])
            ),
            safe_harbor=str(plain["safe_harbor"]),
            approved=str(edition["approved"] or ""),
            extends=str(edition["extends"] or ""),
            overrides=tuple(PublicOverride(**override) for override in edition["overrides"]),
        )

    @property
    def _compared(self) -> str | None:
        """Whether the score is over the cut-off, where the published terms alone tell; else None."""
        cut_off = self._rulebook.cut_off
        if self._at_least > cut_off:
            return f"over {cut_off}"
        return f"not over {cut_off}" if self._at_most <= cut_off else None

    @property
    def _verdict(self) -> str:
        return self._compared or f"{_NOT_TOLD}, with the term that it depends on"

    def _goes_by_smallest_count(self, term: Mapping[str, Any]) -> bool:
        """Say whether the score of a term tells one small count from another."""
        if term["variable"] == _EVENTS:
            numerator = self._rulebook.thresholds.numerator
            bands = self._rulebook.scoring.events
            return len({bands.band(count) for count in range(numerator.lower, numerator.upper + 1)}) > 1
        # a term for crossed variables names them under `found`; one that names none goes by the smallest count
        return bool(term["variable"] == _INTERACTIONS and not term.get("found"))

    def _term(self, term: Mapping[str, Any]) -> PublicTerm:
        hide = term in self._withheld
        return PublicTerm(
            variable=str(term["variable"]).replace("_", " "),
            column=str(term.get("dimension") or ""),
            found=str(term.get("found") or ""),
            category=_WITHHELD if hide else str(term["category"]),
            score=None if hide else int(term["score"]),
            section=str(term["section"]),
        )

    def _step(self, step: Mapping[str, Any]) -> PublicStep:
        number, result, summary = int(step["step"]), str(step["result"]), str(step["summary"])
        told = self._reasons_shown and not self._assessment["reliability"]  # sample cases are counts of people, too
        if number == 2 and self._masked and not told and result == "yes":
            summary = self._step_2()
        if number == 3 and self._withheld and result != "skipped":
            result = _NOT_TOLD if self._compared is None else result
        if number == 3 and self._withheld:
            summary = self._step_3()
        if number == 4 and self._withheld and self._compared is None:
            summary = self._step_4()
        return PublicStep(
            step=number,
            name=str(step["name"]),
            question=str(step["question"]),
            result=result,
            summary=summary,
            section=str(step["section"]),
        )

    def _step_2(self) -> str:
        thresholds = self._rulebook.thresholds
        return (
            f"Cells are derived from {thresholds.numerator.lower} to {thresholds.numerator.upper} individuals, or from "
            f"a denominator of {thresholds.denominator:,} or fewer; how many is not published."
        )

    def _step_3(self) -> str:
        if self._compared is not None:
            return f"The publication score is {self._compared}; the score itself is not published."
        return (
            f"Without the term that depends on the smallest count, the publication score is {self._at_most}. That term "
            "lowers it or leaves it as it is; it is not published, nor is the score."
        )

    def _step_4(self) -> str:
        rulebook = self._rulebook
        numerator, forced = rulebook.thresholds.numerator, list(self._assessment["forced_by"])
        small = f"Counts from {numerator.lower} to {numerator.upper}"
        asked = "as the guideline's procedure asks for"
        sentences = [f"{small} are suppressed, with whatever they could be calculated from, {asked}."]
        if forced:
            sections = dict.fromkeys(rulebook.cite(rulebook.high_risk[name].section) for name in forced)
            named = ", ".join(name.replace("_", " ") for name in forced)
            sentences.append(f"The table shows a high-risk population ({named}; {', '.join(sections)}).")
        if rulebook.masking.applies == "always":
            section = rulebook.cite(rulebook.masking.section)
            sentences.append(f"{rulebook.title} suppresses them whatever the score ({section}).")
        return " ".join(sentences)

    def _counts(self, counts: Mapping[str, Any]) -> PublicCounts:
        hide = self._masked and not self._reasons_shown
        return PublicCounts(
            measure=str(counts["measure"]),
            cells=int(counts["cells"]),
            small_cells=None if hide else int(counts["small_cells"]),
            zero_cells=int(counts["zero_cells"]),
            small_denominators=None if hide else int(counts["small_denominators"]),
            denominators=str(counts["denominators"]),
            source=str(counts["source"]),
        )


def _possible_scores(term: Mapping[str, Any], rulebook: Rulebook) -> Sequence[int]:
    """List the scores that a withheld term may have, for all that a reader knows."""
    scoring = rulebook.scoring
    table = scoring.events if term["variable"] == _EVENTS else scoring.interactions.only_population
    return [band.score for band in table.bands]
