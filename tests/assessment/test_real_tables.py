"""Real public tables, with figures checked by hand. The data is not part of the project: where it is absent, skip."""

import csv
import os
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from ddg_pipeline.assessment import assess
from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.contract import Variable, bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook

CDPH = "cdph_vaccine_preventable_cases_county_year_2001_2022.csv"
CENSUS = "ca_county_pop_2020_census_age_sex_race.csv"
NCHS = "nchs_covid_deaths_race_age_state_2020-05.csv"
DHCS = "dhcs_medical_dental_utilization_statewide_age_2013_on.csv"

# Counties of 20,000 people or fewer in the 2020 Census, read off its published county totals.
SMALL_COUNTIES = {"Alpine", "Inyo", "Mariposa", "Modoc", "Mono", "Plumas", "Sierra", "Trinity"}


def shared(name: str) -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("DDG_SHARED_DATA") or beside) / name
    if not path.is_file():
        pytest.skip(f"{name} is absent: set DDG_SHARED_DATA to the folder that holds it")
    return path


@pytest.fixture(scope="module")
def populations() -> dict[str, int]:
    totals: Counter[str] = Counter()
    with shared(CENSUS).open(newline="") as file:
        for row in csv.DictReader(file):
            totals[row["County"]] += int(row["Population"])
    return {**totals, "California": sum(totals.values())}


@pytest.fixture(scope="module")
def disease_cases(rulebook, populations):
    """Assess the rows of the CDPH table that a filter keeps."""

    def make(keep=lambda _: True, county=None, **keys):
        table = pd.read_csv(shared(CDPH), dtype=str)
        table = table[[keep(row) for row in table.to_dict("records")]]
        raw = {
            "release": "disease_cases",
            "title": "Vaccine-preventable disease cases by county and year",
            "dimensions": {
                "Disease": {"variable": "other", "groups": 16},
                "County": {"variable": "residence_geography", "population": populations, **(county or {})},
                "Year": {"variable": "time", "period": "year", "additive": False},
            },
            "measures": {"Count": {"kind": "count", "unit": "individuals"}},
            **keys,
        }
        return assess(bind(parse_contract(raw, "cdph"), table), rulebook)

    return make


class TestDiseaseCasesByCountyAndYear:
    def test_the_whole_table(self, disease_cases):
        assessment = disease_cases(county={"total": "California"})
        terms = {(t.variable, t.dimension): (t.found, t.score) for t in assessment.score.terms}
        assert terms == {
            ("events", None): (None, 7),  # thousands of cells of 1
            ("other", "Disease"): (None, 7),  # 16 diseases
            ("residence_geography", "County"): ("Alpine", 7),  # 1,204 people
            ("time", "Year"): ("year", 0),
            ("interactions", None): ("Disease", 1),
        }
        assert assessment.score.total == 22
        assert assessment.decision == "mask"
        assert len(assessment.tables) == 1

    def test_its_cells(self, disease_cases):
        counts = disease_cases(county={"total": "California"}).counts
        with shared(CDPH).open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert (counts.cells, counts.small_cells) == (10_986, 2_438)
        assert counts.zero_cells == sum(row["Count"] == "0" for row in rows)
        assert counts.small_denominators == sum(row["County"] in SMALL_COUNTIES for row in rows)
        assert counts.denominators == "known"

    def test_the_small_counties(self, populations):
        assert len(populations) == 59
        assert {county for county, people in populations.items() if people <= 20_000} == SMALL_COUNTIES
        assert populations["Alpine"] == 1_204
        assert populations["California"] == 39_538_223

    def test_statewide_it_may_be_released(self, disease_cases):
        """7 events + 7 diseases - 5 state + 0 year + 1 interaction = 10."""
        assessment = disease_cases(lambda row: row["County"] == "California")
        assert assessment.score.total == 10
        assert assessment.decision == "release"
        assert "may meet Safe Harbor" in assessment.safe_harbor

    def test_large_counties_may_not(self, disease_cases, populations):
        """7 events + 7 diseases + 0 for Sonoma's 488,863 or so + 0 + 1 = 15, without one small denominator."""
        large = {county for county, people in populations.items() if 250_000 < people < 560_000}
        assessment = disease_cases(lambda row: row["County"] in large)
        assert assessment.score.total == 15
        assert assessment.counts.small_denominators == 0
        assert assessment.decision == "mask"

    def test_too_few_groups_declared_is_seen(self, disease_cases):
        with pytest.raises(Exception, match="found 15, but the table has 16 groups"):
            disease_cases(
                dimensions={
                    "Disease": {"variable": "other", "groups": 15},
                    "County": {"variable": "residence_geography", "population": 1},
                    "Year": {"variable": "time", "period": "year"},
                }
            )


