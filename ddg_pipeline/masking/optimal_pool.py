"""The moves found so far in one part, and which values they give its small cells under a pattern.

A move stays a move whatever else is hidden, so that one found for one pattern or cell serves many others.
"""

from __future__ import annotations

import numpy as np

from ddg_pipeline.masking.moves import UNLIMITED
from ddg_pipeline.masking.optimal_part import Flags, Floats, Integers, Part
from ddg_pipeline.masking.rules import MaskingRules


class Pool:
    """Moves of one part: whole-number changes that keep every relation, with how often each can be taken."""

    def __init__(self, part: Part, rules: MaskingRules) -> None:
        self._part, self._rules = part, rules
        self.moves: list[Integers] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self._uses = np.zeros((64, len(part.choice)), dtype=bool)
        self._of_small: dict[int, list[int]] = {cell: [] for cell in part.small.tolist()}
        self._known: set[bytes] = set()

    def add(self, change: Integers) -> bool:
        """Keep a move, divided by what all its changes have in common; False if it is there already."""
        change = change // max(int(np.gcd.reduce(change)), 1)
        if change[np.flatnonzero(change)[0]] < 0:
            change = -change
        key = change.tobytes()
        if key in self._known:
            return False
        self._known.add(key)
        number = len(self.moves)
        if number == len(self._uses):
            self._uses = np.concatenate([self._uses, np.zeros_like(self._uses)])
        self._uses[number] = change[self._part.choice] != 0
        self.moves.append(change)
        self.high.append(self._times(change))
        self.low.append(-self._times(-change))
        for cell in self._of_small:
            if change[cell]:
                self._of_small[cell].append(number)
        return True

    def _times(self, change: Integers) -> int:
        part = self._part
        used = change != 0
        room = np.where(change > 0, part.up, part.down)[used]
        limited = room < UNLIMITED
        # without any limit once for every value is enough
        most = int((room[limited] // np.abs(change[used][limited])).min(initial=self._rules.upper))
        return min(most, self._rules.upper)

    def usable(self, chosen: Flags) -> Flags:
        """Say which moves a pattern allows."""
        count = len(self.moves)
        return np.asarray(~(self._uses[:count] & ~chosen).any(axis=1))

    def moves_of(self, cell: int, usable: Flags) -> list[int]:
        """List the usable moves that change a small cell."""
        return [number for number in self._of_small[cell] if number < len(usable) and usable[number]]

    def reached(self, cell: int, number: int) -> set[int]:
        """The differences from its true value that one move gives a cell."""
        delta = int(self.moves[number][cell])
        return {k * delta for k in range(self.low[number], self.high[number] + 1)}

    def differences(self, cell: int, usable: Flags) -> set[int]:
        """The differences from its true value that a small cell can have."""
        return {0}.union(*(self.reached(cell, number) for number in self.moves_of(cell, usable)))

    def enough(self, cell: int, differences: set[int]) -> bool:
        """Say whether a small cell with these values is protected."""
        if self._rules.every_value:
            value = int(self._part.values[cell])
            return all(other - value in differences for other in range(self._rules.lower, self._rules.upper + 1))
        return len(differences) >= self._rules.possible_values

    def unprotected(self, chosen: Flags) -> list[int]:
        """List the small cells that no move found so far protects under a pattern."""
        usable = self.usable(chosen)
        return [cell for cell in self._of_small if not self.enough(cell, self.differences(cell, usable))]

    def gaps(self, cell: int, differences: set[int]) -> list[tuple[int, int]]:
        """List the differences that would still help, as ranges; where all of them are needed, one by one."""
        part, rules = self._part, self._rules
        if rules.every_value:
            value = int(part.values[cell])
            wanted = [other - value for other in range(rules.lower, rules.upper + 1)]
            return [(d, d) for d in sorted(wanted, key=abs) if d not in differences]
        low, high = -int(part.down[cell]), int(part.up[cell])
        found, start = [], low
        for taken in sorted(d for d in differences if low <= d <= high):
            if start < taken:
                found.append((start, taken - 1))
            start = taken + 1
        if start <= high:
            found.append((start, high))
        return sorted(found, key=lambda gap: min(abs(gap[0]), abs(gap[1])))

    def cheapest(self, cell: int, chosen: Flags, price: Floats) -> Flags | None:
        """Find the cells that the cheapest move needs that gives a small cell another value; None if there is none."""
        have = self.differences(cell, self.usable(chosen))
        gaps = self.gaps(cell, have)
        best: tuple[float, int] | None = None
        for number in self._of_small[cell]:
            if any(low <= d <= high for d in self.reached(cell, number) - have for low, high in gaps):
                cost = float(price[self._uses[number] & ~chosen].sum())
                if best is None or cost < best[0]:
                    best = cost, number
        return None if best is None else self._uses[best[1]].copy()

    def proving(self, chosen: Flags) -> list[int]:
        """Choose moves that protect every small cell under a pattern, preferring those that serve several."""
        usable = self.usable(chosen)
        kept: dict[int, None] = {}
        for cell in self._of_small:
            numbers = self.moves_of(cell, usable)
            have = {0}.union(*(self.reached(cell, number) for number in numbers if number in kept))
            while not self.enough(cell, have):
                best = max(numbers, key=lambda number: (len(self.reached(cell, number) - have), -number))
                more = self.reached(cell, best) - have
                if not more:
                    raise AssertionError("the moves found do not protect a cell that they were found for")
                kept[best] = None
                have |= more
        return sorted(kept)
