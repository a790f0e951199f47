"""What ``ddg advise`` prints for people: a table of alternatives with counts of cells and shares, and no figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ddg_pipeline.console_layout import add_columns, add_row, as_text, console, new_table, print_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddg_pipeline.advice import Advice, Alternative

_LISTED = 8  # notes and reasons
_NARROWEST_WORDS = 16  # columns
_NO_FIGURES = {
    "refused": " (cannot be released)",
    "beaten": " (not masked: another is better, whatever is hidden)",
    "out_of_time": " (not masked in time)",
}
_NOTHING = "-"  # is hidden, because it may be released as it is


def print_advice(advice: Advice, *, everything: bool, directory: Path | None = None) -> None:
    """Print the alternatives, best first.

    Args:
        advice: What was found.
        everything: Whether to show also what is not on the front.
        directory: The directory that an alternative has to stay in; None for anywhere.
    """
    shown = advice.alternatives if everything else advice.front
    head = f", assessed by {advice.rulebook}; over a score of {advice.cut_off} a table is masked\n"
    parts: list[RenderableType] = [Text.assemble((advice.release, "bold"), as_text(head))]
    parts += [_table([advice.as_it_is, *shown]), Text()]
    if advice.linked:
        parts.append(as_text(f"Masked together with {', '.join(advice.linked)}, unchanged; the figures leave it out."))
    parts += _explanation(advice, shown)
    refused = _refused([advice.as_it_is, *shown])
    parts += [as_text(reason, "red") for reason in refused[:_LISTED]]
    if len(refused) > _LISTED:
        parts.append(
            as_text(f"For {len(refused) - _LISTED} more reasons others cannot be released; --json lists them.")
        )
    parts += [as_text(note) for note in _notes([advice.as_it_is, *shown])]
    parts += [as_text(f"Not tried: {reason}") for reason in advice.not_tried[:_LISTED]]
    if len(advice.not_tried) > _LISTED:
        parts.append(as_text(f"Not tried: {len(advice.not_tried) - _LISTED} more; --json lists them."))
    if shown:
        said = "\nNothing was changed. `--write NUMBER -o DIR` writes one for `ddg mask`, which attacks it."
        if directory is not None:
            said += f" DIR is inside of {directory}, because it gets true counts."
            said += " To release one, make the same change in the model and its contract."
        parts.append(as_text(said))
    print_parts(console(), parts)


def _table(alternatives: Iterable[Alternative]) -> Table:
    table = new_table()
    numbers = ("Score", "Small\ncells", "Compl.\ncells", "Cells\nhidden", "Counts\nhidden", "Cells", "Detail\nkept")
    add_columns(table, "No.", "What is published", *numbers, right=("No.", *numbers))
    table.columns[1].ratio, table.columns[1].min_width = 1, _NARROWEST_WORDS
    for one in alternatives:
        words = as_text(one.words, "" if one.number else "italic")
        if not one.known:
            words.append(_NO_FIGURES[one.outcome], "red" if one.outcome == "refused" else "yellow")
        figures = (_number(one.score), _number(one.small_cells), *_hidden(one), _number(one.cells))
        add_row(table, one.number, words, *figures, _share(one.detail_kept) if one.known else "")
    return table


def _hidden(one: Alternative) -> list[str]:
    """Give complementary cells and the shares of cells and counts that are hidden."""
    if one.outcome == "masked":
        shares = one.share_of_cells_suppressed, one.share_of_counts_suppressed
        return [_number(one.complementary_cells), *map(_share, shares)]
    return [_NOTHING if one.known else ""] * 3


def _explanation(advice: Advice, shown: tuple[Alternative, ...]) -> Iterator[Text]:
    if advice.as_it_is.outcome == "released":
        yield as_text("The table may be released as it is: nothing has to be changed.")
    if not shown:
        if advice.as_it_is.outcome != "released":
            yield as_text("No alternative was found that could be published.")
        return
    yield as_text(
        "Best first: most detail kept, which is how finely the table is broken down (the logarithm of its number of "
        "innermost cells) times the share of cells not hidden; the table as it is with nothing hidden would be 100 %. "
        f"What shows no counts comes last. {_NOTHING} says that it may be released without masking."
    )
    beaten = len(advice.alternatives) - len(advice.front)
    if len(shown) == len(advice.front) and beaten:
        yield as_text(
            f"Every one shown is better than each other one in something. {beaten:,} more are not shown: they are "
            "worse than one of these in everything, or could not be protected or masked in time (--all)."
        )


def _refused(alternatives: Iterable[Alternative]) -> list[str]:
    """Say once why several alternatives cannot be released."""
    numbers: dict[str, list[int]] = {}
    for one in alternatives:
        if one.outcome == "refused":
            numbers.setdefault(one.reason.splitlines()[0], []).append(one.number)
    return [f"No. {', '.join(map(str, those))} cannot be released: {reason}" for reason, those in numbers.items()]


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
