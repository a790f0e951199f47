"""Sheets of workbooks, read by calamine."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from string import ascii_uppercase, digits
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from xml.etree import ElementTree as ET

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._arrow import text_batch
from ddg_pipeline.warehouse._reading.reader import (
    BATCH_ROWS,
    Chunk,
    FoundColumn,
    PlannedColumn,
    SourceFile,
    chunk_column,
    listed,
)
from ddg_pipeline.warehouse._reading.rows import bad_rows
from ddg_pipeline.warehouse._reading.values import Unfit, exact_text, text_columns
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse.column_types import ColumnType
from ddg_pipeline.warehouse.sources import Column, ExcelTable

if TYPE_CHECKING:
    import duckdb

_DIGITS_KEPT = 15  # Excel keeps and shows no more
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+[0-9]+)"')
_PIECE = 1 << 20
_ALWAYS_UNPACKED = 64 << 20  # bytes; memory bears this much whatever it is
_ANY = Column(type=ColumnType.parse("text"))
_MOST_PACKED = 100  # times; workbooks are packed ten or twenty times, and what explodes a thousand times


class ExcelReader:
    """Offers a sheet in chunks of text columns.

    Rows that are empty from end to end are no rows: Excel keeps such rows below a table that has become shorter.

    Args:
        file: The workbook.
        table: Its declaration.
        source_field: Where the declaration stands, for errors.
    """

    def __init__(self, file: SourceFile, table: ExcelTable, source_field: str) -> None:
        self._file = file
        self._sheet = self._open(table.sheet, source_field)
        self.place = f"{file.path}: sheet {self._sheet.name}"
        self._row_numbers: list[int] = []
        self._rows = enumerate(self._sheet.iter_rows() if self._sheet.height else (), start=1)
        header: list[Any] = next((cells for number, cells in self._rows if number == table.header_row), [])
        self._positions = [position for position, cell in enumerate(header) if cell != ""]
        if not self._positions:
            raise InputError(self.place, f"row {table.header_row}", "no header", "check `sheet` and `header_row`")
        self._header_row = table.header_row
        self.found: Sequence[FoundColumn] = [FoundColumn(_header_text(header[p])) for p in self._positions]
        self.sha256: str | None = file.sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def chunks(self, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn]) -> Iterator[Chunk]:
        """The rows below the header, a batch at a time."""
        self._refuse_error_cells(plan)
        rows = self._table_rows()
        while batch := list(islice(rows, BATCH_ROWS)):
            before = len(self._row_numbers)
            self._row_numbers += [number for number, _ in batch]
            texts, unfit = text_columns([cells for _, cells in batch], plan, _cell_text)
            if unfit:
                raise bad_rows(self, [(before + row, column, found) for row, column, found in unfit], plan)
            data = text_batch([chunk_column(position) for position in texts], list(texts.values()))
            yield Chunk(connection.from_arrow(data), before, iso_dates=True)

    def cells(self) -> Iterator[list[Any]]:
        """The rows below the header as they are, for somebody who does not know the columns' types yet."""
        self._refuse_error_cells(
            [PlannedColumn(column.name, _ANY, position) for position, column in enumerate(self.found)]
        )
        for _, values in self._table_rows():
            yield values

    def where(self, rows: Sequence[int]) -> list[str]:
        """Rows as Excel counts them."""
        return [f"row {self._row_numbers[row]}" for row in rows]

    def check_complete(self, _rows: int) -> None:
        """Raises if the workbook changed meanwhile."""
        self._file.check_unchanged()

    def _table_rows(self) -> Iterator[tuple[int, list[Any]]]:
        named = set(self._positions)
        for number, cells in self._rows:
            if any(cell != "" and position not in named for position, cell in enumerate(cells)):
                expected = (
                    f"name the column in row {self._header_row}; where the names stand lower, under a title, take the "
                    "title out of the sheet, or give their row as `header_row` in sources.yaml"
                )
                raise InputError(self.place, f"row {number}", "a cell in a column that has no header", expected)
            values = [cells[position] for position in self._positions]
            if any(cell != "" for cell in values):
                yield number, values

    def _open(self, wanted: str | None, source_field: str) -> Any:
        from python_calamine import CalamineError, CalamineWorkbook

        place = str(self._file.path)
        _refuse_bomb(self._file.path)

        def unreadable(_: Exception) -> InputError:
            expected = "save it as .xlsx, without a password"
            return InputError(place, "file", "something that is not a readable workbook", expected)

        with Shield(unreadable, CalamineError, OSError):
            workbook = CalamineWorkbook.from_path(str(self._file.path))
            names = workbook.sheet_names
        if wanted is None and len(names) == 1:
            wanted = names[0]
        if wanted not in names:
            found = "no sheet named, and there are several" if wanted is None else f"no sheet {wanted!r}"
            raise InputError(place, f"{source_field}.sheet", found, f"write one of {', '.join(map(repr, names))}")
        with Shield(unreadable, CalamineError):
            return workbook.get_sheet_by_name(wanted)

    def _refuse_error_cells(self, plan: Sequence[PlannedColumn]) -> None:
        """Raises if a formula failed: calamine would make an empty cell of #N/A."""
        first = self._sheet.start[1]
        loaded = {first + self._positions[planned.position] for planned in plan if planned.position is not None}
        addresses = _error_cells(self._file.path, self._sheet.name)
        in_table = (a for a in addresses if _row(a) > self._header_row and _column(a) in loaded)
        if cells := list(islice(in_table, 6)):
            raise InputError(
                self.place,
                f"cell {listed(cells)}",
                "a formula's error such as #N/A",
                "mend the formula, or empty the cell",
            )


