"""Step 2: small numerators and small denominators."""

import itertools

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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

    def test_of_counties_that_everyone_can_look_up(self, counts):
        found = counts({"county": ({"variable": "residence_geography"}, ["Alpine", "Alameda", "Modoc"])})
        assert (found.small_denominators, found.denominators) == (2, "known")
        county = ({"variable": "residence_geography"}, ["Alpine", "Somewhere"])
        assert counts({"county": county}).denominators == "bounded"

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


class TestDenominatorsThatCountTooMany:
    """A population larger than the one a cell comes from rules nothing out."""

    PEOPLE = pd.DataFrame({"county": ["A", "B"], "n": [900_000, 800_000]})
    COUNTIES = ({"variable": "residence_geography", "population": 900_000}, ["A", "B"])

    @pytest.mark.parametrize("population", [40_000_000, {"A": 900_000, "B": 800_000}, "by county"])
    def test_that_of_a_county_is_not_that_of_its_women(self, counts, population):
        size = {"table": "people", "key": "county", "value": "n"} if population == "by county" else population
        measures = {"cases": COUNT | {"population": size}}
        found = counts({"county": self.COUNTIES, "sex": SEX}, measures=measures, references={"people": self.PEOPLE})
        assert (found.small_denominators, found.denominators) == (0, "bounded")

    def test_in_a_column_too(self, counts):
        rows = [("A", "Male", 900_000, 5), ("A", "Female", 900_000, 5), ("B", "Male", 800_000, 5)]
        measures = {"cases": COUNT | {"population": "people"}}
        assert counts({"county": self.COUNTIES, "sex": SEX}, rows=rows, measures=measures).denominators == "bounded"

    def test_years_and_diseases_may_share_one(self, counts):
        year = ({"variable": "time", "period": "year"}, ["2024", "2025"])
        disease = ({"variable": "other"}, ["x", "y"])
        size = {"table": "people", "key": "county", "value": "n"}
        found = counts(
            {"county": self.COUNTIES, "year": year, "disease": disease},
            measures={"cases": COUNT | {"population": size}},
            references={"people": self.PEOPLE},
        )
        assert (found.small_denominators, found.denominators) == (0, "known")
        assert found.measures[0].source == "n of people by county"

    def test_a_program_of_few_people_for_all_rows(self, counts):
        scope = [{"variable": "means_tested_program", "enrollment": 15_000}]
        measures = {"cases": COUNT | {"population": {"A": 900_000, "B": 800_000}}}
        found = counts({"county": self.COUNTIES}, scope=scope, measures=measures)
        assert (found.small_denominators, found.denominators) == (2, "bounded")

    def test_a_scope_of_unknown_size_narrows_them_down(self, counts):
        for scope in ({"variable": "sex", "label": "Female"}, {"variable": "race", "label": "AIAN"}):
            assert counts({"county": self.COUNTIES}, scope=[scope]).denominators == "bounded"
        assert counts({"county": self.COUNTIES}, scope=[{"variable": "other"}]).denominators == "known"

    def test_an_implied_group_narrows_them_down(self, counts):
        age = {"variable": "age", "label": "0-17"}
        county = (self.COUNTIES[0] | {"implies": [age]}, ["A", "B"])
        assert counts({"county": county}).denominators == "bounded"
        few = (self.COUNTIES[0] | {"implies": [age | {"population": 9_000, "categories": ["A"]}]}, ["A", "B"])
        assert counts({"county": few}).small_denominators == 1

    def test_visits_are_more_than_the_people_behind_them(self, counts):
        measures = {
            "cases": COUNT,
            "seen": COUNT,
            "visits": {"kind": "count", "unit": "events", "individuals": "seen"},
            "share": {"kind": "percent", "numerator": "cases", "denominator": "visits"},
        }
        rows = [("Male", 50, 20_000, 90_000, 0.1), ("Female", 50, 20_001, 90_000, 0.1)]
        by_measure = {one.measure: one for one in counts({"sex": SEX}, rows=rows, measures=measures).measures}
        assert (by_measure["cases"].small_denominators, by_measure["cases"].denominators) == (1, "known")
        assert by_measure["cases"].source == "seen, the denominator of share"

    def test_the_people_below_a_mean_are_no_population(self, counts):
        mean = {"kind": "mean", "numerator": "paid", "denominator": "cases", "individuals": "cases"}
        measures = {"cases": COUNT, "paid": {"kind": "amount", "individuals": "cases"}, "average": mean}
        rows = [("Male", 50, 500.0, 10.0), ("Female", 60, 600.0, 10.0)]
        assert counts({"sex": SEX}, rows=rows, measures=measures).denominators == "unknown"


