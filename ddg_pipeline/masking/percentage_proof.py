"""What a reader of whole percentages can still take a small count for, shown by other tables that look the same.

The reader is assumed to know every total of the dimension that the percentages are of, how they are rounded, that a
zero is shown, which of the categories shown as small are small counts, and the percentages of the margins that the
table does not carry. Each cell then lies in an interval. A change of whole numbers that keeps every sum and every
interval gives another table that he cannot tell from the true one.

Most such changes move people within one whole, from a large category to the small one or back. Where margins stop
them, an integer program looks for one that moves people elsewhere too; its answer is checked by arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.axes import AxisNodes
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import System

Integers = NDArray[np.int64]

_SECONDS = 20.0  # the time one integer program may take
_BEYOND = 1 << 40  # bounds of what no program has to consider


def narrowed_cells(system: System, of: str, rules: MaskingRules, below: int) -> list[str]:
    """Find small counts of which a reader of the percentages knows too much.

    Args:
        system: The cells of the one table, with its true counts.
        of: The dimension that the percentages are of.
        rules: How many values every small count must keep.
        below: The percentage under which a category does not show its own.

    Returns:
        The cells for which too few values were shown to be possible, by coordinate.
    """
    proof = _Proof(system, of, rules, below)
    return [system.coordinate(cell) for cell in proof.small_cells() if not proof.is_protected(cell)]


@dataclass(frozen=True)
class _Proof:
    system: System
    of: str
    rules: MaskingRules
    below: int

    @cached_property
    def _axes(self) -> tuple[AxisNodes, ...]:
        return self.system.cubes[0].axes

    @cached_property
    def _position(self) -> int:
        return next(number for number, axis in enumerate(self._axes) if axis.name == self.of)

    @cached_property
    def _ids(self) -> Integers:
        """Cell numbers, the categories of ``of`` first."""
        return np.moveaxis(self.system.cubes[0].ids, self._position, 0)

    @cached_property
    def _parts(self) -> int:
        return self._axes[self._position].leaf_count

    @cached_property
    def _intervals(self) -> tuple[Integers, Integers]:
        """What each cell can be, by what is shown of it alone."""
        system, rules = self.system, self.rules
        low, high = system.values.copy(), system.values.copy()
        node = self._axes[self._position].total
        assert node is not None  # noqa: S101 - several categories that add up have a total
        parts = self._ids[: self._parts]
        total = np.broadcast_to(system.values[self._ids[node]], parts.shape)
        count, carried = system.values[parts], system.carried[parts]
        whole = np.where(total > 0, total, 1)
        least_large = -(-self.below * total // 100)
        under = (count > 0) & (100 * count < self.below * total)
        first, last = _rounded_alike(count, whole)
        first = np.where(under, 1, np.maximum(first, least_large))
        last = np.where(under, least_large - 1, last)
        is_small = (count >= rules.lower) & (count <= rules.upper)
        last = np.where(under & carried & is_small, np.minimum(last, rules.upper), last)
        first = np.where(under & carried & ~is_small, np.maximum(first, rules.upper + 1), first)
        use = system.present[parts] & (count > 0) & (total > 0)
        low[parts], high[parts] = np.where(use, first, count), np.where(use, last, count)
        return low, high

    def small_cells(self) -> list[int]:
        """List the small counts whose percentages the table carries."""
        parts = self._ids[: self._parts].ravel()
        values = self.system.values[parts]
        small = self.system.carried[parts] & (values >= self.rules.lower) & (values <= self.rules.upper)
        return sorted(set(parts[small].tolist()))

    def is_protected(self, cell: int) -> bool:
        """Show enough possible values of a small count."""
        need = self.rules.possible_values
        found = {int(self.system.values[cell])}
        for values in self._by_moving_within(cell):
            found |= values
            if len(found) >= need:
                return True
        low, high = self._intervals
        first, last = max(int(low[cell]), self.rules.lower), min(int(high[cell]), self.rules.upper)
        missing = [value for value in range(first, last + 1) if value not in found]
        for value in sorted(missing, key=lambda value: abs(value - int(self.system.values[cell]))):
            if len(found) + len(missing) < need:
                return False
            missing.remove(value)
            if self._has_change(cell, value):
                found.add(value)
            if len(found) >= need:
                return True
        return len(found) >= need

    def _by_moving_within(self, cell: int) -> Iterator[set[int]]:
        """Move people between the categories of one whole, and of all that count it in."""
        where = self.system.nodes(cell, 0)
        assert where is not None  # noqa: S101 - there is one cube, and every cell is in it
        category = where[self._position]
        others = [
            (axis, node)
            for number, (axis, node) in enumerate(zip(self._axes, where, strict=True))
            if number != self._position
        ]
        low, high = self._intervals
        value = int(self.system.values[cell])
        for whole in product(*(_parts_below(axis, node) for axis, node in others)):
            if not self.system.present[self._ids[(category, *whole)]]:
                continue
            above = [sorted(axis.ancestors[node]) for (axis, _), node in zip(others, whole, strict=True)]
            cells = self._ids[np.ix_(range(self._parts), *above)].reshape(self._parts, -1)
            room_up = (high[cells] - self.system.values[cells]).min(axis=1)
            room_down = (self.system.values[cells] - low[cells]).min(axis=1)
            rest_up, rest_down = (int(room.sum() - room[category]) for room in (room_up, room_down))
            least, most = -min(int(room_down[category]), rest_up), min(int(room_up[category]), rest_down)
            yield {value + step for step in range(least, most + 1) if self._counts(value + step)}

    def _counts(self, value: int) -> bool:
        return self.rules.lower <= value <= self.rules.upper

    def _has_change(self, cell: int, value: int) -> bool:
        """Look for any other table that looks the same and in which a cell has a certain value."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        low, high = self._intervals
        values = self.system.values
        free = np.flatnonzero(low < high)
        at = np.searchsorted(free, cell)
        down, up = (low - values)[free], (high - values)[free]
        down[at] = up[at] = value - int(values[cell])
        matrix = self.system.matrix[:, free]
        answer = milp(
            np.zeros(len(free)),
            integrality=np.ones(len(free), dtype=np.int8),
            bounds=Bounds(np.clip(down, -_BEYOND, _BEYOND), np.clip(up, -_BEYOND, _BEYOND)),
            constraints=LinearConstraint(matrix, 0, 0),
            options={"time_limit": _SECONDS},
        )
        if answer.x is None:
            return False
        change = np.rint(answer.x).astype(np.int64)
        return bool((change >= down).all() and (change <= up).all() and not (matrix @ change).any())


def _rounded_alike(count: Integers, total: Integers) -> tuple[Integers, Integers]:
    """Give the least and the most that rounds to the same whole percentage; halves go to the even one."""
    whole, rest = np.divmod(100 * count, total)
    shown = whole + ((2 * rest > total) | ((2 * rest == total) & (whole % 2 == 1)))
    even = shown % 2 == 0
    at_least, at_most = (2 * shown - 1) * total, (2 * shown + 1) * total
    first = np.where(even, -(-at_least // 200), at_least // 200 + 1)
    last = np.where(even, at_most // 200, -(-at_most // 200) - 1)
    return first, last


def _parts_below(axis: AxisNodes, node: int) -> list[int]:
    """List the categories without parts of their own that a node counts in, and that can change by themselves."""
    parents = {parent for parent, _ in axis.relations}
    return [
        part
        for part in range(len(axis.labels))
        if part not in parents
        and node in axis.ancestors[part]
        and all(
            len(axis.ancestors[part].intersection(children)) == (parent in axis.ancestors[part])
            for parent, children in axis.relations
        )
    ]
