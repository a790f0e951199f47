"""A proof is worth what its check finds: every way to spoil one must be found."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import complementary, proof_check, protect_tables
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.proof_check import faults
from ddg_pipeline.masking.system import Status, build_systems

from .build import grid, line
from .problems import problems

EXAMPLES = int(os.environ.get("DDG_EXAMPLES", "20"))
RANDOM = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

VALUES = [[4, 50, 60, 20], [70, 8, 90, 31], [75, 85, 95, 44], [12, 25, 36, 52]]

PATTERN = "a cell is hidden or shown that must not be"
TWICE = "a move changes a cell twice or not at all"
BALANCE = "a move does not balance"
SHOWN = "a move changes a cell that is shown"
BEYOND = "a move takes a cell beyond what is known of it"
TOO_FEW = "a small cell has too few possible values"


@pytest.fixture(scope="module")
def protection(rulebook):
    """Not changed by any test."""
    [found] = protect_tables([grid(VALUES)], rulebook)
    return found


def found(protection, **changed):
    """What is wrong once parts of the proof, or the status, are others."""
    status = changed.pop("status", protection.status)
    proof = replace(protection.proof, **changed)
    return set(faults(protection.system, protection.rules, status, proof))


def moves_of(proof):
    return [
        (proof.cells[a:b], proof.deltas[a:b], low, high)
        for a, b, low, high in zip(proof.start, proof.start[1:], proof.low, proof.high, strict=False)
    ]


def proof_of(moves):
    sizes = [len(cells) for cells, *_ in moves]
    return Proof(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        *(np.concatenate([move[part] for move in moves]).astype(np.int64) for part in (0, 1)),
        *(np.array([move[part] for move in moves], dtype=np.int64) for part in (2, 3)),
    )


def with_first(protection, change):
    """The names of the proof's parts with those it has once its first move is what ``change`` makes of it."""
    first, *others = moves_of(protection.proof)
    return vars(proof_of([change(*first), *others]))


def of_kind(protection, kind):
    return int(np.flatnonzero(protection.status == kind)[0])


def other(status, cell, kind):
    changed = status.copy()
    changed[cell] = kind
    return changed


class TestAProof:
    def test_of_what_masking_found_has_no_fault(self, protection):
        assert found(protection) == set()

    def test_cannot_be_missing(self, protection):
        assert found(protection, **vars(Proof.empty())) == {TOO_FEW}

    def test_of_a_table_without_small_cells_is_empty(self, rulebook):
        [nothing] = protect_tables([grid([[11, 50], [60, 70]])], rulebook)
        assert len(nothing.proof) == 0
        assert found(nothing) == set()

    def test_names_the_cells_concerned(self, protection):
        small = np.flatnonzero(protection.status == Status.SMALL)
        wrong = faults(protection.system, protection.rules, protection.status, Proof.empty())
        assert wrong[TOO_FEW].tolist() == small.tolist()

    def test_is_judged_the_same_in_pieces(self, protection, monkeypatch):
        spoilt = with_first(protection, lambda cells, deltas, low, high: (cells, deltas * 2, low, high))
        whole = found(protection, **spoilt)
        for size in (1, 5):
            monkeypatch.setattr(proof_check, "_PIECE", size)
            assert found(protection) == set()
            assert found(protection, **spoilt) == whole != set()


class TestEverySmallCell:
    def test_needs_its_moves(self, protection):
        for cell in np.flatnonzero(protection.status == Status.SMALL).tolist():
            without = proof_of([move for move in moves_of(protection.proof) if cell not in move[0]] or [([], [], 0, 0)])
            wrong = faults(protection.system, protection.rules, protection.status, without)
            assert cell in wrong[TOO_FEW]

    def test_needs_them_to_be_taken(self, protection):
        never = np.zeros(len(protection.proof), dtype=np.int64)
        assert found(protection, low=never, high=never) == {TOO_FEW}

    def test_cannot_count_its_true_value_twice(self, protection):
        # with one other value two are possible: enough at level exact, not at ddg
        forwards = [(cells, deltas, 0, 1) for cells, deltas, *_ in moves_of(protection.proof)]
        cut = [forwards[0], *(move for move in forwards[1:] if not set(move[0]) & set(forwards[0][0]))]
        assert TOO_FEW in found(protection, **vars(proof_of(cut)))
        two = replace(protection.rules, possible_values=2)
        wrong = faults(protection.system, two, protection.status, proof_of([forwards[0]]))
        small = [cell for cell in forwards[0][0].tolist() if protection.status[cell] == Status.SMALL]
        assert small
        assert not set(small) & set(wrong.get(TOO_FEW, np.array([])).tolist())

    def test_needs_every_value_at_the_full_level(self, rulebook):
        [full] = protect_tables([grid(VALUES, suppression={"level": "full"})], rulebook)
        assert found(full) == set()
        assert TOO_FEW in found(full, high=np.maximum(full.proof.high - 1, 0))


