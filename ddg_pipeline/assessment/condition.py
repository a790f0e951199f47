"""Step 2: is a cell derived from few individuals, or do they come from a small population (§4.2)?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ddg_pipeline.assessment.derived import DerivedCounts, derived_counts
from ddg_pipeline.assessment.inference import known_size
from ddg_pipeline.assessment.result import Counts, DenominatorKnowledge, MeasureCounts
from ddg_pipeline.contract import BoundTable, Dimension, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.dimension import Implied, Scope
from ddg_pipeline.contract.sizes import Size, TableReference, TotalOver
from ddg_pipeline.populations import KnownSize, too_large
from ddg_pipeline.rulebook import Rulebook

SIZE_KEYS = ("population", "members", "enrollment")
"""The keys of a contract that say how many people there are."""

_WORST_FIRST: tuple[DenominatorKnowledge, ...] = ("unknown", "bounded", "known")


def count_cells(bound: BoundTable, rulebook: Rulebook, derived: Sequence[DerivedCounts] | None = None) -> Counts:
    """Count small, zero and all cells, and cells with a small denominator; margins included.

    What stands in no row but follows from the rows by subtraction is counted beside them, where it is small.

    A denominator comes from the measure's `population`, or from the denominator of a rate or percentage of it; where
    neither is declared, from the sizes of the table's dimensions. A size that does not tell apart all categories that
    divide people holds more people than the cell's population does, so that it only bounds the denominator: then small
    ones cannot be ruled out.

    Args:
        bound: The table.
        rulebook: The edition.
        derived: What follows by subtraction; left out, it is calculated.
    """
    lower, upper = rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper
    measures = []
    told = {one.measure: one for one in (derived_counts(bound) if derived is None else derived)}
    for name in bound.contract.counts:
        counts, found = bound.frame[name], _denominators(bound, name, rulebook)
        measures.append(
            MeasureCounts(
                measure=name,
                cells=len(counts),
                small_cells=int(counts.between(lower, upper).sum()),
                small_derived=told[name].number_between(lower, upper),
                zero_cells=int((counts == 0).sum()) - int(sum(bound.missing.get(name, ()))),
                small_denominators=int((found.sizes <= rulebook.thresholds.denominator).sum()),
                denominators=found.knowledge,
                source=found.source,
            )
        )
    return Counts(
        cells=sum(one.cells for one in measures),
        small_cells=sum(one.small_cells for one in measures),
        small_derived=sum(one.small_derived for one in measures),
        zero_cells=sum(one.zero_cells for one in measures),
        small_denominators=sum(one.small_denominators for one in measures),
        denominators=min((one.denominators for one in measures), key=_WORST_FIRST.index, default="unknown"),
        measures=tuple(measures),
    )


@dataclass(frozen=True)
class _Denominators:
    """The smallest denominator of each row, as far as it is known; NaN where nothing is."""

    sizes: pd.Series[Any]
    knowledge: DenominatorKnowledge
    source: str


_Named = tuple[str, "pd.Series[Any]"]
"""Where sizes come from, in words, and the size of each row."""


def _denominators(bound: BoundTable, measure: str, rulebook: Rulebook) -> _Denominators:
    declared = list(_declared(bound, measure))
    sizes = _smallest([sizes for _, sizes in declared], bound)
    bounds = list(_bounds(bound, rulebook, sizes if declared else None))
    if not declared and not bounds:
        return _Denominators(sizes, "unknown", "")
    bounded = _smallest([sizes for _, sizes in bounds], bound)
    if not declared:
        alone = len(bounds) == 1 and len(_dividing(bound)) + len(_narrowing(bound, rulebook)) <= 1
        known = alone and not bounded.isna().any()
        return _Denominators(bounded, "known" if known else "bounded", " and ".join(words for words, _ in bounds))
    larger = (
        bool((bounded < sizes).any())
        or (bool(_narrowing(bound, rulebook)) and not _counted_in_table(bound, measure))
        or any(not _tells_apart(bound, sizes, name, rulebook) for name in _dividing(bound))
    )
    knowledge: DenominatorKnowledge = "bounded" if larger or sizes.isna().any() else "known"
    return _Denominators(
        _smallest([sizes, bounded], bound), knowledge, " and ".join(dict.fromkeys(words for words, _ in declared))
    )


def _smallest(sizes: list[pd.Series[Any]], bound: BoundTable) -> pd.Series[Any]:
    if not sizes:
        return pd.Series(float("nan"), index=bound.frame.index)
    return pd.concat([each.astype(float) for each in sizes], axis=1).min(axis=1)


def _declared(bound: BoundTable, measure: str) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Give the populations that the contract declares for a count, and for the statistics computed from it."""
    contract = bound.contract
    for name, other in contract.measures.items():
        if contract.governor(name) != measure:
            continue
        population = bound.denominators(name)
        if population is not None and other.population is not None:
            yield _in_words(other.population, name), population
        if other.denominator is not None:
            # Events are more than the people behind them, and people are what a denominator counts. Below a mean stand
            # the very people it is about, which is no population.
            below = other.denominator
            column = contract.governor(below) if below in contract.measures else below
            if column != measure:
                yield f"{column}, the denominator of {name}", pd.to_numeric(bound.frame[column])


