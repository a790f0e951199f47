"""``ddg advise``: what could be published instead of a table that has to be masked."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ddg_pipeline.command_line import (
    AsJson,
    ContractFile,
    Links,
    LinkTables,
    Quiet,
    References,
    TableFile,
    given_pairs,
    given_references,
    print_json,
    shown_progress,
)
from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    from ddg_pipeline.contract import BoundTable


def advise(
    contract: ContractFile,
    table: TableFile,
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
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Try coarser categories, longer periods, fewer variables and smaller tables, and show what each would cost."""
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.table_files import bind_group

    if (write is None) != (output is None):
        found = "--write without --output" if output is None else "--output without --write"
        raise InputErrors([InputError("command line", "--write", found, "give both, or neither")])
    references = given_references(reference)
    pairs = [(contract, table), *given_pairs(link, link_table)]
    with errors_name_contracts(pairs):
        tables = bind_group(pairs, references)
    if write is not None and output is not None:
        given = [path for pair in pairs for path in pair] + list(references.values())
        _write(tables, write, output, given, pairs[1:], as_json=as_json)
        return
    from ddg_pipeline.advice import advise as advise_on

    with errors_name_contracts(pairs), shown_progress(quiet or as_json) as progress:
        advice = advise_on(tables, seconds=time_limit, most=most, always=everything, progress=progress)
    if as_json:
        print_json(advice.to_json_dict())
    else:
        from ddg_pipeline.console_advice import print_advice

        print_advice(advice, everything=everything)


def _write(
    tables: list[BoundTable],
    number: int,
    directory: Path,
    given: list[Path],
    linked: list[tuple[Path, Path]],
    *,
    as_json: bool,
) -> None:
    from ddg_pipeline.advice_run import write_alternative

    words, pairs, files = write_alternative(tables, number, directory, keep=given)
    if as_json:
        print_json({"number": number, "change": words, "files": [str(file) for file in files]})
        return
    typer.echo(f"Alternative {number}: {words}")
    for file in files:
        typer.echo(f"written: {file}")
    typer.echo("It holds the true counts. Read the contract, give it the name and title you want, and go on with")
    arguments = ["ddg", "mask", *map(str, pairs[0])]
    for one, its_table in [*pairs[1:], *linked]:
        arguments += ["--link", str(one), "--link-table", str(its_table)]
    typer.echo(f"  {shlex.join([*arguments, '-o', 'DIR'])}")
    if linked and len(pairs) > 1:
        before, now = tables[0].contract.release, ", ".join(one.stem for one, _ in pairs)
        typer.echo(f"First put {now} in place of {before} under `links` in the contracts of the linked releases.")
