"""Withdraw a release from every place where it was published, and keep it from being published again."""

import os

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.orchestration.project import Project


def retract(project: Project, contract: ReleaseContract, reason: str) -> list[str]:
    """Withdraw a release. Called again after a failure it goes on where it stopped.

    The ledger is told first, so that nothing is published again meanwhile, and last, when nothing is public any more.

    Args:
        project: The project.
        contract: The release's contract; it says where its package lies.
        reason: Why, for the ledger.

    Returns:
        What was withdrawn, place by place; empty if it was public nowhere.

    Raises:
        InputError: The ledger or a place cannot be written; the release stays withdrawn as far as it was.
    """
    from ddg_pipeline.publishing import withdraw_from_folder

    release = contract.release
    reason = project.ledger.retract(release, reason).reason
    done = []
    if withdraw_from_folder(contract, project.portal):
        done.append(f"withdrawn from {os.path.relpath(project.portal, project.root)}")
    done += _from_targets(project, contract, reason)
    done += _from_ckan(project, contract, reason)
    for version in project.ledger.versions(release):
        if version.version and version.is_public:
            project.ledger.record(
                release,
                version.version,
                certificate=version.certificate,
                issued_at=version.issued_at,
                what="withdrawn",
                note=reason,
            )
    return done


def _from_targets(project: Project, contract: ReleaseContract, reason: str) -> list[str]:
    if not project.targets:
        return []
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.publishing.object_storage import public_state, retract_from_target
    from ddg_pipeline.publishing.object_store import ObjectStore

    names, done = package_names(contract), []
    for target in project.targets:
        store = ObjectStore(target)
        if public_state(store, names.dataset, names.resource) is not None:
            retract_from_target(store, names.dataset, names.resource, reason)
            done.append(f"withdrawn from {target.url}")
    return done


def _from_ckan(project: Project, contract: ReleaseContract, reason: str) -> list[str]:
    portal = project.ckan
    if portal is None:
        return []
    events = [event for version in project.ledger.versions(contract.release) for event in version.events]
    if not any(event.where == portal.url for event in events):
        return []  # nothing of it was ever sent there
    from ddg_pipeline.orchestration.portals import retract_from_portals

    withdrawn = retract_from_portals(project, [contract], reason)
    return [f"withdrawn from {portal.url}, dataset {one.dataset}" for one in withdrawn if one.changed]


def lift_retraction(project: Project, release: str) -> bool:
    """Let a withdrawn release be published again; False if it was not withdrawn.

    Raises:
        InputError: The ledger cannot be written.
    """
    return project.ledger.lift(release)
