"""The dbt project, parsed, and the release contracts written in it. As assets: `dbt_build`."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ddg_pipeline.contract.common_sources import sources_of, undeclared_relations
from ddg_pipeline.contract.manifest import DbtRelease, contracts_from_manifest
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.dbt_package import link_package, package_files
from ddg_pipeline.orchestration.elsewhere import check_secrets
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.store_work import parsing
from ddg_pipeline.release_groups import linked_groups

_FINGERPRINT = "manifest.sha256"
_PLUGIN = "ddg_pipeline.orchestration.dbt_plugin"
_DUCKDB = re.compile(r"""^\s*type:\s*["']?duckdb\b""", re.MULTILINE)
QUIETLY = ("--no-use-colors", "--log-level-file", "none")  # its log files quote values, and are not encrypted
# dbt leaves out a test of a model that it does not find, and only warns: what it would have found, nobody would know
_ONCE_IMPORTED = "ignore::RuntimeWarning:runpy"  # that dbt imports its own command line before it runs it
_NO_LOST_TESTS = '{"error": ["NodeNotFoundOrDisabled"]}'
_PARSED = {".sql", ".yml", ".yaml", ".csv", ".md"}


def ensure_manifest(project: Project) -> Path:
    """Parse the dbt project unless the manifest is of these very files.

    Returns:
        The manifest's path.

    Raises:
        InputErrors: dbt cannot parse the project; its own message is passed on.
    """
    _check_profile(project)
    check_secrets(project)
    if _is_current(project):
        return project.manifest
    with project.dbt_environment(), parsing(project):
        if not _is_current(project):  # another process may have parsed it meanwhile
            link_package(project.dbt_project)
            _parse(project)
    return project.manifest


def _is_current(project: Project) -> bool:
    kept = project.dbt_target / _FINGERPRINT
    if not project.manifest.is_file() or not kept.is_file():
        return False
    return kept.read_text(encoding="ascii") == _fingerprint(project)


def _parse(project: Project) -> None:
    fingerprint = _fingerprint(project)
    directory = str(project.dbt_project)
    command = [
        sys.executable,
        "-W",
        _ONCE_IMPORTED,
        "-m",
        "dbt.cli.main",
        "--quiet",
        *QUIETLY,
        "parse",
        "--project-dir",
        directory,
    ]
    command += ["--profiles-dir", directory, "--target-path", str(project.dbt_target)]
    command += ["--warn-error-options", _NO_LOST_TESTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        expected = "a dbt project that `dbt parse` accepts:\n" + "\n".join(lines[-20:])
        raise InputErrors([InputError(directory, "dbt project", "an error", expected)])
    (project.dbt_target / _FINGERPRINT).write_text(fingerprint, encoding="ascii")


def _check_profile(project: Project) -> None:
    """Say it here if dbt's profile does not know of the key; dbt would only say that it cannot open the file.

    Raises:
        InputErrors: There is a key, and the plugin that uses it is not in ``profiles.yml``.
    """
    profiles = project.dbt_project / "profiles.yml"
    if project.encryption is None or not profiles.is_file():
        return
    text = profiles.read_text(encoding="utf-8")
    if _DUCKDB.search(text) and _PLUGIN not in text:  # another database has a key of its own, or none
        found = "no plugin that opens an encrypted store"
        expected = (
            'write `path: ":memory:"`, `database: restricted`, '
            "`attach: [{path: \"{{ env_var('DDG_RESTRICTED_DB') }}\", alias: restricted}]` and "
            f"`plugins: [{{module: {_PLUGIN}}}]`"
        )
        raise InputErrors([InputError(str(profiles), "outputs", found, expected)])


def _fingerprint(project: Project) -> str:
    """Hash every file that dbt parses, and where the restricted store is, which the manifest repeats."""
    digest = hashlib.sha256(str(project.restricted_store.path).encode())
    for path in sorted(project.dbt_project.rglob("*")):
        if path.suffix in _PARSED and path.is_file():
            digest.update(f"{path.relative_to(project.dbt_project)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for path in package_files():
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest that dbt wrote."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def releases_of(manifest: Mapping[str, Any]) -> list[DbtRelease]:
    """Read the contracts, and check what only the whole project tells: tables that they name, and people in common.

    Raises:
        InputErrors: A contract is wrong, or names a table that dbt does not know, or releases that are made of the same
            source do not say what they have to do with each other.
    """
    releases = contracts_from_manifest(manifest)
    relations = relations_of(manifest)
    errors = [
        InputError(
            release.place,
            "table",
            repr(name),
            f"one of the dbt models and seeds {', '.join(sorted(relations))}",
        )
        for release in releases
        for name in release.contract.reference_tables
        if name not in relations
    ]
    errors += undeclared_relations(linked_groups(releases), sources_of_releases(manifest, releases))
    if errors:
        raise InputErrors(errors)
    return releases


def sources_of_releases(manifest: Mapping[str, Any], releases: Sequence[DbtRelease]) -> dict[str, frozenset[str]]:
    """Give for each release, by the name that people wrote, the source tables that its aggregate is made of.

    Raises:
        InputErrors: A source's `meta.ddg` is wrong.
    """
    return {one.contract.release: sources_of(manifest, one.unique_id) for one in releases}


def sources_in_project(project: Project) -> dict[str, frozenset[str]]:
    """Give the same for all releases of a project.

    Raises:
        InputErrors: The dbt project, a contract or a source's `meta.ddg` is wrong.
    """
    manifest = read_manifest(ensure_manifest(project))
    return sources_of_releases(manifest, contracts_from_manifest(manifest))


def written_contracts(project: Project) -> list[ReleaseContract]:
    """Give the contracts of a project as people wrote them, in order of their names.

    Raises:
        InputErrors: The dbt project or a contract is wrong.
    """
    return [release.contract for release in releases_of(read_manifest(ensure_manifest(project)))]


def relations_of(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Give schema and name in the warehouse of every model and seed, by its dbt name."""
    return {
        node["name"]: (node["schema"], node.get("alias") or node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def dbt_executable() -> Path:
    """Find the dbt that is installed beside this Python, whatever PATH says."""
    beside = Path(sys.executable).with_name("dbt")
    return beside if beside.is_file() else Path("dbt")
