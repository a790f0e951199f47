"""Where zeros block every product of swaps, several together may do; where none do, that is proved."""

import numpy as np
import pytest

from ddg_pipeline.masking import MaskingRules, complementary, mask
from ddg_pipeline.masking.exact import cheapest_move
from ddg_pipeline.masking.moves import Bounds
from ddg_pipeline.masking.system import build_systems

from .build import bound, dimension, hidden


def ring(**contract):
    """Three rows and columns with known margins, a zero in each: only a cycle through all six others can move."""
    values = {("A1", "B1"): 5, ("A1", "B2"): 30, ("A2", "B2"): 40, ("A2", "B3"): 50, ("A3", "B3"): 60, ("A3", "B1"): 70}
    rows = [{"a": f"A{i}", "b": f"B{j}", "n": values.get((f"A{i}", f"B{j}"), 0)} for i in (1, 2, 3) for j in (1, 2, 3)]
    return bound(rows, {"a": dimension(), "b": dimension()}, **contract)


@pytest.fixture
def rules(rulebook):
    return MaskingRules.of(rulebook, "ddg", True)


@pytest.fixture
def state(rules):
    [system] = build_systems([ring()])
    return system, system.initial_status(rules), int(np.flatnonzero(system.values == 5)[0])


class TestACycle:
    def test_is_found_and_balances(self, state, rules):
        system, status, cell = state
        move = cheapest_move(system, rules, status, cell, set())
        assert len(move.cells) == 6
        assert not (system.by_cell[:, move.cells] @ move.deltas).any()
        assert Bounds(system, rules).allow(move, status)

    def test_is_found_once_for_each_value(self, state, rules):
        system, status, cell = state
        have = set()
        while (move := cheapest_move(system, rules, status, cell, have)) is not None:
            assert move.delta(cell) not in {0, *have}
            have.add(move.delta(cell))
        # down to 1 and up to 10
        assert have == {-4, -3, -2, -1, 1, 2, 3, 4, 5}

    def test_masks_the_table(self, rulebook):
        [table] = mask([ring()], rulebook)
        assert len(hidden(table)) == 6

    def test_serves_backwards_and_several_times_over(self, rulebook, monkeypatch):
        calls = []

        def counted(*arguments):
            calls.append(arguments)
            return cheapest_move(*arguments)

        monkeypatch.setattr(complementary, "cheapest_move", counted)
        mask([ring(suppression={"level": "full"})], rulebook)
        assert len(calls) == 1  # for nine other values


class TestAProofOfImpossibility:
    def test_looks_beyond_the_neighbourhood(self, state, rules):
        system, status, cell = state
        status[system.values == 60] = 2  # known to all
        assert cheapest_move(system, rules, status, cell, set()) is None

    def test_allows_for_changes_larger_than_those_tried_first(self, rulebook):
        # whole dozens only: what is counted in twelves moves the small cell by twelve, when reasons are hidden
        measures = {name: {"kind": "count"} for name in ("few", "dozens", "all_")}
        rows = [
            {"a": "A1", "few": 4, "dozens": 30, "all_": 4 + 12 * 30},
            {"a": "A2", "few": 50, "dozens": 30, "all_": 50 + 12 * 30},
        ]
        identity = "few + " + " + ".join(["dozens"] * 12) + " = all_"
        table = bound(
            rows,
            {"a": dimension(additive=False)},
            measures,
            identities=[identity],
            suppression={"show_reason": False, "level": "exact"},
        )
        [masked] = mask([table], rulebook)
        assert "A1" in hidden(masked, "few")
