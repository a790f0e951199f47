"""What ``ddg doctor`` prints for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from ddg_pipeline.console_layout import as_text, console, print_parts

if TYPE_CHECKING:
    from ddg_pipeline.doctor import Finding

_COLOURS = {"ok": "green", "hint": "yellow", "problem": "bold red"}


def print_findings(found: Sequence[Finding]) -> None:
    """Print one line a finding, and below it what to do."""
    lines = []
    for one in found:
        lines.append(Text.assemble((f"{one.state:8}", _COLOURS[one.state]), as_text(f"{one.check}: {one.found}")))
        if one.todo:
            lines.append(as_text(f"{'':8}-> {one.todo}"))
    if lines:
        print_parts(console(), lines)
