"""The test's own attacker, tested: it must find what anyone can check by hand, and its two ways must agree."""

from __future__ import annotations

import pandas as pd
import pytest
from attacker.brute_force import Puzzle, Release, Row, attack, feasible_values, possible_by_programs
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL, COMPLEMENTARY, ANY = (1, 10), (11, None), (1, None)


def one_row(cells, total):
    return Puzzle(dict(cells), [Row(dict.fromkeys(cells, 1), total, total)])


class TestWorkedExamples:
    """The guideline's examples, hidden cells only: the total less what is shown."""

    def test_example_1(self):
        assert feasible_values(one_row(dict.fromkeys(("A1", "A3", "A4"), SMALL), 30)) == {
            "A1": {10},
            "A3": {10},
            "A4": {10},
        }
        protected = feasible_values(
            one_row({**dict.fromkeys(("A1", "A3", "A4"), SMALL), "A2": COMPLEMENTARY}, 44), up_to=50
        )
        assert all(protected[cell] == set(range(1, 11)) for cell in ("A1", "A3", "A4"))

    def test_example_2(self):
        assert feasible_values(one_row({"A1": SMALL, "A3": SMALL}, 19)) == {"A1": {9, 10}, "A3": {9, 10}}
        protected = feasible_values(one_row({"A1": SMALL, "A3": SMALL, "A2": COMPLEMENTARY}, 33))
        assert protected["A1"] == protected["A3"] == set(range(1, 11))

    def test_example_4(self):
        assert feasible_values(one_row({"A3": SMALL, "A4": COMPLEMENTARY}, 12)) == {"A3": {1}, "A4": {11}}
        assert feasible_values(one_row({"A3": ANY, "A4": ANY}, 12)) == {
            "A3": set(range(1, 12)),
            "A4": set(range(1, 12)),
        }


class TestTwoWays:
    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_backtracking_and_integer_programs_agree(self, data):
        cells = [f"x{i}" for i in range(data.draw(st.integers(2, 6)))]
        truth = {cell: data.draw(st.integers(0, 5)) for cell in cells}
        rows = []
        for _ in range(data.draw(st.integers(1, 4))):
            terms = {cell: data.draw(st.sampled_from([1, 1, -1, 2])) for cell in cells if data.draw(st.booleans())}
            if terms:
                total = sum(factor * truth[cell] for cell, factor in terms.items())
                rows.append(Row(terms, total, data.draw(st.sampled_from([total, total + 1]))))
        puzzle = Puzzle(dict.fromkeys(cells, (0, 6)), rows)
        exact = feasible_values(puzzle)
        found = possible_by_programs(puzzle, cells, need=3)
        assert all(found[cell] <= exact[cell] for cell in cells)
        assert all(len(found[cell]) >= min(3, len(exact[cell])) for cell in cells)

    def test_figures_that_contradict_each_other_leave_nothing(self):
        puzzle = Puzzle({"x": (1, 3), "y": (1, 3)}, [Row({"x": 1, "y": 1}, 9, 9)])
        assert feasible_values(puzzle) == {"x": set(), "y": set()}
        assert possible_by_programs(puzzle, ["x"], need=2) == {"x": set()}


CONTRACT = {
    "release": "visits",
    "title": "Visits",
    "dimensions": {
        "county": {
            "variable": "residence_geography",
            "hierarchy": {"table": "regions", "child": "county", "parent": "region"},
            "total": "California",
        },
        "sex": {"variable": "sex", "total": "Both"},
    },
    "measures": {
        "patients": {"kind": "count"},
        "visits": {"kind": "count", "unit": "events", "individuals": "patients"},
        "rate": {"kind": "rate", "numerator": "patients", "denominator": "people", "per": 1000, "decimals": 1},
    },
}
REGIONS = pd.DataFrame({"county": ["A", "B", "C", "D"], "region": ["North", "North", "South", "South"]})
PATIENTS = {
    "A": (4, 21),
    "B": (12, 13),
    "C": (30, 40),
    "D": (15, 16),
}


@pytest.fixture
def published(tmp_path):
    """Write the table as CSV, with some cells hidden; regions and totals are there."""

    def write(hidden, rates=()):
        counts = {**PATIENTS}
        counts["North"] = tuple(map(sum, zip(counts["A"], counts["B"], strict=True)))
        counts["South"] = tuple(map(sum, zip(counts["C"], counts["D"], strict=True)))
        counts["California"] = tuple(map(sum, zip(counts["North"], counts["South"], strict=True)))
        rows = []
        for county, (women, men) in counts.items():
            for sex, n in (("F", women), ("M", men), ("Both", women + men)):
                gone = (county, sex) in hidden
                code = "" if not gone else "1" if n <= 10 else "2"
                rate = f"{n / 5:.1f}" if not gone or (county, sex) in rates else ""
                rows.append((county, sex, 5000, "" if gone else n, code, "" if gone else 2 * n, code, rate))
        columns = [
            "county",
            "sex",
            "people",
            "patients",
            "patients_annotation_code",
            "visits",
            "visits_annotation_code",
        ]
        path = tmp_path / "visits.csv"
        pd.DataFrame(rows, columns=[*columns, "rate"]).to_csv(path, index=False)
        return Release(CONTRACT, path, {"regions": REGIONS})

    return write


