"""Search files for sentinels: every file, every database, every compressed stream, also inside one another."""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from leaks.sentinels import Sentinels

_DEEPEST = 8
_MOST = 1 << 28  # of one stream unpacked; nothing that the pipeline writes comes near


@dataclass
class Search:
    """What was searched, and what was found.

    Attributes:
        sentinels: What to look for.
        found: Where each stands: a path, and what it is packed in.
        files: How many files were read.
        parts: How many streams, archives and tables inside them.
        size: How many bytes were read, unpacked ones included.
    """

    sentinels: Sentinels
    found: list[str] = field(default_factory=list)
    files: int = 0
    parts: int = 0
    size: int = 0

    def trees(self, roots: Iterable[Path], apart: Collection[Path] = ()) -> list[str]:
        """Search directories, and the names of what is in them, but for some places."""
        for root in roots:
            for path in sorted(root.rglob("*")):
                if any(path.is_relative_to(place) for place in apart):
                    continue
                self._note(self.sentinels.in_text(path.name), f"the name of {path}")
                if path.is_symlink():
                    self._note(self.sentinels.in_text(str(path.readlink())), f"the link {path}")
                elif path.is_file():
                    self.file(path)
        return self.found

    def file(self, path: Path) -> None:
        """Search one file."""
        self.files += 1
        data = path.read_bytes()
        if data.startswith(b"SQLite format 3\0"):
            self._database(_sqlite_rows(path), str(path))
        elif data[8:12] == b"DUCK":
            self._database(_duckdb_rows(path), str(path))
        self.data(data, str(path))

    def data(self, data: bytes, where: str, depth: int = 0) -> None:
        """Search bytes, and whatever is packed in them."""
        self.size += len(data)
        self._note(self.sentinels.in_bytes(data), where)
        if depth == _DEEPEST:
            raise AssertionError(f"{where}: packed deeper than anything is searched")
        for kind, unpacked in _unpacked(data):
            self.parts += 1
            self.data(unpacked, f"{where} > {kind}", depth + 1)

    def _database(self, rows: Iterable[tuple[str, object]], where: str) -> None:
        for table, value in rows:
            if isinstance(value, bytes):
                self.data(value, f"{where} > {table}", 1)
            else:
                self._note(self.sentinels.in_value(value), f"{where} > {table}")

    def _note(self, hits: Iterable[str], where: str) -> None:
        self.found += [f"{where}: {hit}" for hit in hits]


def _sqlite_rows(path: Path) -> Iterator[tuple[str, object]]:
    with tempfile.TemporaryDirectory() as scratch:  # its log is read with it, and nothing is written beside it
        for beside in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
            if beside.is_file():
                (Path(scratch) / beside.name).write_bytes(beside.read_bytes())
        with contextlib.closing(sqlite3.connect(Path(scratch) / path.name)) as database:
            tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
            for table in tables:
                for row in database.execute(f'select * from "{table}"'):
                    yield from ((table, value) for value in row)


def _duckdb_rows(path: Path) -> Iterator[tuple[str, object]]:
    try:
        opened = duckdb.connect(str(path), read_only=True)
    except duckdb.CatalogException as error:
        if "Cannot open encrypted database" in str(error):
            return  # a reader without the key has its bytes only, and these are searched too
        raise
    with opened as database:
        query = "select table_schema, table_name from information_schema.tables"
        for schema, table in database.execute(query).fetchall():
            for row in database.execute(f'select * from "{schema}"."{table}"').fetchall():
                yield from ((f"{schema}.{table}", value) for value in row)


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith(b"PAR1") and data.endswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(data))
        rows = (str(value) for column in table.columns for value in column.to_pylist())
        yield "Parquet", "\n".join(rows).encode()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield f"zip/{name}", name.encode() + b"\n" + archive.read(name)
    for magic, kind, unpack in _STREAMS:
        start = data.find(magic)
        while start >= 0:
            unpacked = unpack(data[start:])
            if unpacked:
                yield kind, unpacked
            start = data.find(magic, start + 1)


def _by_object(make: Callable[[], object]) -> Callable[[bytes], bytes]:
    """Unpack as much as is whole: a run that was killed leaves torn streams, and their beginning can be read too."""

    def unpack(data: bytes) -> bytes:
        reader, out = make(), bytearray()
        with contextlib.suppress(zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
            for start in range(0, len(data), 1 << 12):
                out += reader.decompress(data[start : start + (1 << 12)])  # type: ignore[attr-defined]
                assert len(out) < _MOST, "a stream that unpacks to more than anything the pipeline writes"
                if reader.eof:  # type: ignore[attr-defined]
                    break
        return bytes(out)

    return unpack


def _by_arrow(data: bytes) -> bytes:
    out = bytearray()
    with (
        contextlib.suppress(pa.ArrowException, OSError),
        pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream,
    ):
        while piece := stream.read(1 << 16):
            out += piece
    return bytes(out)


_STREAMS: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b\x08", "gzip", _by_object(lambda: zlib.decompressobj(31))),
    (b"\x78\x01", "zlib", _by_object(zlib.decompressobj)),
    (b"\x78\x5e", "zlib", _by_object(zlib.decompressobj)),
    (b"\x78\x9c", "zlib", _by_object(zlib.decompressobj)),
    (b"\x78\xda", "zlib", _by_object(zlib.decompressobj)),
    (b"BZh", "bzip2", _by_object(bz2.BZ2Decompressor)),
    (b"\xfd7zXZ\0", "xz", _by_object(lzma.LZMADecompressor)),
    (b"\x28\xb5\x2f\xfd", "zstd", _by_arrow),
)
