"""Tables and queries of a database that SQLAlchemy reaches, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse._arrow import text_batch
from ddg_pipeline.warehouse._reading.reader import BATCH_ROWS, Chunk, FoundColumn, PlannedColumn, chunk_column
from ddg_pipeline.warehouse._reading.rows import bad_rows
from ddg_pipeline.warehouse._reading.values import text_columns
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse.database_errors import NO_SUCH_TABLE, meaning, sqlstate
from ddg_pipeline.warehouse.sources import Source, SqlTable

if TYPE_CHECKING:
    import duckdb
    import sqlalchemy as sa


class SqlReader:
    """Offers the rows of a query in chunks of text columns, through a server-side cursor where the database has them.

    Nothing that a driver says is repeated in an error: it may quote rows, and parts of a password that holds ``@`` or
    ``/``. What counts is the kind of exception and the SQLSTATE.
    """

    def __init__(self, source: Source, table: SqlTable) -> None:
        self.place = source.place
        self.sha256: str | None = None
        self._field = f"sources.{source.name}"
        self._what = "query" if table.query is not None else "table"
        self._connected = False
        self._seen = 0
        url = source.resolve("url", table.url)
        with ExitStack() as resources:
            connection = self._connect(url, source.declared_in.parent, resources)
            names, self._result = self._execute(connection, table)
            resources.callback(self._result.close)
            self._resources = resources.pop_all()
        self.found: Sequence[FoundColumn] = [FoundColumn(name) for name in names]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with Shield(self._explain, Exception):
            self._resources.close()

    def chunks(self, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn]) -> Iterator[Chunk]:
        """The rows, a batch at a time."""
        partitions = self._result.partitions()
        while True:
            with Shield(self._explain, Exception):
                rows = next(partitions, None)
            if rows is None:
                return
            before = self._seen
            texts, unfit = text_columns(rows, plan)
            if unfit:
                raise bad_rows(self, [(before + row, column, found) for row, column, found in unfit], plan)
            self._seen += len(rows)
            data = text_batch([chunk_column(position) for position in texts], list(texts.values()))
            yield Chunk(connection.from_arrow(data), before, iso_dates=True)

    def where(self, rows: Sequence[int]) -> list[str]:
        """Rows of the result, counted from 1, in the order in which the database returned them."""
        return [f"row {row + 1} of the result" for row in rows]

    def check_complete(self, _rows: int) -> None:
        """Nothing to check: the result was read to its end, in one transaction."""

    def _connect(self, url: str, directory: Path, resources: ExitStack) -> sa.Connection:
        import sqlalchemy as sa

        with Shield(self._no_driver, ImportError, sa.exc.ArgumentError, ValueError):
            parsed = sa.make_url(url)
            if parsed.get_backend_name() == "sqlite":
                parsed = self._existing_file(parsed, directory)
            engine = sa.create_engine(parsed, poolclass=sa.NullPool, hide_parameters=True)
        resources.callback(engine.dispose)
        with Shield(self._explain, Exception):
            connection = resources.enter_context(engine.connect())
            self._connected = True
            if connection.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)
            elif connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
        return connection

    def _execute(self, connection: sa.Connection, table: SqlTable) -> tuple[list[str], sa.CursorResult[Any]]:
        import sqlalchemy as sa

        options = {"stream_results": True, "no_parameters": True}
        with Shield(self._explain, Exception):
            if table.query is not None:
                result = connection.exec_driver_sql(table.query, execution_options=options)
            else:
                *schema, name = (table.table or "").split(".")
                of = schema[0] if schema else None
                names = [column["name"] for column in sa.inspect(connection).get_columns(name, schema=of)]
                wanted: list[sa.ColumnClause[Any]] = [
                    sa.column(column) for column in names if column not in table.ignore_columns
                ]
                select = sa.select(sa.table(name, *wanted, schema=of))
                result = connection.execute(select, execution_options=options)
            if not result.returns_rows:
                raise InputError(self.place, f"{self._field}.query", "a statement without a result", "write a SELECT")
            result.yield_per(BATCH_ROWS)  # as an option it is not heard by exec_driver_sql
            return [str(name) for name in result.keys()], result  # noqa: SIM118 - it is not a mapping

    def _existing_file(self, url: sa.URL, directory: Path) -> sa.URL:
        """SQLite would make an empty database of a wrong path."""
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            return url
        path = directory / url.database
        if not path.is_file():
            raise InputError(
                self.place, f"{self._field}.url", "a database file that does not exist", "correct the path"
            )
        return url.set(database=str(path))

    def _no_driver(self, error: Exception) -> InputError:
        if isinstance(error, ImportError):
            name = f" ({error.name})" if error.name else ""
            found, expected = f"a database whose driver is not installed{name}", "install it, as in postgresql+psycopg"
        else:
            found = "something that is not a URL"
            expected = "write dialect+driver://user:password@host:port/database; in the password, @ / : are %40 %2F %3A"
        return InputError(self.place, f"{self._field}.url", found, expected)

    def _explain(self, error: Exception) -> InputError:
        """Says what a database's error means without repeating its words."""
        import sqlalchemy as sa

        if isinstance(error, sa.exc.NoSuchTableError):
            return InputError(self.place, f"{self._field}.table", NO_SUCH_TABLE.found, NO_SUCH_TABLE.expected)
        cause = getattr(error, "orig", None) or error
        state = sqlstate(cause)
        if means := meaning(state):
            field = "url" if means.of_connection else self._what
            found = f"{means.found} (SQLSTATE {state})"
            return InputError(self.place, f"{self._field}.{field}", found, means.expected)
        kind = type(cause).__name__ + (f", SQLSTATE {state}" if state else "")
        if not self._connected and isinstance(error, sa.exc.OperationalError):
            expected = "check host, port, user and password, and that the database runs"
            return InputError(self.place, f"{self._field}.url", f"a database that cannot be reached ({kind})", expected)
        at = f" after row {self._seen}" if self._seen else ""
        return InputError(
            self.place,
            f"{self._field}.{self._what}",
            f"an error of the database{at} ({kind})",
            "try it in a client there",
        )
