"""A plugin for dbt-duckdb, so that dbt opens the restricted store as everything else does: ``profiles.yml`` names it.

.. code-block:: yaml

    path: ":memory:"
    database: restricted
    attach: [{path: "{{ env_var('DDG_RESTRICTED_DB') }}", alias: restricted}]
    plugins: [{module: ddg_pipeline.orchestration.dbt_plugin}]

Plugins come before `attach`, which then finds the database attached. The key passes from the environment, or its file,
into the connection, and nowhere else: no profile, log or artifact of dbt's holds it.
"""

import os
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from ddg_pipeline.errors import DdgError
from ddg_pipeline.warehouse.encryption import Encryption

MODULE = __name__


class Plugin(BasePlugin):
    """Attaches the restricted store, encrypted or not, with temporary files inside its directory."""

    def configure_connection(self, conn: Any) -> None:
        """Open the store on dbt's connection.

        Raises:
            DdgError: There is no key, or it is not this store's.
        """
        import duckdb

        from ddg_pipeline.orchestration.project import RESTRICTED_VARIABLE
        from ddg_pipeline.warehouse._database import attach, explain, prepare_crypto, settings
        from ddg_pipeline.warehouse._sql_text import literal
        from ddg_pipeline.warehouse.restricted import RestrictedStore

        encryption = Encryption.from_environment(os.environ)
        store = RestrictedStore(Path(os.environ[RESTRICTED_VARIABLE]), encryption=encryption)
        store.temporary.mkdir(mode=0o700, exist_ok=True)
        for name, value in settings(store.temporary).items():
            conn.execute(f"SET {name} = {literal(value)}")
        if encryption is not None:
            prepare_crypto(conn, encryption.crypto, encryption.place)
        wrong: DdgError | None = None
        try:
            attach(conn, store.path, store.catalog, encryption.key() if encryption else None)
        except duckdb.Error as error:
            wrong = explain(store.path, error, encryption) or DdgError(f"{store.path}: DuckDB cannot open it")
        if wrong is not None:
            raise wrong