class TestCensusByCountySexAndRace:
    """928 cells of people by county, sex and race; ages are added up."""

    @pytest.fixture(scope="class")
    @classmethod
    def people(cls):
        table = pd.read_csv(shared(CENSUS), dtype={"County_FIPS": str, "GEOID": str})
        return table.groupby(["County", "Sex", "Race_Ethnicity"], as_index=False)["Population"].sum()

    @pytest.fixture(scope="class")
    @classmethod
    def assessment(cls, people, rulebook):
        raw = {
            "release": "people",
            "title": "People by county, sex and race",
            "scope": [{"variable": "time", "period": "year", "label": "2020"}],
            "dimensions": {
                "County": {"variable": "residence_geography"},
                "Sex": {"variable": "sex"},
                "Race_Ethnicity": {"variable": "race_ethnicity"},
            },
            "measures": {
                "Population": {
                    "kind": "count",
                    "unit": "individuals",
                    "population": {"total_over": ["Sex", "Race_Ethnicity"]},
                }
            },
        }
        return assess(bind(parse_contract(raw, "census"), people), rulebook)

    def test_score(self, assessment):
        """7 events (one person) + 7 Alpine + 1 sex + 3 race + 0 year + 2 interactions; no size is declared."""
        assert {t.dimension or t.variable: (t.found, t.score) for t in assessment.score.terms} == {
            "events": (None, 7),
            "County": ("Alpine", 7),
            "Sex": ("Female", 1),
            "Race_Ethnicity": ("AI/AN", 3),
            "scope[0]": ("year", 0),
            "interactions": ("Sex, Race_Ethnicity", 2),
        }
        assert (assessment.score.total, assessment.decision) == (20, "mask")

    def test_cells(self, assessment, people):
        counts = assessment.counts
        assert (counts.cells, counts.small_cells, counts.zero_cells) == (928, 21, 4)
        assert people["Population"].between(1, 10).sum() == 21
        # 16 cells for each of the eight counties of 20,000 people or fewer; and those of larger ones are not known,
        # because the total of a county is not that of one sex and race in it
        assert counts.small_denominators == 16 * len(SMALL_COUNTIES)
        assert counts.denominators == "bounded"


class TestDentalServicesByAge:
    """Medi-Cal members who used dental services, statewide; the suppressed cells of the source are left out."""

    AGES = (
        "Age <1", "Age 1-2", "Age 3-5", "Age 6-9", "Age 10-14", "Age 15-18", "Age 19-20", "Age 21-34", "Age 35-44",
        "Age 45-64", "Age 65-74", "Age 75+",
    )  # fmt: skip

    @pytest.fixture(scope="class")
    @classmethod
    def table(cls):
        raw = pd.read_csv(shared(DHCS), dtype=str)
        eligible = "Denominator (3 Months Continuous Eligibility)"
        raw = raw.rename(columns={"Calendar Year": "year", "Measure": "service", "Age Filter": "age", "Users": "users"})
        raw["eligible"] = raw[eligible].str.replace(",", "")
        raw["users"] = raw["users"].str.replace(",", "")
        return raw.dropna(subset=["users"])[["year", "service", "age", "eligible", "users"]]

    @pytest.fixture(scope="class")
    @classmethod
    def assessment(cls, table, rulebook):
        raw = {
            "release": "dental",
            "title": "Dental services of Medi-Cal members by age",
            "scope": [
                {"variable": "residence_geography", "label": "California"},
                {"variable": "means_tested_program", "label": "Medi-Cal", "enrollment": 14_000_000},
            ],
            "dimensions": {
                "year": {"variable": "time", "period": "year", "additive": False},
                "service": {"variable": "other", "additive": False},
                "age": {"variable": "age"},
            },
            "measures": {"users": {"kind": "count", "unit": "individuals", "population": "eligible"}},
        }
        return assess(bind(parse_contract(raw, "dental"), table), rulebook)

    def test_score(self, assessment):
        """5 events (smallest 16) + 0 year + 7 for 17 services + 7 under one year - 5 state + 0 Medi-Cal + 2."""
        assert {t.dimension or t.variable: t.score for t in assessment.score.terms} == {
            "events": 5,
            "year": 0,
            "service": 7,
            "age": 7,
            "scope[0]": -5,
            "scope[1]": 0,
            "interactions": 2,
        }
        assert assessment.score.total == 16

    def test_no_cell_is_small_so_it_may_be_released(self, assessment, table):
        assert set(table["age"]) == set(self.AGES)
        assert (len(table), table["users"].astype(int).min(), table["eligible"].astype(int).min()) == (876, 16, 188_095)
        counts = assessment.counts
        assert (counts.cells, counts.small_cells, counts.zero_cells) == (876, 0, 0)
        assert (counts.small_denominators, counts.denominators) == (0, "known")
        assert [step.result for step in assessment.steps[:4]] == ["yes", "no", "skipped", "skipped"]
        assert "may meet Safe Harbor" in assessment.safe_harbor


