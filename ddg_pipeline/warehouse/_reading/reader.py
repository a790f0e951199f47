"""What the loader needs of a source, whatever its kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse.sources import Column

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 50_000
"""Rows converted at a time where they pass through Python: bounds memory."""


@dataclass(frozen=True)
class FoundColumn:
    """A column as the source has it: its name there, and its DuckDB type."""

    name: str
    type: str = "VARCHAR"


@dataclass(frozen=True)
class PlannedColumn:
    """A column to load: its wanted name, its declaration, and where the source has it (None: nowhere)."""

    name: str
    column: Column
    position: int | None


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows of a source.

    Attributes:
        relation: The rows; its columns are named by :func:`chunk_column`.
        rows_before: How many rows earlier chunks held.
        iso_dates: Whether dates written as text are ISO 8601, whatever format was declared.
    """

    relation: duckdb.DuckDBPyRelation
    rows_before: int = 0
    iso_dates: bool = False


class Reader(Protocol):
    """A source that has been opened: its columns are known, its rows are still to come."""

    place: str
    """The file, or the source, as errors name it."""
    found: Sequence[FoundColumn]
    """The source's columns, in its own order."""
    sha256: str | None
    """Of the source file, in hexadecimal; None where there is no file."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def chunks(self, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn], /) -> Iterator[Chunk]:
        """Offers the rows; a chunk is valid until the next is asked for."""
        ...

    def where(self, rows: Sequence[int], /) -> list[str]:
        """Names rows, counted from 0, as a user finds them in the source."""
        ...

    def check_complete(self, rows: int, /) -> None:
        """Raises unless ``rows`` are all that the source had, and it stayed the same meanwhile."""
        ...


def chunk_column(position: int) -> str:
    """The name of a source's column in a chunk; source names may clash in DuckDB, positions do not."""
    return f"c{position}"


class SourceFile:
    """A file that must be there, hold something, and stay the same while it is read.

    Raises:
        InputError: It does not.
    """

    def __init__(self, path: Path, field: str) -> None:
        self.path = path
        if not path.exists():
            raise InputError(str(path), field, "no such file", "check `path`, or bring the file there")
        if not path.is_file():
            raise InputError(str(path), field, "something that is not a file", "check `path`")
        if not os.access(path, os.R_OK):
            raise InputError(
                str(path), field, "a file that must not be read", "give the pipeline's user the right to read it"
            )
        self._identity = self._now()
        if path.stat().st_size == 0:
            raise InputError(str(path), "file", "nothing: it is empty", "bring the whole file")
        self.sha256 = self._hash()  # before anything else is read of it
        """The hash of the bytes as they were at first, in hexadecimal."""

    def check_unchanged(self) -> None:
        """Raises unless the file is still the one that was opened, to the byte.

        Size and time tell most changes at once; the hash also those of programs that put the time back, and of file
        systems with coarse times.
        """
        if self._now() != self._identity or self._hash() != self.sha256:
            raise InputError(
                str(self.path), "file", "a change while it was being loaded", "load it when it is complete"
            )

    def _hash(self) -> str:
        def unreadable(_: Exception) -> InputError:
            return InputError(str(self.path), "file", "nothing that can be read any more", "bring the whole file")

        with Shield(unreadable, OSError), self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _now(self) -> tuple[int, ...]:
        def gone(_: Exception) -> InputError:
            return InputError(str(self.path), "file", "nothing: it went away while it was loaded", "bring it back")

        with Shield(gone, OSError):
            status = self.path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def listed(rows: Iterable[str], most: int = 5) -> str:
    """The first few names of rows."""
    names = list(rows)
    return ", ".join(names[:most]) + (" and others" if len(names) > most else "")
