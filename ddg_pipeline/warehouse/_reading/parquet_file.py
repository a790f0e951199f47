"""Parquet files, read by DuckDB itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._arrow import parquet_column_names
from ddg_pipeline.warehouse._reading.reader import Chunk, FoundColumn, PlannedColumn, SourceFile, chunk_column
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse._sql_text import literal

if TYPE_CHECKING:
    import duckdb


class ParquetReader:
    """Offers a Parquet file as one chunk, with the types it has there."""

    def __init__(self, file: SourceFile) -> None:
        self.place = str(file.path)
        self._file = file
        self._names = parquet_column_names(file.path)
        self.found: Sequence[FoundColumn] = [
            FoundColumn(name, found) for name, found in zip(self._names, self._types(), strict=True)
        ]
        self.sha256: str | None = file.sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def chunks(self, connection: duckdb.DuckDBPyConnection, _plan: Sequence[PlannedColumn]) -> Iterator[Chunk]:
        """The whole file."""
        columns = ", ".join(chunk_column(position) for position in range(len(self._names)))
        query = f"SELECT * FROM {self._scan()} AS file({columns})"  # noqa: S608 - the path is quoted
        yield Chunk(connection.sql(query))

    def where(self, rows: Sequence[int]) -> list[str]:
        """Rows counted from 1: a Parquet file has no header row."""
        return [f"row {row + 1}" for row in rows]

    def check_complete(self, _rows: int) -> None:
        """Raises if the file changed meanwhile; DuckDB reads all rows or fails."""
        self._file.check_unchanged()

    def _scan(self) -> str:
        # a folder called year=2020 on the way is not a column
        return f"read_parquet({literal(self.place)}, hive_partitioning=false)"

    def _types(self) -> list[str]:
        import duckdb

        def unreadable(_: Exception) -> InputError:
            return InputError(self.place, "file", "a Parquet file that cannot be read", "have it written again")

        with Shield(unreadable, duckdb.Error), duckdb.connect() as connection:
            described = connection.execute(f"DESCRIBE SELECT * FROM {self._scan()}")  # noqa: S608 - the path is quoted
            return [str(row[1]) for row in described.fetchall()]
