"""Generate the reference of command line, ``ddg.yaml``, ``sources.yaml`` and the guideline's figures from the code.

    python docs/generate_reference.py            write what differs
    python docs/generate_reference.py --check    write nothing; exit with 1 if a page is not current

The text around the generated part of each page is written by hand and kept.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import typer.main
from docstring_parser import DocstringStyle, parse
from generated_files import write_or_check
from pydantic import BaseModel
from rich.table import Table
from schema_tables import HEAD, cell, row
from typer.models import ParamMeta
from typer.utils import get_params_from_function

from ddg_pipeline.console_layout import BREAK, GLUE

HERE = Path(__file__).parent / "reference"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"
RULEBOOK = "calhhs-ddg-2.0"
_METADATA = """\
### `metadata`

The keys of [`publication.metadata`](contract.md#publicationmetadata) in a contract, without those that belong to one
release: [metadata.md](metadata.md#where-it-is-written).
"""


# -- the command line -------------------------------------------------------------------------------------------------


def command_line() -> str:
    """Write every command with its arguments and options, as ``--help`` knows them."""
    from ddg_pipeline.cli import app

    return "\n".join(_command(typer.main.get_command(app), "ddg", 2))


def _command(command: click.Command, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    yield f"{'#' * level} `{name}`\n"
    yield inspect.cleandoc(command.help or "").replace("<", "\\<") + "\n"
    if isinstance(command, click.Group):
        parts = {part: command.commands[part] for part in command.list_commands(context)}
        yield "| command | |\n|---|---|"
        for part, one in parts.items():
            anchor = f"{name} {part}".replace(" ", "-")
            yield f"| [`{name} {part}`](#{anchor}) | {cell(one.get_short_help_str(200))} |"
        yield ""
        for part, one in parts.items():
            yield from _command(one, f"{name} {part}", min(level + 1, 3) if level > 2 else level + (name != "ddg"))
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{name} {usage}\n```\n"
    shown = [
        one for one in command.get_params(context) if not getattr(one, "hidden", False) and "--help" not in one.opts
    ]
    if shown:
        yield "| | | left out |\n|---|---|---|"
        # click 8.5 takes the help of an argument away from Typer 0.25
        told = get_params_from_function(inspect.unwrap(command.callback)) if command.callback else {}
        yield from (_parameter(one, context, told.get(str(one.name))) for one in shown)
        yield ""


def _parameter(one: click.Parameter, context: click.Context, told: ParamMeta | None) -> str:
    meaning = getattr(one, "help", None) or getattr(getattr(told, "default", None), "help", None) or ""
    if isinstance(one, click.Option):
        written = ", ".join(f"`{name}`" for name in sorted(one.opts, key=len))
        written += "" if one.is_flag else f" `{one.make_metavar(context)}`"
    else:
        written = f"`{one.make_metavar(context).strip('[]').removesuffix(']...')}`"
    default = "**required**" if one.required else _default(one)
    more = " May be repeated." if one.multiple or one.nargs == -1 else ""
    return f"| {cell(written)} | {cell(meaning + more)} | {default} |"


def _default(one: click.Parameter) -> str:
    default = one.default
    if default is None or default is False or callable(default) or isinstance(default, (list, tuple)):
        return ""
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


# -- ddg.yaml and sources.yaml ----------------------------------------------------------------------------------------


def settings() -> str:
    """Write the keys of ``ddg.yaml``."""
    from ddg_pipeline.orchestration.portal_settings import TargetSettings
    from ddg_pipeline.orchestration.project import Retention, _Settings, _SigningSettings
    from ddg_pipeline.publishing.ckan.settings import CkanPortal
    from ddg_pipeline.review.settings import ReviewSettings

    headings: dict[type[BaseModel], str] = {
        _Settings: "The whole",
        Retention: "`retention`",
        TargetSettings: "One of `targets`",
        _SigningSettings: "`signing`",
        CkanPortal: "`ckan`",
        ReviewSettings: "`review`",
    }
    return f"{_models(headings, {'DepartmentMetadata': '`metadata`'})}\n{_METADATA}"


def sources() -> str:
    """Write the keys of ``sources.yaml``."""
    from ddg_pipeline.warehouse.column_types import ALLOWED
    from ddg_pipeline.warehouse.sources import Column, CsvTable, ExcelTable, ParquetTable, SqlTable

    headings: dict[type[BaseModel], str] = {
        CsvTable: "`kind: csv`",
        ParquetTable: "`kind: parquet`",
        ExcelTable: "`kind: excel`",
        SqlTable: "`kind: sql`",
        Column: "One of `columns`",
    }
    shared = {
        "kind": "What it is.",
        "description": "For the data dictionary.",
        "columns": "What is loaded, under which name: a type alone, or a mapping.",
        "ignore_columns": "What is known to be there, and not loaded. Any other column is an error.",
        "path": "From the directory of `sources.yaml`; `${VARIABLES}` of the environment are filled in.",
    }
    return _models(headings, {}, shared, {"type": f"{ALLOWED}"})


def _models(
    headings: dict[type[BaseModel], str],
    others: dict[str, str],
    shared: dict[str, str] | None = None,
    untyped: dict[str, str] | None = None,
) -> str:
    """Write one table for each model.

    Args:
        headings: The models, in the order of the page.
        others: Headings of models that are described elsewhere, by name.
        shared: What keys mean that several models inherit.
        untyped: What may be written under keys that the schema says nothing of.
    """
    named = {model.__name__: heading for model, heading in headings.items()} | others
    lines = []
    for model, heading in headings.items():
        schema = model.model_json_schema()
        told = _attributes(model)
        first = parse(model.__doc__ or "", DocstringStyle.GOOGLE).short_description or ""
        lines += [f"### {heading}", "", cell(first), "", *HEAD]
        for key, entry in schema["properties"].items():
            field = next(name for name, one in model.model_fields.items() if key in (name, one.alias))
            meaning = told.get(field) or (shared or {}).get(field) or entry.get("description")
            if not meaning:
                raise SystemExit(f"say in the docstring of {model.__name__} what {field} means")
            described = entry | {"description": meaning}
            if key in (untyped or {}):
                described = {"type": "string"} | described
            line = row(key, described, key in schema.get("required", ()), schema.get("$defs", {}), named)
            lines.append(line.replace("| text |", f"| {untyped[key]} |", 1) if untyped and key in untyped else line)
        lines.append("")
    return "\n".join(lines)


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """Read what the docstrings of a model and its bases say of each field."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__doc__ and issubclass(base, BaseModel):
            parsed = parse(inspect.cleandoc(base.__doc__), DocstringStyle.GOOGLE)
            found |= {one.arg_name: one.description or "" for one in parsed.params}
    return found


# -- the guideline's figures ------------------------------------------------------------------------------------------


def guideline() -> str:
    """Write what ``ddg rulebook show`` says of the edition that contracts have by default."""
    from ddg_pipeline.console_rulebook import rulebook_tables
    from ddg_pipeline.rulebook import load_rulebook

    return "\n".join(line for table in rulebook_tables(load_rulebook(RULEBOOK)) for line in _table(table))


def _table(table: Table) -> Iterator[str]:
    yield f"## {_plain(table.title)}\n"
    yield f"| {' | '.join(_plain(one.header) for one in table.columns)} |"
    yield f"|{'|'.join('---:' if one.justify == 'right' else '---' for one in table.columns)}|"
    for cells in zip(*(one.cells for one in table.columns), strict=True):
        yield f"| {' | '.join(cell(_plain(one)).replace('<', chr(92) + '<') for one in cells)} |"
    yield ""


def _plain(content: object) -> str:
    """Take what is laid out for a terminal back to words."""
    return str(content).replace(GLUE, " ").replace(BREAK, "").strip()


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": command_line,
    "settings.md": settings,
    "sources.md": sources,
    f"{RULEBOOK}.md": guideline,
}


def expected(name: str) -> str:
    """Give a page as it has to be."""
    text = (HERE / name).read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{name}: found no pair of lines {BEGIN.strip()} and {END.strip()}; put them back")
    generated = PAGES[name]().strip()
    return f"{before}{begin}\n{generated}\n\n{end}{after}"


if __name__ == "__main__":
    sys.exit(write_or_check({HERE / name: expected(name) for name in PAGES}, sys.argv[1:]))
