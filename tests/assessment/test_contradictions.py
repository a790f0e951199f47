"""Declarations that the table, or common knowledge about California, shows to be wrong."""

import pandas as pd
import pytest

from ddg_pipeline.errors import InputErrors

RESIDENCE = {"variable": "residence_geography"}


@pytest.fixture
def problems(assessed):
    """Give field and finding of everything that is wrong with a table of one dimension, or with several."""

    def make(declared=None, labels=(), dimensions=None, **keys):
        with pytest.raises(InputErrors) as caught:
            assessed(dimensions or {"it": (declared, list(labels))}, **keys)
        return [(error.field, error.found) for error in caught.value.errors]

    return make


class TestPopulations:
    @pytest.mark.parametrize("people", [1_163, 1_204, 1_190, 2_000])
    def test_other_years_and_sources_pass(self, score_of, people):
        assert score_of({**RESIDENCE, "population": {"Alpine": people}}, ["Alpine"]) == 7

    @pytest.mark.parametrize("people", [120, 12_040, 1_204_000])
    @pytest.mark.parametrize("label", ["Alpine", "003", "06003", "Alpine County"])
    def test_a_county_of_another_size(self, problems, label, people):
        ((field, found),) = problems({**RESIDENCE, "population": {label: people}}, [label])
        assert field == "dimensions.it.population"
        assert found.startswith(f"{people:,} for '{label}', which has 1,204")

    def test_also_in_a_reference_table(self, problems):
        table = pd.DataFrame({"county": ["Alpine", "Alameda"], "n": [1_204, 168_235]})
        declared = {**RESIDENCE, "population": {"table": "people", "key": "county", "value": "n"}}
        ((field, found),) = problems(declared, ["Alpine", "Alameda"], references={"people": table})
        assert field == "dimensions.it.population"
        assert found.startswith("168,235 for 'Alameda'")

    def test_a_column_may_hold_the_people_of_each_row_but_no_more_than_the_county(self, assessed, problems):
        dimensions = {"county": ({**RESIDENCE, "population": "people"}, []), "sex": ({"variable": "sex"}, [])}

        def rows(factor):
            return [("Alpine", "Male", 600 * factor, 5), ("Alpine", "Female", 30 * factor, 5)]

        assert assessed(dimensions, rows=rows(1))
        ((field, _),) = problems(dimensions=dimensions, rows=rows(10))
        assert field == "dimensions.county.population"

    def test_a_scope(self, problems):
        scope = [{"variable": "residence_geography", "label": "Alpine", "population": 900_000}]
        ((field, found),) = problems({"variable": "sex"}, ["Male", "Female"], scope=scope)
        assert field == "scope[0].population"
        assert found.startswith("900,000 for 'Alpine'")

    def test_nothing_is_larger_than_the_state(self, problems):
        ((field, found),) = problems({**RESIDENCE, "population": {"Sunset": 90_000_000}}, ["Sunset"])
        assert field == "dimensions.it.population"
        assert found == "90,000,000 for 'Sunset', but the whole state has 39,538,223"
        enrollment = {"variable": "means_tested_program", "enrollment": {"Aid": 90_000_000}}
        assert problems(enrollment, ["Aid"])[0][0] == "dimensions.it.enrollment"

    def test_except_the_nation(self, score_of):
        sizes = {"United States": 331_000_000, "Sunset": 30_000}
        assert score_of({**RESIDENCE, "population": sizes}, ["United States", "Sunset"]) == 4

    def test_a_part_is_no_larger_than_its_whole(self, problems):
        declared = {
            **RESIDENCE,
            "population": {"A": 50_000, "B": 2_000, "North": 40_000, "All": 45_000},
            "hierarchy": {"tree": {"North": ["A", "B"]}},
            "total": "All",
        }
        ((field, found),) = problems(declared, ["A", "B", "North", "All"])
        assert field == "dimensions.it.population"
        assert found == "50,000 for 'A', a part of 'North' with 40,000, 50,000 for 'A', a part of 'All' with 45,000"

    def test_a_group_of_another_size_is_for_the_expert(self, assessed):
        declared = {"variable": "language", "population": {"Navajo": 900_000}}
        (note,) = [n for n in assessed({"it": (declared, ["Navajo"])}).notes if n.field == "dimensions.it.population"]
        assert "900,000 for 'Navajo', which has 1,043" in note.text
        declared = {"variable": "language", "population": {"Navajo": 10}}
        assert not [n for n in assessed({"it": (declared, ["Navajo"])}).notes if n.field == "dimensions.it.population"]


