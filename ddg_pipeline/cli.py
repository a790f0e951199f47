"""The command line: ``ddg``.

Exit codes: 0 safe, 1 unsafe or refused, 2 bad input, 130 stopped by Ctrl-C. Everything heavy is imported by the command
that needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from ddg_pipeline import __version__
from ddg_pipeline.cli_advise import advise
from ddg_pipeline.cli_contract import app as contract_app
from ddg_pipeline.cli_dbt_package import dbt_package
from ddg_pipeline.cli_doctor import doctor
from ddg_pipeline.cli_dossier import dossier
from ddg_pipeline.cli_help import help_
from ddg_pipeline.cli_init import init
from ddg_pipeline.cli_ledger import app as ledger_app
from ddg_pipeline.cli_ledger import retract
from ddg_pipeline.cli_review import approve, revoke, status
from ddg_pipeline.cli_rulebook import app as rulebook_app
from ddg_pipeline.cli_store import app as store_app
from ddg_pipeline.cli_upgrade import upgrade
from ddg_pipeline.cli_verify import verify
from ddg_pipeline.command_line import (
    AsJson,
    ContractFile,
    Links,
    LinkTables,
    ProjectDirectory,
    Quiet,
    References,
    ReleaseNames,
    TableFile,
    given_pairs,
    given_references,
    print_json,
    quiet_everywhere,
    shown_progress,
    tell_aside,
)
from ddg_pipeline.command_line_errors import INTERRUPTED, json_is_asked_for, masking_refused, tell
from ddg_pipeline.errors import DdgError, InputError, InputErrors, RefusedError

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.orchestration.running import RunResult

SAFE, UNSAFE, BAD_INPUT = 0, 1, 2

app = typer.Typer(
    name="ddg",
    help="Release health data tables under the CalHHS Data De-Identification Guidelines.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    suggest_commands=False,  # click suggests them too
)

app.add_typer(contract_app, name="contract", short_help="Draft a release contract from a table.")
app.add_typer(rulebook_app, name="rulebook", short_help="Show the rulebooks: editions of the guideline, and your own.")
app.add_typer(ledger_app, name="ledger", short_help="What is public of every release, or was.")
app.add_typer(store_app, name="store", short_help="Clean the restricted store, encrypt it, look into it.")


app.command(short_help="Write a project to begin with.")(init)


app.command(short_help="Check the installation and the project.")(doctor)


app.command(short_help="Bring contracts and rulebooks up to date.")(upgrade)


@app.command(short_help="Assess a table: steps 1 to 3 of the guideline, and its score.")
def assess(
    contract: ContractFile,
    table: TableFile,
    reference: References = None,
    as_json: AsJson = False,
    explained: Annotated[
        bool, typer.Option("--explain", help="Say also what would bring the score to the cut-off.")
    ] = False,
    require_release: Annotated[
        bool, typer.Option("--require-release", help="Exit with 1 unless the table may be released as it is.")
    ] = False,
) -> None:
    """Assess a table: steps 1 to 3 of the guideline, its publication score, and what follows.

    The answer is for people who may see the table: the score tells more of its smallest count than that it is small.
    """
    from ddg_pipeline.assessment import assess as assess_table
    from ddg_pipeline.assessment import explain as explain_score
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.rulebook_files import rulebook_of_files
    from ddg_pipeline.table_files import bind_files

    with errors_name_contracts([(contract, table)]):
        bound = bind_files(contract, table, given_references(reference))
        rulebook = rulebook_of_files([(contract, bound.contract)])
        found = assess_table(bound, rulebook)
        explanation = explain_score(bound, found, rulebook) if explained else None
    if as_json:
        more = {} if explanation is None else {"explanation": explanation.to_json_dict()}
        print_json(found.to_json_dict() | more)
    else:
        from ddg_pipeline.console_assessment import print_assessment

        print_assessment(found, explanation)
    if require_release and found.decision != "release":
        raise typer.Exit(UNSAFE)


@app.command(short_help="Mask a table and prove it; write it, or nothing.")
def mask(
    contract: ContractFile,
    table: TableFile,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where the masked table goes.")],
    reference: References = None,
    link: Links = None,
    link_table: LinkTables = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Mask a table and prove it: writes DIR/<release>.csv, DIR/report.json and DIR/proof.parquet, or nothing.

    Only the table is for others: report and proof tell more of hidden counts, so that only you may read these files.
    """
    from ddg_pipeline.contract_places import errors_name_contracts
    from ddg_pipeline.masking_run import mask_files
    from ddg_pipeline.rulebook_files import rulebook_of_files
    from ddg_pipeline.table_files import bind_group

    references = given_references(reference)
    pairs = [(contract, table), *given_pairs(link, link_table)]
    with errors_name_contracts(pairs):
        tables = bind_group(pairs, references)
        rulebook = rulebook_of_files([(path, one.contract) for (path, _), one in zip(pairs, tables, strict=True)])
        given = [path for pair in pairs for path in pair] + list(references.values())
        with shown_progress(quiet or as_json) as progress:
            try:
                report, files = mask_files(tables, output, progress, rulebook=rulebook, keep=given)
            except RefusedError as error:
                raise masking_refused(error, pairs, references) from None
    if as_json:
        print_json(report)
        return
    if quiet:
        typer.echo("\n".join(map(str, files)))
        return
    from ddg_pipeline.console import print_masking

    print_masking(report, files)


