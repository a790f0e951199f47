"""Loads a declared source into the restricted store."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError, InputError, InputErrors
from ddg_pipeline.warehouse._conversion import Conversion, UnfitType, conversion
from ddg_pipeline.warehouse._reading.reader import Chunk, PlannedColumn, Reader, SourceFile, chunk_column
from ddg_pipeline.warehouse._reading.rows import bad_rows
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse._sql_text import identifier
from ddg_pipeline.warehouse.errors import StoreBusyError
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA, RestrictedStore
from ddg_pipeline.warehouse.sources import CsvTable, ExcelTable, ParquetTable, Source, SqlTable

if TYPE_CHECKING:
    import duckdb

_BAD_ROWS_LISTED = 100
_HEADER_ROW_LIKENESS = 0.6


@dataclass(frozen=True)
class LoadReport:
    """What was loaded.

    Attributes:
        source: The source's name, and the table's in the schema ``source``.
        rows: How many rows there are now.
        columns: Name and declared type of each, in order.
        sha256: Of the source file, in hexadecimal; None where the source is a database.
        seconds: How long it took.
    """

    source: str
    rows: int
    columns: tuple[tuple[str, str], ...]
    sha256: str | None
    seconds: float


def load_source(source: Source, store: RestrictedStore) -> LoadReport:
    """Loads a source into the table ``source.<name>``, which is replaced whole or not at all.

    Values are stored exactly as declared or refused; text stays as it is to the character. A blank around a number or a
    date does not count, and a number written as text is read as a number.

    Args:
        source: The declaration.
        store: Where the table goes.

    Raises:
        InputError, InputErrors: The source is missing, has changed its columns, or has rows that are not what was
            declared. Rows are named by where they are; no value is quoted.
        RefusedError: The store's directory is open to others.
        StoreBusyError: Somebody else is writing to the store.
    """
    started = time.perf_counter()
    with _open(source, store.private_directory()) as reader:
        plan = _plan(source, reader)
        conversions = {iso: _conversions(reader, plan, iso) for iso in (False, True)}
        with store.connect() as connection:
            rows = _replace(connection, source, reader, plan, conversions)
    columns = tuple((planned.name, str(planned.column.type)) for planned in plan)
    return LoadReport(source.name, rows, columns, reader.sha256, time.perf_counter() - started)


def _open(source: Source, workspace: Path) -> Reader:
    match source.table:
        case CsvTable() as table:
            from ddg_pipeline.warehouse._reading.csv_file import CsvReader

            return CsvReader(_file(source, table.path), table, workspace)
        case ParquetTable() as table:
            from ddg_pipeline.warehouse._reading.parquet_file import ParquetReader

            return ParquetReader(_file(source, table.path))
        case ExcelTable() as table:
            from ddg_pipeline.warehouse._reading.excel_file import ExcelReader

            return ExcelReader(_file(source, table.path), table, f"sources.{source.name}")
        case SqlTable() as table:
            from ddg_pipeline.warehouse._reading.sql_query import SqlReader

            return SqlReader(source, table)


def _file(source: Source, path: str) -> SourceFile:
    return SourceFile(source.declared_in.parent / source.resolve("path", path), f"sources.{source.name}.path")


def _plan(source: Source, reader: Reader) -> list[PlannedColumn]:
    """Finds the declared columns in the source.

    Raises:
        InputErrors: Columns are missing, undeclared or repeated.
    """
    names = [column.name for column in reader.found]
    wanted = {column.source_name or name: (name, column) for name, column in source.table.columns.items()}
    ignored = set(source.table.ignore_columns)
    missing = [name for name, (_, column) in wanted.items() if name not in names and column.required]
    unexpected = [name for name in dict.fromkeys(names) if name not in wanted and name not in ignored]
    if not _is_header(names, wanted):
        # What stands there may be the first row of restricted data, so it is not quoted.
        expected = f"write the columns' names into the source's first row: {', '.join(wanted)}"
        raise InputErrors([InputError(reader.place, "columns", "none of the declared ones", expected)])
    errors = [
        InputError(reader.place, f"column {name}", "this name for several columns", "give each its own name")
        for name in dict.fromkeys(names)
        if names.count(name) > 1 and name not in ignored
    ]
    for name in missing:
        close = difflib.get_close_matches(name.casefold(), [other.casefold() for other in unexpected], 1)
        if renamed := next((other for other in unexpected if close and other.casefold() == close[0]), None):
            unexpected.remove(renamed)
            expected = (
                f"rename it back, or declare `{wanted[name][0]}: {{type: {wanted[name][1].type}, from: {renamed}}}`"
            )
            errors.append(InputError(reader.place, f"column {name}", f"{renamed!r} instead", expected))
        else:
            expected = "bring it back, or take it out of `columns`"
            errors.append(InputError(reader.place, f"column {name}", "no such column", expected))
    for name in unexpected:
        expected = "declare it under `columns`, or list it under `ignore_columns`"
        errors.append(InputError(reader.place, f"column {name}", "a column that is not declared", expected))
    if errors:
        raise InputErrors(errors)
    return [
        PlannedColumn(name, column, names.index(found) if found in names else None)
        for found, (name, column) in wanted.items()
    ]


def _is_header(names: Sequence[str], wanted: Collection[str]) -> bool:
    """Whether names are column names, and not a first row of data, or a header that runs into it.

    None of them may be a number, and one must be, or resemble, a declared one.
    """
    known = [name.casefold() for name in wanted]
    if any(name not in wanted and not any(map(str.isalpha, name)) for name in names):
        return False
    return any(difflib.get_close_matches(name.casefold(), known, 1, _HEADER_ROW_LIKENESS) for name in names)


def _conversions(reader: Reader, plan: Sequence[PlannedColumn], iso_dates: bool) -> list[Conversion]:
    conversions, errors = [], []
    for planned in plan:
        column, position = planned.column, planned.position
        found = reader.found[position].type if position is not None else "NULL"
        at = chunk_column(position) if position is not None else "NULL"
        date_format = None if iso_dates else column.format
        try:
            conversions.append(conversion(column.type, found, at, nullable=column.nullable, date_format=date_format))
        except UnfitType as advice:
            declared = f"it is declared as {column.type}: {advice}"
            errors.append(InputError(reader.place, f"column {planned.name}", f"the type {found}", declared))
    if errors:
        raise InputErrors(errors)
    return conversions


def _replace(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    reader: Reader,
    plan: Sequence[PlannedColumn],
    conversions: dict[bool, list[Conversion]],
) -> int:
    """Puts the source's rows in the place of the table, in one transaction."""
    import duckdb

    table = identifier(SOURCE_SCHEMA, source.name)
    columns = ", ".join(f"{identifier(planned.name)} {planned.column.type.sql}" for planned in plan)
    with Shield(_explain(reader), duckdb.Error):
        connection.begin()
        try:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(SOURCE_SCHEMA)}")
            connection.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
            for chunk in reader.chunks(connection, plan):
                how = conversions[chunk.iso_dates]
                _check(chunk, reader, plan, how)
                # a relation of its own, not a registered one: those stay in memory until the transaction ends
                chunk.relation.project(", ".join(one.value for one in how)).insert_into(table)
            rows = int(connection.table(table).count("*").fetchall()[0][0])
            _refuse_empty(reader, rows)
            reader.check_complete(rows)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
    return rows


