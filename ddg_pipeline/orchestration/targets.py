"""Publish to a project's object stores what was published to its portal folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ddg_pipeline.errors import DdgError, InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.lock import held

if TYPE_CHECKING:
    from ddg_pipeline.publishing import Package, Receipt

_LOCK = "targets.lock"


def publish_to_targets(project: Project, packages: Sequence[Package], receipts: Sequence[Receipt]) -> list[Receipt]:
    """Publish packages to every target of a project; a target that fails does not keep the others from the new version.

    Args:
        project: The project.
        packages: The packages of one release, or of releases that are linked.
        receipts: What was published to the portal folder, in the same order.

    Returns:
        The same receipts, with what each target has now.

    Raises:
        RefusedError: A target would show something else than these packages; what it showed before it still shows.
        InputErrors: A target does not answer, or lacks rights or a package.
        StoreBusyError: Another run is publishing to the targets.
    """
    if not project.targets:
        return list(receipts)
    from ddg_pipeline.publishing.object_storage import TargetReceipt, publish_to_target
    from ddg_pipeline.publishing.object_store import ObjectStore

    done: list[list[TargetReceipt]] = []
    failed: list[DdgError] = []
    project.restricted_store.private_directory()
    with held(project.restricted / _LOCK, project.store_wait):  # object stores have no locks
        for target in project.targets:
            try:
                done.append(publish_to_target(packages, ObjectStore(target)))
            except DdgError as error:
                failed.append(error)
    if failed:
        raise _together(failed)
    return [
        replace(receipt, targets={one.target: one.path for one in of_release})
        for receipt, of_release in zip(receipts, zip(*done, strict=True), strict=True)
    ]


def _together(failed: Sequence[DdgError]) -> DdgError:
    """Make one error of several; only where all of them are bad input it is bad input."""
    inputs = [error for error in failed if isinstance(error, InputError)]
    if len(inputs) == len(failed):
        return InputErrors(inputs)
    return failed[0] if len(failed) == 1 else RefusedError("\n".join(str(error) for error in failed))
