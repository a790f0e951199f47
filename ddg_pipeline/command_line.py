"""What the commands of ``ddg`` share: their arguments, JSON, progress, and a standard output for results only."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import click
import typer

from ddg_pipeline.compiling import told_of_compiling
from ddg_pipeline.completion import release_names
from ddg_pipeline.errors import InputError, InputErrors

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
ProjectDirectory = Annotated[
    Path | None, typer.Option("--project", metavar="DIR", help="The directory of ddg.yaml; by default this one.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only where results are, and what is wrong; no progress.")
]
ReleaseNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RELEASE]...", help="By default all.", autocompletion=release_names),
]

_STANDARD_OUTPUT = 1  # as libraries know it that are not written in Python


def given_references(given: list[str] | None) -> dict[str, Path]:
    """Read what ``--reference NAME=FILE`` gives.

    Raises:
        InputErrors: It is spelled otherwise.
    """
    found: dict[str, Path] = {}
    for text in given or []:
        name, separator, path = text.partition("=")
        if not separator or not name or not path:
            raise InputErrors([InputError("command line", "--reference", repr(text), "write NAME=FILE")])
        found[name] = Path(path)
    return found


def given_pairs_of_text(option: str, given: list[str] | None) -> dict[str, str]:
    """Read what an option ``NAME=TEXT`` gives, which may be repeated.

    Raises:
        InputErrors: It is spelled otherwise, or names something twice.
    """
    found: dict[str, str] = {}
    for text in given or []:
        name, separator, value = text.partition("=")
        if not separator or not name or not value or name in found:
            raise InputErrors([InputError("command line", option, repr(text), "write NAME=TEXT, each name once")])
        found[name] = value
    return found


def given_pairs(link: list[Path] | None, link_table: list[Path] | None) -> list[tuple[Path, Path]]:
    """Pair each ``--link`` with its ``--link-table``.

    Raises:
        InputErrors: There are not as many of one as of the other.
    """
    links, tables = link or [], link_table or []
    if len(links) != len(tables):
        found = f"{len(links)} --link and {len(tables)} --link-table"
        raise InputErrors([InputError("command line", "--link", found, "give one --link-table for each --link")])
    return list(zip(links, tables, strict=True))


def print_json(value: Any) -> None:
    """Print one JSON object."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def shown_progress(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress on standard error while the block computes, if someone is looking; and say if code is compiled."""
    with _results_only():
        if quiet:
            yield _unseen
            return
        with told_of_compiling(tell_aside):
            if not sys.stderr.isatty():
                yield _unseen
                return
            from ddg_pipeline.console_progress import progress_display

            with progress_display() as show:
                yield show


def _unseen(_stage: str, _done: int, _of: int) -> None:
    """Progress that nobody looks at."""


def quiet_everywhere(command: click.Command) -> click.Command:
    """Let every command take ``--quiet``; one that prints its result only, and no progress, leaves nothing out."""
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        quiet_everywhere(below)
    taken = {option for parameter in command.params for option in parameter.opts}
    if not isinstance(command, click.Group) and not {"--quiet", "-q"} & taken:
        words = "Print the result only, as it does anyway."
        command.params.append(click.Option(["--quiet", "-q"], is_flag=True, expose_value=False, help=words))
    return command


def tell_aside(text: str) -> None:
    """Say something on standard error that is no result, whether or not someone is looking."""
    typer.echo(f"ddg: {text}", err=True)


@contextmanager
def _results_only() -> Iterator[None]:
    """Keep standard output for results: what libraries write to it, past Python too, goes to standard error."""
    sys.stdout.flush()
    try:
        kept = {one: os.dup(one) for one in {_STANDARD_OUTPUT, sys.stdout.fileno()}}
    except (OSError, ValueError):  # closed, or none of the operating system's
        yield
        return
    try:
        for descriptor in kept:
            os.dup2(sys.stderr.fileno(), descriptor)
        yield
        sys.stdout.flush()
    finally:
        ctypes.CDLL(None).fflush(None)  # a solver's own buffer, which would be written out at the end
        for descriptor, copy in kept.items():
            os.dup2(copy, descriptor)
            os.close(copy)
