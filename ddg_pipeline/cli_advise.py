"""``ddg advise``: what could be published instead of a table that has to be masked."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import (
    AsJson,
    Links,
    LinkTables,
    ProjectDirectory,
    Quiet,
    References,
    given_pairs,
    given_references,
    print_json,
    shown_progress,
    tell_aside,
)
from ddg_pipeline.completion import release_names
from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    from ddg_pipeline.contract import BoundTable
    from ddg_pipeline.rulebook import Rulebook


def advise(
    subject: Annotated[
        Path,
        typer.Argument(
            metavar="CONTRACT.yaml|RELEASE",
            help="The release contract; or, in a project, the name of a release.",
            autocompletion=release_names,
        ),
    ],
    table: Annotated[
        Path | None, typer.Argument(metavar="[TABLE]", help="The aggregate, as CSV or Parquet; not with a release.")
    ] = None,
    reference: References = None,
    link: Links = None,
    link_table: LinkTables = None,
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long to search.")] = 120.0,
    most: Annotated[int, typer.Option(min=1, help="How many alternatives to try at most.")] = 300,
    everything: Annotated[
        bool, typer.Option("--all", help="Show also what another beats in everything, or what cannot be protected.")
    ] = False,
    write: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Write that alternative as contract and table; with -o.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where the alternative goes.")
    ] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Try coarser categories, longer periods, fewer variables and smaller tables, and show what each would cost.

    Of a contract and a table; or, in a project, of a release and those it is linked to, as they were last built.
    """
    from ddg_pipeline.advice import advise as advise_on

    if (write is None) != (output is None):
        found = "--write without --output" if output is None else "--output without --write"
        raise _wrong("--write", found, "give both, or neither")
    if table is None:
        given = _of_release(str(subject), project, output, [*(reference or []), *(link or []), *(link_table or [])])
    else:
        if project is not None:
            raise _wrong("--project", "a table besides", "name a release of the project, or leave out --project")
        given = _of_files([(subject, table), *given_pairs(link, link_table)], given_references(reference))
    if write is not None and output is not None:
        _write(given, write, output, as_json=as_json)
        return
    from ddg_pipeline.contract_places import errors_name_contracts

    with errors_name_contracts(given.pairs), shown_progress(quiet or as_json) as progress:
        advice = advise_on(
            given.tables,
            seconds=time_limit,
            most=most,
            always=everything,
            progress=progress,
            rulebook=given.rulebook,
        )
    if as_json:
        print_json(advice.to_json_dict())
    else:
        from ddg_pipeline.console_advice import print_advice

        print_advice(advice, everything=everything, directory=given.directory)


@dataclass(frozen=True)
class _Given:
    """What advice is asked for.

    Attributes:
        tables: The table, and behind it those it is linked to. Restricted.
        rulebook: The rulebook that their contracts name.
        pairs: Contract and table of each, where they are files.
        files: Every file that they came from.
        directory: Where an alternative may be written; None for anywhere.
    """

    tables: list[BoundTable]
    rulebook: Rulebook
    pairs: list[tuple[Path, Path]]
    files: list[Path]
    directory: Path | None


def _of_files(pairs: list[tuple[Path, Path]], references: dict[str, Path]) -> _Given:
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.rulebook_files import rulebook_of_files
    from ddg_pipeline.table_files import bind_group

    with errors_name_contracts(pairs):
        tables = bind_group(pairs, references)
        rulebook = rulebook_of_files([(path, one.contract) for (path, _), one in zip(pairs, tables, strict=True)])
    return _Given(tables, rulebook, pairs, [path for pair in pairs for path in pair] + list(references.values()), None)


def _of_release(name: str, directory: Path | None, output: Path | None, others: list[object]) -> _Given:
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.steps import rulebook_of_group
    from ddg_pipeline.orchestration.stored_tables import check_alternative_place, stored_tables

    if Path(name).suffix or Path(name).is_file():
        raise _wrong("TABLE", f"none beside {name}", "give the table too; or name a release of a project")
    if others:
        found = "--reference, --link or --link-table with the name of a release"
        raise _wrong("RELEASE", found, "leave them out: the project knows them")
    place = load_project(directory)
    if output is not None:
        check_alternative_place(place, output)
    place.prepare_environment()
    with shown_progress(True):  # standard output is for results: dbt may be asked for the project's contracts
        tables = stored_tables(place, name, tell_aside)
    return _Given(tables, rulebook_of_group(place, tables), [], [], place.restricted)


def _wrong(field: str, found: str, expected: str) -> InputErrors:
    return InputErrors([InputError("command line", field, found, expected)])


def _write(given: _Given, number: int, directory: Path, *, as_json: bool) -> None:
    from ddg_pipeline.advice_run import write_alternative

    tables, linked = given.tables, given.pairs[1:]
    words, pairs, files = write_alternative(tables, number, directory, keep=given.files, rulebook=given.rulebook)
    if as_json:
        print_json({"number": number, "change": words, "files": [str(file) for file in files]})
        return
    typer.echo(f"Alternative {number}: {words}")
    for file in files:
        typer.echo(f"written: {file}")
    typer.echo("It holds the true counts.")
    if given.directory is not None:
        name = tables[0].contract.series
        typer.echo(f"To release it, make the same change in the model and the contract of {name}, and go on with")
        typer.echo(f"  ddg suites {name}")
        return
    typer.echo("Read the contract, give it the name and title you want, and go on with")
    arguments = ["ddg", "mask", *map(str, pairs[0])]
    for one, its_table in [*pairs[1:], *linked]:
        arguments += ["--link", str(one), "--link-table", str(its_table)]
    typer.echo(f"  {shlex.join([*arguments, '-o', 'DIR'])}")
    if linked and len(pairs) > 1:
        before, now = tables[0].contract.release, ", ".join(one.stem for one, _ in pairs)
        typer.echo(f"First put {now} in place of {before} under `links` in the contracts of the linked releases.")
