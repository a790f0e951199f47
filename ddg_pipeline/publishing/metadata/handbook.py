"""Where a table's labels are not as the Open Data Handbook writes them: noted for people, and no reason to stop.

The labels are the aggregate's own, so that only whoever builds it can change them ("Data Standards").
"""

from __future__ import annotations

import pandas as pd

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.populations import county

_GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)
_FIPS, _FIPS_DIGITS = "fips", 3


def handbook_notes(contract: ReleaseContract, table: pd.DataFrame) -> list[str]:
    """List what the handbook writes otherwise: counties without the word "County", their codes with three digits.

    Args:
        contract: The contract.
        table: The published table, as text.
    """
    notes = []
    for name, declared in contract.dimensions.items():
        if declared.variable not in _GEOGRAPHY:
            continue
        labels = [str(label) for label in table[name].dropna().unique() if label != declared.total]
        codes = [label for label in labels if label.isdigit()]
        found = {label: county(label, name) for label in labels}
        wrong = [label for label in codes if _is_county_code(name, label) and len(label) != _FIPS_DIGITS]
        if wrong:
            notes.append(f"{name}: codes such as {wrong[0]!r}; the portal writes {_FIPS_DIGITS} digits, such as '001'")
        longer = [(label, one.name) for label, one in found.items() if one and label not in codes and label != one.name]
        if longer:
            label, short = longer[0]
            notes.append(f"{name}: {len(longer)} labels such as {label!r}; the portal writes {short!r}")
    return notes


def _is_county_code(column: str, label: str) -> bool:
    return _FIPS in column.casefold() or county(label, column) is not None
