"""What approvals mean on the road: nothing is published without all of them, for exactly the certificate there is.

The publication step asks twice: to say what it waits for, and, with the log held so that nobody can take anything back
meanwhile, at the moment of publication itself. So it makes no difference which asset, job, backfill or sensor starts
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.reporting_periods import series_of
from ddg_pipeline.errors import DdgError, InputError, InputErrors, RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.periods import contract_named, known_contracts
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.public_places import where_public
from ddg_pipeline.publishing.folder import Package
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.quality.certificate import certificate_sha256
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, Certificate
from ddg_pipeline.quality.hashing import sha256_of_bytes
from ddg_pipeline.review.approving import Desk
from ddg_pipeline.review.decisions import ReleaseReview, review_release
from ddg_pipeline.review.log import ApprovalLog, History
from ddg_pipeline.review.receipts import Receipts
from ddg_pipeline.review.subjects import Subject


@dataclass(frozen=True)
class ReleaseStatus:
    """Where a release stands on its way to the portal.

    Attributes:
        release: The release.
        review: Who has approved it; None where nothing is released, or its certificate is void.
        problem: Why there is nothing to approve.
        published: Whether every place of the project shows what was certified last: the portal folder by what lies in
            it, the others by the ledger.
        public: The hash of the certificate that the portal folder shows; None where it shows none.
        places: Each place of the project, and whether what was certified last is public there.
        withdrawn: Since when and why it is withdrawn; None where it is not.
    """

    release: str
    review: ReleaseReview | None
    problem: str | None
    published: bool
    public: str | None
    places: Mapping[str, bool] = field(default_factory=dict)
    withdrawn: str | None = None

    @property
    def complete(self) -> bool:
        """Whether it is certified, and everybody who has to has approved it."""
        return self.review is not None and self.review.complete

    def to_json_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        review = self.review
        return {
            "release": self.release,
            "certificate": None if review is None else review.certificate,
            "issued_at": None if review is None else review.issued_at.isoformat(),
            "problem": self.problem,
            "complete": self.complete,
            "waits_for": [] if review is None else list(review.waits_for),
            "roles": [] if review is None else [one.to_json_dict() for one in review.roles],
            "published": self.published,
            "public_certificate": self.public,
            "places": dict(self.places),
            "withdrawn": self.withdrawn,
        }


def receipts_of(project: Project) -> Receipts:
    """Give the project's receipts of publications."""
    return Receipts(project.restricted / "receipts")


def desk_of(project: Project, place: str, key: Path | None = None) -> Desk:
    """Give the place where releases of a project are approved."""
    return Desk(project.review, receipts_of(project), place, key)


def package_of(project: Project, contract: ReleaseContract) -> Package:
    """Give the current package of a release, with what it has to be certified under; nothing is verified yet.

    Raises:
        RefusedError: Nothing has passed the gate.
        InputError: There is no suite, or it is no JSON.
        InputErrors: The suite or the rulebook cannot be read.
    """
    from ddg_pipeline.quality import read_suite
    from ddg_pipeline.rulebook import load_rulebook

    name = contract.release
    current = project.public_store.current(name)
    if current is None:
        raise RefusedError(f"{name}: nothing has passed the gate; {made_by(name, 'release')}")
    suite = read_suite(project.suite_file(contract))
    rulebook = load_rulebook(contract.rulebook, project.rulebook_source, name)
    return Package(current, contract, rulebook, suite, project.signing)


def subject_of(project: Project, package: Package) -> Subject:
    """Verify a package, and give it as what is approved.

    Raises:
        RefusedError: Its certificate is void.
        InputErrors: It has no suite.
    """
    certificate: Certificate = package.verify(package.directory)
    if package.suite is None:
        missing = InputError(certificate.release, "suite", "none", "a reviewed suite in `expectations/`")
        raise InputErrors([missing])
    return Subject(
        roles=project.review.roles_of(package.contract.review.roles),
        contract=package.contract,
        suite=package.suite,
        directory=package.directory,
        certificate=certificate,
        certificate_sha256=sha256_of_bytes(certificate.to_bytes()),  # its one form: what was verified
        earlier=_earlier(project, package),
    )


def _earlier(project: Project, package: Package) -> list[Path]:
    """Give what came before a package: earlier versions, and of a reporting period those of other periods."""
    from ddg_pipeline.quality import read_certificate

    contract = package.contract
    versions = project.public_store.versions(contract.release)
    own = versions[: versions.index(package.directory)] if package.directory in versions else []
    if contract.reporting_period is None:
        return own
    others = [
        version
        for one in known_contracts(project, [series_of(contract)]).values()
        for version in (own if one.release == contract.release else project.public_store.versions(one.release))
    ]
    before = read_certificate(package.directory).issued_at
    dated = []
    for version in others:
        try:
            dated.append((read_certificate(version).issued_at, version))
        except (InputError, RefusedError):
            continue  # somebody changed it: it is not what was looked at
    return [version for at, version in sorted(dated) if at < before]


def reviews_of(project: Project, packages: Sequence[Package]) -> list[ReleaseReview]:
    """Find out who has approved certified packages.

    Raises:
        RefusedError: A certificate is void, or the log of approvals is not what was written.
        InputError: Something cannot be read, or a signature cannot be checked here.
    """
    subjects = [subject_of(project, package) for package in packages]
    with _log_for(project, subjects) as history:
        return _reviews(project, subjects, history)


