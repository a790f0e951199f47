"""The commands ``ddg contract …``: drafting a release contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ddg_pipeline.command_line import AsJson, ProjectDirectory, Quiet, print_json, shown_progress

_EDITION = "calhhs-ddg-2.0"

app = typer.Typer(
    name="contract",
    help="Draft a release contract from a table.",
    no_args_is_help=True,
    rich_markup_mode=None,
    suggest_commands=False,
)


@app.callback()
def _group() -> None:
    """Draft a release contract from a table."""


@app.command(short_help="Draft a contract from a table, with reasons.")
def suggest(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE", help="A CSV, Parquet or Excel file; or a dbt model or relation of the project."
        ),
    ],
    people: Annotated[
        list[str] | None,
        typer.Option("--people", metavar="COLUMN", help="A column that counts people; may be repeated."),
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", metavar="NAME", help="The release's name; by default the table's.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Its title.")] = None,
    rulebook: Annotated[
        str, typer.Option("--rulebook", metavar="NAME", help="The edition that it is scored by.")
    ] = _EDITION,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
    ] = None,
    dbt: Annotated[
        bool | None, typer.Option("--dbt/--no-dbt", help="As properties of a dbt model, or as a contract of its own.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write", metavar="FILE", help="Write it: a new file, or onto the model in a dbt properties file."
        ),
    ] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Draft a contract from a table, with reasons, as YAML to paste.

    What the table cannot tell is marked ASK, and stands on the stricter reading until a person has answered. Columns
    that identify people are left out, by the same patterns as the gate's. No figure of the table is printed.
    """
    from ddg_pipeline.drafting import draft_contract
    from ddg_pipeline.rulebook import load_rulebook
    from ddg_pipeline.suggesting import read_named_table, render_contract, render_model, write_contract, write_model
    from ddg_pipeline.suggesting.tables import as_name

    with shown_progress(True):
        found = read_named_table(table, project, sheet)
        name = as_name(release or found.name)
        draft = draft_contract(
            found.frame,
            name,
            title or name.replace("_", " ").capitalize(),
            load_rulebook(rulebook, asked_by="--rulebook"),
            place=found.origin,
            people=people or (),
        )
    as_model = found.in_project if dbt is None else dbt
    if write is not None:
        if as_model:
            write_model(write, draft, found.origin, found.name)
        else:
            write_contract(write, draft, found.origin)
    if as_json:
        print_json(draft.to_json_dict() | {"written": None if write is None else str(write)})
    elif write is None:
        text = render_model(draft, found.origin, found.name) if as_model else render_contract(draft, found.origin)
        typer.echo(text, nl=False)
    elif quiet:
        typer.echo(str(write))
    else:
        typer.echo(f"{write}: written; {len(draft.questions)} questions in it are marked ASK")
        typer.echo("Answer them, then: " + ("ddg suites, ddg run" if as_model else f"ddg assess {write} {table}"))
