"""The one place that opens a DuckDB file of the restricted store, encrypted or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ddg_pipeline.errors import DdgError, InputError
from ddg_pipeline.warehouse._sql_text import identifier, literal
from ddg_pipeline.warehouse.encryption import Crypto, Encryption, Key

if TYPE_CHECKING:
    import duckdb

# What DuckDB says, in parts that quote nothing of ours. Tests hold every one of them against the installed DuckDB.
_WRONG_KEY: Final = "Wrong encryption key"
_NOT_ENCRYPTED: Final = "is not encrypted"
_ENCRYPTED: Final = "without a key"


def settings(temporary: Path) -> dict[str, Any]:
    """DuckDB's settings for restricted data: nothing is fetched, and what does not fit in memory stays inside."""
    return {
        "autoinstall_known_extensions": "false",
        "temp_directory": str(temporary),
        "temp_file_encryption": "true",
    }


def prepare_crypto(connection: duckdb.DuckDBPyConnection, crypto: Crypto, place: str) -> str:
    """Sees to it that a connection can write encrypted files.

    DuckDB carries AES, but draws nonces from OpenSSL, which is in its extension httpfs. Without that it writes only if
    it is told to accept its own, weaker source of nonces; docs/explanation/security.md says what that means.

    Returns:
        ``openssl`` or ``duckdb``.

    Raises:
        InputError: Only OpenSSL is accepted, and it is not installed.
    """
    import duckdb

    connection.execute("SET autoinstall_known_extensions = false")
    try:
        connection.execute("LOAD httpfs")
    except duckdb.Error:
        pass  # not installed; nothing is downloaded
    else:
        return "openssl"
    if crypto == "openssl":
        found = "`openssl`, and DuckDB's extension httpfs, which brings it, is not installed"
        raise InputError(place, "restricted_crypto", found, "run `INSTALL httpfs` in DuckDB once, or write `any`")
    connection.execute("SET force_mbedtls_unsafe = true")
    return "duckdb"


def attach(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, key: Key | None, *, read_only: bool = False
) -> None:
    """Attaches a database; the key goes in as a parameter, so no statement holds it.

    Raises:
        duckdb.Error: As DuckDB raises it; see :func:`explain`.
    """
    options = (["ENCRYPTION_KEY $key"] if key else []) + (["READ_ONLY"] if read_only else [])
    given = f" ({', '.join(options)})" if options else ""
    statement = f"ATTACH {literal(str(path))} AS {identifier(name)}{given}"
    connection.execute(statement, {"key": key.secret} if key else None)


def explain(path: Path, error: Exception, encryption: Encryption | None) -> DdgError | None:
    """Says what an error of opening a database means; None if it is not about its key."""
    text = str(error)
    if _WRONG_KEY in text:
        at = "" if encryption is None else f" (from the {encryption.kind} {encryption.name})"
        return InputError(str(path), "key", f"that the key{at} is not this store's", "give it the store's own key")
    if _NOT_ENCRYPTED in text:
        expected = "encrypt it with `ddg store encrypt`, or move it away and load again"
        return InputError(str(path), "file", "a store that is not encrypted, and a key is configured", expected)
    if _ENCRYPTED in text:
        expected = "write `restricted_key` or `restricted_key_file` into ddg.yaml; `ddg store decrypt` makes it plain"
        return InputError(str(path), "file", "an encrypted store, and no key is configured", expected)
    return None
