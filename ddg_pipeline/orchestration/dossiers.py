"""The dossier of every version that passed the gate, for its reviewers.

    <review>/<release>/<version>/dossier.html               written anew whenever it is asked for
    <review>/<release>/<version>/expert_determination.docx  written once: it is the expert's to complete

What goes into them is read from the public store. They are for reviewers all the same, and readable by their owner
only: which cells were shown before and are hidden now, for example, is public, but nobody need be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.failures import attempt
from ddg_pipeline.warehouse.private import DIRECTORY_MODE
from ddg_pipeline.warehouse.sealed import write_privately

if TYPE_CHECKING:
    import dagster as dg

    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.orchestration.steps import Checked
    from ddg_pipeline.review.dossier import Approval, EarlierVersion, PublicTable
    from ddg_pipeline.review.dossier.facts import ApprovalState
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class WrittenDossier:
    """Where a dossier is.

    Attributes:
        release: Its release.
        version: The version in the public store.
        page: The page.
        determination: The Word document.
        kept: Whether a Word document with another content was there, which somebody may have edited, and was left.
    """

    release: str
    version: int
    page: Path
    determination: Path
    kept: bool


@dataclass(frozen=True)
class GroupDossiers:
    """What became of the dossiers of a group.

    Attributes:
        written: Those that were written, by release.
        failures: Why the others were not, by release.
    """

    written: dict[str, WrittenDossier]
    failures: dict[str, dg.Failure]

    def metadata(self, release: str) -> dict[str, dg.MetadataValue]:
        """Link the files of a release, where there are any."""
        import dagster as dg

        found = self.written.get(release)
        if found is None:
            return {}
        return {
            "dossier": dg.MetadataValue.path(str(found.page)),
            "expert_determination": dg.MetadataValue.path(str(found.determination)),
        }

    def raise_if_any_failed(self) -> None:
        """Tell a person what could not be written.

        Raises:
            dagster.Failure: A dossier is missing. What was handed over stays.
        """
        import dagster as dg

        if not self.failures:
            return
        first = next(iter(self.failures))
        told = "; ".join(f"{release}: {failure.description}" for release, failure in self.failures.items())
        raise dg.Failure(
            description=f"released, but without a dossier for its reviewers: {told}. Nothing is taken back; "
            f"`ddg dossier {first}` makes one; then, {made_by(first, 'publication')}",
            metadata=next(iter(self.failures.values())).metadata,
            allow_retries=False,
        )


def dossiers_of_group(project: Project, checked: Sequence[Checked]) -> GroupDossiers:
    """Write the dossiers of releases that were just handed over; one that fails does not stop the others."""
    import dagster as dg

    written, failures = {}, {}
    for one in checked:
        contract = one.staged.contract
        linked = [other.staged.contract.release for other in checked if other is not one]
        try:
            written[contract.release] = attempt(write_dossier, project, contract, one.rulebook, linked)
        except dg.Failure as failure:
            failures[contract.release] = failure
    return GroupDossiers(written, failures)


def write_dossier(
    project: Project, contract: ReleaseContract, rulebook: Rulebook, linked: Sequence[str], output: Path | None = None
) -> WrittenDossier:
    """Write the dossier of the current version of a release.

    Args:
        project: The project.
        contract: The release's contract.
        rulebook: Its rulebook.
        linked: The other releases of its group.
        output: Where the files go; by default into the project's directory for reviewers.

    Raises:
        RefusedError: Nothing of it has passed the gate, or a certificate is void.
        InputError: A file cannot be read or written.
    """
    from ddg_pipeline.review.dossier import determination_docx, dossier_html, dossier_of
    from ddg_pipeline.review.dossier.page import PAGE_NAME
    from ddg_pipeline.review.dossier.word import WORD_NAME

    release = contract.release
    versions = project.public_store.versions(release)
    if not versions:
        raise RefusedError(f"{release}: nothing has passed the gate; {made_by(release, 'masked', 'release')}")
    current, earlier = versions[-1], versions[:-1]
    history = [_earlier(directory) for directory in earlier]
    believed = [directory for directory, one in zip(earlier, history, strict=True) if one.issued_at is not None]
    seen = _ever_public(project, release)
    public = [directory for directory in believed if int(directory.name) in seen]
    dossier = dossier_of(
        current,
        previous=next(reversed(public or believed), None),  # what readers have, where they have any
        previous_published=bool(public),
        contract=contract,
        rulebook=rulebook,
        already_public=list(_others(project, contract, linked)),
        history=history,
        version=int(current.name),
        signing=project.signing,
    )
    dossier = replace(dossier, approvals=tuple(_approvals(project, contract, rulebook)))
    directory = output or project.dossiers / release / current.name
    page, determination = directory / PAGE_NAME, directory / WORD_NAME
    document = determination_docx(dossier)
    try:
        _make(directory, project.dossiers)
        kept = determination.exists() and determination.read_bytes() != document
        write_privately(page, dossier_html(dossier).encode())
        if not kept:
            write_privately(determination, document)
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputError(
            str(directory), "the directory", found, "a directory that can be written, with room left"
        ) from None
    return WrittenDossier(release, int(current.name), page, determination, kept)


def written_dossier(project: Project, release: str) -> Path | None:
    """Say where the page about the current version of a release is; None where there is none.

    Args:
        project: The project.
        release: The release.
    """
    from ddg_pipeline.review.dossier.page import PAGE_NAME

    current = project.public_store.current(release)
    page = None if current is None else project.dossiers / release / current.name / PAGE_NAME
    return page if page is not None and page.is_file() else None


def _make(directory: Path, review: Path) -> None:
    """Make a directory, and those above it that are ours, for their owner alone."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    for path in (directory, *directory.parents):
        if path.is_relative_to(review):
            path.chmod(DIRECTORY_MODE)


