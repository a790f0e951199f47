"""The aggregated table is what a plain groupby makes of the finer one, and its contract says so."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from advice.tables import (
    AGES,
    DIMENSIONS,
    LEAVES,
    PEOPLE,
    REGION_OF,
    REGIONS,
    YEARS,
    bound_table,
    innermost,
    with_margins,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.advice.candidates import Builder, candidates
from ddg_pipeline.advice.changes import Drop, Merge, NotPossibleError
from ddg_pipeline.advice.coarsening import coarsen
from ddg_pipeline.advice.options import options_for
from ddg_pipeline.assessment import assess, explain
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract

BY_REGION = Merge("county", {region: tuple(counties) for region, counties in REGIONS.items()})
CHILDREN = Merge("age", {"0-17": ("0-4", "5-17"), "18-34": ("18-34",), "35+": ("35-64", "65+")})


def cells(bound, measure="cases"):
    return bound.frame.set_index(list(bound.axes))[measure].to_dict()


def expected(names, into, dimensions):
    """The same by groupby: relabel the innermost rows, add them up, and add the margins."""
    frame = innermost(list(LEAVES_OF), value)
    for name, becomes in into.items():
        frame[name] = frame[name].map(lambda label, becomes=becomes: becomes.get(label, label))
    grouped = frame.groupby(names, sort=False)[["cases"]].sum().reset_index()
    full = with_margins(grouped, dimensions, ["cases"])
    return full.set_index(names)["cases"].to_dict()


LEAVES_OF = {name: LEAVES[name] for name in ("county", "age", "sex")}


def value(number):
    return (7 * number + 3) % 23


def without(dimensions, name, *keys):
    return dimensions | {name: {key: inner for key, inner in dimensions[name].items() if key not in keys}}


class TestFigures:
    def test_a_level_of_a_hierarchy(self, rulebook):
        found = coarsen(bound_table(), BY_REGION, rulebook).bound
        names = ["county", "age", "sex"]
        declared = without({name: DIMENSIONS[name] for name in names}, "county", "hierarchy")
        assert cells(found) == expected(names, {"county": REGION_OF}, declared)

    def test_merged_age_bands(self, rulebook):
        found = coarsen(bound_table(), CHILDREN, rulebook).bound
        names = ["county", "age", "sex"]
        becomes = {leaf: label for label, members in CHILDREN.members.items() for leaf in members}
        assert cells(found) == expected(names, {"age": becomes}, {name: DIMENSIONS[name] for name in names})

    @pytest.mark.parametrize("gone", ["county", "age", "sex"])
    def test_a_dimension_left_out(self, gone, rulebook):
        found = coarsen(bound_table(), Drop(gone), rulebook).bound
        names = [name for name in LEAVES_OF if name != gone]
        got = {key if isinstance(key, tuple) else (key,): count for key, count in cells(found).items()}
        assert got == expected(names, {}, {name: DIMENSIONS[name] for name in names})

    @pytest.mark.parametrize("gone", ["county", "age", "sex"])
    def test_a_dimension_without_margins_left_out(self, gone, rulebook):
        """What the table does not carry is added up."""
        dimensions = without(dict(DIMENSIONS), gone, "total", "hierarchy")
        found = coarsen(bound_table(dimensions={gone: dimensions[gone]}), Drop(gone), rulebook).bound
        names = [name for name in LEAVES_OF if name != gone]
        assert cells(found) == expected(names, {}, {name: DIMENSIONS[name] for name in names})

    def test_a_row_that_the_table_carries_is_taken_as_it_is(self, rulebook):
        """A region may count people whom no county has."""
        table = bound_table(("county", "sex"))
        frame = table.frame.copy()
        more = frame.county.isin(["North", "State"]) & frame.sex.isin(["F", "All"])
        frame.loc[more, "cases"] += 5
        table = bind(table.contract, frame)
        found = cells(coarsen(table, BY_REGION, rulebook).bound)
        assert found["North", "F"] == cells(table)["North", "F"]
        assert found["State", "All"] == cells(table)["State", "All"]

    def test_rows_that_are_not_there_count_nothing(self, rulebook):
        table = bound_table(("county", "sex"), value=lambda n: n)
        frame = table.frame[(table.frame.cases > 0) & ~table.frame.county.isin(["North", "South"])]
        found = cells(coarsen(bind(table.contract, frame), BY_REGION, rulebook).bound)
        assert found["North", "F"] == 0 + 2 + 4

    def test_the_finer_table_is_not_changed(self, rulebook):
        table = bound_table()
        before = table.frame.copy()
        coarsen(table, BY_REGION, rulebook)
        pd.testing.assert_frame_equal(table.frame, before)


@pytest.mark.thorough
class TestWhateverIsTried:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        counts=st.lists(st.integers(0, 40), min_size=1, max_size=12),
        names=st.sampled_from([("county", "age", "sex"), ("county", "year"), ("age", "sex", "year")]),
        pick=st.randoms(use_true_random=False),
    )
    def test_counts_the_same_people(self, rulebook, counts, names, pick):
        table = bound_table(names, value=lambda number: counts[number % len(counts)])
        everything = tuple(table.contract.dimensions[name].total for name in names)
        whole = cells(table)[everything]
        tried = list(candidates(options_for(table, (), rulebook)))
        builder = Builder(table, rulebook)
        for candidate in pick.sample(tried, min(8, len(tried))):
            for part in builder.build(candidate).tables:
                totals = tuple(axis.total for axis in part.axes.values())
                assert cells(part)[totals if len(totals) > 1 else totals[0]] == whole, candidate.words
                leaves = part.frame
                for name, axis in part.axes.items():
                    leaves = leaves[leaves[name].isin(axis.leaves)]
                assert leaves.cases.sum() == whole, candidate.words

    def test_in_any_order_gives_the_same(self, rulebook):
        table = bound_table()
        one = coarsen(coarsen(table, BY_REGION, rulebook).bound, Drop("sex"), rulebook).bound
        other = coarsen(coarsen(table, Drop("sex"), rulebook).bound, BY_REGION, rulebook).bound
        assert cells(one) == cells(other)
        assert one.contract == other.contract

    def test_never_scores_higher(self, rulebook):
        table = bound_table(("county", "age", "sex", "year"))
        whole = assess(table, rulebook).score.total
        options = options_for(table, (), rulebook)
        for changes in options.changes.values():
            for change in changes:
                assert assess(coarsen(table, change, rulebook).bound, rulebook).score.total <= whole, change.words


class TestTheContract:
    def test_of_regions_holds_their_sizes_and_no_hierarchy(self, rulebook):
        county = coarsen(bound_table(), BY_REGION, rulebook).bound.contract.dimensions["county"]
        assert county.population == {
            region: sum(PEOPLE[one] for one in counties) for region, counties in REGIONS.items()
        }
        assert county.hierarchy == []
        assert county.total == "State"

    def test_keeps_a_hierarchy_above_the_merged_categories(self, rulebook):
        tree = {"Children": ["0-4", "5-17"], "Adults": {"Younger": ["18-34", "35-64"], "Older": ["65+"]}}
        flat = {"Children": ["0-4", "5-17"], "Younger": ["18-34", "35-64"], "Older": ["65+"]}
        flat["Adults"] = ["18-34", "35-64", "65+"]  # what with_margins adds up
        table = bound_table(("age",), dimensions={"age": {"variable": "age", "total": "All ages"}})
        rows = {leaf: count for leaf, count in cells(table).items() if leaf in AGES}
        rows |= {group: sum(rows[leaf] for leaf in leaves) for group, leaves in flat.items()}
        rows["All ages"] = sum(rows[leaf] for leaf in AGES)
        raw = table.contract.model_dump(mode="json", exclude_defaults=True)
        raw["dimensions"]["age"]["hierarchy"] = [{"tree": tree}]
        table = bind(parse_contract(raw, "t"), pd.DataFrame(rows.items(), columns=["age", "cases"]))
        merged = Merge("age", {"0-17": ("0-4", "5-17"), "18-64": ("18-34", "35-64"), "65+": ("65+",)})
        found = coarsen(table, merged, rulebook).bound
        assert set(found.axes["age"].labels) == {"0-17", "18-64", "65+", "Adults", "All ages"}
        assert found.contract.dimensions["age"].hierarchy[0].tree == {"Adults": ["18-64", "65+"]}

    def test_of_a_place_left_out_says_for_whom_the_table_holds(self, rulebook):
        found = coarsen(bound_table(), Drop("county"), rulebook).bound.contract
        assert [(str(one.variable), one.population) for one in found.scope][-1] == (
            "residence_geography",
            sum(PEOPLE.values()),
        )

    def test_of_years_left_out_says_how_many_they_were(self, rulebook):
        found = coarsen(bound_table(("sex", "year")), Drop("year"), rulebook).bound
        assert [one.period for one in found.contract.scope if one.variable == "time"] == [f"{len(YEARS)} years"]

    @pytest.mark.parametrize("declared", [{"period": "year"}, {}], ids=["declared", "read from the labels"])
    def test_of_years_left_out_never_scores_as_a_table_without_a_period(self, rulebook, declared):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {"sex": {"variable": "sex"}, "year": {"variable": "time", **declared}},
            "measures": {"n": {"kind": "count"}},
        }
        rows = [(sex, year, 3) for sex in "FM" for year in ("2023", "2024", "Unknown")]
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows, columns=["sex", "year", "n"]))
        found = coarsen(table, Drop("year"), rulebook).bound
        assert [(str(one.variable), one.period) for one in found.contract.scope] == [("time", "2 years")]
        assert {term.variable: term.score for term in assess(found, rulebook).score.terms}["time"] == -3

    def test_of_periods_that_overlap_claims_no_more_than_one_of_them(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {
                "sex": {"variable": "sex"},
                "years": {"variable": "time", "additive": False, "total": "All"},
            },
            "measures": {"n": {"kind": "count"}},
        }
        rows = [(sex, years, 3) for sex in "FM" for years in ("2021-2023", "2022-2024", "All")]
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows, columns=["sex", "years", "n"]))
        found = coarsen(table, Drop("years"), rulebook).bound.contract
        assert [(str(one.variable), one.period) for one in found.scope] == [("time", "3 years")]
        changes = explain(table, assess(table, rulebook), rulebook).changes
        assert ("years", "leave_out") not in [(one.column, one.kind) for one in changes], "it would score the same"

    def test_of_children_only_stays_about_children(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {"age": {"variable": "age"}, "sex": {"variable": "sex"}},
            "measures": {"n": {"kind": "count"}},
        }
        frame = pd.DataFrame([("0-4", "F", 30), ("5-17", "M", 40)], columns=["age", "sex", "n"])
        found = coarsen(bind(parse_contract(raw, "r"), frame), Drop("age"), rulebook).bound.contract
        assert [(str(one.variable), one.label) for one in found.scope] == [("age", "0-17")]

    def test_follows_labels_for_not_known_and_preferred_ones(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {
                "area": {
                    "variable": "other",
                    "groups": 9,
                    "unknown": ["?"],
                    "hierarchy": {"tree": {"AB": ["a", "b"], "none": ["?"]}},
                }
            },
            "measures": {"n": {"kind": "count"}},
            "suppression": {"prefer": {"area": ["a", "c"]}},
        }
        frame = pd.DataFrame([("a", 30), ("b", 40), ("c", 50), ("?", 20)], columns=["area", "n"])
        merge = Merge("area", {"AB": ("a", "b"), "c": ("c",), "none": ("?",)})
        found = coarsen(bind(parse_contract(raw, "r"), frame), merge, rulebook).bound.contract
        assert found.dimensions["area"].unknown == ["none"]
        assert found.dimensions["area"].groups == 8
        assert found.suppression.prefer == {"area": ["c"]}

    def test_implied_characteristics_stay_where_every_merged_category_tells_them(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {
                "hospital": {
                    "variable": "other",
                    "groups": 4,
                    "implies": [{"variable": "age", "label": "0-17", "categories": ["a", "b", "c"]}],
                },
                "sex": {"variable": "sex"},
            },
            "measures": {"n": {"kind": "count"}},
        }
        rows = [(one, sex, 50) for one in "abcd" for sex in "FM"]
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows, columns=["hospital", "sex", "n"]))
        merge = Merge("hospital", {"ab": ("a", "b"), "cd": ("c", "d")})
        (implied,) = coarsen(table, merge, rulebook).bound.contract.dimensions["hospital"].implies
        assert implied.categories == ["ab"]
        assert coarsen(table, Drop("hospital"), rulebook).bound.contract.scope == []


class TestStatistics:
    @pytest.fixture
    def rates(self):
        """Cases with a population column and a rate, by county and disease; the population is that of the county."""
        people = {"Alpha": 1000, "Beta": 3000, "Gamma": 4000, "Delta": 5000, "Epsilon": 6000, "Zeta": 8000}

        def make(**second):
            rows = [
                (county, label, people[county], (3 * number + len(label)) % 40)
                for number, county in enumerate(people)
                for label in ("one", "three")
            ]
            frame = pd.DataFrame(rows, columns=["county", "by", "population", "cases"])
            frame["rate"] = [f"{1000 * n / p:.1f}" for n, p in zip(frame.cases, frame.population, strict=True)]
            raw = {
                "release": "r",
                "title": "R",
                "dimensions": {
                    "county": {"variable": "residence_geography", "population": "population"},
                    "by": {"variable": "other", "groups": 2} | second,
                },
                "measures": {
                    "cases": {"kind": "count", "population": "population"},
                    "rate": {"kind": "rate", "numerator": "cases", "denominator": "population", "per": 1000},
                },
            }
            return bind(parse_contract(raw, "r"), frame)

        return make

    def test_rates_are_computed_anew(self, rates, rulebook):
        table = rates()
        found = coarsen(table, BY_REGION, rulebook).bound
        (row,) = found.frame[(found.frame.county == "North") & (found.frame["by"] == "one")].to_dict("records")
        cases = sum(cells(table)[county, "one"] for county in REGIONS["North"])
        assert (row["population"], row["cases"]) == (8000, cases)
        assert abs(Decimal(row["rate"]) - Decimal(1000 * cases) / 8000) <= Decimal("0.05")

    def test_a_population_that_a_dimension_does_not_divide_is_not_added_up(self, rates, rulebook):
        found = coarsen(rates(), Drop("by"), rulebook).bound.frame
        assert found.set_index("county").population["Alpha"] == 1000

    def test_rates_over_joined_periods_are_left_out(self, rates, rulebook):
        table = rates(variable="time", period="year", groups=None)
        found = coarsen(table, Merge("by", {"both": ("one", "three")}, "2 years"), rulebook)
        assert "person-years" in found.left_out["rate"]
        assert "rate" not in found.bound.frame.columns
        assert found.bound.frame.set_index("county").population["Alpha"] == 1000

    def test_percentages_of_counts_are_computed_anew_in_time_too(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {"year": {"variable": "time", "period": "year"}},
            "measures": {
                "tested": {"kind": "count"},
                "positive": {"kind": "count"},
                "percent": {"kind": "percent", "numerator": "positive", "denominator": "tested", "decimals": 1},
                "mean_age": {"kind": "mean", "individuals": "tested"},
            },
        }
        rows = [("2020", 100, 10, "10.0", 40.5), ("2021", 300, 50, "16.7", 41.5)]
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows, columns=["year", *raw["measures"]]))
        found = coarsen(table, Merge("year", {"2020-2021": ("2020", "2021")}, "2 years"), rulebook)
        assert found.bound.frame.to_dict("records") == [
            {"year": "2020-2021", "tested": 400, "positive": 60, "percent": "15.0"}
        ]
        assert set(found.left_out) == {"mean_age"}

    def test_amounts_are_added_up_and_events_too(self, rulebook):
        raw = {
            "release": "r",
            "title": "R",
            "dimensions": {"sex": {"variable": "sex"}, "age": {"variable": "age"}},
            "measures": {
                "patients": {"kind": "count"},
                "visits": {"kind": "count", "unit": "events", "individuals": "patients"},
                "paid": {"kind": "amount", "individuals": "patients"},
            },
        }
        rows = [
            ("F", "0-17", 5, 9, "10.5"),
            ("F", "18+", 6, 6, "1.25"),
            ("M", "0-17", 3, 4, ""),
            ("M", "18+", 2, 2, "7"),
        ]
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows, columns=["sex", "age", *raw["measures"]]))
        found = coarsen(table, Drop("age"), rulebook).bound.frame.set_index("sex")
        assert found.loc["F"].tolist() == [11, 15, 11.75]
        assert found.loc["M"].tolist()[:2] == [5, 6]
        assert pd.isna(found.paid["M"]), "a sum of which a part is missing"

    def test_a_population_by_several_dimensions_is_added_up_in_its_reference_table(self, rulebook):
        people = pd.DataFrame(
            [(county, sex, PEOPLE[county] // 2) for county in PEOPLE for sex in "FM"],
            columns=["county", "sex", "people"],
        )
        table = bound_table(
            ("county", "sex"), dimensions=without({"county": DIMENSIONS["county"]}, "county", "hierarchy")
        )
        frame = table.frame[table.frame.county.isin(PEOPLE) & table.frame.sex.isin(["F", "M"])]
        raw = table.contract.model_dump(mode="json", exclude_defaults=True)
        for declared in raw["dimensions"].values():
            declared.pop("total")
        population = {"table": "people", "key": ["county", "sex"], "value": "people"}
        raw["measures"]["cases"]["population"] = population
        table = bind(parse_contract(raw, "t"), frame, {"people": people})
        merged = coarsen(table, BY_REGION, rulebook).bound
        assert set(merged.denominators("cases")) == {
            sum(PEOPLE[one] // 2 for one in counties) for counties in REGIONS.values()
        }
        fewer = coarsen(merged, Drop("sex"), rulebook).bound
        assert fewer.denominators("cases").tolist() == [
            sum(PEOPLE[one] // 2 * 2 for one in counties) for counties in REGIONS.values()
        ]


WISHES = {
    "hide": [
        {"county": ["Zeta"], "sex": ["F", "M"]},
        {"county": ["North", "Beta"]},
        {"sex": ["All"], "age": AGES[:1]},
    ],
    "keep": [{"county": ["State"]}, {"county": ["Alpha"]}, {"age": ["All ages"]}],
}


class TestCellsToKeepAndToHide:
    def rewritten(self, change, rulebook, wishes=None, **contract):
        table = bound_table(suppression={key: list(map(dict, one)) for key, one in (wishes or WISHES).items()},
                            **contract)  # fmt: skip
        return coarsen(table, change, rulebook).bound.contract

    def test_are_those_that_a_merged_table_still_has(self, rulebook):
        found = self.rewritten(BY_REGION, rulebook).suppression
        assert found.hide == [{"county": ["North"]}, {"sex": ["All"], "age": ["0-4"]}]
        assert found.keep == [{"county": ["State"]}, {"age": ["All ages"]}]

    def test_are_those_of_the_total_where_a_dimension_goes(self, rulebook):
        found = self.rewritten(Drop("sex"), rulebook).suppression
        assert found.hide == [{"county": ["North", "Beta"]}, {"age": ["0-4"]}]
        assert found.keep == WISHES["keep"]
        assert self.rewritten(Drop("county"), rulebook).suppression.keep == [{"age": ["All ages"]}]

    def test_that_are_all_there_would_be_left_make_no_table(self, rulebook):
        with pytest.raises(NotPossibleError, match="hides everything"):
            self.rewritten(Drop("sex"), rulebook, {"hide": [{"sex": ["All"]}]})

    def test_nor_do_limits_name_what_is_gone(self, rulebook):
        limits = {"dimensions": {"sex": {"new_categories": 1}, "age": {"new_categories": 2}}}
        assert list(self.rewritten(Drop("sex"), rulebook, limits=limits).limits.dimensions) == ["age"]


class TestWhatCannotBeAddedUp:
    def test_categories_that_do_not_sum(self, rulebook):
        table = bound_table(
            ("sex", "year"), dimensions={"year": {"variable": "time", "period": "year", "additive": False}}
        )
        with pytest.raises(NotPossibleError, match="additive: false"):
            coarsen(table, Drop("year"), rulebook)
        options = options_for(table, (), rulebook)
        assert options.changes["year"] == ()
        assert any("year" in reason and "additive: false" in reason for reason in options.not_tried)

    def test_but_their_total_can_be_taken_where_the_table_carries_it(self, rulebook):
        inclusive = {"variable": "sex", "total": "All", "additive": False}
        table = bound_table(("county", "sex"), dimensions={"sex": inclusive})
        frame = table.frame.copy()
        frame.loc[frame.sex == "All", "cases"] -= 1  # someone is in both
        frame = frame[~frame.county.isin(["North", "South", "State"]) | (frame.sex == "All")]
        frame = frame[frame.cases >= 0]
        found = coarsen(bind(table.contract, frame), Drop("sex"), rulebook).bound
        assert cells(found)["Zeta"] == cells(bind(table.contract, frame))["Zeta", "All"]
        assert "sex" not in options_for(bind(table.contract, frame), (), rulebook).splittable

    def test_a_group_without_its_parts(self, rulebook):
        table = bound_table(("county", "sex"))
        frame = table.frame[~table.frame.county.isin(REGIONS["South"])]
        options = options_for(bind(table.contract, frame), (), rulebook)
        assert [change for change in options.changes["county"] if isinstance(change, Merge)] == []
        assert any("South" in reason for reason in options.not_tried)

    def test_one_dimension_is_always_left(self, rulebook):
        with pytest.raises(NotPossibleError):
            coarsen(bound_table(("sex",)), Drop("sex"), rulebook)


class TestLinkedTables:
    def test_only_categories_that_they_know_are_offered(self, rulebook):
        table, linked = bound_table(), bound_table(("county", "age"), release="other")
        offered = options_for(table, [linked], rulebook).changes
        assert [change.words for change in offered["county"]] == ["county by North, South", "without county"]
        assert [change.words for change in offered["age"]] == ["without age"]
        assert len(options_for(table, (), rulebook).changes["age"]) > 1
