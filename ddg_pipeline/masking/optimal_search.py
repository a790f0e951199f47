"""The search for the cheapest safe pattern of one part: a lower bound from cuts, an upper one from safe patterns.

The cheapest choice that obeys all cuts known so far is a lower bound. Where it is not safe, the moves that it lacks
give more cuts; where it is, it is the answer. This is Benders' decomposition, as Fischetti and Salazar-González used it
for cell suppression (Management Science 47, 2001), here with whole-number moves instead of linear ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ddg_pipeline.masking.optimal_changes import Deadline, TimeIsUpError, UndecidedError
from ddg_pipeline.masking.optimal_cuts import Cut, Unsafe
from ddg_pipeline.masking.optimal_master import Master
from ddg_pipeline.masking.optimal_part import Flags, Floats, Integers, Part
from ddg_pipeline.masking.rules import MaskingRules

Report = Callable[[str, int, int], None]

_STALLED = 4  # rounds of the linear program without progress after which the integer program begins
_PROGRESS = 2e-4  # what share of the bound counts as progress
_FIRST_GAP = 0.03  # by how much the first answers of the integer program may be dearer than the cheapest
_ROUNDED_UP_FROM = (0.8, 0.5, 0.25, 0.05)  # shares of the linear program that are tried as choices
_FAVOUR = 0.9  # how much cheaper what the linear program hides entirely is taken to be
_LAST_GAP = 1e-3


@dataclass
class Found:
    """What is known of one part at the end of a search.

    Attributes:
        chosen: The cheapest safe choice found; None if there is none.
        moves: The moves that prove it safe, with how often each can be taken backwards and forwards.
        bound: No safe choice costs less; above every price if there is none.
        impossible: Small cells that are unsafe whatever is hidden.
        proven: Whether nothing is cheaper than `chosen`, or nothing safe where that is None.
    """

    chosen: Flags | None = None
    moves: list[tuple[Integers, int, int]] = field(default_factory=list)
    bound: int = 0
    impossible: list[int] = field(default_factory=list)
    proven: bool = False


def search(
    part: Part,
    rules: MaskingRules,
    start: Flags | None,
    deadline: Deadline,
    report: Report,
    prove: bool = True,
    within: float = 0.0,
) -> Found:
    """Find the cheapest safe choice of one part, or as near as time allows.

    Args:
        part: The part.
        rules: The figures to obey.
        start: A safe choice to begin with, if there is one.
        deadline: When to stop, on the monotonic clock.
        report: Called with a stage's name, the lower bound and the best cost.
        prove: Whether to go on until the bounds meet, or to be content with what the linear program suggests.
        within: How near the bounds have to be, as a share of the cost.
    """
    one = _Search(part, rules, deadline, report, within)
    with contextlib.suppress(TimeIsUpError, UndecidedError):
        one.run(start, prove)
    return one.found()


class _Search:
    def __init__(self, part: Part, rules: MaskingRules, deadline: Deadline, report: Report, within: float) -> None:
        self.part, self.rules, self.deadline, self.report, self.within = part, rules, deadline, report, within
        self.judge = Unsafe(part, rules, deadline)
        self.master = Master(part)
        self.best: Flags | None = None
        self.bound = 0
        self.impossible: list[int] = []
        self.none_is_safe = False
        self.doubtful = False  # a cut was added that is not proved: the bound stands still from there

    # --- the road ----------------------------------------------------------------------------------------------------

    def run(self, start: Flags | None, prove: bool) -> None:
        """Go on until the bounds meet or the time is over; without proof, until the linear program has had its say."""
        if self._refuted():
            return
        for first in (start, np.ones(len(self.part.choice), dtype=bool)):
            if self.best is None and first is not None:
                # what they hide too much is better seen from the linear program
                self._consider(first, prune=False)
        if not len(self.part.choice):
            self.none_is_safe = self.best is None and not self.doubtful
            return
        share = self._tighten()
        if share is None:
            self.none_is_safe = self.best is None and not self.doubtful
            return
        self._round_up(share)
        if prove:
            self._settle()

    def _refuted(self) -> bool:
        """Say whether some small cell is unsafe even if everything is hidden."""
        everything = np.ones(len(self.part.choice), dtype=bool)
        nothing = ~everything
        for cell in self.part.small.tolist():
            self.judge.seek_cheap_moves(cell, nothing, self.part.price.astype(float))
            try:
                cuts = self.judge.protect(cell, everything)
            except UndecidedError:
                self.doubtful = True
                continue
            if any(len(cut.cells) == 0 for cut in cuts):
                self.impossible.append(cell)
        self.none_is_safe = bool(self.impossible)
        return self.none_is_safe

    def _tighten(self) -> Floats | None:
        """Add cuts that the linear program breaks until it hardly gets dearer; None if no pattern obeys them all."""
        stalled, last, quiet = 0, 0.0, dict.fromkeys(self.part.small.tolist(), 0)
        number = 0
        while True:
            answer = self.master.relaxed(self.deadline)
            if answer is None:
                return None
            share, bound = answer
            self._raise_bound(bound)
            if self._finished():
                return share
            stalled = stalled + 1 if bound <= last * (1 + _PROGRESS) else 0
            last = max(last, bound)
            self.report("lower bound", self.bound, self._cost())
            if stalled >= _STALLED:
                return share
            added = 0
            for cell in quiet:
                # cells that had nothing to say lately are asked less often
                if (number + cell) % (1 + min(quiet[cell], 3)):
                    continue
                try:
                    more = self.master.add(self.judge.fractional(cell, share))
                except UndecidedError:
                    more = 0
                quiet[cell] = 0 if more else quiet[cell] + 1
                added += more
            number += 1
            if not added:
                if not any(quiet.values()) or stalled:
                    return share
                quiet = dict.fromkeys(quiet, 0)
                stalled += 1

    def _round_up(self, share: Floats) -> None:
        for threshold in _ROUNDED_UP_FROM:
            self._consider(self._mended(share >= threshold, share))

    def _settle(self) -> None:
        """Solve integer programs until the answer is safe, with gaps that narrow as the bounds meet."""
        gap = _FIRST_GAP
        while not self._finished():
            choice = self.master.best(self.best, gap, self.deadline)
            self._raise_bound(choice.bound)
            self.report("lower bound", self.bound, self._cost())
            if self._finished():
                return
            if choice.chosen is None and not choice.impossible:
                raise TimeIsUpError
            if choice.chosen is None:
                self.none_is_safe = self.best is None and not self.doubtful
                return
            cuts = self._cuts_for(choice.chosen)
            if cuts:
                self.master.add(cuts)
                self._consider(self._mended(choice.chosen))
                self._tighten()
                continue
            self._consider(choice.chosen)
            if gap == 0.0:
                return  # safe, and cheapest of all that the cuts allow
            gap = gap / 4 if gap > _LAST_GAP else 0.0

    def _cuts_for(self, chosen: Flags) -> list[Cut]:
        cuts: list[Cut] = []
        for cell in self.judge.pool.unprotected(chosen):
            try:
                cuts += self.judge.protect(cell, chosen)
            except UndecidedError:
                self.doubtful = True
                outside = np.flatnonzero(~chosen)
                cuts.append(Cut(outside, np.ones(len(outside), dtype=np.int64), 1))
        return cuts

    # --- upper bounds ------------------------------------------------------------------------------------------------

    def _consider(self, chosen: Flags | None, prune: bool = True) -> None:
        """Keep a pattern if it is safe and cheaper than the best so far, without what it does not need."""
        if chosen is None or not self.part.obeys(chosen):
            return
        if self.best is not None and np.array_equal(self.best, chosen):
            return
        for cell in self.judge.pool.unprotected(chosen):
            try:
                if self.judge.protect(cell, chosen):
                    return
            except UndecidedError:
                return
        if self.best is None or self.part.cost(chosen) < self._cost():
            self.best = chosen.copy()
        if not prune:
            return
        leaner = self._pruned(chosen)
        if self.part.cost(leaner) < self._cost():
            self.best = leaner

    def _pruned(self, chosen: Flags) -> Flags:
        lean = chosen.copy()
        order = np.flatnonzero(lean)
        for number in order[np.argsort(-self.part.price[order], kind="stable")].tolist():
            lean[number] = False
            if not self.part.obeys(lean) or not all(
                self.judge.is_protected(cell, lean) for cell in self.judge.pool.unprotected(lean)
            ):
                lean[number] = True
        return lean

    def _mended(self, chosen: Flags, share: Floats | None = None) -> Flags | None:
        """Hide more until every small cell is protected and the rules about rows hold; None if that does not work.

        Args:
            chosen: What is hidden at first.
            share: How much of each cell the linear program hides; what it favours is taken to be cheaper.
        """
        more = chosen.copy()
        pool = self.judge.pool
        price = self.part.price.astype(float)
        if share is not None:
            price *= 1 - _FAVOUR * share
        for cell in pool.unprotected(more):
            while not self.judge.is_protected(cell, more):
                self.judge.seek_cheap_moves(cell, more, price)
                if pool.enough(cell, pool.differences(cell, pool.usable(more))):
                    break
                uses = pool.cheapest(cell, more, price)
                if uses is None:
                    return None
                more |= uses
        return self._with_rows(more)

    def _with_rows(self, chosen: Flags) -> Flags | None:
        """Hide the cheapest cells that the rules about rows ask for besides."""
        more = chosen.copy()
        part = self.part
        while True:
            left = part.least - part.demands @ more.astype(np.int64)
            broken = np.flatnonzero(left > 0)
            if not len(broken):
                return more
            row = part.demands[[broken[0]]].tocoo()
            helps = row.coords[1][(row.data > 0) & ~more[row.coords[1]]]
            if not len(helps):
                return None
            more[helps[np.argmin(part.price[helps])]] = True

    # --- what is known -----------------------------------------------------------------------------------------------

    def _cost(self) -> int:
        return self.part.cost(self.best) if self.best is not None else int(self.part.price.sum()) + 1

    def _raise_bound(self, bound: int) -> None:
        if not self.doubtful:
            self.bound = min(max(self.bound, bound), self._cost())

    def _finished(self) -> bool:
        return self.best is not None and self.bound >= self._cost() * (1 - self.within)

    def found(self) -> Found:
        """Give the best pattern with the moves that prove it."""
        if self.best is None:
            return Found(bound=self.bound, impossible=self.impossible, proven=self.none_is_safe)
        pool = self.judge.pool
        moves = [(pool.moves[n], pool.low[n], pool.high[n]) for n in pool.proving(self.best)]
        return Found(self.best, moves, self.bound, [], self.bound >= self._cost())