class TestAMove:
    @pytest.mark.parametrize("position", range(4))
    @pytest.mark.parametrize("by", [1, -1])
    def test_must_balance(self, protection, position, by):
        def change(cells, deltas, low, high):
            changed = deltas.copy()
            changed[position] += by if changed[position] != -by else 2 * by
            return cells, changed, low, high

        assert BALANCE in found(protection, **with_first(protection, change))

    @pytest.mark.parametrize("position", range(4))
    def test_must_have_all_its_cells(self, protection, position):
        def change(cells, deltas, low, high):
            return np.delete(cells, position), np.delete(deltas, position), low, high

        assert BALANCE in found(protection, **with_first(protection, change))

    @pytest.mark.parametrize("position", range(4))
    def test_must_not_change_another_cell_instead(self, protection, position):
        def change(cells, deltas, low, high):
            changed = cells.copy()
            changed[position] = np.setdiff1d(np.arange(len(protection.status)), cells)[0]
            order = np.argsort(changed)
            return changed[order], deltas[order], low, high

        assert BALANCE in found(protection, **with_first(protection, change))

    @pytest.mark.parametrize(
        "change",
        [
            lambda cells, deltas, low, high: (np.append(cells, cells[-1]), np.append(deltas, 1), low, high),
            lambda cells, deltas, low, high: (np.append(cells, cells[-1]), np.append(deltas, 0), low, high),
            lambda cells, deltas, low, high: (cells[::-1], deltas[::-1], low, high),
            lambda cells, deltas, low, high: (np.append(cells, cells[-1] + 1), np.append(deltas, 0), low, high),
            lambda cells, deltas, low, high: (np.repeat(cells, 2), np.repeat(deltas, 2), low, high),
        ],
        ids=["again", "again by nothing", "backwards", "one more by nothing", "all twice"],
    )
    def test_names_each_cell_once_and_in_order(self, protection, change):
        assert TWICE in found(protection, **with_first(protection, change))

    def test_must_stay_among_hidden_cells(self, protection):
        cell = next(c for c in protection.proof.cells.tolist() if protection.status[c] == Status.COMPLEMENTARY)
        assert found(protection, status=other(protection.status, cell, Status.OPEN)) >= {SHOWN}

    def test_must_stay_within_what_readers_know_of_a_small_cell(self, protection):
        for move, (cells, deltas, *_) in enumerate(moves_of(protection.proof)):
            small = next(i for i, cell in enumerate(cells.tolist()) if protection.status[cell] == Status.SMALL)
            value, by = int(protection.system.values[cells[small]]), int(deltas[small])
            # the first multiple that is above 10, and the first below 1
            for reached in (11, 0):
                steps = (reached - value) / by
                times = int(np.sign(steps) * np.ceil(abs(steps)))
                end = "high" if times > 0 else "low"
                changed = getattr(protection.proof, end).copy()
                changed[move] = times
                assert BEYOND in found(protection, **{end: changed})

    def test_must_leave_a_complementary_cell_large_where_reasons_are_shown(self, rulebook):
        # the second row's 11 may become smaller only if readers are not told that it is no small cell
        values = [[1, 11, 30], [11, 40, 50], [60, 70, 80]]
        [silent] = protect_tables([grid(values, suppression={"show_reason": False})], rulebook)
        assert found(silent) == set()
        told = replace(silent, rules=replace(silent.rules, show_reason=True))
        assert BEYOND in found(told)

    @pytest.mark.parametrize("end", ["low", "high"])
    def test_can_be_left_untaken(self, protection, end):
        # "at least once" would say that the true table is impossible
        assert BEYOND in found(protection, **{end: np.full(len(protection.proof), 1 if end == "low" else -1)})


class TestAPattern:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (Status.SMALL, Status.OPEN),
            (Status.SMALL, Status.COMPLEMENTARY),
            (Status.SMALL, Status.KNOWN),
            (Status.OPEN, Status.SMALL),
            (Status.OPEN, Status.ZERO),
            (Status.OPEN, Status.KNOWN),
        ],
    )
    def test_hides_every_small_cell_and_calls_it_so(self, protection, before, after):
        assert PATTERN in found(protection, status=other(protection.status, of_kind(protection, before), after))

    def test_may_hide_more(self, protection):
        more = other(protection.status, of_kind(protection, Status.OPEN), Status.COMPLEMENTARY)
        assert found(protection, status=more) == set()

    def test_never_hides_a_zero(self, rulebook):
        [zero] = protect_tables([grid([[4, 50, 0], [70, 18, 90], [75, 85, 95]])], rulebook)
        cell = of_kind(zero, Status.ZERO)
        assert PATTERN in found(zero, status=other(zero.status, cell, Status.COMPLEMENTARY))

    def test_never_shows_what_the_contract_hides(self, rulebook):
        [forced] = protect_tables([grid(VALUES, suppression={"hide": [{"a": "A4", "b": "B4"}]})], rulebook)
        [cell] = np.flatnonzero(forced.system.forced)
        assert PATTERN in found(forced, status=other(forced.status, cell, Status.OPEN))

    def test_never_hides_what_the_contract_keeps(self, rulebook):
        [kept] = protect_tables([grid(VALUES, suppression={"keep": [{"a": "A3", "b": "B3"}]})], rulebook)
        [cell] = np.flatnonzero(kept.system.kept)
        assert PATTERN in found(kept, status=other(kept.status, cell, Status.COMPLEMENTARY))