class TestPeriods:
    @pytest.mark.parametrize(
        "label", ["2024-03", "2024 Q1", "2024-01-15", "Jan 2024", "2024 H1", "2024-W05", "2019-2023"]
    )
    def test_a_year_that_is_none(self, problems, label):
        ((field, found),) = problems({"variable": "time", "period": "year"}, [label])
        assert field == "dimensions.it.period"
        assert found.startswith(f"year, but {label!r} read like ")

    @pytest.mark.parametrize(
        ("period", "label"),
        [("month", "2024 Q1"), ("quarter", "2024"), ("5 years", "2024"), ("2 years", "2019-2023"), ("week", "2024-03")],
    )
    def test_any_other_length(self, problems, period, label):
        ((field, _),) = problems({"variable": "time", "period": period}, [label])
        assert field == "dimensions.it.period"

    @pytest.mark.parametrize(
        ("period", "labels"),
        [
            ("year", ["2024"]),
            ("year", ["2022-23"]),
            ("2 years", ["2022-2023"]),
            ("year", ["2010-11", "2011-12"]),
            ("month", ["2010-11", "2011-12"]),
            ("year", ["2023-01-01", "2024-01-01"]),
            ("month", ["2024-01-01", "2024-02-01"]),
            ("week", ["2024-01-06", "2024-01-13"]),
            ("5 years", ["2019-2023"]),
            ("quarter", ["2023", "2024 Q1"]),
        ],
    )
    def test_what_labels_can_mean_is_believed(self, assessed, period, labels):
        assert assessed({"it": ({"variable": "time", "period": period}, labels)})

    def test_months_named_by_their_first_day_are_no_years(self, problems):
        declared = {"variable": "time", "period": "year"}
        assert problems(declared, ["2024-01-01", "2024-02-01"])[0][0] == "dimensions.it.period"
        assert problems(declared, ["2024-01-01", "2024-04-01"])[0][0] == "dimensions.it.period"

    def test_a_scope(self, problems):
        scope = [{"variable": "time", "label": "2023 Q1", "period": "year"}]
        ((field, _),) = problems({"variable": "sex"}, ["Male", "Female"], scope=scope)
        assert field == "scope[0].period"