class TestDeathsInCaliforniaByAgeAndRace:
    """Deaths with COVID-19 in three months; the cells of 1 to 9 that the source suppressed are left out."""

    @pytest.fixture(scope="class")
    @classmethod
    def table(cls):
        raw = pd.read_csv(shared(NCHS), dtype=str, encoding="latin-1")
        raw = raw[(raw["State"] == "California") & raw["COVID-19 Deaths"].notna()]
        names = {"Age group": "age", "Race and Hispanic Origin Group": "race", "COVID-19 Deaths": "deaths"}
        return raw.rename(columns=names)[list(names.values())].assign(deaths=lambda t: t["deaths"].str.replace(",", ""))

    def test_score(self, table, rulebook):
        """7 events (a cell of 10 is small in California, and not at NCHS) + 7 + 3 - 5 + 4 for a quarter + 2."""
        raw = {
            "release": "deaths",
            "title": "Deaths by age and race",
            "scope": [
                {"variable": "residence_geography", "label": "California"},
                {"variable": "time", "period": "quarter"},
            ],
            "dimensions": {"age": {"variable": "age"}, "race": {"variable": "race_ethnicity"}},
            "measures": {"deaths": {"kind": "count", "unit": "individuals"}},
        }
        by_edition = assess(bind(parse_contract(raw, "deaths"), table), rulebook)
        deaths = table["deaths"].astype(int)
        assert deaths[deaths > 0].min() == 10
        assert {t.dimension or t.variable: t.score for t in by_edition.score.terms} == {
            "events": 7, "age": 7, "race": 3, "scope[0]": -5, "scope[1]": 4, "interactions": 2,
        }  # fmt: skip
        assert by_edition.counts.small_cells == (deaths == 10).sum() > 0
        assert by_edition.decision == "mask"
        at_nchs = assess(bind(parse_contract(raw, "deaths"), table), load_rulebook("nchs"))
        assert at_nchs.counts.small_cells == 0


class TestLabelsInUse:
    def test_age_groups_of_two_agencies(self):
        with shared(NCHS).open(newline="", encoding="latin-1") as file:
            ages = {row["Age group"] for row in csv.DictReader(file)} - {"All Ages"}
        with shared(DHCS).open(newline="") as file:
            ages |= {row["Age Filter"] for row in csv.DictReader(file)}
        widths = {age: band.years(99) for age in ages if (band := parse_age_band(age))}
        assert set(widths) == ages
        assert widths["Under 1 year"] == widths["Age <1"] == 1
        assert widths["85 years and over"] == 15
        assert widths["75-84 years"] == 10
        assert widths["Age 21-34"] == 14

    def test_race_and_ethnicity_of_two_agencies(self, rulebook):
        with shared(NCHS).open(newline="", encoding="latin-1") as file:
            labels = {row["Race and Hispanic Origin Group"] for row in csv.DictReader(file)}
        with shared(CENSUS).open(newline="") as file:
            labels |= {row["Race_Ethnicity"] for row in csv.DictReader(file)}
        table = rulebook.scoring.category_table(Variable.RACE_ETHNICITY)
        scores = {label: level.score for label in labels if (level := table.level(label))}
        assert labels - set(scores) == {"Total Deaths", "Unknown"}
        assert {label for label, score in scores.items() if score == 2} == {
            "Non-Hispanic White", "Non-Hispanic Black", "Non-Hispanic Asian", "Hispanic or Latino",
            "White", "Black", "Asian", "Latino",
        }  # fmt: skip
