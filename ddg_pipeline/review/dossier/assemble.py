"""A dossier put together from the certified package of a release and from facts that everyone may know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.review.dossier.changes import changes_between
from ddg_pipeline.review.dossier.citations import cited_sections
from ddg_pipeline.review.dossier.facts import Approval, EarlierVersion, PublicTable
from ddg_pipeline.review.dossier.hiding import measure_hidden
from ddg_pipeline.review.dossier.model import Certified, Dossier
from ddg_pipeline.review.dossier.package_reading import ReadPackage, read_package
from ddg_pipeline.review.dossier.report_reading import ReadReport

if TYPE_CHECKING:
    from ddg_pipeline.quality.signatures import Signing
    from ddg_pipeline.rulebook import Rulebook


def dossier_of(
    package_dir: Path,
    *,
    previous: Path | None,
    previous_published: bool | None = None,
    contract: ReleaseContract,
    rulebook: Rulebook,
    already_public: Sequence[PublicTable] = (),
    approvals: Sequence[Approval] | None = None,
    history: Sequence[EarlierVersion] = (),
    version: int | None = None,
    signing: Signing | None = None,
) -> Dossier:
    """Put together the dossier of a release.

    Args:
        package_dir: The certified package.
        previous: That of the version to compare with; None for a first release.
        previous_published: Whether that version was ever public; None where that is not known.
        contract: The contract under which it was certified.
        rulebook: The rulebook under which it was certified.
        already_public: What else is public.
        approvals: The sign-offs, in order, none where nobody has to; left out: those of the rulebook, all awaited.
        history: Earlier versions, the oldest first.
        version: The number of the package in the public store.
        signing: Whose signatures of this package are believed; None where none are asked for.

    Raises:
        RefusedError: A certificate is void, or was issued under another contract or rulebook.
        InputError: A file cannot be read, or the report is of a version that says other things.
    """
    package = read_package(package_dir, contract, rulebook, signing)
    report, measures = package.report, package.report.masking.items()
    return Dossier(
        release=contract.release,
        version=version,
        title=contract.full_title,
        description=" ".join(contract.description.split()),
        dataset=package_names(contract).dataset,
        file=package.certificate.gate.file,
        rows=len(package.table),
        columns=tuple(map(str, package.table.columns)),
        cadence=contract.publication.cadence or "",
        edition=replace(report.edition, masks_always=rulebook.masking.applies == "always"),
        decision=package.certificate.decision,
        form=contract.suppression.form,
        forced_by=tuple(rulebook.high_risk[name].description for name in report.forced_by),
        score=report.score,
        steps=report.steps,
        safe_harbor=report.safe_harbor,
        notes=report.notes,
        small_cell_rule=report.small_cell_rule,
        reasons_shown=report.reasons_shown,
        counts=report.counts,
        measures=tuple(
            measure_hidden(package.table, contract, rulebook, name, cells, reasons_shown=report.reasons_shown)
            for name, cells in measures
        ),
        audit=report.audit,
        already_public=(*_declared(contract), *already_public),
        history=tuple(history),
        changes=None
        if previous is None
        else changes_between(read_package(previous), package, contract, published=previous_published),
        certified=_certified(package),
        approvals=required_approvals(rulebook) if approvals is None else tuple(approvals),
        sections=cited_sections(_texts(report), contract, rulebook, report.score.terms, report.forced_by),
    )


def required_approvals(rulebook: Rulebook) -> tuple[Approval, ...]:
    """List the sign-offs that a rulebook asks for, none of them given."""
    return tuple(Approval(name, role.description) for name, role in rulebook.sign_offs.roles.items())


def _declared(contract: ReleaseContract) -> Iterator[PublicTable]:
    """List what the contract itself says about what is public."""
    for earlier in contract.already_public:
        at = ", ".join(f"{column} = {label}" for column, label in earlier.at.items())
        where = f", at {at}" if at else ""
        yield PublicTable(earlier.table, "named in the contract", f"the same people{where}", taken_as_known=True)


def _certified(package: ReadPackage) -> Certified:
    certificate = package.certificate
    return Certified(
        sha256=package.certificate_sha256,
        issued_at=certificate.issued_at,
        level=certificate.level,
        checks=certificate.checks,
        expectations=certificate.gate.expectations,
        files=dict(sorted(certificate.files.items())),
        bound={
            "Contract": certificate.contract,
            "Rulebook": certificate.rulebook,
            "Suite of expectations": certificate.gate.suite,
            "Result of the audit": certificate.audit.sha256,
            "Software": certificate.code_sha256,
        },
        code_version=certificate.code_version,
        signing_key=certificate.signing_key or "",
    )


def _texts(report: ReadReport) -> Iterator[str]:
    """Give every text of a report that may cite a section."""
    yield from (text for step in report.steps for text in (step.section, step.summary))
    yield from (term.section for term in report.score.terms)
    yield from (note.text for note in report.notes)
    yield from (report.safe_harbor, report.audit.summary, *report.audit.notes)
    yield from (override.source for override in report.edition.overrides)
