"""The six steps of Figure 5, answered in sentences that can be read without the program (§4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ddg_pipeline.assessment.personal_characteristics import personal_characteristics_of, tells_about_people
from ddg_pipeline.assessment.result import Counts, MeasureCounts, Reliability, Score, Step, Term
from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.model import ProcedureStep

_Result = Literal["yes", "no", "mask", "skipped", "pending"]
# The entries of a rulebook that the answer to each step rests on.
_RESTS_ON: tuple[tuple[str, ...], ...] = (
    ("direct_identifiers", "record_level"),
    ("thresholds",),
    ("publication_score", "scoring", "unknown_labels"),
    ("masking", "high_risk"),
    (),
    ("sign_offs",),
)
_CONDITION, _SURVEYS = 2, ("surveys", "survey_limits", "reliability")
_NOT_PERSONAL = "Not needed: step 1 is answered no."


@dataclass(frozen=True)
class Findings:
    """What steps 1 to 3 rest on.

    Attributes:
        contract: The contract.
        rulebook: The edition.
        counts: How many cells there are of which kind.
        tables: The scores.
        high_risk: The high-risk populations, declared or told by detail.
        reliability: Of a survey, how many estimates are unreliable.
    """

    contract: ReleaseContract
    rulebook: Rulebook
    counts: Counts
    tables: tuple[Score, ...]
    high_risk: tuple[str, ...]
    reliability: tuple[Reliability, ...]

    @cached_property
    def personal(self) -> bool:
        """Step 1: does the table tell something about people?"""
        return tells_about_people(self.contract)

    @property
    def small(self) -> bool:
        """Step 2: is a numerator or a denominator small, or can nobody say that none is?"""
        counts = self.counts
        return counts.any_small or counts.small_denominators > 0 or counts.denominators != "known"

    @property
    def riskiest(self) -> Score:
        """The riskiest of the tables."""
        return max(self.tables, key=lambda score: score.total)

    @property
    def scored(self) -> bool:
        """Whether the criteria may be used at all; not every edition's are made for samples."""
        return self.contract.survey is None or self.rulebook.surveys.scored_as_population

    @property
    def risky(self) -> bool:
        """Step 3: is the score over the cut-off? Where there is no score, nothing shows that the risk is small."""
        return not self.scored or self.riskiest.total > self.rulebook.cut_off

    @property
    def forced_by(self) -> tuple[str, ...]:
        """The high-risk populations whose small counts are suppressed whatever the score (§5.6.2)."""
        return self.high_risk if self.personal and self.counts.any_small else ()

    @property
    def always_masked(self) -> bool:
        """Whether the rulebook suppresses small counts whatever the score."""
        return self.rulebook.masking.applies == "always" and self.personal and self.counts.any_small

    @property
    def mask(self) -> bool:
        """Step 4: is anything suppressed?"""
        return self.personal and ((self.small and self.risky) or bool(self.forced_by) or self.always_masked)

    @property
    def time_is_declared(self) -> bool:
        """Whether the contract says of every table what period it covers."""
        terms = [term for table in self.tables for term in table.terms if term.variable == Variable.TIME.value]
        return all(term.dimension is not None for term in terms)


def steps_of(findings: Findings) -> tuple[Step, ...]:
    """Answer the six steps."""
    results: list[tuple[_Result, str]] = [
        ("yes" if findings.personal else "no", _step_1(findings)),
        ("yes" if findings.small else "no", _step_2(findings)) if findings.personal else ("skipped", _NOT_PERSONAL),
        _step_3(findings),
        ("mask", _step_4(findings)) if findings.mask else ("skipped", _nothing_suppressed(findings)),
        ("pending", "Comes after this report: the expert determination and the legal review.")
        if findings.personal
        else ("skipped", _NOT_PERSONAL),
        ("pending", "Comes after this report: the department's approvals."),
    ]
    return tuple(
        _step(findings, box, result, summary)
        for box, (result, summary) in zip(findings.rulebook.procedure, results, strict=True)
    )


def _step(findings: Findings, box: ProcedureStep, result: _Result, summary: str) -> Step:
    """Cite the guideline, and the documents that say otherwise where an overlay follows them."""
    rulebook = findings.rulebook
    rests_on = _RESTS_ON[box.step - 1] + (_SURVEYS if box.step == _CONDITION and findings.contract.survey else ())
    changed = [one for one in rulebook.overrides if one.entry.split(".")[0] in rests_on]
    if changed:
        entries = _listed([f"{one.entry} ({one.source})" for one in changed])
        summary += f" Here {rulebook.title} says otherwise than {rulebook.extends}: {entries}."
    sources = dict.fromkeys([rulebook.cite(box.section), *(one.source for one in changed)])
    return Step(box.step, box.name, box.question, result, summary, "; ".join(sources))


