"""Counts that no row holds, but that follow from the rows by subtraction (§4.4).

* A total or broader group may count people beyond its parts in the table: those of an unknown county, say.
* Categories that overlap tell what lies between them: "Under 36" less "Under 35" are the people of 35.

Either may be a small count. It is treated as a cell of the table: it answers step 2, and the smallest cell may be one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.assessment.spans import Span, spans_of
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.hierarchy import Hierarchy

_Integers = NDArray[np.int64]

_COUNT = "\0count"  # stands beside the dimensions in one frame, and no dimension is called so


@dataclass(frozen=True)
class DerivedCounts:
    """The counts above zero of one measure that follow by subtraction and stand in no row.

    Attributes:
        measure: What is counted.
        frame: One row each: its coordinate, one column for a dimension, and the count. Never to be shown.
        axes: The dimensions of the table.
    """

    measure: str
    frame: pd.DataFrame = field(repr=False)
    axes: Mapping[str, Axis] = field(repr=False)

    def number_between(self, lower: int, upper: int) -> int:
        """Say how many are from ``lower`` to ``upper``."""
        return int(self.frame[_COUNT].between(lower, upper).sum())

    def coordinates_between(self, lower: int, upper: int, *, overlapping: bool) -> list[str]:
        """Name those from ``lower`` to ``upper``, as in ``(county=State beyond its parts, sex=Female)``.

        Args:
            lower: The smallest count to name.
            upper: The largest.
            overlapping: Whether those that follow from categories that overlap, or all others.
        """
        rows = self.frame[self.frame[_COUNT].between(lower, upper)]
        by_overlap = pd.Series(False, index=rows.index)
        for name, axis in self.axes.items():
            if not axis.additive:
                by_overlap |= ~rows[name].isin(axis.labels)
        chosen = rows[by_overlap if overlapping else ~by_overlap]
        named = [", ".join(f"{name}={row[name]}" for name in self.axes) for row in chosen.to_dict("records")]
        return [f"({one})" for one in named] if len(self.axes) > 1 else named


@dataclass(frozen=True)
class SmallestDerived:
    """The smallest derived count among those of one kind.

    Attributes:
        dimensions: What is broken down in them; all other dimensions stand at their total.
        beyond: Of these, where they stand beside the categories of the table.
        count: The smallest. Never to be shown.
    """

    dimensions: frozenset[str]
    beyond: frozenset[str]
    count: int = field(repr=False)


@dataclass(frozen=True)
class _Overlap:
    """Categories that overlap, and what follows from them.

    Attributes:
        labels: The categories.
        sums: What follows, in words, as a sum of categories with their signs.
    """

    labels: tuple[str, ...]
    sums: tuple[tuple[str, Mapping[str, int]], ...]


def derived_counts(bound: BoundTable) -> tuple[DerivedCounts, ...]:
    """Calculate, for each count of individuals, what its rows tell beyond themselves.

    Parts without a row count 0, as everywhere; from a row without a figure nothing follows. What is left of a total in
    two dimensions at once is found, too: people of an unknown county and an unknown sex.
    """
    wholes = {name: list(_wholes(axis)) for name, axis in bound.axes.items()}
    overlaps = {name: _overlap(axis) for name, axis in bound.axes.items()}
    numbering = _Numbering.of(bound, wholes, overlaps)
    derived = []
    for measure in bound.contract.counts:
        counts = bound.frame[measure].to_numpy(dtype=np.float64)
        if measure in bound.missing:
            counts = np.where(bound.missing[measure], np.nan, counts)
        carried = pd.Series(counts, index=numbering.of_rows(bound.frame))
        beside = [carried.iloc[:0]]
        for name in bound.axes:
            everything = pd.concat([carried, *beside])
            beside += [
                _remainder(numbering.of_axis(name, everything), len(carried), whole, parts)
                for whole, parts in wholes[name]
            ]
            beside += _differences(numbering.of_axis(name, carried), overlaps[name])
        frame = numbering.decoded(pd.concat(beside))
        derived.append(DerivedCounts(measure, frame, bound.axes))
    return tuple(derived)


def smallest_derived(derived: Sequence[DerivedCounts]) -> list[SmallestDerived]:
    """Give the smallest derived count of every kind: by what is broken down, and where they stand beside the rows."""
    found = []
    for one in derived:
        names = list(one.axes)
        crossed = [(one.frame[name] != axis.total).rename(name) for name, axis in one.axes.items()]
        beyond = [(~one.frame[name].isin(axis.labels)).rename(name) for name, axis in one.axes.items()]
        for flags, counts in one.frame[_COUNT].groupby([*crossed, *beyond], sort=False):
            marked = [name for name, flag in zip([*names, *names], flags, strict=True) if flag]
            number = sum(map(bool, flags[: len(names)]))
            found.append(SmallestDerived(frozenset(marked[:number]), frozenset(marked[number:]), int(counts.min())))
    return found


@dataclass(frozen=True)
class _Numbering:
    """One number for each coordinate, with room for what stands beside the rows: much faster than labels."""

    labels: Mapping[str, list[str]]
    strides: Mapping[str, int]

    @classmethod
    def of(
        cls,
        bound: BoundTable,
        wholes: Mapping[str, list[tuple[str, list[str]]]],
        overlaps: Mapping[str, _Overlap],
    ) -> _Numbering:
        labels, strides, stride = {}, {}, 1
        for name, axis in bound.axes.items():
            beside = [_beyond(whole) for whole, _ in wholes[name]] + [told for told, _ in overlaps[name].sums]
            labels[name] = list(dict.fromkeys([*axis.labels, *beside]))
            strides[name] = stride
            stride *= len(labels[name])
        return cls(labels, strides)

    def of_rows(self, frame: pd.DataFrame) -> _Integers:
        numbers: _Integers = np.zeros(len(frame), dtype=np.int64)
        for name, labels in self.labels.items():
            numbers += pd.Index(labels).get_indexer(pd.Index(frame[name])) * self.strides[name]
        return numbers

    def of_axis(self, name: str, counts: pd.Series[Any]) -> _AlongAxis:
        """Split coordinates into the label on one axis and all others."""
        numbers, stride = counts.index.to_numpy(dtype=np.int64), self.strides[name]
        own = numbers // stride % len(self.labels[name])
        places = {label: place for place, label in enumerate(self.labels[name])}
        return _AlongAxis(counts.to_numpy(dtype=np.float64), own, numbers - own * stride, places, stride)

    def decoded(self, counts: pd.Series[Any]) -> pd.DataFrame:
        """Give counts above zero with their labels, each coordinate and count once."""
        positive = counts[counts > 0]
        numbers = positive.index.to_numpy(dtype=np.int64)
        columns: dict[str, Any] = {
            name: np.array(labels, dtype=object)[numbers // self.strides[name] % len(labels)]
            for name, labels in self.labels.items()
        }
        return pd.DataFrame({**columns, _COUNT: positive.to_numpy()}).drop_duplicates().reset_index(drop=True)


@dataclass(frozen=True)
class _AlongAxis:
    """Counts with the number of their label on one axis, and the number of the rest of their coordinate."""

    counts: NDArray[np.float64]
    own: _Integers
    rest: _Integers
    places: Mapping[str, int]
    stride: int

    def at(self, label: str, counts: pd.Series[Any]) -> pd.Series[Any]:
        """Put counts, by the rest of their coordinate, at a label of the axis."""
        return counts.set_axis(counts.index + self.places[label] * self.stride)


def _beyond(whole: str) -> str:
    return f"{whole} beyond its parts"


def _remainder(along: _AlongAxis, carried: int, whole: str, parts: list[str]) -> pd.Series[Any]:
    """Subtract parts from their whole, for every combination of the other dimensions' labels that has the whole.

    Args:
        along: The rows of the table, and then those that follow from them.
        carried: How many rows are the table's own.
        whole: A total or broader group.
        parts: What it consists of.
    """
    is_whole = along.own == along.places[whole]
    is_part = np.isin(along.own, [along.places[part] for part in parts])
    wholes = pd.Series(along.counts[is_whole], index=along.rest[is_whole])
    of_parts = pd.Series(along.counts[is_part]).groupby(along.rest[is_part]).agg(["sum", "count", "size"])
    found = of_parts.reindex(wholes.index)
    # A row that is missing from the table counts 0; one that does not follow from the table is not known.
    complete = np.flatnonzero(is_whole) < carried
    complete |= (found["size"] == len(parts)).to_numpy()
    left = (wholes - found["sum"].to_numpy())[complete & (found["count"] == found["size"]).to_numpy()]
    return along.at(_beyond(whole), left.dropna())


def _differences(along: _AlongAxis, overlap: _Overlap) -> list[pd.Series[Any]]:
    """Subtract categories that overlap from each other."""
    by_label = {}
    for label in overlap.labels:
        rows = along.own == along.places[label]
        by_label[label] = pd.Series(along.counts[rows], index=along.rest[rows])
    found = []
    for told, signs in overlap.sums:
        together = pd.concat([by_label[label] * sign for label, sign in signs.items()], axis=1).dropna()
        found.append(along.at(told, together.sum(axis=1)))
    return found


def _overlap(axis: Axis) -> _Overlap:
    """Find what follows from the categories of a dimension whose categories do not sum."""
    if axis.additive:
        return _Overlap((), ())
    labels = [label for label in axis.labels if label != axis.total and label not in axis.declared.unknown]
    spans = spans_of(axis.declared.variable, labels, axis.declared.period)
    # Nobody is in two age bands, so that they can be put end to end; in two years people may be.
    chains = _between(spans) if axis.declared.variable is Variable.AGE else []
    chained = {frozenset(signs) for _, signs in chains}
    pairs = [
        (f"{outer} less {inner}", {outer: 1, inner: -1})
        for inner, outer in itertools.permutations(spans, 2)
        if spans[outer].holds(spans[inner])
        and frozenset((inner, outer)) not in chained
        and not (axis.declared.variable is Variable.AGE and _share_an_end(spans[inner], spans[outer]))
    ]
    sums = (*pairs, *chains)
    return _Overlap(tuple(dict.fromkeys(label for _, signs in sums for label in signs)), sums)


def _share_an_end(one: Span, other: Span) -> bool:
    return one.first == other.first or one.after == other.after


def _between(spans: Mapping[str, Span]) -> list[tuple[str, dict[str, int]]]:
    """Follow categories from end to end: 0-17 less 0-4 less 5-11 are those of 12 to 17.

    Ends that a chain of categories joins are like heights measured from one another: what lies between two neighbours
    follows, and anything longer holds at least as many people.

    Returns:
        What lies between neighbours and is no category itself, each with the categories to add and to subtract.
    """
    shown = {(span.first, span.after) for span in spans.values()}
    found = []
    seen: set[float] = set()
    for start in (span.first for span in spans.values()):
        if start in seen:
            continue
        heights = _heights(spans, start)
        seen |= heights.keys()
        for low, high in itertools.pairwise(sorted(heights)):
            if (low, high) in shown:
                continue
            signs = {
                label: heights[high].get(label, 0) - heights[low].get(label, 0)
                for label in spans
                if heights[high].get(label, 0) != heights[low].get(label, 0)
            }
            added = [label for label, sign in signs.items() if sign > 0]
            taken = [label for label, sign in signs.items() if sign < 0]
            found.append((f"{' and '.join(added)} less {' and '.join(taken)}", signs))
    return found


def _heights(spans: Mapping[str, Span], start: float) -> dict[float, dict[str, int]]:
    """Say by which categories, added and subtracted, each end is reached from one of them."""
    heights: dict[float, dict[str, int]] = {start: {}}
    waiting = [start]
    while waiting:
        here = waiting.pop(0)
        for label, span in spans.items():
            for begin, there, sign in ((span.first, span.after, 1), (span.after, span.first, -1)):
                if begin == here and there not in heights:
                    heights[there] = {**heights[here], label: sign}
                    waiting.append(there)
    return heights


def _wholes(axis: Axis) -> Iterator[tuple[str, list[str]]]:
    """List each total and group in the table that its parts add up to, with its nearest parts in the table."""
    if not axis.additive:
        return
    carried = set(axis.labels)
    for hierarchy in axis.hierarchies or (Hierarchy({}),):
        parts: dict[str, list[str]] = {}
        own = {*axis.leaves, *hierarchy.parents}
        for label in axis.labels:
            if label == axis.total or label not in own:
                continue
            whole = next((above for above in hierarchy.ancestors(label) if above in carried), axis.total)
            if whole is not None:
                parts.setdefault(whole, []).append(label)
        yield from parts.items()
