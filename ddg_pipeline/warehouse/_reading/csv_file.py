"""CSV files: checked record by record, then read by DuckDB.

DuckDB's reader is fast, but it takes ``1,2,3,`` as a record of three fields, stops at mixed line ends, knows few
encodings and quotes the line in its errors. Python's reader in strict mode runs over the file first (about 0.7 s for a
million records): it finds the encoding's mistakes, ragged records and bad quotes, and counts the records, so that what
DuckDB loads can be held against it.
"""

from __future__ import annotations

import codecs
import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._reading.reader import Chunk, FoundColumn, PlannedColumn, SourceFile, chunk_column, listed
from ddg_pipeline.warehouse._sql_text import literal
from ddg_pipeline.warehouse.sources import CsvTable

if TYPE_CHECKING:
    import duckdb

_MOST_RAGGED = 6  # records looked for before the check stops
_LONGEST_FIELD = 1 << 17  # characters


class _Lines:
    """Passes lines on, and remembers the last one."""

    def __init__(self) -> None:
        self.last = ""

    def of(self, stream: Iterable[str]) -> Iterator[str]:
        """The lines of a stream."""
        for line in stream:
            self.last = line
            yield line


class CsvReader:
    """Offers a CSV file as one chunk of text columns.

    Args:
        file: The file.
        table: Its declaration.
        workspace: A directory on the restricted side for a nameless copy in UTF-8, where one is needed.
    """

    def __init__(self, file: SourceFile, table: CsvTable, workspace: Path) -> None:
        self.place = str(file.path)
        self._file = file
        self._table = table
        self._workspace = workspace
        # Excel puts a byte order mark before UTF-8; it belongs to no column
        self._encoding = "utf-8-sig" if codecs.lookup(table.encoding).name == "utf-8" else table.encoding
        self._copy: IO[str] | None = None
        header, self._records, same_line_ends = self._check()
        self.found: Sequence[FoundColumn] = [FoundColumn(name) for name in header]
        self._width = len(header)
        self._plain = same_line_ends and self._encoding == "utf-8-sig"
        self.sha256: str | None = file.sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._copy is not None:
            self._copy.close()

    def chunks(self, connection: duckdb.DuckDBPyConnection, _plan: Sequence[PlannedColumn]) -> Iterator[Chunk]:
        """The whole file."""
        path = self.place if self._plain else self._utf8_copy()
        columns = ", ".join(f"{chunk_column(position)}: 'VARCHAR'" for position in range(self._width))
        nulls = ", ".join(literal(text) for text in self._table.null_values)
        options = ", ".join(
            [
                f"delim={literal(self._table.delimiter)}, quote={literal(self._table.quote)}",
                f"escape={literal(self._table.quote)}, columns={{{columns}}}, nullstr=[{nulls}], header=true",
                "auto_detect=false, strict_mode=true, null_padding=false, hive_partitioning=false, compression='none'",
            ]
        )
        query = f"SELECT * FROM read_csv({literal(path)}, {options})"  # noqa: S608 - texts are quoted
        yield Chunk(connection.sql(query))

    def where(self, rows: Sequence[int]) -> list[str]:
        """The lines of the file on which the records begin."""
        wanted, lines = set(rows), dict[int, int]()
        with self._open() as stream:
            records = self._parse(stream)
            next(records)
            begins = records.line_num + 1
            number = 0
            for record in records:
                if record or self._width == 1:
                    if number in wanted:
                        lines[number] = begins
                    number += 1
                begins = records.line_num + 1
        return [f"line {lines[row]}" for row in rows]

    def check_complete(self, rows: int) -> None:
        """Raises unless DuckDB saw as many records as there are, and the file stayed the same."""
        self._file.check_unchanged()
        if rows != self._records:
            found = "records that two readers of CSV understand differently"
            raise InputError(self.place, "file", found, "check quotes and line ends, or have it written as Parquet")

    def _check(self) -> tuple[list[str], int, bool]:
        """Goes through the file once.

        Returns:
            The header, the number of records, and whether all line ends are the same.

        Raises:
            InputError: The file is not what was declared.
        """
        begins = 1
        lines = _Lines()
        try:
            with self._open() as stream:
                records = self._parse(lines.of(stream))
                header: list[str] = next(records, [])
                if not any(name.strip() for name in header):
                    raise InputError(self.place, "line 1", "no header", "write the column names in the first line")
                width, number, ragged = len(header), 0, list[tuple[int, int]]()
                begins = records.line_num + 1
                for record in records:
                    if len(record) == width or (not record and width == 1):
                        number += 1
                    elif record:  # a blank line is no record
                        ragged.append((begins, len(record)))
                        if len(ragged) == _MOST_RAGGED:
                            break
                    begins = records.line_num + 1
                same_line_ends = not isinstance(stream.newlines, tuple)
        except UnicodeError:
            where, found = self._undecodable(), f"bytes that are not {self._table.encoding}"
            expected = "declare the file's `encoding`, such as windows-1252 or utf-16"
        except csv.Error:
            where = f"line {begins}"
            found = "a quote that is not closed, something after a closing quote, or a field too long"
            expected = (
                f"double the quotes inside quoted texts, or declare another `quote`; at most {_LONGEST_FIELD:,} letters"
            )
        else:
            if ragged:
                raise self._ragged(ragged, width)
            self._refuse_cut(lines.last)
            return header, number, same_line_ends
        raise InputError(self.place, where, found, expected)  # outside: the causes quote the file

    def _ragged(self, ragged: list[tuple[int, int]], width: int) -> InputError:
        lines = listed((f"line {line} ({fields})" for line, fields in ragged), _MOST_RAGGED - 1)
        return InputError(
            self.place,
            "number of fields",
            f"records that have not the header's {width} fields: {lines}",
            "quote texts that hold a delimiter, and declare the right `delimiter`",
        )

    def _refuse_cut(self, last_line: str) -> None:
        """Raises if the last line has no end: nothing else tells a file that was cut inside its last field.

        ``15`` cut to ``1`` is a record like any other.
        """
        if self._table.last_line_end == "required" and not last_line.endswith(("\n", "\r")):
            raise InputError(
                self.place,
                "last line",
                "no line end, as in a file that was cut off",
                "have it written whole; if its writer never ends the last line, declare `last_line_end: optional`",
            )

    def _undecodable(self) -> str:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        with self._file.path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    decoder.decode(line)
                except UnicodeError:
                    return f"line {number}"
        return "end of the file"

    @contextmanager
    def _open(self) -> Iterator[TextIOWrapper]:
        with self._file.path.open(encoding=self._encoding, newline="") as stream, _longest_field():
            yield stream

    def _parse(self, stream: Iterable[str]) -> Any:
        return csv.reader(stream, delimiter=self._table.delimiter, quotechar=self._table.quote, strict=True)

    def _utf8_copy(self) -> str:
        """A copy in UTF-8 with one kind of line end. It has no name, so nothing is left of it when the process ends."""
        copy = tempfile.TemporaryFile("w", encoding="utf-8", newline="", dir=self._workspace)  # noqa: SIM115 - closed on exit
        self._copy = copy
        writer = csv.writer(copy, delimiter=self._table.delimiter, quotechar=self._table.quote, lineterminator="\n")
        with self._open() as stream:
            writer.writerows(record or [""] for record in self._parse(stream) if record or self._width == 1)
        copy.flush()
        return f"/dev/fd/{copy.fileno()}"


@contextmanager
def _longest_field() -> Iterator[None]:
    """Refuse longer fields, whatever limit a library has set for the whole process."""
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
