"""The restricted store: one DuckDB file with everything that must not leave the house."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.warehouse._database import attach, explain, prepare_crypto, settings
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse._sql_text import identifier
from ddg_pipeline.warehouse.encryption import Encryption
from ddg_pipeline.warehouse.errors import StoreBusyError, StoreDamagedError
from ddg_pipeline.warehouse.private import DIRECTORY_MODE, FILE_MODE, private_files

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

SOURCE_SCHEMA: Final = "source"
"""The schema that loaded tables are in."""

_FIRST_PAUSE: Final = 0.02  # seconds
_LONGEST_PAUSE: Final = 0.5
_HOLDER: Final = re.compile(r"\(PID (\d+)\)")
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_BEYOND_64_BITS: Final = frozenset({"HUGEINT", "UHUGEINT", "UBIGINT"})


class RestrictedStore:
    """A DuckDB file of mode 0600 in a directory of mode 0700 that is its own.

    DuckDB has one writer, which shuts out readers in other processes too: a connection is opened for one piece of work
    and closed at once. Who comes meanwhile waits a little, and then gets a :class:`StoreBusyError`.

    With a key the file is encrypted by DuckDB (AES-256-GCM), its write-ahead log and what spills to the disk too.

    Args:
        path: The file; it and its directory are made when first written to.
        wait: Seconds to wait for another connection to close.
        encryption: Where the key is; None for a plain file.
    """

    def __init__(self, path: Path, wait: float = 10.0, encryption: Encryption | None = None) -> None:
        self.path = path
        self.encryption = encryption
        self._wait = wait

    @property
    def temporary(self) -> Path:
        """Where temporary files of restricted data belong."""
        return self.path.parent / "tmp"

    @property
    def catalog(self) -> str:
        """The database's name in SQL: the file's, as dbt derives it too."""
        return self.path.stem

    def private_directory(self) -> Path:
        """The store's directory, made if need be, shown to be closed to others.

        Raises:
            RefusedError: The directory is there and others may enter it.
        """
        directory = self.path.parent
        if not directory.exists():
            directory.mkdir(mode=DIRECTORY_MODE, parents=True)
            directory.chmod(DIRECTORY_MODE)  # whatever the umask
        mode = directory.stat().st_mode & 0o777
        if mode & 0o077:
            raise RefusedError(
                f"{directory}: others may enter this directory (mode {mode:o}), and restricted data are to be kept in "
                f"it; give the store a directory of its own, or close this one: chmod 700 {directory}"
            )
        return directory

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for the length of a block.

        Args:
            read_only: Whether to keep from writing. Several readers may be there at a time.

        Raises:
            InputError: Asked to read a store that does not exist, or the file is not a DuckDB file; there is no key, or
                it is not this store's, or the store is not encrypted.
            RefusedError: Others may enter the store's directory, or read the key.
            StoreBusyError: Somebody else kept it open for too long.
        """
        if read_only and not self.path.exists():
            raise InputError(str(self.path), "file", "no restricted store", "load the sources first")
        self.private_directory()
        with private_files():
            connection = self._open(read_only)
            try:
                self._close_to_others()
                yield connection
            finally:
                connection.close()
                self._close_to_others()

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of every table and view, sorted."""
        with self.connect(read_only=True) as connection:
            return _tables(connection)

    def columns(self, schema: str, name: str) -> list[tuple[str, str]]:
        """Name and DuckDB type of a table's columns, in order.

        Raises:
            InputError: There is no such table.
        """
        with self.connect(read_only=True) as connection:
            return self._columns(connection, schema, name)

    def row_count(self, schema: str, name: str) -> int:
        """The number of a table's rows.

        Raises:
            InputError: There is no such table.
        """
        with self.connect(read_only=True) as connection, self._reading(schema, name):
            self._columns(connection, schema, name)
            query = f"SELECT count(*) FROM {identifier(schema, name)}"  # noqa: S608 - see identifier()
            return int(connection.sql(query).fetchall()[0][0])

    def read_table(self, schema: str, name: str) -> pd.DataFrame:
        """Reads a table or a view.

        Integers arrive as ``Int64`` whether or not any is missing, also those that DuckDB made wider (``sum`` gives
        HUGEINT, which would become a float); other decimals as ``float64``; booleans as ``boolean``; texts as ``str``;
        dates and timestamps as ``datetime64``. Rows come in the table's order, which a model without ORDER BY leaves
        open.

        Raises:
            InputError: There is no such table, or a number in it cannot be kept exactly.
        """
        import pandas as pd

        with self.connect(read_only=True) as connection, self._reading(schema, name):
            table = identifier(schema, name)
            selected, checked = [], []
            columns = self._columns(connection, schema, name)
            for column, kind in columns:
                value, exact = _exactly(identifier(column), kind)
                selected.append(f"{value} AS {identifier(column)}")
                checked.append(f"count_if(NOT ({exact}))" if exact else "0")
            check = f"SELECT {', '.join(checked)} FROM {table}"  # noqa: S608 - see identifier()
            found = connection.sql(check).fetchall()[0]
            for (column, kind), inexact in zip(columns, found, strict=True):
                if inexact:
                    wrong = f"a {kind} that neither 64 bits nor 15 digits hold exactly"
                    raise InputError(f"{schema}.{name}", f"column {column}", wrong, "round it or cast it in the model")
            select = f"SELECT {', '.join(selected)} FROM {table}"  # noqa: S608 - see identifier()
            arrow = connection.sql(select).to_arrow_table()
        integers = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"}

        def dtype(kind: Any) -> Any:
            if str(kind) in integers:
                return pd.Int64Dtype()
            return pd.BooleanDtype() if str(kind) == "bool" else None

        frame: pd.DataFrame = arrow.to_pandas(types_mapper=dtype, date_as_object=False)
        return frame

    def _open(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        deadline = time.monotonic() + self._wait
        pause = _FIRST_PAUSE
        while True:
            holder, wrong = "", None
            try:
                return self._connected(read_only)
            except (duckdb.ConnectionException, duckdb.ResourceInUseException):
                holder = "another thread of this process"
            except duckdb.IOException as error:
                if "lock" in str(error):
                    process = _HOLDER.search(str(error))
                    holder = f"process {process[1]}" if process else "another process"
            except duckdb.Error as error:
                wrong = explain(self.path, error, self.encryption)
            if wrong is not None:
                raise wrong  # outside the handler: what DuckDB said would be shown as this one's context
            if not holder:
                raise InputError(str(self.path), "file", "something DuckDB cannot open", "move it away, and load again")
            if time.monotonic() + pause > deadline:
                raise StoreBusyError(f"{self.path}: {holder} has it open; waited {self._wait:g} s, nothing was changed")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _connected(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        if self.encryption is None:
            return duckdb.connect(str(self.path), read_only=read_only)
        key = self.encryption.key()
        self.temporary.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        connection = duckdb.connect(config=settings(self.temporary))
        try:
            prepare_crypto(connection, self.encryption.crypto, self.encryption.place)
            attach(connection, self.path, self.catalog, key, read_only=read_only)
            connection.execute(f"USE {identifier(self.catalog)}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _close_to_others(self) -> None:
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            try:
                if path.stat().st_mode & 0o777 != FILE_MODE:
                    path.chmod(FILE_MODE)
            except FileNotFoundError:  # the log comes and goes
                continue

    def _columns(self, connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> list[tuple[str, str]]:
        known = _tables(connection)
        if (schema, name) not in known:
            names = [".".join(table) for table in known]
            close = difflib.get_close_matches(f"{schema}.{name}", names, 1)
            expected = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names) or 'none yet'}"
            raise InputError(str(self.path), f"table {schema}.{name}", "no such table", expected)
        with self._reading(schema, name):
            rows = connection.sql(f"DESCRIBE {identifier(schema, name)}").fetchall()
        return [(str(row[0]), str(row[1])) for row in rows]

    def _reading(self, schema: str, name: str) -> Shield:
        import duckdb

        def unreadable(error: Exception) -> StoreDamagedError:
            return StoreDamagedError(f"{self.path}: table {schema}.{name} cannot be read ({type(error).__name__})")

        return Shield(unreadable, duckdb.Error)


def crypto_module(encryption: Encryption) -> str:
    """Which module encrypts on this machine: ``openssl``, or DuckDB's own, ``duckdb``.

    Raises:
        InputError: Only OpenSSL is accepted, and it is not installed.
    """
    import duckdb

    with duckdb.connect() as connection:
        return prepare_crypto(connection, encryption.crypto, encryption.place)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    query = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database()"
    return sorted((str(schema), str(name)) for schema, name in connection.sql(query).fetchall())


def _exactly(column: str, kind: str) -> tuple[str, str]:
    """SQL for a value that pandas can hold, and for whether it is the same; empty where it always is."""
    decimal = _DECIMAL.fullmatch(kind)
    if kind in _BEYOND_64_BITS or (decimal and decimal[2] == "0"):
        value = f"TRY_CAST({column} AS BIGINT)"
        return value, f"{column} IS NULL OR {value} IS NOT NULL"
    if decimal:
        value = f"CAST({column} AS DOUBLE)"
        return value, f"{column} IS NULL OR TRY_CAST({value} AS {kind}) = {column}"
    return (f"CAST({column} AS VARCHAR)" if kind.startswith("ENUM(") else column), ""
