"""Step 3, one variable at a time: which line of its scoring table the riskiest category falls into (§16.2)."""

from __future__ import annotations

import dataclasses

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.codes import reads_like_codes
from ddg_pipeline.assessment.identifier_content import redacted, tells_high_ages
from ddg_pipeline.assessment.inference import believed_size
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.assessment.result import Note, Term
from ddg_pipeline.assessment.service_address import riskiest_address
from ddg_pipeline.contract import Dimension, Variable
from ddg_pipeline.contract.columns import quoted
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.rulebook import Band, BandTable, Rulebook
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.rulebook.model import CategoryTable, FixedScore

_DIGITS_OF_AN_AGE_BAND = 6  # 100-120
_WORDS_FOR_AGES = frozenset(
    {"adult", "adults", "all", "child", "children", "elderly", "everyone", "senior", "seniors", "teens", "total"}
)
_PEOPLE_IN_AREAS = "how many people live in each area"
_PEOPLE_IN_GROUPS = "how many people statewide are in each group"
_MEANING_OF_SIZES = {
    Variable.RESIDENCE_GEOGRAPHY: _PEOPLE_IN_AREAS,
    Variable.INSURANCE_COVERAGE: "how many members each plan has",
    Variable.MEANS_TESTED_PROGRAM: "how many people are enrolled in each program",
    Variable.EXPECTED_PAYER: "how many people are enrolled in each program",
}


def score_variable(
    one: Characteristic, rulebook: Rulebook, notes: list[Note], declared: Dimension | None = None
) -> Term:
    """Score one variable by its riskiest category.

    Args:
        one: The variable.
        rulebook: The edition. A variable it has no table for scores as an `other` variable, for an expert to review.
        notes: Takes what the expert review has to look at.
        declared: The dimension that shows it; None for a scope and for what is implied.

    Raises:
        InputErrors: What decides its score is not declared, or contradicts the table.
        RefusedError: Its categories identify people.
    """
    scoring = rulebook.scoring
    categories = scoring.category_table(one.variable)
    if categories is not None:
        return _by_labels(one, categories, rulebook, notes)
    match one.variable:
        case Variable.TIME:
            return _time(one, rulebook)
        case Variable.AGE:
            return _age(one, rulebook, notes)
        case Variable.SERVICE_GEOGRAPHY:
            return _service_geography(one, rulebook, notes, declared)
        case Variable.OTHER if not one.sizes:
            return _other(one, rulebook, notes)
    table = scoring.size_table(one.variable)
    if table is None:
        return _other(one, rulebook, notes)
    return _by_size(one, table, rulebook, _MEANING_OF_SIZES.get(one.variable, _PEOPLE_IN_GROUPS))


def high_risk_detail(one: Characteristic, rulebook: Rulebook) -> str | None:
    """Name the high-risk population that a variable makes of the table (§5.6.2).

    Categories finer than the guideline's do, such as kinds of immigration status; and so does a table about that
    population alone, by its scope or by what a column implies.
    """
    table = rulebook.scoring.category_table(one.variable)
    if table is None or table.more_detail.high_risk is None:
        return None
    slug = table.more_detail.high_risk
    finer = any(table.level(label) is None for label in one.labels)
    alone = one.origin in ("scope", "implied") and (
        not one.labels or any(is_called(label, slug, table) for label in one.labels)
    )
    return slug if finer or alone else None


def is_called(label: str, slug: str, table: CategoryTable) -> bool:
    """Say whether a label is one of the spellings of the group that a high-risk population is called by (§5.6.2)."""
    groups = (
        {normalised(text) for text in (word, *others)}
        for level in table.levels
        for word, others in level.labels.items()
    )
    return any({normalised(label), normalised(slug)} <= spellings for spellings in groups)


def _term(one: Characteristic, line: Band | FixedScore, section: str, rulebook: Rulebook, found: str | None) -> Term:
    return Term(one.variable.value, line.category, line.score, rulebook.cite(section), one.name, found)


def _by_size(one: Characteristic, table: BandTable, rulebook: Rulebook, meaning: str) -> Term:
    if one.smallest is None:
        raise InputErrors([InputError(one.place, one.size_key, "nothing", f"say {meaning}: it decides the score")])
    sizes = {
        label: believed_size(one.variable, label, size, one.name, rulebook) for label, size in (one.sizes or {}).items()
    }
    label = min(sizes, key=lambda label: sizes[label])
    return _term(one, table.band(sizes[label]), table.section, rulebook, one.shown(label))


