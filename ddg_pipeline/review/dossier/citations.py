"""The sections of the guideline that a dossier cites, each with what the rulebook holds under it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.publishing.public_assessment import PublicTerm
from ddg_pipeline.quality.percentages import FORM
from ddg_pipeline.review.dossier.model import CitedSection, RuleText

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook
    from ddg_pipeline.rulebook.bands import Band, Cited
    from ddg_pipeline.rulebook.model import CategoryLevel

SECTION = re.compile(r"§\d+(?:\.\d+)*|\bAppendix [A-Z]\b")
ALWAYS = ("§4.5", "§4.6", "§14.2")  # what steps 5 and 6 are made by, whatever the report cites


def cited_sections(
    texts: Iterable[str],
    contract: ReleaseContract,
    rulebook: Rulebook,
    terms: Iterable[PublicTerm],
    forced_by: Sequence[str],
) -> tuple[CitedSection, ...]:
    """List what texts cite, in the guideline's order.

    Args:
        texts: Everything that the dossier says.
        contract: The contract.
        rulebook: The edition.
        terms: The terms of the score: the scoring tables of their variables are shown, and no others.
        forced_by: The high-risk populations that the table shows, by the rulebook's names.
    """
    entries = list(_entries(contract, rulebook, terms, forced_by))
    cited = {section for text in (*texts, *ALWAYS) for section in sections_in(text)}
    cited |= {section for entry in entries for section in sections_in(entry.source)}
    under: dict[str, list[RuleText]] = {section: [] for section in cited}
    others: dict[str, list[str]] = {section: [] for section in cited}
    for entry in entries:
        first, *more = sections_in(entry.source) or [""]
        if not first:
            continue  # a department's own document, which the table of overrides names
        under[first].append(entry)
        for section in more:
            others[section].append(first)
    return tuple(
        CitedSection(section, anchor(section), tuple(under[section]), tuple(dict.fromkeys(others[section])))
        for section in sorted(cited, key=_order)
    )


def sections_in(text: str) -> list[str]:
    """Find the sections that a text cites."""
    return list(dict.fromkeys(SECTION.findall(text)))


def anchor(section: str) -> str:
    """Name the place of a section on the page: ``section-4-4-1``, ``appendix-i``."""
    words = re.sub(r"[^a-z0-9]+", "-", section.lower()).strip("-")
    return words if section.startswith("Appendix") else f"section-{words}"


def _order(section: str) -> tuple[int, tuple[int, ...], str]:
    numbers = tuple(map(int, re.findall(r"\d+", section)))
    return (0 if numbers else 1, numbers, section)


def _entries(
    contract: ReleaseContract, rulebook: Rulebook, terms: Iterable[PublicTerm], forced_by: Sequence[str]
) -> Iterator[RuleText]:
    yield from _procedure(rulebook)
    yield from _masking(contract, rulebook)
    for name in forced_by:
        population = rulebook.high_risk[name]
        text = f"{population.description}: small counts of them are suppressed whatever the score."
        yield _text("High-risk population", population, [text])
    for term in terms:
        yield from _scoring(term, rulebook)
    identifiers = list(rulebook.direct_identifiers.values())
    listed = "; ".join(dict.fromkeys(one.description for one in identifiers))
    yield _text("Direct identifiers", identifiers[0], [f"Never in a release: {listed}."])
    if contract.survey is not None:
        yield _text("Surveys", rulebook.surveys, ["Figures from a sample are assessed like counts of the population."])
    roles = [f"{role.description}." for role in rulebook.sign_offs.roles.values()]
    yield _text("Who has to approve", rulebook.sign_offs, roles)


def _procedure(rulebook: Rulebook) -> Iterator[RuleText]:
    for step in rulebook.procedure:
        yield _text(f"Step {step.step}: {step.name}", step, [step.question])
    small = rulebook.thresholds.numerator
    yield _text(
        "When a cell is small",
        rulebook.thresholds,
        [
            f"A count of {small.lower} to {small.upper} individuals is small; a count of 0 is not, and is shown.",
            f"A denominator of {rulebook.thresholds.denominator:,} people or fewer is small.",
        ],
    )
    told = f"A table with a publication score of {rulebook.cut_off} or less may be released without masking."
    if rulebook.masking.applies == "always":
        told = f"The cut-off is {rulebook.cut_off}; small counts are masked whatever the score."
    yield _text("The publication score", rulebook.publication_score, [told])


def _masking(contract: ReleaseContract, rulebook: Rulebook) -> Iterator[RuleText]:
    masking, form = rulebook.masking, rulebook.masking.whole_percentages
    level = contract.suppression.level
    more = (
        f"It has one more where all of them are {masking.one_more_where_all_at_most} or less, or where they sum to "
        f"less than {masking.one_more_where_sum_below}."
    )
    rules = [f"A row or column with a suppressed cell has at least {masking.minimum_suppressed_per_row} of them.", more]
    told = f"Level of protection that the contract asks for, {level}: {masking.levels[level].description}"
    yield _text("Suppression", masking, [*rules, told])
    if contract.suppression.form == FORM and form is not None:
        instead = (
            f"In place of counts: percentages of a total of {form.minimum_total:,} or more, rounded to whole numbers, "
            f"of {form.large_categories} large categories and {form.small_categories} small one, which is under "
            f"{form.below} percent and shown as {form.shown_below}. The counts are published nowhere."
        )
        yield _text("Whole percentages", form, [instead])
    notes = rulebook.annotations
    codes = (notes.small, notes.complementary, notes.not_available, notes.unstable, notes.incomplete)
    yield _text("Annotation codes", notes, [f"{one.code}: {one.description}." for one in codes])


def _scoring(term: PublicTerm, rulebook: Rulebook) -> Iterator[RuleText]:
    """Give the scoring tables that a term's variable has; which line was taken, the score table says."""
    scoring, name = rulebook.scoring, term.variable.replace(" ", "_")
    heading = f"Scores of {term.variable}"
    if name == "interactions":
        bands = (*scoring.interactions.only_population.bands, *scoring.interactions.further_variables.bands)
        yield _text(heading, scoring.interactions, [], _lines(bands))
        return
    if name == "events":
        yield _text(heading, scoring.events, [], _lines(scoring.events.bands))
        return
    variable = Variable(name)
    labelled = scoring.category_table(variable)
    if labelled is not None:
        yield _text(heading, labelled, [], _lines(labelled.levels))
        return
    sized = [scoring.size_table(variable), {Variable.AGE: scoring.age, Variable.TIME: scoring.time}.get(variable)]
    sized.append(scoring.other if variable is Variable.OTHER else None)
    for one in sized:
        # of the tables that a variable may have, the one with the line that was taken
        if one is not None and (term.score is None or term.category in {band.category for band in one.bands}):
            yield _text(f"{heading}, by {one.unit}", one, [], _lines(one.bands))


def _lines(entries: Iterable[Band | CategoryLevel]) -> tuple[tuple[str, int], ...]:
    return tuple((one.category, one.score) for one in entries)


def _text(heading: str, entry: Cited, lines: list[str], table: tuple[tuple[str, int], ...] = ()) -> RuleText:
    return RuleText(heading, tuple(lines), tuple(dict.fromkeys(table)), entry.note, entry.section)