class TestPopulationsOfTheRightPeople:
    """A population that tells all compared people apart is not called too large."""

    COUNTIES = ({"variable": "residence_geography", "population": {"A": 25_000, "B": 60_000}}, ["A", "B"])
    MEASURES = {"cases": COUNT | {"population": "people"}}  # noqa: RUF012

    def test_a_scope_of_unknown_size_narrows_a_declared_population_down_too(self, counts):
        measures = {"cases": COUNT | {"population": {"A": 25_000, "B": 60_000}}}
        age = {"variable": "age", "label": "15-17"}
        assert counts({"county": self.COUNTIES}, measures=measures).denominators == "known"
        assert counts({"county": self.COUNTIES}, measures=measures, scope=[age]).denominators == "bounded"
        implied = (self.COUNTIES[0] | {"implies": [age]}, ["A", "B"])
        assert counts({"county": implied}, measures=measures).denominators == "bounded"

    def test_but_not_those_the_same_table_counts(self, counts):
        measures = {
            "cases": COUNT,
            "tested": COUNT,
            "share": {"kind": "percent", "numerator": "cases", "denominator": "tested"},
        }
        rows = [("Male", 50, 30_000, 0.2), ("Female", 50, 30_001, 0.2)]
        found = counts({"sex": SEX}, rows=rows, measures=measures, scope=[{"variable": "age", "label": "15-17"}])
        assert {one.measure: one.denominators for one in found.measures}["cases"] == "known"

    def test_a_single_category_tells_nothing_apart(self, counts):
        age = ({"variable": "age"}, ["15-17"])
        rows = [("A", "15-17", 25_000, 50), ("B", "15-17", 60_000, 50)]
        assert (
            counts({"county": self.COUNTIES, "age": age}, rows=rows, measures=self.MEASURES).denominators == "bounded"
        )

    def test_unless_its_total_is_there(self, counts):
        age = ({"variable": "age", "total": "All"}, ["15-17", "All"])
        rows = [
            (county, label, people, 50) for county in "AB" for label, people in (("15-17", 25_000), ("All", 25_000))
        ]
        assert (
            counts({"county": self.COUNTIES, "age": age}, rows=rows, measures=self.MEASURES).denominators == "bounded"
        )
        rows = [
            ("A", "15-17", 21_000, 50),
            ("A", "All", 25_000, 99),
            ("B", "15-17", 50_000, 50),
            ("B", "All", 60_000, 99),
        ]
        assert counts({"county": self.COUNTIES, "age": age}, rows=rows, measures=self.MEASURES).denominators == "known"

    def test_a_single_area_has_a_size_of_its_own(self, counts):
        for population, knowledge in ((25_000, "known"), (25_001, "bounded")):
            found = counts({"county": self.COUNTIES}, rows=[("A", population, 50)], measures=self.MEASURES)
            assert found.denominators == knowledge

    def test_categories_that_never_meet_tell_nothing_apart(self, counts):
        rows = [("A", "Male", 25_000, 50), ("B", "Female", 60_000, 50)]
        found = counts({"county": self.COUNTIES, "sex": SEX}, rows=rows, measures=self.MEASURES)
        assert found.denominators == "bounded"

    @pytest.mark.parametrize(("equal", "knowledge"), [(0, "known"), (1, "known"), (2, "bounded"), (3, "bounded")])
    def test_most_places_must_tell_them_apart(self, counts, equal, knowledge):
        county = ({"variable": "residence_geography", "population": 900_000}, list("ABC"))
        rows = [
            (name, sex, 100_000 + number + (sex == "Male" and number >= equal), 50)
            for number, name in enumerate("ABC")
            for sex in ("Male", "Female")
        ]
        # counties differ for each sex, so that the sexes alone decide
        found = counts({"county": county, "sex": SEX}, rows=rows, measures=self.MEASURES)
        assert found.denominators == knowledge

    @pytest.mark.parametrize(
        ("people", "knowledge"), [(1_017_162, "known"), (900_000, "known"), (39_000_000, "bounded")]
    )
    def test_another_year_of_a_county_everyone_can_look_up(self, counts, people, knowledge):
        county = ({"variable": "residence_geography"}, [])
        rows = [("Fresno", people, 50), ("Alameda", 1_600_000, 50)]
        assert counts({"county": county}, rows=rows, measures=self.MEASURES).denominators == knowledge

    @pytest.mark.parametrize(("label", "knowledge"), [("California", "known"), ("Fresno", "bounded"), ("X", "bounded")])
    def test_the_area_of_the_whole_table_may_be_known_too(self, counts, label, knowledge):
        scope = [{"variable": "residence_geography", "label": label}]
        rows = [("Male", 19_600_000, 50), ("Female", 20_100_000, 50)]
        assert counts({"sex": SEX}, rows=rows, measures=self.MEASURES, scope=scope).denominators == knowledge

    def test_a_small_county_under_a_far_larger_population(self, counts):
        rows = [("Alpine", 900_000, 50), ("Alameda", 1_600_000, 50)]
        found = counts({"county": ({"variable": "residence_geography"}, [])}, rows=rows, measures=self.MEASURES)
        assert (found.small_denominators, found.denominators) == (1, "bounded")