class TestLabelsOfAnotherVariable:
    @pytest.mark.parametrize(
        ("declared", "labels", "other"),
        [
            ({"variable": "sex"}, ["White", "Asian", "Black"], "race"),
            ({"variable": "race"}, ["Male", "Female"], "sex"),
            ({"variable": "time", "period": "year"}, ["0-17", "18-64", "65+"], "age"),
            ({"variable": "time", "period": "year"}, ["Alameda", "Alpine"], "residence_geography"),
            ({"variable": "time", "period": "year"}, ["Male", "Female"], "sex"),
            ({**RESIDENCE, "population": 9_000_000}, ["Male", "Female"], "sex"),
            ({**RESIDENCE, "population": 9_000_000}, ["0-17", "18+"], "age"),
            ({"variable": "means_tested_program", "enrollment": 9_000_000}, ["Male", "Female"], "sex"),
            ({"variable": "veteran_status", "population": 9_000_000}, ["White", "Black"], "race"),
        ],
    )
    def test_are_a_contradiction(self, problems, declared, labels, other):
        found = dict(problems(declared, labels))["dimensions.it.variable"]
        assert found.startswith(f"{declared['variable']}, but '{labels[0]}'")
        assert found.endswith(f"read like {other}")

    @pytest.mark.parametrize(
        ("declared", "labels"),
        [
            ({"variable": "intersex"}, ["Yes", "No"]),
            ({"variable": "intersex"}, ["Male", "Female", "Intersex"]),
            ({"variable": "gender_identity"}, ["Male", "Female"]),
            ({"variable": "ethnicity", "population": 50_000}, ["Spanish", "English"]),
            ({"variable": "insurance_coverage", "members": 50_000}, ["Santa Clara", "San Mateo"]),
            ({"variable": "other"}, ["1-2", "3-5"]),
            ({"variable": "other"}, ["Male", "Female"]),
            ({"variable": "age"}, ["5", "6"]),
            ({"variable": "time", "period": "year"}, ["Before", "After"]),
            ({**RESIDENCE, "population": 50_000}, ["Oakland", "White"]),
        ],
    )
    def test_labels_that_may_be_the_declared_ones_are_believed(self, assessed, declared, labels):
        assert assessed({"it": (declared, labels)})

    def test_a_scope(self, problems):
        scope = [{"variable": "race", "label": "Female", "population": 20_000_000}]
        fields = [field for field, _ in problems({"variable": "sex"}, ["Male", "Female"], scope=scope)]
        assert "scope[0].variable" in fields


class TestAreas:
    def test_the_state_among_its_counties_is_their_total(self, problems):
        ((field, found),) = problems(RESIDENCE, ["Alpine", "Alameda", "California"])
        assert field == "dimensions.it.total"
        assert "'California'" in found

    def test_codes_that_belong_to_other_names(self, problems, assessed):
        dimensions = {"fips": (RESIDENCE, []), "county": (RESIDENCE, [])}
        right = [("001", "Alameda", 5), ("003", "Alpine", 5)]
        assert assessed(dimensions, rows=right)
        ((field, found),) = problems(dimensions=dimensions, rows=[("001", "Alpine", 5), ("003", "Alameda", 5)])
        assert field == "fips"
        assert found == "'001', which is Alameda, beside 'Alpine', '003', which is Alpine, beside 'Alameda'"

    def test_margins_beside_codes_are_no_contradiction(self, assessed):
        total = {**RESIDENCE, "total": "California"}
        rows = [("001", "Alameda", 5), ("003", "Alpine", 5), ("000", "California", 10)]
        assert assessed({"fips": ({**RESIDENCE, "total": "000"}, []), "county": (total, [])}, rows=rows)


class TestImplied:
    def test_categories_that_the_table_does_not_have_are_noted(self, assessed):
        implies = {"variable": "age", "label": "0-17", "categories": ["Childrens", "General"]}
        declared = {"variable": "other", "implies": [implies]}

        def noted(labels):
            notes = assessed({"it": (declared, labels)}).notes
            return [note.text for note in notes if note.field == "dimensions.it.implies[0].categories"]

        assert noted(["Childrens", "General"]) == []
        (text,) = noted(["Children's", "General"])
        assert "'Childrens', which the table does not have" in text


class TestEverythingIsReportedTogether:
    def test_one_run_names_all_contradictions(self, problems):
        dimensions = {
            "county": ({**RESIDENCE, "population": {"Alpine": 900_000}}, ["Alpine"]),
            "year": ({"variable": "time", "period": "year"}, ["2024 Q1"]),
            "sex": ({"variable": "sex"}, ["White", "Black"]),
            "code": ({"variable": "other", "groups": 3}, [f"Group {number}" for number in range(12)]),
            "age": ({"variable": "age"}, ["young", "old"]),
        }
        assert {field for field, _ in problems(dimensions=dimensions)} >= {
            "dimensions.county.population",
            "dimensions.year.period",
            "dimensions.sex.variable",
            "dimensions.code.groups",
            "dimensions.age",
        }
