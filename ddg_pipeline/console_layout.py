"""How everything that the command line prints for people is laid out: one kind of table, at any width from 60 on.

In a terminal it is as wide as the terminal; in a pipe as ``COLUMNS`` says, else 120. Words and sections such as
"DDG 2.0 §4.2" stay whole; only long names are broken, after a joint.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_WIDTH_WHEN_PIPED = 120
_NARROWEST = 60
_WIDE = 100
GLUE = "\ue000"  # of the private use area: stands for a space at which no line is broken
BREAK = "\x1f"  # white space without width: stands where a long name may be broken
_LONG_NAME = re.compile(r"\S{17,}")
_JOINT = re.compile(r"(?<=[_.])(?=\w)|(?<=[a-z]-)(?=[A-Za-z])")
_KEEP_TOGETHER = re.compile(
    r"\b(?:DDG|Edition|Figure|Table|Appendix|step|steps|Part|CFR|DOH) (?=[\w.§]*\d|[A-Z]\b|§)|(?<=[\w.]) (?=§)"
)
_PLAIN = str.maketrans(
    {"\u2500": "-", "\u2550": "=", "\u2501": "-", "\u2026": "...", "\u2013": "-", "\u00a7": "Sec. ", "\u2264": "<="}
)


def console(*, stderr: bool = False) -> Console:
    """Make the console that everything is printed on."""
    made = Console(highlight=False, emoji=False, markup=False, stderr=stderr)
    if made.is_terminal:
        return made
    asked = os.environ.get("COLUMNS", "")
    width = max(_NARROWEST, int(asked)) if asked.isdigit() else _WIDTH_WHEN_PIPED
    return Console(highlight=False, emoji=False, markup=False, width=width, stderr=stderr)


def is_wide(to: Console) -> bool:
    """Whether there is room for long text in a column of its own."""
    return to.width >= _WIDE


def print_parts(to: Console, parts: Iterable[RenderableType]) -> None:
    """Print what was laid out, with the spaces back that no line was to be broken at, and no line ending in blanks."""
    with to.capture() as captured:
        for part in parts:
            if isinstance(part, Table) and part.title:  # as wide as the console, not as the table
                to.print(part.title, style="bold")
                part.title = None
            to.print(part)
    printed = captured.get().replace(GLUE, " ").replace(BREAK, "")
    if not to.is_terminal:
        printed = "\n".join(line.rstrip() for line in printed.split("\n"))
    to.file.write(_encodable(printed, to.encoding))
    to.file.flush()


def print_lines(to: Console, lines: Iterable[str]) -> None:
    """Print lines that people copy, such as paths and commands: never broken, however long."""
    for line in lines:
        to.file.write(_encodable(f"{line}\n", to.encoding))
    to.file.flush()


def _encodable(printed: str, encoding: str) -> str:
    """Spell what an old terminal or pipe cannot show with letters that it can."""
    try:
        printed.encode(encoding)
    except UnicodeEncodeError:
        return printed.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    return printed


def as_text(content: object, style: str = "") -> Text:
    """Make text that is shown as it is, such as ``[65+]``; only long names are broken, after a joint."""
    whole = _KEEP_TOGETHER.sub(lambda match: match[0].replace(" ", GLUE), str(content).replace(BREAK, " "))
    return Text(_LONG_NAME.sub(lambda match: _JOINT.sub(BREAK, match[0]), whole), style)


def heading(content: str) -> Text:
    """Make the heading of what follows, with a blank line before it."""
    return as_text(f"\n{content}", "bold")


def new_table(title: str = "", *, roomy: bool = False) -> Table:
    """Make a table; in a roomy one, a blank line stands between rows, because they take several lines each."""
    return Table(
        title=as_text(f"\n{title}") if title else None,
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        leading=1 if roomy else 0,
    )


def add_columns(to: Table, *names: str, right: Sequence[str] = (), whole: Sequence[str] = ()) -> None:
    """Add columns: numbers to the right, and ``whole`` ones without line breaks."""
    for name in names:
        to.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name in right or name in whole,
            overflow="fold",
        )


def add_row(to: Table, *cells: object) -> None:
    """Add a row; each cell is shown as it is."""
    to.add_row(*(cell if isinstance(cell, Text) else as_text(cell) for cell in cells))


def bullets(lines: Sequence[Text], first: int | None = None) -> Table:
    """Give a list whose lines are indented under their mark; numbered from ``first`` where it is given."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for number, line in enumerate(lines):
        grid.add_row("-" if first is None else f"{first + number}.", line)
    return grid