def _refuse_empty(reader: Reader, rows: int) -> None:
    if rows == 0:
        raise InputError(reader.place, "rows", "none", "bring the whole table; the one loaded before is kept")


def _check(chunk: Chunk, reader: Reader, plan: Sequence[PlannedColumn], conversions: Sequence[Conversion]) -> None:
    """Raises if a value cannot be stored as declared."""
    problems = [f"p{number}" for number in range(len(plan))]
    found = ", ".join(f"{one.problem} AS {name}" for one, name in zip(conversions, problems, strict=True))
    bad = (
        chunk.relation.project(f"row_number() OVER () - 1 AS number, {found}")
        .filter(f"coalesce({', '.join(problems)}) IS NOT NULL")
        .order("number")
        .limit(_BAD_ROWS_LISTED)
        .fetchall()
    )
    findings = [
        (chunk.rows_before + int(number), planned.name, str(problem))
        for number, *row in bad
        for planned, problem in zip(plan, row, strict=True)
        if problem is not None
    ]
    if findings:
        raise bad_rows(reader, findings, plan)


def _explain(reader: Reader) -> Callable[[Exception], DdgError]:
    def explain(error: Exception) -> DdgError:
        import duckdb

        kind = type(error).__name__
        if isinstance(error, duckdb.TransactionException):
            return StoreBusyError(f"{reader.place}: another load of the same table is under way; nothing was changed")
        if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
            return DdgError(f"{reader.place}: not loaded, nothing was changed ({kind}); check disk space and memory")
        return InputError(
            reader.place, "rows", f"something that DuckDB cannot read ({kind})", "have the source written again"
        )

    return explain
