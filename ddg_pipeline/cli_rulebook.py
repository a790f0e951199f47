"""``ddg rulebook``: which rulebooks there are, and what one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook
    from ddg_pipeline.rulebook_files import RulebookFiles

app = typer.Typer(
    help="The rulebooks: editions of the guideline, and what departments say otherwise.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Directory = Annotated[
    Path, typer.Option("--rulebooks", metavar="DIR", help="The directory of your own rulebooks, one NAME.yaml each.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_rulebooks(directory: Directory = Path("rulebooks"), as_json: AsJson = False) -> None:
    """List the rulebooks that a contract can name."""
    from ddg_pipeline.errors import InputErrors
    from ddg_pipeline.rulebook import load_rulebook, shipped_rulebooks

    source = _source(directory)
    found: list[Rulebook] = []
    errors = []
    for name in (*shipped_rulebooks(), *source.names()):
        try:
            found.append(load_rulebook(name, source, "command line"))
        except InputErrors as error:
            errors += error.errors
    if as_json and not errors:
        typer.echo(json.dumps([_summary(rulebook) for rulebook in found], indent=2, ensure_ascii=False))
    elif not as_json:
        from ddg_pipeline.console_rulebook import print_rulebooks

        print_rulebooks(found)
    if errors:
        raise InputErrors(errors)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A rulebook's name, or a file that ends in .yaml.")],
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="BASE", help="Show only what it says otherwise than this one.")
    ] = None,
    directory: Directory = Path("rulebooks"),
    as_json: AsJson = False,
) -> None:
    """Show a rulebook with all it extends, or what it says otherwise than another."""
    from ddg_pipeline.rulebook import load_rulebook
    from ddg_pipeline.rulebook.difference import differences, plain

    source = _source(directory)
    rulebook = load_rulebook(name, source, "command line")
    if diff is None:
        if as_json:
            typer.echo(json.dumps(plain(rulebook), indent=2, ensure_ascii=False))
            return
        from ddg_pipeline.console_rulebook import print_rulebook

        print_rulebook(rulebook)
        return
    base = load_rulebook(diff, source, "command line")
    found = differences(rulebook, base)
    if as_json:
        typer.echo(json.dumps([one.to_json_dict() for one in found], indent=2, ensure_ascii=False))
        return
    from ddg_pipeline.console_rulebook import print_differences

    print_differences(rulebook, base, found)


def _source(directory: Path) -> RulebookFiles:
    from ddg_pipeline.rulebook_files import RulebookFiles

    return RulebookFiles(Path.cwd(), directory)


def _summary(rulebook: Rulebook) -> dict[str, Any]:
    numerator = rulebook.thresholds.numerator
    return {
        "name": rulebook.name,
        "title": rulebook.title,
        "approved": rulebook.approved.isoformat() if rulebook.approved else None,
        "extends": rulebook.extends,
        "small_counts": [numerator.lower, numerator.upper],
        "small_denominator": rulebook.thresholds.denominator,
        "masking_applies": rulebook.masking.applies,
    }
