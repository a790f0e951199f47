"""What ``ddg assess`` prints for people: the answer in one line, then tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ddg_pipeline.console_layout import (
    add_columns,
    add_row,
    as_text,
    bullets,
    console,
    heading,
    is_wide,
    new_table,
    print_parts,
)

if TYPE_CHECKING:
    from ddg_pipeline.assessment import Assessment, Explanation, Score
    from ddg_pipeline.assessment.explain import Change

_LONGEST_WHOLE = 24  # characters of a section that stays on one line
_STEP_WIDTH = 20  # where it is narrow
_MOST_CHANGES = 12


def print_assessment(assessment: Assessment, explanation: Explanation | None = None) -> None:
    """Print what was found, and where it is asked for, what would bring the score to the cut-off."""
    to = console()
    parts = [
        _answer(assessment),
        _steps(assessment, wide=is_wide(to)),
        *_scores(assessment),
        *_counts(assessment),
    ]
    if explanation is not None:
        parts += _explanation(explanation)
    parts += [*_notes(assessment), *_safe_harbor(assessment), *_rulebook(assessment, to.width)]
    print_parts(to, parts)


def _answer(assessment: Assessment) -> RenderableType:
    style = "bold red" if assessment.decision == "mask" else "bold green"
    return Text.assemble((f"{assessment.release}\n", "bold"), ("Decision: ", ""), as_text(assessment.answer, style))


def _steps(assessment: Assessment, *, wide: bool) -> RenderableType:
    """The six steps; where it is narrow, question and summary share a column."""
    table = new_table("The six steps", roomy=True)
    if wide:
        add_columns(table, "Step", "Question", "Result", "Why", whole=("Result",))
    else:
        add_columns(table, "Step", "Result", "Question, and why", whole=("Result",))
        table.columns[0].max_width = _STEP_WIDTH
    for step in assessment.steps:
        name, question = f"{step.step} {step.name}", f"{step.question} ({step.section})"
        if wide:
            add_row(table, name, question, step.result, step.summary)
        else:
            both = Text.assemble(as_text(question, "italic"), "\n", as_text(step.summary))
            add_row(table, name, step.result, both)
    return table


def _scores(assessment: Assessment) -> Iterator[RenderableType]:
    cut_off = assessment.cut_off
    for score in sorted(assessment.tables, key=lambda one: -one.total):
        several = len(assessment.tables) > 1
        by = f", table by {', '.join(score.dimensions) or 'nothing'}" if several else ""
        yield _score(f"Publication score{by}", score, cut_off)
        if several and score is assessment.score:
            yield as_text(f"The riskiest of {len(assessment.tables)} tables side by side: its score decides.")


def _score(title: str, score: Score, cut_off: int) -> Table:
    table = new_table(title)
    whole = ("Section",) if all(len(term.section) <= _LONGEST_WHOLE for term in score.terms) else ()
    names = ("Variable", "Column", "Riskiest found", "Line of the scoring table", "Score", "Section")
    add_columns(table, *names, right=("Score",), whole=whole)
    for term in score.terms:
        variable = term.variable.replace("_", " ")
        found = term.found or ""
        add_row(table, variable, term.dimension or "", found, term.category, _signed(term.score), term.section)
    table.add_section()
    compared = "over" if score.total > cut_off else "not over"
    add_row(table, as_text("total", "bold"), "", "", f"{compared} {cut_off}", as_text(score.total, "bold"), "")
    return table


def _signed(score: int) -> str:
    return f"{score:+d}" if score else "0"


def _counts(assessment: Assessment) -> Iterator[RenderableType]:
    counts = assessment.counts
    table = new_table("Cells, margins included")
    numbers = ("Cells", "Small", "Zero", "Small denominators")
    add_columns(table, "Measure", *numbers, "Denominators are", right=numbers)
    for one in counts.measures:
        known = f"{one.denominators}: {one.source}" if one.source else one.denominators
        cells = [f"{number:,}" for number in (one.cells, one.small_cells, one.zero_cells, one.small_denominators)]
        add_row(table, one.measure, *cells, known)
    if counts.measures:
        yield table
    if assessment.reliability:
        estimates = new_table("Estimates of a survey")
        kinds = ("Cells", "Unreliable", "To be marked")
        add_columns(estimates, "Estimate", *kinds, "Limits", right=kinds)
        for found in assessment.reliability:
            cells = [f"{number:,}" for number in (found.cells, found.unreliable_cells, found.flagged_cells)]
            add_row(estimates, found.measure, *cells, f"{found.limits} ({found.section})")
        yield estimates


def _notes(assessment: Assessment) -> Iterator[RenderableType]:
    if assessment.notes:
        yield heading("For the expert review")
        yield bullets(
            [Text.assemble(as_text(f"{note.field}: ", "bold"), as_text(note.text)) for note in assessment.notes]
        )


def _safe_harbor(assessment: Assessment) -> Iterator[RenderableType]:
    yield heading("Safe Harbor")
    yield as_text(assessment.safe_harbor)


def _rulebook(assessment: Assessment, width: int) -> Iterator[RenderableType]:
    edition = assessment.edition
    approved = f", approved {edition.approved}" if edition.approved else ""
    extends = f", on top of {edition.extends}" if edition.extends else ""
    yield heading("Judged by")
    yield as_text(f"{edition.title} ({assessment.rulebook}{approved}{extends}).")
    if edition.overrides:
        table = new_table("What it says otherwise", roomy=True)
        add_columns(table, "Entry", "Before", "Now", "Source, and reason")
        for column in table.columns[:3]:
            column.max_width = width // 5
        for one in edition.overrides:
            why = Text.assemble(as_text(f"{one.source}."), "\n", as_text(one.reason, "italic"))
            add_row(table, one.entry, one.before, one.after, why)
        yield table


def _explanation(found: Explanation) -> Iterator[RenderableType]:
    yield heading(f"What would bring the score to {found.cut_off}")
    yield as_text(found.conclusion)
    if found.masked_whatever:
        yield bullets([as_text(reason) for reason in found.masked_whatever])
    room = new_table("Where the points are")
    add_columns(room, "Variable", "Column", "Score", "Coarser lines of the scoring table", right=("Score",))
    for one in found.terms:
        lines = "; ".join(f"{line.category}: {_signed(line.score)}" for line in one.coarser) or "none"
        add_row(room, one.term.variable.replace("_", " "), one.term.dimension or "", _signed(one.term.score), lines)
    yield room
    shown = list(_worth_showing(found))
    if shown:
        yield _changes(shown)
        hidden = len(found.changes) - len(shown)
        if hidden:
            stronger = "1 stronger change of the same column is" if hidden == 1 else f"{hidden} stronger changes are"
            yield as_text(f"{stronger} left out here; --json lists all.")
    for number, combination in enumerate(found.combinations, start=1):
        if number == 1:
            yield heading("The smallest combinations that reach it")
        words = "; ".join(change.words for change in combination.changes)
        yield bullets([as_text(f"{words}: {found.score} to {combination.score}")], first=number)
    if found.changes:
        yield as_text(
            "\nNo score will be higher than is promised here. `ddg advise` makes such tables and compares what has to "
            "be hidden in each."
        )


def _worth_showing(found: Explanation) -> Iterator[Change]:
    """Leave out what is stronger than a change of the same column that is enough."""
    enough: set[str] = set()
    for number, change in enumerate(found.changes):
        if number < _MOST_CHANGES * 2 and (change.column not in enough or change.kind in ("hierarchy", "leave_out")):
            yield change
        if change.reaches:
            enough.add(change.column)


def _changes(shown: Sequence[Change]) -> Table:
    table = new_table("One change at a time", roomy=True)
    add_columns(table, "You could", "Points", "Score", "Enough", right=("Points", "Score"))
    for change in shown:
        points = ", ".join(
            f"{term.variable.replace('_', ' ')} {_or_none(term.before)} to {_or_none(term.after)}"
            for term in change.terms
        )
        then = f"; {change.then}" if change.then else ""
        words = Text.assemble(as_text(change.words), as_text(then), "\n", as_text(points, "italic"))
        add_row(table, words, _signed(-change.saves), change.score, as_text("yes", "bold") if change.reaches else "no")
    return table


def _or_none(score: int | None) -> str:
    return "none" if score is None else str(score)
