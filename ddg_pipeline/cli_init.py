"""The command ``ddg init``: a project to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, Quiet, print_json

if TYPE_CHECKING:
    from ddg_pipeline.starting import Written


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to; by default here.")] = Path(),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a project to begin with, which works at once: `ddg run` in it releases a small made-up table.

    Nothing that is there is written over; all of it is written, or nothing.
    """
    from ddg_pipeline.starting import example_project, write_project

    written = write_project(directory, example_project())
    if as_json:
        print_json({"directory": str(written.directory.absolute()), "files": list(written.files)})
    elif quiet:
        typer.echo(str(written.directory))
    else:
        _say(written, ["ddg run", "ddg status"])


def _say(written: Written, commands: list[str]) -> None:
    typer.echo(f"{written.directory}: {len(written.files)} files written, README.md first")
    typer.echo("Now:")
    if written.directory.absolute() != Path.cwd():
        typer.echo(f"  cd {shlex.quote(str(written.directory))}")
    for command in commands:
        typer.echo(f"  {command}")
