"""The command ``ddg doctor``: check an installation and a project."""

from __future__ import annotations

from typing import Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, Quiet, print_json, shown_progress

_UNSAFE = 1


def doctor(
    with_portal: Annotated[bool, typer.Option("--portal", help="Ask the CKAN portal of ddg.yaml, too.")] = False,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check the installation, and the project in this directory: what is well, what is not, and what to do.

    It changes nothing. Exits with 1 if there is a problem.
    """
    from ddg_pipeline.doctor import examine

    with shown_progress(True):
        found = list(examine(project, with_portal=with_portal))
    problems = [one for one in found if one.state == "problem"]
    if as_json:
        values = [{"check": one.check, "state": one.state, "found": one.found, "todo": one.todo} for one in found]
        print_json({"healthy": not problems, "findings": values})
    else:
        from ddg_pipeline.console_doctor import print_findings

        print_findings(problems if quiet else found)
    if problems:
        raise typer.Exit(_UNSAFE)
