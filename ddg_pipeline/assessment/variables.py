"""Step 3, one variable at a time: which line of its scoring table the riskiest category falls into (§16.2)."""

from __future__ import annotations

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.characteristics import Characteristic
from ddg_pipeline.assessment.periods import months_of
from ddg_pipeline.assessment.result import Note, Term
from ddg_pipeline.assessment.service_address import is_address
from ddg_pipeline.contract import Variable
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.rulebook import Band, BandTable, Rulebook
from ddg_pipeline.rulebook.model import CategoryTable, FixedScore

_LISTED = 5


def score_variable(one: Characteristic, rulebook: Rulebook, notes: list[Note]) -> Term:
    """Score one variable by its riskiest category.

    Args:
        one: The variable.
        rulebook: The edition.
        notes: Takes what the expert review has to look at.

    Raises:
        InputErrors: What decides its score is not declared, or contradicts the table.
        RefusedError: Its categories identify people.
    """
    scoring = rulebook.scoring
    table = scoring.category_table(one.variable)
    if table is not None:
        return _by_labels(one, table, rulebook)
    match one.variable:
        case Variable.TIME:
            return _time(one, rulebook)
        case Variable.AGE:
            return _age(one, rulebook)
        case Variable.RESIDENCE_GEOGRAPHY:
            return _by_size(one, scoring.residence_geography, rulebook, "how many people live in each area")
        case Variable.SERVICE_GEOGRAPHY:
            return _service_geography(one, rulebook, notes)
        case Variable.INSURANCE_COVERAGE:
            return _by_size(one, scoring.insurance_coverage, rulebook, "how many members each plan has")
        case Variable.MEANS_TESTED_PROGRAM:
            return _by_size(one, scoring.means_tested_program, rulebook, "how many people are enrolled in each program")
        case _:
            return _other(one, rulebook, notes)


def high_risk_detail(one: Characteristic, rulebook: Rulebook) -> str | None:
    """Name the high-risk population that a variable's detail makes of the table, such as finer immigration status."""
    table = rulebook.scoring.category_table(one.variable)
    if table is None or table.more_detail.high_risk is None:
        return None
    return table.more_detail.high_risk if any(table.level(label) is None for label in one.labels) else None


def _term(one: Characteristic, line: Band | FixedScore, section: str, rulebook: Rulebook, found: str | None) -> Term:
    return Term(one.variable.value, line.category, line.score, rulebook.cite(section), one.name, found)


def _by_size(one: Characteristic, table: BandTable, rulebook: Rulebook, meaning: str) -> Term:
    if one.smallest is None:
        raise InputErrors([InputError(one.place, one.size_key, "nothing", f"say {meaning}: it decides the score")])
    label, size = one.smallest
    return _term(one, table.band(size), table.section, rulebook, one.shown(label))


def _time(one: Characteristic, rulebook: Rulebook) -> Term:
    if one.period is None:
        raise InputErrors(
            [InputError(one.place, f"{one.key}.period", "nothing", "say what one period covers, such as year")]
        )
    table = rulebook.scoring.time
    return _term(one, table.band(months_of(one.period)), table.section, rulebook, one.period)


def _age(one: Characteristic, rulebook: Rulebook) -> Term:
    table = rulebook.scoring.age
    if not one.labels:
        return _by_general_table(one, rulebook, "how many people statewide are of that age")
    bands = {label: parse_age_band(label) for label in one.labels}
    errors = [
        InputError(
            one.place,
            one.key,
            f"{label!r}, which is no age band",
            f"write it like '0-17', '65+' or '<1'; a label for all ages belongs under {one.key}.total, one for "
            f"several bands under {one.key}.hierarchy, one for 'not known' under {one.key}.unknown",
        )
        for label, band in bands.items()
        if band is None
    ]
    if errors:
        raise InputErrors(errors)
    read = {label: band for label, band in bands.items() if band is not None}
    above = [label for label, band in read.items() if band.lies_above(table.highest_single_age)]
    if above:
        raise RefusedError(
            f"{one.place}: {one.name}: {_some(above)}: ages over {table.highest_single_age} must not be told apart "
            f"({rulebook.cite(table.highest_single_age_section)}); put them into one open band such as "
            f"{table.highest_single_age + 1}+."
        )
    widths = {label: band.years(table.open_band_ends_at) for label, band in read.items()}
    narrowest = min(widths, key=lambda label: widths[label])
    return _term(one, table.band(widths[narrowest]), table.section, rulebook, narrowest)