def _step_1(findings: Findings) -> str:
    contract, cite = findings.contract, findings.rulebook.cite
    if not findings.personal:
        match contract.subject:
            case "projected_budget":
                return f"The figures are projected amounts, behind which there are no people yet ({cite('§5.3')})."
            case "providers":
                return f"The table is about providers, and tells nothing about the people they serve ({cite('§5.4')})."
            case _:
                return "The contract declares that everything in the table is expressly public."
    told = "; ".join(one.describe() for one in personal_characteristics_of(contract))
    summary = f"The table shows personal characteristics: {told}." if told else "The table is about people."
    if contract.subject == "actual_budget":
        summary += f" Amounts that were paid for people are assessed like any other figure ({cite('§5.3')})."
    if contract.subject == "providers":
        summary += f" What a provider is, is public; what is told about the people it serves is not ({cite('§5.4')})."
    if findings.high_risk:
        summary += f" It shows a high-risk population: {_high_risk(findings, findings.high_risk)}."
    return f"{summary} No column carries a direct identifier."


def _step_2(findings: Findings) -> str:
    thresholds, counts = findings.rulebook.thresholds, findings.counts
    numerator = thresholds.numerator
    small = f"{counts.small_cells:,} of {counts.cells:,} cells are derived from {numerator.lower} to {numerator.upper}"
    sentences = [f"{small} individuals, {counts.zero_cells:,} from none, which is not small."]
    if counts.small_derived:
        sentences.append(
            f"{counts.small_derived:,} more such {'count' if counts.small_derived == 1 else 'counts'} in no row can be "
            "calculated by subtraction: a total less its parts, or a category less one within it."
        )
    several = len(counts.measures) > 1
    by_finding: dict[str, list[str]] = {}
    for one in counts.measures:
        by_finding.setdefault(_denominators(one, thresholds.denominator), []).append(one.measure)
    for finding, measures in by_finding.items():
        sentences.append(f"For {_listed(measures)}: {finding}" if several else finding[:1].upper() + finding[1:])
    for reliability in findings.reliability:
        sentences.append(
            f"{reliability.unreliable_cells:,} of {reliability.cells:,} estimates of {reliability.measure} are "
            f"statistically unreliable ({reliability.limits}; {reliability.section})."
        )
    return " ".join(sentences)


def _denominators(one: MeasureCounts, limit: int) -> str:
    number = one.small_denominators
    few = f"{number:,} {'cell has' if number == 1 else 'cells have'} a denominator of {limit:,} or fewer"
    match one.denominators:
        case "unknown":
            return "no denominator is declared, so small ones cannot be ruled out."
        case "bounded":
            why = f"the sizes at hand ({one.source}) count more people than each cell comes from"
            return f"{few} surely; more cannot be ruled out, because {why}."
        case _:
            return f"{few} (from {one.source})."


def _step_3(findings: Findings) -> tuple[_Result, str]:
    riskiest = findings.riskiest
    if not findings.personal:
        return "skipped", f"{_NOT_PERSONAL} {_score(findings)}"
    if not findings.small:
        return "skipped", f"Not needed: step 2 is answered no. {_score(findings)}"
    if not findings.scored:
        return "yes", (
            f"{findings.rulebook.title} does not score survey samples as it scores a whole population "
            f"({findings.rulebook.cite(findings.rulebook.surveys.section)}), so nothing shows that the risk is "
            f"small. As a whole population the table would score {riskiest.total}."
        )
    return ("yes" if findings.risky else "no"), _score(findings)


def _score(findings: Findings) -> str:
    """Give a score with the sum it is: ``14, over 12. It is the sum of 7 for events and 7 for …``."""
    riskiest, cut_off = findings.riskiest, findings.rulebook.cut_off
    compared = "over" if riskiest.total > cut_off else "not over"
    parts = [f"{term.score} for {_named(term)}" for term in riskiest.terms]
    number = len(findings.tables)
    several = f" Of {number} tables side by side it is that of the riskiest." if number > 1 else ""
    return f"The publication score is {riskiest.total}, {compared} {cut_off}.{several} It adds {_listed(parts)}."


def _named(term: Term) -> str:
    name = term.variable.replace("_", " ")
    if term.variable == Variable.TIME.value and term.dimension is None:
        return f"{name} (not declared)"
    return name if term.dimension in (None, term.variable) else f"{name} ({term.dimension})"


def _step_4(findings: Findings) -> str:
    rulebook = findings.rulebook
    numerator = rulebook.thresholds.numerator
    reasons = []
    if findings.small and findings.risky:
        reasons.append(
            f"the publication score is over {rulebook.cut_off}"
            if findings.scored
            else "no publication score shows that the risk is small"
        )
    if findings.forced_by:
        reasons.append(f"the table shows a high-risk population ({_high_risk(findings, findings.forced_by)})")
    if findings.always_masked:
        reasons.append(
            f"{rulebook.title} suppresses them whatever the score ({rulebook.cite(rulebook.masking.section)})"
        )
    return (
        f"Counts from {numerator.lower} to {numerator.upper} are suppressed, with whatever they could be calculated "
        f"from, because {' and '.join(reasons)}."
    )


def _nothing_suppressed(findings: Findings) -> str:
    if not findings.personal:
        why = "step 1 is answered no"
    elif not findings.small:
        why = "step 2 is answered no"
    else:
        why = "step 3 is answered no"
    return f"Nothing is suppressed, because {why}; the table may go on as it is."


def _high_risk(findings: Findings, names: tuple[str, ...]) -> str:
    entries = findings.rulebook.high_risk
    sections = dict.fromkeys(findings.rulebook.cite(entries[name].section) for name in names)
    return f"{', '.join(name.replace('_', ' ') for name in names)}; {', '.join(sections)}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
