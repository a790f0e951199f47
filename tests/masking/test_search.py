"""The compiled search: every move that it finds is one, it finds the cheapest, and what it tries it can take back."""

import itertools
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.masking import MaskingRules, _pattern, _search, work
from ddg_pipeline.masking._search import new_desk
from ddg_pipeline.masking.complementary import Protection, Unprotected, protect
from ddg_pipeline.masking.lattice import build_lattice
from ddg_pipeline.masking.proof_check import UNBALANCED, faults
from ddg_pipeline.masking.proof_file import proof_bytes
from ddg_pipeline.masking.reach import reach
from ddg_pipeline.masking.rows import rows_of
from ddg_pipeline.masking.system import Status, build_systems
from ddg_pipeline.masking.work import Work

from .build import bound, dimension, grid
from .problems import problems

EXAMPLES = int(os.environ.get("DDG_EXAMPLES", "40"))
KINDS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

HIDDEN = (Status.SMALL, Status.COMPLEMENTARY)
NEVER = 10**9  # farther than any cell here can go


def new_work(system, rules, progress=lambda _stage, _done, _all: None):
    status = system.initial_status(rules)
    rows = rows_of(system, status)
    down, up = reach(system, rules, status, rows)
    return Work(system, rules, status, rows, down, up, progress)


def systems_of(problem, rulebook):
    """Every system of a problem with the rules that it asks for."""
    rules = MaskingRules.of(rulebook, problem.level, problem.show_reason is not False)
    try:
        systems = build_systems(problem.bound(), rules)
    except InputErrors:
        assume(False)
    return [(system, rules) for system in systems]


def table(source, size=6, zeros=0.2):
    """Random counts in rows and columns, many of them small."""
    draw = [0, 1, 2, 4, 7, 10, 11, 15, 30, 80]
    weights = [zeros * 9 / (1 - zeros), *[1] * 9]
    return [source.choices(draw, weights, k=size) for _ in range(size)]


def knows(system, rules, cell, status):
    """How far down and up a reader cannot exclude a hidden cell to be, from the definitions."""
    value = int(system.values[cell])
    told_small = status == Status.SMALL and (rules.show_reason or not system.carried[cell])
    told_large = status == Status.COMPLEMENTARY and rules.show_reason
    least = rules.upper + 1 if told_large else rules.lower
    return value - least, rules.upper - value if told_small else NEVER


def assert_moves_hold(system, rules, status, proof):
    sums = [
        dict(zip(cells, block.coefficients.tolist(), strict=True))
        for block in system.relations
        for cells in block.cells.tolist()
    ]
    of_cell = {}
    for number, terms in enumerate(sums):
        for cell in terms:
            of_cell.setdefault(cell, []).append(number)
    for move in range(len(proof)):
        part = slice(int(proof.start[move]), int(proof.start[move + 1]))
        change = dict(zip(proof.cells[part].tolist(), proof.deltas[part].tolist(), strict=True))
        low, high = int(proof.low[move]), int(proof.high[move])
        assert change
        assert list(change) == sorted(change)
        assert len(change) == part.stop - part.start
        assert all(change.values())
        assert low <= 0 <= high
        for number in {number for cell in change for number in of_cell.get(cell, [])}:
            assert sum(factor * change.get(cell, 0) for cell, factor in sums[number].items()) == 0
        for cell, delta in change.items():
            assert status[cell] in HIDDEN
            down, up = knows(system, rules, cell, status[cell])
            assert -down <= min(low * delta, high * delta)
            assert max(low * delta, high * delta) <= up


