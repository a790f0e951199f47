"""An assessment as Markdown, for people: Dagster's metadata, the command line and the dossier."""

from __future__ import annotations

from collections.abc import Iterable

from ddg_pipeline.assessment.result import Assessment


def steps_markdown(assessment: Assessment) -> str:
    """Give the six steps as a table: step, question, result, summary."""
    return _table(
        ("Step", "Question", "Result", "Summary", "Section"),
        (
            (f"{step.step} {step.name}", step.question, step.result, step.summary, step.section)
            for step in assessment.steps
        ),
    )


def score_markdown(assessment: Assessment) -> str:
    """Give the addends of the publication score as a table, with their sum."""
    rows = [
        (
            term.variable.replace("_", " "),
            term.dimension or "",
            term.found or "",
            term.category,
            f"{term.score:+d}" if term.score else "0",
            term.section,
        )
        for term in assessment.score.terms
    ]
    verdict = "over" if assessment.score.total > assessment.cut_off else "not over"
    rows.append(("**total**", "", "", f"{verdict} {assessment.cut_off}", f"**{assessment.score.total}**", ""))
    return _table(("Variable", "Column", "Riskiest found", "Category", "Score", "Section"), rows)


def counts_markdown(assessment: Assessment) -> str:
    """Give how many cells there are of which kind as a table."""
    counts = assessment.counts
    return _table(
        ("Cells", "Number"),
        (
            ("all", f"{counts.cells:,}"),
            ("small", f"{counts.small_cells:,}"),
            ("zero", f"{counts.zero_cells:,}"),
            (f"with a small denominator ({counts.denominators})", f"{counts.small_denominators:,}"),
        ),
    )


def notes_markdown(assessment: Assessment) -> str:
    """Give what the expert review has to look at as a list, with the Safe Harbor finding first."""
    lines = [assessment.safe_harbor, *(f"`{note.field}`: {note.text}" for note in assessment.notes)]
    return "\n".join(f"* {_one_line(line)}" for line in lines) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(map(_escaped, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _escaped(cell: str) -> str:
    return _one_line(cell).replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(text.split())
