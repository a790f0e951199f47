"""The last step of a release, without Dagster: the certified packages of a group, approved, to every place at once.

Nothing here believes what a run says: what is published is what lies in the public store, and its certificate, the
approvals, and what readers know by now are all looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.portals import publish_to_portals
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.public_entries import is_beside, public_entries
from ddg_pipeline.orchestration.public_places import public_places
from ddg_pipeline.orchestration.review import approved
from ddg_pipeline.orchestration.targets import publish_to_targets

if TYPE_CHECKING:
    from ddg_pipeline.publishing import Package, Receipt
    from ddg_pipeline.publishing.ledger import PublicVersion
    from ddg_pipeline.quality import Suite
    from ddg_pipeline.rulebook import Rulebook


def certified(project: Project, contracts: Sequence[ReleaseContract]) -> list[Package]:
    """Give the current packages of a group, verified: each certificate holds, and all come from one passage.

    Raises:
        RefusedError: There is no release, or a certificate is void, or the group's releases do not belong together, or
            one was made without knowing what is public now, or is withdrawn.
        InputErrors: A reviewed suite cannot be read.
        InputError: The ledger cannot be read.
    """
    from ddg_pipeline.publishing import Package
    from ddg_pipeline.quality import load_suite, verify_certificate
    from ddg_pipeline.rulebook import load_rulebook

    source = project.rulebook_source
    ready: list[tuple[ReleaseContract, Path, Rulebook, Suite]] = []
    passages = set()
    for contract in contracts:
        name = contract.release
        current = project.public_store.current(name)
        if current is None:
            raise RefusedError(f"{name}: nothing has passed the gate; {made_by(name, 'release')}")
        suite, rulebook = (
            load_suite(project.suite_file(contract)),
            load_rulebook(contract.rulebook, source, name),
        )
        passages.add(verify_certificate(current, contract, rulebook, suite, project.signing).issued_at)
        ready.append((contract, current, rulebook, suite))
    if len(passages) > 1:
        names = ", ".join(contract.release for contract in contracts)
        raise RefusedError(f"{names}: linked, but not released together; {made_by(contracts[0].release, 'release')}")
    for contract, current, _, _ in ready:
        _check_public(project, contract, current)
    return [
        Package(current, contract, rulebook, suite, project.signing) for contract, current, rulebook, suite in ready
    ]


def publish(project: Project, contracts: Sequence[ReleaseContract]) -> list[Receipt]:
    """Publish the current releases of a group to the local portal folder, and from there to where the project says.

    All of them are verified before the first is published: each certificate must hold for these very bytes, all must
    come from one passage through the gate, everybody who has to must have approved exactly these certificates, and
    nothing else of them may have become public since. The ledger is told before any portal is.

    Raises:
        RefusedError: As `certified`, or an approval is missing, or a portal would show something else.
        InputErrors: A reviewed suite cannot be read, or a portal does not answer.
        InputError: The ledger, or a portal, cannot be read or written.
    """
    from ddg_pipeline.publishing import publish_together

    places = public_places(project)
    with approved(project, certified(project, contracts)) as packages:
        _note(project, packages, "publishing", places)
        for package in packages:  # once more: somebody may have withdrawn or imported something meanwhile
            _check_public(project, package.contract, package.directory)
        receipts = publish_together(packages, project.portal)
        receipts = publish_to_targets(project, packages, receipts)
        receipts = publish_to_portals(project, packages, receipts)
        _note(project, packages, "published", places)
        return receipts


def _check_public(project: Project, contract: ReleaseContract, version: Path) -> None:
    """Refuse a version that is withdrawn, or that was masked without knowing what is public by now."""
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME
    from ddg_pipeline.quality.certificate import certificate_sha256

    release = contract.release
    retraction = project.ledger.retraction(release)
    if retraction is not None:
        raise RefusedError(
            f"{release}: withdrawn on {retraction.at:%Y-%m-%d} ({retraction.reason}); "
            f"`ddg retract {release} --lift` lets it be published again"
        )
    entries = public_entries(project, contract)
    certificate = certificate_sha256(version)
    if any(one.certificate == certificate and not one.is_public for one in entries):
        raise RefusedError(
            f"{release}: this version was withdrawn and does not come back; {made_by(release, 'masked', 'release')}"
        )
    known = json.loads((version / REPORT_JSON_NAME).read_bytes()).get("already_public", [])
    if any(one.certificate == certificate and one.is_public for one in entries):
        # what became public of other releases since then was masked beside this one
        entries = [one for one in entries if not (is_beside(one, contract) and _knew(project, one, certificate))]
    if {one.certificate for one in entries} - {*known, certificate}:
        raise RefusedError(
            f"{release}: another version became public since this one was masked; "
            f"{made_by(release, 'masked', 'release')}"
        )


def _knew(project: Project, entry: PublicVersion, certificate: str) -> bool:
    """Say whether a version of another release was masked with a certificate's release as known to readers."""
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME
    from ddg_pipeline.quality import check_package

    directory = None if entry.imported else project.public_store.version(entry.release, entry.version)
    if directory is None:
        return False
    found = check_package(directory)
    if not found.holds or found.certificate_sha256 != entry.certificate:
        return False
    return certificate in json.loads((directory / REPORT_JSON_NAME).read_bytes()).get("already_public", [])


def _note(
    project: Project, packages: Sequence[Package], what: Literal["publishing", "published"], places: Sequence[str]
) -> None:
    """Tell the ledger what happens at places where it does not have these versions as public already."""
    from ddg_pipeline.quality import read_certificate
    from ddg_pipeline.quality.certificate import certificate_sha256

    for package in packages:
        release, version = package.contract.release, int(package.directory.name)
        certificate = certificate_sha256(package.directory)
        issued_at = read_certificate(package.directory).issued_at
        for where in places:
            if not project.ledger.is_published(release, version, certificate, where):
                project.ledger.record(
                    release, version, certificate=certificate, issued_at=issued_at, what=what, where=where
                )
