"""Every row of the guideline's table of worked scores: annual data, Edition 2.0."""

import pytest
from guideline.product import assess_shown, assess_table, column, terms_of
from guideline.scorer import Shown, interactions, score

YEAR = Shown("year", "time", period="year")
STATE = {"variable": "residence_geography", "population": 39_500_000}
PROGRAM = {"variable": "means_tested_program", "enrollment": 5_500_000}


def county(people):
    return Shown("county", "residence_geography", people=people)


# What the table shows, what holds for all of it, and the sum the guideline gives for a smallest cell of 1.
ROWS = {
    "smallest county 3,999": ([county(3_999)], [], 7 + 7 + 0 + 0, 14),
    "smallest county 10,000": ([county(10_000)], [], 7 + 5, 12),
    "smallest county 30,000": ([county(30_000)], [], 7 + 4, 11),
    "one program statewide": ([], [STATE, PROGRAM], 7 - 5 + 1 + 1, 4),
    "one program in a county of 1,163": ([county(1_163)], [PROGRAM], 7 + 7 + 1 + 1, 16),
    "smallest plan 30,000": ([Shown("plan", "insurance_coverage", people=30_000)], [], 7 + 4, 11),
    "smallest plan 10,000 and a program": (
        [
            Shown("plan", "insurance_coverage", people=10_000),
            Shown("program", "means_tested_program", people=1_000_000),
        ],
        [],
        7 + 5 + 2 + 1,
        15,
    ),
}  # fmt: skip


class TestSums:
    @pytest.mark.parametrize("row", ROWS)
    def test_the_sum_and_the_score(self, row):
        shown, scope, by_sum, total = ROWS[row]
        assert by_sum == total
        assert assess_shown("2.0", [*shown, YEAR], scope=scope).score.total == total

    @pytest.mark.parametrize("row", [name for name, (_, scope, *_) in ROWS.items() if not scope])
    def test_the_second_scorer_agrees(self, row):
        shown, _, _, total = ROWS[row]
        assert score("2.0", [*shown, YEAR], smallest=1).total == total

    def test_a_program_as_a_column_scores_the_same_as_for_the_whole_table(self):
        program = Shown("program", "means_tested_program", people=5_500_000)
        assert assess_shown("2.0", [county(1_163), program, YEAR]).score.total == 16

    @pytest.mark.parametrize("row", ROWS)
    @pytest.mark.parametrize("smallest", range(1, 11))
    def test_other_smallest_cells(self, row, smallest):
        """Only events, time and population: 0 under 3, -3 for 3 and 4, -5 from 5; with a program it stays 1."""
        shown, scope, _, total = ROWS[row]
        with_program = bool(scope) or any(one.variable == "means_tested_program" for one in shown)
        change = 0 if with_program else {1: 0, 2: 0, 3: -3, 4: -3}.get(smallest, -5)
        found = assess_shown("2.0", [*shown, YEAR], counts=(smallest, 0, 700), scope=scope)
        assert found.score.total == total + change
        assert terms_of(found)["interactions"] == interactions("2.0", int(with_program), smallest)

    @pytest.mark.parametrize(
        ("people", "decision"), [(3_999, "mask"), (4_000, "mask"), (4_001, "release"), (30_000, "release")]
    )
    def test_what_follows(self, people, decision):
        assert assess_shown("2.0", [county(people), YEAR]).decision == decision


class TestSingleVariables:
    def test_age_groups_take_the_three_year_band(self):
        age = ({"variable": "age"}, ["0-11", "12-14", "15-18"])
        assert terms_of(assess_table("2.0", {"age": age, "year": column(YEAR)}))["age"] == 5

    def test_detailed_race_takes_the_smallest_group(self):
        people = {"Chinese": 1_700_000, "Japanese": 280_000, "Cambodian": 90_000, "Malaysian": 5_000}
        for declared in ({}, {"population": people}):
            race = ({"variable": "race", **declared}, list(people))
            assert terms_of(assess_table("2.0", {"race": race, "year": column(YEAR)}))["race"] == 7


class TestRaceAndEthnicity:
    RACE = ({"variable": "race", "total": "All"}, ["All", "White", "Asian", "Black"])
    ETHNICITY = ({"variable": "ethnicity", "total": "All"}, ["All", "Hispanic", "Not Hispanic"])

    def test_crossed(self):
        """7 events + 2 race + 1 ethnicity + 0 year + 2 for two interacting variables."""
        found = assess_table("2.0", {"race": self.RACE, "ethnicity": self.ETHNICITY, "year": column(YEAR)})
        (table,) = found.tables
        assert (terms_of(found)["race"], terms_of(found)["ethnicity"], terms_of(found)["interactions"]) == (2, 1, 2)
        assert table.total == 12

    def test_beside_each_other_they_are_two_tables_with_two_scores(self):
        rows = [
            ("White", "All", "2024", 300), ("Asian", "All", "2024", 9), ("Black", "All", "2024", 91),
            ("All", "Hispanic", "2024", 150), ("All", "Not Hispanic", "2024", 250),
        ]  # fmt: skip
        dimensions = {"race": self.RACE, "ethnicity": self.ETHNICITY, "year": column(YEAR)}
        found = assess_table("2.0", dimensions, rows=rows)
        totals = {tuple(set(table.dimensions) - {"year"}): table.total for table in found.tables}
        assert totals == {("race",): 7 + 2 + 0 + 1, ("ethnicity",): 3 + 1 + 0 + 1}
        assert found.score.total == 10
