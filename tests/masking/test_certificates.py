"""A proof is worth what its check finds: every way to spoil one must be found."""

from dataclasses import replace

import numpy as np
import pytest

from ddg_pipeline.masking import MaskingRules, protect_tables
from ddg_pipeline.masking.certificates import faults, missing
from ddg_pipeline.masking.moves import Move
from ddg_pipeline.masking.system import Status

from .build import grid

VALUES = [[4, 50, 60, 20], [70, 8, 90, 31], [75, 85, 95, 44], [12, 25, 36, 52]]


@pytest.fixture
def proof(rulebook):
    [protection] = protect_tables([grid(VALUES)], rulebook)
    return protection


def found(proof):
    return set(faults(proof.system, proof.rules, proof.status, proof.certificates))


def spoil(proof, change):
    """Replace the first move by what ``change`` makes of it."""
    number, move = next(iter(proof.certificates.moves.items()))
    proof.certificates.moves[number] = change(move)


class TestAProof:
    def test_of_what_masking_found_has_no_fault(self, proof):
        assert found(proof) == set()

    def test_needs_a_move_for_every_value(self, proof):
        proof.certificates.moves.clear()
        assert "a small cell has too few possible values" in found(proof)

    def test_needs_values_for_every_small_cell(self, proof):
        proof.certificates.alternatives.popitem()
        assert found(proof) == {"a small cell has too few possible values"}

    def test_cannot_count_the_true_value_twice(self, proof):
        cell, have = next(iter(proof.certificates.alternatives.items()))
        other = next(n for n, move in proof.certificates.moves.items() if move.delta(cell) == 0)
        while len(have) > 1:
            have.popitem()
        have[0] = {other}
        assert found(proof) == {"a small cell has too few possible values"}

    def test_cannot_claim_a_value_that_its_move_does_not_make(self, proof):
        have = next(iter(proof.certificates.alternatives.values()))
        have[max(have) + 1] = next(iter(have.values()))
        assert "a small cell has too few possible values" in found(proof)

    def test_cannot_claim_a_value_without_a_move(self, proof):
        have = next(iter(proof.certificates.alternatives.values()))
        have[max(have) + 1] = set()
        assert "a small cell has too few possible values" in found(proof)


class TestAMove:
    @pytest.mark.parametrize("position", range(4))
    def test_must_balance(self, proof, position):
        def change(move):
            deltas = move.deltas.copy()
            deltas[position] += 1 if deltas[position] != -1 else -1
            return Move(move.cells, deltas)

        spoil(proof, change)
        assert "a move does not balance" in found(proof)

    def test_must_stay_among_hidden_cells(self, proof):
        [first, *_] = proof.certificates.moves.values()
        proof.status[first.cells[proof.status[first.cells] == Status.COMPLEMENTARY][0]] = Status.OPEN
        assert "a move leaves what a reader knows" in found(proof)

    def test_must_stay_within_what_a_reader_knows(self, proof):
        spoil(proof, lambda move: move.times(60))
        assert "a move leaves what a reader knows" in found(proof)

    @pytest.mark.parametrize(
        "change",
        [
            lambda move: Move(np.append(move.cells, move.cells[-1]), np.append(move.deltas, 0)),
            lambda move: Move(move.cells[::-1], move.deltas[::-1]),
            lambda move: Move(np.append(move.cells, move.cells[-1] + 1), np.append(move.deltas, 0)),
        ],
    )
    def test_names_each_cell_once_and_in_order(self, proof, change):
        spoil(proof, change)
        assert "a move changes a cell twice or not at all" in found(proof)


class TestAPattern:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Status.SMALL, Status.OPEN),
            (Status.SMALL, Status.COMPLEMENTARY),
            (Status.OPEN, Status.SMALL),
            (Status.OPEN, Status.ZERO),
        ],
    )
    def test_hides_every_small_cell_and_calls_it_so(self, proof, before, after):
        proof.status[np.flatnonzero(proof.status == before)[0]] = after
        assert "a cell is hidden or shown that must not be" in found(proof)

    def test_never_hides_a_zero(self, rulebook):
        [protection] = protect_tables([grid([[4, 50, 0], [70, 18, 90], [75, 85, 95]])], rulebook)
        protection.status[np.flatnonzero(protection.status == Status.ZERO)[0]] = Status.COMPLEMENTARY
        assert "a cell is hidden or shown that must not be" in found(protection)

    def test_proved_without_reasons_does_not_hold_with_them(self, rulebook):
        values = [[1, 11, 30], [11, 40, 50], [60, 70, 80]]
        [protection] = protect_tables([grid(values, suppression={"show_reason": False})], rulebook)
        assert found(protection) == set()
        told = replace(protection, rules=replace(protection.rules, show_reason=True))
        assert found(told) != set()


class TestMissing:
    @pytest.fixture
    def rules(self, rulebook):
        return MaskingRules.of(rulebook, "ddg", True)

    def test_lists_the_nearest_values_first(self, rules):
        assert missing(rules, 5, set())[:4] == [1, -1, 2, -2]
        assert missing(rules, 1, {1})[:2] == [2, 3]

    def test_is_empty_once_there_are_enough(self, rules):
        assert missing(rules, 5, {3, 4}) == []
        assert missing(rules, 5, {0, 4}) != []

    def test_at_the_full_level_is_every_other_value(self, rulebook):
        full = MaskingRules.of(rulebook, "full", True)
        assert sorted(missing(full, 5, {-4})) == [-3, -2, -1, 1, 2, 3, 4, 5]
