"""Which entries of the ledger are about the people of a release: its own, and those of releases that it is beside."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.contract.reporting_periods import of_period
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.orchestration.kept_versions import kept_sources
from ddg_pipeline.orchestration.periods import today
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.publishing.ledger import PublicVersion

_LISTED = 5


def public_entries(project: Project, contract: ReleaseContract) -> list[PublicVersion]:
    """Give what the ledger knows of the people of a release.

    That is every version of it; of a reporting period, also the tables of all periods before it had any; and whatever
    is there of the releases that `already_released` of the contract names.

    Raises:
        InputError: The ledger cannot be read.
        RefusedError: It knows of periods of a release that is one table now.
    """
    ledger = project.ledger
    known = contract.already_released
    beside = [
        entry
        for name in (ledger.releases() if known else ())
        if name in known or _series(project, name) in known
        for entry in ledger.versions(name)
    ]
    if contract.reporting_period is not None:
        return [*beside, *ledger.versions(contract.series), *ledger.versions(contract.release)]
    begin = f"{contract.release}_"
    periods = [
        name for name in ledger.releases() if name.startswith(begin) and _series(project, name) == contract.release
    ]
    if periods:
        raise RefusedError(
            f"{contract.release}: released by reporting periods before ({', '.join(periods[:_LISTED])}), and as one "
            "table nobody could tell what is known of it; keep `reporting_periods` in its contract"
        )
    return [*beside, *ledger.versions(contract.release)]


def is_beside(entry: PublicVersion, contract: ReleaseContract) -> bool:
    """Say whether an entry is about another release than a contract's own."""
    return entry.release not in (contract.release, contract.series)


def refuse_forgotten(
    project: Project,
    contract: ReleaseContract,
    written: Mapping[str, ReleaseContract],
    made_of: Mapping[str, Collection[str]],
) -> None:
    """Refuse a release beside one that is public, not in the project any more, and may count the same people.

    Args:
        project: The project.
        contract: The contract of the release, or of one period of it.
        written: All contracts of the project, by the names that people wrote.
        made_of: The source tables of their aggregates.

    Raises:
        RefusedError: The ledger has such a release, and the contract says nothing of it.
        InputError: The ledger cannot be read.
    """
    own = set(made_of[contract.series])
    for name in sorted({*project.ledger.releases()} - _names(written.values())):
        entries = project.ledger.versions(name)
        called = _series(project, name) or name
        if not entries or called in written or called in (*contract.already_released, *contract.unrelated):
            continue
        sources = [None if one.imported else kept_sources(project, name, one.version) for one in entries]
        if any(some is None or own & set(some) for some in sources):
            known = sorted({source for some in sources if some is not None for source in own & set(some)})
            why = f"was made of {', '.join(known)}, too" if known else "may be of the same people"
            raise RefusedError(
                f"{contract.release}: {name} is public, is not in the project any more, and {why}; say in the contract "
                f"`already_released: [{called}]`, so that what it shows is known to masking, or, where no person is in "
                f"both, `unrelated: {{{called}: why}}` (`ddg help same-people`)"
            )


def _names(contracts: Collection[ReleaseContract]) -> set[str]:
    """Name all releases of a project, each period that has begun among them."""
    names = {contract.release for contract in contracts}
    for contract in contracts:
        if contract.reporting_periods is not None:
            labels = [*contract.reporting_periods.ended(today()), contract.reporting_periods.label(today())]
            names |= {of_period(contract, label).release for label in labels}
    return names


def _series(project: Project, release: str) -> str | None:
    """Say which release one in the ledger was a period of, by what was published; None if of none, or imported."""
    entries = [one for one in project.ledger.versions(release) if not one.imported]
    if not entries:
        return None
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME

    version = project.public_store.version(release, entries[-1].version)
    if version is None:
        place, found = f"{project.public}: {entries[-1].name}", "nothing, and the ledger says that it is public"
        raise InputError(place, "version", found, "put it back from a backup: it may be of the same people")
    told: dict[str, Any] = json.loads((version / REPORT_JSON_NAME).read_bytes())
    series = told.get("series")
    return None if series is None else str(series)
