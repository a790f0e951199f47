"""Writes the restricted database anew: smaller, or with another key. No page of the old file is in the new one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddg_pipeline.errors import DdgError
from ddg_pipeline.warehouse._database import attach, prepare_crypto
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse._sql_text import identifier
from ddg_pipeline.warehouse.encryption import Encryption
from ddg_pipeline.warehouse.restricted import RestrictedStore

_FRESH = "fresh"


@dataclass(frozen=True)
class Rewritten:
    """What was done.

    Attributes:
        removed: The tables and views that are gone, as ``schema.name``.
        bytes_before: How large the file was.
        bytes_after: How large it is now; 0 where nothing was left, and no file is.
    """

    removed: tuple[str, ...]
    bytes_before: int
    bytes_after: int


def keep_only(store: RestrictedStore, wanted: Callable[[str, str], bool]) -> Rewritten:
    """Removes every other table and view, and writes the file anew.

    A crash leaves the old file or the new one, whole; calling it again finishes.

    Args:
        store: The store; nobody else may use it meanwhile.
        wanted: Whether a table or view, by schema and name, is kept.

    Raises:
        InputError: The key is not the store's.
        StoreBusyError: Somebody else has the file open.
        DdgError: The disk is full, or the file cannot be read; it is as it was, but for tables that may be gone.
    """
    if not store.path.exists():
        return Rewritten((), 0, 0)
    before = _size(store.path)
    kinds = _kinds(store)
    removed = [table for table in kinds if not wanted(*table)]
    names = tuple(".".join(table) for table in removed)
    if len(removed) == len(kinds):
        _remove(store.path)
        return Rewritten(names, before, 0)
    with store.connect() as connection, Shield(_failed(store.path), _duckdb_error()):
        connection.begin()
        for table in removed:
            connection.execute(f"DROP {kinds[table]} {identifier(*table)}")
        connection.commit()
    _copy(store, store.encryption)
    return Rewritten(names, before, _size(store.path))


def _kinds(store: RestrictedStore) -> dict[tuple[str, str], str]:
    """Schema and name of everything in the database, with how it is dropped."""
    query = (
        "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        "WHERE table_catalog = current_database() ORDER BY ALL"
    )
    with store.connect(read_only=True) as connection:
        rows = connection.sql(query).fetchall()
    return {(str(schema), str(name)): "VIEW" if kind == "VIEW" else "TABLE" for schema, name, kind in rows}


def encrypt_anew(store: RestrictedStore, encryption: Encryption | None) -> None:
    """Writes the file with another key, or without one.

    Raises:
        InputError: The old key is not the store's, or the new one is none.
        DdgError: The disk is full, or the file cannot be read; it is as it was.
    """
    if store.path.exists():
        _copy(store, encryption)


def _copy(store: RestrictedStore, encryption: Encryption | None) -> None:
    fresh = store.path.with_name(f".{store.path.name}.new")
    _remove(fresh)
    key = encryption.key() if encryption is not None else None
    try:
        with store.connect() as connection, Shield(_failed(store.path), _duckdb_error()):
            if encryption is not None:
                prepare_crypto(connection, encryption.crypto, encryption.place)
            attach(connection, fresh, _FRESH, key)
            connection.execute(f"COPY FROM DATABASE {identifier(store.catalog)} TO {_FRESH}")
            connection.execute(f"DETACH {_FRESH}")
            connection.execute("FORCE CHECKPOINT")  # what the old log holds must not be applied to the new file
        _sync(fresh)
        _wal(store.path).unlink(missing_ok=True)
        fresh.replace(store.path)
        _sync(store.path.parent)
    finally:
        _remove(fresh)


def _failed(path: Path) -> Callable[[Exception], DdgError]:
    def explain(error: Exception) -> DdgError:
        return DdgError(f"{path}: not written anew ({type(error).__name__}); check disk space and memory")

    return explain


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, _wal(path)) if file.exists())


def _remove(path: Path) -> None:
    for file in (path, _wal(path)):
        file.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
