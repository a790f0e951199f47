"""Every score of the guideline's worked examples: annual data, smallest cell 1 unless said."""

import pytest

YEAR = ({"variable": "time", "period": "year", "additive": False}, ["2024", "2025"])
STATE = 39_500_000


def county(*populations):
    labels = [f"County {number}" for number in range(len(populations))]
    return ({"variable": "residence_geography", "population": dict(zip(labels, populations, strict=True))}, labels)


def plans(*members):
    labels = [f"Plan {number}" for number in range(len(members))]
    return ({"variable": "insurance_coverage", "members": dict(zip(labels, members, strict=True))}, labels)


def terms(assessment):
    return {term.variable: term.score for term in assessment.score.terms}


class TestEventsByCounty:
    @pytest.mark.parametrize(
        ("smallest", "residence", "total", "decision"),
        [(3_900, 7, 14, "mask"), (10_000, 5, 12, "release"), (30_000, 4, 11, "release")],
    )
    def test_score_by_the_smallest_county(self, assessed, smallest, residence, total, decision):
        assessment = assessed({"county": county(smallest, 900_000), "year": YEAR})
        assert terms(assessment) == {
            "events": 7,
            "residence_geography": residence,
            "time": 0,
            "interactions": 0,
        }
        assert assessment.score.total == total
        assert assessment.decision == decision

    @pytest.mark.parametrize(("smallest_cell", "term"), [(1, 0), (2, 0), (3, -3), (4, -3), (5, -5), (10, -5), (11, -5)])
    def test_the_interaction_term_follows_the_smallest_cell(self, assessed, smallest_cell, term):
        assessment = assessed({"county": county(3_900, 900_000), "year": YEAR}, counts=(0, smallest_cell, 500))
        assert terms(assessment)["interactions"] == term


class TestOneProgram:
    def test_statewide(self, assessed):
        scope = [
            {"variable": "residence_geography", "population": STATE},
            {"variable": "means_tested_program", "enrollment": 5_500_000},
        ]
        assessment = assessed({"year": YEAR}, counts=(1, 2), scope=scope)
        assert terms(assessment) == {
            "events": 7,
            "residence_geography": -5,
            "means_tested_program": 1,
            "time": 0,
            "interactions": 1,
        }
        assert assessment.score.total == 4

    def test_in_a_county_of_1163(self, assessed):
        scope = [{"variable": "means_tested_program", "enrollment": 5_500_000}]
        assessment = assessed({"county": county(1_163, 900_000), "year": YEAR}, scope=scope)
        assert assessment.score.total == 7 + 7 + 1 + 1
        assert assessment.decision == "mask"

    def test_as_a_column_it_scores_the_same(self, assessed):
        program = ({"variable": "means_tested_program", "enrollment": 5_500_000}, ["CalFresh"])
        assessment = assessed({"county": county(1_163, 900_000), "program": program, "year": YEAR})
        assert assessment.score.total == 16


class TestHealthPlans:
    def test_smallest_plan_of_30000(self, assessed):
        assessment = assessed({"plan": plans(30_000, 5_500_000), "year": YEAR})
        assert terms(assessment) == {"events": 7, "insurance_coverage": 4, "time": 0, "interactions": 0}
        assert assessment.score.total == 11

    def test_smallest_plan_of_10000_and_a_program_of_1_million(self, assessed):
        program = ({"variable": "means_tested_program", "enrollment": {"WIC": 1_000_000}}, ["WIC"])
        assessment = assessed({"plan": plans(10_000, 5_500_000), "program": program, "year": YEAR})
        assert assessment.score.total == 7 + 5 + 2 + 1 == 15


class TestVariables:
    def test_age_groups_take_the_three_year_band(self, score_of):
        assert score_of({"variable": "age"}, ["0-11", "12-14", "15-18"]) == 5

    def test_detailed_race_takes_the_smallest_group(self, score_of):
        population = {"Chinese": 1_600_000, "Japanese": 270_000, "Cambodian": 88_000, "Malaysian": 6_000}
        assert score_of({"variable": "race", "population": population}, list(population)) == 7


class TestRaceAndEthnicity:
    RACE = ({"variable": "race", "total": "All"}, ["All", "White", "Asian", "Mixed"])
    ETHNICITY = ({"variable": "ethnicity", "total": "All"}, ["All", "Hispanic", "Not Hispanic"])

    def test_crossed_both_scores_add_and_both_interact(self, assessed):
        assessment = assessed({"race": self.RACE, "ethnicity": self.ETHNICITY, "year": YEAR})
        assert terms(assessment) == {"events": 7, "race": 3, "ethnicity": 1, "time": 0, "interactions": 2}
        assert len(assessment.tables) == 1

    def test_side_by_side_they_are_two_tables_with_two_scores(self, assessed):
        rows = [
            ("All", "All", "2024", 70),
            ("White", "All", "2024", 50),
            ("Asian", "All", "2024", 15),
            ("Mixed", "All", "2024", 5),
            ("All", "Hispanic", "2024", 30),
            ("All", "Not Hispanic", "2024", 40),
        ]
        assessment = assessed({"race": self.RACE, "ethnicity": self.ETHNICITY, "year": YEAR}, rows=rows)
        by_table = {table.dimensions: {t.variable: t.score for t in table.terms} for table in assessment.tables}
        assert by_table == {
            ("race", "year"): {"events": 7, "race": 3, "time": 0, "interactions": 1},
            ("ethnicity", "year"): {"events": 5, "ethnicity": 1, "time": 0, "interactions": 1},
        }
        assert assessment.score.total == 11
        assert any("side by side" in note.text for note in assessment.notes)
