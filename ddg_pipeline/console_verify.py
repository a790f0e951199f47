"""What ``ddg verify`` prints for people: cells by their categories, never a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from ddg_pipeline.console_layout import add_columns, add_row, as_text, bullets, console, heading, new_table, print_parts

if TYPE_CHECKING:
    from ddg_pipeline.audit.verify import Verification


def print_verification(found: Verification) -> None:
    """Print whether the protection is proved, and what is wrong if it is not."""
    from ddg_pipeline.audit.verify import broken

    table = new_table()
    numbers = ("Cells", "Hidden", "To protect", "Moves")
    add_columns(table, "Releases", "Level", *numbers, right=numbers)
    sizes = (found.cells, found.hidden, found.protected, found.moves)
    add_row(table, ", ".join(found.releases), found.level or "not masked", *(f"{size:,}" for size in sizes))
    parts: list[RenderableType] = [
        as_text(found.summary(), "bold green" if found.proved else "bold red"),
        Text(),
        table,
    ]
    for rule, number in found.counted.items():
        listed = [fault for fault in found.faults if fault.rule is rule]
        lines = [as_text(fault.where) for fault in listed]
        if number > len(listed):
            lines.append(as_text(f"and {number - len(listed):,} more"))
        parts += [heading(broken(rule)), bullets(lines)]
    print_parts(console(), parts)
