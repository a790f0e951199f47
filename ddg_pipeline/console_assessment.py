"""What ``ddg assess`` prints for people: the answer in one line, then tables.

It fits any width from 80 columns on, a terminal's or the pipe's; words and sections such as "DDG 2.0 §4.2" stay whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ddg_pipeline.assessment import Assessment, Explanation, Score
    from ddg_pipeline.assessment.explain import Change

_WIDTH_WHEN_PIPED = 120
_NARROWEST = 60
_WIDE = 100  # from here on a question has a column of its own
_LONGEST_WHOLE = 24  # characters of a section that stays on one line
_STEP_WIDTH = 20  # where it is narrow
_GLUE = "\ue000"  # of the private use area: stands for a space at which no line is broken
_BREAK = "\x1f"  # white space without width: stands where a long name may be broken
_LONG_NAME = re.compile(r"\S{17,}")
_JOINT = re.compile(r"(?<=[_.])(?=\w)|(?<=[a-z]-)(?=[a-z])")
_KEEP_TOGETHER = re.compile(
    r"\b(?:DDG|Edition|Figure|Table|Appendix|step|steps|Part|CFR|DOH) (?=[\w.§]*\d|[A-Z]\b|§)|(?<=[\w.]) (?=§)"
)
_MOST_CHANGES = 12
_PLAIN = str.maketrans({"\u2500": "-", "\u2550": "=", "\u2501": "-", "\u2026": "...", "\u2013": "-", "\u00a7": "Sec. "})


def print_assessment(assessment: Assessment, explanation: Explanation | None = None) -> None:
    """Print what was found, and where it is asked for, what would bring the score to the cut-off."""
    console = _console()
    parts = [_answer(assessment), _steps(assessment, console.width), *_scores(assessment), *_counts(assessment)]
    if explanation is not None:
        parts += _explanation(explanation)
    parts += [*_notes(assessment), *_safe_harbor(assessment), *_rulebook(assessment, console.width)]
    _print(console, parts)


def _console() -> Console:
    console = Console(highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        return console
    asked = os.environ.get("COLUMNS", "")
    width = max(_NARROWEST, int(asked)) if asked.isdigit() else _WIDTH_WHEN_PIPED
    return Console(highlight=False, emoji=False, markup=False, width=width)


def _print(console: Console, parts: Sequence[RenderableType]) -> None:
    """Print what was laid out, with the spaces back that no line was to be broken at, and no line ending in blanks."""
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    text = captured.get().replace(_GLUE, " ").replace(_BREAK, "")
    if not console.is_terminal:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
    console.file.write(_encodable(text, console.encoding))
    console.file.flush()


def _encodable(text: str, encoding: str) -> str:
    """Spell what an old terminal or pipe cannot show with letters that it can."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    return text


def _text(text: object, style: str = "") -> Text:
    """Make text that is shown as it is, such as ``[65+]``; only long names are broken, after a joint."""
    whole = _KEEP_TOGETHER.sub(lambda match: match[0].replace(" ", _GLUE), str(text).replace(_BREAK, " "))
    return Text(_LONG_NAME.sub(lambda match: _JOINT.sub(_BREAK, match[0]), whole), style)


def _table(title: str, *, roomy: bool = False) -> Table:
    return Table(
        title=_text(f"\n{title}"),
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        leading=1 if roomy else 0,
    )


def _columns(table: Table, *names: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> None:
    """Add columns: numbers to the right, and ``whole`` ones without line breaks."""
    for name in names:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name in right or name in whole,
            overflow="fold",
        )


def _row(table: Table, *cells: object) -> None:
    table.add_row(*(cell if isinstance(cell, Text) else _text(cell) for cell in cells))


def _answer(assessment: Assessment) -> RenderableType:
    style = "bold red" if assessment.decision == "mask" else "bold green"
    return Text.assemble((f"{assessment.release}\n", "bold"), ("Decision: ", ""), _text(assessment.answer, style))


def _steps(assessment: Assessment, width: int) -> RenderableType:
    """The six steps; where it is narrow, question and summary share a column."""
    table = _table("The six steps", roomy=True)
    wide = width >= _WIDE
    if wide:
        _columns(table, "Step", "Question", "Result", "Why", whole=("Result",))
    else:
        _columns(table, "Step", "Result", "Question, and why", whole=("Result",))
        table.columns[0].max_width = _STEP_WIDTH
    for step in assessment.steps:
        name, question = f"{step.step} {step.name}", f"{step.question} ({step.section})"
        if wide:
            _row(table, name, question, step.result, step.summary)
        else:
            both = Text.assemble(_text(question, "italic"), "\n", _text(step.summary))
            _row(table, name, step.result, both)
    return table


def _scores(assessment: Assessment) -> Iterator[RenderableType]:
    cut_off = assessment.cut_off
    for score in sorted(assessment.tables, key=lambda one: -one.total):
        several = len(assessment.tables) > 1
        by = f", table by {', '.join(score.dimensions) or 'nothing'}" if several else ""
        yield _score(f"Publication score{by}", score, cut_off)
        if several and score is assessment.score:
            yield _text(f"The riskiest of {len(assessment.tables)} tables side by side: its score decides.")


