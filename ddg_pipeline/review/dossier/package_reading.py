"""A certified package, read: nothing that its certificate does not vouch for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality.certificate import check_package
from ddg_pipeline.quality.certificate_form import Certificate
from ddg_pipeline.quality.csv_text import read_csv_file
from ddg_pipeline.review.dossier.report_reading import ReadReport, read_report

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.quality.signatures import Signing
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class ReadPackage:
    """What a package says.

    Attributes:
        directory: Where it is.
        certificate: Its certificate.
        certificate_sha256: The hash of that.
        report: ``report.json``.
        table: The published table, every cell as text; an empty one is missing.
    """

    directory: Path
    certificate: Certificate
    certificate_sha256: str
    report: ReadReport
    table: pd.DataFrame


def read_package(
    directory: Path,
    contract: ReleaseContract | None = None,
    rulebook: Rulebook | None = None,
    signing: Signing | None = None,
) -> ReadPackage:
    """Read a package whose certificate is true.

    Args:
        directory: The package.
        contract: Where given, the contract must be the one that was certified.
        rulebook: The same for the rulebook.
        signing: Whose signatures are believed; None where none are asked for.

    Raises:
        RefusedError: The certificate is void, so that nobody knows what this is.
        InputError: A file cannot be read, or is of a version that says other things.
    """
    found = check_package(directory, contract, rulebook, signing=signing)
    certificate = found.certificate
    if certificate is None or found.certificate_sha256 is None or not found.holds:
        raise RefusedError(
            f"{directory}: no dossier: the certificate is void: {'; '.join(found.problems)}; release the table again"
        )
    _, table = read_csv_file(directory / certificate.gate.file)
    return ReadPackage(directory, certificate, found.certificate_sha256, read_report(directory), table)
