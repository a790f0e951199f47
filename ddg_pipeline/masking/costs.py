"""What hiding a cell costs: of several complementary cells the cheapest are hidden (§4.4.1 item 5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import Axis, BoundTable
from ddg_pipeline.masking.axes import AxisNodes
from ddg_pipeline.masking.margins import Booleans, Integers
from ddg_pipeline.masking.rules import MaskingRules

_UNIT = 100  # the price of one suppression
_DEAREST = 10**9
_MOST = 10**12  # beyond that, sums of prices could overflow


def cell_costs(
    table: BoundTable,
    values: Integers,
    axes: tuple[AxisNodes, ...],
    derived: Booleans,
    mirrored: Booleans,
    rules: MaskingRules | None = None,
) -> Integers:
    """Price every cell by the contract's `suppression.cost`; a tenth where it prefers the category.

    Args:
        table: The table.
        values: The counts; an array with one axis a dimension.
        axes: The nodes of each dimension.
        derived: Cells that no table shows. A reader is assumed to know them if need be: they are the dearest.
        mirrored: Those among them that only repeat another one, so that hiding them costs next to nothing.
        rules: What is small; None leaves distances out.
    """
    wish = table.contract.suppression.cost
    price: NDArray[np.float64]
    if wish == "count":
        price = np.full(values.shape, _UNIT, dtype=np.float64)
    elif wish == "value":
        price = np.minimum(_UNIT * (1.0 + values), _MOST)
    elif wish == "distance" and rules is not None:
        small = (values >= rules.lower) & (values <= rules.upper)
        price = np.asarray(_UNIT * (1.0 + _distances(table, small, axes)), dtype=np.float64)
    else:
        price = _UNIT * (1 + np.log2(1 + values / 10.0))
    for number, axis in enumerate(axes):
        declared = table.contract.dimensions[axis.name]
        preferred = {*table.contract.suppression.prefer.get(axis.name, []), *declared.unknown}
        for node in [axis.position[label] for label in preferred if label in axis.position]:
            np.moveaxis(price, number, 0)[node] /= 10
    price[derived] = _DEAREST
    price[mirrored] = 1
    rounded: Integers = np.rint(price, out=price).astype(np.int64)
    return rounded


def _distances(table: BoundTable, small: Booleans, axes: tuple[AxisNodes, ...]) -> Integers:
    """Say how many categories each cell is from the nearest small one in its row or column, in the table's own order.

    Only categories without parts are neighbours. Margins, and cells with no small one in line, are as far as it gets.
    """
    farthest = max((axis.leaf_count for axis in axes), default=1)
    nearest = np.full(small.shape, farthest, dtype=np.int64)
    for number, axis in enumerate(axes):
        order = _in_order(table.axes[axis.name], axis)
        line = np.moveaxis(small, number, 0)[order]
        steps = np.arange(len(order), dtype=np.int64).reshape(-1, *[1] * (small.ndim - 1))
        before = np.maximum.accumulate(np.where(line, steps, -farthest), axis=0)
        after = np.minimum.accumulate(np.where(line, steps, len(order) + farthest)[::-1], axis=0)[::-1]
        away = np.minimum(steps - before, after - steps)
        view = np.moveaxis(nearest, number, 0)
        view[order] = np.minimum(view[order], away)
    return nearest


def _in_order(axis: Axis, nodes: AxisNodes) -> list[int]:
    leaves = range(nodes.leaf_count)
    return [nodes.position[label] for label in axis.labels if nodes.position.get(label, -1) in leaves]