def _service_geography(one: Characteristic, rulebook: Rulebook, notes: list[Note]) -> Term:
    scoring = rulebook.scoring
    addresses = [label for label in one.labels if one.crossed and is_address(label)]
    if not addresses:
        return _by_size(one, scoring.service_geography, rulebook, "how many people live in each area")
    address = scoring.service_address
    notes.append(
        Note(
            one.key,
            f"{one.name} holds addresses or ZIP codes, and nothing tells whether some are in a rural or frontier area: "
            f"scored as {address.highest.category}. Elsewhere, and for hospitals, the score would be "
            f"{address.street.score}.",
        )
    )
    return _term(one, address.highest, address.section, rulebook, addresses[0])


def _other(one: Characteristic, rulebook: Rulebook, notes: list[Note]) -> Term:
    if one.sizes:
        return _by_general_table(one, rulebook, "how many people statewide are in each group")
    table = rulebook.scoring.other
    if one.groups is not None and len(one.labels) > one.groups:
        raise InputErrors(
            [
                InputError(
                    one.place,
                    f"{one.key}.groups",
                    f"{one.groups}, but the table has {len(one.labels)} groups ({_some(one.labels)})",
                    f"at least {len(one.labels)}; labels for totals, broader groups and 'not known' belong under "
                    "`total`, `hierarchy` and `unknown`",
                )
            ]
        )
    groups = one.groups or max(1, len(one.labels))
    if table.expert_review:
        how = "declared" if one.groups is not None else "counted in the table" if one.crossed else "a single one"
        notes.append(
            Note(one.key, f"The score of {one.name} rests on its number of groups, {how}; an expert has to confirm it.")
        )
    return _term(one, table.band(groups), table.section, rulebook, None)


def _by_general_table(one: Characteristic, rulebook: Rulebook, meaning: str) -> Term:
    return _by_size(one, rulebook.scoring.general, rulebook, meaning)


def _by_labels(one: Characteristic, table: CategoryTable, rulebook: Rulebook) -> Term:
    """Score by the sets that labels belong to, and labels in none of them as the table says for more detail."""
    if not one.labels and not one.crossed:
        return _without_labels(one, table, rulebook)
    levels = {label: table.level(label) for label in one.labels}
    terms = [_term(one, level, table.section, rulebook, label) for label, level in levels.items() if level is not None]
    detailed = [label for label, level in levels.items() if level is None]
    if detailed:
        terms.append(_more_detail(one, table, detailed, rulebook))
    if not terms:
        raise InputErrors([InputError(one.place, one.key, "only labels for 'not known'", "at least one category")])
    return max(terms, key=lambda term: term.score)


def _more_detail(one: Characteristic, table: CategoryTable, labels: list[str], rulebook: Rulebook) -> Term:
    more = table.more_detail
    terms = []
    if more.by_population and one.sizes:
        general = rulebook.scoring.general
        smallest = min(labels, key=lambda label: (one.sizes or {})[label])
        band = general.band(one.sizes[smallest])
        line = FixedScore(
            category=f"{more.category}: {band.category}", score=max(band.score, more.at_least or band.score)
        )
        terms.append(_term(one, line, general.section, rulebook, smallest))
    if more.score is not None:
        line = FixedScore(category=more.category, score=more.score)
        terms.append(_term(one, line, table.section, rulebook, labels[0]))
    if not terms:
        raise InputErrors(
            [
                InputError(
                    one.place,
                    f"{one.key}.population",
                    f"nothing, and {_some(labels)} is none of {', '.join(table.listed)}",
                    "say how many people statewide are in each group, correct the label or the variable, or list the "
                    f"label under {one.key}.unknown if it means 'not known'",
                )
            ]
        )
    return max(terms, key=lambda term: term.score)


def _without_labels(one: Characteristic, table: CategoryTable, rulebook: Rulebook) -> Term:
    """A scope names no group: it scores by the group's population, or as high as the table goes."""
    more = table.more_detail
    if more.by_population:
        general = rulebook.scoring.general
        term = _by_size(one, general, rulebook, "how many people statewide are in that group")
        line = FixedScore(category=term.category, score=max(term.score, more.at_least or term.score))
        return _term(one, line, general.section, rulebook, None)
    line = max(
        (*table.levels, FixedScore(category=more.category, score=more.score or 0)), key=lambda level: level.score
    )
    return _term(one, line, table.section, rulebook, None)


def _some(labels: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, labels[:_LISTED]))
    return shown if len(labels) <= _LISTED else f"{shown} and {len(labels) - _LISTED} more"
