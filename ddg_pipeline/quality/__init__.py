"""The gate: what ships is judged by Great Expectations, and what passed gets a certificate.

`suite` builds a release's suite from its contract and rulebook, `suite_file` reads one strictly, `gate` judges the
staged bytes, as text and as the portal's datastore would hold them, `certificate` binds the pass to them, `signatures`
says whose pass it is. `expectations` holds our own expectation classes. Great Expectations itself is only imported
where it is used: in `expectations`, and when `load_suite` or `validate` is called.
"""

from ddg_pipeline.quality.annotations import Note, annotation_columns, hidden_notes, shown_notes
from ddg_pipeline.quality.certificate import PackageCheck, check_package, issue_certificate, verify_certificate
from ddg_pipeline.quality.certificate_form import CERTIFICATE_NAME, SIGNATURE_NAME, Certificate, read_certificate
from ddg_pipeline.quality.code_lists import code_lists
from ddg_pipeline.quality.csv_text import csv_bytes, read_csv_file, read_csv_text
from ddg_pipeline.quality.datastore import datastore_types, read_as_datastore
from ddg_pipeline.quality.gate import ExpectationOutcome, GateResult, validate
from ddg_pipeline.quality.hand_written import with_hand_written
from ddg_pipeline.quality.signatures import Signature, Signing, key_to_sign_with
from ddg_pipeline.quality.suite import (
    Suite,
    build_suite,
    margin_exceptions,
    published_columns,
    row_parameters,
    suite_differences,
    suite_text,
    write_suite,
)
from ddg_pipeline.quality.suite_file import load_suite, read_suite

__all__ = [
    "CERTIFICATE_NAME",
    "SIGNATURE_NAME",
    "Certificate",
    "ExpectationOutcome",
    "GateResult",
    "Note",
    "PackageCheck",
    "Signature",
    "Signing",
    "Suite",
    "annotation_columns",
    "build_suite",
    "check_package",
    "code_lists",
    "csv_bytes",
    "datastore_types",
    "hidden_notes",
    "issue_certificate",
    "key_to_sign_with",
    "load_suite",
    "margin_exceptions",
    "published_columns",
    "read_as_datastore",
    "read_certificate",
    "read_csv_file",
    "read_csv_text",
    "read_suite",
    "row_parameters",
    "shown_notes",
    "suite_differences",
    "suite_text",
    "validate",
    "verify_certificate",
    "with_hand_written",
    "write_suite",
]
