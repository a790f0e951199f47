"""The independent check of linear recovery, against dense elimination over the rational numbers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.axes import Axis
from benchmarks.instances import make
from benchmarks.linear import _dense_solution, check, determined, equations

ROWS = Axis("row", ("a", "b", "c", "d"), "group", ("P", "Q"), (0, 0, 1, 1))
COLUMNS = Axis("column", ("x", "y", "z"))
SEX = Axis("sex", ("F", "M"))


def determined_over_the_rationals(system, asked):
    """Reduce the whole system to echelon form; what is determined has a row of its own."""
    cells = sorted({cell for row in system for cell in row})
    matrix = [[Fraction(row.get(cell, 0)) for cell in cells] for row in system]
    pivots = 0
    for column in range(len(cells)):
        found = next((number for number in range(pivots, len(matrix)) if matrix[number][column]), None)
        if found is None:
            continue
        matrix[pivots], matrix[found] = matrix[found], matrix[pivots]
        matrix[pivots] = [entry / matrix[pivots][column] for entry in matrix[pivots]]
        for number, row in enumerate(matrix):
            if number != pivots and row[column]:
                factor = row[column]
                matrix[number] = [entry - factor * own for entry, own in zip(row, matrix[pivots], strict=True)]
        pivots += 1
    alone = {cells[row.index(1)] for row in matrix if sum(entry != 0 for entry in row) == 1}
    return [cell for cell in asked if cell in alone]


def cells_of(axes):
    return int(np.prod([len(axis.nodes) for axis in axes]))


class TestACheckOfAPattern:
    @given(st.data(), st.sampled_from([[ROWS], [ROWS, COLUMNS], [COLUMNS, SEX], [ROWS, COLUMNS, SEX]]))
    @settings(max_examples=150, deadline=None)
    def test_finds_what_exact_arithmetic_finds(self, data, axes):
        size = cells_of(axes)
        share = data.draw(st.sampled_from([0.2, 0.4, 0.6]))
        rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
        hidden = rng.random(size) < share
        found = check(axes, hidden, hidden).recovered.tolist()
        assert found == determined_over_the_rationals(equations(axes, hidden), np.flatnonzero(hidden).tolist())

    def test_sees_through_a_chain_of_sums(self):
        # four corners of a square: nothing follows; three of them: all do
        axes = [ROWS, COLUMNS]
        square = np.zeros([len(axis.nodes) for axis in axes], dtype=bool)
        square[0, 0] = square[0, 1] = square[1, 0] = square[1, 1] = True
        assert len(check(axes, square.ravel(), square.ravel()).recovered) == 0
        square[1, 1] = False
        assert len(check(axes, square.ravel(), square.ravel()).recovered) == 3

    def test_needs_what_it_is_asked_about_to_be_hidden(self):
        with pytest.raises(ValueError, match="is shown"):
            check([SEX], np.array([True, True, False]), np.array([False, True, True]))

    def test_agrees_on_a_real_table_with_nothing_but_primary_suppression(self):
        table = make("s3_10x8x5", 3)
        small = table.small.ravel()
        system = equations(table.axes, small)
        wanted = determined_over_the_rationals(system, np.flatnonzero(small).tolist())
        assert wanted
        assert check(table.axes, small, small).recovered.tolist() == wanted


class TestFullMatrices:
    @given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 20))
    @settings(max_examples=40, deadline=None)
    def test_give_solutions_of_every_equation_as_free_as_they_can_be(self, seed, height, width):
        prime = 1_048_573
        rng = np.random.default_rng(seed)
        matrix = rng.integers(-1, 2, (height, width)) * (rng.random((height, width)) < 0.3)
        rows = [{cell: int(sign) % prime for cell, sign in enumerate(row) if sign} for row in matrix]
        solution = _dense_solution([row for row in rows if row], prime)
        for row in rows:
            total = sum(sign * solution[cell] for cell, sign in row.items())
            assert not np.any(np.asarray(total) % prime)
        zero = sorted(cell for cell, value in solution.items() if not value.any())
        system = [dict(enumerate(row.tolist())) for row in matrix]
        system = [{cell: sign for cell, sign in row.items() if sign} for row in system]
        assert zero == determined_over_the_rationals([row for row in system if row], sorted(solution))

    def test_leave_an_unknown_in_no_equation_free(self):
        assert determined([{0: 1}], np.array([0, 5])).tolist() == [0]
