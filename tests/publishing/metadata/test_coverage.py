"""Which time and which areas a table covers, as far as its labels tell."""

import datetime as dt

import pandas as pd
import pytest

from ddg_pipeline.publishing.metadata.coverage import Coverage, coverage
from tests.publishing.metadata.conftest import CONTRACT


def frame(county, year):
    return pd.DataFrame({"county": county, "year": year, "cases": "0"}, dtype="str")


def covered(contract, county=("Alameda", "Alpine"), year=("2022", "2024")):
    return coverage(contract, frame(list(county), list(year)))


class TestTime:
    def test_reaches_from_the_first_period_to_the_last(self, make_contract):
        assert covered(make_contract()).period == (dt.date(2022, 1, 1), dt.date(2024, 12, 31))

    def test_ends_with_the_last_day_of_a_quarter(self, make_contract):
        contract = make_contract(contract=CONTRACT.replace("period: year", "period: quarter"))
        found = covered(contract, year=("2023 Q4", "2024 Q1"))
        assert found.period == (dt.date(2023, 10, 1), dt.date(2024, 3, 31))

    def test_is_told_by_the_scope_where_no_column_does(self, make_contract):
        contract = make_contract(
            "scope: [{variable: time, period: year, label: '2024'}]\n",
            CONTRACT.replace("  year: {variable: time, period: year, additive: false}\n", ""),
        )
        assert covered(contract).period == (dt.date(2024, 1, 1), dt.date(2024, 12, 31))

    @pytest.mark.parametrize("year", [("2022", "some day"), ("wave one", "wave two")])
    def test_is_not_told_where_a_label_cannot_be_read(self, make_contract, year):
        assert covered(make_contract(), year=year).period is None

    def test_leaves_totals_and_unknown_periods_out(self, make_contract):
        told = CONTRACT.replace("additive: false}", "additive: false, total: All years, unknown: [Unknown]}")
        found = coverage(make_contract(contract=told), frame(["Alameda"] * 3, ["All years", "Unknown", "2023"]))
        assert found.period == (dt.date(2023, 1, 1), dt.date(2023, 12, 31))


class TestAreas:
    @pytest.mark.parametrize(
        ("labels", "area", "granularity"),
        [
            (("Alameda", "Alpine"), "California", "County"),
            (("Alameda County", "Alpine County"), "California", "County"),
            (("Alameda", "California"), "California", "County"),
            (("California", "California"), "California", "State"),
        ],
    )
    def test_are_counties_or_the_state(self, make_contract, labels, area, granularity):
        found = covered(make_contract(), county=labels)
        assert (found.area, found.granularity) == (area, granularity)

    def test_are_one_county_where_there_is_one_only(self, make_contract):
        contract = make_contract(contract=CONTRACT.replace(", total: California", ""))
        assert covered(contract, county=("Alpine", "Alpine")).area == "Alpine County"

    def test_are_not_told_where_one_is_something_else(self, make_contract):
        found = covered(make_contract(), county=("Alameda", "Service area 7"))
        assert found == Coverage(found.period, None, None)

    def test_may_be_grouped_by_a_hierarchy(self, make_contract):
        grouped = CONTRACT.replace("total: California", "total: California, hierarchy: {tree: {East Bay: [Alameda]}}")
        found = covered(make_contract(contract=grouped), county=("Alameda", "East Bay"))
        assert (found.area, found.granularity) == ("California", "County")

    def test_are_not_told_by_a_table_without_any(self, make_contract):
        contract = make_contract(contract=CONTRACT.replace("residence_geography, population: 1200", "other, groups: 3"))
        assert covered(contract).area is None
