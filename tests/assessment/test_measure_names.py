"""Counts side by side that are the categories of one variable are scored as the dimension that they are."""

import pytest

from ddg_pipeline.assessment.measure_names import category_measures
from ddg_pipeline.contract.parse import parse_contract

COUNT = {"kind": "count"}
AREA = {"variable": "residence_geography", "population": 900_000}
YEAR = [{"variable": "time", "period": "year"}]


@pytest.fixture
def found(rulebook):
    def make(*names):
        raw = {
            "release": "r", "title": "R", "dimensions": {"county": {"variable": "residence_geography"}},
            "measures": dict.fromkeys(names, COUNT),
        }  # fmt: skip
        return {str(one.variable): list(one.labels) for one in category_measures(parse_contract(raw, "c"), rulebook)}

    return make


class TestAreRecognised:
    @pytest.mark.parametrize(
        ("variable", "names"),
        [
            ("sex", ["males", "females"]),
            ("sex", ["cases_male", "cases_female"]),
            ("sex", ["maleCases", "femaleCases"]),
            ("sex", ["m", "f"]),
            ("age", ["age_0_17", "age_18_64", "age_65_plus"]),
            ("age", ["deaths_under_18", "deaths_18_to_64", "deaths_65_and_over"]),
            ("age", ["0-17", "18-64", "65+"]),
            ("race", ["white", "black", "asian", "hispanic"]),
            ("ethnicity", ["hispanic_cases", "not_hispanic_cases"]),
            ("language", ["english_speakers", "spanish_speakers"]),
            ("time", ["cases_2020", "cases_2021"]),
            ("residence_geography", ["alameda_cases", "kern_cases"]),
            ("expected_payer", ["medi_cal", "medicare"]),
            ("other", ["covid", "flu", "rsv"]),
            ("other", ["covid_deaths", "pneumonia_deaths"]),
        ],
    )
    def test_by_their_names(self, found, variable, names):
        assert found(*names) == {variable: names}

    @pytest.mark.parametrize(
        "names",
        [
            ["cases", "deaths"], ["tests", "positives"], ["numerator", "population"], ["male_cases", "female_deaths"],
            ["males", "total"], ["covid_cases", "covid_deaths"], ["enrolled", "eligible"], ["dose_1", "dose_2"],
            ["cases", "cases_2020"], ["inpatients", "outpatients"], ["yes", "no"], ["q", "x"], ["births", "white"],
        ],
    )  # fmt: skip
    def test_innocent_ones_are_left_alone(self, found, names):
        assert found(*names) == {}


class TestAreScored:
    @pytest.mark.parametrize(
        ("names", "declared", "labels"),
        [
            (["males", "females"], {"variable": "sex"}, ["Male", "Female"]),
            (["age_0_4", "age_5_99"], {"variable": "age"}, ["0-4", "5-99"]),
            (["white", "aian"], {"variable": "race"}, ["White", "AIAN"]),
            (["covid", "flu"], {"variable": "other"}, ["covid", "flu"]),
        ],
    )
    def test_like_the_dimension_that_they_are(self, assessed, names, declared, labels):
        rows = [("A", 3, 70), ("B", 40, 900), ("C", 60, 61)]
        wide = assessed({"county": (AREA, [])}, rows=rows, measures=dict.fromkeys(names, COUNT), scope=YEAR)
        long = [(area, label, count) for area, *counts in rows for label, count in zip(labels, counts, strict=True)]
        one = assessed({"county": (AREA, []), "it": (declared, [])}, rows=long, scope=YEAR)
        assert wide.score.total == one.score.total
        assert any("as if it had a dimension" in note.text for note in wide.notes)
        assert not any("stand side by side" in note.text for note in wide.notes)

    def test_beside_the_same_characteristic_told_of_all_only_once(self, assessed):
        rows = [("A", 3, 70), ("B", 40, 900)]
        measures = {"males": COUNT, "females": COUNT}
        scope = [*YEAR, {"variable": "sex", "label": "Female"}]
        found = assessed({"county": (AREA, [])}, rows=rows, measures=measures, scope=scope)
        assert [term.variable for term in found.score.terms].count("sex") == 1

    def test_of_a_table_about_providers(self, assessed):
        clinic = {"variable": "service_geography", "population": 900_000}
        rows = [("A", 3, 70), ("B", 40, 900)]
        innocent = assessed(
            {"clinic": (clinic, [])},
            rows=rows,
            measures={"beds": COUNT, "staff": COUNT},
            subject="providers",
            scope=YEAR,
        )
        telling = assessed(
            {"clinic": (clinic, [])},
            rows=rows,
            measures={"males": COUNT, "females": COUNT},
            subject="providers",
            scope=YEAR,
        )
        assert (innocent.steps[0].result, telling.steps[0].result) == ("no", "yes")
        assert "sex told by males, females" in telling.steps[0].summary
