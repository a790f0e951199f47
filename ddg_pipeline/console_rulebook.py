"""Rulebooks for people: tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ddg_pipeline.rulebook import Band, BandTable, Rulebook
from ddg_pipeline.rulebook.difference import Difference, citation
from ddg_pipeline.rulebook.model import CategoryTable, SurveyLimit

_LONGEST = 400
_WIDTH_WHEN_PIPED = 140


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_WHEN_PIPED)


def print_rulebooks(rulebooks: Sequence[Rulebook]) -> None:
    """Print one line for each rulebook."""
    table = _table("", "name", "title", "extends", "small counts", "suppressed")
    for one in rulebooks:
        _row(table, one.name, one.title, one.extends or "", _small(one), _applies(one))
    _console().print(table)


def print_differences(rulebook: Rulebook, base: Rulebook, found: Sequence[Difference]) -> None:
    """Print what a rulebook says otherwise than a base."""
    console = _console()
    if not found:
        console.print(Text(f"{rulebook.name} says nothing otherwise than {base.name}."))
        return
    title = f"{rulebook.name} ({rulebook.title}), compared with {base.name}"
    table = _table(title, "entry", base.name, rulebook.name, "source", "reason")
    for one in found:
        _row(table, one.entry, *_told(one), one.source, one.reason)
    console.print(table)


def print_rulebook(rulebook: Rulebook) -> None:
    """Print everything that decides about a release, each with the section that says so."""
    console = _console()
    console.print(Text.assemble((rulebook.name, "bold"), f": {rulebook.title}"))
    for table in (_figures(rulebook), *_scoring(rulebook), *_words(rulebook)):
        if table.row_count:
            console.print(table)
    overrides = _table("What overlays say otherwise", "entry", "before", "after", "source", "reason", "by")
    for one in rulebook.overrides:
        _row(overrides, one.entry, _short(one.before), _short(one.after), one.source, one.reason, one.by)
    if overrides.row_count:
        console.print(overrides)


def _figures(rulebook: Rulebook) -> Table:
    table = _table("Figures", "what", "figure", "entry", "source")
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
    if reliability is not None:
        limit = f"{reliability.maximum_relative_standard_error:g} percent"
        entry = "reliability.maximum_relative_standard_error"
        lines.append(("highest relative standard error of any figure", limit, entry))
    for what, figure, entry in lines:
        _row(table, what, figure, entry, citation(rulebook, entry))
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
        table = _table(title, "category", "from", "to", "score")
        for band in bands.bands:
            _row(table, band.category, *_ends(band), f"{band.score:+d}")
        yield table
    for name, labels in scoring.categories.items():
        yield _labels(name, labels, rulebook)
    address = scoring.service_address
    if address is not None:
        table = _table(f"service address ({rulebook.cite(address.section)})", "category", "score")
        for line in (address.street, address.rural, address.frontier):
            if line is not None:
                _row(table, line.category, f"{line.score:+d}")
        yield table
    missing = [name.replace("_", " ") for name, value in tables.items() if value is None]
    table = _table("scored as other variables, for want of a table", "table")
    for name in missing:
        _row(table, name)
    yield table


def _labels(name: str, labels: CategoryTable, rulebook: Rulebook) -> Table:
    table = _table(f"{name.replace('_', ' ')} ({rulebook.cite(labels.section)})", "category", "score")
    for level in labels.levels:
        _row(table, level.category, f"{level.score:+d}")
    more = labels.more_detail
    scores = [f"{more.score:+d}"] if more.score is not None else []
    if more.by_population:
        least = "" if more.at_least is None else f", at least {more.at_least:+d}"
        scores.append(f"by statewide population{least}")
    _row(table, more.category, " or ".join(scores))
    return table


def _words(rulebook: Rulebook) -> Iterator[Table]:
    table = _table("High-risk populations: always suppressed", "name", "description", "section")
    for name, one in rulebook.high_risk.items():
        _row(table, name, one.description, rulebook.cite(one.section))
    yield table
    table = _table("Surveys", "name", "survey", "limits", "section")
    for name, limit in rulebook.survey_limits.items():
        _row(table, name, limit.description, "; ".join(_limits(limit)), rulebook.cite(limit.section))
    yield table
    table = _table("Direct identifiers: never in a release", "name", "description", "section")
    for name, identifier in rulebook.direct_identifiers.items():
        _row(table, name, identifier.description, rulebook.cite(identifier.section))
    yield table
    table = _table("Annotations and symbols", "what", "code", "description")
    for name, annotation in rulebook.annotations:
        if hasattr(annotation, "code"):
            _row(table, name.replace("_", " "), annotation.code, annotation.description)
    _row(table, "symbols of small counts", " ".join(rulebook.symbols.small), rulebook.cite(rulebook.symbols.section))
    complementary = " ".join(rulebook.symbols.complementary)
    _row(table, "symbols of complementary cells", complementary, rulebook.cite(rulebook.symbols.section))
    yield table
    table = _table("Footnotes", "name", "text", "section")
    for name, footnote in rulebook.footnotes.items():
        _row(table, name, footnote.text, rulebook.cite(footnote.section))
    yield table
    table = _table(f"Sign-offs ({rulebook.cite(rulebook.sign_offs.section)})", "role", "who")
    for name, role in rulebook.sign_offs.roles.items():
        _row(table, name, role.description)
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


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title) if title else None, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "entry")
    return table


def _row(table: Table, *cells: object) -> None:
    table.add_row(*(Text(str(cell)) for cell in cells))
