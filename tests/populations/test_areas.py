import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.populations import _tables, area, county, county_like, in_the_state, state

COUNTIES = [(row.fips, row.name, row.people) for row in _tables.counties()]
every_county = pytest.mark.parametrize(("fips", "name", "people"), COUNTIES, ids=[name for _, name, _ in COUNTIES])


class TestCounties:
    def test_there_are_58_with_odd_codes_in_the_order_of_their_names(self):
        assert [fips for fips, _, _ in COUNTIES] == [f"{code:03}" for code in range(1, 116, 2)]
        assert [name for _, name, _ in COUNTIES] == sorted(name for _, name, _ in COUNTIES)

    @every_county
    def test_every_spelling_means_the_same_county(self, fips, name, people):
        spellings = [
            name,
            name.upper(),
            f" {name.lower()} ",
            f"{name} County",
            f"{name.upper()} COUNTY",
            f"County of {name}",
            f"{name} Co.",
            f"{name} County, California",
            f"{name} County, CA",
            fips,
            f"06{fips}",
            f"6{fips}",
        ]
        for spelling in spellings:
            found = county(spelling)
            assert found is not None, spelling
            assert (found.fips, found.name, found.size.people) == (fips, name, people)

    def test_the_city_and_county_of_san_francisco(self):
        assert county("City and County of San Francisco").fips == "075"

    def test_figures_agree_with_the_seed_of_the_example(self):
        seed = Path(__file__).parents[2] / "dbt_project" / "seeds" / "county_population.csv"
        with seed.open(encoding="utf-8", newline="") as lines:
            rows = [(row["county_fips"], row["county"], int(row["population"])) for row in csv.DictReader(lines)]
        assert rows == COUNTIES


class TestTheState:
    @pytest.mark.parametrize("label", ["California", "CALIFORNIA", "CA", "Statewide", "State of California", "06"])
    def test_names(self, label):
        assert area(label) == state()
        assert county(label) is None

    def test_it_is_the_sum_of_its_counties_and_the_census_total(self):
        assert state().size.people == sum(people for _, _, people in COUNTIES) == 39_538_223


class TestNothingIsGuessed:
    @pytest.mark.parametrize(
        "label",
        ["Alamede", "Oakland", "1", "01", "6", "002", "117", "000", "06002", "41001", "94501", "A001", "Bay Area",
         "Los Angeles and Orange", "Los Angeles, CA", "Sacramento, California", "Nevada, NV", "Washoe County", "", " ",
         "County", "County of", "Kings County Hospital", "San", "Los Angeles City", "Imperial Valley", "Total"],
    )  # fmt: skip
    def test_other_labels_have_no_size(self, label):
        assert area(label) is None

    @pytest.mark.parametrize(
        "column",
        ["city", "City_of_residence", "place_name", "facility", "health_plan", "zip", "PatientCity", "cityname",
         "PATIENTCITY", "jurisdiction", "ZIPCode"],
    )  # fmt: skip
    def test_a_column_of_other_areas_needs_the_word_county(self, column):
        assert area("Sacramento", column) is None
        assert area("067", column) is None
        assert area("Sacramento County", column).fips == "067"

    @pytest.mark.parametrize("column", ["county", "COUNTY_FIPS", "residence", "area", "geography", ""])
    def test_other_columns_do_not(self, column):
        assert area("Sacramento", column).fips == "067"

    @pytest.mark.parametrize("column", ["lad", "area", "code", "it"])
    def test_three_digits_need_a_column_of_counties(self, column):
        assert area("037", column) is None
        assert area("06037", column).fips == "037"

    @pytest.mark.parametrize("column", ["county", "CountyCode", "cnty_code", "CTY", "fips", "countyfips"])
    def test_and_are_counties_there(self, column):
        assert area("037", column).fips == "037"

    @given(st.text(max_size=12))
    def test_any_text_is_an_area_or_none(self, label):
        found = area(label)
        assert found is None or found.size.people > 0

    @given(st.integers(0, 99_999))
    def test_only_codes_of_counties_are_codes(self, number):
        codes = {fips for fips, _, _ in COUNTIES}
        for code in {str(number), f"{number:03}", f"{number:05}"}:
            expected = code[-3:] if code[-3:] in codes and code[:-3] in ("", "6", "06") else None
            found = county(code)
            assert (found.fips if found else None) == expected


class TestWhatTheStateIsPartOf:
    @pytest.mark.parametrize("label", ["United States", "U.S.", "USA", "Nationwide"])
    def test_the_nation_is_no_part_of_the_state(self, label):
        assert not in_the_state(label)

    def test_anything_else_may_be(self):
        assert in_the_state("Bay Area")


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("Alamede", "Alameda"),
        ("Los Angelas", "Los Angeles"),
        ("SAN BERNADINO", "San Bernardino"),
        ("Alameda", None),
        ("Alameda County", None),
        ("North", None),
        ("", None),
    ],
)
def test_a_county_that_a_label_misspells_is_found(label, meant):
    assert county_like(label) == meant
