"""What readers know of a project's releases: read from the ledger for masking, the gate and publication.

What a version was before masking stays behind in the restricted directory, because only that tells which figures of it
were corrected since:

    <restricted>/versions/<release>/<version>.zip   table, contract and reference tables of that version, sealed
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract import BoundTable, ReleaseContract, bind
from ddg_pipeline.contract.kept import contract_of_kept, kept_contract
from ddg_pipeline.earlier_versions import EarlierVersion, as_published, refuse_disconnected
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.format_version import NewerFormatError
from ddg_pipeline.orchestration.periods import today
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.publishing.ledger import PublicVersion
from ddg_pipeline.warehouse.private import DIRECTORY_MODE

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.audit import AuditRules
    from ddg_pipeline.rulebook import Rulebook

_CONTRACT, _TABLE, _REFERENCES = "contract.json", "table.parquet", "references/"
_LISTED = 5
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content is the same bytes


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


def keep_version(project: Project, release: str, version: Path, *, bound: BoundTable) -> None:
    """Keep what a version was before masking, under its number in the public store."""
    target = _kept(project, release, int(version.name))
    target.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    project.sealed_files.write(target, _packed(bound))


def public_knowledge(project: Project, tables: Sequence[BoundTable], rulebook: Rulebook) -> PublicKnowledge:
    """Read what is public of a group of releases, or was.

    Raises:
        InputError: The ledger, or a table in it, cannot be read: then nobody knows what readers know.
        InputErrors: A table in it does not fit the contract, which has changed since.
        RefusedError: A version in the public store was changed since it was released; or it speaks of the same people
            in other names than the table.
    """
    from ddg_pipeline.audit import AuditRules
    from ddg_pipeline.preparation import strongest_level

    rules = AuditRules.from_rulebook(rulebook, strongest_level(tables, rulebook), show_reason=True)
    entries = {table.contract.release: public_entries(project, table.contract) for table in tables}
    versions = {
        table.contract.release: [
            version
            for entry in entries[table.contract.release]
            if (version := _version(project, entry, table, rules)) is not None
        ]
        for table in tables
    }
    for table in tables:
        for version in versions[table.contract.release]:
            refuse_disconnected(table, version)
    return PublicKnowledge(versions, entries)


def public_entries(project: Project, contract: ReleaseContract) -> list[PublicVersion]:
    """Give what the ledger knows of a release; of a reporting period, also the tables of all periods before it had any.

    Raises:
        InputError: The ledger cannot be read.
        RefusedError: It knows of periods of a release that is one table now.
    """
    if contract.reporting_period is not None:
        return [*project.ledger.versions(contract.series), *project.ledger.versions(contract.release)]
    periods = [name for name in project.ledger.releases() if _was_period_of(project, name, contract)]
    if periods:
        raise RefusedError(
            f"{contract.release}: released by reporting periods before ({', '.join(periods[:_LISTED])}), and as one "
            "table nobody could tell what is known of it; keep `reporting_periods` in its contract"
        )
    return list(project.ledger.versions(contract.release))


def _was_period_of(project: Project, release: str, contract: ReleaseContract) -> bool:
    """Say whether a release in the ledger is a period of a contract, by what was kept of it or published."""
    entries = [one for one in project.ledger.versions(release) if not one.imported]
    if not release.startswith(f"{contract.release}_") or not entries:
        return False
    from ddg_pipeline.publishing.names import REPORT_JSON_NAME

    version = project.public_store.version(release, entries[-1].version)
    if version is None:
        place, found = f"{project.public}: {entries[-1].name}", "nothing, and the ledger says that it is public"
        raise InputError(place, "version", found, "put it back from a backup: it may be of the same people")
    told: dict[str, Any] = json.loads((version / REPORT_JSON_NAME).read_bytes())
    return bool(told.get("series") == contract.release)


def original_of(project: Project, release: str, version: int) -> pd.DataFrame | None:
    """Give a version as it was before masking; None where that was not kept, or cannot be read any more. Restricted."""
    kept = _kept(project, release, version)
    if not kept.is_file():
        return None
    try:
        return _unpacked(project.sealed_files.read(kept), kept, release).original
    except InputError:
        return None


def _version(project: Project, entry: PublicVersion, table: BoundTable, rules: AuditRules) -> EarlierVersion | None:
    if table.contract.reporting_period is not None and entry.release == table.contract.series:
        return _version_of_period(project, entry, table, rules)
    kept = _kept(project, entry.release, entry.version)
    if table.contract.suppression.form != "cells" and (entry.imported or not kept.is_file()):
        raise RefusedError(
            f"{entry.release}: {entry.name} is public, and whether percentages tell small counts beside it cannot be "
            "judged (§4.4.4)"
        )
    if entry.imported:
        published = _imported(project, entry)
        return as_published(entry.name, published, table, rules, small_counts=entry.small_counts)
    published, masked, reasons_shown = _released(project, entry)
    if not kept.is_file():
        return as_published(entry.name, published, table, rules, small_counts=entry.small_counts)
    bound = _unpacked(project.sealed_files.read(kept), kept, entry.name)
    return EarlierVersion(entry.name, bound, published, reasons_shown, masked, entry.small_counts)


def _version_of_period(
    project: Project, entry: PublicVersion, table: BoundTable, rules: AuditRules
) -> EarlierVersion | None:
    """Take a period's part of a table of all periods; None where it has nothing of it.

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
    known = {*periods.ended(today()), periods.label(today())}
    sums = sorted({text for text in published[name].dropna().map(str) if text not in known})
    if sums:
        raise RefusedError(
            f"{entry.name}: public, with {', '.join(sums[:_LISTED])} under {name}, which are no periods from "
            f"{periods.start} on: single periods cannot be judged beside them; begin `reporting_periods` with the first"
        )
    rows = (published[name].map(str) == period.label).to_numpy()
    if not rows.any():
        return None
    part = published[rows].reset_index(drop=True)
    kept = _kept(project, entry.release, entry.version)
    if entry.imported or not kept.is_file():
        return as_published(entry.name, part, table, rules, small_counts=entry.small_counts)
    whole = _unpacked(project.sealed_files.read(kept), kept, entry.name)
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


