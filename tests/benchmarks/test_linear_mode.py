"""The peers' sense of protection: never unsafe, and on small tables never dearer than the cheapest pattern there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from masking.build import bound, dimension, grid, line

from benchmarks.elimination import eliminate
from benchmarks.linear_mode import linear_pattern, solve
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.system import Status, System, build_systems

HIDDEN = (Status.SMALL, Status.COMPLEMENTARY)


def system_of(table: BoundTable) -> System:
    (system,) = build_systems([table])
    return system


def safe(system: System, hidden: np.ndarray) -> bool:
    """Whether taking a small cell away costs the hidden columns a rank: then nothing determines it."""
    matrix = system.matrix.toarray().astype(float)
    columns = np.flatnonzero(hidden)
    rank = np.linalg.matrix_rank(matrix[:, columns]) if len(columns) else 0
    small = [cell for cell in columns if 1 <= system.values[cell] <= 10]
    return all(_rank(matrix[:, columns[columns != cell]]) == rank for cell in small)


def _rank(matrix: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(matrix)) if matrix.size else 0


def cheapest(system: System, objective: str) -> int:
    """Try every pattern."""
    small = (system.values >= 1) & (system.values <= 10)
    may = np.flatnonzero(system.values > 10)
    best = None
    for size in range(len(may) + 1):
        if objective == "cells" and best is not None:
            break
        for more in combinations(may, size):
            cost = size if objective == "cells" else int(system.values[list(more)].sum())
            if best is not None and cost >= best:
                continue
            hidden = small.copy()
            hidden[list(more)] = True
            if safe(system, hidden):
                best = cost
    assert best is not None
    return best


figures = st.one_of(st.just(0), st.integers(1, 10), st.integers(11, 60), st.integers(11, 60))


class TestPattern:
    @pytest.mark.parametrize("objective", ["cells", "value"])
    @given(values=st.lists(st.lists(figures, min_size=2, max_size=2), min_size=2, max_size=3))
    @settings(max_examples=15, deadline=None)
    def test_reaches_the_optimum_of_every_small_table(self, objective: str, values: list[list[int]]) -> None:
        system = system_of(grid(values))
        optimum = cheapest(system, objective)
        found = solve(system, objective=objective, gap=0)
        assert (found.cost, found.bound) == (optimum, optimum)
        assert safe(system, np.isin(found.status, HIDDEN))

    @given(values=st.lists(st.lists(figures, min_size=4, max_size=4), min_size=3, max_size=6))
    @settings(max_examples=25, deadline=None)
    def test_is_safe_by_default_and_within_its_own_bound(self, values: list[list[int]]) -> None:
        system = system_of(grid(values))
        found = solve(system)
        assert safe(system, np.isin(found.status, HIDDEN))
        assert found.bound <= found.cost <= found.bound * 1.05 + 1
        more = found.status == Status.COMPLEMENTARY
        assert found.cost == np.count_nonzero(more)
        assert (system.values[more] > 10).all()

    def test_hides_every_small_cell_and_no_zero(self) -> None:
        system = system_of(grid([[3, 20, 30], [40, 0, 60], [70, 80, 90]]))
        status = linear_pattern(system)
        assert (status[(system.values >= 1) & (system.values <= 10)] == Status.SMALL).all()
        assert (status[system.values == 0] == Status.ZERO).all()

    def test_hides_nothing_where_nothing_is_small(self) -> None:
        assert not np.isin(linear_pattern(system_of(grid([[20, 30], [40, 50]]))), HIDDEN).any()

    def test_leaves_alone_small_cells_that_protect_each_other(self) -> None:
        status = linear_pattern(system_of(grid([[3, 4, 50], [5, 6, 70], [80, 90, 100]])))
        assert np.count_nonzero(status == Status.COMPLEMENTARY) == 0

    def test_hides_little_or_few_as_asked(self) -> None:
        system = system_of(line([3, 11, 12, 500], 526))
        assert solve(system, objective="value").cost == 11
        assert solve(system, objective="cells").cost == 1

    def test_hides_both_of_two_cells_that_are_always_equal(self) -> None:
        # the second row has one figure only, so that it equals its total
        system = system_of(grid([[3, 20], [0, 40]]))
        status = linear_pattern(system)
        assert safe(system, np.isin(status, HIDDEN))

    def test_never_hides_what_readers_know(self) -> None:
        system = system_of(line([3, 20, 30]))  # the total is not carried, so that it is known
        status = linear_pattern(system)
        assert np.count_nonzero(status == Status.COMPLEMENTARY) == 1
        assert np.count_nonzero(status == Status.KNOWN) == 1

    def test_refuses_what_nothing_protects(self) -> None:
        # no margin is carried: 20 and 30 are margins themselves, and so known, and 3 is 23 - 20
        rows = [{"a": "A1", "b": "B1", "n": 3}, {"a": "A1", "b": "B2", "n": 20}, {"a": "A2", "b": "B1", "n": 30}]
        rows.append({"a": "A2", "b": "B2", "n": 0})
        system = system_of(bound(rows, {"a": dimension(), "b": dimension()}))
        with pytest.raises(RefusedError):
            linear_pattern(system)

    def test_is_the_same_every_time(self) -> None:
        rng = np.random.default_rng(5)
        system = system_of(grid(rng.integers(0, 40, (8, 7)).tolist()))
        assert np.array_equal(linear_pattern(system), linear_pattern(system))

    def test_is_safe_when_there_is_no_time_left(self) -> None:
        rng = np.random.default_rng(6)
        system = system_of(grid(rng.integers(0, 60, (12, 9)).tolist()))
        assert safe(system, np.isin(linear_pattern(system, time_limit=0), HIDDEN))


class TestElimination:
    @given(st.integers(0, 10_000))
    @settings(max_examples=60, deadline=None)
    def test_finds_what_is_determined_and_why(self, seed: int) -> None:
        from scipy import sparse

        rng = np.random.default_rng(seed)
        matrix = rng.integers(-1, 2, (int(rng.integers(1, 7)), int(rng.integers(1, 8))))
        found = eliminate(sparse.csr_array(matrix))
        determined = ~found.solutions(2, 1).any(axis=1)
        for unknown in range(matrix.shape[1]):
            others = np.delete(matrix, unknown, axis=1)
            assert determined[unknown] == (_rank(others) < _rank(matrix))
            if determined[unknown]:
                left = found.combination(unknown) @ matrix % 2_147_483_647
                assert left[unknown] == 1
                assert np.count_nonzero(left) == 1
            else:
                with pytest.raises(ValueError, match="not determined"):
                    found.combination(unknown)

    def test_draws_solutions(self) -> None:
        from scipy import sparse

        matrix = np.array([[-1, 1, 1, 0, 0], [0, -1, 0, 1, 1]])
        drawn = eliminate(sparse.csr_array(matrix)).solutions(3, 1)
        assert not (matrix @ drawn % 2_147_483_647).any()
        assert drawn.all()
