"""The exact solver: what it promises of the pattern it gives, and what it says when there is none or no time."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.masking import MaskingRules
from ddg_pipeline.masking.complementary import Protection, protect
from ddg_pipeline.masking.optimal import optimal
from ddg_pipeline.masking.optimal_changes import Changes, Deadline
from ddg_pipeline.masking.optimal_cuts import Unsafe
from ddg_pipeline.masking.optimal_part import parts_of
from ddg_pipeline.masking.proof_check import faults
from ddg_pipeline.masking.system import Status, build_systems

from .build import bound, dimension, grid, line
from .test_exact import ring

AMPLE = 300.0  # seconds that no test here comes near


def solved(table, rulebook, level="ddg", reasons=True, **options):
    rules = MaskingRules.of(rulebook, level, reasons)
    [system] = build_systems([table], rules)
    return system, rules, optimal(system, rules, time_limit=options.pop("time_limit", AMPLE), **options)


def hidden_values(system, result):
    return sorted(system.values[result.status == Status.COMPLEMENTARY].tolist())


def cube(seed, shape, zeros=0.2):
    """A table of any number of dimensions with all margins, its counts drawn at random."""
    draw = np.random.default_rng(seed)
    inner = np.where(draw.random(shape) < zeros, 0, np.ceil(np.exp(draw.normal(3, 1.2, shape))).astype(np.int64))
    names = "abcd"[: len(shape)]
    labels = [[*(f"{name}{i}" for i in range(size)), "Total"] for name, size in zip(names, shape, strict=True)]
    rows = []
    for at in itertools.product(*(range(size + 1) for size in shape)):
        part = tuple(slice(None) if i == size else slice(i, i + 1) for i, size in zip(at, shape, strict=True))
        rows.append({name: labels[n][at[n]] for n, name in enumerate(names)} | {"n": int(inner[part].sum())})
    return bound(rows, {name: dimension(total="Total") for name in names})


class TestTheCheapestPattern:
    def test_of_a_row_takes_the_cheapest_partner(self, rulebook):
        system, _, result = solved(line([5, 40, 20, 30], total=95), rulebook)
        assert result.proven
        assert hidden_values(system, result) == [20]
        assert result.cost == result.bound == system.costs[system.values == 20][0]
        assert result.gap == 0

    def test_hides_nothing_where_the_small_cells_protect_each_other(self, rulebook):
        system, _, result = solved(line([10, 9, 30], total=49), rulebook, "exact")
        assert result.proven
        assert result.cost == 0
        assert hidden_values(system, result) == []

    def test_of_worked_example_1_hides_one_more(self, rulebook):
        system, _, result = solved(line([10, 14, 10, 10, 0, 0, 0, 30], total=74), rulebook)
        assert hidden_values(system, result) == [14]

    def test_of_worked_example_2_hides_one_more_because_two_combinations_are_too_few(self, rulebook):
        system, _, result = solved(line([10, 14, 9, 17, 0, 0, 0, 30], total=80), rulebook)
        assert hidden_values(system, result) == [14]

    def test_of_worked_example_4_depends_on_the_reasons(self, rulebook):
        values = [14, 14, 1, 11, 0, 0, 0, 30]
        system, _, shown = solved(line(values, total=70), rulebook)
        assert hidden_values(system, shown) == [14]
        system, _, hidden = solved(line(values, total=70), rulebook, reasons=False)
        assert hidden_values(system, hidden) == [11]

    def test_closes_a_rectangle(self, rulebook):
        system, _, result = solved(grid([[4, 50, 60], [70, 80, 90], [75, 85, 95]]), rulebook)
        assert result.proven
        assert hidden_values(system, result) == [50, 70, 80]

    def test_finds_a_cycle_that_is_no_product(self, rulebook):
        system, _, result = solved(ring(), rulebook)
        assert result.proven
        assert hidden_values(system, result) == [30, 40, 50, 60, 70]

    def test_minimises_what_it_is_told_to(self, rulebook):
        # with reasons shown each twelve can give up one, and the small cell has to be able to have two more
        table = line([1, 12, 12, 300])
        system, rules, _ = solved(table, rulebook)
        by_value = optimal(system, rules, time_limit=AMPLE, price=system.values)
        by_number = optimal(system, rules, time_limit=AMPLE, price=np.ones(len(system.values), dtype=np.int64))
        assert hidden_values(system, by_value) == [12, 12]
        assert by_value.cost == 24
        assert hidden_values(system, by_number) == [300]
        assert by_number.cost == 1

    def test_leaves_hidden_what_the_contract_hides(self, rulebook):
        rules = MaskingRules.of(rulebook, "ddg", True)
        [system] = build_systems([line([5, 40, 20, 30], total=95)], rules)
        forced = replace(system, forced=system.values == 40)
        result = optimal(forced, rules, time_limit=AMPLE)
        assert hidden_values(forced, result) == [40]
        assert result.cost == 0  # it was no matter of choice

    def test_is_the_same_again(self, rulebook):
        _, _, one = solved(cube(5, (4, 3, 3)), rulebook)
        _, _, two = solved(cube(5, (4, 3, 3)), rulebook)
        assert one.status.tobytes() == two.status.tobytes()
        assert one.proof.deltas.tobytes() == two.proof.deltas.tobytes()


class TestAStart:
    def test_is_never_made_worse(self, rulebook):
        table = cube(8, (4, 4, 3))
        rules = MaskingRules.of(rulebook, "ddg", False)
        [system] = build_systems([table], rules)
        everything = system.initial_status(rules)
        everything[everything == Status.OPEN] = Status.COMPLEMENTARY
        result = optimal(system, rules, time_limit=AMPLE, start=everything)
        again = optimal(system, rules, time_limit=AMPLE, start=result.status)
        assert result.proven
        assert again.cost == result.cost

    def test_that_is_not_safe_is_not_kept(self, rulebook):
        rules = MaskingRules.of(rulebook, "ddg", True)
        [system] = build_systems([line([5, 40, 20, 30], total=95)], rules)
        result = optimal(system, rules, time_limit=AMPLE, start=system.initial_status(rules))
        assert hidden_values(system, result) == [20]


class TestWhereNothingHelps:
    def test_the_cells_are_named(self, rulebook):
        rules = MaskingRules.of(rulebook, "exact", True)
        everything = bound(
            [{"a": "A1", "n": 5}, {"a": "A2", "n": 6}, {"a": "A3", "n": 0}, {"a": "Total", "n": 11}],
            {"a": dimension(total="Total")},
        )
        [system] = build_systems([everything], rules)
        fixed = replace(system, public=system.values == 6, kept=system.values == 11)
        result = optimal(fixed, rules, time_limit=AMPLE)
        assert result.status is None
        assert result.proof is None
        assert result.proven
        assert fixed.values[result.impossible].tolist() == [5]

    def test_rows_that_cannot_be_mended_are_no_pattern(self, rulebook):
        _, _, result = solved(line([3, 3, 3, 2, 0]), rulebook)
        assert result.status is None
        assert result.proven


class TestTimeRunningOut:
    def test_gives_nothing_rather_than_a_guess(self, rulebook):
        _, _, result = solved(cube(3, (5, 4, 3)), rulebook, time_limit=0.0)
        assert result.status is None
        assert not result.proven
        assert result.gap == 1

    def test_can_be_brought_forward_by_hand(self, rulebook):
        table, seen = cube(3, (5, 4, 3)), []

        def watch(stage, low, high):
            seen.append((stage, low, high))
            if len(seen) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            solved(table, rulebook, progress=watch)
        assert all(low <= high for _, low, high in seen)


class TestCuts:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 10**6), level=st.sampled_from(["exact", "ddg", "full"]), reasons=st.booleans())
    def test_hold_for_every_safe_pattern(self, rulebook, seed, level, reasons):
        """Cuts found for fractions and for single patterns never forbid a pattern that is known to be safe."""
        rules = MaskingRules.of(rulebook, level, reasons)
        [system] = build_systems([cube(seed, (3, 3, 2))], rules)
        safe = protect(system, rules)
        if not isinstance(safe, Protection):
            return
        draw = np.random.default_rng(seed)
        for part in parts_of(system, rules, system.initial_status(rules), system.costs):
            hidden = safe.status[part.cells[part.choice]] == Status.COMPLEMENTARY
            judge = Unsafe(part, rules, Deadline(float("inf")))
            assert part.obeys(hidden)
            for cell in part.small.tolist():
                assert judge.protect(cell, hidden) == []
                cuts = list(judge.fractional(cell, draw.random(len(part.choice)) * 0.5))
                cuts += judge.protect(cell, draw.random(len(part.choice)) < 0.4)
                for cut in cuts:
                    assert cut.weights @ hidden[cut.cells] >= cut.least

    def test_limits_hold_for_any_move(self, rulebook):
        rules = MaskingRules.of(rulebook, "ddg", True)
        [system] = build_systems([cube(11, (4, 3, 2))], rules)
        [part] = parts_of(system, rules, system.initial_status(rules), system.costs)
        changes = Changes(part)
        everything = np.ones(len(part.cells), dtype=bool)
        for cell in part.small.tolist():
            changes.allow(everything.astype(float), 2, 2, cell)
            changes.farthest(cell, 1, Deadline(float("inf")))
            limit = changes.limit(cell, 1, 2)
            highest = next(
                (d for d in (2, 1) if changes.whole_move(cell, d, d, everything, Deadline(float("inf"))) is not None), 0
            )
            assert limit.of(everything) >= highest


class TestAnyTable:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        seed=st.integers(0, 10**6),
        shape=st.sampled_from([(4, 3), (5, 4), (3, 3, 2), (2, 2, 2, 2)]),
        level=st.sampled_from(["exact", "ddg", "full"]),
        reasons=st.booleans(),
    )
    def test_is_protected_for_no_more_than_the_heuristic_asks(self, rulebook, seed, shape, level, reasons):
        system, rules, result = solved(cube(seed, shape), rulebook, level, reasons)
        assert result.proven
        heuristic = protect(system, rules)
        if result.status is None:
            assert not isinstance(heuristic, Protection)
            return
        assert faults(system, rules, result.status, result.proof) == {}
        if isinstance(heuristic, Protection):
            initial = system.initial_status(rules)
            chosen = (heuristic.status == Status.COMPLEMENTARY) & (initial == Status.OPEN)
            assert result.cost <= system.costs[chosen].sum()
