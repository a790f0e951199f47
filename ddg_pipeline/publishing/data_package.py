"""``datapackage.json``: the release as a Frictionless Data Package, version 2.

The schema is written from the published file, so that any reader that checks it notices a lost leading zero
(``pattern``, ``enum``), a shifted column (types) or a row that is there twice (``primaryKey``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.publishing.columns import ColumnText
from ddg_pipeline.publishing.names import PackageNames
from ddg_pipeline.quality.hashing import sha256_of_bytes

_MOST_LISTED = 500  # longer code lists are left to the reference tables they come from
_DIGITS = re.compile(r"[0-9]+")


def data_package(
    contract: ReleaseContract,
    names: PackageNames,
    columns: Sequence[ColumnText],
    data: bytes,
    table: pd.DataFrame,
    small_cell_rule: str,
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe a release.

    Args:
        contract: The contract.
        names: What its files are called.
        columns: Its columns, in order.
        data: The bytes of the CSV.
        table: The same, read as text.
        small_cell_rule: By which rule cells are empty.
        metadata: What the portal shows beside it, as `metadata_values` gives it.
    """
    resource = {
        "name": names.resource,
        "type": "table",
        "path": names.csv,
        "title": contract.full_title,
        "description": _one_line(f"{contract.description} {small_cell_rule}"),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{sha256_of_bytes(data)}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": {
            "fields": [_field(contract, text, table[text.name]) for text in columns],
            "missingValues": [""],
            "primaryKey": list(contract.dimensions),
        },
    }
    package: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": names.resource,
        "title": contract.full_title,
        "resources": [resource],
    }
    if contract.description.strip():
        package["description"] = _one_line(contract.description)
    return package | _of_the_portal(metadata or {})


def _of_the_portal(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Say who publishes the data, from what, under which licence, and about which time and area.

    ``temporal`` and ``spatial`` are properties of our own, which the standard allows; the others are its own.
    """

    def known(**given: Any) -> dict[str, Any]:
        return {key: value for key, value in given.items() if value}

    value = metadata.get
    published = known(title=value("department"), email=value("contact_email"), path=value("homepage"))
    named, address = value("license.id"), value("use.url")
    licence = known(name=named, path=address, title=value("license") or (address and "Terms of use"))
    collected = known(title=value("data_collection_tool") or value("source_link"), path=value("source_link"))
    return known(
        homepage=value("homepage"),
        keywords=value("tags"),
        contributors=[published | {"roles": ["publisher"]}] if value("department") else [],
        licenses=[licence] if licence else [],
        sources=[collected] if collected else [],
        temporal=known(start=value("temporal_coverage.begin"), end=value("temporal_coverage.end")),
        spatial=known(name=value("spatial_coverage"), granularity=value("geographic_granularity")),
    )


def _field(contract: ReleaseContract, text: ColumnText, cells: pd.Series[str]) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": text.name,
        "title": text.label,
        "description": _one_line(text.description),
        "type": "string",
    }
    constraints: dict[str, Any] = {}
    if text.role in ("population", "count"):
        field["type"] = "integer"
        constraints["minimum"] = 0
    elif text.role == "statistic":
        measure = contract.measures[text.name]
        field["type"] = "integer" if measure.decimals == 0 else "number"
        if measure.kind is not MeasureKind.AMOUNT:
            constraints["minimum"] = 0
    elif text.role == "percentage":
        constraints["pattern"] = text.pattern
    else:
        constraints |= _labels(cells)
    if text.role in ("dimension", "population", "percentage"):
        constraints["required"] = True
    if constraints:
        field["constraints"] = constraints
    return field


def _labels(cells: pd.Series[str]) -> dict[str, Any]:
    """Constrain a column of labels to those in the file, and digits to their width, so that ``001`` cannot become 1."""
    labels = sorted(set(cells.dropna()))
    found: dict[str, Any] = {}
    widths = {len(label) for label in labels}
    if len(widths) == 1 and all(_DIGITS.fullmatch(label) for label in labels):
        found["pattern"] = f"[0-9]{{{widths.pop()}}}"
    if 0 < len(labels) <= _MOST_LISTED:
        found["enum"] = labels
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
