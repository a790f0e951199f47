"""Sizes in a column of the table: they may change from year to year, and the smallest one decides."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.assessment.condition import count_cells

AREA = ({"variable": "residence_geography", "population": "people"}, [])
YEAR = ({"variable": "time", "period": "year"}, [])
SEX = ({"variable": "sex"}, [])


class TestAnAreaOverTheYears:
    ROWS = (("A", "2020", 3_900, 2), ("A", "2021", 4_100, 1), ("B", "2020", 30_000, 50), ("B", "2021", 31_000, 50))

    def test_it_has_the_size_of_its_smallest_year(self, bound):
        sizes = bound({"area": AREA, "year": YEAR}, rows=self.ROWS).sizes("area")
        assert sizes == {"A": 3_900, "B": 30_000}

    @pytest.mark.parametrize("shrinking", [False, True])
    def test_it_scores_as_in_its_smallest_year(self, assessed, shrinking):
        def score(*people):
            years = ("2021", "2020") if shrinking else ("2020", "2021")
            rows = [("A", year, size, 50) for year, size in zip(years, people, strict=True)]
            (term,) = [
                term
                for term in assessed({"area": AREA, "year": YEAR}, rows=rows).score.terms
                if term.dimension == "area"
            ]
            return term.score

        assert score(3_900, 4_100) == score(3_900, 3_900) > score(4_100, 4_100)

    def test_it_need_not_be_in_every_year(self, bound):
        rows = [("A", "2020", 3_900, 2), ("B", "2021", 30_000, 50)]
        assert bound({"area": AREA, "year": YEAR}, rows=rows).sizes("area") == {"A": 3_900, "B": 30_000}

    def test_every_row_is_judged_by_its_own_year(self, bound, rulebook):
        rows = [("A", "2020", 20_000, 50), ("A", "2021", 20_001, 50), ("B", "2020", 30_000, 50)]
        found = count_cells(bound({"area": AREA, "year": YEAR}, rows=rows), rulebook)
        assert (found.small_denominators, found.denominators) == (1, "known")

    def test_nobody_knows_how_many_come_from_unknown_areas(self, bound, rulebook):
        area = (AREA[0] | {"unknown": ["Unknown"]}, [])
        rows = [("A", "2020", 30_000, 50), ("Unknown", "2020", 0, 50)]
        found = count_cells(bound({"area": area, "year": YEAR}, rows=rows), rulebook)
        assert (found.small_denominators, found.denominators) == (0, "bounded")


class TestRowsForSomeOfThePeople:
    def test_a_row_for_one_sex_may_hold_fewer_people_than_the_area(self, bound):
        sex = (SEX[0] | {"total": "All"}, [])
        of = {"2020": (12_000, 13_000, 25_000), "2021": (11_000, 12_000, 23_000)}
        rows = [
            ("A", year, label, people, 50)
            for year, sizes in of.items()
            for label, people in zip(("Male", "Female", "All"), sizes, strict=True)
        ]
        rows = [(*row[:3], row[3], 100 if row[2] == "All" else 50) for row in rows]
        assert bound({"area": AREA, "year": YEAR, "sex": sex}, rows=rows).sizes("area") == {"A": 23_000}

    def test_without_a_period_the_largest_row_is_the_area(self, bound):
        rows = [("A", "Male", 12_000, 50), ("A", "Female", 13_000, 50)]
        assert bound({"area": AREA, "sex": SEX}, rows=rows).sizes("area") == {"A": 13_000}

    def test_a_plan_that_grew(self, bound):
        plan = ({"variable": "insurance_coverage", "members": "people"}, [])
        rows = [
            ("P", year, sex, people, 50)
            for year, people in (("2020", 15_000), ("2021", 2_600_000))
            for sex in ("Male", "Female")
        ]
        assert bound({"plan": plan, "year": YEAR, "sex": SEX}, rows=rows).sizes("plan", "members") == {"P": 15_000}


class TestAnyTable:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.dictionaries(
            st.tuples(st.sampled_from("AB"), st.sampled_from(["2020", "2021", "2022"]), st.sampled_from(["x", "y"])),
            st.integers(0, 50_000),
            min_size=1,
        )
    )
    def test_against_reading_it_by_hand(self, bound, people):
        """Within a year the largest row is the area; over the years the smallest one is its size."""
        rows = [(*at, size, 50) for at, size in people.items()]
        sizes = bound({"area": AREA, "year": YEAR, "sex": SEX}, rows=rows).sizes("area")
        expected = {}
        for area in {at[0] for at in people}:
            years = {at[1] for at in people if at[0] == area}
            expected[area] = min(max(size for at, size in people.items() if at[:2] == (area, year)) for year in years)
        assert sizes == expected
