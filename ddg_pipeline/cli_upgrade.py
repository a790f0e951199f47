"""The command ``ddg upgrade``: contracts and rulebooks in the format of this version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, Quiet, print_json

_UNSAFE = 1


def upgrade(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Contracts or rulebooks; by default the project's.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the changes; else they are shown only.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if something has to change.")
    ] = False,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Bring contracts and rulebooks to the format of this version, and show what changes in them.

    What is of a newer format than this version knows is refused.
    """
    from ddg_pipeline.errors import InputError
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.upgrading import upgrades_of, write_upgrades

    if write and check:
        raise InputError("command line", "--write, --check", "both", "give one of the two")
    found = upgrades_of(None if files and project is None else load_project(project), files or ())
    changing = [one for one in found if one.changes]
    written = write_upgrades(changing) if write else []
    if as_json:
        values = [{"file": str(one.path), "changes": one.changes, "diff": one.diff} for one in found]
        print_json({"files": values, "written": [str(path) for path in written]})
    elif written:
        for path in written:
            typer.echo(str(path) if quiet else f"{path}: written")
    elif changing:
        for one in changing:
            typer.echo(str(one.path) if quiet else one.diff, nl=quiet)
        if not quiet:
            typer.echo("Nothing was written: --write does it.")
    elif not quiet:
        typer.echo(f"{len(found)} files read, all of them current")
    if check and changing:
        raise typer.Exit(_UNSAFE)