def _kept(project: Project, release: str, version: int) -> Path:
    return project.restricted / "versions" / release / f"{version}.zip"


def _packed(bound: BoundTable) -> bytes:
    files: dict[str, bytes] = {
        _CONTRACT: kept_contract(bound.contract),
        _TABLE: _parquet(bound.original),
    }
    for number, (name, reference) in enumerate(sorted(bound.references.items())):
        files[f"{_REFERENCES}{number}.json"] = json.dumps(name).encode()
        files[f"{_REFERENCES}{number}.parquet"] = _parquet(reference)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return data.getvalue()


def _unpacked(data: bytes, path: Path, name: str) -> BoundTable:
    import pandas as pd

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contract = contract_of_kept(archive.read(_CONTRACT), str(path))
            table = pd.read_parquet(io.BytesIO(archive.read(_TABLE)))
            references: dict[str, Any] = {}
            for member in sorted(archive.namelist()):
                if member.startswith(_REFERENCES) and member.endswith(".json"):
                    content = archive.read(f"{member.removesuffix('.json')}.parquet")
                    references[json.loads(archive.read(member))] = pd.read_parquet(io.BytesIO(content))
        return bind(contract, table, references, name)
    except NewerFormatError:
        raise
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, InputErrors):
        # also a contract as an older version of this tool wrote it
        found = "not what this version of ddg_pipeline keeps of a release"
    raise InputError(
        str(path), "file", found, "put it back from a backup, or move it away to go by the published table"
    )


def _parquet(frame: pd.DataFrame) -> bytes:
    data = io.BytesIO()
    frame.to_parquet(data, index=False)
    return data.getvalue()
