"""The command line: ``ddg``.

Exit codes: 0 safe, 1 unsafe or refused, 2 bad input. Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ddg_pipeline import __version__
from ddg_pipeline.errors import DdgError, InputError, InputErrors, where_raised

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.running import RunResult

SAFE, UNSAFE, BAD_INPUT = 0, 1, 2

app = typer.Typer(
    name="ddg",
    help="Release health data tables under the CalHHS Data De-Identification Guidelines.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ContractFile = Annotated[Path, typer.Argument(metavar="CONTRACT.yaml", help="The release contract.")]
TableFile = Annotated[Path, typer.Argument(metavar="TABLE", help="The aggregate, as CSV or Parquet.")]
References = Annotated[
    list[str] | None,
    typer.Option("--reference", metavar="NAME=FILE", help="Where a reference table named in the contract is."),
]
Links = Annotated[
    list[Path] | None,
    typer.Option("--link", metavar="CONTRACT.yaml", help="The contract of a linked release; with --link-table."),
]
LinkTables = Annotated[
    list[Path] | None,
    typer.Option("--link-table", metavar="TABLE", help="The table of the linked release, in the same order."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only, no progress.")]
ProjectDirectory = Annotated[
    Path | None, typer.Option("--project", metavar="DIR", help="The directory of ddg.yaml; by default this one.")
]


@app.command()
def assess(
    contract: ContractFile,
    table: TableFile,
    reference: References = None,
    as_json: AsJson = False,
    require_release: Annotated[
        bool, typer.Option("--require-release", help="Exit with 1 unless the table may be released as it is.")
    ] = False,
) -> None:
    """Assess a table: steps 1 to 3 of the guideline, its publication score, and what follows."""
    from ddg_pipeline.assessment import assess as assess_table
    from ddg_pipeline.preparation import rulebook_of
    from ddg_pipeline.table_files import bind_files

    bound = bind_files(contract, table, _references(reference))
    found = assess_table(bound, rulebook_of([bound]))
    if as_json:
        _print_json(found.to_json_dict())
    else:
        from ddg_pipeline.console import print_assessment

        print_assessment(found)
    if require_release and found.decision != "release":
        raise typer.Exit(UNSAFE)


@app.command()
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
    """Mask a table and prove it: writes DIR/<release>.csv and DIR/report.json, or nothing."""
    from ddg_pipeline.masking_run import mask_files
    from ddg_pipeline.table_files import bind_group

    references = _references(reference)
    pairs = [(contract, table), *_pairs(link, link_table)]
    tables = bind_group(pairs, references)
    given = [path for pair in pairs for path in pair] + list(references.values())
    with _progress(quiet or as_json) as progress:
        report, files = mask_files(tables, output, progress, keep=given)
    if as_json:
        _print_json(report)
        return
    from ddg_pipeline.console import print_masking

    print_masking(report, files)


@app.command()
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

    pairs = [(contract, published), *_pairs(link, link_table)]
    with _progress(quiet or as_json) as progress:
        report = audit_files(
            pairs,
            _references(reference),
            level=level,
            threshold=threshold,
            known=known,
            blanks_are_small=blanks_are_small,
            time_limit=time_limit,
            progress=progress,
        )
    if as_json:
        _print_json(report.to_json_dict())
    else:
        from ddg_pipeline.console import print_audit

        print_audit(report)
    if not report.safe:
        raise typer.Exit(UNSAFE)


@app.command()
def run(
    release: Annotated[list[str] | None, typer.Argument(metavar="[RELEASE]...", help="By default all.")] = None,
    project: ProjectDirectory = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run everything: load sources, build aggregates, assess, mask, check, release and publish."""
    from ddg_pipeline.orchestration.project import load_project
    from ddg_pipeline.orchestration.running import run as run_project

    place = load_project(project)
    with _progress(quiet or as_json) as progress:
        result = run_project(place, release or (), on_step=lambda step: progress(step, 0, 0))
    if as_json:
        _print_json(result.to_json_dict())
    else:
        from ddg_pipeline.console import print_run

        print_run(result, place)
    _exit_with(result)


@app.command()
def suites(
    release: Annotated[list[str] | None, typer.Argument(metavar="[RELEASE]...", help="By default all.")] = None,
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
    with _progress(quiet) as progress:
        result = run_project(place, release or (), until="masked", on_step=lambda step: progress(step, 0, 0))
    if not result.success:
        from ddg_pipeline.console import print_run

        print_run(result, place)
        _exit_with(result)
    stale = False
    for path, changed in current_suites(place, release or (), write=not check):
        stale = stale or changed
        verb = ("not current" if check else "written") if changed else "current"
        typer.echo(f"{path}: {verb}")
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

    _print_json(contract_json_schema())


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; every error ends in one message and an exit code, never in a traceback."""
    try:
        app(standalone_mode=True)
    except DdgError as error:
        typer.echo(f"ddg: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a traceback could quote restricted figures
        what = f"{type(error).__name__} at {where_raised(error)}"
        typer.echo(f"ddg: internal error ({what}); what was not finished was not released", err=True)
        sys.exit(UNSAFE)


def _references(given: list[str] | None) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in given or []:
        name, separator, path = text.partition("=")
        if not separator or not name or not path:
            raise InputErrors([InputError("command line", "--reference", repr(text), "write NAME=FILE")])
        found[name] = Path(path)
    return found


def _pairs(link: list[Path] | None, link_table: list[Path] | None) -> list[tuple[Path, Path]]:
    links, tables = link or [], link_table or []
    if len(links) != len(tables):
        found = f"{len(links)} --link and {len(tables)} --link-table"
        raise InputErrors([InputError("command line", "--link", found, "give one --link-table for each --link")])
    return list(zip(links, tables, strict=True))


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _exit_with(result: RunResult) -> None:
    if not result.success:
        raise typer.Exit(BAD_INPUT if result.bad_input else UNSAFE)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress on standard error while the block computes, if someone is looking."""
    with _results_only():
        if quiet or not sys.stderr.isatty():
            yield lambda _stage, _done, _of: None
            return
        from ddg_pipeline.console import progress_display

        with progress_display() as show:
            yield show


@contextmanager
def _results_only() -> Iterator[None]:
    """Keep standard output for results: what libraries write to it, past Python too, goes to standard error."""
    sys.stdout.flush()
    try:
        kept = os.dup(sys.stdout.fileno())
    except (OSError, ValueError):  # closed, or none of the operating system's
        yield
        return
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        yield
        sys.stdout.flush()
    finally:
        os.dup2(kept, sys.stdout.fileno())
        os.close(kept)
