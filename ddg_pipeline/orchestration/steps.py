"""What the release assets do, without Dagster: read, mask and stage; check and certify; hand over. Then: `publication`.

Every step works on a group of linked releases: they are masked together, so that they pass together or not at all.
Between the steps a release lies in the restricted directory:

    <restricted>/staged/<release>/package/…      the files that are to ship
    <restricted>/staged/<release>/prepared.json  how they came about, for the gate
    <restricted>/staged/<release>/proof.parquet  why the hidden counts are protected; see `proofs`
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract import BoundTable, ReleaseContract, bind
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.dbt_models import sources_in_project
from ddg_pipeline.orchestration.kept_versions import keep_version
from ddg_pipeline.orchestration.periods import another_period_is_masked, part_of_period
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.proofs import CheckedProof, check_proof, keep_proof, stage_proof
from ddg_pipeline.orchestration.public_versions import public_knowledge
from ddg_pipeline.rulebook import Rulebook

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.audit import AuditReport
    from ddg_pipeline.earlier_versions import EarlierVersion
    from ddg_pipeline.masking import CellCounts, Progress
    from ddg_pipeline.preparation import Prepared
    from ddg_pipeline.publishing import AuditSummary
    from ddg_pipeline.quality import Certificate, GateResult, Suite

_PREPARED = "prepared.json"
_PACKAGE = "package"
_LISTED = 20
_CLOCK_CORRECTION = dt.timedelta(minutes=5)  # a clock that is set right goes back so far at most


@dataclass(frozen=True)
class Staged:
    """A release between masking and the gate.

    Attributes:
        contract: Its contract.
        assessment: What steps 1 to 3 found, as plain values.
        counts: How many cells of which kind, by measure.
        masked: Whether counts under the threshold are hidden.
        reasons_shown: Whether the codes tell small cells from complementary ones.
        aggregate: The hash of the aggregate that was masked, with its contract and rulebook.
        package: The directory of the files that are to ship.
    """

    contract: ReleaseContract
    assessment: Mapping[str, Any]
    counts: Mapping[str, CellCounts]
    masked: bool
    reasons_shown: bool
    aggregate: str
    package: Path


@dataclass(frozen=True)
class Checked:
    """What the gate says about one staged release.

    Attributes:
        staged: The release.
        bound: Its table before masking. Restricted.
        suite: The reviewed suite; None where there is none that can be read.
        suite_problems: Why the reviewed suite is not the one that the contract asks for; empty if it is.
        differences: Where a shown figure is not the aggregate's, by coordinate.
        gate: What Great Expectations found in the bytes; None where there was no suite to judge by.
        audit: What the attacker found in the group, without figures; None where nothing needs to be hidden.
        proof: What checking the proof of the group showed.
        public: The certificates of the versions that are public already, and so known to readers.
        rulebook: The rulebook that all of this was judged by.
    """

    staged: Staged
    bound: BoundTable = field(repr=False)
    suite: Suite | None
    suite_problems: tuple[str, ...]
    differences: tuple[str, ...]
    gate: GateResult | None
    audit: AuditReport | None
    proof: CheckedProof
    public: tuple[str, ...]
    rulebook: Rulebook

    @property
    def audit_passed(self) -> bool:
        """Whether the attacker found nothing, or there is nothing to find because nothing needs to be hidden."""
        return self.audit.safe if self.audit is not None else not self.staged.masked

    @property
    def checks(self) -> dict[str, bool]:
        """Every check of the gate by name, and whether it was computed and nothing was found."""
        return {
            "same_as_aggregate": not self.differences,
            "suite_matches_contract": not self.suite_problems,
            "great_expectations": self.gate is not None and self.gate.passed,
            "protection_proof": self.proof.holds,
            "attack_audit": self.audit_passed,
        }

    @property
    def passed(self) -> bool:
        """Whether everything was computed and nothing was found."""
        return all(self.checks.values())


def read_group(
    project: Project, releases: Sequence[DbtRelease], relations: Mapping[str, tuple[str, str]]
) -> list[BoundTable]:
    """Read the aggregates of a group from the restricted store and bind them to their contracts.

    Raises:
        InputErrors: An aggregate does not fit its contract, or a rulebook cannot be found.
        RefusedError: An aggregate carries direct identifiers, or records.
    """
    from ddg_pipeline.assessment import refuse_direct_identifiers
    from ddg_pipeline.rulebook import load_rulebook

    store = project.restricted_store
    names = ", ".join(release.contract.release for release in releases)
    tables = []
    references: dict[str, pd.DataFrame] = {}
    for release in releases:
        for name in release.contract.reference_tables:
            if name not in references:
                references[name] = store.read_table(*relations[name])
        table = part_of_period(store.read_table(release.schema, release.relation), release.contract, release.model)
        # first of all: what binding says of a row that does not fit names its categories
        rulebook = load_rulebook(release.contract.rulebook, project.rulebook_source, names)
        refuse_direct_identifiers(table, release.contract, rulebook)
        named = {name: references[name] for name in release.contract.reference_tables}
        tables.append(bind(release.contract, _in_order(table, release.contract), named, release.model))
    return tables


def _in_order(table: pd.DataFrame, contract: ReleaseContract) -> pd.DataFrame:
    """Sort the rows by their categories: a database gives them in any order, and the same data are the same bytes."""
    present = [name for name in contract.dimensions if name in table.columns]
    return table.sort_values(present, kind="stable", key=lambda column: column.astype("str")).reset_index(drop=True)


def known_versions(project: Project, tables: Sequence[BoundTable]) -> Mapping[str, Sequence[EarlierVersion]]:
    """Read what readers know already of the releases of a group, as masking is told of it. Restricted.

    Raises:
        InputError: It cannot be read.
    """
    return public_knowledge(project, tables, rulebook_of_group(project, tables)).versions


def mask(
    project: Project,
    tables: Sequence[BoundTable],
    versions: Mapping[str, Sequence[EarlierVersion]],
    progress: Progress | None = None,
) -> list[Prepared]:
    """Assess and mask the tables of a group, in memory: this takes long, and neither reads nor writes a store.

    Raises:
        InputErrors: A table or contract is wrong.
        RefusedError: The tables cannot be protected.
    """
    from ddg_pipeline.preparation import prepare

    alike = another_period_is_masked(project, [table.contract for table in tables])
    try:
        return prepare(tables, rulebook_of_group(project, tables), progress, versions, like_other_periods=alike)
    except RefusedError as error:
        commands = ", ".join(f"`ddg advise {table.contract.release}`" for table in tables)
        raise RefusedError(f"{error}\nWhat could be published instead, and at what cost: {commands}") from None


def stage(project: Project, prepared: Sequence[Prepared]) -> list[Staged]:
    """Write the masked tables of a group to where the gate looks.

    If the aggregates, or what is public, changed since they were read, the gate notices and refuses.
    """
    from ddg_pipeline.masking import proof_bytes

    rulebook = rulebook_of_group(project, [one.bound for one in prepared])
    protections = prepared[0].protections
    proof = proof_bytes(protections) if protections else None
    return [_stage(project, one, rulebook, proof) for one in prepared]


def rulebook_of_group(project: Project, tables: Sequence[BoundTable]) -> Rulebook:
    """Load the one rulebook that a group is judged by."""
    from ddg_pipeline.preparation import rulebook_of

    return rulebook_of(tables, project.rulebook_source)


def _stage(project: Project, prepared: Prepared, rulebook: Rulebook, proof: bytes | None) -> Staged:
    from ddg_pipeline.publishing import write_release_csv

    contract = prepared.bound.contract
    home = project.staged(contract.release)
    project.restricted_store.private_directory()
    shutil.rmtree(home, ignore_errors=True)
    package = home / _PACKAGE
    write_release_csv(package, contract, prepared.masked.frame)
    staged = Staged(
        contract=contract,
        assessment=prepared.assessment.to_json_dict(),
        counts=prepared.masked.counts,
        masked=prepared.masked.masked,
        reasons_shown=prepared.masked.reasons_shown,
        aggregate=_digest(prepared.bound, rulebook),
        package=package,
    )
    record = {
        "assessment": dict(staged.assessment),
        "counts": {name: asdict(counts) for name, counts in staged.counts.items()},
        "masked": staged.masked,
        "reasons_shown": staged.reasons_shown,
        "aggregate": staged.aggregate,
    }
    stage_proof(project, contract.release, proof)
    project.sealed_files.write(home / _PREPARED, json.dumps(record).encode())
    return staged


def staged_masked(project: Project, releases: Sequence[DbtRelease]) -> bool:
    """Say whether a group is staged with small counts hidden; what cannot be read is not."""
    try:
        records = [
            json.loads(project.sealed_files.read(project.staged(one.contract.release) / _PREPARED)) for one in releases
        ]
        return any(record["masked"] is True for record in records)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _read_staged(project: Project, bound: BoundTable, rulebook: Rulebook) -> Staged:
    from ddg_pipeline.masking import CellCounts

    release = bound.contract.release
    home = project.staged(release)
    try:
        record = json.loads(project.sealed_files.read(home / _PREPARED))
        counts = {name: CellCounts(**values) for name, values in record["counts"].items()}
        staged = Staged(
            bound.contract,
            record["assessment"],
            counts,
            record["masked"],
            record["reasons_shown"],
            record["aggregate"],
            home / _PACKAGE,
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{release}: nothing is staged; {made_by(release, 'masked')}") from None
    if staged.aggregate != _digest(bound, rulebook):
        raise RefusedError(
            f"{release}: the aggregate, contract or rulebook has changed since it was masked; "
            f"{made_by(release, 'masked')}"
        )
    return staged


def _digest(bound: BoundTable, rulebook: Rulebook) -> str:
    """Hash an aggregate with its contract and rulebook, so that the gate notices a change of any."""
    digest = hashlib.sha256(bound.contract.model_dump_json().encode())
    digest.update(rulebook.model_dump_json().encode())
    digest.update(bound.frame.to_csv(index=False).encode())
    return digest.hexdigest()


def expected_suite(staged: Staged, bound: BoundTable, rulebook: Rulebook) -> Suite:
    """Derive the suite that a staged release has to pass."""
    from ddg_pipeline.quality import build_suite, margin_exceptions, published_columns

    return build_suite(
        staged.contract,
        rulebook,
        columns=published_columns(staged.contract, [str(column) for column in bound.original.columns]),
        masked=staged.masked,
        reasons_shown=staged.reasons_shown,
        references=bound.references,
        tolerated_margins=margin_exceptions(staged.contract, bound.frame, bound.references),
    )


def suite_texts(project: Project, tables: Sequence[BoundTable]) -> list[tuple[Path, str]]:
    """Give, for each staged release of a group, its suite's file and the text that belongs there.

    What people wrote into the file by hand stays.

    Raises:
        InputErrors: A file is there, and no suite, or what is written by hand in it cannot stay.
    """
    from ddg_pipeline.quality import suite_text, with_hand_written

    rulebook = rulebook_of_group(project, tables)
    return [
        (
            project.suite_file(bound.contract),
            suite_text(
                with_hand_written(
                    expected_suite(_read_staged(project, bound, rulebook), bound, rulebook),
                    project.suite_file(bound.contract),
                )
            ),
        )
        for bound in tables
    ]


def check(project: Project, tables: Sequence[BoundTable], progress: Progress | None = None) -> list[Checked]:
    """Judge the staged bytes of a group: by the reviewed suites, by the proof, and by the attacker.

    Raises:
        RefusedError: Nothing is staged, or something else than what the aggregates say now.
    """
    from ddg_pipeline.preparation import assess_group, attack
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.quality import read_csv_file

    rulebook = rulebook_of_group(project, tables)
    staged = [_read_staged(project, bound, rulebook) for bound in tables]
    public = public_knowledge(project, tables, rulebook)
    alike = another_period_is_masked(project, [table.contract for table in tables])
    assessments = assess_group(tables, rulebook, public.versions, like_other_periods=alike)
    masked = assessments[0].decision == "mask"
    for one, assessment in zip(staged, assessments, strict=True):
        if one.masked is not masked or one.assessment != assessment.to_json_dict():
            release = one.contract.release
            raise RefusedError(
                f"{release}: staged otherwise than the assessment says now; {made_by(release, 'masked')}"
            )
    read = [read_csv_file(one.package / package_names(one.contract).csv) for one in staged]
    frames = [frame for _, frame in read]
    known = public.versions
    proof = check_proof(project, tables, frames, rulebook, masked=masked, progress=progress, versions=known)
    report = None
    if masked or any(version.masked for one in known.values() for version in one):
        shown = all(one.reasons_shown for one in staged)
        suggested = None if proof.problems else proof.data  # a proof that cannot be read is told by its own check
        report = attack(tables, frames, rulebook, shown, progress, suggested, known, masked=masked).redacted()
    return [
        _check(project, one, bound, judged, rulebook, (report, proof, tuple(public.certificates(one.contract.release))))
        for one, bound, judged in zip(staged, tables, read, strict=True)
    ]


def _check(
    project: Project,
    staged: Staged,
    bound: BoundTable,
    judged: tuple[bytes, pd.DataFrame],
    rulebook: Rulebook,
    known: tuple[AuditReport | None, CheckedProof, tuple[str, ...]],
) -> Checked:
    from ddg_pipeline.publishing import package_names
    from ddg_pipeline.quality import load_suite, row_parameters, suite_differences, validate

    data, frame = judged
    differences = _differences(frame, bound, rulebook)
    path = project.suite_file(staged.contract)
    try:
        suite = load_suite(path)
    except (InputError, InputErrors) as error:
        return Checked(
            staged,
            bound,
            None,
            (str(error),),
            differences,
            None,
            *known,
            rulebook,
        )
    problems = tuple(suite_differences(suite, expected_suite(staged, bound, rulebook)))
    if problems:
        problems = (*problems, f"{path.name} is not the suite of this contract")
    csv = staged.package / package_names(staged.contract).csv
    previous = _previous(project, staged.contract.release)
    gate = validate(csv, suite, row_parameters(staged.contract, bound.frame), rulebook=rulebook, previous=previous)
    if gate.sha256 != hashlib.sha256(data).hexdigest():
        differences = (*differences, "the file was changed while it was judged")
    return Checked(staged, bound, suite, problems, differences, gate, *known, rulebook)


def _previous(project: Project, release: str) -> Path | None:
    """Find the table that the public store has of the release before, with a certificate that is still true."""
    from ddg_pipeline.quality import verify_certificate

    for version in reversed(project.public_store.versions(release)):
        try:
            return version / verify_certificate(version).gate.file
        except RefusedError:
            continue  # somebody changed it: it is not what was released
    return None


def _differences(frame: pd.DataFrame, bound: BoundTable, rulebook: Rulebook) -> tuple[str, ...]:
    """Name the cells in which the staged table shows something else than the aggregate says."""
    from ddg_pipeline.masking import unsuppressed

    frame = frame.astype(object).where(frame.notna(), "")
    before = unsuppressed(bound, rulebook)
    if list(frame.columns) != list(before.columns) or len(frame) != len(before):
        return ("the rows or columns are not those of the aggregate",)
    found = []
    contract = bound.contract
    suppressible = contract.measures if contract.suppression.form == "cells" else ()
    for name in (*contract.dimensions, *contract.population_columns, *contract.published_measures):
        other = frame[name].to_numpy() != before[name].to_numpy()
        if name in suppressible:
            other &= frame[name].to_numpy() != ""
        found += [f"{name} at {bound.coordinate(int(row))}" for row in other.nonzero()[0][:_LISTED]]
    return tuple(found[:_LISTED])


def check_signing(project: Project) -> None:
    """Make sure, before long work begins, that certificates can be signed where the project asks for it.

    Raises:
        InputError: They cannot; the message names the setting.
    """
    from ddg_pipeline.quality import key_to_sign_with

    if project.signing is not None:
        key_to_sign_with(project.signing)


def certify(project: Project, tables: Sequence[BoundTable], checked: Sequence[Checked]) -> list[Certificate]:
    """Complete the packages of a group that passed, and certify them, all as of one moment.

    By that moment `publish` knows what passed together. So it is later than that of every current release of the
    group, also where the clock was set back a little, or two passages follow each other within a second.

    Raises:
        RefusedError: One of them did not pass, or was released before at a time that is still to come, or its signature
            would not be believed.
        InputError: Certificates have to be signed, and cannot be.
    """
    from ddg_pipeline.preparation import strongest_level
    from ddg_pipeline.publishing import ReleaseFacts, package_names, write_documents
    from ddg_pipeline.quality import CERTIFICATE_NAME, SIGNATURE_NAME, issue_certificate

    rulebook = checked[0].rulebook  # not read again: the one that the gate judged by is the one to certify
    level = strongest_level(tables, rulebook)
    certificates = []
    now = _moment(project, checked)
    for one in checked:
        staged = one.staged
        if not one.passed or one.suite is None or one.gate is None:
            raise RefusedError(f"{staged.contract.release}: did not pass the gate")
        summary = audit_summary(one, level, rulebook)
        facts = ReleaseFacts(
            staged.assessment,
            staged.counts,
            staged.reasons_shown,
            summary,
            one.gate,
            one.public,
            approval_required=bool(project.review.roles_of(staged.contract.review.roles)),
        )
        documents = write_documents(
            staged.package, staged.contract, rulebook, facts, defaults=project.metadata, released=now
        )
        csv_name = package_names(staged.contract).csv
        # a certificate covers every file of the package, and only the table went through the gate
        judged = {csv_name, CERTIFICATE_NAME, SIGNATURE_NAME, *(path.name for path in documents)}
        others = sorted({path.name for path in staged.package.iterdir()} - judged)
        if others:
            raise RefusedError(
                f"{staged.contract.release}: {', '.join(others)} in the staged package did not come from masking; "
                f"{made_by(staged.contract.release, 'masked')}"
            )
        certificates.append(
            issue_certificate(
                staged.package,
                contract=staged.contract,
                rulebook=rulebook,
                suite=one.suite,
                csv_name=csv_name,
                gate=one.gate,
                audit=summary,
                decision=facts.decision,
                checks=one.checks,
                signing=project.signing,
                issued_at=now,
            )
        )
    return certificates


def _moment(project: Project, checked: Sequence[Checked]) -> dt.datetime:
    """Give the moment to certify as of: now, and later than every current release of the group.

    Which release is the newer one, which was public when, and whether a key was valid then, all go by these times.

    Raises:
        RefusedError: This machine's clock is far behind a certificate: one of the two times is wrong.
    """
    from ddg_pipeline.quality import read_certificate

    now = moment = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for one in checked:
        release = one.staged.contract.release
        current = project.public_store.current(release)
        try:
            issued_at = None if current is None else read_certificate(current).issued_at
        except RefusedError:
            continue  # of an earlier version, or changed: either way the remedy is this new release
        if current is None or issued_at is None:
            continue
        if now < issued_at - _CLOCK_CORRECTION:
            raise RefusedError(
                f"{release}: this machine's clock says {now:%Y-%m-%d %H:%M:%SZ}, and the current release was certified "
                f"at {issued_at:%Y-%m-%d %H:%M:%SZ}: set the clock; or, if it is that time that is wrong, point "
                f"{current.parent.parent / 'current'} to the version before"
            )
        moment = max(moment, issued_at + dt.timedelta(seconds=1))  # certificates are dated to the second
    return moment


def audit_summary(checked: Checked, level: str, rulebook: Rulebook) -> AuditSummary:
    """Say what the attack showed, in the form that the package carries."""
    if not checked.staged.masked:
        summary = (
            f"Nothing is hidden: the publication score is not over {rulebook.cut_off}, or no figure comes from a small "
            "number of people, so that the guideline lets the table out as it is."
        )
        if checked.audit is not None:
            summary += " It opens nothing that earlier versions hide."
        return {"safe": checked.audit_passed, "level": "none", "summary": summary}
    assert checked.audit is not None  # noqa: S101 - what hides something was attacked, or did not pass
    promised = rulebook.masking.levels[level].description  # type: ignore[index]
    found = checked.audit.summary()
    if checked.audit.safe and not checked.staged.reasons_shown:
        # how many of the hidden cells are small is not told by the codes, so it is not told here
        found = f"Safe: every one of {checked.audit.hidden:,} hidden cells that may be small keeps enough values."
    return {
        "safe": checked.audit_passed,
        "level": level,
        "summary": f"{found} {promised}",
        "notes": list(checked.audit.notes),
    }


def hand_over(project: Project, checked: Sequence[Checked], certificates: Sequence[Certificate]) -> list[Path]:
    """Make the certified packages of a group the current releases of the public store, each in one atomic step.

    The proof of each stays behind in the restricted directory, under the number of the version, and is there before
    the version is current.

    Returns:
        Where each release is now.

    Raises:
        InputError: The public store, or the restricted directory, cannot be written.
    """
    try:
        return _hand_over(project, checked, certificates)
    except OSError as error:
        found = error.strerror or "not writable"
        place = f"{project.public}, {project.restricted}"
        raise InputError(place, "the directories", found, "directories that can be written, with room left") from None


def _hand_over(project: Project, checked: Sequence[Checked], certificates: Sequence[Certificate]) -> list[Path]:
    from ddg_pipeline.quality import CERTIFICATE_NAME, SIGNATURE_NAME
    from ddg_pipeline.quality.hashing import sha256_of_file

    sources = sources_in_project(project)
    places = []
    for one, certificate in zip(checked, certificates, strict=True):
        release, made_of = one.staged.contract.release, sources[one.staged.contract.series]
        outgoing = one.staged.package.parent / "outgoing"
        shutil.rmtree(outgoing, ignore_errors=True)
        shutil.copytree(one.staged.package, outgoing)
        own = [CERTIFICATE_NAME] + ([] if certificate.signing_key is None else [SIGNATURE_NAME])
        hashes = {**certificate.files, **{name: sha256_of_file(one.staged.package / name) for name in own}}

        def keep(version: Path, one: Checked = one, release: str = release, made_of: frozenset[str] = made_of) -> None:
            keep_proof(project, release, version, proof=one.proof)
            keep_version(project, release, version, bound=one.bound, made_of=made_of)

        places.append(project.public_store.hand_over(release, outgoing, sha256=hashes, before=keep))
    return places
