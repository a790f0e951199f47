"""What can be read from the data scores the same as declared, and a declaration that contradicts it is an error."""

import pytest
from guideline import tables
from guideline.product import assess_table, column, read_rows, terms_of
from guideline.scorer import Shown

from ddg_pipeline.errors import InputErrors

SEX = column(Shown("sex", "sex", labels=("Male", "Female")))
both_editions = pytest.mark.parametrize("edition", tables.EDITIONS)

PERIODS = {
    "day": [("2024-03-01", "2024-03-02"), ("3/1/2024", "3/2/2024")],
    "week": [("2024-W01", "2024-W02")],
    "month": [("2024-01", "2024-02"), ("Jan 2024", "Feb 2024"), ("January", "February")],
    "quarter": [("2024 Q1", "2024 Q2"), ("2024Q1", "2024Q2")],
    "half-year": [("2024 H1", "2024 H2")],
    "year": [("2023", "2024"), ("CY 2023", "CY 2024"), ("FY 2023-24", "FY 2024-25")],
    "3 years": [("2019-2021", "2022-2024")],
    "4 years": [("2017-2020", "2021-2024")],
    "5 years": [("2015-2019", "2020-2024")],
    "10 years": [("2005-2014", "2015-2024")],
}

# "Known sizes for examples", with the score each has in its table of 2.0.
PROGRAMS = {
    "Medi-Cal": 14_000_000,
    "Medicare": 6_000_001,
    "CalFresh": 5_500_000,
    "WIC": 1_000_000,
    "CalWORKs": 900_000,
    "Housing Support": 12_999,
}


@pytest.fixture(scope="module")
def people():
    found = {}
    for row in read_rows("ca_county_pop_2020_census_age_sex_race.csv"):
        key = row["County"], row["County_FIPS"], row["GEOID"]
        found[key] = found.get(key, 0) + int(row["Population"])
    assert len(found) == 58
    return found


def points_of(period):
    if period in tables.TIME_WITHIN_A_YEAR:
        return tables.TIME_WITHIN_A_YEAR[period]
    return tables.YEARS.score(1 if period == "year" else int(period.split()[0]))


class TestPeriods:
    @both_editions
    @pytest.mark.parametrize(
        ("period", "labels"), [(period, each) for period, many in PERIODS.items() for each in many]
    )
    def test_from_the_labels(self, edition, period, labels):
        found = assess_table(edition, {"when": ({"variable": "time"}, labels), "sex": SEX})
        assert terms_of(found)["when"] == points_of(period)

    def test_a_fiscal_year_or_two_years_is_taken_as_the_riskier(self):
        found = assess_table("2.0", {"when": ({"variable": "time"}, ["2021-2022", "2023-2024"]), "sex": SEX})
        assert terms_of(found)["when"] == 0

    @pytest.mark.parametrize(("declared", "read"), [("year", "month"), ("5 years", "year"), ("year", "quarter")])
    def test_a_coarser_declaration_than_the_labels_is_an_error(self, declared, read):
        when = ({"variable": "time", "period": declared}, PERIODS[read][0])
        with pytest.raises(InputErrors, match="period"):
            assess_table("2.0", {"when": when, "sex": SEX})


class TestAges:
    @both_editions
    @pytest.mark.parametrize(
        ("labels", "years"),
        [
            (("0-17", "18 to 24"), 7),
            (("18-64", "65+"), 35),
            (("18-84", "85 years and over"), 15),
            (("<1", "1-64"), 1),
            (("Under 1 year", "1-64"), 1),
            (("Under 18", "18-64"), 18),
            (("0-4", "5-64"), 5),
        ],
    )
    def test_from_the_labels(self, edition, labels, years):
        found = assess_table(edition, {"age": ({"variable": "age"}, labels), "sex": SEX})
        assert terms_of(found)["age"] == tables.AGE[edition].score(years)


class TestPrograms:
    @pytest.mark.parametrize("variable", ["means_tested_program", "expected_payer"])
    @pytest.mark.parametrize("program", PROGRAMS)
    def test_the_guidelines_own_sizes(self, variable, program):
        people = PROGRAMS[program]
        found = assess_table("2.0", {"program": ({"variable": variable}, [program]), "sex": SEX})
        assert terms_of(found)["program"] == tables.MEANS_TESTED.score(people)
        assert terms_of(found)["interactions"] == (2 if people <= tables.PROGRAM_INTERACTS_UP_TO else 1)


class TestCounties:
    """Every county by its name and by its code, against the Census table counted here."""

    @pytest.mark.parametrize(
        ("edition", "written", "every"), [("2.0", 0, 1), ("1.0", 0, 6), ("2.0", 1, 6), ("2.0", 2, 6)]
    )
    def test_score_by_the_census(self, edition, written, every, people):
        for names, number in list(people.items())[::every]:
            county = ({"variable": "residence_geography"}, [names[written]])
            found = assess_table(edition, {"county": county})
            assert terms_of(found)["county"] == tables.RESIDENCE[edition].score(number), names

    def test_the_smallest_of_all_decides(self, people):
        county = ({"variable": "residence_geography"}, [name for name, *_ in people])
        found = assess_table("2.0", {"county": county})
        (term,) = [term for term in found.score.terms if term.dimension == "county"]
        assert (term.found, term.score) == ("Alpine", 7)

    def test_a_population_far_from_the_known_one_is_an_error(self):
        county = ({"variable": "residence_geography", "population": {"Alpine": 30_000}}, ["Alpine"])
        with pytest.raises(InputErrors, match="Alpine"):
            assess_table("2.0", {"county": county})
