"""What ``ddg advise`` prints for people: a table of alternatives with counts of cells and shares, and no figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddg_pipeline.advice import Advice, Alternative

_WIDTH_WHEN_PIPED = 120
_LISTED = 8  # notes and reasons
_NO_FIGURES = {
    "refused": " (cannot be released)",
    "beaten": " (not masked: another is better, whatever is hidden)",
    "out_of_time": " (not masked in time)",
}
_NOTHING = "-"  # is hidden, because it may be released as it is


def print_advice(advice: Advice, *, everything: bool) -> None:
    """Print the alternatives, best first.

    Args:
        advice: What was found.
        everything: Whether to show also what is not on the front.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WHEN_PIPED)
    shown = advice.alternatives if everything else advice.front
    head = f", assessed by {advice.rulebook}; over a score of {advice.cut_off} a table is masked\n"
    console.print(Text.assemble((advice.release, "bold"), head))
    console.print(_table([advice.as_it_is, *shown]))
    if advice.linked:
        console.print(Text(f"Masked together with {', '.join(advice.linked)}, unchanged; the figures leave it out."))
    _print_explanation(console, advice, shown)
    refused = [one for one in (advice.as_it_is, *shown) if one.outcome == "refused"]
    for one in refused[:_LISTED]:
        console.print(Text(f"No. {one.number} cannot be released: {one.reason.splitlines()[0]}", "red"))
    for note in _notes([advice.as_it_is, *shown]):
        console.print(Text(note))
    for reason in advice.not_tried[:_LISTED]:
        console.print(Text(f"Not tried: {reason}"))
    if len(advice.not_tried) > _LISTED:
        console.print(Text(f"Not tried: {len(advice.not_tried) - _LISTED} more; --json lists them."))
    if shown:
        console.print(
            Text("\nNothing was changed. `--write NUMBER -o DIR` writes one for `ddg mask`, which attacks it.")
        )


def _table(alternatives: Iterable[Alternative]) -> Table:
    table = Table(show_lines=False, header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("No.", justify="right")
    table.add_column("What is published", ratio=1, overflow="fold", min_width=16)
    for name in ("Score", "Small\ncells", "Compl.\ncells", "Cells\nhidden", "Counts\nhidden", "Cells", "Detail\nkept"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in alternatives:
        words = Text(one.words, "" if one.number else "italic")
        if not one.known:
            words.append(_NO_FIGURES[one.outcome], "red" if one.outcome == "refused" else "yellow")
        table.add_row(
            str(one.number),
            words,
            _number(one.score),
            _number(one.small_cells),
            *_hidden(one),
            _number(one.cells),
            _share(one.detail_kept) if one.known else "",
        )
    return table


def _hidden(one: Alternative) -> list[str]:
    """Give complementary cells and the shares of cells and counts that are hidden."""
    if one.outcome == "masked":
        shares = one.share_of_cells_suppressed, one.share_of_counts_suppressed
        return [_number(one.complementary_cells), *map(_share, shares)]
    return [_NOTHING if one.known else ""] * 3


def _print_explanation(console: Console, advice: Advice, shown: tuple[Alternative, ...]) -> None:
    if advice.as_it_is.outcome == "released":
        console.print(Text("The table may be released as it is: nothing has to be changed."))
    if not shown:
        if advice.as_it_is.outcome != "released":
            console.print(Text("No alternative was found that could be published."))
        return
    console.print(
        Text(
            f"Best first: most detail kept, which is how finely the table is broken down (the logarithm of its number "
            "of innermost cells) times the share of cells not hidden; the table as it is with nothing hidden would be "
            f"100 %. What shows no counts comes last. {_NOTHING} says that it may be released without masking."
        )
    )
    beaten = len(advice.alternatives) - len(advice.front)
    if len(shown) == len(advice.front) and beaten:
        console.print(
            Text(
                f"Every one shown is better than each other one in something. {beaten:,} more are not shown: they are "
                "worse than one of these in everything, or could not be protected or masked in time (--all)."
            )
        )


def _notes(alternatives: Iterable[Alternative]) -> list[str]:
    """Say once what several alternatives cannot show."""
    numbers: dict[str, list[int]] = {}
    for one in alternatives:
        for note in one.notes:
            numbers.setdefault(note, []).append(one.number)
    return [f"{note} (No. {', '.join(map(str, those))})" for note, those in numbers.items()]


def _number(figure: int | None) -> str:
    return "" if figure is None else f"{figure:,}"


def _share(percent: int | None) -> str:
    return "" if percent is None else f"{percent} %"
