"""Tell codes from names: detailed diagnoses and procedures (§5.6.1), and ZIP codes."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")  # ICD-10: E11, E11.9, S72.001A
_PROCEDURE = re.compile(r"\d{4}[0-9A-Z]|[A-Z]\d{4}|[0-9A-HJ-NP-Z]{7}")  # CPT and HCPCS; ICD-10-PCS has seven places
# California's ZIP codes run from 900 to 961; its counties' and tracts' codes begin with 06.
_ZIP = re.compile(r"9(?:[0-5]\d{3}|6[01]\d{2})(?:-\d{4})?")
_DIGIT = re.compile(r"\d")


def reads_like_codes(labels: Sequence[str]) -> bool:
    """Say whether most labels read like codes of diagnoses or procedures, with or without words after the code."""
    codes = [label for label in labels if _is_code(label)]
    return bool(labels) and 2 * len(codes) > len(labels)


def is_zip_code(label: str) -> bool:
    """Say whether a label reads like a ZIP code of California."""
    return _ZIP.fullmatch(label.strip()) is not None


def _is_code(label: str) -> bool:
    first, *_ = label.upper().replace(":", " ").split() or [""]
    return bool(_DIGIT.search(first) and (_DIAGNOSIS.fullmatch(first) or _PROCEDURE.fullmatch(first)))
