"""What a release itself tells of the fields that a portal shows: from the table, or from a finished package."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.publishing.metadata.coverage import Coverage, coverage
from ddg_pipeline.publishing.names import REPORT_JSON_NAME, package_names
from ddg_pipeline.quality.certificate_form import read_certificate
from ddg_pipeline.quality.csv_text import read_csv_file


@dataclass(frozen=True)
class MetadataFacts:
    """What a release tells.

    Attributes:
        masked: Whether counts under the threshold are hidden.
        reasons_shown: Whether the annotation codes tell small cells from complementary ones.
        covered: Which time and areas its labels cover.
        modified: The day on which it was certified.
    """

    masked: bool
    reasons_shown: bool
    covered: Coverage
    modified: dt.date


def facts_of_table(
    contract: ReleaseContract, table: pd.DataFrame, *, masked: bool, reasons_shown: bool, modified: dt.date
) -> MetadataFacts:
    """Take the facts from a table that is to be published.

    Args:
        contract: The contract.
        table: The table, as text.
        masked: Whether counts under the threshold are hidden.
        reasons_shown: Whether the annotation codes tell small cells from complementary ones.
        modified: The day to give as that of the last change.
    """
    return MetadataFacts(masked, reasons_shown, coverage(contract, table), modified)


def facts_of_package(directory: Path, contract: ReleaseContract) -> MetadataFacts:
    """Take the facts from a certified package; verify it first.

    Raises:
        RefusedError: There is no certificate, or no report that can be read.
        InputError: The table cannot be read.
    """
    certificate = read_certificate(directory)
    try:
        reasons_shown = json.loads((directory / REPORT_JSON_NAME).read_text(encoding="utf-8"))["reasons_shown"] is True
    except (OSError, ValueError, KeyError, TypeError):
        raise RefusedError(f"{REPORT_JSON_NAME}: not the report of a released package") from None
    _, table = read_csv_file(directory / package_names(contract).csv)
    return facts_of_table(
        contract,
        table,
        masked=certificate.decision == "mask",
        reasons_shown=reasons_shown,
        modified=certificate.issued_at.date(),
    )
