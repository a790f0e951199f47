"""Encrypt, decrypt and re-encrypt the restricted store: the database, and every sealed file beside it."""

from collections.abc import Iterator
from pathlib import Path

from ddg_pipeline.errors import DdgError, InputError
from ddg_pipeline.orchestration.dbt_messages import MESSAGES
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.store_work import exclusive, remove_plain_files
from ddg_pipeline.warehouse.encryption import Encryption
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.rewriting import encrypt_anew
from ddg_pipeline.warehouse.sealed import SealedFiles, is_sealed


def change_key(project: Project, before: Encryption | None, after: Encryption | None) -> list[Path]:
    """Write everything that one key protects with another, or plain. What has the new key already is left alone.

    Called again after a crash it goes on where it stopped: the database comes last.

    Args:
        project: The project.
        before: Where the key is that the store has now; None for a plain store.
        after: Where its new key is; None for a plain store.

    Returns:
        What was written anew.

    Raises:
        InputError: A key is missing, or is not the store's; nothing was changed.
        StoreBusyError: Somebody else is using the store.
    """
    written = []
    with exclusive(project):
        store = RestrictedStore(project.restricted_store.path, encryption=before)
        done = _has(store, after)
        if store.path.exists() and not done:
            with store.connect():
                pass  # before the first file is touched: this is the store's key
        for path in _sealed_places(project):
            if _change_file(path, SealedFiles(before), SealedFiles(after)):
                written.append(path)
        if after is not None:
            for run in sorted(project.dbt_runs.glob("*")):
                remove_plain_files(run)
            _remove_plain_logs(project)
        if store.path.exists() and not done:
            encrypt_anew(store, after)
            written.append(store.path)
    return written


def _has(store: RestrictedStore, encryption: Encryption | None) -> bool:
    """Whether the database can be opened with a key already."""
    if not store.path.exists():
        return False
    try:
        with RestrictedStore(store.path, encryption=encryption).connect(read_only=True):
            return True
    except InputError:
        return False


def _sealed_places(project: Project) -> Iterator[Path]:
    kept = ("staged/*/prepared.json", "staged/*/proof.parquet", "proofs/*/*.parquet", "versions/*/*.zip")
    for pattern in (*kept, f"dbt/runs/*/{MESSAGES}"):
        yield from sorted(project.restricted.glob(pattern))


def _change_file(path: Path, before: SealedFiles, after: SealedFiles) -> bool:
    try:
        data = before.read(path)
    except DdgError:
        after.read(path)  # changed before a crash; an error if neither key opens it
        return False
    after.write(path, data)
    return True


def _remove_plain_logs(project: Project) -> None:
    """Remove dbt's log files: they quote values, and nothing can be sealed that dbt goes on writing to."""
    for path in sorted((project.restricted / "dbt" / "logs").glob("*")):
        if not is_sealed(path.read_bytes()):
            path.unlink()
