"""Which labels a dimension may have, as far as the contract and its public reference tables say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from ddg_pipeline.contract.dimension import Dimension
from ddg_pipeline.contract.hierarchy import Hierarchy, hierarchy_from_table, hierarchy_from_tree
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.sizes import TableReference
from ddg_pipeline.errors import InputError, InputErrors


def hierarchies_of(
    contract: ReleaseContract, dimension: str, references: Mapping[str, pd.DataFrame]
) -> list[Hierarchy]:
    """Read the hierarchies of a dimension from the contract and its reference tables.

    Raises:
        InputError: A hierarchy contradicts itself or its table lacks a column.
        InputErrors: A reference table is missing.
    """
    found = []
    for number, reference in enumerate(contract.dimensions[dimension].hierarchy):
        field = f"dimensions.{dimension}.hierarchy[{number}]"
        if reference.tree is not None:
            found.append(hierarchy_from_tree(reference.tree, contract.release, field))
        else:
            table = _reference(contract, str(reference.table), references)
            found.append(hierarchy_from_table(table, reference, contract.release, field))
    return found


def code_lists(contract: ReleaseContract, references: Mapping[str, pd.DataFrame] | None = None) -> dict[str, list[str]]:
    """List the labels each dimension may have, from sources that are public anyway.

    Sizes by category, hierarchies and reference tables name every category that can occur, whoever is in the data. A
    dimension without any of them gets no list here: taking its labels from the table would put restricted data into a
    suite that is reviewed and kept, before anything is released. Its rows are held by their digest instead
    (``expect_rows_to_be_those_assessed``).

    Returns:
        Dimension to sorted labels; totals, broader categories and labels declared ``unknown`` included.
    """
    found = {}
    for name, declared in contract.dimensions.items():
        finest = set(_sized(contract, declared, references or {}))
        if finest:
            above: set[str] = set()
            for hierarchy in hierarchies_of(contract, name, references or {}):
                above |= set(hierarchy.parent_of) | set(hierarchy.parents)
            extra = {*declared.unknown, *([declared.total] if declared.total is not None else [])}
            found[name] = sorted(finest | above | extra)
    return found


def _sized(contract: ReleaseContract, declared: Dimension, references: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for size in (declared.population, declared.members, declared.enrollment):
        if isinstance(size, dict):
            yield from size
        elif isinstance(size, TableReference) and isinstance(size.key, str):
            table = _reference(contract, size.table, references)
            if size.key in table.columns:
                yield from (_text(label) for label in table[size.key].dropna())


def _text(label: Any) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _reference(contract: ReleaseContract, name: str, references: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if name not in references:
        raise InputErrors(
            [InputError(contract.release, f"reference table {name}", "nothing", "give the table to build the suite")]
        )
    return references[name]