def _counted_in_table(bound: BoundTable, measure: str) -> bool:
    """Say whether a declared denominator is itself a count of the table, so that the whole scope holds for it too."""
    contract = bound.contract
    return any(
        isinstance(other.population, TotalOver)
        or (other.denominator in contract.measures and contract.governor(str(other.denominator)) != measure)
        for name, other in contract.measures.items()
        if contract.governor(name) == measure
    )


def _in_words(size: Size | TotalOver, measure: str) -> str:
    match size:
        case TotalOver():
            return f"the total of {measure} over {' and '.join(size.total_over)}"
        case TableReference():
            keys = size.key if isinstance(size.key, str) else " and ".join(size.key)
            return f"{size.value} of {size.table} by {keys}"
        case str():
            return f"the column {size}"
        case _:
            return f"the population declared for {measure}"


def _bounds(bound: BoundTable, rulebook: Rulebook, declared: pd.Series[Any] | None) -> Iterator[_Named]:
    """Give the sizes of the dimensions and of the scope: no cell comes from more people than any of them.

    Where a population is declared, the area a service stands in is left out: its patients may come from elsewhere. And
    a size that the contract leaves out bounds it only where no other year or source could explain the difference.
    """
    narrowing_only = declared is not None
    for name, dimension in bound.contract.dimensions.items():
        if not _divides_people(dimension) or (narrowing_only and _is_service(dimension)):
            continue
        yield from _sizes_of_dimension(bound, name, rulebook, declared)
    for position, scope in enumerate(bound.contract.scope):
        if narrowing_only and _is_service(scope):
            continue
        for key in SIZE_KEYS:
            size = getattr(scope, key)
            if size is not None:
                yield f"{key} of scope[{position}]", pd.Series(float(size), index=bound.frame.index)
        area = _known_scope(scope, rulebook)
        if area is not None:
            everywhere = pd.Series(float(area.people), index=bound.frame.index)
            labels = pd.Series(area.label, index=bound.frame.index)
            found = everywhere if declared is None else everywhere.where(_beyond(declared, labels, {area.label: area}))
            yield f"population of scope[{position}]", found
    for name, dimension in bound.contract.dimensions.items():
        for one in dimension.implies:
            if one.population is not None and not _is_service(one):
                telling = bound.frame[name].isin(one.categories or bound.axes[name].leaves)
                sizes_of_implied = pd.Series(float(one.population), index=bound.frame.index).where(telling)
                yield f"population of {one.label} as {name} implies", sizes_of_implied


def _sizes_of_dimension(
    bound: BoundTable, name: str, rulebook: Rulebook, declared: pd.Series[Any] | None
) -> Iterator[_Named]:
    dimension, labels = bound.contract.dimensions[name], bound.frame[name]
    for key in SIZE_KEYS:
        column, sizes = getattr(dimension, key), bound.sizes(name, key)
        if isinstance(column, str):
            yield f"{key} of {name}", bound.frame[column].where(~labels.isin(dimension.unknown))
        elif sizes is not None:
            known = {**_sizes_of_groups(bound.axes[name], sizes, dimension.unknown), **sizes}
            yield f"{key} of {name}", pd.to_numeric(labels.map(known))
        elif areas := _known_areas(bound, name, key, rulebook):
            found = pd.to_numeric(labels.map({label: size.people for label, size in areas.items()}))
            if declared is not None:
                found = found.where(_beyond(declared, labels, areas))
            yield f"{key} of {name}", found


