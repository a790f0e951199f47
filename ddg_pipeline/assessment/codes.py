"""Tell detailed diagnosis and procedure codes from names (§5.6.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIAGNOSIS = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")  # ICD-10: E11, E11.9, S72.001A
_PROCEDURE = re.compile(r"\d{4}[0-9A-Z]|[A-Z]\d{4}|[0-9A-HJ-NP-Z]{7}")  # CPT and HCPCS; ICD-10-PCS has seven places
_DIGIT = re.compile(r"\d")


def reads_like_codes(labels: Sequence[str]) -> bool:
    """Say whether most labels read like codes of diagnoses or procedures, with or without words after the code."""
    codes = [label for label in labels if _is_code(label)]
    return bool(labels) and 2 * len(codes) > len(labels)


def _is_code(label: str) -> bool:
    first, *_ = label.upper().replace(":", " ").split() or [""]
    return bool(_DIGIT.search(first) and (_DIAGNOSIS.fullmatch(first) or _PROCEDURE.fullmatch(first)))