def _header_text(cell: Any) -> str:
    """A column's name; a year as a header is a number in Excel."""
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _cell_text(cell: Any, column: Column) -> str | None:
    """A cell as text, see :func:`exact_text`; numbers with the digits that Excel shows."""
    if cell == "" and isinstance(cell, str):
        return None
    if isinstance(cell, float) and column.type.name in ("integer", "decimal"):
        if cell.is_integer() and abs(cell) >= 10**_DIGITS_KEPT:
            raise Unfit(f"a number with more than {_DIGITS_KEPT} digits, which Excel does not keep")
        cell = float(f"{cell:.{_DIGITS_KEPT}g}")  # 1.1 + 2.2 is 3.3 in Excel
    if isinstance(cell, float) and column.type.name == "boolean":
        cell = int(cell) if cell.is_integer() else cell
    return exact_text(cell, column)


def _row(address: str) -> int:
    return int(address.lstrip(ascii_uppercase))


def _column(address: str) -> int:
    """The column of an address, counted from 0."""
    number = 0
    for letter in address.rstrip(digits):
        number = number * len(ascii_uppercase) + ascii_uppercase.index(letter) + 1
    return number - 1


def _refuse_bomb(path: Path) -> None:
    """Raises if a workbook unpacks to much more than it is, or to something else than it says."""
    if not zipfile.is_zipfile(path):
        return
    most = max(_ALWAYS_UNPACKED, _MOST_PACKED * path.stat().st_size)
    unpacked, found = 0, ""
    try:
        with zipfile.ZipFile(path) as package:
            for part in package.infolist():
                with package.open(part) as stream:  # which stops at the size that the part declares, and checks its sum
                    while unpacked <= most and (piece := stream.read(_PIECE)):
                        unpacked += len(piece)
        if unpacked > most:
            found = f"a workbook that unpacks to more than {_MOST_PACKED} times its size"
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        found = "something that is not a readable workbook"
    if found:
        raise InputError(str(path), "file", found, "save it as .xlsx, without a password")


def _error_cells(path: Path, sheet: str) -> Iterator[str]:
    """The addresses of cells that hold an error (.xlsx and .xlsm; other formats do not tell)."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as package:
        part = _sheet_part(package, sheet)
        if part is None:
            return
        with package.open(part) as stream:
            rest = b""
            while piece := stream.read(_PIECE):
                text = rest + piece
                cut = text.rfind(b"<")  # never inside a tag
                for found in _ERROR_CELL.finditer(text, 0, cut):
                    yield found[1].decode("ascii")
                rest = text[cut:]


def _sheet_part(package: zipfile.ZipFile, sheet: str) -> str | None:
    """The part of the package that holds a sheet."""
    names = set(package.namelist())
    book, links = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {book, links} <= names:
        return None
    # the standard library's expat stops entity bombs
    sheets = ET.fromstring(package.read(book))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in ET.fromstring(package.read(links))}  # noqa: S314
    for element in sheets.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            link = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            part = posixpath.normpath(posixpath.join("/xl", targets.get(link, ""))).lstrip("/")
            return part if part in names else None
    return None
