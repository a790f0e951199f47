"""Removes from the restricted store what is no longer needed, by the policy in ``ddg.yaml``.

Needed are the tables of releases that are under way or failed, with everything these are made of; the newest proofs and
messages, as many as the policy says; what public versions were before masking; and the parsed dbt project. The
database is written anew, so that no page of what was removed is left in it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from ddg_pipeline.contract.manifest import contracts_from_manifest
from ddg_pipeline.orchestration.periods import is_period_of
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.unfinished import unfinished
from ddg_pipeline.release_groups import linked_groups
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA

_MEGABYTE = 1_000_000


def clean(project: Project, manifest: Mapping[str, Any], *, intermediates: bool | None = None) -> list[str]:
    """Remove what the policy does not keep. The store must be one's own, see :func:`exclusive`.

    Args:
        project: The project.
        manifest: The manifest of its dbt project.
        intermediates: Whether tables, staged files and dbt's log go too; by default what ``after_release`` says.

    Returns:
        What was removed, as users know it; empty if nothing was.

    Raises:
        DdgError: Something could not be removed; what was kept is whole.
    """
    removed: list[str] = []
    if intermediates or (intermediates is None and project.retention.after_release == "remove"):
        open_releases = _with_linked(manifest, unfinished(project))
        removed += _clean_database(project, manifest, open_releases)
        removed += _remove_others(project, project.restricted / "staged", open_releases)
        if not open_releases:
            removed += _remove_others(project, project.restricted / "dbt", {"target", "runs"})
    for release in _children(project.restricted / "proofs"):
        removed += _clean_proofs(project, release)
    for release in _children(project.restricted / "versions"):
        removed += _clean_versions(project, release)
    runs = sorted(_children(project.dbt_runs), key=lambda run: run.stat().st_mtime_ns)
    return removed + _remove_older(project, runs, project.retention.failed_runs)


def clean_after_release(project: Project, manifest: Mapping[str, Any], releases: Iterable[str]) -> list[str]:
    """Apply the policy at the end of a run, once every release of the run has passed the gate.

    Returns:
        What was removed; nothing while one of the run's releases is still to come, or failed.
    """
    return [] if unfinished(project) & set(releases) else clean(project, manifest)


def _with_linked(manifest: Mapping[str, Any], releases: set[str]) -> set[str]:
    """Releases with those that are masked and judged together with them; of periods, also what all periods are of."""
    found = set()
    for group in linked_groups(contracts_from_manifest(manifest)):
        written = [one.contract for one in group]
        names = {contract.release for contract in written}
        if names & releases:
            found |= names
        for contract in written:
            suffixes = {name.removeprefix(contract.release) for name in releases if is_period_of(name, contract)}
            found |= {f"{name}{suffix}" for name in names for suffix in suffixes} | (names if suffixes else set())
    return found


def _clean_database(project: Project, manifest: Mapping[str, Any], open_releases: set[str]) -> list[str]:
    from ddg_pipeline.warehouse.rewriting import keep_only

    needed = _needed(manifest, open_releases)
    done = keep_only(project.restricted_store, lambda schema, name: (schema, name) in needed)
    removed = [f"table {name}" for name in done.removed]
    if done.bytes_before != done.bytes_after:
        before, after = (f"{size / _MEGABYTE:.1f} MB" for size in (done.bytes_before, done.bytes_after))
        removed.append(f"pages of {project.restricted_store.path.name}: {before} before, {after} now")
    return removed


def _needed(manifest: Mapping[str, Any], releases: set[str]) -> set[tuple[str, str]]:
    """Schema and name of everything that releases are made of."""
    found = [one for one in contracts_from_manifest(manifest) if one.contract.release in releases]
    names = {name for one in found for name in (one.model, *one.contract.reference_tables)}
    todo = [key for key, node in manifest["nodes"].items() if _is_relation(node) and node["name"] in names]
    seen: set[str] = set()
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += manifest["parent_map"].get(key, [])
    nodes = [manifest["nodes"].get(key) or manifest["sources"].get(key) for key in seen]
    tables = {(node["schema"], node.get("alias") or node.get("identifier") or node["name"]) for node in nodes if node}
    return tables | {(SOURCE_SCHEMA, name) for schema, name in tables if schema == SOURCE_SCHEMA}


def _clean_proofs(project: Project, directory: Path) -> list[str]:
    """Remove old proofs, but of the public version and as many before it as the policy says.

    A proof of a later version is what a hand-over left that did not come to its end.
    """
    current = project.public_store.current(directory.name)
    proofs = sorted(_children(directory), key=_version)
    left = [] if current is None else [path for path in proofs if _version(path) > int(current.name)]
    removed = _remove_older(project, [path for path in proofs if path not in left], project.retention.proofs)
    return removed + [_remove(project, path) for path in left]


def _clean_versions(project: Project, directory: Path) -> list[str]:
    """Remove what was kept of hand-overs that did not come to their end.

    Of all others it is needed for good: only by what they were can later versions be masked beside them.
    """
    needed = {version.version for version in project.ledger.versions(directory.name)}
    needed |= {int(version.name) for version in project.public_store.versions(directory.name)}
    return [_remove(project, path) for path in _children(directory) if _version(path) not in needed]


def _is_relation(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in ("model", "seed")


def _remove_others(project: Project, directory: Path, kept: set[str]) -> list[str]:
    return [_remove(project, path) for path in _children(directory) if path.name not in kept]


def _remove_older(project: Project, paths: list[Path], newest: Literal["all"] | int) -> list[str]:
    if newest == "all":
        return []
    return [_remove(project, path) for path in paths[: max(len(paths) - newest, 0)]]


def _remove(project: Project, path: Path) -> str:
    import shutil

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    return str(path.relative_to(project.restricted))


def _children(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _version(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else 0