def _time(one: Characteristic, rulebook: Rulebook) -> Term:
    if one.period is None:
        raise InputErrors(
            [InputError(one.place, f"{one.key}.period", "nothing", "say what one period covers, such as year")]
        )
    table = rulebook.scoring.time
    return _term(one, table.band(months_of(one.period)), table.section, rulebook, one.period)


def _age(one: Characteristic, rulebook: Rulebook, notes: list[Note]) -> Term:
    table = rulebook.scoring.age
    if not one.labels and one.origin != "crossed":
        return _by_general_table(one, rulebook, notes, "how many people statewide are of that age")
    if not one.labels:
        raise InputErrors([_only_unknown(one)])
    bands = {label: parse_age_band(label) for label in one.labels}
    errors = [
        InputError(
            one.place,
            one.key,
            f"{_shown(label)}, which is no age band",
            f"write it like '0-17', '65+' or '<1'; a label for all ages belongs under {one.key}.total, one for "
            f"several bands under {one.key}.hierarchy, one for 'not known' under {one.key}.unknown",
        )
        for label, band in bands.items()
        if band is None
    ]
    if errors:
        raise InputErrors(errors)
    read = {label: band for label, band in bands.items() if band is not None}
    above = [label for label, band in read.items() if tells_high_ages(band, table)]
    if above:
        raise RefusedError(
            f"{one.place}: {one.name}: {quoted(above)}: ages over {table.highest_single_age} must not be told apart "
            f"({rulebook.cite(table.highest_single_age_section)}); put them into one open band such as "
            f"{table.highest_single_age + 1}+."
        )
    widths = {label: band.years(table.open_band_ends_at) for label, band in read.items()}
    narrowest = min(widths, key=lambda label: widths[label])
    return _term(one, table.band(widths[narrowest]), table.section, rulebook, narrowest)


def _shown(label: str) -> str:
    """Quote a label that may have been meant for an age band; of any other, which may be a name, show the form."""
    digits = sum(character.isdigit() for character in label)
    meant = 0 < digits <= _DIGITS_OF_AN_AGE_BAND or normalised(label) in _WORDS_FOR_AGES
    return repr(label) if meant else f"a label of the form {redacted(label)!r}"


def _service_geography(one: Characteristic, rulebook: Rulebook, notes: list[Note], declared: Dimension | None) -> Term:
    """Score where a service stands; where only residents may use it, as residence too, and the higher score holds."""
    scoring = rulebook.scoring
    terms = []
    address = None if one.origin == "total" else riskiest_address(one, declared, rulebook, notes)
    if address is not None and scoring.service_address is not None:
        label, line = address
        terms.append(_term(one, line, scoring.service_address.section, rulebook, label))
    if one.sizes or not terms:
        terms.append(_by_size(one, scoring.service_geography, rulebook, _PEOPLE_IN_AREAS))
    if declared is not None and declared.residents_only:
        as_residence = _by_size(one, scoring.residence_geography, rulebook, _PEOPLE_IN_AREAS)
        terms.append(dataclasses.replace(as_residence, category=f"{as_residence.category}, as residence"))
        notes.append(
            Note(one.key, f"Only residents use {one.name}, so it is scored as residence where that is riskier.")
        )
    return max(terms, key=lambda term: term.score)


