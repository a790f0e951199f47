"""Step 2: is a cell derived from few individuals, or do they come from a small population (§4.2)?"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from ddg_pipeline.assessment.result import Counts
from ddg_pipeline.contract import BoundTable, Dimension, Variable
from ddg_pipeline.contract.model import Scope
from ddg_pipeline.rulebook import Rulebook

SIZE_KEYS = ("population", "members", "enrollment")
"""The keys of a contract that say how many people there are."""

Knowledge = Literal["known", "bounded", "unknown"]


def count_cells(bound: BoundTable, rulebook: Rulebook) -> Counts:
    """Count small, zero and all cells, and cells with a small denominator; margins included.

    A denominator comes from the measure's `population` or from the `denominator` of a rate or percentage of it;
    where neither is declared, from the sizes of the table's dimensions, which bound it from above.
    """
    lower, upper = rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper
    measures = bound.contract.counts
    small = zero = small_denominators = 0
    knowledge: list[Knowledge] = []
    for measure in measures:
        counts = bound.frame[measure]
        small += int(counts.between(lower, upper).sum())
        zero += int((counts == 0).sum())
        denominators, known = _denominators(bound, measure)
        knowledge.append(known)
        if denominators is not None:
            small_denominators += int((denominators <= rulebook.thresholds.denominator).sum())
    return Counts(
        cells=len(bound.frame) * len(measures),
        small_cells=small,
        zero_cells=zero,
        small_denominators=small_denominators,
        denominators="unknown" if "unknown" in knowledge else "bounded" if "bounded" in knowledge else "known",
    )


def _denominators(bound: BoundTable, measure: str) -> tuple[pd.Series[Any] | None, Knowledge]:
    """Give the smallest denominator of each row, as far as it is known."""
    declared = bound.denominators(measure)
    found = [declared] if declared is not None else []
    for name, other in bound.contract.measures.items():
        if other.denominator is not None and bound.contract.governor(name) == measure:
            found.append(pd.to_numeric(bound.frame[other.denominator]))
    if found:
        return pd.concat(found, axis=1).min(axis=1), "known"
    return _bounds(bound)


def _bounds(bound: BoundTable) -> tuple[pd.Series[Any] | None, Knowledge]:
    bounds: list[pd.Series[Any]] = []
    dividing = [name for name, dimension in bound.contract.dimensions.items() if _divides_people(dimension)]
    for name in dividing:
        for key in SIZE_KEYS:
            sizes = bound.sizes(name, key)
            if sizes is not None:
                # Totals and broader groups without a size are larger than their parts, and so never the smallest.
                bounds.append(pd.to_numeric(bound.frame[name].map(sizes)))
    for scope in bound.contract.scope:
        sizes_of_scope = [getattr(scope, key) for key in SIZE_KEYS if getattr(scope, key) is not None]
        bounds += [pd.Series(size, index=bound.frame.index) for size in sizes_of_scope]
    if not bounds:
        return None, "unknown"
    single = len(bounds) == 1 and len(dividing) <= 1
    return pd.concat(bounds, axis=1).min(axis=1), "known" if single else "bounded"


def _divides_people(variable: Dimension | Scope) -> bool:
    """Say whether a variable splits the population a count comes from; a disease or a year does not."""
    if variable.variable is Variable.OTHER:
        return variable.population is not None
    return variable.variable is not Variable.TIME
