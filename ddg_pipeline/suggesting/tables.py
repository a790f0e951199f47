"""Find the table that a draft is made from: a file, or a relation of the project's restricted store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import InputError, InputErrors

if TYPE_CHECKING:
    import pandas as pd

_EXCEL = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_FILES = frozenset({".csv", ".parquet"}) | _EXCEL
_NO_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 63


@dataclass(frozen=True)
class NamedTable:
    """A table with what it is called.

    Attributes:
        frame: The table; of text where it comes from CSV. Restricted.
        name: A name for a release or model, made from its own.
        origin: How people know it.
        in_project: Whether it is a relation of the project's store.
    """

    frame: pd.DataFrame
    name: str
    origin: str
    in_project: bool


def read_named_table(table: str, project: Path | None, sheet: str | None = None) -> NamedTable:
    """Read a table by the path of its file, or by the name of a dbt model or relation.

    Args:
        table: ``cases.csv``, ``cases.xlsx``, ``cases.parquet``; or ``cases_by_county`` or ``schema.name``.
        project: The project's directory, for relations.
        sheet: The sheet of a workbook that has several.

    Raises:
        InputErrors: There is no such table, or it cannot be read.
        InputError: The same.
    """
    path = Path(table)
    if path.suffix.lower() in _FILES or path.is_file():
        return NamedTable(_read_file(path, sheet), as_name(path.stem), path.name, in_project=False)
    if sheet is not None:
        raise InputError("command line", "--sheet", "a sheet of no workbook", "leave it out")
    return _relation(table, project)


def as_name(text: str) -> str:
    """Make a name of lower-case letters, digits and underscores, a letter first."""
    name = _NO_NAME.sub("_", text.casefold()).strip("_")
    return (name if name[:1].isalpha() else f"table_{name}".rstrip("_"))[:_LONGEST]


def _read_file(path: Path, sheet: str | None) -> pd.DataFrame:
    from ddg_pipeline.table_files import read_table

    if path.suffix.lower() not in _EXCEL:
        return read_table(path)
    from ddg_pipeline.warehouse.sheets import read_sheet

    return read_sheet(path, sheet)


def _relation(table: str, project: Path | None) -> NamedTable:
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, relations_of
    from ddg_pipeline.orchestration.project import PROJECT_FILE, load_project

    if project is None and not Path(PROJECT_FILE).is_file():
        expected = f"the path of a file ({', '.join(sorted(_FILES))}), or run this in a project's directory"
        raise InputErrors([InputError("command line", "TABLE", repr(table), expected)])
    place = load_project(project)
    place.prepare_environment()
    schema, separator, name = table.partition(".")
    if not separator:
        relations = relations_of(read_manifest(ensure_manifest(place)))
        if table not in relations:
            known = ", ".join(sorted(relations)) or "none"
            raise InputErrors(
                [InputError("command line", "TABLE", repr(table), f"a file, schema.name, or one of {known}")]
            )
        schema, name = relations[table]
    frame = place.restricted_store.read_table(schema, name)
    return NamedTable(frame, as_name(name), f"{schema}.{name}", in_project=True)
