"""What the command line prints for people. Tables by rich; no figure of a restricted measure among it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ddg_pipeline.audit import AuditReport
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.orchestration.running import Outcome, RunResult

_WIDTH_WHEN_PIPED = 120


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_WHEN_PIPED)


@contextmanager
def progress_display() -> Iterator[Callable[[str, int, int], None]]:
    """Show one line of progress on standard error while the block runs."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def show(stage: str, done: int, of: int) -> None:
            progress.update(task, description=stage, completed=done, total=of or None)

        yield show


def print_masking(report: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Print what was masked and where it is."""
    console = _console()
    table = _table("Release", "Measure", "Cells", "Zeros", "Small", "Complementary", "Counts suppressed", "Level")
    releases = (report, *report["linked"])
    for release in releases:
        small = {one["measure"]: one["small_cells"] for one in release["counts"]["measures"]}
        for measure, counts in release["suppression"].items():
            share = f"{counts['share_of_counts_suppressed']} %"
            number = counts["small"] if release["masked"] else small.get(measure, counts["small"])
            cells = [f"{one:,}" for one in (counts["cells"], counts["zeros"], number, counts["complementary"])]
            _row(table, release["release"], measure, *cells, share, release["level"] or "not masked")
    console.print(table)
    for release in releases:
        if not release["masked"]:
            console.print(Text(f"{release['release']}: {release['answer']}"))
        for one in release["reliability"]:
            if one["unreliable_cells"]:
                said = f"{one['unreliable_cells']:,} of {one['cells']:,} estimates are statistically unreliable; say so"
                console.print(Text(f"{release['release']}: {one['measure']}: {said} beside the table.", "yellow"))
    if report["audit"] is not None:
        console.print(Text(report["audit"]["summary"]))
    for file in files:
        console.print(Text(f"written: {file}"), soft_wrap=True)


def print_audit(report: AuditReport) -> None:
    """Print what a reader of a published table can work out; what is published is public, so with intervals."""
    from ddg_pipeline.audit import audit_markdown

    _console().print(Markdown(audit_markdown(report, show_values=True)))


def print_run(result: RunResult, project: Project) -> None:
    """Print what was released and where, and what was not and why."""
    console = _console()
    table = _table("Release", "Score", "Decision", "Cells", "Small", "Complementary", "Published")
    for outcome in result.outcomes:
        _row(table, outcome.release, *_outcome_cells(outcome))
    console.print(table)
    for problem in dict.fromkeys([*result.problems, *(text for one in result.outcomes for text in one.problems)]):
        console.print(Text.assemble(("not released: ", "red"), problem))
    for outcome in result.outcomes:
        if outcome.published is not None:
            console.print(Text(f"{outcome.release}: {outcome.published}"), soft_wrap=True)
    shown = project.root if project.root != Path.cwd() else Path()
    console.print(Text(f"How it came about: run {result.run_id} in Dagster (in {shown}: make ui)"), soft_wrap=True)


def _outcome_cells(outcome: Outcome) -> list[str | Text]:
    published = "yes" if outcome.published is not None else Text("no", "red")
    if outcome.decision is None:
        return ["", "", "", "", "", published]
    decision = "masked" if outcome.decision == "mask" else "as it is"
    cells = [f"{number:,}" for number in (outcome.cells, outcome.small, outcome.complementary)]
    return [str(outcome.score), decision, *cells, published]


def _table(*columns: str) -> Table:
    table = Table(show_lines=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def _row(table: Table, *cells: object) -> None:
    """Add a row as it is: a category such as ``[65+]`` is text, not markup."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))
