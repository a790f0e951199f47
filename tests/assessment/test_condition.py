"""Step 2: small numerators and small denominators."""

import pandas as pd
import pytest

from ddg_pipeline.assessment.condition import count_cells

POPULATION = {"A": 20_000, "B": 20_001, "C": 900_000}
COUNTY = ({"variable": "residence_geography", "population": POPULATION}, ["A", "B", "C"])
SEX = ({"variable": "sex"}, ["Male", "Female"])
COUNT = {"kind": "count", "unit": "individuals"}


@pytest.fixture
def counts(bound, rulebook):
    def make(*arguments, **keys):
        return count_cells(bound(*arguments, **keys), rulebook)

    return make


class TestNumerators:
    def test_one_to_ten_are_small_and_zero_is_not(self, counts):
        found = counts({"county": ({"variable": "residence_geography"}, list("ABCDE"))}, counts=(0, 1, 10, 11, 500))
        assert (found.cells, found.small_cells, found.zero_cells) == (5, 2, 1)

    def test_margins_count_too(self, counts):
        sex = ({"variable": "sex", "total": "All"}, ["Male", "Female", "All"])
        assert counts({"sex": sex}, counts=(3, 4, 7)).small_cells == 3

    def test_every_measure_of_individuals_counts_and_no_other(self, counts):
        measures = {
            "cases": COUNT,
            "deaths": COUNT,
            "visits": {"kind": "count", "unit": "events", "individuals": "cases"},
        }
        rows = [("Male", 50, 5, 51), ("Female", 9, 0, 10)]
        found = counts({"sex": SEX}, rows=rows, measures=measures)
        assert (found.cells, found.small_cells, found.zero_cells) == (4, 2, 1)


class TestDenominators:
    def test_from_the_areas(self, counts):
        found = counts({"county": COUNTY})
        assert (found.small_denominators, found.denominators) == (1, "known")

    def test_a_year_or_a_disease_does_not_divide_people(self, counts):
        year = ({"variable": "time", "period": "year"}, ["2024", "2025"])
        disease = ({"variable": "other"}, ["x", "y"])
        found = counts({"county": COUNTY, "year": year, "disease": disease})
        assert (found.small_denominators, found.denominators) == (4, "known")

    def test_crossed_characteristics_are_only_bounded(self, counts):
        found = counts({"county": COUNTY, "sex": SEX})
        assert (found.small_denominators, found.denominators) == (2, "bounded")

    def test_a_scope_bounds_them(self, counts):
        scope = [{"variable": "means_tested_program", "enrollment": 15_000}]
        found = counts({"county": COUNTY}, scope=scope)
        assert (found.small_denominators, found.denominators) == (3, "bounded")

    def test_none_declared(self, counts):
        found = counts({"sex": SEX})
        assert (found.small_denominators, found.denominators) == (0, "unknown")

    def test_from_a_column(self, counts):
        rows = [("Male", 20_000, 5), ("Female", 20_001, 5)]
        measures = {"cases": COUNT | {"population": "people"}}
        found = counts({"sex": SEX}, rows=rows, measures=measures)
        assert (found.small_denominators, found.denominators) == (1, "known")

    def test_from_a_reference_table_over_several_dimensions(self, counts):
        people = pd.DataFrame(
            {
                "county": ["A", "A", "B", "B"],
                "sex": ["Male", "Female", "Male", "Female"],
                "n": [10_000, 20_001, 20_000, 30_000],
            }
        )
        county = ({"variable": "residence_geography", "population": 900_000}, ["A", "B"])
        sex = ({"variable": "sex"}, ["Male", "Female"])
        measures = {"cases": COUNT | {"population": {"table": "people", "key": ["county", "sex"], "value": "n"}}}
        found = counts({"county": county, "sex": sex}, measures=measures, references={"people": people})
        assert (found.small_denominators, found.denominators) == (2, "known")

    def test_from_the_denominator_of_a_rate(self, counts):
        measures = {
            "cases": COUNT,
            "tested": COUNT,
            "share": {"kind": "percent", "numerator": "cases", "denominator": "tested"},
        }
        rows = [("Male", 50, 20_000, 0.2), ("Female", 50, 20_001, 0.2)]
        found = counts({"sex": SEX}, rows=rows, measures=measures)
        assert (found.small_denominators, found.denominators) == (1, "unknown")

    def test_totals_without_a_size_are_larger_than_their_parts(self, counts):
        declared = {"variable": "residence_geography", "population": POPULATION, "total": "State"}
        found = counts({"county": (declared, ["A", "B", "C", "State"])})
        assert (found.small_denominators, found.denominators) == (1, "known")
