"""A project made from one's own table: its source, a model that aggregates it, and a drafted contract."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.drafting import Draft, draft_contract
from ddg_pipeline.drafting.dates import days_of
from ddg_pipeline.drafting.dimensions import GAP
from ddg_pipeline.drafting.facts import ColumnFacts, facts_of
from ddg_pipeline.drafting.records import PEOPLE
from ddg_pipeline.drafting.words import GAPS, names_a_code_of_places
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.starting.template_files import Files, template_files
from ddg_pipeline.suggesting.rendering import render_model
from ddg_pipeline.suggesting.tables import as_name, read_named_table
from ddg_pipeline.warehouse.sources import parse_sources
from ddg_pipeline.yaml_writing import commented, written

if TYPE_CHECKING:
    import pandas as pd

_EDITION = "calhhs-ddg-2.0"
_HEAD = (
    "What is loaded into the schema `source` of the restricted store, before dbt runs. Paths are relative to this",
    "file; ${VARIABLES} of the environment are allowed in them. Types were read from the table; codes of places, and",
    "what begins with 0 such as 001, stay text.",
)
_DIGITS = 18  # of a decimal, in sources and models
_KINDS = {".csv": "csv", ".parquet": "parquet"}


@dataclass(frozen=True)
class OwnTable:
    """What a project of one's own table is made of.

    Attributes:
        files: The files.
        draft: The contract, with its questions.
        model: The name of the model, and of the release.
    """

    files: Files
    draft: Draft
    model: str


@dataclass(frozen=True)
class _Column:
    """A column with its name in the file, and in the project."""

    given: str
    facts: ColumnFacts
    type: str
    format: str | None


def project_of_table(table: Path, directory: Path, *, people: list[str], sheet: str | None = None) -> OwnTable:
    """Make the files of a project that releases a table.

    Args:
        table: The CSV, Parquet or Excel file. It stays where it is.
        directory: Where the project will stand: the source's path starts there.
        people: Columns that count people, as the file calls them.
        sheet: The sheet of a workbook that has several.

    Raises:
        InputErrors: The table cannot be read, or nothing in it counts people.
        InputError: The same.
    """
    if not table.is_file():
        raise InputErrors([InputError(str(table), "--from", "no such file", "a CSV, Parquet or Excel file")])
    found = read_named_table(str(table), None, sheet)
    frame = found.frame
    names = _names(frame, found.origin)
    unknown = [name for name in people if name not in names]
    if unknown:
        expected = f"one of {', '.join(names)}"
        raise InputErrors([InputError("command line", "--people", ", ".join(unknown), expected)])
    renamed = frame.set_axis(list(names.values()), axis=1)
    model = found.name
    title = model.replace("_", " ").capitalize()
    draft = draft_contract(
        renamed, model, title, load_rulebook(_EDITION), place=found.origin, people=[names[name] for name in people]
    )
    columns = {names[str(given)]: _declared(str(given), renamed[names[str(given)]]) for given in frame.columns}
    source = _source(table, directory, columns, draft, sheet)
    values: dict[str, object] = {
        "made_up": False,
        "release": model,
        "model": model,
        "source": model,
        "source_file": found.origin,
        "counted": draft.records is not None,
        "columns": _selected(columns, draft),
        "dimensions": len(draft.contract["dimensions"]),
    }
    files = template_files("project", values)
    own = template_files("own_table", values)
    files["sources.yaml"] = source.encode("utf-8")
    files["dbt_project/models/staging/_sources.yml"] = own["sources.yml"]
    files[f"dbt_project/models/releases/{model}.sql"] = own["model.sql"]
    files[f"dbt_project/models/releases/{model}.yml"] = render_model(draft, found.origin, model).encode("utf-8")
    files["expectations/.gitkeep"] = b""
    return OwnTable(files, draft, model)


def _names(frame: pd.DataFrame, place: str) -> dict[str, str]:
    """Name every column in lower-case letters, digits and underscores, as SQL and portals like them."""
    names: dict[str, str] = {}
    for given in map(str, frame.columns):
        name = as_name(given)
        if name in names.values():
            expected = "names that differ in more than case, spaces and signs"
            raise InputErrors([InputError(place, f"column {given}", f"a second column called {name}", expected)])
        names[given] = name
    return names


def _declared(given: str, column: pd.Series[Any]) -> _Column:
    facts = facts_of(column)
    typed, written_as = _type(facts, column)
    return _Column(given, facts, typed, written_as)


def _type(facts: ColumnFacts, column: pd.Series[Any]) -> tuple[str, str | None]:
    import pandas as pd

    if pd.api.types.is_bool_dtype(column):
        return "boolean", None
    days = days_of(facts.labels)
    if days is not None:
        return days.type, days.format
    if facts.numbers is None or facts.formatted or facts.marked or facts.coded:
        return "text", None
    if names_a_code_of_places(facts.words) and not pd.api.types.is_numeric_dtype(column):
        return "text", None  # whether or not one begins with 0; what a file has as numbers is not loaded as text
    if pd.api.types.is_float_dtype(column) and not facts.whole:
        return "number", None
    if not facts.decimals:
        return "integer", None
    return f"decimal({_DIGITS},{facts.decimals})", None


def _source(table: Path, directory: Path, columns: Mapping[str, _Column], draft: Draft, sheet: str | None) -> str:
    """Declare the source; columns that identify people are not even loaded, unless people are counted by them."""
    person = None if draft.records is None else draft.records.person
    refused = [
        one.name
        for one in draft.columns
        if any(remark.kind == "refused" for remark in one.remarks) and one.name in columns and one.name != person
    ]
    path = os.path.relpath(table.resolve(), directory.resolve())
    if "${" in path:
        raise InputError(str(table), "--from", "${ in its path, which stands for a variable", "another path")
    kind = _KINDS.get(table.suffix.lower(), "excel")
    declared: dict[str, Any] = {"kind": kind, "path": path}
    if kind == "csv":
        text = table.read_bytes()
        if not text.endswith((b"\n", b"\r")):
            declared["last_line_end"] = "optional"
        declared["null_values"] = _gaps(text.decode("utf-8-sig"))
    if sheet is not None:
        declared["sheet"] = sheet
    declared["columns"] = commented({name: _entry(name, one) for name, one in columns.items() if name not in refused})
    comments = {}
    if refused:
        declared["ignore_columns"] = [columns[name].given for name in refused]
        comments["ignore_columns"] = ["What identifies people is not loaded."]
    name = draft.contract["release"]
    document = commented({"sources": commented({name: commented(declared, comments, indent=4)})})
    result = written(document, _HEAD)
    parse_sources(result, directory / "sources.yaml")  # what we write, we can read
    return result


def _gaps(text: str) -> list[str]:
    cells = {cell.strip().strip('"') for cell in text.replace("\n", ",").split(",")}
    return ["", *sorted(cell for cell in cells if cell and cell.casefold() in GAPS)]


def _entry(name: str, column: _Column) -> Any:
    entry: dict[str, Any] = {"type": column.type}
    if column.given != name:
        entry["from"] = column.given
    if column.format is not None:
        entry["format"] = column.format
    return column.type if len(entry) == 1 else entry


def _selected(columns: Mapping[str, _Column], draft: Draft) -> list[tuple[str, str]]:
    """Give what the model selects: dimensions first, then figures; each an expression with its name."""
    reserved = _reserved()
    plan = draft.records
    chosen = []
    for one in draft.columns:
        if one.role == "left out":
            continue
        named = _quoted(one.name, reserved)
        if plan is not None and one.name == PEOPLE and PEOPLE not in columns:
            person = None if plan.person is None else _quoted(plan.person, reserved)
            chosen.append(("count(*)" if person is None else f"count(distinct {person})", named))
        elif plan is not None and one.name not in columns:
            day = _quoted(str(plan.year_of), reserved)
            year = f"cast(extract(year from {day}) as varchar)"
            chosen.append((f"coalesce({year}, '{GAP}')" if columns[str(plan.year_of)].facts.has_gaps else year, named))
        elif one.role == "dimension":
            chosen.append((_label(columns[one.name], named), named))
        else:
            chosen.append((_figure(columns[one.name], named), named))
    order = {name: place for place, name in enumerate([*draft.contract["dimensions"]])}
    return sorted(chosen, key=lambda pair: order.get(pair[1].strip('"'), len(order)))


def _label(column: _Column, name: str) -> str:
    text = f"trim({name})" if column.type == "text" else f"cast({name} as varchar)"
    return f"coalesce(nullif({text}, ''), '{GAP}')" if column.facts.has_gaps else text


def _figure(column: _Column, name: str) -> str:
    """Numbers as they are; out of a text without separators and signs. What is no number then stops the run."""
    if column.type != "text":
        return name
    plain = f"trim({name})"
    for sign in ",%$":
        plain = f"replace({plain}, '{sign}', '')"
    wanted = f"decimal({_DIGITS},{column.facts.decimals})" if column.facts.decimals else "bigint"
    return f"cast({plain} as {wanted})"


def _reserved() -> frozenset[str]:
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.sql("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'")
        return frozenset(name for (name,) in rows.fetchall())


def _quoted(name: str, reserved: frozenset[str]) -> str:
    return f'"{name}"' if name in reserved else name