def _known_areas(bound: BoundTable, name: str, key: str, rulebook: Rulebook) -> dict[str, KnownSize]:
    """Look up the areas of a residence geography whose population the contract leaves out, and their groups."""
    declared, axis = bound.contract.dimensions[name], bound.axes[name]
    if key != "population" or declared.variable is not Variable.RESIDENCE_GEOGRAPHY or declared.population is not None:
        return {}
    labels = [label for label in axis.labels if label not in declared.unknown]
    looked_up = {label: known_size(declared.variable, label, name, rulebook) for label in labels}
    areas = {label: size for label, size in looked_up.items() if size is not None}
    if not areas:
        return {}
    source = next(iter(areas.values())).source
    sizes = {label: size.people for label, size in areas.items()}
    groups = _sizes_of_groups(axis, sizes, declared.unknown)
    return {label: KnownSize(label, size, size, source) for label, size in groups.items()} | areas


def _known_scope(scope: Scope, rulebook: Rulebook) -> KnownSize | None:
    """Look up the area that a whole table is about, where the contract leaves its population out."""
    left_out = scope.variable is Variable.RESIDENCE_GEOGRAPHY and scope.population is None
    return known_size(scope.variable, scope.label, "scope", rulebook) if left_out and scope.label else None


def _beyond(declared: pd.Series[Any], labels: pd.Series[Any], known: Mapping[str, KnownSize]) -> pd.Series[Any]:
    """Say where a declared population is larger than another year of the known one could explain."""
    told = [
        label in known and pd.notna(size) and too_large(int(size), known[label])
        for label, size in zip(labels, declared, strict=True)
    ]
    return pd.Series(told, index=declared.index, dtype=bool)


def _sizes_of_groups(axis: Axis, sizes: dict[str, int], unknown: list[str]) -> dict[str, int]:
    """Add up the sizes of the categories in the table that a total or a broader group consists of; never too large."""
    leaves = {label: sizes[label] for label in axis.leaves if label in sizes}
    groups: dict[str, int] = {}
    for hierarchy in axis.hierarchies:
        for parent in hierarchy.parents:
            parts = [size for label, size in leaves.items() if parent in hierarchy.ancestors(label)]
            if parts:
                groups[parent] = max(parts) if not axis.additive else sum(parts)
    if axis.total is not None and leaves:
        groups[axis.total] = sum(leaves.values()) if axis.additive else max(leaves.values())
    return {label: size for label, size in groups.items() if label not in unknown}


def _tells_apart(bound: BoundTable, sizes: pd.Series[Any], dimension: str, rulebook: Rulebook) -> bool:
    """Say whether sizes differ between the categories of a dimension, all others being equal.

    A population that is the same for both sexes of every county is that of the county, not of its men and women. In a
    few counties they may be as many by chance, in most of them not. Where nothing can be compared, only a size of the
    dimension's own can tell: `_bounds` holds the population against it.
    """
    axis, unknown = bound.axes[dimension], bound.contract.dimensions[dimension].unknown
    leaves = [label for label in axis.leaves if label not in unknown]
    compared_labels = leaves if len(leaves) > 1 else [label for label in axis.labels if label not in unknown]
    rows = bound.frame[dimension].isin(compared_labels)
    others = [name for name in bound.axes if name != dimension]
    kept = bound.frame.loc[rows, others].assign(_size=sizes[rows])
    groups = kept.groupby(others, sort=False)["_size"] if others else kept.groupby(lambda _: 0)["_size"]
    differ = groups.nunique()[groups.size() > 1] > 1
    if differ.empty:
        return any(
            getattr(bound.contract.dimensions[dimension], key) is not None
            or _known_areas(bound, dimension, key, rulebook)
            for key in SIZE_KEYS
        )
    return bool(differ.sum() * 2 > len(differ))


def _dividing(bound: BoundTable) -> list[str]:
    return [name for name, dimension in bound.contract.dimensions.items() if _divides_people(dimension)]


def _narrowing(bound: BoundTable, rulebook: Rulebook) -> list[str]:
    """List what narrows the people down without a size of its own, so that the sizes at hand are too large."""
    scope = [
        f"scope[{position}]"
        for position, scope in enumerate(bound.contract.scope)
        if _divides_people(scope)
        and all(getattr(scope, key) is None for key in SIZE_KEYS)
        and _known_scope(scope, rulebook) is None
    ]
    implied = [
        f"dimensions.{name}.implies"
        for name, dimension in bound.contract.dimensions.items()
        if any(one.population is None and _divides_people(one) for one in dimension.implies)
    ]
    return [*scope, *implied]


def _divides_people(declared: Dimension | Scope | Implied) -> bool:
    """Say whether a variable splits the population a count comes from; a disease or a year does not."""
    if declared.variable is Variable.OTHER:
        return declared.population is not None
    return declared.variable is not Variable.TIME


def _is_service(declared: Dimension | Scope | Implied) -> bool:
    return declared.variable is Variable.SERVICE_GEOGRAPHY
