"""``ddg verify``: is a released package what passed the gate? Is the protection of a masked table proved?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from ddg_pipeline.verify_package_run import Given

_UNSAFE = 1

Arguments = Annotated[
    list[Path],
    typer.Argument(
        metavar="DIR | CONTRACT.yaml TABLE DIR",
        help="A released package; or the release contract, the table before masking, and the directory into which it "
        "was masked.",
        show_default=False,
    ),
]
Contract = Annotated[
    Path | None, typer.Option("--contract", metavar="CONTRACT.yaml", help="Package: it was certified under this one.")
]
RulebookName = Annotated[
    str | None,
    typer.Option("--rulebook", metavar="NAME", help="Package: under this one; a name, or a file that ends in .yaml."),
]
SuiteFile = Annotated[Path | None, typer.Option("--suite", metavar="SUITE.json", help="Package: it passed this suite.")]
ProjectDirectory = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="Package: under this project's contract, rulebook and suite, signed as it says.",
    ),
]
AllowedSigners = Annotated[
    Path | None,
    typer.Option("--allowed-signers", metavar="FILE", help="Package: signed by one of these, as ssh-keygen reads it."),
]
Identity = Annotated[
    str | None, typer.Option("--identity", metavar="NAME", help="Package: by this one of the allowed signers.")
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Package: judged as of this time (2026-11-30T18:00Z); by default now."),
]


def verify(
    given: Arguments,
    contract: Contract = None,
    rulebook: RulebookName = None,
    suite: SuiteFile = None,
    project: ProjectDirectory = None,
    allowed_signers: AllowedSigners = None,
    identity: Identity = None,
    at: At = None,
    reference: References = None,
    link: Links = None,
    link_table: LinkTables = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check a released package against its certificate; or the proof of a masked table.

    ddg verify DIR needs nothing but the package, anywhere: every file is the one that passed the gate, none is missing,
    there is none besides, and the signature is of this certificate. What else is given is compared, too.

    ddg verify CONTRACT.yaml TABLE DIR checks DIR/<release>.csv against DIR/proof.parquet by arithmetic alone. It is for
    people who may see the table; what is wrong is told by cell, never by figure.
    """
    of_package = {
        "--contract": contract,
        "--rulebook": rulebook,
        "--suite": suite,
        "--project": project,
        "--allowed-signers": allowed_signers,
        "--identity": identity,
        "--at": at,
    }
    of_table = {"--reference": reference, "--link": link, "--link-table": link_table}
    if len(given) == 1:
        _refuse(of_table, "ddg verify CONTRACT.yaml TABLE DIR", "a masked table")
        compared = _compared(contract, rulebook, suite, project, allowed_signers, identity, at)
        _verify_package(given[0], compared, as_json=as_json)
    elif len(given) == 3:
        _refuse(of_package, "ddg verify DIR", "a released package")
        _verify_table(given, reference, link, link_table, as_json=as_json, quiet=quiet)
    else:
        expected = "one: ddg verify DIR, or three: ddg verify CONTRACT.yaml TABLE DIR"
        raise InputErrors([InputError("command line", "arguments", f"{len(given)}", expected)])


def _verify_package(directory: Path, compared: Given, *, as_json: bool) -> None:
    from ddg_pipeline.verify_package_run import package_json, same_code, verify_package

    with shown_progress(True):  # standard output is for results: dbt may be asked for the project's contracts
        found = verify_package(directory, compared)
    if as_json:
        print_json(package_json(found))
    else:
        from ddg_pipeline.console_package import print_package

        print_package(found, same_code=same_code(found))
    if not found.holds:
        raise typer.Exit(_UNSAFE)


def _verify_table(
    given: list[Path],
    reference: list[str] | None,
    link: list[Path] | None,
    link_table: list[Path] | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.verify_run import verify_files

    contract, table, directory = given
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


def _refuse(options: Mapping[str, object], usage: str, of: str) -> None:
    errors = [
        InputError("command line", name, "given", f"leave it out, or write: {usage}; it is for {of}")
        for name, value in options.items()
        if value not in (None, [])
    ]
    if errors:
        raise InputErrors(errors)


def _compared(
    contract: Path | None,
    rulebook: str | None,
    suite: Path | None,
    project: Path | None,
    allowed_signers: Path | None,
    identity: str | None,
    at: str | None,
) -> Given:
    from ddg_pipeline.quality.signatures import COMMAND_LINE, Signing
    from ddg_pipeline.verify_package_run import Given

    signing, of_project = None, None
    if project is not None:
        from ddg_pipeline.orchestration.certified import certified_by
        from ddg_pipeline.orchestration.project import load_project

        place = load_project(project)
        place.prepare_environment()
        signing, of_project = place.signing, partial(certified_by, place)
    if identity is not None and allowed_signers is None:
        raise InputErrors([InputError("command line", "--identity", "given", "give --allowed-signers as well")])
    if allowed_signers is not None:
        signing = Signing(place=COMMAND_LINE, allowed_signers=allowed_signers, identity=identity)
    return Given(contract, rulebook, suite, signing, _time(at), of_project)


def _time(at: str | None) -> dt.datetime | None:
    if at is None:
        return None
    try:
        time = dt.datetime.fromisoformat(at)
    except ValueError:
        expected = "a time such as 2026-11-30T18:00Z; without a zone it is UTC"
        raise InputErrors([InputError("command line", "--at", repr(at), expected)]) from None
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time