def _score(title: str, score: Score, cut_off: int) -> Table:
    table = _table(title)
    whole = ("Section",) if all(len(term.section) <= _LONGEST_WHOLE for term in score.terms) else ()
    names = ("Variable", "Column", "Riskiest found", "Line of the scoring table", "Score", "Section")
    _columns(table, *names, right=("Score",), whole=whole)
    for term in score.terms:
        variable = term.variable.replace("_", " ")
        found = term.found or ""
        _row(table, variable, term.dimension or "", found, term.category, _signed(term.score), term.section)
    table.add_section()
    compared = "over" if score.total > cut_off else "not over"
    _row(table, _text("total", "bold"), "", "", f"{compared} {cut_off}", _text(score.total, "bold"), "")
    return table


def _signed(score: int) -> str:
    return f"{score:+d}" if score else "0"


def _counts(assessment: Assessment) -> Iterator[RenderableType]:
    counts = assessment.counts
    table = _table("Cells, margins included")
    numbers = ("Cells", "Small", "Zero", "Small denominators")
    _columns(table, "Measure", *numbers, "Denominators are", right=numbers)
    for one in counts.measures:
        known = f"{one.denominators}: {one.source}" if one.source else one.denominators
        cells = [f"{number:,}" for number in (one.cells, one.small_cells, one.zero_cells, one.small_denominators)]
        _row(table, one.measure, *cells, known)
    if counts.measures:
        yield table
    if assessment.reliability:
        estimates = _table("Estimates of a survey")
        kinds = ("Cells", "Unreliable", "To be marked")
        _columns(estimates, "Estimate", *kinds, "Limits", right=kinds)
        for found in assessment.reliability:
            cells = [f"{number:,}" for number in (found.cells, found.unreliable_cells, found.flagged_cells)]
            _row(estimates, found.measure, *cells, f"{found.limits} ({found.section})")
        yield estimates


def _notes(assessment: Assessment) -> Iterator[RenderableType]:
    if assessment.notes:
        yield Text("\nFor the expert review", "bold")
        yield _listed([Text.assemble(_text(f"{note.field}: ", "bold"), _text(note.text)) for note in assessment.notes])


def _safe_harbor(assessment: Assessment) -> Iterator[RenderableType]:
    yield Text("\nSafe Harbor", "bold")
    yield _text(assessment.safe_harbor)


def _rulebook(assessment: Assessment, width: int) -> Iterator[RenderableType]:
    edition = assessment.edition
    approved = f", approved {edition.approved}" if edition.approved else ""
    extends = f", on top of {edition.extends}" if edition.extends else ""
    yield Text("\nJudged by", "bold")
    yield _text(f"{edition.title} ({assessment.rulebook}{approved}{extends}).")
    if edition.overrides:
        table = _table("What it says otherwise", roomy=True)
        _columns(table, "Entry", "Before", "Now", "Source, and reason")
        for column in table.columns[:3]:
            column.max_width = width // 5
        for one in edition.overrides:
            why = Text.assemble(_text(f"{one.source}."), "\n", _text(one.reason, "italic"))
            _row(table, one.entry, one.before, one.after, why)
        yield table


def _explanation(found: Explanation) -> Iterator[RenderableType]:
    yield Text(f"\nWhat would bring the score to {found.cut_off}", "bold")
    yield _text(found.conclusion)
    if found.masked_whatever:
        yield _listed([_text(reason) for reason in found.masked_whatever])
    room = _table("Where the points are")
    _columns(room, "Variable", "Column", "Score", "Coarser lines of the scoring table", right=("Score",))
    for one in found.terms:
        lines = "; ".join(f"{line.category}: {_signed(line.score)}" for line in one.coarser) or "none"
        _row(room, one.term.variable.replace("_", " "), one.term.dimension or "", _signed(one.term.score), lines)
    yield room
    shown = list(_worth_showing(found))
    if shown:
        yield _changes(shown)
        hidden = len(found.changes) - len(shown)
        if hidden:
            stronger = "1 stronger change of the same column is" if hidden == 1 else f"{hidden} stronger changes are"
            yield _text(f"{stronger} left out here; --json lists all.")
    for number, combination in enumerate(found.combinations, start=1):
        if number == 1:
            yield Text("\nThe smallest combinations that reach it", "bold")
        words = "; ".join(change.words for change in combination.changes)
        yield _listed([_text(f"{words}: {found.score} to {combination.score}")], first=number)
    if found.changes:
        yield _text(
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
    table = _table("One change at a time", roomy=True)
    _columns(table, "You could", "Points", "Score", "Enough", right=("Points", "Score"))
    for change in shown:
        points = ", ".join(
            f"{term.variable.replace('_', ' ')} {_or_none(term.before)} to {_or_none(term.after)}"
            for term in change.terms
        )
        then = f"; {change.then}" if change.then else ""
        words = Text.assemble(_text(change.words), _text(then), "\n", _text(points, "italic"))
        _row(table, words, _signed(-change.saves), change.score, _text("yes", "bold") if change.reaches else "no")
    return table


def _or_none(score: int | None) -> str:
    return "none" if score is None else str(score)


def _listed(lines: Sequence[Text], first: int | None = None) -> Table:
    """Give a list whose lines are indented under their mark."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for number, line in enumerate(lines):
        grid.add_row("-" if first is None else f"{first + number}.", line)
    return grid
