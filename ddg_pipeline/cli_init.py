"""The command ``ddg init``: a project to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, Quiet, print_json, shown_progress
from ddg_pipeline.errors import InputError

if TYPE_CHECKING:
    from ddg_pipeline.starting import Written


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to; by default here.")] = Path(),
    table: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Your own table: CSV, Parquet or Excel.")
    ] = None,
    people: Annotated[
        list[str] | None,
        typer.Option("--people", metavar="COLUMN", help="Of --from: a column that counts people; may be repeated."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="Of --from: the sheet of a workbook with several.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a project to begin with, which works at once: `ddg run` in it releases a small made-up table.

    With --from it is made from your own table: what is loaded, a model that aggregates it, and a drafted contract.
    Nothing that is there is written over; all of it is written, or nothing.
    """
    from ddg_pipeline.starting import example_project, write_project

    if table is None:
        if people or sheet is not None:
            raise InputError("command line", "--people, --sheet", "no table", "give --from as well, or leave them out")
        written, questions = write_project(directory, example_project()), []
        commands = ["ddg run", "ddg status"]
    else:
        from ddg_pipeline.orchestration.open_questions import questions_in
        from ddg_pipeline.starting.own_table import project_of_table

        with shown_progress(True):
            own = project_of_table(table, directory, people=people or [], sheet=sheet)
            written, questions = write_project(directory, own.files), own.draft.questions
        marked = questions_in({path: text.decode("utf-8") for path, text in sorted(own.files.items())})
        commands = [
            f"edit {file}: {number} {'questions are' if number > 1 else 'question is'} marked ASK"
            for file, number in marked.items()
        ]
        commands += ["ddg suites", "ddg run"]
    if as_json:
        print_json({"directory": str(directory.absolute()), "files": list(written.files), "questions": questions})
    elif quiet:
        typer.echo(str(written.directory))
    else:
        _say(written, commands)


def _say(written: Written, commands: list[str]) -> None:
    typer.echo(f"{written.directory}: {len(written.files)} files written, README.md first")
    typer.echo("Now:")
    if written.directory.absolute() != Path.cwd():
        typer.echo(f"  cd {shlex.quote(str(written.directory))}")
    for command in commands:
        typer.echo(f"  {command}")
