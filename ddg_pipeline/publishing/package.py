"""The package of a release: everything that goes to the portal, in one flat directory.

The way of a release: `write_release_csv` into a staging directory, the gate over those bytes (`quality.validate`),
`write_documents` beside them, `quality.issue_certificate` over all of it, then a target such as `publish_to_folder`.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing.columns import ColumnWriter
from ddg_pipeline.publishing.data_package import data_package
from ddg_pipeline.publishing.dictionary import data_dictionary
from ddg_pipeline.publishing.facts import ReleaseFacts
from ddg_pipeline.publishing.metadata.facts import facts_of_table
from ddg_pipeline.publishing.metadata.project_open_data import lacking_for_entry, project_open_data_entry
from ddg_pipeline.publishing.metadata.values import metadata_values
from ddg_pipeline.publishing.names import (
    DATA_PACKAGE_NAME,
    DATASET_ENTRY_NAME,
    DICTIONARY_NAME,
    REPORT_HTML_NAME,
    REPORT_JSON_NAME,
    package_names,
)
from ddg_pipeline.publishing.report import report_html, report_json
from ddg_pipeline.quality.csv_text import csv_bytes, read_csv_file
from ddg_pipeline.quality.hashing import sha256_of_bytes

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


def write_release_csv(directory: Path, contract: ReleaseContract, frame: pd.DataFrame) -> Path:
    """Stage the table that is to be published.

    Args:
        directory: The staging directory of this release; made where it is missing.
        contract: The contract.
        frame: The final text of every cell; a suppressed one is empty or missing.

    Returns:
        The file: the portal's name for the resource, ``.csv``.

    Raises:
        InputError: A cell is no text, or the file cannot be written.
    """
    data = csv_bytes(frame, contract.release)
    return _write(directory, package_names(contract).csv, data)


def write_documents(
    directory: Path,
    contract: ReleaseContract,
    rulebook: Rulebook,
    facts: ReleaseFacts,
    *,
    defaults: PortalMetadata | None = None,
    released: dt.datetime | None = None,
) -> list[Path]:
    """Write dictionary, data package, dataset entry and report beside a staged table that has passed the gate.

    The dataset entry (Project Open Data 1.1) is written where contract or department say what that standard requires:
    whom to ask, and what it is.

    Args:
        directory: The staging directory; it holds the table.
        contract: The contract.
        rulebook: The edition it was judged by.
        facts: What assessment, masking, audit and gate found.
        defaults: What the department says of all its releases.
        released: The moment to give as that of this version; by default now.

    Returns:
        The files written.

    Raises:
        RefusedError: The gate or the audit did not pass, or the gate judged other bytes.
        InputError: The assessment lacks a part, or a file cannot be written.
    """
    names = package_names(contract)
    data, table = read_csv_file(directory / names.csv)
    if not facts.gate.passed:
        raise RefusedError(f"{contract.release}: no package: {facts.gate.describe()}")
    if facts.gate.sha256 != sha256_of_bytes(data):
        raise RefusedError(f"{names.csv}: no package: these are not the bytes that passed the gate")
    if facts.audit.get("safe") is not True:
        raise RefusedError(f"{contract.release}: no package: the audit did not find it safe")
    writer = ColumnWriter(contract, rulebook, masked=facts.masked, reasons_shown=facts.reasons_shown)
    columns = [writer.describe(str(column)) for column in table.columns]
    modified = (released or dt.datetime.now(dt.UTC)).date()
    told = facts_of_table(contract, table, masked=facts.masked, reasons_shown=facts.reasons_shown, modified=modified)
    values = metadata_values(contract, rulebook, told, defaults)
    described = data_package(contract, names, columns, data, table, writer.small_cell_rule(), values)
    entry = {}
    if not lacking_for_entry(values):
        entry[DATASET_ENTRY_NAME] = _json(project_open_data_entry(contract, rulebook, told, defaults))
    contents = {
        DICTIONARY_NAME: csv_bytes(data_dictionary(columns), DICTIONARY_NAME),
        DATA_PACKAGE_NAME: _json(described),
        **entry,
        REPORT_JSON_NAME: _json(report_json(contract, rulebook, facts)),
        REPORT_HTML_NAME: report_html(contract, rulebook, facts).encode("utf-8"),
    }
    return [_write(directory, name, content) for name, content in contents.items()]


def _json(thing: object) -> bytes:
    return (json.dumps(thing, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _write(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise InputError(name, "the file", error.strerror or "not writable", "a writable staging directory") from None
    return path