def _other(one: Characteristic, rulebook: Rulebook, notes: list[Note]) -> Term:
    table = rulebook.scoring.other
    if one.groups is not None and len(one.labels) > one.groups:
        raise InputErrors(
            [
                InputError(
                    one.place,
                    f"{one.key}.groups",
                    f"{one.groups}, but the table has {len(one.labels)} groups ({quoted(one.labels)})",
                    f"at least {len(one.labels)}; labels for totals, broader groups and 'not known' belong under "
                    "`total`, `hierarchy` and `unknown`",
                )
            ]
        )
    groups = one.groups or max(1, len(one.labels))
    if one.variable is not Variable.OTHER:
        kind = one.variable.value.replace("_", " ")
        notes.append(Note(one.key, f"{rulebook.title} has no table for {kind}: it is scored as an other variable."))
    if reads_like_codes(one.labels):
        notes.append(
            Note(
                one.key,
                f"{one.name} reads like detailed diagnosis or procedure codes, which score as other variables "
                f"({rulebook.cite(table.section)}); an expert has to see whether single codes tell more, and whether "
                "some of them mean a high-risk population.",
            )
        )
    if table.expert_review:
        how = (
            "declared"
            if one.groups is not None
            else "counted in the table"
            if one.crossed or len(one.labels) > 1
            else "a single one"
        )
        notes.append(
            Note(one.key, f"The score of {one.name} rests on its number of groups, {how}; an expert has to confirm it.")
        )
    return _term(one, table.band(groups), table.section, rulebook, None)


def _by_general_table(one: Characteristic, rulebook: Rulebook, notes: list[Note], meaning: str) -> Term:
    general = rulebook.scoring.general
    return _other(one, rulebook, notes) if general is None else _by_size(one, general, rulebook, meaning)


def _only_unknown(one: Characteristic) -> InputError:
    return InputError(one.place, one.key, "only labels for 'not known'", "at least one category")


def _by_labels(one: Characteristic, table: CategoryTable, rulebook: Rulebook, notes: list[Note]) -> Term:
    """Score by the sets that labels belong to, and labels in none of them as the table says for more detail."""
    if not one.labels and not one.crossed:
        return _without_labels(one, table, rulebook, notes)
    levels = {label: table.level(label) for label in one.labels}
    terms = [_term(one, level, table.section, rulebook, label) for label, level in levels.items() if level is not None]
    detailed = [label for label, level in levels.items() if level is None]
    if detailed:
        terms.append(_more_detail(one, table, detailed, rulebook, notes))
    if not terms:
        raise InputErrors([_only_unknown(one)])
    return max(terms, key=lambda term: term.score)


def _more_detail(
    one: Characteristic, table: CategoryTable, labels: list[str], rulebook: Rulebook, notes: list[Note]
) -> Term:
    more = table.more_detail
    terms = []
    general = rulebook.scoring.general if more.by_population else None
    if general is None and more.score is None:
        return _other(one, rulebook, notes)
    declared = one.sizes or {}
    sizes = {
        label: believed_size(one.variable, label, declared[label], one.name, rulebook)
        for label in labels
        if label in declared
    }
    unsized = [label for label in labels if label not in sizes]
    if general is not None and sizes:
        smallest = min(sizes, key=lambda label: sizes[label])
        band = general.band(sizes[smallest])
        line = FixedScore(
            category=f"{more.category}: {band.category}", score=max(band.score, more.at_least or band.score)
        )
        terms.append(_term(one, line, general.section, rulebook, smallest))
    if more.score is not None:
        line = FixedScore(category=more.category, score=more.score)
        terms.append(_term(one, line, table.section, rulebook, labels[0]))
    if more.score is None and unsized:
        raise InputErrors(
            [
                InputError(
                    one.place,
                    f"{one.key}.population",
                    f"nothing, and {quoted(unsized)} is none of {', '.join(table.listed)}",
                    "say how many people statewide are in each group, correct the label or the variable, or list the "
                    f"label under {one.key}.unknown if it means 'not known'",
                )
            ]
        )
    return max(terms, key=lambda term: term.score)


def _without_labels(one: Characteristic, table: CategoryTable, rulebook: Rulebook, notes: list[Note]) -> Term:
    """A scope that names no group scores by the group's population, or as high as the table goes."""
    more, general = table.more_detail, rulebook.scoring.general
    if more.by_population and general is not None:
        term = _by_size(one, general, rulebook, "how many people statewide are in that group, or give its label")
        line = FixedScore(category=term.category, score=max(term.score, more.at_least or term.score))
        return _term(one, line, general.section, rulebook, None)
    lines: list[FixedScore] = [*table.levels]
    if more.score is not None:
        lines.append(FixedScore(category=more.category, score=more.score))
    notes.append(Note(one.key, f"{one.name} does not say which group it is, so the table's highest score holds."))
    return _term(one, max(lines, key=lambda line: line.score), table.section, rulebook, None)
