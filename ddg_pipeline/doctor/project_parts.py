"""What ddg.yaml names: the key, signatures, Dagster's home, sources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ddg_pipeline.doctor.finding import Finding, hint, ok, problem
from ddg_pipeline.errors import InputError
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.strict_yaml import load_yaml

if TYPE_CHECKING:
    from ddg_pipeline.warehouse.sources import Source


def encryption(project: Project) -> Iterator[Finding]:
    """Look whether the store's key is there, and which module encrypts."""
    from ddg_pipeline.warehouse.restricted import crypto_module

    if project.encryption is None:
        yield hint(
            "encryption", "the restricted store is not encrypted", "`restricted_key` in ddg.yaml, or an encrypted disk"
        )
        return
    project.encryption.key()
    module = crypto_module(project.encryption)
    if project.restricted_store.path.exists():
        with project.restricted_store.connect(read_only=True):
            pass  # the key is this store's
    said = f"the key is in the {project.encryption.kind} {project.encryption.name}; {module} encrypts"
    if module == "duckdb":
        yield hint("encryption", said, "install DuckDB's httpfs extension, for OpenSSL's module")
    else:
        yield ok("encryption", said)


def signing(project: Project) -> Iterator[Finding]:
    """Look whether certificates and approvals can be signed and believed."""
    from ddg_pipeline.quality.signatures import check_allowed_signers, key_to_sign_with

    asked = {"certificates": project.signing, "approvals": project.review.signing}
    for what, settings in asked.items():
        if settings is None:
            continue
        if settings.allowed_signers is not None:
            check_allowed_signers(settings)
        if settings.key is not None:
            key_to_sign_with(settings)
        yield ok("signatures", f"{what} are signed, or believed by their signature")
    if not any(asked.values()):
        yield hint(
            "signatures", "nothing is signed", "`signing` and `review` in ddg.yaml, for figures that are not made up"
        )


def dagster_home(project: Project) -> Iterator[Finding]:
    """Look whether Dagster tells nobody anything, and lets one step at a time into the store."""
    home = os.environ.get("DAGSTER_HOME", "")
    if home != str(project.dagster_home):
        yield problem(
            "Dagster", "DAGSTER_HOME names another directory than ddg.yaml", "unset DAGSTER_HOME, or set it alike"
        )
        return
    file = project.dagster_home / "dagster.yaml"
    if not file.is_file():
        yield hint("Dagster", "its home is not there yet", "ddg run makes it")
        return
    document = load_yaml(file.read_text(encoding="utf-8"), str(file)) or {}
    if _at(document, "telemetry", "enabled") is not False:
        yield problem("Dagster", f"{file} does not turn telemetry off", "write `telemetry: {enabled: false}`")
    elif _at(document, "concurrency", "pools", "default_limit") != 1:
        todo = "write `concurrency: {pools: {default_limit: 1}}`"
        yield problem("Dagster", f"{file} lets several steps into the store at once", todo)
    else:
        yield ok("Dagster", "telemetry is off, one step at a time in the store")


def sources(project: Project) -> Iterator[Finding]:
    """Look whether every source is there and can be read."""
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest
    from ddg_pipeline.orchestration.elsewhere import adapter_of, built_elsewhere, declared_sources
    from ddg_pipeline.warehouse.sources import SqlTable

    manifest = read_manifest(ensure_manifest(project))
    declared = declared_sources(project, manifest)
    if built_elsewhere(manifest):
        yield ok("sources", f"none is loaded: dbt builds in {adapter_of(manifest)}")
    for source in declared.values():
        if isinstance(source.table, SqlTable):
            yield from _database(source)
        else:
            yield _file(source, source.resolve("path", source.table.path))


def _file(source: Source, text: str) -> Finding:
    path = source.declared_in.parent / text
    if not path.is_file():
        return problem(f"source {source.name}", f"{path}: no such file", "bring it there, or correct `path`")
    if not os.access(path, os.R_OK):
        return problem(f"source {source.name}", f"{path}: may not be read", "let the pipeline's user read it")
    return ok(f"source {source.name}", str(path))


def _database(source: Source) -> Iterator[Finding]:
    from ddg_pipeline.warehouse.sources import SqlTable

    assert isinstance(source.table, SqlTable)  # noqa: S101 - for the type checker
    url = source.resolve("url", source.table.url)
    try:
        _connect(url)
    except InputError as error:
        yield problem(f"source {source.name}", error.found, error.expected)
    else:
        yield ok(f"source {source.name}", "the database answers")


def _connect(url: str) -> None:
    """Connect once.

    Raises:
        InputError: It does not answer. What a driver says can quote the password, so only the error's name is told.
    """
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.connect():
            return
    except Exception as error:  # noqa: BLE001 - of any driver
        name = type(error).__name__
    expected = "check `url`, the network, and that the driver is installed"
    raise InputError("sources", "url", f"no answer ({name})", expected)


def _at(document: Any, *keys: str) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document
