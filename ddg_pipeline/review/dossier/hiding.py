"""What is hidden, along each dimension: counted in the published file, where anyone can count it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.publishing import PublicCells
from ddg_pipeline.quality.annotations import annotation_columns
from ddg_pipeline.review.dossier.county_tiles import county_tiles
from ddg_pipeline.review.dossier.model import DimensionHidden, Hidden, MeasureHidden

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.rulebook import Rulebook

MOST_LISTED = 80  # categories of a dimension: enough for every county, with regions


def hidden_cells(table: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook, measure: str) -> pd.DataFrame:
    """Say of each cell of a measure whether it is hidden, and why as far as its code tells.

    Args:
        table: The published table.
        contract: Its contract.
        rulebook: The edition that names the codes.
        measure: A count of people.

    Returns:
        The columns ``hidden``, ``small`` and ``complementary``, of booleans, row by row. A value that is empty because
        there is none is not hidden.
    """
    import pandas as pd

    notes = rulebook.annotations
    code = table[annotation_columns(contract, measure)[0]]
    empty = table[measure].isna()
    kinds = {"small": notes.small.code, "complementary": notes.complementary.code, "hidden": notes.hidden.code}
    found = {kind: empty & (code == text) for kind, text in kinds.items()}
    found["hidden"] |= found["small"] | found["complementary"]
    return pd.DataFrame(found)


def measure_hidden(
    table: pd.DataFrame,
    contract: ReleaseContract,
    rulebook: Rulebook,
    measure: str,
    cells: PublicCells,
    *,
    reasons_shown: bool,
) -> MeasureHidden:
    """Count what is hidden of a count of people.

    Args:
        table: The published table.
        contract: Its contract.
        rulebook: The edition that it was judged by.
        measure: The count.
        cells: What the report says about it.
        reasons_shown: Whether the codes tell small cells from complementary ones; where not, nobody is told.
    """
    tied = tuple(name for name in contract.measures if name != measure and contract.governor(name) == measure)
    if not cells.suppressed:
        return MeasureHidden(measure, cells, tied, ())
    found = hidden_cells(table, contract, rulebook, measure)
    dimensions = tuple(
        _along(table[name], name, contract, found, reasons_shown=reasons_shown) for name in contract.dimensions
    )
    return MeasureHidden(measure, cells, tied, dimensions)


def _along(
    labels: pd.Series[str], name: str, contract: ReleaseContract, found: pd.DataFrame, *, reasons_shown: bool
) -> DimensionHidden:
    declared = contract.dimensions[name]
    rows = found.assign(cells=1).groupby(labels, sort=False, dropna=False).sum().astype("int64")
    categories = [
        Hidden(
            label=str(label),
            is_total=label == declared.total,
            cells=figures["cells"],
            hidden=figures["hidden"],
            small=figures["small"] if reasons_shown else None,
            complementary=figures["complementary"] if reasons_shown else None,
        )
        for label, figures in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    listed = categories
    if len(categories) > MOST_LISTED:
        kept = sorted(categories, key=lambda one: -one.percent)[:MOST_LISTED]
        listed = [one for one in categories if one in kept]
    return DimensionHidden(
        name=name,
        variable=declared.variable.value.replace("_", " "),
        categories=tuple(listed),
        left_out=len(categories) - len(listed),
        tiles=county_tiles(name, declared, categories),
    )
