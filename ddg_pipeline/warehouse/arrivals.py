"""Tables that come from elsewhere, already made: into the restricted store, all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError
from ddg_pipeline.warehouse._shield import Shield
from ddg_pipeline.warehouse._sql_text import identifier
from ddg_pipeline.warehouse.restricted import RestrictedStore

if TYPE_CHECKING:
    import pyarrow as pa


def replace_tables(store: RestrictedStore, tables: Mapping[tuple[str, str], pa.Table]) -> None:
    """Puts tables into the store in one transaction; what had one of their names is replaced.

    Args:
        store: The store.
        tables: Each table by its schema and name.

    Raises:
        DdgError: DuckDB cannot write them; the store is as it was.
        StoreBusyError: Somebody else kept the store open for too long.
    """
    import duckdb

    def unwritable(error: Exception) -> DdgError:
        return DdgError(f"{store.path}: the tables could not be written ({type(error).__name__}); nothing was changed")

    with store.connect() as connection, Shield(unwritable, duckdb.Error):
        connection.begin()
        query = "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        query += "WHERE table_catalog = current_database()"
        kinds = {(str(schema), str(name)): str(kind) for schema, name, kind in connection.execute(query).fetchall()}
        for (schema, name), table in tables.items():
            place = identifier(schema, name)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            if (schema, name) in kinds:
                connection.execute(f"DROP {'VIEW' if kinds[schema, name] == 'VIEW' else 'TABLE'} {place}")
            connection.register("arrival", table)
            connection.execute(f"CREATE TABLE {place} AS SELECT * FROM arrival")  # noqa: S608 - see identifier()
            connection.unregister("arrival")
        connection.commit()