@contextmanager
def approved(project: Project, packages: Sequence[Package]) -> Iterator[list[Package]]:
    """Publish certified packages inside of this block, and nowhere else: all of them are approved then.

    Nobody can approve, or take an approval back, before the block ends. On what the publication rests is kept first.
    The packages that the block gets are no others than those approved, whatever happens to their files meanwhile.

    Raises:
        RefusedError: An approval is missing, a certificate is void, or the log is not what was written.
        InputError: Something cannot be read or written, or a signature cannot be checked here.
    """
    subjects = [subject_of(project, package) for package in packages]
    with _log_for(project, subjects) as history:
        reviews = _reviews(project, subjects, history)
        waiting = [one.describe() for one in reviews if not one.complete]
        if waiting:
            raise RefusedError("; ".join(waiting))
        if any(one.roles for one in reviews):
            project.restricted_store.private_directory()
            receipts_of(project).keep(reviews, history)
        pairs = zip(packages, reviews, strict=True)
        yield [replace(package, certificate=review.certificate) for package, review in pairs]


@contextmanager
def _log_for(project: Project, subjects: Sequence[Subject]) -> Iterator[History]:
    """Hold the log of approvals, verified; what nobody has to approve does not depend on it."""
    if not any(subject.roles for subject in subjects):
        yield History()
        return
    with ApprovalLog(project.review.log).reading() as history:
        receipts_of(project).check(history, project.review.log)
        yield history


def _reviews(project: Project, subjects: Sequence[Subject], history: History) -> list[ReleaseReview]:
    return [
        review_release(subject, history, project.review, published=_published(project, subject)) for subject in subjects
    ]


def _published(project: Project, subject: Subject) -> tuple[str, ...]:
    """Give the certificates of what was published before: of a reporting period, also of other periods."""
    receipts, contract = receipts_of(project), subject.contract
    if contract.reporting_period is None:
        return receipts.published(subject.release)
    names = known_contracts(project, [series_of(contract)])
    return tuple(one for name in {*names, subject.release} for one in receipts.published(name))


def public_certificate(project: Project, contract: ReleaseContract) -> str | None:
    """Give the hash of the certificate that the portal shows for a release; None where it shows none."""
    names = package_names(contract)
    place = project.portal / names.dataset / names.resource
    return certificate_sha256(place) if (place / CERTIFICATE_NAME).is_file() else None


def status_of(project: Project, contract: ReleaseContract) -> ReleaseStatus:
    """Find out where a release stands.

    Raises:
        InputError: Something cannot be read, or a signature cannot be checked here.
        LogDamagedError: The log of approvals is not what was written.
    """
    public = public_certificate(project, contract)
    retraction = project.ledger.retraction(contract.release)
    withdrawn = None if retraction is None else f"{retraction.at:%Y-%m-%d}: {retraction.reason}"
    try:
        package = package_of(project, contract)
        subject = subject_of(project, package)
    except DdgError as error:  # of this release: it cannot be approved, and the others can be told about
        return ReleaseStatus(contract.release, None, str(error), False, public, withdrawn=withdrawn)
    with _log_for(project, [subject]) as history:
        (review,) = _reviews(project, [subject], history)
    places = where_public(project, contract.release, review.certificate)
    folder = next(iter(places))
    places[folder] = public == review.certificate  # what lies there says it better than what was noted
    return ReleaseStatus(contract.release, review, None, all(places.values()), public, places, withdrawn)


def contracts_of(project: Project) -> dict[str, ReleaseContract]:
    """Give the contracts of a project by release, with those of reporting periods of which anything is there.

    Raises:
        InputErrors: The dbt project or a contract is wrong.
    """
    return known_contracts(project, _written(project))


def _written(project: Project) -> list[ReleaseContract]:
    from ddg_pipeline.orchestration.dbt_models import written_contracts

    return written_contracts(project)


def contract_of(project: Project, release: str, place: str) -> ReleaseContract:
    """Give the contract of a release.

    Raises:
        InputErrors: The project has no such release.
    """
    return contract_named(project, _written(project), release, place)


def approve_in_ui(project: Project, given: Mapping[str, str]) -> None:
    """Record an approval that somebody gave in Dagster's web page.

    Raises:
        RefusedError: Approvals have to be signed; or as `approve` says.
        InputError: As `approve` says.
        InputErrors: The same, several at once.
    """
    from ddg_pipeline.review.approving import approve

    if project.review.signing is not None:
        raise RefusedError(
            "approvals are signed here (review.allowed_signers), and a web page has nobody's key; run: "
            f"ddg approve {given['release']} --role {given['role']} --by NAME"
        )
    place = "approve_release"
    contract = contract_of(project, given["release"], place)
    subject = subject_of(project, package_of(project, contract))
    if given["certificate"]:
        check_meant(subject, given["certificate"], place, "certificate")
    approve(desk_of(project, place), subject, role=given["role"], by=given["by"], note=given["note"])


def check_meant(subject: Subject, certificate: str, place: str, field: str) -> None:
    """Make sure that the certificate that somebody looked at is the one that would be approved.

    Raises:
        InputError: It is not, or too little of it was given to tell.
    """
    meant, least = certificate.strip().lower(), 8
    if len(meant) < least or not subject.certificate_sha256.startswith(meant):
        expected = (
            f"the beginning, {least} characters or more, of {subject.certificate_sha256}, if that is what you saw"
        )
        raise InputError(place, field, ascii(certificate), expected)