class TestAMove:
    @KINDS
    @given(problem=problems())
    def test_balances_and_stays_within_what_readers_know(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            state = new_work(system, rules)
            bare = state.certify(state.small, free=False)
            proof = state.proof()
            event(f"{min(len(proof), 3)} moves, {min(len(bare), 1)} bare")
            if len(problem.tables) > 1 and UNBALANCED in faults(system, rules, state.status, proof):
                event("tables disagree about a product")  # then programs find all moves
                found = protect(system, rules)
                if isinstance(found, Protection):
                    assert_moves_hold(system, rules, found.status, found.proof)
                continue
            assert_moves_hold(system, rules, state.status, proof)

    @KINDS
    @given(problem=problems())
    def test_gives_a_certified_cell_the_values_it_needs(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            state = new_work(system, rules)
            small = state.small
            bare = set(state.certify(small, free=False).tolist())
            proof = state.proof()
            owner = np.repeat(np.arange(len(proof)), np.diff(proof.start))
            for cell in small.tolist():
                value = int(system.values[cell])
                have = {value}
                for entry in np.flatnonzero(proof.cells == cell).tolist():
                    times = range(int(proof.low[owner[entry]]), int(proof.high[owner[entry]]) + 1)
                    have |= {value + k * int(proof.deltas[entry]) for k in times}
                assert rules.enough(have) == (cell not in bare)
                assert state.differences(cell) == {other - value for other in have if other < 63}

    @KINDS
    @given(problem=problems())
    def test_found_for_nothing_hides_nothing(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            state = new_work(system, rules)
            before = state.status
            state.certify(state.small, free=True)
            assert (state.status == before).all()
            assert_moves_hold(system, rules, before, state.proof())


class TestTheCheapest:
    """With all margins a product of swaps has four corners in two dimensions: any two rows and columns, totals too."""

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(source=st.randoms(use_true_random=False), show_reason=st.booleans())
    def test_rectangle_is_found(self, rulebook, source, show_reason):
        values = table(source)
        values[0][0] = source.choice([1, 3, 10])
        rules = MaskingRules.of(rulebook, "exact", show_reason)
        [system] = build_systems([grid(values)], rules)
        cell = self._at(system, "A1", "B1")
        dearest = self._cheapest_rectangle(system, rules, cell)
        state = new_work(system, rules)
        bare = state.certify(np.array([cell]), free=False)
        if dearest is None:
            event("no rectangle")
            return  # other forms are tried then
        event("rectangle")
        assert not len(bare)
        assert state.cost <= dearest
        if state.cost < dearest:
            event("a longer cycle is cheaper")
            assert max(np.diff(state.proof().start)) > 4  # corners of a rectangle

    def test_a_longer_cycle_among_hidden_cells_costs_nothing(self, rulebook):
        rules = MaskingRules.of(rulebook, "ddg", show_reason=False)
        [system] = build_systems([grid([[5, 6, 400], [400, 5, 6], [6, 400, 5]])], rules)
        cell = self._at(system, "A1", "B1")
        state = new_work(system, rules)
        assert len(state.certify(np.array([cell]), free=True))  # no rectangle has hidden corners only
        assert not len(state.certify(np.array([cell]), free=False))
        assert state.cost == 0
        assert np.diff(state.proof().start).tolist() == [6]

    def _at(self, system, *labels):
        [cube] = system.cubes
        return int(cube.ids[tuple(axis.position[label] for axis, label in zip(cube.axes, labels, strict=True))])

    def _cheapest_rectangle(self, system, rules, cell):
        [cube] = system.cubes
        status = system.initial_status(rules)
        rows = rows_of(system, status)
        down, up = reach(system, rules, status, rows)
        i, j = system.nodes(cell, 0)
        prices = []
        for a in range(cube.ids.shape[0]):
            for b in range(cube.ids.shape[1]):
                if a == i or b == j:
                    continue
                corners = [(cell, 1), (cube.ids[a, j], -1), (cube.ids[i, b], -1), (cube.ids[a, b], 1)]
                rise = min(int(up[c] if sign > 0 else down[c]) for c, sign in corners)
                fall = min(int(down[c] if sign > 0 else up[c]) for c, sign in corners)
                if rise + fall >= 1:
                    prices.append(sum(int(system.costs[c]) for c, _ in corners if status[c] == Status.OPEN))
        return min(prices, default=None)

    def test_where_zeros_stand_in_the_way_is_one_record_against_another(self, rulebook):
        # neither rows nor columns can change by themselves beside the small cell, but records of A1 B1 and A2 B2 can
        values = [[4, 0, 0], [0, 50, 0], [0, 0, 60]]
        rules = MaskingRules.of(rulebook, "exact", True)
        [system] = build_systems([grid(values)], rules)
        state = new_work(system, rules)
        assert len(state.certify(state.small, free=False)) == 0
        assert_moves_hold(system, rules, state.status, state.proof())


def snapshot(state):
    """Everything that a step that is taken back must leave as it was."""
    pattern = state._pattern
    moves, entries = int(pattern.tally[_pattern.MOVES]), int(pattern.tally[_pattern.ENTRIES])
    parts = (pattern.cells, pattern.rows, pattern.moves[: moves + 1], pattern.entries[:entries])
    # by field, since there is padding between fields
    fields = {
        (number, name): part[name].tolist() for number, part in enumerate(parts) for name in part.dtype.names or ()
    }
    fields[2, "low"], fields[2, "high"], fields[2, "on"] = (fields[2, name][:-1] for name in ("low", "high", "on"))
    return fields | {"cost": int(pattern.tally[_pattern.COST])}


def assert_consistent(system, rules, state):
    """What is kept beside the pattern and its moves follows from them."""
    pattern, status = state._pattern, state.status
    cells = pattern.cells[:-1]
    hidden = np.isin(status, HIDDEN)
    is_open = status == Status.OPEN
    assert (cells["price"][is_open] == system.costs[is_open]).all()
    assert not cells["price"][hidden].any()
    assert state.cost == system.costs[(status == Status.COMPLEMENTARY) & ~cells["forced"]].sum()
    for row in range(len(pattern.rows) - 1):
        first, last = int(pattern.rows["start"][row]), int(pattern.rows["start"][row + 1])
        own = [c for c in pattern.row_cells[first:last].tolist() if hidden[c]]
        assert pattern.rows["hidden"][row] == len(own)
        assert pattern.rows["total"][row] == system.values[own].sum()
        assert pattern.rows["large"][row] == sum(system.values[c] > rules.all_at_most for c in own)
    moves = int(pattern.tally[_pattern.MOVES])
    for cell in range(len(status)):
        chain, entry = [], int(cells["head"][cell])
        while entry >= 0:
            assert pattern.entries["cell"][entry] == cell
            chain.append(entry)
            entry = int(pattern.entries["next"][entry])
        assert chain == sorted(chain, reverse=True)
        size = int(pattern.moves["start"][moves])
        assert chain[::-1] == np.flatnonzero(pattern.entries["cell"][:size] == cell).tolist()
        if status[cell] == Status.SMALL:
            used = [e for e in chain if pattern.moves["on"][pattern.entries["move"][e]]]
            have = {int(system.values[cell])}
            for e in used:
                move = pattern.moves[pattern.entries["move"][e]]
                for times in range(int(move["low"]), int(move["high"]) + 1):
                    have.add(min(int(system.values[cell]) + times * int(pattern.entries["delta"][e]), 63))
            assert int(cells["have"][cell]) == sum(1 << value for value in have)


class TestWhatIsTakenBack:
    @KINDS
    @given(problem=problems())
    def test_is_as_it_was_where_a_cell_cannot_be_given_back(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            state = new_work(system, rules)
            state.certify(state.small, free=False)
            state.mend_rows()
            assert_consistent(system, rules, state)
            for cell in state.complementary.tolist():
                before = snapshot(state)
                one = np.array([cell])
                _pattern.give_back_all(state._pattern, state._lattice, state._desk, state._limits, one, 0, 1)
                if state.status[cell] == Status.COMPLEMENTARY:
                    event("needed")
                    assert snapshot(state) == before
                else:
                    event("given back")
                assert_consistent(system, rules, state)
            assert_moves_hold(system, rules, state.status, state.proof())

    @settings(max_examples=max(EXAMPLES // 4, 5), deadline=None, suppress_health_check=list(HealthCheck))
    @given(problem=problems())
    def test_is_as_it_was_where_a_round_of_improvement_does_not_pay(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            state = new_work(system, rules)
            if len(state.certify(state.small, free=False)):
                continue
            state.mend_rows()
            state._pattern.tally[_pattern.RANDOM] = 1
            for _ in range(20):
                before = snapshot(state)
                _pattern.improve(state._pattern, state._lattice, state._desk, state._limits, 1)
                assert state.cost <= before["cost"]
                if state._pattern.tally[_pattern.LOGGED] == 0:
                    event("taken back")
                    assert snapshot(state) == before
                else:
                    event("kept")
                assert_consistent(system, rules, state)
                assert all(state.is_proved(cell) for cell in state.small.tolist())


class TestRoom:
    """Arrays begin at a guess and grow; the guess decides nothing."""

    @pytest.fixture
    def guessed_small(self, monkeypatch):
        grown = []

        def room(moves, entries, cells):
            grown.append(moves)
            return start(moves, entries, cells)

        start = work._room
        monkeypatch.setattr(work, "_LEAST_MOVES", 3)
        monkeypatch.setattr(work, "_MOVES_PER_SMALL", 0)
        monkeypatch.setattr(work, "_ENTRIES_PER_MOVE", 1)
        monkeypatch.setattr(work, "_room", room)
        return grown

    def _system(self, rules):
        [system] = build_systems([grid(table(random.Random(3), 9))], rules)
        return system

    @pytest.fixture
    def rules(self, rulebook):
        return MaskingRules.of(rulebook, "ddg", True)

    def _all_but_improve(self, rules):
        state = new_work(self._system(rules), rules)
        bare = state.certify(state.small, free=False)
        state.mend_rows()
        state.give_back()
        return state.status, bare, state.proof()

    def test_is_made_as_it_is_needed(self, rules, guessed_small):
        self._all_but_improve(rules)
        assert len(guessed_small) > 2
        assert guessed_small == sorted(guessed_small)

    def test_decides_nothing(self, rules, request):
        before = self._all_but_improve(rules)
        request.getfixturevalue("guessed_small")
        after = self._all_but_improve(rules)
        assert (before[0] == after[0]).all()
        assert (before[1] == after[1]).all()
        for name in ("start", "cells", "deltas", "low", "high"):
            assert (getattr(before[2], name) == getattr(after[2], name)).all()

    def test_serves_the_whole_method(self, rules, guessed_small):
        found = protect(self._system(rules), rules)
        assert isinstance(found, Protection)
        assert len(guessed_small) > 2
        assert_moves_hold(found.system, found.rules, found.status, found.proof)


class TestTheSameInput:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(problem=problems())
    def test_gives_the_same_bytes_of_proof(self, rulebook, problem):
        for system, rules in systems_of(problem, rulebook):
            once, again = protect(system, rules), protect(system, rules)
            assert type(once) is type(again)
            if isinstance(once, Unprotected):
                assert (once.cells == again.cells).all()
                continue
            assert proof_bytes([once]) == proof_bytes([again])


class Stop(KeyboardInterrupt):
    """Ctrl-C, told from a real one."""


class TestCtrlC:
    STAGES = ("rows and columns", "moves among hidden cells", "complementary cells", "giving back", "cheaper patterns")

    @pytest.mark.parametrize("stage", STAGES)
    def test_leaves_the_system_as_it_was(self, rulebook, stage):
        rules = MaskingRules.of(rulebook, "ddg", True)
        [system] = build_systems([grid(table(random.Random(5), 9))], rules)
        names = ("values", "carried", "present", "costs")
        before = {name: getattr(system, name).copy() for name in names}
        status = system.initial_status(rules)
        heard = []

        def pressed(heard_of, _done, _all):
            heard.append(heard_of)
            if heard_of == stage:
                raise Stop

        with pytest.raises(Stop):
            protect(system, rules, pressed)
        assert heard[-1] == stage
        for name in names:
            assert (getattr(system, name) == before[name]).all()
        assert (system.initial_status(rules) == status).all()
        fresh = build_systems([grid(table(random.Random(5), 9))], rules)[0]
        assert proof_bytes([protect(system, rules)]) == proof_bytes([protect(fresh, rules)])


PROGRAM = """
import sys
import numpy as np
from tests_masking.build import grid, line
from ddg_pipeline.masking import MaskingRules, _pattern, _search, complementary, lattice, reach
from ddg_pipeline.masking.system import build_systems
from ddg_pipeline.rulebook import load_rulebook
if "as-records" in sys.argv:
    # compiled code reads fields as attributes; plain numpy allows that of records only
    for module in (_search, _pattern, lattice):
        for name, kind in list(vars(module).items()):
            if isinstance(kind, np.dtype) and kind.names:
                setattr(module, name, np.dtype((np.record, kind)))
reach._FAR = 2**20  # compiled sums are wide, those of plain numpy as narrow as what they add
complementary._MOST_ROUNDS = 5
rulebook = load_rulebook("calhhs-ddg-2.0")
tables = [
    grid([[4, 50, 60, 12], [70, 8, 90, 0], [75, 85, 95, 3], [20, 0, 30, 40]]),
    line([14, 14, 1, 11, 0, 0, 0, 30], 70),
]
for level in ("exact", "ddg", "full"):
    for table in tables:
        rules = MaskingRules.of(rulebook, level, True)
        [system] = build_systems([table], rules)
        found = complementary.protect(system, rules)
        proof = found.proof
        print(found.status.tolist(), *(part.tolist() for part in (proof.cells, proof.deltas, proof.low, proof.high)))
"""


class TestWithoutCompiling:
    @pytest.mark.thorough
    def test_the_pattern_is_the_same(self, tmp_path):
        package = tmp_path / "tests_masking"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "build.py").write_text((Path(__file__).parent / "build.py").read_text())
        printed = [
            subprocess.run(
                [sys.executable, "-c", PROGRAM, *more],
                env={**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": disabled},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for disabled, more in (("0", ()), ("1", ("as-records",)))
        ]
        assert printed[0] == printed[1]
        assert printed[0].count("\n") == 6


class TestACellOfLinkedTables:
    """Tables may list the dimensions they share in any order, with others between."""

    @pytest.mark.parametrize("second", [("a", "c", "b"), ("b", "c", "a"), ("c", "b", "a")])
    def test_is_found_at_its_own_coordinates_in_every_table(self, second):
        sizes = {"a": 2, "b": 3, "c": 4}

        def table(names, release, other):
            labels = [[*(f"{name}{number}" for number in range(sizes[name])), "all"] for name in names]
            rows = []
            for coordinate in itertools.product(*labels):
                below = [1 if label != "all" else sizes[name] for name, label in zip(names, coordinate, strict=True)]
                left_out = math.prod(sizes[name] for name in sizes if name not in names)
                rows.append(dict(zip(names, coordinate, strict=True)) | {"n": 20 * math.prod(below) * left_out})
            declared = {name: dimension(total="all") for name in names}
            return bound(rows, declared, release=release, links=[other])

        [system] = build_systems([table(("a", "b"), "one", "two"), table(second, "two", "one")])
        lattice = build_lattice(system)
        desk = new_desk(lattice)
        for cell in range(len(system.values)):
            _search._place.py_func(lattice, desk, cell)
            found = [
                int(lattice.places["cell"][lattice.base[cube] + desk.here[cube]])
                for cube in range(len(lattice.offset))
                if desk.here[cube] >= 0
            ]
            assert found == [cell] * len(found)
            assert len(found) >= 1
