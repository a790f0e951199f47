"""What ``ddg mask``, ``ddg audit`` and ``ddg run`` print for people; no figure of a restricted measure among it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from ddg_pipeline.console_layout import (
    add_columns,
    add_row,
    as_text,
    bullets,
    console,
    heading,
    new_table,
    print_lines,
    print_parts,
)

if TYPE_CHECKING:
    from ddg_pipeline.audit import AuditReport
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.orchestration.running import Outcome, RunResult


def print_masking(report: Mapping[str, Any], files: Sequence[Path]) -> None:
    """Print what was masked and where it is."""
    to = console()
    table = new_table()
    numbers = ("Cells", "Zeros", "Small", "Comple-\nmentary", "Counts\nhidden")
    add_columns(table, "Release", "Measure", *numbers, "Level", right=numbers)
    parts: list[RenderableType] = [table]
    for release in (report, *report["linked"]):
        small = {one["measure"]: one["small_cells"] for one in release["counts"]["measures"]}
        for measure, counts in release["suppression"].items():
            share = f"{counts['share_of_counts_suppressed']} %"
            number = counts["small"] if release["masked"] else small.get(measure, counts["small"])
            cells = [f"{one:,}" for one in (counts["cells"], counts["zeros"], number, counts["complementary"])]
            add_row(table, release["release"], measure, *cells, share, release["level"] or "not masked")
        if not release["masked"]:
            parts.append(as_text(f"{release['release']}: {release['answer']}"))
        for one in release["reliability"]:
            if one["unreliable_cells"]:
                said = f"{one['unreliable_cells']:,} of {one['cells']:,} estimates are statistically unreliable; say so"
                parts.append(as_text(f"{release['release']}: {one['measure']}: {said} beside the table.", "yellow"))
    for rule in dict.fromkeys(one["small_cell_rule"] for one in (report, *report["linked"]) if one["masked"]):
        parts.append(as_text(f"Say below the table: {rule}"))
    if report["audit"] is not None:
        parts += [Text(), as_text(report["audit"]["summary"], "bold green")]
    print_parts(to, parts)
    print_lines(to, [f"written: {file}" for file in files])


def print_audit(report: AuditReport) -> None:
    """Print what a reader of a published table can work out; what is published is public, so with intervals."""
    from ddg_pipeline.audit import audit_sections

    table = new_table()
    numbers = ("Cells", "Hidden", "Examined", "Findings", "Undecided")
    add_columns(table, "Tables", *numbers, right=numbers)
    sizes = (report.cells, report.hidden, report.examined, len(report.findings), len(report.undecided))
    add_row(table, ", ".join(report.tables), *(f"{size:,}" for size in sizes))
    parts: list[RenderableType] = [
        as_text(report.summary(), "bold green" if report.safe else "bold red"),
        Text(),
        table,
    ]
    only = f"{report.tables[0]}: " if len(report.tables) == 1 else ""
    for title, lines in audit_sections(report, show_values=True):
        parts += [heading(title), bullets([as_text(line.removeprefix(only)) for line in lines])]
    print_parts(console(), parts)


def print_run(result: RunResult, project: Project) -> None:
    """Print what was released and where, and what was not and why."""
    to = console()
    table = new_table()
    numbers = ("Score", "Cells", "Small", "Comple-\nmentary")
    add_columns(table, "Release", "Score", "Decision", *numbers[1:], "Published", right=numbers)
    for outcome in result.outcomes:
        add_row(table, outcome.release, *_outcome_cells(outcome))
    parts: list[RenderableType] = [table, Text()]
    for problem in dict.fromkeys([*result.problems, *(text for one in result.outcomes for text in one.problems)]):
        parts.append(Text.assemble(("not released: ", "red"), as_text(problem)))
    for one in result.outcomes:
        if one.waits_for:
            told = as_text(f"{one.release} waits for: {', '.join(one.waits_for)}; see: ddg status {one.release}")
            parts.append(Text.assemble(("not published yet: ", "yellow"), told))
    print_parts(to, parts)
    shown = project.root if project.root != Path.cwd() else Path()
    places = [f"{one.release}: {one.published}" for one in result.outcomes if one.published is not None]
    if places:
        places.append(f"For reviewers, a dossier of each: {project.dossiers}")
    ui = "make ui" if (project.root / "Makefile").is_file() else "dagster dev, as in README.md"
    shows = f"in {shown}: {ui}"
    if project.component is not None:  # a part of somebody's own Dagster project
        shows = f"with DAGSTER_HOME={os.environ.get('DAGSTER_HOME', project.dagster_home)}: dg dev"
    if ui == "make ui" or find_spec("dagster_webserver") is not None:
        places.append(f"How it came about: run {result.run_id} in Dagster ({shows})")
    places += [f"{one.release} waits; its reviewers read: {one.dossier}" for one in result.outcomes if one.dossier]
    print_lines(to, places)


def print_run_quietly(result: RunResult) -> None:
    """Print only where releases are, one a line, and on standard error why others are not there."""
    print_lines(console(), [str(one.published) for one in result.outcomes if one.published is not None])
    problems = dict.fromkeys([*result.problems, *(text for one in result.outcomes for text in one.problems)])
    waiting = [
        f"not published yet: {one.release} waits for: {', '.join(one.waits_for)}"
        + ("" if one.dossier is None else f"; its reviewers read: {one.dossier}")
        for one in result.outcomes
        if one.waits_for
    ]
    print_lines(console(stderr=True), [*(f"not released: {problem}" for problem in problems), *waiting])


def _outcome_cells(outcome: Outcome) -> list[str | Text]:
    waits = Text("waits", "yellow") if outcome.waits_for else Text("no", "red")
    published = "yes" if outcome.published is not None else waits
    if outcome.decision is None:
        return ["", "", "", "", "", published]
    decision = "masked" if outcome.decision == "mask" else "as it is"
    if decision == "masked" and not outcome.small + outcome.complementary:
        decision = "none small"  # judged as a table with small counts, and there are none
    cells = [f"{number:,}" for number in (outcome.cells, outcome.small, outcome.complementary)]
    score = f"≤ {outcome.score}" if outcome.score_is_at_most else str(outcome.score)
    return [score, decision, *cells, published]