app.command(short_help="Check a released package, or the proof that masking wrote.")(verify)


app.command(short_help="Compare what could be published instead of a table.")(advise)


app.command(short_help="Withdraw a release from where it was published.")(retract)


app.command(short_help="Write what reviewers read of a release: dossier and expert determination.")(dossier)


app.command("dbt-package", short_help="Say where the dbt package is, or copy it.")(dbt_package)


@app.command(short_help="Attack a published table, anyone's.")
def audit(
    contract: ContractFile,
    published: Annotated[Path, typer.Argument(metavar="PUBLISHED", help="The table as published, as CSV.")],
    reference: References = None,
    link: Links = None,
    link_table: LinkTables = None,
    level: Annotated[
        str | None, typer.Option(help="exact, ddg or full; by default what the contract asks for.")
    ] = None,
    threshold: Annotated[
        int | None, typer.Option(min=1, help="The largest count the publisher hides, where it is not the rulebook's.")
    ] = None,
    known: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="Figures known from elsewhere: dimension columns and measures.")
    ] = None,
    blanks_are_small: Annotated[
        bool, typer.Option("--blanks-are-small", help="The publisher hides nothing but small counts.")
    ] = False,
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to attack.")] = 600.0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Attack a published table, anyone's: which hidden cells can be narrowed down, and to what."""
    from ddg_pipeline.audit_run import audit_files
    from ddg_pipeline.contract_places import errors_name_contracts

    pairs = [(contract, published), *given_pairs(link, link_table)]
    with errors_name_contracts(pairs), shown_progress(quiet or as_json) as progress:
        report = audit_files(
            pairs,
            given_references(reference),
            level=level,
            threshold=threshold,
            known=known,
            blanks_are_small=blanks_are_small,
            time_limit=time_limit,
            progress=progress,
        )
    if as_json:
        print_json(report.to_json_dict())
    else:
        from ddg_pipeline.console import print_audit

        print_audit(report)
    if not report.safe:
        raise typer.Exit(UNSAFE)


