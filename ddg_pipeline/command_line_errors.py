"""How errors are told: in words on standard error, and with ``--json`` as one JSON object on standard output."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from ddg_pipeline.errors import DdgError, InputError, InputErrors, RefusedError, where_raised
from ddg_pipeline.help_topics import topic_of, topics_of

REFUSED = 1
INTERRUPTED = 130  # as shells number a program that Ctrl-C stopped


def json_is_asked_for() -> bool:
    """Say whether the command line has ``--json``, whatever else is wrong with it."""
    return "--json" in sys.argv[1:]


def tell(error: BaseException, *, as_json: bool, in_words: bool = True) -> int:
    """Tell an error that ends a command.

    Args:
        error: The error.
        as_json: Whether to print the JSON object besides.
        in_words: Whether to print the words; they may stand there already.

    Returns:
        The exit code.
    """
    kind, message, code = _kind_of(error)
    if in_words:
        _print_message(message + _pages(error))
    if as_json:
        errors = [_plain(one) | {"help": topic_of(one, error)} for one in _input_errors(error)]
        found = {"error": {"kind": kind, "errors": errors, "message": message, "help": topics_of(error)}}
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    return code


def masking_refused(
    error: RefusedError, pairs: Sequence[tuple[Path, Path]], references: Mapping[str, Path]
) -> RefusedError:
    """Say of a refusal to mask what happened first, and last which command goes on from there.

    Args:
        error: What masking said: which cells, why, and what would help.
        pairs: Contract and table of each release.
        references: Reference tables that were given.
    """
    arguments = ["ddg", "advise", *map(str, pairs[0])]
    for name, path in references.items():
        arguments += ["--reference", f"{name}={path}"]
    for contract, table in pairs[1:]:
        arguments += ["--link", str(contract), "--link-table", str(table)]
    what = "these tables cannot" if len(pairs) > 1 else "this table cannot"
    reasons = "\n".join(f"- {line}" if line and not line.startswith((" ", "|")) else line for line in _lines(error))
    return RefusedError(
        f"nothing was written: {what} be masked so that every small count in it is safe\n{reasons}\n"
        f"What could be published instead, and at what cost:\n  {shlex.join(arguments)}"
    )


def _lines(error: RefusedError) -> list[str]:
    return str(error).splitlines()


def _kind_of(error: BaseException) -> tuple[str, str, int]:
    if isinstance(error, KeyboardInterrupt):
        return "stopped", "stopped by Ctrl-C; what was not finished was not written", INTERRUPTED
    if isinstance(error, DdgError):
        return "bad_input" if error.exit_code != REFUSED else "refused", str(error), error.exit_code
    what = f"{type(error).__name__} at {where_raised(error)}"
    return "internal", f"internal error ({what}); what was not finished was not released", REFUSED


def _input_errors(error: BaseException) -> Sequence[InputError]:
    if isinstance(error, InputErrors):
        return error.errors
    return [error] if isinstance(error, InputError) else []


def _pages(error: BaseException) -> str:
    """Say last which pages explain an error; commands to copy, so one a line."""
    return "".join(f"\nMore: ddg help {topic}" for topic in topics_of(error))


def _plain(error: InputError) -> dict[str, Any]:
    return {"place": error.place, "field": error.field, "found": error.found, "expected": error.expected}


def _print_message(message: str) -> None:
    if not sys.stderr.isatty():
        typer.echo(f"ddg: {message}", err=True)
        return
    from ddg_pipeline.console_layout import as_text, console, print_parts

    print_parts(console(stderr=True), [as_text(line) for line in f"ddg: {message}".split("\n")])
