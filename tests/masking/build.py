"""Small tables written out by hand, for tests about one behaviour."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ddg_pipeline.contract import BoundTable, bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.masking import MaskedTable

ADDITIVE: dict[str, Any] = {"variable": "other", "groups": 3}


def dimension(**declared: Any) -> dict[str, Any]:
    return ADDITIVE | declared


def bound(
    rows: list[dict[str, Any]],
    dimensions: dict[str, dict[str, Any]],
    measures: dict[str, dict[str, Any]] | None = None,
    *,
    release: str = "r",
    **contract: Any,
) -> BoundTable:
    """Bind rows to a contract; without ``measures`` there is one count, ``n``."""
    raw = {
        "release": release,
        "title": "A table",
        "dimensions": dimensions,
        "measures": measures or {"n": {"kind": "count"}},
        **contract,
    }
    return bind(parse_contract(raw, release), pd.DataFrame(rows), place=f"{release}.csv")


def line(values: list[int], total: int | None = None, **contract: Any) -> BoundTable:
    """A table of one dimension: A1, A2, … and perhaps their total, carried."""
    rows = [{"a": f"A{number}", "n": value} for number, value in enumerate(values, 1)]
    declared = dimension()
    if total is not None:
        rows.append({"a": "Total", "n": total})
        declared = dimension(total="Total")
    return bound(rows, {"a": declared}, **contract)


def grid(values: list[list[int]], **contract: Any) -> BoundTable:
    """A table of two dimensions with all margins: rows A1, A2, … and columns B1, B2, …."""
    wide = [[*row, sum(row)] for row in values]
    wide.append([sum(column) for column in zip(*wide, strict=True)])
    rows = [
        {"a": f"A{i}" if i <= len(values) else "Total", "b": f"B{j}" if j <= len(values[0]) else "Total", "n": value}
        for i, row in enumerate(wide, 1)
        for j, value in enumerate(row, 1)
    ]
    return bound(rows, {"a": dimension(total="Total"), "b": dimension(total="Total")}, **contract)


def hidden(table: MaskedTable, measure: str = "n") -> list[str]:
    """The coordinates of hidden rows, as ``A1 B2``."""
    names = list(table.contract.dimensions)
    return [" ".join(row[name] for name in names) for row in table.frame.to_dict("records") if row[measure] == ""]
