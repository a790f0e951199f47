"""``ddg verify``: is the protection of a masked table proved?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ddg_pipeline.command_line import (
    AsJson,
    Links,
    LinkTables,
    Quiet,
    References,
    given_pairs,
    given_references,
    print_json,
    shown_progress,
)
from ddg_pipeline.errors import InputError, InputErrors

_UNSAFE = 1

Given = Annotated[
    list[Path],
    typer.Argument(
        metavar="CONTRACT.yaml TABLE DIR",
        help="The release contract, the table before masking, and the directory into which it was masked.",
        show_default=False,
    ),
]


def verify(
    given: Given,
    reference: References = None,
    link: Links = None,
    link_table: LinkTables = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check the proof that masking wrote, by arithmetic alone: DIR/<release>.csv against DIR/proof.parquet.

    For people who may see the table: what is wrong is told by cell, never by figure.
    """
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.verify_run import verify_files

    contract, table, directory = _three(given)
    pairs = [(contract, table), *given_pairs(link, link_table)]
    with errors_name_contracts(pairs), shown_progress(quiet or as_json) as progress:
        found = verify_files(pairs, directory, given_references(reference), progress)
    if as_json:
        print_json(found.to_json_dict())
    else:
        from ddg_pipeline.console_verify import print_verification

        print_verification(found)
    if not found.proved:
        raise typer.Exit(_UNSAFE)


def _three(given: list[Path]) -> tuple[Path, Path, Path]:
    if len(given) != 3:
        expected = "three: ddg verify CONTRACT.yaml TABLE DIR"
        raise InputErrors([InputError("command line", "arguments", f"{len(given)}", expected)])
    return given[0], given[1], given[2]
