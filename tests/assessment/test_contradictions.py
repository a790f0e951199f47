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
    @pytest.mark.parametrize("label", ["Alpine", "6003", "06003", "Alpine County"])
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
            ({"variable": "other"}, ["1", "2", "3"]),
            ({"variable": "other"}, ["Yes", "No"]),
            ({"variable": "other"}, ["Alpine", "Emergency"]),
            ({"variable": "other"}, ["Alpine"]),
            ({"variable": "other", "population": 50_000}, ["Alpine", "Sierra"]),
            ({"variable": "age"}, ["5", "6"]),
            ({"variable": "time", "period": "year"}, ["Before", "After"]),
            ({**RESIDENCE, "population": 50_000}, ["Oakland", "White"]),
            ({**RESIDENCE, "population": 50_000}, ["001", "037"]),
        ],
    )
    def test_labels_that_may_be_the_declared_ones_are_believed(self, assessed, declared, labels):
        assert assessed({"it": (declared, labels)})

    def test_a_scope(self, problems):
        scope = [{"variable": "race", "label": "Female", "population": 20_000_000}]
        fields = [field for field, _ in problems({"variable": "sex"}, ["Male", "Female"], scope=scope)]
        assert "scope[0].variable" in fields


class TestOther:
    @pytest.mark.parametrize(
        ("column", "labels", "variable"),
        [
            ("area", ["Alpine", "Sierra", "Inyo"], "residence_geography"),
            ("group", ["1 year", "2 years"], "age"),
            ("age_group", ["0-17", "18-64", "65+"], "age"),
            ("ageGroup", ["1 year", "Unknown", "2 years"], "age"),
            ("group", ["Male", "Female"], "sex"),
            ("group", ["White", "Black", "Other"], "race"),
        ],
    )
    def test_labels_that_a_table_knows_are_no_other(self, problems, column, labels, variable):
        ((field, found),) = problems(dimensions={column: ({"variable": "other"}, labels)})
        assert field == f"dimensions.{column}.variable"
        assert found.startswith("other, but ")
        assert found.endswith(f"read like {variable}")

    @pytest.mark.parametrize(
        ("column", "labels"),
        [
            ("hospital_system", ["Alameda", "Fresno"]),
            ("length_of_stay", ["1 day", "2 days"]),
            ("years_since_diagnosis", ["1 year", "2 years"]),
            ("visits", ["1-2", "3-5", "6+"]),
            ("ward", ["Alameda", "Emergency"]),
            ("grade", ["M", "F"]),
            ("disease", ["Asthma", "Diabetes"]),
        ],
    )
    def test_what_may_be_something_else_is_believed(self, assessed, column, labels):
        assert assessed({column: ({"variable": "other"}, labels)})


class TestTotalsAndUnknown:
    @pytest.mark.parametrize(
        ("declared", "labels", "total"),
        [
            (RESIDENCE, ["Los Angeles", "Alpine"], "Alpine"),
            ({"variable": "age"}, ["0-17", "18-64", "65+"], "0-17"),
            ({"variable": "time", "period": "year"}, ["2022", "2023", "2024"], "2024"),
        ],
    )
    def test_a_total_that_is_one_of_the_categories(self, problems, declared, labels, total):
        assert "dimensions.it.total" in dict(problems({**declared, "total": total, "additive": False}, labels))

    @pytest.mark.parametrize(
        ("declared", "labels", "total"),
        [
            (RESIDENCE, ["Los Angeles", "California"], "California"),
            ({**RESIDENCE, "population": 1_000}, ["Berkeley", "Oakland", "Alameda County"], "Alameda County"),
            ({"variable": "age"}, ["18-64", "65+", "18+"], "18+"),
            ({"variable": "age"}, ["0-64", "65+", "0-120"], "0-120"),
            ({"variable": "age"}, ["0-64", "65+", "99"], "99"),
            ({"variable": "time"}, ["2022", "2023", "2022-2023"], "2022-2023"),
            ({"variable": "time"}, ["2023 Q1", "2023 Q2", "2023"], "2023"),
        ],
    )
    def test_a_total_that_holds_the_others(self, assessed, declared, labels, total):
        assert assessed({"it": ({**declared, "total": total, "additive": False}, labels)})

    @pytest.mark.parametrize(
        ("declared", "labels", "unknown"),
        [
            (RESIDENCE, ["Los Angeles", "Alpine"], "Alpine"),
            ({"variable": "age"}, ["0-17", "18+"], "0-17"),
            ({"variable": "time", "period": "year"}, ["2023", "2024"], "2024"),
            ({"variable": "race"}, ["Black", "White"], "White"),
        ],
    )
    def test_a_category_is_not_unknown(self, problems, declared, labels, unknown):
        assert "dimensions.it.unknown" in dict(problems({**declared, "unknown": [unknown]}, labels))

    @pytest.mark.parametrize("unknown", ["Not asked", "999", "Unknown"])
    def test_what_is_unknown_may_be(self, assessed, unknown):
        assert assessed({"it": ({"variable": "age", "unknown": [unknown]}, ["0-17", "18+", unknown])})

    def test_a_broader_band_holds_those_under_it(self, problems, assessed):
        tree = {"hierarchy": {"tree": {"1-2": ["0-17"], "18+": ["18-64"]}}}
        labels = ["1-2", "0-17", "18+", "18-64"]
        found = dict(problems({"variable": "age", **tree}, labels, counts=(20,)))
        assert found["dimensions.it.hierarchy"] == "'0-17' under '1-2'"
        right = {"hierarchy": {"tree": {"0-17": ["0-4", "5-17"]}}}
        assert assessed({"it": ({"variable": "age", **right}, ["0-17", "0-4", "5-17"])}, counts=(20, 10, 10))


