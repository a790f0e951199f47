"""What readers know of a project's releases: read from the ledger for masking, the gate and publication."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddg_pipeline.contract import BoundTable, ReleaseContract, bind
from ddg_pipeline.contract.manifest import contracts_from_manifest
from ddg_pipeline.contract.reporting_periods import series_of
from ddg_pipeline.earlier_versions import EarlierVersion, as_published, refuse_disconnected
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, sources_of_releases
from ddg_pipeline.orchestration.kept_versions import kept_version
from ddg_pipeline.orchestration.periods import today
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.public_entries import is_beside, public_entries, refuse_forgotten
from ddg_pipeline.publishing.ledger import PublicVersion

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.audit import AuditRules
    from ddg_pipeline.rulebook import Rulebook

_LISTED = 5


@dataclass(frozen=True)
class PublicKnowledge:
    """What readers know of a group of releases.

    Attributes:
        versions: The versions by release, as masking and the attacker are told of them. Restricted.
        entries: The same as the ledger has them.
    """

    versions: Mapping[str, Sequence[EarlierVersion]]
    entries: Mapping[str, Sequence[PublicVersion]]

    def certificates(self, release: str) -> list[str]:
        """Name what is public of a release by its certificates, sorted."""
        return sorted({entry.certificate for entry in self.entries.get(release, ())})


def public_knowledge(project: Project, tables: Sequence[BoundTable], rulebook: Rulebook) -> PublicKnowledge:
    """Read what is public of a group of releases, or was.

    Raises:
        InputError: The ledger, or a table in it, cannot be read: then nobody knows what readers know.
        InputErrors: A table in it does not fit the contract, which has changed since.
        RefusedError: A version in the public store was changed since it was released; or it speaks of the same people
            in other names than the table; or the ledger has a release that is not in the project any more, and nobody
            says what it has to do with the table.
    """
    from ddg_pipeline.audit import AuditRules
    from ddg_pipeline.preparation import strongest_level

    rules = AuditRules.from_rulebook(rulebook, strongest_level(tables, rulebook), show_reason=True)
    manifest = read_manifest(ensure_manifest(project))
    releases = contracts_from_manifest(manifest)
    made_of = sources_of_releases(manifest, releases)
    written = {release.contract.release: release.contract for release in releases}
    entries: dict[str, list[PublicVersion]] = {}
    versions: dict[str, list[EarlierVersion]] = {}
    for table in tables:
        release = table.contract.release
        refuse_forgotten(project, table.contract, written, made_of)
        entries[release] = public_entries(project, table.contract)
        versions[release] = []
        for entry in entries[release]:
            version = _version(project, entry, table, rules)
            if version is not None:
                beside = is_beside(entry, table.contract) and _was_beside(version, table.contract, written)
                refuse_disconnected(table, version, other_dimensions=beside)
                versions[release].append(version)
    return PublicKnowledge(versions, entries)


def _was_beside(version: EarlierVersion, contract: ReleaseContract, written: Mapping[str, ReleaseContract]) -> bool:
    """Say whether a version is of a release that there was beside this one: then it is no former name of it."""
    if not version.certain:
        return False  # what it was like is taken from this one
    its = series_of(version.bound.contract)
    return its.release in written or contract.series in (*its.links, *its.already_released)


def _version(project: Project, entry: PublicVersion, table: BoundTable, rules: AuditRules) -> EarlierVersion | None:
    if table.contract.reporting_period is not None and entry.release != table.contract.release:
        return _version_of_period(project, entry, table, rules)
    bound = None if entry.imported else kept_version(project, entry.release, entry.version, entry.name)
    if table.contract.suppression.form != "cells" and bound is None:
        raise RefusedError(
            f"{entry.release}: {entry.name} is public, and whether percentages tell small counts beside it cannot be "
            "judged (§4.4.4)"
        )
    if entry.imported:
        published = _imported(project, entry)
        return as_published(entry.name, published, table, rules, small_counts=entry.small_counts)
    published, masked, reasons_shown = _released(project, entry)
    if bound is None:
        return as_published(entry.name, published, table, rules, small_counts=entry.small_counts)
    return EarlierVersion(entry.name, bound, published, reasons_shown, masked, entry.small_counts)


def _version_of_period(
    project: Project, entry: PublicVersion, table: BoundTable, rules: AuditRules
) -> EarlierVersion | None:
    """Take a period's part of a table of several periods, or of another release; None where it has nothing of it.

    Raises:
        RefusedError: It tells sums over periods, which no single period can be judged beside.
    """
    periods, period = table.contract.reporting_periods, table.contract.reporting_period
    if periods is None or period is None:
        return None
    name = periods.dimension
    published, masked, reasons_shown = (
        (_imported(project, entry), True, False) if entry.imported else _released(project, entry)
    )
    if name not in published.columns:
        raise RefusedError(f"{entry.name}: public, and not by {name}: nobody can tell what it says of single periods")
    whole = None if entry.imported else kept_version(project, entry.release, entry.version, entry.name)
    rows = (published[name].map(str) == period.label).to_numpy()
    known = {*periods.ended(today()), periods.label(today())}
    if whole is not None and not rows.any() and set(whole.axes[name].labels) <= {*known, whole.axes[name].total}:
        return None  # its total, if there is one, is that of other periods
    sums = sorted({text for text in published[name].dropna().map(str) if text not in known})
    if sums:
        raise RefusedError(
            f"{entry.name}: public, with {', '.join(sums[:_LISTED])} under {name}, which are no periods from "
            f"{periods.start} on: single periods cannot be judged beside them; begin `reporting_periods` with the first"
        )
    if not rows.any():
        return None
    part = published[rows].reset_index(drop=True)
    if whole is None:
        return as_published(entry.name, part, table, rules, small_counts=entry.small_counts)
    bound = bind(whole.contract, whole.original[rows].reset_index(drop=True), whole.references, entry.name)
    return EarlierVersion(entry.name, bound, part, reasons_shown, masked, entry.small_counts)


def _released(project: Project, entry: PublicVersion) -> tuple[pd.DataFrame, bool, bool]:
    """Read a version of the public store, and make sure that it is what was released."""
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME
    from ddg_pipeline.quality import read_csv_file, verify_certificate
    from ddg_pipeline.quality.certificate import certificate_sha256

    directory = project.public_store.version(entry.release, entry.version)
    if directory is None:
        place = f"{project.public}: {entry.name}"
        raise InputError(
            place, "version", "nothing, and the ledger says that it is public", "put it back from a backup"
        )
    try:
        certificate = verify_certificate(directory)
    except RefusedError as error:
        raise RefusedError(
            f"{error}; that is {entry.name}, which is public, so that nobody can tell what readers know: put it back, "
            "from a backup or from where it was published"
        ) from None
    if certificate_sha256(directory) != entry.certificate:
        raise RefusedError(f"{entry.name}: not the version that the ledger says is public; put it back from a backup")
    _, published = read_csv_file(directory / certificate.gate.file)
    report = json.loads((directory / REPORT_JSON_NAME).read_bytes())  # of a certified package
    return published, certificate.decision == "mask", bool(report["reasons_shown"])


def _imported(project: Project, entry: PublicVersion) -> pd.DataFrame:
    from ddg_pipeline.quality import read_csv_text

    published = read_csv_text(project.ledger.imported_bytes(entry), entry.name)
    for column, label in entry.at.items():
        if column not in published.columns:
            expected = f"a column of the table: {', '.join(map(str, published.columns))}"
            raise InputErrors([InputError(entry.name, f"at.{column}", "no such column", expected)])
        published = published[published[column] == label].drop(columns=column)
    return published.reset_index(drop=True)
