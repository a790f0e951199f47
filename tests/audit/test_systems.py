"""The parts that decide: propagation, structure, linear determination, exchanges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.contradictions import distrusted, repair
from ddg_pipeline.audit.decide import decide
from ddg_pipeline.audit.exchange import Exchange
from ddg_pipeline.audit.lattice import build_lattice, read_axis
from ddg_pipeline.audit.linear import determined
from ddg_pipeline.audit.propagation import propagate, redundant_rows
from ddg_pipeline.audit.questions import Question, Verdict
from ddg_pipeline.audit.redundancy import redundant_sums
from ddg_pipeline.audit.solver import Answer, Deadline, Program
from ddg_pipeline.audit.structure import components, is_tree, neighbourhood
from ddg_pipeline.audit.system import Rows
from ddg_pipeline.contract import Dimension, Hierarchy

TOP = 3


@st.composite
def systems(draw, factors=(1, 1, -1, 2)):
    """Give a small system that has a solution, over unknowns of 0 to 3."""
    size = draw(st.integers(2, 5))
    truth = [draw(st.integers(0, TOP)) for _ in range(size)]
    rows = Rows()
    for label in range(draw(st.integers(1, 4))):
        terms = [(i, draw(st.sampled_from(factors))) for i in range(size) if draw(st.booleans())]
        if terms:
            total = sum(factor * truth[i] for i, factor in terms)
            rows.add(terms, total - draw(st.integers(0, 1)), total, label)
    return rows.system(np.zeros(size, dtype=np.int64), np.full(size, TOP, dtype=np.int64))


def solutions(system):
    every = itertools.product(range(TOP + 1), repeat=system.unknowns)
    return [values for values in every if system.holds(np.array(values, dtype=np.int64))]


class TestPropagation:
    @settings(max_examples=150, deadline=None)
    @given(systems())
    def test_no_solution_is_ever_lost(self, system):
        found = propagate(system)
        assert not found.broken_rows.any()
        for values in solutions(system):
            assert (found.system.lower <= values).all()
            assert (found.system.upper >= values).all()

    @settings(max_examples=200, deadline=None)
    @given(systems(factors=(1, -1)))
    def test_without_cycles_every_value_that_is_left_has_a_solution(self, system):
        found = propagate(system)
        for group in components(found.system):
            part = found.system.restrict(group, found.system.lower)
            if found.settled and is_tree(part):
                possible = np.array(solutions(part))
                for unknown in range(part.unknowns):
                    left = set(range(part.lower[unknown], part.upper[unknown] + 1))
                    assert left == set(possible[:, unknown].tolist())

    @settings(max_examples=100, deadline=None)
    @given(systems())
    def test_a_row_called_redundant_can_go(self, system):
        narrowed = propagate(system).system
        assert solutions(narrowed.keep_rows(~redundant_rows(narrowed))) == solutions(system)

    def test_what_cannot_be_is_noticed(self):
        rows = Rows()
        rows.add([(0, 1), (1, 1)], 9, 9, 7)
        system = rows.system(np.zeros(2, dtype=np.int64), np.full(2, 3, dtype=np.int64))
        assert propagate(system).broken_rows.tolist() == [True]
        assert repair(system).dropped.tolist() == [7]

    def test_unbounded_unknowns_stay_so_unless_a_row_bounds_them(self):
        rows = Rows()
        rows.add([(0, 1), (1, 1), (2, -1)], 0, 0, 0)
        rows.add([(0, 1)], 2, 5, 1)
        system = rows.system(np.zeros(3, dtype=np.int64), np.full(3, NO_LIMIT, dtype=np.int64))
        found = propagate(system).system
        assert found.lower.tolist() == [2, 0, 2]
        assert found.upper.tolist() == [5, NO_LIMIT, NO_LIMIT]


class TestContradictions:
    @pytest.fixture
    def system(self):
        """Four sums of three unknowns, of which the last says 6 and the others together 5; and a pair apart."""
        rows = Rows()
        for label, (terms, total) in enumerate([((0, 1), 3), ((1, 2), 3), ((0, 2), 4), ((0, 1, 2), 6), ((3, 4), 3)]):
            rows.add([(i, 1) for i in terms], total, total, label)
        return rows.system(np.zeros(5, dtype=np.int64), np.full(5, 4, dtype=np.int64))

    def test_as_few_rows_as_possible_are_distrusted(self, system):
        blamed = distrusted(system, np.arange(3))
        assert len(blamed) == 1
        kept = system.keep_rows(~np.isin(np.arange(system.rows), blamed))
        assert Program(kept).minimize(np.zeros(5), 10).answer is Answer.SOLVED

    def test_the_rest_is_answered(self, system):
        questions = [Question(0, 2), Question(3, 3)]
        found = decide(system, np.zeros(5, dtype=np.bool_), questions, Deadline(60))
        assert len(found.contradictory) == 1
        assert not len(found.impossible)
        assert [outcome.verdict for outcome in found.outcomes] == [Verdict.TOO_FEW, Verdict.ENOUGH]

    def test_a_group_without_whole_solution_is_named(self):
        rows = Rows()
        for label, (pair, total) in enumerate([((0, 1), 3), ((1, 2), 3), ((0, 2), 3)]):
            rows.add([(i, 1) for i in pair], total, total, label)
        system = rows.system(np.zeros(3, dtype=np.int64), np.full(3, 4, dtype=np.int64))
        found = decide(system, np.zeros(3, dtype=np.bool_), [Question(0, 2)], Deadline(60))
        assert found.impossible.tolist() == [0, 1, 2]


class TestSystem:
    @settings(max_examples=100, deadline=None)
    @given(systems())
    def test_merging_rows_changes_no_solution(self, system):
        assert solutions(system.merged()) == solutions(system)

    @settings(max_examples=100, deadline=None)
    @given(systems(), st.data())
    def test_holding_unknowns_leaves_the_solutions_that_have_them_so(self, system, data):
        held = data.draw(st.sampled_from(solutions(system)))
        free = sorted(data.draw(st.sets(st.sampled_from(range(system.unknowns)), min_size=1)))
        part = system.restrict(np.array(free, dtype=np.int64), np.array(held, dtype=np.int64))
        expected = {
            tuple(values[i] for i in free)
            for values in solutions(system)
            if all(values[i] == held[i] for i in range(system.unknowns) if i not in free)
        }
        assert set(solutions(part)) == expected

    def test_a_row_and_its_negative_are_one(self):
        rows = Rows()
        rows.add([(0, 1), (1, -1)], 0, 2, 0)
        rows.add([(0, -1), (1, 1)], -1, 5, 1)
        merged = rows.system(np.zeros(2, dtype=np.int64), np.full(2, 9, dtype=np.int64)).merged()
        assert (merged.rows, merged.row_lower.tolist(), merged.row_upper.tolist()) == (1, [0], [1])


class TestNeighbourhood:
    def test_it_grows_along_shared_rows_from_its_seeds(self):
        rows = Rows()
        for i in range(9):
            rows.add([(i, 1), (i + 1, 1)], 0, 9, i)
        system = rows.system(np.zeros(10, dtype=np.int64), np.full(10, 9, dtype=np.int64))
        block = neighbourhood(system, [4], 5, np.random.default_rng(0))
        assert len(block) == 5
        assert 4 in block
        assert np.diff(block).tolist() == [1, 1, 1, 1]


class TestLinear:
    @settings(max_examples=150, deadline=None)
    @given(systems(factors=(1, 1, 1, -1)))
    def test_determined_is_what_adds_nothing_to_the_rank(self, system):
        equations = system.keep_rows(system.row_lower == system.row_upper)
        matrix = np.zeros((equations.rows, equations.unknowns))
        matrix[equations.row, equations.column] = equations.coefficient
        rank = np.linalg.matrix_rank(matrix) if equations.rows else 0
        for unknown, fixed in enumerate(determined(system)):
            more = np.vstack([matrix, np.eye(equations.unknowns)[unknown]])
            assert fixed == (np.linalg.matrix_rank(more) == rank)

    def test_large_groups_are_decided_alike(self):
        """A ring of pairs: if their number is odd every unknown is determined, if it is even none."""
        for size, fixed in ((501, True), (502, False)):
            rows = Rows()
            for i in range(size):
                rows.add([(i, 1), ((i + 1) % size, 1)], 0, 0, i)
            system = rows.system(np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64))
            assert (determined(system) == fixed).all()


class TestExchange:
    @settings(max_examples=100, deadline=None)
    @given(systems(), st.data())
    def test_it_says_impossible_only_of_values_that_are(self, system, data):
        every = solutions(system)
        point = np.array(data.draw(st.sampled_from(every)), dtype=np.int64)
        unknown, value = data.draw(st.integers(0, system.unknowns - 1)), data.draw(st.integers(0, TOP))
        answer, changes = Exchange(system).find(point, unknown, value, 10)
        if any(values[unknown] == value for values in every):
            assert answer is Answer.SOLVED
        if changes is not None:
            assert (point + changes)[unknown] == pytest.approx(value)


class TestProgram:
    @settings(max_examples=50, deadline=None)
    @given(systems(), st.data())
    def test_the_least_is_the_least(self, system, data):
        cost = np.array([data.draw(st.integers(-2, 2)) for _ in range(system.unknowns)], dtype=float)
        solution = Program(system).minimize(cost, 10)
        best = min(float(cost @ np.array(values)) for values in solutions(system))
        assert system.holds(solution.values)
        assert cost @ solution.values == pytest.approx(best)
        assert solution.bound <= best + 1e-6

    def test_nothing_is_found_where_nothing_is(self):
        rows = Rows()
        rows.add([(0, 2), (1, 2)], 3, 3, 0)
        system = rows.system(np.zeros(2, dtype=np.int64), np.full(2, 3, dtype=np.int64))
        assert Program(system).minimize(np.zeros(2), 10).answer is Answer.IMPOSSIBLE

    def test_the_solver_prints_nothing(self, capfd):
        rows = Rows()
        rows.add([(0, 1), (1, 1)], 3, 3, 0)
        Program(rows.system(np.zeros(2, dtype=np.int64), np.full(2, 3, dtype=np.int64))).minimize(np.ones(2), 10)
        assert capfd.readouterr().out == ""


class TestRedundantSums:
    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_what_is_left_out_follows_from_what_is_kept(self, data):
        axes = []
        for name in ("a", "b", "c")[: data.draw(st.integers(2, 3))]:
            leaves = [f"{name}{i}" for i in range(data.draw(st.integers(2, 4)))]
            groups = [Hierarchy(dict.fromkeys(leaves[:2], f"{name} low"))] if data.draw(st.booleans()) else []
            total = data.draw(st.sampled_from([None, f"{name} all"]))
            carried = leaves + ([total] if total else [])
            axes.append(read_axis(name, Dimension(variable="other", groups=3, total=total), carried, groups))
        cells = list(itertools.product(*(range(len(axis.labels)) for axis in axes)))
        there = data.draw(st.sets(st.sampled_from(cells), min_size=3))
        lattice = build_lattice(axes, np.array(sorted(there), dtype=np.int64), "test")
        kept, every = [], []
        for sums, redundant in zip(lattice.sums, redundant_sums(lattice), strict=True):
            for relation, parent in enumerate(sums.parent):
                row = np.zeros(len(lattice))
                row[parent] = 1
                row[sums.child[sums.start[relation] : sums.start[relation + 1]]] = -1
                every.append(row)
                if not redundant[relation]:
                    kept.append(row)
        if every:
            assert np.linalg.matrix_rank(np.array(kept)) == np.linalg.matrix_rank(np.array(every))
