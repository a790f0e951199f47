"""Cuts: what every safe pattern has in common.

A cut says that of some cells enough must be hidden for one small cell to be protected. It holds for every pattern that
protects the cell, so that the cheapest pattern obeying all cuts is a lower bound for the cheapest safe one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ddg_pipeline.masking.moves import UNLIMITED
from ddg_pipeline.masking.optimal_changes import (
    WHOLE,
    Changes,
    CheapMoves,
    Deadline,
    Limit,
    TimeIsUpError,
    UndecidedError,
)
from ddg_pipeline.masking.optimal_part import Flags, Floats, Integers, Part
from ddg_pipeline.masking.optimal_pool import Pool
from ddg_pipeline.masking.rules import MaskingRules

_VIOLATED = 1e-3  # by what share of its right side a cut must be broken to be worth having
_SECONDS = 20.0  # the time one integer program may take


@dataclass(frozen=True)
class Cut:
    """``sum(weights * hidden[cells]) >= least``, over positions in `Part.choice`; ``least`` is at least 1."""

    cells: Integers
    weights: Integers
    least: int

    @property
    def key(self) -> bytes:
        """Tell one from another."""
        return self.cells.tobytes() + self.weights.tobytes() + self.least.to_bytes(8, "little")

    def slack(self, share: Floats) -> float:
        """By how much of its right side it holds; negative if it is broken."""
        return float(self.weights @ share[self.cells] / self.least) - 1


class Unsafe:
    """Judges patterns of one part: finds the moves that protect its small cells, or cuts that say why there are none.

    Attributes:
        pool: The moves found.
    """

    def __init__(self, part: Part, rules: MaskingRules, deadline: Deadline) -> None:
        self.part, self.rules, self.deadline = part, rules, deadline
        self.pool = Pool(part, rules)
        self._changes = Changes(part)
        self._cheap = CheapMoves(part)

    # --- fractions ---------------------------------------------------------------------------------------------------

    def fractional(self, cell: int, share: Floats) -> Iterator[Cut]:
        """Find cuts for one small cell that a fractional pattern breaks.

        Args:
            cell: The small cell.
            share: How much of each `Part.choice` is hidden, 0 to 1.
        """
        whole = self.part.always.astype(float)
        whole[self.part.choice] = share
        if not self.rules.every_value and self.rules.possible_values > 1:
            yield from self._either_way(cell, whole, share)
        for needs in self._needs(cell):
            limits = []
            far = 0.0
            for sign, need in needs:
                self._changes.allow(whole, need, need, cell)
                there, change = self._changes.farthest(cell, sign, self.deadline)
                self._keep_if_whole(change)
                limits.append(self._changes.limit(cell, sign, need))
                far += there
            yield from self._if_broken(limits, self._wanted(needs), far, share)

    def _either_way(self, cell: int, whole: Floats, share: Floats) -> Iterator[Cut]:
        """A protected cell moves by at least one, up or down; half a step up and half a step down will not do."""
        self._changes.allow(whole, 1, 1, cell, both_ways=True)
        far, change = self._changes.farthest(cell, 1, self.deadline)
        self._keep_if_whole(change)
        yield from self._if_broken([self._changes.limit(cell, 1, 1, both_ways=True)], 1, far, share)

    def _if_broken(self, limits: list[Limit], need: int, far: float, share: Floats) -> Iterator[Cut]:
        if far < need * (1 - _VIOLATED):
            cut = self._capacity(limits, need)
            if cut is not None and cut.slack(share) < -_VIOLATED:
                yield cut

    def _needs(self, cell: int) -> list[list[tuple[int, int]]]:
        """Say how far a cell must move: directions with distances, each list to be met in sum."""
        if self.rules.every_value:
            value = int(self.part.values[cell])
            ends = [(1, self.rules.upper - value), (-1, value - self.rules.lower)]
            return [[end] for end in ends if end[1] > 0]
        more = self.rules.possible_values - 1
        return [[(1, more), (-1, more)]] if more > 0 else []

    @staticmethod
    def _wanted(needs: list[tuple[int, int]]) -> int:
        return needs[0][1]

    def _capacity(self, limits: list[Limit], need: int) -> Cut | None:
        """Write the limits of both directions as one cut; None if it says nothing."""
        scale = int(np.prod([limit.scale for limit in limits]))
        adds = sum((limit.adds * (scale // limit.scale) for limit in limits), np.zeros(len(self.part.cells), np.int64))
        least = need * scale - int(adds[self.part.always].sum())
        if least <= 0:
            return None
        weights = np.minimum(adds[self.part.choice], least)
        cells = np.flatnonzero(weights)
        common = int(np.gcd.reduce(np.append(weights[cells], least)))
        # whole numbers of cells: weights and right side may be divided, the right side rounded up
        return Cut(cells, weights[cells] // common, least // common)

    # --- whole patterns ----------------------------------------------------------------------------------------------

    def protect(self, cell: int, chosen: Flags) -> list[Cut]:
        """Find moves that protect a small cell under a pattern; else cuts that the pattern breaks, at least one.

        Raises:
            UndecidedError: Neither was found.
            TimeIsUpError: The deadline has passed.
        """
        hidden = self.part.hidden(chosen)
        if self._by_linear_program(cell, chosen, hidden):
            return []
        cuts = self._limits_fall_short(cell, chosen, hidden)
        return cuts or self._by_integer_program(cell, chosen, hidden)

    def is_protected(self, cell: int, chosen: Flags) -> bool:
        """Say whether a small cell is protected by a pattern as far as linear programs tell."""
        try:
            return self._by_linear_program(cell, chosen, self.part.hidden(chosen))
        except UndecidedError:
            return False

    def seek_cheap_moves(self, cell: int, chosen: Flags, price: Floats) -> None:
        """Look for moves of a small cell that need little hidden besides what is; add them to the pool."""
        part = self.part
        all_prices = np.ones(len(part.cells))
        all_prices[part.choice] += np.where(chosen, 0, price)
        self._cheap.price(all_prices)
        have = self._differences(cell, chosen)
        wanted = [low for low, _ in self.pool.gaps(cell, have)] if self.rules.every_value else [1, -1, 2, -2]
        for difference in wanted:
            if difference in have or not -part.down[cell] <= difference <= part.up[cell]:
                continue
            change = self._cheap.find(cell, difference, self.deadline)
            if change is not None:
                self._keep_if_whole(change)

    def _differences(self, cell: int, chosen: Flags) -> set[int]:
        return self.pool.differences(cell, self.pool.usable(chosen))

    def _done(self, cell: int, chosen: Flags) -> bool:
        return self.pool.enough(cell, self._differences(cell, chosen))

    def _by_linear_program(self, cell: int, chosen: Flags, hidden: Flags) -> bool:
        """Try whole-number corners of the linear program, small steps first; say whether they protect the cell."""
        if self._done(cell, chosen):
            return True
        share = hidden.astype(float)
        nearest = [(1, 1), (-1, 1), (1, 2), (-1, 2)]
        far = [(sign, need) for needs in self._needs(cell) for sign, need in needs if need > 2]
        for sign, step in nearest + far:
            if sign * step in self._differences(cell, chosen):
                continue
            for reach in (step, UNLIMITED):
                self._changes.allow(share, reach, step, cell)
                _, change = self._changes.farthest(cell, sign, self.deadline)
                if self._keep_if_whole(change) and self._done(cell, chosen):
                    return True
                if change[cell]:
                    break
        return False

    def _keep_if_whole(self, change: Floats) -> bool:
        whole = np.rint(change)
        if np.abs(change - whole).max(initial=0) > WHOLE or not whole.any():
            return False
        move = whole.astype(np.int64)
        part = self.part
        if (part.relations @ move).any():
            return False
        if (move < -part.down).any() or (move > part.up).any():
            move = -move  # found with bounds that allow either way
            if (move < -part.down).any() or (move > part.up).any():
                return False
        return self.pool.add(move)

    def _limits_fall_short(self, cell: int, chosen: Flags, hidden: Flags) -> list[Cut]:
        share = hidden.astype(float)
        cuts = []
        for needs in self._needs(cell):
            limits = []
            for sign, need in needs:
                self._changes.allow(share, UNLIMITED, need, cell)
                self._changes.farthest(cell, sign, self.deadline)
                limits.append(self._changes.limit(cell, sign, need))
            if sum(limit.of(hidden) for limit in limits) >= self._wanted(needs):
                continue
            could_help = np.any([limit.adds[self.part.choice] > 0 for limit in limits], axis=0) & ~chosen
            cells = np.flatnonzero(could_help)
            cuts.append(Cut(cells, np.ones(len(cells), dtype=np.int64), 1))
            capacity = self._capacity(limits, self._wanted(needs))
            if capacity is not None and capacity.slack(chosen.astype(float)) < 0:
                cuts.append(capacity)
        return cuts

    def _by_integer_program(self, cell: int, chosen: Flags, hidden: Flags) -> list[Cut]:
        """Decide exactly: moves where there are any, else a cut that no more of the cells outside could mend alone."""
        while not self._done(cell, chosen):
            gaps = self.pool.gaps(cell, self._differences(cell, chosen))
            found = False
            for gap in gaps:
                move = self._move(cell, gap, hidden)
                if move is not None:
                    if not self.pool.add(move):
                        raise UndecidedError
                    found = True
                    break
                if self.rules.every_value:
                    return [self._widest(cell, [gap], chosen)]
            if not found:
                return [self._widest(cell, gaps, chosen)]
        return []

    def _move(self, cell: int, gap: tuple[int, int], hidden: Flags) -> Integers | None:
        limit = self.deadline.at_most(_SECONDS)
        try:
            return self._changes.whole_move(cell, gap[0], gap[1], hidden, limit)
        except TimeIsUpError:
            if limit == self.deadline or limit.work_left[0] <= 0:
                raise
            raise UndecidedError from None

    def _widest(self, cell: int, gaps: list[tuple[int, int]], chosen: Flags) -> Cut:
        """Hide more and more that does not help the cell; of what is then left at least one must be hidden."""
        wide = chosen.copy()
        waiting = [np.flatnonzero(~chosen)]
        while waiting:
            some = waiting.pop()
            if not len(some):
                continue
            wide[some] = True
            if self._helps(cell, gaps, wide):
                wide[some] = False
                if len(some) > 1:
                    waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        cells = np.flatnonzero(~wide)
        return Cut(cells, np.ones(len(cells), dtype=np.int64), 1)

    def _helps(self, cell: int, gaps: list[tuple[int, int]], chosen: Flags) -> bool:
        usable = self.pool.usable(chosen)
        if any(low <= d <= high for d in self.pool.differences(cell, usable) for low, high in gaps):
            return True
        hidden = self.part.hidden(chosen)
        for gap in gaps:
            try:
                move = self._move(cell, gap, hidden)
            except UndecidedError:
                return True  # the cut is the weaker for it, not the less true
            if move is not None:
                self.pool.add(move)
                return True
        return False
