"""Whether it is known of linked tables which of their cells count the same people.

Masking and the attack take two cells for the same where the tables have them alike in common dimensions, and all other
dimensions at a total. Where a table is a part of another one without saying so (one disease beside a table by disease),
or calls things by other names, they would be judged as if they were about different people, and readers could subtract
one from the other. So that is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ddg_pipeline.assessment.periods import spans_of_periods
from ddg_pipeline.contract.columns import some
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes

if TYPE_CHECKING:
    import pandas as pd

    from ddg_pipeline.contract import BoundTable
    from ddg_pipeline.contract.bind import Axis

_ALIKE_AT_LEAST = 2  # figures that are not 0, in categories called alike, before two columns are taken for the same
_APART_AT_LEAST = 3  # different figures, in categories called otherwise

_UNRELATED = "where nobody is counted in both, `unrelated` with the reason in place of `links`"


@dataclass(frozen=True)
class Unconnected:
    """A dimension by which nobody can tell which cells of two tables count the same people.

    Attributes:
        dimension: Its name.
        lacking: Which of the two tables, 0 or 1, has no such column, where the other one has no total of it; None where
            both have it, and their categories have nothing to do with each other.
        categories: What either has that the other has not.
        only_total: Which of the two tables has nothing of it but what the other calls the total.
    """

    dimension: str
    lacking: int | None
    categories: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    only_total: int | None = None


def unconnected(
    first: Mapping[str, Axis], second: Mapping[str, Axis], others: Iterable[Mapping[str, Axis]] = ()
) -> list[Unconnected]:
    """List the dimensions by which nobody can tell which cells of two tables count the same people.

    Args:
        first: The dimensions of one table.
        second: Those of the other.
        others: Those of the other tables that are linked with both: categories that one of them has side by side are
            known to be different ones.

    Returns:
        Nothing where every cell of one table has its place in the other, or is in other periods.
    """
    others = list(others)
    if any(_in_other_periods(axis, second[name]) for name, axis in first.items() if name in second):
        return []
    found = [
        Unconnected(name, 1 - number)
        for number, (own, other) in enumerate(((first, second), (second, first)))
        for name, axis in own.items()
        if name not in other and axis_nodes(axis).everything is None
    ]
    for name, axis in first.items():
        if name not in second:
            continue
        other = second[name]
        left, right = replaced_categories(axis, other)
        if left and right:
            categories, asked = (tuple(left), tuple(right)), {*left, *right}
        elif _have_cells_in_common(axis_nodes(axis), axis_nodes(other)):
            continue
        else:
            categories, asked = ((), ()), {*axis.labels, *other.labels}
        if any(_has_side_by_side(third, name, asked) for third in others):
            continue
        totals = [set(one.labels) <= {two.total} for one, two in ((axis, other), (other, axis))]
        found.append(Unconnected(name, None, categories, totals.index(True) if any(totals) else None))
    return found


def replaced_categories(first: Axis, second: Axis) -> tuple[list[str], list[str]]:
    """List the categories of either table that the other has not, not even as a group.

    Of periods, only those are listed that overlap one of the other table: others follow each other.
    """
    left = [label for label in first.leaves if label not in second.groups]
    right = [label for label in second.leaves if label not in first.groups]
    if second.declared.variable is Variable.TIME:
        spans = spans_of_periods([*left, *right], second.declared.period)
        if {*left, *right} <= spans.keys():  # what cannot be read may overlap
            left, right = (
                [one for one in own if one in other or any(_overlap(spans[one], spans[its]) for its in other)]
                for own, other in ((left, right), (right, left))
            )
    return [one for one in left if one not in right], [one for one in right if one not in left]


def _overlap(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return bool(one[0] < other[1] and other[0] < one[1])


def _in_other_periods(first: Axis, second: Axis) -> bool:
    """Say whether two tables are about periods that follow each other, sums over periods included."""
    if Variable.TIME not in (first.declared.variable, second.declared.variable):
        return False
    labels = [*first.labels, *second.labels]
    spans = spans_of_periods(labels, second.declared.period or first.declared.period)
    if not set(labels) <= spans.keys():
        return False
    return not any(_overlap(spans[one], spans[other]) for one in first.labels for other in second.labels)


def _have_cells_in_common(first: AxisNodes, second: AxisNodes) -> bool:
    shared = {label for label in first.position if label in second.position}
    own = [label for label in shared if first.position[label] != first.total]
    return (first.total is not None and second.total is not None) or any(
        second.position[label] != second.total for label in own
    )


def _has_side_by_side(axes: Mapping[str, Axis], name: str, labels: Iterable[str]) -> bool:
    return name in axes and set(labels) <= {*axes[name].labels, *axes[name].groups}


def refuse_unrecognised(
    names: Sequence[str],
    axes: Sequence[Mapping[str, Axis]],
    counts: Sequence[Iterable[str]],
    tables: Sequence[BoundTable] = (),
) -> None:
    """Refuse linked tables of which nobody can tell which cells count the same people.

    Args:
        names: What errors call the tables.
        axes: The dimensions of each.
        counts: The counts of each; tables without one in common are not compared.
        tables: The tables themselves, where they are at hand: then errors name the category that one is about.

    Raises:
        InputErrors: With what is lacking in which contract.
    """
    errors = []
    for one, two in itertools.combinations(range(len(names)), 2):
        if not set(counts[one]) & set(counts[two]):
            continue
        rest = [own for number, own in enumerate(axes) if number not in (one, two)]
        pair = (names[one], names[two])
        for lacking in unconnected(axes[one], axes[two], rest):
            meant = _category_meant(tables[one], tables[two], lacking) if tables else None
            errors.append(InputError(" and ".join(pair), "links", *explained(lacking, pair, meant)))
    if errors:
        raise InputErrors(errors)


def explained(lacking: Unconnected, names: tuple[str, str], meant: str | None = None) -> tuple[str, str]:
    """Say what is lacking, and what to write instead.

    Args:
        lacking: The dimension.
        names: What errors call the two tables.
        meant: The category whose figures the table without the column repeats, where there is one.
    """
    name = lacking.dimension
    if lacking.lacking is not None:
        without, having = names[lacking.lacking], names[1 - lacking.lacking]
        found = (
            f"nothing that says which figures of {having}, which has no total over `{name}`, count the same people as "
            f"{without}, which has no such column" + (f" (its figures are those of {name}={meant})" if meant else "")
        )
        category = f"the category that it counts{f', {meant},' if meant else ','} the same in every row"
        return found, (
            f"a column `{name}` in {without} with {category}, declared under `dimensions`; or, where {without} counts "
            f"all of them, rows for everybody in {having}, named under `dimensions.{name}.total`; {_UNRELATED}"
        )
    if lacking.only_total is not None:
        only, other = names[lacking.only_total], names[1 - lacking.only_total]
        return (
            f"nothing of `{name}` in {only} but what {other} calls the total",
            f"no column `{name}` in {only}: a table without it is about everybody; {_UNRELATED}",
        )
    left, right = lacking.categories
    listed = f": {some(left)} in {names[0]}, {some(right)} in {names[1]}" if left or right else ""
    return (
        f"categories of `{name}` of which nobody can tell how they overlap{listed}",
        f"the same categories in both, or a `hierarchy` that says which of them add up to which; {_UNRELATED}",
    )


def refuse_renamed(tables: Sequence[BoundTable]) -> None:
    """Refuse linked tables that have the same figures under other names: a column, or a count, that was renamed.

    Raises:
        InputErrors: With both names.
    """
    errors = []
    for one, two in itertools.combinations(tables, 2):
        places = f"{one.place} and {two.place}"
        for first, second in _renamed_counts(one, two):
            found = f"the same figures as `{first}` in {one.place} and as `{second}` in {two.place}"
            errors.append(InputError(places, "measures", found, "one name for the same count in linked tables"))
        for first, second in _renamed_dimensions(one, two):
            found = f"the same figures by `{first}` in {one.place} and by `{second}` in {two.place}"
            expected = "one name for the same column in linked tables, and the same categories"
            errors.append(InputError(places, "dimensions", found, expected))
    if errors:
        raise InputErrors(errors)


def _renamed_counts(one: BoundTable, two: BoundTable) -> list[tuple[str, str]]:
    common = [name for name in one.axes if name in two.axes]
    found = []
    for first, second in itertools.product(one.contract.counts, two.contract.counts):
        if first in two.contract.counts or second in one.contract.counts:
            continue
        left, right = _figures(one, common, first), _figures(two, common, second)
        if left is not None and right is not None and _are_the_same(left, right):
            found.append((first, second))
    return found


def _renamed_dimensions(one: BoundTable, two: BoundTable) -> list[tuple[str, str]]:
    measures = [name for name in one.contract.counts if name in two.contract.counts]
    found = []
    for (first, axis), (second, other) in itertools.product(one.axes.items(), two.axes.items()):
        if first in two.axes or second in one.axes or axis.declared.variable is not other.declared.variable:
            continue
        for measure in measures:
            left, right = (_figures(table, [name], measure) for table, name in ((one, first), (two, second)))
            if (
                left is not None
                and right is not None
                and (_are_the_same(left, right) or _differ_in_labels(left, right))
            ):
                found.append((first, second))
                break
    return found


def _are_the_same(left: pd.Series[Any], right: pd.Series[Any]) -> bool:
    """Whether figures agree wherever both have one, and enough of them are not 0."""
    left, right = left.align(right, join="inner")
    both = left.notna() & right.notna()
    left, right = left[both], right[both]
    return bool((left == right).all()) and int((left != 0).sum()) >= _ALIKE_AT_LEAST


def _differ_in_labels(left: pd.Series[Any], right: pd.Series[Any]) -> bool:
    """Whether categories called otherwise hold the same figures."""
    if set(left.index) & set(right.index):
        return False
    own, other = (sorted(figures[figures.notna() & (figures != 0)]) for figures in (left, right))
    return own == other and len(set(own)) >= _APART_AT_LEAST


def _figures(table: BoundTable, names: Sequence[str], measure: str) -> pd.Series[Any] | None:
    """Add a count up to some dimensions, by leaves of these; None where that cannot be done.

    Returns:
        By category of each dimension named; NaN where a figure is missing.
    """
    frame = table.frame
    use = np.ones(len(frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        if name in names:
            use &= frame[name].isin(axis.leaves).to_numpy()
        elif axis.total is not None:
            use &= (frame[name] == axis.total).to_numpy()
        elif axis.additive or len(axis.labels) == 1:
            use &= frame[name].isin(axis.leaves).to_numpy()
        else:
            return None
    values = frame[measure].astype("float64")
    if measure in table.missing:
        values = values.mask(table.missing[measure])
    values = values[use]
    if not names:
        return values.groupby(np.zeros(len(values), dtype=np.int64)).sum(min_count=len(values))
    return values.groupby([frame[name][use] for name in names], sort=False).agg(lambda part: part.sum(skipna=False))


def _category_meant(one: BoundTable, two: BoundTable, lacking: Unconnected) -> str | None:
    """Find the category of a dimension whose figures a table without the column repeats."""
    if lacking.lacking is None:
        return None
    without, having = ((one, two), (two, one))[lacking.lacking]
    common = [name for name in having.axes if name in without.axes]
    others = [name for name in having.axes if name not in (*common, lacking.dimension)]
    if any(axis_nodes(having.axes[name]).everything is None for name in others):
        return None
    for measure in without.contract.counts:
        own = _figures(without, common, measure)
        by_category = _figures(having, [*common, lacking.dimension], measure) if measure in having.frame else None
        if own is None or by_category is None or not common:
            continue
        for label in having.axes[lacking.dimension].leaves:
            if _are_the_same(own, _of_category(by_category, lacking.dimension, label)):
                return label
    return None


def _of_category(figures: pd.Series[Any], name: str, label: str) -> pd.Series[Any]:
    return figures[figures.index.get_level_values(name) == label].droplevel(name)
