"""The cheapest safe pattern, compared with every pattern there is, on tables small enough to try them all."""

from __future__ import annotations

import itertools
import math
import os
import random

import numpy as np
from hypothesis import HealthCheck, event, example, given, reject, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import MaskingRules
from ddg_pipeline.masking.optimal import optimal
from ddg_pipeline.masking.system import Status, build_systems

from .problems import random_problem

EXAMPLES = int(os.environ.get("DDG_EXAMPLES", "60"))
CHOICES_AT_MOST = 8  # cells that may be hidden, for every pattern of them to be tried
FAR = 40  # how far a count without an upper limit is tried
PATIENCE = 4_000  # search steps after which a question counts as unanswered


class Completions:
    """Searches the whole-number tables that match what a pattern publishes, value by value."""

    def __init__(self, system, rules, status):
        self.system, self.rules = system, rules
        self.bounds = {}
        for cell, (value, what) in enumerate(zip(system.values.tolist(), status.tolist(), strict=True)):
            if what == Status.SMALL:
                known_small = rules.show_reason or not system.carried[cell]
                self.bounds[cell] = rules.lower, rules.upper if known_small else value + FAR
            elif what == Status.COMPLEMENTARY:
                self.bounds[cell] = rules.upper + 1 if rules.show_reason else rules.lower, value + FAR
        self.sums = []
        for block in system.relations:
            for cells in block.cells.tolist():
                terms = [(c, f) for c, f in zip(cells, block.coefficients.tolist(), strict=True) if c in self.bounds]
                if terms:
                    self.sums.append((terms, sum(f * int(system.values[c]) for c, f in terms)))

    def protected(self, cell):
        low, high = self.bounds[cell]
        true = int(self.system.values[cell])
        if self.rules.every_value:
            return all(self.exists(cell, value) for value in range(self.rules.lower, self.rules.upper + 1))
        found = 0
        for value in sorted(range(low, high + 1), key=lambda v: abs(v - true)):
            found += self.exists(cell, value)
            if found >= self.rules.possible_values:
                return True
        return False

    def exists(self, cell, value):
        self.steps = 0
        return self.complete(self.bounds | {cell: (value, value)})

    def complete(self, bounds):
        self.steps += 1
        if self.steps > PATIENCE:
            raise TimeoutError
        bounds = self.narrowed(dict(bounds))
        if bounds is None:
            return False
        wide = [cell for cell, (low, high) in bounds.items() if low < high]
        if not wide:
            return True
        cell = min(wide, key=lambda c: (bounds[c][1] - bounds[c][0], c))
        true = int(self.system.values[cell])
        values = sorted(range(bounds[cell][0], bounds[cell][1] + 1), key=lambda v: abs(v - true))
        return any(self.complete(bounds | {cell: (value, value)}) for value in values)

    def narrowed(self, bounds):
        changed = True
        while changed:
            changed = False
            for terms, total in self.sums:
                least = sum(min(f * bounds[c][0], f * bounds[c][1]) for c, f in terms)
                most = sum(max(f * bounds[c][0], f * bounds[c][1]) for c, f in terms)
                if not least <= total <= most:
                    return None
                for c, f in terms:
                    low, high = bounds[c]
                    ends = sorted((f * low, f * high))
                    from_, to = total - (most - ends[1]), total - (least - ends[0])
                    if f < 0:
                        from_, to = to, from_
                    new = max(low, math.ceil(from_ / f)), min(high, math.floor(to / f))
                    if new[0] > new[1]:
                        return None
                    if new != (low, high):
                        bounds[c] = new
                        changed = True
                        break
                if changed:
                    break
        return bounds


def rows_in_order(system, rules, status):
    for block in system.relations:
        for cells in block.cells.tolist():
            if not block.is_sum:  # twice as many: hidden by itself, one is told by the other and counts for nothing
                if sum(status[c] >= Status.SMALL for c in cells) == 1:
                    return False
                continue
            values = [int(system.values[c]) for c in cells if status[c] >= Status.SMALL]
            if not values or (len(values) >= 2 and sum(values) >= 11 and max(values) > 3):
                continue
            if status[cells[0]] < Status.SMALL or any(status[c] == Status.OPEN for c in cells):
                return False
    return True


def safe(system, rules, status):
    if rules.literal and not rows_in_order(system, rules, status):
        return False
    reader = Completions(system, rules, status)
    return all(reader.protected(cell) for cell in np.flatnonzero(status == Status.SMALL).tolist())


def cheapest(system, rules, price):
    """The cost of the cheapest safe pattern, by trying all of them, the cheapest first; None if none is safe."""
    initial = system.initial_status(rules)
    choices = np.flatnonzero(initial == Status.OPEN).tolist()
    patterns = [some for size in range(len(choices) + 1) for some in itertools.combinations(choices, size)]
    for some in sorted(patterns, key=lambda some: int(price[list(some)].sum())):
        status = initial.copy()
        status[list(some)] = Status.COMPLEMENTARY
        if safe(system, rules, status):
            return int(price[list(some)].sum())
    return None


def systems_of(problem, rules):
    try:
        return build_systems(problem.bound(), rules)
    except (InputErrors, RefusedError):
        return []


class TestEveryPattern:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 10**9), reasons=st.booleans(), ones=st.booleans())
    @example(seed=23604484, reasons=False, ones=False)  # a total that twice as many tell would do for a row
    def test_none_is_safe_and_cheaper(self, rulebook, seed, reasons, ones):
        prices = random.Random(seed)
        problem = random_problem(prices)
        rules = MaskingRules.of(rulebook, problem.level, reasons)
        for system in systems_of(problem, rules):
            if np.count_nonzero(system.initial_status(rules) == Status.OPEN) > CHOICES_AT_MOST:
                continue
            price = np.array([1 if ones else prices.randint(1, 9) for _ in system.values], dtype=np.int64)
            result = optimal(system, rules, time_limit=60, price=price)
            try:
                best = cheapest(system, rules, price)
            except TimeoutError:
                event("too hard for the exhaustive reader")
                reject()
            event("no pattern is safe" if best is None else "nothing to hide" if best == 0 else "something to hide")
            assert result.proven
            assert result.cost == best
            if best is not None:
                assert result.bound == best
                assert safe(system, rules, result.status)
