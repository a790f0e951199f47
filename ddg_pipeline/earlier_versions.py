"""Versions of a release that are public already: what their readers know, as masking and the attacker are told it.

A corrected table tells, together with the version before, more than either does alone: a total that rose by one beside
a single cell that is new says what this cell holds. So each version is masked with the earlier ones in mind, and
attacked together with them. The reader is taken to know which figures were corrected: a figure that is the same in both
versions is one unknown to him, a corrected one is two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.audit import AuditRules, PublishedTable, broken_margins
from ddg_pipeline.contract import BoundTable, ReleaseContract, bind
from ddg_pipeline.contract.already_public import AlreadyPublic
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.columns import counts_with_gaps, dimension_column, some
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.linked_cells import explained, replaced_categories, unconnected

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

_EARLIER = {  # how errors call what all of them show
    "refuse": "earlier versions of {release}",
    "accept": "earlier versions of {release}, whose small counts are accepted as lost",
}


@dataclass(frozen=True, eq=False)
class EarlierVersion:
    """One version of a release that is public, or was.

    Attributes:
        name: What errors and findings call it, such as ``disease_cases version 3``.
        bound: The table as it was before masking, with its contract of that time. Restricted.
        published: The table as it was published: text, rows in the same order.
        reasons_shown: Whether its codes tell small cells from complementary ones.
        masked: Whether small counts are hidden in it.
        small_counts: What to do where it shows a count that is small now, as under `already_public`.
        certain: Whether what it hides is known; where not, it is taken to be what it is now, see `as_published`.
    """

    name: str
    bound: BoundTable = field(repr=False)
    published: pd.DataFrame = field(repr=False)
    reasons_shown: bool
    masked: bool
    small_counts: Literal["refuse", "accept"] = "refuse"
    certain: bool = True

    @property
    def contract(self) -> ReleaseContract:
        """Its contract, under its own name: a proof of the present version is not about it."""
        return self.bound.contract.model_copy(update={"release": self.name, "links": []})


Versions = Mapping[str, Sequence[EarlierVersion]]  # by release, the oldest first
NO_VERSIONS: Versions = MappingProxyType({})


def with_earlier_versions(table: BoundTable, versions: Sequence[EarlierVersion]) -> BoundTable:
    """Tell masking, in the words of the contract, what earlier versions show and hide.

    What they show, and is still so, is `already_public`. What they hide, and is still so and not small, stays hidden:
    shown now, it would open what it was hidden for.

    Args:
        table: The present table.
        versions: The earlier ones.

    Returns:
        The same table with a contract that says so, and the reference tables for it.
    """
    if not versions or table.contract.suppression.form != "cells":
        return table
    dimensions, measures = list(table.axes), _summed(table)
    shown: dict[Literal["refuse", "accept"], list[pd.DataFrame]] = {"refuse": [], "accept": []}
    hidden = []
    for version in versions:
        here, there = _same_cells(version.bound, table)
        at = table.frame[dimensions].iloc[there].reset_index(drop=True)
        known = at.copy()
        stays: Booleans = np.zeros(len(at), dtype=np.bool_)
        for measure in measures:
            if measure not in version.published.columns:
                continue
            figures = pd.to_numeric(version.published[measure].iloc[here], errors="coerce").reset_index(drop=True)
            same = _unchanged(version.bound, table, measure, here, there)
            known[measure] = figures.where(same)
            if not version.certain and measure in version.bound.missing:
                same |= version.bound.missing[measure][here]  # nobody knows: it may be, and then it would tell others
            stays |= same & figures.isna().to_numpy() & version.masked
        shown[version.small_counts].append(known)
        hidden.append(at[stays])
    more = pd.concat(hidden).drop_duplicates()
    if len(more):
        table = hiding(table, more)
    for small_counts, frames in shown.items():
        if frames:
            table = _showing(table, _first_of_each(frames, dimensions), small_counts)
    return table


def still_hidden(table: BoundTable, versions: Sequence[EarlierVersion]) -> bool:
    """Say whether an earlier version hides a figure that is the same now."""
    informed = with_earlier_versions(table, versions)
    return len(informed.contract.suppression.hide) > len(table.contract.suppression.hide)


def hiding(table: BoundTable, cells: pd.DataFrame) -> BoundTable:
    """Ask for more cells to be hidden (`suppression.hide`), but for those that the contract keeps open.

    Args:
        table: The table.
        cells: Their coordinates, one column a dimension.
    """
    suppression = table.contract.suppression
    kept = np.zeros(len(cells), dtype=np.bool_)
    for pattern in suppression.keep:
        kept |= np.logical_and.reduce([cells[name].isin(labels) for name, labels in pattern.items()])
    patterns = [{name: [label] for name, label in row.items()} for row in cells[~kept].to_dict("records")]
    if not patterns:
        return table
    hide = [*suppression.hide, *patterns]
    contract = table.contract.model_copy(update={"suppression": suppression.model_copy(update={"hide": hide})})
    return replace(table, contract=contract)


def telling(table: BoundTable, versions: Sequence[EarlierVersion], *, reasons_shown: bool) -> list[EarlierVersion]:
    """Choose the versions that tell more than single figures: something in them is otherwise now.

    Of a version of which every row is here, unchanged, readers learn what it shows, and that the masking knows of; and
    which of its hidden figures are small, where its codes tell that and those of the present one do not.

    Args:
        table: The present table.
        versions: The earlier ones.
        reasons_shown: Whether the present codes tell small cells from complementary ones.
    """
    return [
        version
        for version in versions
        if (version.masked and version.reasons_shown and not reasons_shown) or not _is_part_of(version, table)
    ]


def refuse_disconnected(table: BoundTable, version: EarlierVersion, *, other_dimensions: bool = False) -> None:
    """Refuse a table that speaks of the people of an earlier version in other names or categories.

    Nobody could tell then which figures are the same, so that the two would be judged as if they were about different
    people. Dropping or adding dimensions, measures and categories is fine; replacing some by others is not, but for
    periods that follow each other.

    Args:
        table: The table.
        version: What is public.
        other_dimensions: Whether the version is of another release, beside this one, so that dimensions of other names
            are other dimensions.

    Raises:
        RefusedError: Names or categories were replaced, or one of the two shows percentages in place of counts.
    """
    place, now, before = table.contract.release, table.contract, version.bound.contract
    if now.suppression.form != before.suppression.form:
        raise RefusedError(
            f"{place}: {version.name} is public in the form `{before.suppression.form}`, and this would be in the form "
            f"`{now.suppression.form}`: readers could calculate one from the other (§4.4.4); keep the form"
        )
    if now.suppression.form != "cells":
        here, there = _same_cells(version.bound, table)
        if not all(_unchanged(version.bound, table, name, here, there).all() for name in _summed(table)):
            raise RefusedError(
                f"{place}: counts behind percentages that {version.name} shows were corrected: from both percentages "
                "together readers could tell small counts (§4.4.4); leave the rows as they were published"
            )
        return
    replaced = [
        _replaced("measures", before.counts, now.counts),
        "" if other_dimensions else _replaced("dimensions", list(version.bound.axes), list(table.axes)),
        *(
            _replaced(f"categories of {name}", *replaced_categories(version.bound.axes[name], axis))
            for name, axis in table.axes.items()
            if name in version.bound.axes
        ),
    ]
    found = "; ".join(filter(None, replaced))
    if found:
        raise RefusedError(
            f"{place}: what {version.name} is about has other names now, so that nobody can tell which figures are the "
            f"same: {found}. Call them as before, or keep earlier categories with a hierarchy of what they add up to"
        )
    for lacking in unconnected(version.bound.axes, table.axes):
        wrong, expected = explained(lacking, (version.name, place))
        raise RefusedError(f"{place}: {version.name} is public, and there is {wrong}. Expected: {expected}")


def _replaced(what: str, before: Sequence[str], now: Sequence[str]) -> str:
    gone, new = ([one for one in names if one not in others] for names, others in ((before, now), (now, before)))
    return f"{what}: {some(gone)} gone, {some(new)} new" if gone and new else ""


def wholes_of(table: BoundTable, versions: Sequence[EarlierVersion], cell: Mapping[str, str]) -> pd.DataFrame:
    """List the totals and groups just above a cell that are not what they were in some earlier version.

    Hidden, they no longer tell by how much a row has grown.

    Args:
        table: The present table.
        versions: The earlier ones.
        cell: A category for each dimension; of a cell of this table, or of an earlier version.

    Returns:
        Coordinates of rows of this table, one column a dimension.
    """
    found = [coordinate for coordinate in _above(table, cell) if _has_changed(table, versions, coordinate)]
    return pd.DataFrame(found, columns=list(table.axes))


def _showing(table: BoundTable, known: pd.DataFrame, small_counts: Literal["refuse", "accept"]) -> BoundTable:
    if not len(known):
        return table
    name = _EARLIER[small_counts].format(release=table.contract.release)
    public = [*table.contract.already_public, AlreadyPublic(table=name, small_counts=small_counts)]
    contract = table.contract.model_copy(update={"already_public": public})
    return replace(table, contract=contract, references={**table.references, name: known})


def _first_of_each(frames: Sequence[pd.DataFrame], dimensions: list[str]) -> pd.DataFrame:
    """Put what several versions show into one table; where they show a cell, they show the same."""
    joined = pd.concat(frames, ignore_index=True)
    figures = [name for name in joined.columns if name not in dimensions]
    if not figures:
        return joined.iloc[:0]
    joined = joined.groupby(dimensions, sort=False, dropna=False).first().reset_index()
    return joined[joined[figures].notna().any(axis=1)].reset_index(drop=True)


def _summed(table: BoundTable) -> list[str]:
    return [name for name in table.contract.measures if name in table.contract.counts]


def _same_cells(earlier: BoundTable, table: BoundTable) -> tuple[Integers, Integers]:
    """Pair the rows of two versions that count the same people: what only one classifies by is at its total."""
    common = [name for name in earlier.axes if name in table.axes]
    here, there = _at_total(earlier, common), _at_total(table, common)
    if not common:
        return here[:1], there[:1]
    left = earlier.frame[common].iloc[here].assign(_here=here)
    right = table.frame[common].iloc[there].assign(_there=there)
    both = left.merge(right, on=common)
    return both["_here"].to_numpy(dtype=np.int64), both["_there"].to_numpy(dtype=np.int64)


def _at_total(table: BoundTable, common: Sequence[str]) -> Integers:
    use = np.ones(len(table.frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        if name not in common:
            use &= (table.frame[name] == axis.total).to_numpy() if axis.total is not None else False
    return np.flatnonzero(use)


def _unchanged(earlier: BoundTable, table: BoundTable, measure: str, here: Integers, there: Integers) -> Booleans:
    before, now = earlier.frame[measure].to_numpy()[here], table.frame[measure].to_numpy()[there]
    same: Booleans = before == now
    for side, rows in ((earlier, here), (table, there)):
        if measure in side.missing:
            same &= ~side.missing[measure][rows]
    return same


def _is_part_of(version: EarlierVersion, table: BoundTable) -> bool:
    if list(version.bound.axes) != list(table.axes):
        return False
    added_up = [
        name
        for name, measure in version.bound.contract.measures.items()
        if measure.kind in (MeasureKind.COUNT, MeasureKind.AMOUNT)
    ]
    measures = [name for name in added_up if name in table.contract.measures]
    here, there = _same_cells(version.bound, table)
    if len(here) < len(version.bound.frame) or len(measures) < len(added_up):
        return False
    return all(_unchanged(version.bound, table, measure, here, there).all() for measure in measures)


def _above(table: BoundTable, cell: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Give the coordinates of the rows just above a cell, along each dimension and grouping."""
    base = {name: _label(axis, cell.get(name)) for name, axis in table.axes.items()}
    carried = {tuple(row) for row in table.frame[list(table.axes)].itertuples(index=False, name=None)}
    for name, axis in table.axes.items():
        for parent in _parents(axis, base[name]):
            found = {**base, name: parent}
            if tuple(found.values()) in carried:
                yield {key: str(label) for key, label in found.items()}


