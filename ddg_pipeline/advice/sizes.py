"""How many people the categories of a coarser dimension stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ddg_pipeline.assessment.characteristics import SIZE_KEY, characteristics
from ddg_pipeline.assessment.subtables import subtables
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.columns import label
from ddg_pipeline.contract.sizes import TableReference

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Sizes:
    """How many people each category of a dimension stands for.

    Attributes:
        key: The contract's key: ``population``, ``members`` or ``enrollment``.
        of: Label to size.
        alike: Whether the contract gives one number for every category.
    """

    key: str
    of: Mapping[str, int]
    alike: bool = False

    def joined(self, members: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Give the size of each broader category: its own where it has one, else the sum of its members'.

        Members of unknown size add nothing, so that the sum is never too large; a category of which no member's size
        is known has none.
        """
        found: dict[str, int] = {}
        for broader, parts in members.items():
            known = [self.of[part] for part in parts if part in self.of]
            if broader in self.of:
                found[broader] = self.of[broader]
            elif known:
                found[broader] = min(known) if self.alike else sum(known)
        return found


def sizes_of(bound: BoundTable, dimension: str, rulebook: Rulebook) -> Sizes | None:
    """Give the sizes of a dimension's categories, declared in the contract or known to the assessment.

    Returns:
        The sizes; None where nobody knows any, or where they are a column of the table, which is coarsened as such.
    """
    declared = bound.contract.dimensions[dimension]
    key = SIZE_KEY.get(declared.variable, "population")
    size = getattr(declared, key)
    if isinstance(size, str):
        return None
    if size is not None:
        return Sizes(key, bound.sizes(dimension, key) or {}, alike=isinstance(size, int))
    for table in subtables(bound):
        if dimension in table.dimensions:
            for one in characteristics(bound, table, rulebook, errors=[]):
                if one.name == dimension and one.crossed and one.sizes:
                    return Sizes(key, dict(one.sizes))
    return None


def size_of_all(bound: BoundTable, dimension: str, rulebook: Rulebook) -> tuple[str, int] | None:
    """Give the key and the number of people that all categories of a dimension stand for together."""
    declared, axis = bound.contract.dimensions[dimension], bound.axes[dimension]
    key = SIZE_KEY.get(declared.variable, "population")
    sizes = sizes_of(bound, dimension, rulebook)
    if sizes is None:
        of = bound.sizes(dimension, key) or {}
        sizes = Sizes(key, of) if of else None
    if sizes is None:
        return None
    everyone = sizes.joined({axis.total or "": axis.leaves if axis.additive else ()}).get(axis.total or "")
    if everyone is None and sizes.of:
        everyone = max(sizes.of.values())  # at least as many as its largest part
    return None if everyone is None else (key, everyone)


def coarser_reference(
    bound: BoundTable, size: TableReference, dimension: str, into: Mapping[str, str], carried: Sequence[str]
) -> pd.DataFrame | None:
    """Coarsen the populations of combined categories in a reference table.

    Args:
        bound: The finer table.
        size: Where the populations stand.
        dimension: The dimension that is coarsened.
        into: For each category that does not stay, the broader one.
        carried: The labels that stay.

    Returns:
        A table of the same columns; None where the populations do not depend on the dimension.
    """
    keys = [size.key] if isinstance(size.key, str) else list(size.key)
    if dimension not in keys:
        return None
    table = bound.references[size.table][[*keys, size.value]].copy()
    for key in keys:
        table[key] = table[key].astype("object").map(label)
    table[size.value] = pd.to_numeric(table[size.value])
    kept = table[table[dimension].isin(list(carried))]
    parts = table[table[dimension].isin(list(into))]
    by_key = parts.assign(**{dimension: parts[dimension].map(into)}).groupby(keys, sort=False)[size.value]
    in_time = bound.contract.dimensions[dimension].variable is Variable.TIME
    sums = (by_key.sum() // by_key.count() if in_time else by_key.sum()).reset_index()
    return pd.concat([kept, sums]).drop_duplicates(keys, keep="first").astype({size.value: "int64"})