class TestPrograms:
    def test_a_public_program_is_no_insurance(self, problems):
        declared = {"variable": "insurance_coverage", "members": {"CalFresh": 5_500_000, "CalWORKs": 900_000}}
        found = dict(problems(declared, ["CalFresh", "CalWORKs"]))
        assert found["dimensions.it.variable"].endswith("read like means_tested_program")

    def test_payers_and_plans_are(self, assessed):
        declared = {"variable": "insurance_coverage", "members": 5_500_000}
        assert assessed({"it": (declared, ["Medicare", "Private", "Sunset Health Plan"])})


class TestOneNumberForAllAreas:
    def test_areas_together_are_no_larger_than_the_state(self, problems, score_of):
        labels = ["Area A", "Area B", "Area C", "Area D"]
        ((field, found),) = problems({**RESIDENCE, "population": 39_538_223}, labels)
        assert field == "dimensions.it.population"
        assert found.startswith("39,538,223 for each of 4 areas")
        assert score_of({**RESIDENCE, "population": 9_000_000}, labels) is not None


class TestASizeInABandOfLowerScore:
    def test_is_noted_with_both_sizes(self, assessed):
        def noted(people):
            declared = {**RESIDENCE, "population": {"Sierra": people}}
            notes = assessed({"it": (declared, ["Sierra"])}).notes
            return [note.text for note in notes if note.field == "dimensions.it.population"]

        (text,) = noted(6_400)
        assert "6,400 for 'Sierra', which has 3,236" in text
        assert "scores higher" in text
        assert noted(3_300) == []

    def test_also_of_a_group_in_more_detail(self, score_of):
        def score(**people):
            return score_of({"variable": "race", "population": people}, list(people))

        assert score(Malaysian=6_000_000) == score(Malaysian=1) > score(Chinese=3_000_000)

    def test_the_known_size_scores(self, score_of):
        def score(**people):
            return score_of({**RESIDENCE, "population": people}, list(people))

        assert score(Sierra=6_400) == score(Sierra=3_236) > score(Sunset=6_400)
        assert score(Sierra=1_700) == score(Sunset=1_700)  # fewer people are at more risk


class TestLookAlikes:
    @pytest.mark.parametrize("label", ["Alp\u200bine", "\u0410lpine", "\u0391lpine"])
    def test_labels_that_only_look_like_others(self, problems, label):
        declared = {**RESIDENCE, "population": 30_000}
        found = dict(problems(declared, [label, "Inyo West"]))
        assert ascii(label) in found["dimensions.it"]

    @pytest.mark.parametrize("label", ["Español", "TNF\u03b1", "Tiếng Việt", "中文 (Chinese)", "Русский"])
    def test_other_letters_are_fine(self, assessed, label):
        assert assessed({"it": ({"variable": "other"}, [label, "Inyo West"])})


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