@app.command(short_help="Run everything, from source tables to the portal folder.")
def run(
    release: ReleaseNames = None,
    period: Annotated[
        list[str] | None,
        typer.Option("--period", metavar="PERIOD", help="Of releases by periods: which, as the table writes it."),
    ] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run everything: load sources, build aggregates, assess, mask, check, release and publish.

    Of releases by periods, every period that is over and new, or whose figures have changed, unless some are named.
    """
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.running import run as run_project

    place = load_project(project)
    with shown_progress(quiet or as_json) as progress:
        result = run_project(
            place,
            release or (),
            periods=period or (),
            on_step=lambda step: progress(step, 0, 0),
            on_wait=None if quiet else tell_aside,
        )
    _tell_run(result, place, as_json=as_json, quiet=quiet)


@app.command(short_help="Publish what passed the gate and is approved.")
def publish(
    release: ReleaseNames = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Publish what passed the gate and is approved: its very bytes, with the certificate that people approved.

    `ddg run` would make a new version, which has to be approved anew. Without names, everything that is not public yet.
    """
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.running import publish as publish_releases

    place = load_project(project)
    with shown_progress(quiet or as_json) as progress:
        result = publish_releases(
            place, release or (), on_step=lambda step: progress(step, 0, 0), on_wait=None if quiet else tell_aside
        )
    if not result.outcomes and not as_json and not quiet:
        typer.echo("everything that passed the gate is public")
        return
    _tell_run(result, place, as_json=as_json, quiet=quiet)


def _tell_run(result: RunResult, place: Project, *, as_json: bool, quiet: bool) -> None:
    """Say what a run did, and end with its exit code."""
    from ddg_pipeline.orchestration.open_questions import open_questions

    if as_json:
        print_json(result.to_json_dict() | {"open_questions": open_questions(place)})
    else:
        from ddg_pipeline.console import print_run, print_run_quietly

        if quiet:
            print_run_quietly(result)
        else:
            print_run(result, place)
            _tell_questions(place)
    _exit_with(result)


def _tell_questions(place: Project) -> None:
    """Say how many questions of a draft nobody has answered, and where they are."""
    from ddg_pipeline.orchestration.open_questions import open_questions, told_of_questions

    told = told_of_questions(open_questions(place))
    if told:
        tell_aside(told)


app.command(short_help="Approve a release for publication.")(approve)


app.command(short_help="Take approvals of a release back.")(revoke)


app.command(short_help="Say what is released, approved and published, and what waits for whom.")(status)


@app.command(short_help="Write the Great Expectations suites of releases, for review.")
def suites(
    release: ReleaseNames = None,
    project: ProjectDirectory = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a suite is not current.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write the Great Expectations suites of releases into expectations/, to be reviewed and committed.

    Runs everything up to masking first, because the suite of a release depends on whether it is masked.
    """
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.running import run as run_project
    from ddg_pipeline.orchestration.suites import current_suites

    place = load_project(project)
    with shown_progress(quiet) as progress:
        result = run_project(
            place,
            release or (),
            until="masked",
            on_step=lambda step: progress(step, 0, 0),
            on_wait=None if quiet else tell_aside,
        )
    if not result.success:
        from ddg_pipeline.console import print_run_quietly

        print_run_quietly(result)  # nothing was to be published: only what is wrong
        _exit_with(result)
    stale = False
    for path, changed in current_suites(place, release or (), write=not check):
        stale = stale or changed
        verb = ("not current" if check else "written") if changed else "current"
        if changed or not quiet:
            typer.echo(str(path) if quiet else f"{path}: {verb}")
    if not quiet:
        _tell_questions(place)
    if check and stale:
        raise typer.Exit(UNSAFE)


@app.command()
def example(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed gives other records.")] = None,
) -> None:
    """Write the worked example's synthetic source files."""
    from ddg_pipeline.example import DEFAULT_SEED, write_example_sources

    try:
        paths = write_example_sources(directory, DEFAULT_SEED if seed is None else seed)
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(str(directory), "DIR", found, "a directory that can be written, with room left") from None
    for path in paths:
        typer.echo(str(path))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a release contract, for editors."""
    from ddg_pipeline.contract.json_schema import contract_json_schema

    print_json(contract_json_schema())


app.command(name="help", short_help="Print a page of the documentation, or list all.")(help_)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; every error ends in one message and an exit code, never in a traceback."""
    try:
        code = quiet_everywhere(typer.main.get_command(app))(prog_name="ddg", standalone_mode=False)
    except click.ClickException as error:  # of the arguments; it has its own way to be shown, with the usage
        error.show()
        told = InputError("command line", "arguments", error.format_message().rstrip("."), "see --help")
        code = tell(InputErrors([told]), as_json=json_is_asked_for(), in_words=False)
    except DdgError as error:
        code = tell(error, as_json=json_is_asked_for())
    except Exception as error:  # noqa: BLE001 - a traceback could quote restricted figures
        code = tell(error, as_json=json_is_asked_for())
    if code == INTERRUPTED:
        tell(KeyboardInterrupt(), as_json=json_is_asked_for())
    sys.exit(code or SAFE)


def _exit_with(result: RunResult) -> None:
    if not result.success:
        raise typer.Exit(BAD_INPUT if result.bad_input else UNSAFE)