class TestTheExamplesOfTheDocumentation:
    """docs/explanation/masking.md: one move certifies ten values; ten ones and their total."""

    @pytest.mark.parametrize(("corner", "low", "high"), [(80, -3, 6), (12, -1, 6)])
    def test_one_move(self, rulebook, corner, low, high):
        # all else has to stay open, so that nothing but this pattern is possible
        keep = [{"a": ["A3", "Total"]}, {"b": ["B3", "Total"]}]
        values = [[4, 50, 60], [70, corner, 90], [75, 85, 95]]
        [one] = protect_tables([grid(values, suppression={"keep": keep, "show_reason": True})], rulebook)
        assert sorted(one.system.values[one.proof.cells].tolist()) == sorted([4, 50, 70, corner])
        assert (one.proof.low.tolist(), one.proof.high.tolist()) == ([low], [high])
        signs = dict(zip(one.system.values[one.proof.cells].tolist(), one.proof.deltas.tolist(), strict=True))
        assert signs == {4: 1, 50: -1, 70: -1, corner: 1}

    def test_ten_ones_are_given_away_by_their_reasons(self, rulebook):
        with pytest.raises(RefusedError, match="show_reason: false"):
            protect_tables([line([1] * 10, 10, suppression={"show_reason": True})], rulebook)
        [silent] = protect_tables([line([1] * 10, 10)], rulebook)
        assert not silent.rules.show_reason


class TestNothingIsReleasedThat:
    def test_fails_its_own_proof(self, rulebook, monkeypatch):
        monkeypatch.setattr(complementary, "faults", lambda *_: {TOO_FEW: np.array([0])})
        with pytest.raises(RefusedError, match="fails its own proof"):
            protect_tables([grid(VALUES)], rulebook)


class TestOfAnyTable:
    @RANDOM
    @given(problem=problems(), source=st.randoms(use_true_random=False))
    def test_a_delta_that_is_another_is_found(self, rulebook, problem, source):
        for protection in self._protected(problem, rulebook):
            entry = source.randrange(len(protection.proof.cells))
            deltas = protection.proof.deltas.copy()
            deltas[entry] += source.choice([by for by in (-1, 1) if deltas[entry] + by])
            if self._in_a_relation(protection.system, protection.proof.cells[entry]):
                event("in a sum")
                assert BALANCE in found(protection, deltas=deltas)
            else:
                event("in no sum")

    @RANDOM
    @given(problem=problems(), source=st.randoms(use_true_random=False))
    def test_a_hidden_cell_that_is_shown_is_found(self, rulebook, problem, source):
        for protection in self._protected(problem, rulebook):
            cell = source.choice(protection.proof.cells.tolist())
            assert found(protection, status=other(protection.status, cell, Status.OPEN)) >= {SHOWN}

    @RANDOM
    @given(problem=problems(), source=st.randoms(use_true_random=False))
    def test_a_small_cell_without_its_moves_is_found(self, rulebook, problem, source):
        for protection in self._protected(problem, rulebook):
            cell = source.choice(np.flatnonzero(protection.status == Status.SMALL).tolist())
            others = [move for move in moves_of(protection.proof) if cell not in move[0]]
            proof = proof_of(others) if others else Proof.empty()
            wrong = faults(protection.system, protection.rules, protection.status, proof)
            assert cell in wrong[TOO_FEW]

    @RANDOM
    @given(problem=problems(), source=st.randoms(use_true_random=False))
    def test_a_true_count_that_is_another_is_found(self, rulebook, problem, source):
        """A proof holds for the table it was made for: with another small count it says too much or too little."""
        for protection in self._protected(problem, rulebook):
            values = protection.system.values.copy()
            cell = source.choice(np.flatnonzero(protection.status == Status.SMALL).tolist())
            values[cell] = 0
            forged = replace(protection, system=replace(protection.system, values=values))
            assert PATTERN in found(forged)

    def _protected(self, problem, rulebook):
        try:
            protections = protect_tables(problem.bound(), rulebook)
        except (InputErrors, RefusedError) as error:
            event(type(error).__name__)
            return []
        event("protected")
        for protection in protections:
            assert found(protection) == set()
        return [protection for protection in protections if len(protection.proof)]

    def _in_a_relation(self, system, cell):
        return any((block.cells == cell).any() for block in system.relations)


class TestTheSystem:
    def test_is_not_changed_by_the_check(self, protection):
        status = protection.status.copy()
        values = protection.system.values.copy()
        found(protection)
        assert (protection.status == status).all()
        assert (protection.system.values == values).all()
        [fresh] = build_systems([grid(VALUES)], protection.rules)
        assert (fresh.values == values).all()
