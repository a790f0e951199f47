"""The data dictionary: one row a column, ``column,type,label,description``, as the portal asks for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ddg_pipeline.publishing.columns import ColumnText


def data_dictionary(columns: Sequence[ColumnText]) -> pd.DataFrame:
    """Make the dictionary of a release; every cell is text on one line."""
    rows = [
        [" ".join(cell.split()) for cell in (text.name, text.type, text.label, text.description)] for text in columns
    ]
    return pd.DataFrame(rows, columns=["column", "type", "label", "description"], dtype="str")
