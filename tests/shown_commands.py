"""Run the commands that the documentation shows, page by page, each page in a fresh directory of its own.

A block of ``console`` or ``sh`` is run. What stands in comments before a block, unseen by readers, says the rest::

    <!-- copy: docs/examples -->         brings a folder or file of the repository to the same place in the directory,
                                         or to another: `copy: docs/examples/a.csv as a.csv`
    <!-- file: contract.yaml -->         the block that follows is not run but written, as readers would write it
    <!-- exit: 1 -->                     the last command of the block that follows ends with this code
    <!-- skip: next "why" -->            Sybil's own: the block that follows is not run, and why not

In a ``console`` block, commands begin with ``$ `` and go on on lines with ``> ``; below stands what they print. Each
line shown has to be the beginning of a line that is printed, or after ``…`` a part of it, in the same order; a line
``…`` stands for any others.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, FencedCodeBlockLexer

ROOT = Path(__file__).parents[1]
RUN = ("console", "sh")
LEFT_OUT = "…"
_BEFORE = re.compile(r"<!-- (file|exit): (\S+) -->\s*\Z")
_PROGRAM = """#!/bin/sh
exec {python} -c 'from ddg_pipeline.cli import main; main()' "$@"
"""


@dataclass(frozen=True)
class Command:
    """A command of a page, and the lines shown below it; None where nothing is said of what it prints."""

    text: str
    shown: tuple[str, ...] | None


class CommandParser:
    """Finds the blocks of a page that are run or written."""

    def __init__(self) -> None:
        self._fences = FencedCodeBlockLexer(r"\w*")
        self._copies = DirectiveInHTMLCommentLexer("copy")

    def __call__(self, document: Document) -> Iterable[Region]:
        """Give them as Sybil wants it."""
        for region in self._copies(document):
            yield Region(region.start, region.end, region.lexemes["arguments"].strip(), _copy)
        for region in self._fences(document):
            said = _BEFORE.search(document.text[: region.start])
            source = str(region.lexemes["source"])
            if said is not None and said[1] == "file":
                yield Region(region.start, region.end, (said[2], source), _write)
            elif region.lexemes["language"] in RUN:
                code = 0 if said is None else int(said[2])
                yield Region(region.start, region.end, (commands(region.lexemes["language"], source), code), _run)


def commands(language: str, source: str) -> list[Command]:
    """Tell the commands of a block.

    Raises:
        ValueError: A console block begins with something else than a command, or has none.
    """
    if language == "sh":
        return [Command(f"set -e\n{source}", None)]
    before, *parts = re.split(r"(?m)^\$ ", source)
    if before.strip() or not parts:
        raise ValueError("a console block begins with `$ ` and a command")
    found = []
    for part in parts:
        command = re.match(r".*\n?(?:> .*\n?)*", part)
        assert command is not None  # it matches anything
        shown = [line for line in part[command.end() :].splitlines() if line.strip()]
        found.append(Command(re.sub(r"(?m)^> ", "", command[0]).strip(), tuple(shown)))
    return found


def differences(shown: tuple[str, ...], printed: str) -> list[str]:
    """Tell which of the lines shown begin no line that is printed after the one before."""
    missing, rest = [], [_squeezed(line) for line in printed.splitlines()]
    for line in shown:
        if line == LEFT_OUT:
            continue
        said = _squeezed(line.strip(LEFT_OUT))
        begins = not line.startswith(LEFT_OUT)
        fits = (number for number, other in enumerate(rest) if (other.startswith(said) if begins else said in other))
        found = next(fits, None)
        if found is None:
            missing.append(line)
        else:
            rest = rest[found + 1 :]
    return missing


def set_up(namespace: dict[str, Any]) -> None:
    """Make the directory of a page, with ``ddg`` on the path."""
    made = tempfile.TemporaryDirectory(prefix="ddg-docs-")
    place = Path(made.name).resolve()
    programs, work = place / "bin", place / "work"
    for directory in (programs, work, place / "home"):
        directory.mkdir()
    program = programs / "ddg"
    program.write_text(_PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    namespace.update(made=made, place=place, work=work, directory=work)


def tear_down(namespace: dict[str, Any]) -> None:
    """Remove it."""
    namespace["made"].cleanup()


def _environment(place: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DDG_", "DAGSTER_", "COV_"))}
    return kept | {
        "PATH": os.pathsep.join([str(place / "bin"), str(Path(sys.executable).parent), kept["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "HOME": str(place / "home"),
        "COLUMNS": "120",
        "DO_NOT_TRACK": "1",
    }


def _copy(example: Example) -> str | None:
    given, _, name = example.parsed.partition(" as ")
    target = example.namespace["work"] / (name or given)
    target.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / given).is_dir():
        shutil.copytree(ROOT / given, target)
    else:
        shutil.copy(ROOT / given, target)
    return None


def _write(example: Example) -> str | None:
    name, text = example.parsed
    path = example.namespace["directory"] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return None


def _run(example: Example) -> str | None:
    listed, last = example.parsed
    for command in listed:
        expected = last if command is listed[-1] else 0
        wrong = _run_one(command, expected, example.namespace)
        if wrong is not None:
            return wrong
    return None


def _run_one(command: Command, expected: int, namespace: dict[str, Any]) -> str | None:
    left = namespace["place"] / "directory"  # the shell's last one: `cd` holds for the blocks that follow
    done = subprocess.run(
        ["bash", "-c", f"trap 'pwd >\"{left}\"' EXIT\n{command.text}"],
        cwd=namespace["directory"],
        env=_environment(namespace["place"]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    namespace["directory"] = Path(left.read_text(encoding="utf-8").strip())
    printed = f"$ {command.text}\n{done.stdout}{done.stderr}"
    if done.returncode != expected:
        return f"ended with {done.returncode}, not with {expected}:\n{printed}"
    missing = differences(command.shown or (), done.stdout + done.stderr)
    return "shown, but not printed there:\n" + "\n".join(missing) + f"\n\nprinted:\n{printed}" if missing else None


def _squeezed(line: str) -> str:
    return " ".join(line.split())