def found(leaks, measure="patients"):
    return {
        (dict(leak.coordinate)["county"], dict(leak.coordinate)["sex"]): leak.values
        for leak in leaks
        if leak.measure == measure
    }


class TestFrontDoor:
    RECTANGLE = (("A", "F"), ("A", "M"), ("B", "F"), ("B", "M"))

    def test_one_hidden_cell_is_a_difference(self, published):
        leaks = attack(published([("A", "F")]), lower=1, upper=10, need=3)
        assert found(leaks) == {("A", "F"): (4,)}
        assert found(leaks, "visits") == {("A", "F"): (8,)}

    def test_a_rectangle_protects(self, published):
        assert attack(published(self.RECTANGLE), lower=1, upper=10, need=3) == []
        assert attack(published(self.RECTANGLE), lower=1, upper=10, need=3, exhaustive=True) == []

    def test_reasons_narrow(self, published):
        # B F is 16 less A F and at least 11, B M is 9 more than A F and at least 11
        leaks = attack(published(self.RECTANGLE), lower=1, upper=10, need=7)
        assert found(leaks) == {("A", "F"): (2, 3, 4, 5)}

    def test_a_group_is_the_sum_of_its_parts(self, published):
        hidden = [("A", "F"), ("A", "Both"), ("North", "F"), ("North", "Both")]
        leaks = attack(published(hidden), lower=1, upper=10, need=3)
        assert found(leaks) == {("A", "F"): (4,)}

    def test_a_rate_left_there_leaks(self, published):
        leaks = attack(published(self.RECTANGLE, rates=[("A", "F")]), lower=1, upper=10, need=3)
        assert found(leaks) == {("A", "F"): (4,)}

    def test_what_another_table_shows_leaks(self, published):
        totals = {
            "release": "totals",
            "dimensions": {"county": {"total": "California"}},
            "measures": {"patients": {"kind": "count"}},
        }
        frame = pd.DataFrame(
            {"county": ["A", "B", "C", "D", "California"], "patients": ["25", "25", "70", "31", "151"]}
        )
        hidden = [("A", "F"), ("A", "Both"), ("B", "F"), ("B", "Both")]
        assert attack(published(hidden), lower=1, upper=10, need=3) == []
        assert found(attack([published(hidden), Release(totals, frame)], lower=1, upper=10, need=3)) == {
            ("A", "F"): (4,)
        }

    def test_a_margin_known_from_elsewhere_leaks(self):
        contract = {"release": "r", "dimensions": {"g": {}}, "measures": {"n": {"kind": "count"}}}
        frame = pd.DataFrame({"g": ["a", "b"], "n": ["", "30"]})
        assert attack(Release(contract, frame), lower=1, upper=10, need=3) == []
        known = {"r": pd.DataFrame({"g": [None], "n": [37]})}
        assert [leak.values for leak in attack(Release(contract, frame), lower=1, upper=10, need=3, known=known)] == [
            (7,)
        ]

    def test_categories_that_do_not_add_up_do_not_leak(self):
        contract = {
            "release": "r",
            "dimensions": {"g": {"additive": False, "total": "any"}},
            "measures": {"n": {"kind": "count"}},
        }
        frame = pd.DataFrame({"g": ["a", "b", "any"], "n": ["", "30", "33"]})
        assert attack(Release(contract, frame), lower=1, upper=10, need=3) == []

    def test_an_identity_leaks(self):
        contract = {
            "release": "r",
            "dimensions": {"g": {}},
            "measures": {key: {"kind": "count"} for key in ("covid", "flu", "both", "any")},
            "identities": ["covid + flu - both = any"],
        }
        frame = pd.DataFrame({"g": ["a"], "covid": ["30"], "flu": ["20"], "both": [""], "any": ["46"]})
        assert [leak.values for leak in attack(Release(contract, frame), lower=1, upper=10, need=3)] == [(4,)]

    def test_a_sample_of_cells_claims_nothing_about_the_others(self, published):
        hidden = [(county, sex) for county in "ABCD" for sex in ("F", "Both")]
        everything = attack(published(hidden), lower=1, upper=10, need=30)
        sample = attack(published(hidden), lower=1, upper=10, need=30, most=0)
        assert everything
        assert sample == []
