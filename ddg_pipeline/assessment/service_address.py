"""Tell the address of a service from the area it stands in."""

from __future__ import annotations

import re

# California's ZIP codes run from 900 to 961; its counties' and tracts' codes begin with 06.
_ZIP = re.compile(r"9(?:[0-5]\d{3}|6[01]\d{2})(?:-\d{4})?")
_STREET = re.compile(r"\d+[a-z]?\s+(?:\S+\s+)+\S+|.*\b(?:CA|California)\s+9\d{4}\b.*", re.IGNORECASE)


def is_address(label: str) -> bool:
    """Say whether a label reads like a ZIP code or a street address."""
    text = label.strip()
    return bool(_ZIP.fullmatch(text) or _STREET.fullmatch(text))
