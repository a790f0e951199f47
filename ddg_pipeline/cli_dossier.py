"""``ddg dossier``: what reviewers of a release read, made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, print_json, shown_progress, tell_aside
from ddg_pipeline.completion import release_names

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.dossiers import WrittenDossier

Release = Annotated[
    str,
    typer.Argument(
        metavar="RELEASE", help="A release that passed the gate.", show_default=False, autocompletion=release_names
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="Where the files go; by default the project's var/review."),
]


def dossier(release: Release, output: Output = None, project: ProjectDirectory = None, as_json: AsJson = False) -> None:
    """Write the dossier of the current version of a release, for its reviewers.

    DIR/dossier.html is written anew. DIR/expert_determination.docx is written once: a document that is there already
    and says something else may have been completed by the expert, and stays as it is.
    """
    from ddg_pipeline.orchestration.dossiers import write_dossier_of
    from ddg_pipeline.orchestration.project import load_project

    place = load_project(project)
    place.prepare_environment()
    with shown_progress(True):  # standard output is for results: dbt may be asked for the project's contracts
        written = write_dossier_of(place, release, output)
    if as_json:
        print_json(_as_json(written))
        return
    typer.echo(str(written.page))
    typer.echo(str(written.determination))
    if written.kept:
        tell_aside(
            f"{written.determination.name}: left as it is: it says something else than would be written now, so "
            "somebody may have edited it. Remove it, or give another directory by -o, for a new one"
        )


def _as_json(written: WrittenDossier) -> dict[str, str | int | bool]:
    return {
        "release": written.release,
        "version": written.version,
        "dossier": str(written.page),
        "expert_determination": str(written.determination),
        "kept": written.kept,
    }