class TestRemainders:
    """Anyone can subtract the parts in the table from their whole."""

    AREA = {"variable": "residence_geography"}  # noqa: RUF012

    @pytest.fixture
    def rests(self, bound, rulebook):
        """Count the remainders of 1 to 10."""

        def make(dimensions, rows):
            return count_cells(bound(dimensions, rows=rows), rulebook).small_derived

        return make

    def small(self, rests, declared, rows):
        return rests({"county": (self.AREA | declared, [])}, rows=rows)

    @pytest.mark.parametrize(("rest", "small"), [(0, 0), (1, 1), (10, 1), (11, 0), (-1, 0)])
    def test_of_a_total(self, rests, rest, small):
        rows = [("State", 1_500 + rest), ("A", 500), ("B", 1_000)]
        assert self.small(rests, {"total": "State"}, rows) == small
        assert self.small(rests, {"total": "State", "additive": False}, rows) == 0

    def test_of_a_group(self, rests):
        declared = {"total": "All", "hierarchy": {"tree": {"North": ["P", "Q"]}}}
        rows = [("North", 503), ("Q", 501), ("L", 900), ("All", 1_403)]
        assert self.small(rests, declared, rows) == 1

    def test_of_the_groups_themselves(self, rests):
        declared = {"total": "All", "hierarchy": {"tree": {"North": ["P", "Q"], "South": ["R"]}}}
        rows = [("North", 503), ("R", 900), ("All", 1_408)]
        assert self.small(rests, declared, rows) == 1

    def test_through_a_group_that_the_table_lacks(self, rests):
        declared = {"total": "All", "hierarchy": {"tree": {"North": {"Far": ["P", "Q"], "Near": ["R"]}}}}
        rows = [("North", 1_505), ("P", 500), ("Q", 500), ("R", 500), ("All", 1_505)]
        assert self.small(rests, declared, rows) == 1

    def test_in_each_of_several_groupings(self, rests):
        trees = [{"tree": {"North": ["P", "Q"]}}, {"tree": {"Coast": ["Q", "R"]}}]
        rows = [("P", 50), ("Q", 50), ("R", 50), ("North", 104), ("Coast", 100), ("All", 200)]
        assert self.small(rests, {"total": "All", "hierarchy": trees}, rows) == 1

    def test_at_every_combination_of_the_others_that_has_both(self, rests):
        area, sex = self.AREA | {"total": "State"}, SEX[0] | {"total": "All"}
        rows = [
            *(("A", label, cases) for label, cases in (("Male", 50), ("Female", 60), ("All", 110))),
            *(("B", label, cases) for label, cases in (("Male", 50), ("All", 59))),  # 9 are of no sex in the table
            *(("State", label, cases) for label, cases in (("Male", 104), ("Female", 69), ("All", 173))),
        ]
        # by county: State less A and B is 4 for men, 9 for women, and 4 for all; by sex: 9 of B
        assert rests({"county": (area, []), "sex": (sex, [])}, rows=rows) == 4

    def test_not_where_the_table_has_no_part(self, rests):
        area, sex = self.AREA | {"total": "State"}, SEX[0]
        rows = [("A", "Male", 50), ("State", "Male", 50), ("State", "Female", 5)]
        assert rests({"county": (area, []), "sex": (sex, [])}, rows=rows) == 0

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.integers(0, 12), min_size=4, max_size=4),
        st.sets(st.sampled_from("PQRS"), min_size=1),
        st.booleans(),
    )
    def test_of_any_complete_population_from_which_rows_are_left_out(self, rests, values, kept, grouped):
        cells = dict(zip("PQRS", values, strict=True))
        declared = {"total": "All"}
        if grouped:
            declared["hierarchy"] = {"tree": {"North": ["P", "Q"], "South": ["R", "S"]}}
        groups = {"North": "PQ", "South": "RS"} if grouped else {}
        rows = {label: cells[label] for label in sorted(kept)}
        rows |= {group: sum(cells[part] for part in parts) for group, parts in groups.items()} | {"All": sum(values)}
        wholes = [parts for parts in groups.values() if kept & set(parts)] if grouped else ["PQRS"]
        rest = [sum(cells[part] for part in parts if part not in kept) for parts in wholes]
        found = rests({"county": (self.AREA | declared, [])}, rows=list(rows.items()))
        assert found == sum(1 <= value <= 10 for value in rest)