def _label(axis: Axis, label: str | None) -> str | None:
    return label if label in axis.labels or label in axis.groups else axis.total


def _parents(axis: Axis, label: str | None) -> list[str]:
    if label is None or label == axis.total:
        return []
    parents = [hierarchy.parent_of[label] for hierarchy in axis.hierarchies if label in hierarchy.parent_of]
    found = [*parents, *([axis.total] if axis.total is not None and not parents else [])]
    return list(dict.fromkeys(str(parent) for parent in found))


def _has_changed(table: BoundTable, versions: Sequence[EarlierVersion], coordinate: Mapping[str, str]) -> bool:
    """Say whether some version has the row with another figure, or has it not."""
    row = _row_of(table, coordinate)
    for version in versions:
        there = _row_of(version.bound, coordinate)
        for measure in _summed(table):
            if there is None or row is None or measure not in version.bound.frame:
                return True
            if version.bound.frame[measure].iloc[there] != table.frame[measure].iloc[row]:
                return True
    return False


def _row_of(table: BoundTable, coordinate: Mapping[str, Any]) -> int | None:
    use = np.ones(len(table.frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        use &= (table.frame[name] == coordinate.get(name, axis.total)).to_numpy()
    found = np.flatnonzero(use)
    return int(found[0]) if len(found) else None


def as_published(
    name: str,
    published: pd.DataFrame,
    table: BoundTable,
    rules: AuditRules,
    *,
    small_counts: Literal["refuse", "accept"] = "refuse",
) -> EarlierVersion:
    """Make a version of which nothing but the published table is left.

    What it hides is taken to be what it is now, wherever that fits what it shows: then readers who subtract one version
    from the other are right. Where it does not fit, the hidden figures of that row are unknown.

    Args:
        name: What errors and findings call it.
        published: The table as it was published: text, its columns called as in the present one.
        table: The present table.
        rules: What is small, and the annotation codes.
        small_counts: What to do where it shows a count that is small now, as under `already_public`.

    Raises:
        InputErrors: It has none of the counts, a column that the contract does not explain, or no valid rows.
    """
    contract = _bare(table.contract, published, name)
    counts = contract.counts
    published = published.reset_index(drop=True)
    frame = published[[*contract.dimensions, *counts]].copy()
    for measure in counts:
        frame[measure] = pd.to_numeric(published[measure], errors="coerce")
    references = {key: table.references[key] for key in contract.reference_tables}
    seen = bind(contract, frame, references, name)
    told = {measure: _reasons(published, contract, measure) for measure in counts}
    here, there = _same_cells(seen, table)
    for measure in counts:
        now = table.frame[measure].to_numpy()[there].astype(np.float64)
        if measure in table.missing:
            now[table.missing[measure][there]] = np.nan
        small = (now >= rules.lower) & (now <= rules.upper)
        reason = told[measure][here]
        now[((reason == rules.small_code) & ~small) | ((reason == rules.complementary_code) & small)] = np.nan
        now[reason == rules.no_data_code] = np.nan
        hidden = frame[measure].isna().to_numpy()[here]
        frame.loc[frame.index[here[hidden]], measure] = now[hidden]
    frame = _fitting(contract, frame, published, references, rules)
    codes = np.concatenate([*told.values()]) if told else np.array([])
    return EarlierVersion(
        name=name,
        bound=bind(contract, frame, references, name),
        published=published,
        reasons_shown=bool((codes == rules.small_code).any()),
        masked=bool(published[counts].isna().any(axis=None)),
        small_counts=small_counts,
        certain=False,
    )


def check_published(contract: ReleaseContract, published: pd.DataFrame, name: str) -> None:
    """Make sure that a table which was published before can be taken up.

    Args:
        contract: The release's contract now.
        published: The table: text, hidden cells missing.
        name: What errors call it.

    Raises:
        InputErrors: A column is not explained, no count is there, a category is missing, or a count is no number.
    """
    bare = _bare(contract, published, name)
    errors: list[InputError] = []
    labels = {}
    for dimension in bare.dimensions:
        labels[dimension], wrong = dimension_column(published[dimension], name, dimension)
        errors += wrong
    coordinates = pd.DataFrame(labels, index=published.index)
    for measure in bare.counts:
        errors += counts_with_gaps(published[measure], coordinates, name, measure)[2]
    if not errors and labels and coordinates.duplicated().any():
        expected = "one row for each combination of categories; choose rows by `--at`"
        errors.append(InputError(name, "rows", "the same categories twice", expected))
    if errors:
        raise InputErrors(errors)


def _bare(contract: ReleaseContract, published: pd.DataFrame, name: str) -> ReleaseContract:
    """Reduce a contract to the dimensions and counts that a published table has."""
    notes = contract.suppression.annotations
    explained = {*contract.columns, *contract.published_measures}
    for measure in contract.published_measures:
        explained |= {notes.code.format(measure=measure), notes.description.format(measure=measure)}
    extra = [str(column) for column in published.columns if column not in explained]
    errors = []
    if extra:
        expected = "under `--at`, the one category of each column by which the release does not classify now"
        errors.append(InputError(name, "columns", f"{some(extra)}, which the contract does not have", expected))
    counts = {key: contract.measures[key] for key in contract.counts if key in published.columns}
    if not counts:
        expected = f"at least one of {', '.join(contract.counts)}"
        errors.append(InputError(name, "columns", "no count of this release", expected))
    if errors:
        raise InputErrors(errors)
    sizes = {"population": None, "members": None, "enrollment": None}
    return contract.model_copy(
        update={
            "dimensions": {
                key: dimension.model_copy(update={**sizes, "total": _carried(published[key], dimension.total)})
                for key, dimension in contract.dimensions.items()
                if key in published.columns
            },
            "measures": {key: count.model_copy(update={"population": None}) for key, count in counts.items()},
            "identities": [],
            "already_public": [],
            "survey": None,
            "suppression": contract.suppression.model_copy(update={"keep": [], "hide": [], "prefer": {}}),
        }
    )


def _carried(column: pd.Series[Any], total: str | None) -> str | None:
    return total if total is not None and (column == total).any() else None


def _reasons(published: pd.DataFrame, contract: ReleaseContract, measure: str) -> NDArray[np.object_]:
    code = contract.suppression.annotations.code.format(measure=measure)
    if code not in published.columns:
        return np.full(len(published), "", dtype=object)
    return published[code].fillna("").astype(str).to_numpy(dtype=object)


def _fitting(
    contract: ReleaseContract,
    frame: pd.DataFrame,
    published: pd.DataFrame,
    references: Mapping[str, pd.DataFrame],
    rules: AuditRules,
) -> pd.DataFrame:
    """Take out what was assumed of hidden figures wherever a sum shows that it was otherwise."""
    while True:
        broken = broken_margins(PublishedTable(contract, frame, references), rules)
        taken = False
        for measure in contract.counts:
            hidden = published[measure].isna().to_numpy() & frame[measure].notna().to_numpy()
            wrong = np.zeros(len(frame), dtype=np.bool_)
            for row in broken[broken[measure].notna()].to_dict("records"):
                alike = np.ones(len(frame), dtype=np.bool_)
                for name in contract.dimensions:
                    if name != row["dimension"]:
                        label = contract.dimensions[name].total if pd.isna(row[name]) else row[name]
                        alike &= (frame[name] == label).to_numpy()
                wrong |= alike
            frame.loc[hidden & wrong, measure] = np.nan
            taken |= bool((hidden & wrong).any())
        if not taken:
            return frame
