"""The aggregates of one release and of those it is linked to, as they lie in the restricted store; nothing is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration import steps
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, relations_of, releases_of
from ddg_pipeline.orchestration.periods import contract_named, group_of_period
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.store_work import exclusive
from ddg_pipeline.release_groups import linked_groups


def stored_tables(project: Project, release: str, tell: Callable[[str], None] | None = None) -> list[BoundTable]:
    """Read the aggregate of a release, and those it is linked to, from the restricted store, as they were last built.

    Args:
        project: The project.
        release: Its name; of a release by periods, that of one period.
        tell: Called with a sentence, if there is somebody to wait for.

    Returns:
        Its table, and behind it those it is linked to. Restricted.

    Raises:
        InputErrors: There is no such release, nothing of it is in the store, or it does not fit its contract.
        RefusedError: A table carries direct identifiers, or records.
        StoreBusyError: A run did not leave the store in time.
    """
    manifest = read_manifest(ensure_manifest(project))
    releases = releases_of(manifest)
    contract = contract_named(project, [one.contract for one in releases], release, "command line")
    group = next(
        found for found in linked_groups(releases) if contract.series in [one.contract.release for one in found]
    )
    if contract.reporting_period is not None:
        group = group_of_period(group, contract.reporting_period.label)
    group = sorted(group, key=lambda one: one.contract.release != release)  # it first, the others in their order
    relations = relations_of(manifest)
    with exclusive(project, tell):
        _check_there(project, group, relations)
        return steps.read_group(project, group, relations)


def _check_there(project: Project, group: Sequence[DbtRelease], relations: Mapping[str, tuple[str, str]]) -> None:
    """Say which command builds what is not there: it was never built, or removed after its release."""
    store = project.restricted_store
    there = set(store.tables()) if store.path.exists() else set()
    names = [name for one in group for name in (one.model, *one.contract.reference_tables)]
    missing = sorted({name for name in names if relations[name] not in there})
    if missing:
        found = f"no {', '.join(missing)}, which is not built yet, or was removed after its release"
        expected = f"build it: `ddg suites {group[0].contract.series}` does, and publishes nothing"
        raise InputErrors([InputError(str(store.path), "tables", found, expected)])


def check_alternative_place(project: Project, directory: Path) -> None:
    """Make sure that the true counts of an alternative stay where restricted data are kept.

    Raises:
        InputErrors: The directory is outside of the restricted one, or what lies there has to be encrypted.
    """
    if project.encryption is not None:
        found = "a directory whose files are not encrypted, while the restricted store is"
        expected = "make the change in the model and its contract; an alternative is written from files only"
        raise InputErrors([InputError(str(directory), "--output", found, expected)])
    if not directory.resolve().is_relative_to(project.restricted) or directory.resolve() == project.restricted:
        found = "a directory outside of the restricted one, for a table of true counts"
        expected = f"a directory inside of {project.restricted}, such as {project.restricted / 'advice'}"
        raise InputErrors([InputError(str(directory), "--output", found, expected)])