class TestGroupsAndUnknown:
    def test_a_group_is_as_large_as_its_parts_in_the_table(self, counts):
        sizes = {"A": 9_000, "B": 11_000, "C": 500_000}
        declared = {"variable": "residence_geography", "population": sizes, "total": "State"}
        declared["hierarchy"] = {"tree": {"North": ["A", "B"], "South": ["C"]}}
        found = counts({"county": (declared, ["A", "B", "C", "North", "South", "State"])})
        assert (found.small_denominators, found.denominators) == (3, "known")  # A, B and North with 20,000

    def test_nobody_knows_where_unknown_people_come_from(self, counts):
        declared = {"variable": "residence_geography", "population": {"A": 900_000}, "unknown": ["Unknown"]}
        found = counts({"county": (declared, ["A", "Unknown"])})
        assert (found.small_denominators, found.denominators) == (0, "bounded")

    def test_a_population_of_nobody_is_small(self, counts):
        found = counts({"county": ({"variable": "residence_geography", "population": 0}, ["A"])})
        assert (found.small_denominators, found.denominators) == (1, "known")


class TestTotalsAsDenominators:
    """`population: {total_over: [...]}`: people tested, by the outcome of the test."""

    MEASURES = {"tests": COUNT | {"population": {"total_over": ["outcome"]}}}  # noqa: RUF012
    COUNTIES = ({"variable": "residence_geography", "population": 900_000}, ["A", "B"])
    OUTCOME = ({"variable": "other"}, ["positive", "negative"])

    def test_the_categories_are_added_up(self, counts):
        rows = [("A", "positive", 5), ("A", "negative", 19_995), ("B", "positive", 5), ("B", "negative", 19_996)]
        found = counts({"county": self.COUNTIES, "outcome": self.OUTCOME}, rows=rows, measures=self.MEASURES)
        assert (found.small_denominators, found.denominators) == (2, "known")
        assert found.measures[0].source == "the total of tests over outcome"

    def test_the_published_total_comes_first(self, counts):
        outcome = ({"variable": "other", "total": "all", "unknown": ["pending"]}, ["positive", "negative", "all"])
        rows = [("A", "positive", 5), ("A", "all", 20_001), ("B", "positive", 5), ("B", "all", 20_000)]
        found = counts({"county": self.COUNTIES, "outcome": outcome}, rows=rows, measures=self.MEASURES)
        assert found.small_denominators == 2

    def test_without_a_published_total_what_does_not_sum_is_not_known(self, counts):
        outcome = ({"variable": "other", "total": "all", "additive": False}, ["positive", "negative", "all"])
        rows = [("A", "positive", 5), ("A", "negative", 5), ("B", "positive", 5), ("B", "all", 30_000)]
        found = counts({"county": self.COUNTIES, "outcome": outcome}, rows=rows, measures=self.MEASURES)
        assert (found.small_denominators, found.denominators) == (0, "bounded")

    def test_the_total_over_counties_is_not_the_population_of_one(self, counts):
        measures = {"tests": COUNT | {"population": {"total_over": ["county"]}}}
        found = counts({"county": self.COUNTIES}, counts=(90_000,), measures=measures)
        assert found.denominators == "bounded"

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_any_table_against_adding_by_hand(self, counts, data):
        """Three dimensions with or without totals; some rows are missing; one or two dimensions are added up."""
        labels = {"a": ["x", "y"], "b": ["p", "q", "r"], "c": ["u", "v"]}
        totals = {name: "all" for name in labels if data.draw(st.booleans())}
        over = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
        leaves = list(itertools.product(*labels.values()))
        number = st.integers(0, 30_000)
        cells = dict(zip(leaves, data.draw(st.lists(number, min_size=12, max_size=12)), strict=True))
        kept = data.draw(st.lists(st.sampled_from(leaves), min_size=1, unique=True))
        cells = {leaf: cells[leaf] for leaf in leaves if leaf in kept or (leaf[0], leaf[1]) == ("x", "p")}

        def summed(coordinate):
            return sum(
                value
                for leaf, value in cells.items()
                if all(at in (totals.get(name), label) for name, at, label in zip("abc", coordinate, leaf, strict=True))
            )

        margins = [[*labels[name], *([totals[name]] if name in totals else [])] for name in "abc"]
        rows = {at: summed(at) for at in itertools.product(*margins) if "all" in at or at in cells}
        expected = 0
        for at in rows:
            parts = (
                value
                for leaf, value in cells.items()
                if all(
                    name in over or there in (totals.get(name), label)
                    for name, there, label in zip("abc", at, leaf, strict=True)
                )
            )
            expected += sum(parts) <= 20_000
        dimensions = {
            name: ({"variable": "other", **({"total": "all"} if name in totals else {})}, []) for name in labels
        }
        found = counts(
            dimensions,
            rows=[(*at, value) for at, value in rows.items()],
            measures={"tests": COUNT | {"population": {"total_over": over}}},
        )
        assert (found.small_denominators, found.denominators) == (expected, "known")


class TestAnyTable:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40_000)), min_size=6, max_size=6))
    def test_every_cell_is_judged_by_itself(self, counts, cells):
        county = ({"variable": "residence_geography"}, ["A", "B", "C"])
        coordinates = itertools.product("ABC", ["Male", "Female"])
        rows = [(*at, people, cases) for at, (cases, people) in zip(coordinates, cells, strict=True)]
        measures = {"cases": COUNT | {"population": "people"}}
        found = counts({"county": county, "sex": SEX}, rows=rows, measures=measures)
        assert found.small_cells == sum(1 <= cases <= 10 for cases, _ in cells)
        assert found.zero_cells == sum(cases == 0 for cases, _ in cells)
        assert found.small_denominators == sum(people <= 20_000 for _, people in cells)