def _ever_public(project: Project, release: str) -> set[int]:
    """Give the numbers of the versions that were public at any time: withdrawn or replaced, readers may have them."""
    return {
        entry.version
        for entry in project.ledger.versions(release)
        if not entry.imported and (entry.is_public or any(event.what != "withdrawn" for event in entry.events))
    }


def _earlier(directory: Path) -> EarlierVersion:
    """Say what there is to know about an earlier version; of one that was changed, that it was."""
    from ddg_pipeline.quality import check_package
    from ddg_pipeline.review.dossier import EarlierVersion

    found, number = check_package(directory), int(directory.name)
    if found.certificate is None or not found.holds:
        return EarlierVersion(number)
    certificate = found.certificate
    return EarlierVersion(
        number, certificate.issued_at, certificate.gate.rows, certificate.decision, found.certificate_sha256
    )


def _approvals(project: Project, contract: ReleaseContract, rulebook: Rulebook) -> list[Approval]:
    """Say who has approved the current version, and who has to."""
    from ddg_pipeline.orchestration.review import package_of, reviews_of
    from ddg_pipeline.review.dossier import Approval

    states: dict[str, ApprovalState] = {"approved": "given", "missing": "awaited", "revoked": "revoked", "void": "void"}
    (review,) = reviews_of(project, [package_of(project, contract)])
    called = rulebook.sign_offs.roles
    return [
        Approval(
            one.role,
            called[one.role].description if one.role in called else one.role.replace("_", " ").capitalize(),
            states[one.state],
            one.by or "",
            one.at,
            "; ".join(filter(None, [one.note, *one.why])),
            one.signed_by or "",
        )
        for one in review.roles
    ]


def _others(project: Project, contract: ReleaseContract, linked: Sequence[str]) -> Iterator[PublicTable]:
    """List what else the public store has, and what was published of this release before this tool."""
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of, sources_of_releases
    from ddg_pipeline.quality import check_package
    from ddg_pipeline.review.dossier import PublicTable
    from ddg_pipeline.review.dossier.report_reading import read_report

    release = contract.release
    manifest = read_manifest(ensure_manifest(project))
    releases = releases_of(manifest)
    written = {one.contract.release: one.contract for one in releases}
    made_of = sources_of_releases(manifest, releases)
    for entry in project.ledger.versions(release):
        if entry.imported:
            place = ", ".join(entry.where) or "no place was noted"
            yield PublicTable(
                entry.name, place, "imported: published before, or beside this tool", True, entry.issued_at
            )
    store = project.public_store
    for name in store.releases():
        current = store.current(name)
        if name == release or current is None:
            continue
        found = check_package(current)
        series = max((one for one in written if name == one or name.startswith(f"{one}_")), key=len, default=name)
        known = name in linked or series in contract.already_released
        relation = _relation(contract, series, written.get(series), made_of, linked=name in linked)
        place = f"release {name}, version {current.name}, in the public store"
        if found.certificate is None or not found.holds:
            yield PublicTable(name, place, f"{relation}; its certificate is void", taken_as_known=False)
        else:
            yield PublicTable(read_report(current).title, place, relation, known, found.certificate.issued_at)


def _relation(
    contract: ReleaseContract,
    other: str,
    its_contract: ReleaseContract | None,
    made_of: Mapping[str, frozenset[str]],
    *,
    linked: bool,
) -> str:
    """Say what another release has to do with this one, as far as contracts and dbt's lineage tell."""
    if linked:
        return "linked: drawn from the same records, and masked together"
    if contract.reporting_period is not None and other == contract.series:
        return "another period of the same release: no row is in both"
    if other in contract.already_released:
        return "of the same people: each is masked with what is public of the other in mind"
    common = sorted(made_of.get(contract.series, frozenset()) & made_of.get(other, frozenset()))
    reasons = [contract.unrelated.get(other)]
    if its_contract is not None:
        reasons.append(its_contract.unrelated.get(contract.series))
    reason = next(filter(None, reasons), None)
    if reason is not None:
        shared = f", though both are made of {', '.join(common)}" if common else ""
        return f"declared unrelated{shared}: {reason}"
    if its_contract is None:
        return "not in the project any more, and made of other sources"
    return "dbt knows of no source that both are made of"


def write_dossier_of(project: Project, release: str, output: Path | None = None) -> WrittenDossier:
    """Write the dossier of a release by its name, under the contract and rulebook as they stand in a project now.

    Args:
        project: The project.
        release: The release.
        output: Where the files go; by default into the project's directory for reviewers.

    Raises:
        InputErrors: The project has no such release, or its contracts or rulebook cannot be read.
        RefusedError: Nothing of it has passed the gate, or what passed was certified under others.
        InputError: A file cannot be read or written.
    """
    from ddg_pipeline.orchestration.dbt_models import written_contracts
    from ddg_pipeline.orchestration.periods import contract_named, linked_with
    from ddg_pipeline.rulebook import load_rulebook

    written = written_contracts(project)
    contract = contract_named(project, written, release, str(project.root))
    rulebook = load_rulebook(contract.rulebook, project.rulebook_source, release)
    return write_dossier(project, contract, rulebook, linked_with(written, contract), output)
