"""Portals other than the local folder, without Dagster: publish there, compare, and withdraw.

What is compared is what lies in the local portal folder: it was published last, and its certificate holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.reporting_periods import series_of
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.made_by import made_by

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.publishing import Package, Receipt
    from ddg_pipeline.publishing.ckan import CkanPortal, CkanWithdrawal

CKAN = "ckan"
_LOCK = ".portal-lock"


def publish_to_portals(project: Project, packages: Sequence[Package], receipts: Sequence[Receipt]) -> list[Receipt]:
    """Publish packages, which the local folder has already, to the portals that the project names.

    Returns:
        The folder's receipts, with where else the releases are.

    Raises:
        RefusedError: A portal has a later version, or gives back something else than was sent.
        InputError: A portal or its settings are wrong, or something else stands there.
    """
    if project.ckan is None:
        return list(receipts)
    from ddg_pipeline.publishing.ckan import publish_together_to_ckan

    fields = _fields(project, packages)
    with _one_at_a_time(project):
        there = publish_together_to_ckan(packages, project.ckan, fields)
    return [replace(here, elsewhere={CKAN: one.url}) for here, one in zip(receipts, there, strict=True)]


def _fields(project: Project, packages: Sequence[Package]) -> dict[str, dict[str, Any]]:
    """Say what the portal shows beside each dataset; of several releases in one, what the first of them says.

    Raises:
        InputErrors: There is no such mapping, or it asks for something that neither contract nor ddg.yaml say.
    """
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.publishing.metadata import ckan_dataset_fields, facts_of_package

    found: dict[str, dict[str, Any]] = {}
    mapping = None if project.ckan is None else project.ckan.mapping
    for package in packages if mapping is not None else ():
        contract = package.contract
        dataset = package_names(contract).dataset
        if dataset not in found:
            facts = facts_of_package(package.directory, contract)
            found[dataset] = ckan_dataset_fields(
                contract, package.rulebook, facts, project.metadata, str(mapping), project.root
            )
            found[dataset].pop("name", None)  # the publisher's own business
    return found


def portal_problems(project: Project, contract: ReleaseContract) -> list[str]:
    """Compare what anybody reads on the portal with what was published; no token is needed.

    Raises:
        RefusedError: Nothing was published, or its certificate does not hold with the contract as it is now, so that
            there is nothing to compare with.
        InputError: The portal does not answer.
    """
    from ddg_pipeline.publishing import Package, package_names
    from ddg_pipeline.publishing.ckan import compare_with_portal
    from ddg_pipeline.rulebook import load_rulebook

    names = package_names(contract)
    published = project.portal / names.dataset / names.resource
    if not published.is_dir():
        raise RefusedError(f"{contract.release}: not published; {made_by(contract.release, 'publication')}")
    rulebook = load_rulebook(contract.rulebook, project.rulebook_source, contract.release)
    package = Package(published.resolve(), contract, rulebook, None, project.signing)
    fields = _fields(project, [package]).get(names.dataset) if _is_newest(project, contract) else None
    return compare_with_portal(package, _ckan(project), fields)


def _is_newest(project: Project, contract: ReleaseContract) -> bool:
    """Say whether the dataset's page speaks of this release: of reporting periods, of the one published last."""
    from ddg_pipeline.orchestration.periods import every_period
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.quality import read_certificate

    if contract.reporting_period is None:
        return True
    issued = {}
    for one in every_period(series_of(contract)):
        names = package_names(one)
        place = project.portal / names.dataset / names.resource
        if place.is_dir():
            issued[one.release] = read_certificate(place).issued_at
    return issued.get(contract.release) == max(issued.values(), default=None)


def retract_from_portals(project: Project, contracts: Sequence[ReleaseContract], reason: str) -> list[CkanWithdrawal]:
    """Withdraw releases from the portal that the project names; the local folder is left to its owner.

    Raises:
        RefusedError: Something of a release can still be read.
        InputError: There is no portal, no such release on it, or no reason.
    """
    from ddg_pipeline.publishing.ckan import retract_from_ckan

    with _one_at_a_time(project):
        return retract_from_ckan(contracts, _ckan(project), reason=reason)


def _ckan(project: Project) -> CkanPortal:
    if project.ckan is None:
        expected = "write `url`, `organization` and `token` of the portal"
        raise InputErrors([InputError(str(project.root / "ddg.yaml"), CKAN, "nothing", expected)])
    return project.ckan


@contextmanager
def _one_at_a_time(project: Project) -> Iterator[None]:
    """Keep two runs of this project from writing to the portal at the same time; the next one waits.

    Raises:
        RefusedError: Another one did not come to its end in time.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(project.restricted_store.private_directory() / _LOCK, mode=0o600)
    try:
        lock.acquire(timeout=project.store_wait)
    except Timeout:
        raise RefusedError(
            f"another run is writing to the portal; waited {project.store_wait:g} s, nothing was changed there"
        ) from None
    try:
        yield
    finally:
        lock.release()
