"""What readers can calculate although no table shows it, written as rows of the table, for the audit.

The audit reads tables. Of people in none of a margin's parts, and of missing counts that follow from margins, it is
told by a table that has a category more: hidden where masking has to hide it, and else without data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.contract.bind import Axis, BoundTable
from ddg_pipeline.contract.dimension import HierarchyReference
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.masking.axes import AxisNodes, axis_nodes
from ddg_pipeline.masking.margins import Integers, figures_of, row_positions
from ddg_pipeline.masking.remainders import Balanced, RemainderLabel, balance
from ddg_pipeline.rulebook import Rulebook

_TABLE = "{dimension}, grouping {number}"


@dataclass(frozen=True)
class SeenThrough:
    """A table with everything in it that a reader can calculate from margins.

    Attributes:
        contract: The contract, with the additional categories in its hierarchies.
        published: The published table with the additional rows.
        truth: The same rows before masking. Restricted.
        references: The reference tables, those of the hierarchies among them.
    """

    contract: ReleaseContract
    published: pd.DataFrame
    truth: pd.DataFrame
    references: Mapping[str, pd.DataFrame]


def seen_through(
    table: BoundTable, published: pd.DataFrame, rulebook: Rulebook, *, reasons_shown: bool
) -> SeenThrough | None:
    """Add what readers can calculate from margins to a published table.

    Args:
        table: The table before masking.
        published: The table as read back from the bytes that ship; its rows in the same order.
        rulebook: For the annotation codes, and what is small.
        reasons_shown: Whether the codes tell small cells from complementary ones.

    Returns:
        The table; None where there is nothing to add, or where several groupings of one dimension lack different
        people, so that no further category can stand for them.
    """
    axes = tuple(axis_nodes(axis) for axis in table.axes.values())
    rows = row_positions(table, axes)
    counts = [name for name, measure in table.contract.measures.items() if measure.kind is MeasureKind.COUNT]
    balanced, wrong = balance(table, axes, {name: figures_of(table, name, axes, rows) for name in counts})
    places = np.argwhere(np.any([balanced.derived[name] for name in counts], axis=0))
    # a total without a label has no row; that it is the sum of its parts is known
    nameless = [[axis.labels[node] is None for node in range(len(axis.labels))] for axis in balanced.axes]
    places = places[~np.any([np.array(n)[places[:, d]] for d, n in enumerate(nameless)], axis=0)]
    if wrong or not len(places):
        return None
    hierarchies = _hierarchies(table, balanced.axes)
    if hierarchies is None:
        return None
    writing = _Writing(table, balanced, rulebook, reasons_shown)
    truth, shown = table.frame.copy(), published.astype(object)
    flat = np.ravel_multi_index(tuple(places.T), tuple(len(axis.labels) for axis in balanced.axes))
    row_of = {int(cell): row for row, cell in enumerate(balanced.figures[counts[0]].rows)}
    new = np.array([cell not in row_of for cell in flat.tolist()], dtype=bool)
    for cell in flat[~new].tolist():
        writing.fill(truth, shown, row_of[cell], cell)
    extra = [writing.row(place, cell, shown, row_of) for place, cell in zip(places[new], flat[new], strict=True)]
    references = dict(table.references)
    dimensions = dict(table.contract.dimensions)
    for name, groupings in hierarchies.items():
        named = []
        for number, parents in enumerate(groupings):
            label = _TABLE.format(dimension=name, number=number)
            references[label] = pd.DataFrame({"child": list(parents), "parent": list(parents.values())})
            named.append(HierarchyReference(table=label, child="child", parent="parent"))
        dimensions[name] = dimensions[name].model_copy(update={"hierarchy": named})
    return SeenThrough(
        table.contract.model_copy(update={"dimensions": dimensions}),
        pd.concat([shown, pd.DataFrame([one for one, _ in extra], columns=shown.columns)], ignore_index=True),
        pd.concat([truth, pd.DataFrame([one for _, one in extra], columns=truth.columns)], ignore_index=True),
        references,
    )


def _hierarchies(table: BoundTable, axes: tuple[AxisNodes, ...]) -> dict[str, list[dict[str, str]]] | None:
    """Put the additional categories into the hierarchies of their dimensions; None where they do not fit in."""
    found: dict[str, list[dict[str, str]]] = {}
    for axis, nodes in zip(table.axes.values(), axes, strict=True):
        parents = [dict(hierarchy.parent_of) for hierarchy in axis.hierarchies]
        for node, label in enumerate(nodes.labels):
            if isinstance(label, RemainderLabel) and not _placed(axis, nodes, node, str(label), parents):
                return None
        if parents != [dict(hierarchy.parent_of) for hierarchy in axis.hierarchies]:
            found[axis.name] = parents
    return found


def _placed(axis: Axis, nodes: AxisNodes, node: int, label: str, parents: list[dict[str, str]]) -> bool:
    """Place one additional category; say whether every sum is then as it should be."""
    (parent,) = {above for above, children in nodes.relations if node in children}
    groupings = [children for above, children in nodes.relations if above == parent]
    everywhere = all(node in children for children in groupings)
    if parent == nodes.total and everywhere:
        # what stands in no grouping is part of the total in all of them, unless a grouping lists the total's parts
        for up in parents:
            if nodes.labels[parent] in up.values():
                up[label] = str(nodes.labels[parent])
        return True
    if len(axis.hierarchies) > 1:
        return False
    parents[0][label] = str(nodes.labels[parent])
    return True


class _Writing:
    """How the additional cells are written."""

    def __init__(self, table: BoundTable, balanced: Balanced, rulebook: Rulebook, reasons_shown: bool) -> None:
        self._table, self._balanced = table, balanced
        self._threshold = rulebook.thresholds.numerator
        notes = rulebook.annotations
        self._small = notes.small if reasons_shown else notes.hidden
        self._nothing = notes.not_available

    def fill(self, truth: pd.DataFrame, shown: pd.DataFrame, row: int, cell: int) -> None:
        """Write what follows of a missing count into its row."""
        for name, figures in self._balanced.figures.items():
            if figures.missing.ravel()[cell] and figures.present.ravel()[cell]:
                value = int(figures.values.ravel()[cell])
                truth.loc[row, name] = value
                if self._is_small(name, value):
                    shown.loc[row, self._code(name)] = self._small.code

    def row(
        self, place: Integers, cell: int, shown: pd.DataFrame, row_of: Mapping[int, int]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Write one additional row, as published and in truth."""
        contract = self._table.contract
        labels = {axis.name: axis.labels[node] for axis, node in zip(self._balanced.axes, place, strict=True)}
        published: dict[str, Any] = dict(labels) | dict.fromkeys(contract.population_columns, "0")
        true: dict[str, Any] = dict(labels) | dict.fromkeys(contract.population_columns, 0)
        for name in contract.measures:
            figures = self._balanced.figures.get(name)
            published[name], code = "", self._nothing.code
            if figures is not None:
                value = int(figures.values.ravel()[cell])
                true[name] = value
                above = self._margin(place, row_of) if self._balanced.mirrored[name].ravel()[cell] else None
                if above is not None:
                    published[name], code = shown[name].iloc[above], shown[self._code(name)].iloc[above]
                elif not value:
                    published[name], code = "0", ""
                elif self._is_small(name, value):
                    code = self._small.code
            published[self._code(name)] = code
        return published, true

    def _is_small(self, name: str, value: int) -> bool:
        individuals = self._table.contract.measures[name].unit == "individuals"
        return individuals and self._threshold.lower <= value <= self._threshold.upper

    def _margin(self, place: Integers, row_of: Mapping[int, int]) -> int | None:
        """Find the row of the margin that a remainder repeats."""
        axes = self._balanced.axes
        at = [int(node) for node in place]
        for number, axis in enumerate(axes):
            if isinstance(axis.labels[at[number]], RemainderLabel):
                at[number] = next(above for above, children in axis.relations if at[number] in children)
        return row_of.get(int(np.ravel_multi_index(tuple(at), tuple(len(axis.labels) for axis in axes))))

    def _code(self, name: str) -> str:
        return self._table.contract.suppression.annotations.code.format(measure=name)
