"""Rulebooks for people: tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ddg_pipeline.console_layout import (
    add_columns,
    add_row,
    as_text,
    console,
    is_wide,
    new_table,
    print_parts,
)
from ddg_pipeline.rulebook import Band, BandTable, Rulebook
from ddg_pipeline.rulebook.difference import Difference, citation
from ddg_pipeline.rulebook.model import CategoryTable, SurveyLimit

_LONGEST = 400
_NUMBERS = ("Score", "From", "To")


def print_rulebooks(rulebooks: Sequence[Rulebook]) -> None:
    """Print one line for each rulebook."""
    table = new_table(roomy=True)
    add_columns(table, "Rulebook", "Small counts", "Suppressed")
    for one in rulebooks:
        extends = f"extends {one.extends}" if one.extends else "a complete rulebook"
        name = Text.assemble(as_text(one.name, "bold"), "\n", as_text(one.title), "\n", as_text(extends, "italic"))
        add_row(table, name, _small(one), _applies(one))
    print_parts(console(), [table])


def print_differences(rulebook: Rulebook, base: Rulebook, found: Sequence[Difference]) -> None:
    """Print what a rulebook says otherwise than a base."""
    to = console()
    head = Text.assemble((rulebook.name, "bold"), as_text(f": {rulebook.title}"))
    if not found:
        print_parts(to, [head, as_text(f"{rulebook.name} says nothing otherwise than {base.name}.")])
        return
    entries = [(one.entry, *_told(one), one.source, one.reason, "") for one in found]
    print_parts(to, [head, _changes(f"What it says otherwise than {base.name}", entries, to.width)])


def print_rulebook(rulebook: Rulebook) -> None:
    """Print everything that decides about a release, each with the section that says so."""
    to = console()
    parts: list[RenderableType] = [Text.assemble((rulebook.name, "bold"), as_text(f": {rulebook.title}"))]
    parts += rulebook_tables(rulebook, wide=is_wide(to))
    if rulebook.overrides:
        several = len({one.by for one in rulebook.overrides}) > 1
        entries = [
            (one.entry, _short(one.before), _short(one.after), one.source, one.reason, one.by if several else "")
            for one in rulebook.overrides
        ]
        parts.append(_changes("What overlays say otherwise", entries, to.width))
    print_parts(to, parts)


def rulebook_tables(rulebook: Rulebook, *, wide: bool = True) -> list[Table]:
    """Lay out all figures and texts of a rulebook, each with its section."""
    return [one for one in (_figures(rulebook, wide=wide), *_scoring(rulebook), *_words(rulebook)) if one.row_count]


def _changes(title: str, entries: Iterable[tuple[str, str, str, str, str, str]], width: int) -> Table:
    """Tell changes: of each the entry, what stood there, what stands there now, source, reason, and which overlay."""
    table = new_table(title, roomy=True)
    add_columns(table, "Entry", "Before", "Now", "Source, and reason")
    for column in table.columns[:3]:
        column.max_width = width // (4 if column is table.columns[0] else 5)
    for entry, before, now, source, reason, by in entries:
        said = Text()
        if source:
            said.append_text(as_text(f"{source}{f' ({by})' if by else ''}.\n"))
        said.append_text(as_text(reason, "italic"))
        add_row(table, entry, before, now, said)
    return table


def _figures(rulebook: Rulebook, *, wide: bool) -> Table:
    table = new_table("Figures", roomy=not wide)
    names = ("What", "Figure", "Entry", "Source") if wide else ("What", "Figure", "Entry, and source")
    add_columns(table, *names)
    thresholds, masking = rulebook.thresholds, rulebook.masking
    percentages, reliability = masking.whole_percentages, rulebook.reliability
    lines: list[tuple[str, object, str]] = [
        ("small counts of individuals", _small(rulebook), "thresholds.numerator"),
        ("zero", thresholds.zero, "thresholds.zero"),
        ("small denominators", f"{thresholds.denominator:,} or fewer", "thresholds.denominator"),
        ("score that may be released unmasked", f"{rulebook.cut_off} or less", "publication_score.cut_off"),
        ("small counts are suppressed", _applies(rulebook), "masking.applies"),
        (
            "suppressed cells in a row or column, at least",
            masking.minimum_suppressed_per_row,
            "masking.minimum_suppressed_per_row",
        ),
        (
            "one more where all suppressed are at most",
            masking.one_more_where_all_at_most,
            "masking.one_more_where_all_at_most",
        ),
        (
            "one more where the suppressed sum to less than",
            masking.one_more_where_sum_below,
            "masking.one_more_where_sum_below",
        ),
    ]
    for name, level in masking.levels.items():
        what = f"possible values of a small count, level {name}"
        lines.append((what, level.possible_values, f"masking.levels.{name}.possible_values"))
    allowed = "not allowed"
    if percentages is not None:
        allowed = f"total of {percentages.minimum_total:,} or more; small as {percentages.shown_below}"
    lines.append(("whole percentages without counts", allowed, "masking.whole_percentages"))
    age, programs = rulebook.scoring.age, rulebook.scoring.means_tested_program
    lines += [
        ("ages shown by themselves", f"{age.highest_single_age} or less", "scoring.age.highest_single_age"),
        ("open age bands end at", age.open_band_ends_at, "scoring.age.open_band_ends_at"),
    ]
    if programs is not None:
        interacts = f"with {programs.interacts_up_to:,} people or fewer"
        lines.append(("programs that interact", interacts, "scoring.means_tested_program.interacts_up_to"))
    sampled = "scored like populations" if rulebook.surveys.scored_as_population else "not scored as populations"
    lines.append(("samples of people", sampled, "surveys.scored_as_population"))
    if reliability is not None:
        limit = f"{reliability.maximum_relative_standard_error:g} percent"
        entry = "reliability.maximum_relative_standard_error"
        lines.append(("highest relative standard error of any figure", limit, entry))
    for what, figure, entry in lines:
        cited = citation(rulebook, entry)
        both = Text.assemble(as_text(entry), "\n", as_text(cited, "italic"))
        add_row(table, what, figure, *((entry, cited) if wide else (both,)))
    return table


def _scoring(rulebook: Rulebook) -> Iterator[Table]:
    scoring = rulebook.scoring
    tables: dict[str, BandTable | None] = {
        name: value for name, value in scoring if isinstance(value, BandTable) or value is None
    }
    tables["interactions, only population"] = scoring.interactions.only_population
    tables["interactions, further variables"] = scoring.interactions.further_variables
    for name, bands in tables.items():
        if bands is None:
            continue
        title = f"{name.replace('_', ' ')}, by {bands.unit} ({rulebook.cite(bands.section)})"
        table = _table(title, "Category", "From", "To", "Score")
        for band in bands.bands:
            add_row(table, band.category, *_ends(band), f"{band.score:+d}")
        yield table
    for name, labels in scoring.categories.items():
        yield _labels(name, labels, rulebook)
    address = scoring.service_address
    if address is not None:
        table = _table(f"service address ({rulebook.cite(address.section)})", "Category", "Score")
        for line in (address.street, address.rural, address.frontier):
            if line is not None:
                add_row(table, line.category, f"{line.score:+d}")
        yield table
    missing = [name.replace("_", " ") for name, value in tables.items() if value is None]
    table = _table("scored as other variables, for want of a table", "Table")
    for name in missing:
        add_row(table, name)
    yield table


def _labels(name: str, labels: CategoryTable, rulebook: Rulebook) -> Table:
    table = _table(f"{name.replace('_', ' ')} ({rulebook.cite(labels.section)})", "Category", "Score")
    for level in labels.levels:
        add_row(table, level.category, f"{level.score:+d}")
    more = labels.more_detail
    scores = [f"{more.score:+d}"] if more.score is not None else []
    if more.by_population:
        least = "" if more.at_least is None else f", at least {more.at_least:+d}"
        scores.append(f"by statewide population{least}")
    add_row(table, more.category, " or ".join(scores))
    return table


def _words(rulebook: Rulebook) -> Iterator[Table]:
    table = _table("High-risk populations: always suppressed", "Name", "Description", "Section")
    for name, one in rulebook.high_risk.items():
        add_row(table, name, one.description, rulebook.cite(one.section))
    yield table
    table = _table("Surveys", "Name", "Survey", "Limits", "Section")
    for name, limit in rulebook.survey_limits.items():
        add_row(table, name, limit.description, "; ".join(_limits(limit)), rulebook.cite(limit.section))
    yield table
    table = _table("Direct identifiers: never in a release", "Name", "Description", "Section")
    for name, identifier in rulebook.direct_identifiers.items():
        add_row(table, name, identifier.description, rulebook.cite(identifier.section))
    yield table
    table = _table("Annotations and symbols", "What", "Code", "Description")
    for name, annotation in rulebook.annotations:
        if hasattr(annotation, "code"):
            add_row(table, name.replace("_", " "), annotation.code, annotation.description)
    add_row(table, "symbols of small counts", " ".join(rulebook.symbols.small), rulebook.cite(rulebook.symbols.section))
    complementary = " ".join(rulebook.symbols.complementary)
    add_row(table, "symbols of complementary cells", complementary, rulebook.cite(rulebook.symbols.section))
    yield table
    table = _table("Footnotes", "Name", "Text", "Section")
    for name, footnote in rulebook.footnotes.items():
        add_row(table, name, footnote.text, rulebook.cite(footnote.section))
    yield table
    table = _table(f"Sign-offs ({rulebook.cite(rulebook.sign_offs.section)})", "Role", "Who")
    for name, role in rulebook.sign_offs.roles.items():
        add_row(table, name, role.description)
    yield table


def _limits(limit: SurveyLimit) -> Iterator[str]:
    if limit.minimum_denominator is not None:
        yield f"{limit.minimum_denominator:,} or more sample cases in the denominator"
    if limit.minimum_numerator is not None:
        yield f"{limit.minimum_numerator:,} or more sample cases in the numerator"
    if limit.flagged_up_to is not None:
        yield f"flagged up to {limit.flagged_up_to:,}"
    if limit.maximum_relative_standard_error is not None:
        yield f"relative standard error of {limit.maximum_relative_standard_error:g} percent or less"
    if limit.minimum_cell_unweighted is not None:
        yield f"{limit.minimum_cell_unweighted:,} or more sample cases in a cell"
    if limit.minimum_cell_weighted is not None:
        yield f"{limit.minimum_cell_weighted:,} or more people in a cell"


def _told(one: Difference) -> tuple[str, str]:
    """Tell two long lists apart by what is in one of them only."""
    if isinstance(one.before, list) and isinstance(one.after, list):
        only_before = [item for item in one.before if item not in one.after]
        only_after = [item for item in one.after if item not in one.before]
        return _short(only_before), _short(only_after)
    return _short(one.before), _short(one.after)


def _short(value: Any) -> str:
    text = "\n".join(_lines(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _lines(value: Any) -> Iterable[str]:
    if value is None:
        return ["nothing"]
    if isinstance(value, list):
        return [line for item in value for line in _lines(item)] or ["nothing"]
    if isinstance(value, dict):
        parts = {key: item for key, item in value.items() if item != "" and key != "section"}
        return [", ".join(f"{key}: {' '.join(_lines(item))}" for key, item in parts.items())]
    return [str(value)]


def _ends(band: Band) -> tuple[str, str]:
    return f"{band.lower:,}", "" if band.upper is None else f"{band.upper:,}"


def _small(rulebook: Rulebook) -> str:
    numerator = rulebook.thresholds.numerator
    return f"{numerator.lower} to {numerator.upper}"


def _applies(rulebook: Rulebook) -> str:
    if rulebook.masking.applies == "always":
        return "always"
    return f"where the score is over {rulebook.cut_off}, or the population a high-risk one"


def _table(title: str, *names: str) -> Table:
    table = new_table(title[:1].upper() + title[1:])
    add_columns(table, *names, right=[name for name in names if name in _NUMBERS])
    return table
