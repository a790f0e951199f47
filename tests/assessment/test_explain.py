"""What would bring a score to the cut-off: every promise is kept when the change is made."""

from __future__ import annotations

import itertools
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.advice.changes import Drop, Merge
from ddg_pipeline.advice.coarsening import coarsen
from ddg_pipeline.advice.contracts import raw_contract
from ddg_pipeline.assessment import assess, explain
from ddg_pipeline.assessment.coarser_scores import CoarserScores
from ddg_pipeline.assessment.explain import Change
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
YEAR = {"variable": "time", "period": "year"}
COUNTIES = {"Alpine": 1_204, "Sierra": 3_200, "Mono": 13_000, "Yolo": 220_000, "Kern": 900_000, "Fresno": 1_010_000}
NORTH, SOUTH = ["Alpine", "Sierra", "Yolo"], ["Mono", "Kern", "Fresno"]
COUNTY = {"variable": "residence_geography", "population": COUNTIES}
REGIONS = {**COUNTY, "hierarchy": {"tree": {"North": NORTH, "South": SOUTH}}}
AGES = ("0-4", "5-9", "10-14", "15-17", "18-44", "45-64", "65+")
AGE = {"variable": "age"}
SEX = {"variable": "sex"}


@pytest.fixture
def explained(bound):
    def make(*arguments, rulebook=RULEBOOK, **keys):
        table = bound(*arguments, **keys)
        return explain(table, assess(table, rulebook), rulebook)

    return make


def made(table, change: Change):
    """Make one change to a table, by the code that `ddg advise` changes tables with."""
    if change.kind == "leave_out":
        return coarsen(table, Drop(change.column), RULEBOOK).bound
    if change.kind == "declare":
        raw = raw_contract(table.contract)
        raw["scope"] = [*raw.get("scope", []), YEAR]
        return bind(parse_contract(raw, table.place), table.frame, table.references, table.place)
    step = next(term for term in change.terms) if change.kind == "longer_period" else None
    assert change.members is not None
    period = None
    if step is not None:
        per = min(len(parts) for parts in change.members.values())
        period = "year" if per == 1 else f"{per} years"
    return coarsen(table, Merge(change.column, change.members, period), RULEBOOK).bound


def can_be_made(change: Change) -> bool:
    if change.kind in ("leave_out", "declare"):
        return change.needs != "records"
    return change.needs == "table" and change.members is not None


class TestASingleChange:
    def test_a_declared_level_is_named_with_its_smallest_area(self, explained):
        found = explained({"county": (REGIONS, COUNTIES)}, scope=[YEAR])
        (change,) = [one for one in found.changes if one.kind == "hierarchy"]
        assert change.words == "publish county by 2 groups (North, South)"
        assert change.then.startswith("the smallest, North, has 224,404 people")
        assert (change.terms[-1].before, change.terms[-1].after) != (None, None)
        (geography,) = [term for term in change.terms if term.variable == "residence_geography"]
        assert (geography.before, geography.after) == (7, 1)

    def test_age_bands_are_joined_to_the_widths_of_the_scoring_table(self, explained):
        found = explained({"age": (AGE, AGES), "county": (COUNTY, COUNTIES)}, scope=[YEAR])
        joined = [one for one in found.changes if one.column == "age" and one.kind == "join"]
        assert [term.after for one in joined for term in one.terms if term.variable == "age"] == [3, 2, 1]
        assert joined[1].words.startswith("join bands of age so that the narrowest is 11 years wide")

    def test_a_longer_period_joins_years_of_the_table(self, explained):
        years = {"variable": "time", "period": "year"}
        found = explained({"county": (COUNTY, COUNTIES), "year": (years, [str(y) for y in range(2015, 2020)])})
        (two, *_rest) = [one for one in found.changes if one.kind == "longer_period"]
        assert two.words == "publish 2 years of year together"
        assert two.members == {"2015 to 2017": ("2015", "2016", "2017"), "2018 to 2019": ("2018", "2019")}
        assert ("time", 0, -3) in [(term.variable, term.before, term.after) for term in two.terms]

    def test_five_years_of_a_table_of_three_need_further_records(self, explained):
        years = {"variable": "time", "period": "year"}
        found = explained({"county": (COUNTY, COUNTIES), "year": (years, ["2015", "2016", "2017"])})
        longer = [one for one in found.changes if one.kind == "longer_period"]
        assert [(one.needs, one.members) for one in longer] == [("records", None)]
        assert "further periods" in longer[0].words

    def test_one_variable_fewer_is_crossed(self, explained):
        found = explained({"county": (COUNTY, COUNTIES), "sex": (SEX, ["F", "M"]), "age": (AGE, AGES)},
                          scope=[YEAR], counts=(1, 0))  # fmt: skip
        (without,) = [one for one in found.changes if one.kind == "leave_out" and one.column == "sex"]
        assert {(term.variable, term.before, term.after) for term in without.terms} == {
            ("sex", 1, None), ("interactions", 2, 1)
        }  # fmt: skip
        assert without.saves == 2

    def test_what_is_left_of_an_age_that_is_left_out_still_scores(self, explained):
        ages = ["0-2", "3-5", "6-11", "12-17"]  # children only: leaving age out does not make them everyone
        found = explained({"county": (COUNTY, COUNTIES), "age": (AGE, ages)}, scope=[YEAR], counts=(1,))
        (without,) = [one for one in found.changes if one.kind == "leave_out" and one.column == "age"]
        after = {term.variable: term.after for term in without.terms}
        assert without.score >= 7 + 7 + 2 + 1
        assert after["age"] == 2
        assert "interactions" not in after

    def test_groups_of_another_variable_are_put_together_until_few_are_left(self, explained):
        declared = {"variable": "other", "groups": 12}
        found = explained({"disease": (declared, list("abcdefghij")), "county": (COUNTY, COUNTIES)}, scope=[YEAR])
        joined = [one for one in found.changes if one.column == "disease" and one.kind == "join"]
        assert [one.words for one in joined] == [
            "put groups of disease together until 9 or fewer are left",
            "put groups of disease together until 4 or fewer are left",
        ]

    def test_a_period_that_is_not_declared_can_be(self, explained):
        found = explained({"county": (COUNTY, COUNTIES)})
        (declared,) = [one for one in found.changes if one.kind == "declare"]
        assert (declared.needs, declared.words.startswith("declare under scope")) == ("declaration", True)
        assert declared.score == explained({"county": (COUNTY, COUNTIES)}, scope=[YEAR]).score
        assert declared.saves == 5
        assert [(term.variable, term.before, term.after) for term in declared.terms] == [("time", 5, 0)]
        (room,) = [room for room in found.terms if room.term.variable == "time"]
        assert [line.score for line in room.coarser] == [4, 3, 0, -3, -5]

    @pytest.mark.parametrize("how", ["scope", "column", "implied"])
    def test_a_period_that_is_declared_is_not_asked_for(self, explained, how):
        told = {"sex": (SEX, "FM")}
        if how == "column":
            told["year"] = ({"variable": "time"}, ["2023", "2024"])
        if how == "implied":
            told["study"] = ({"variable": "other", "implies": [{"variable": "time", "label": "2024"}]}, ["A", "B"])
        found = explained(told, scope=[YEAR] if how == "scope" else [])
        assert not [one for one in found.changes if one.kind == "declare"]

    def test_categories_that_do_not_sum_have_to_be_counted_anew(self, explained):
        race = {"variable": "race", "additive": False}
        found = explained({"race": (race, ["White", "Asian", "AIAN"]), "county": (COUNTY, COUNTIES)}, scope=[YEAR])
        (without,) = [one for one in found.changes if one.kind == "leave_out" and one.column == "race"]
        assert without.needs == "records"
        assert "counted anew" in without.then


class TestCombinations:
    def table(self, **counts):
        return (
            {"county": (REGIONS, COUNTIES), "age": (AGE, AGES), "group": ({"variable": "other"}, list("abcdefghij"))},
            {"scope": [YEAR], "counts": (1, *[0] * 89), **counts},
        )

    def test_are_looked_for_where_no_single_change_is_enough(self, explained):
        dimensions, keys = self.table()
        found = explained(dimensions, **keys)
        assert not any(change.reaches for change in found.changes)
        assert found.combinations
        assert {len(one.changes) for one in found.combinations} == {len(found.combinations[0].changes)}
        assert all(one.score <= found.cut_off for one in found.combinations)

    def test_none_is_stronger_than_another(self, explained):
        dimensions, keys = self.table()
        found = explained(dimensions, **keys)
        for one, other in itertools.permutations(found.combinations, 2):
            if {c.column for c in one.changes} == {c.column for c in other.changes}:
                assert any(a.score > b.score for a, b in zip(one.changes, other.changes, strict=True))

    def test_hold_only_changes_that_are_not_enough_by_themselves(self, explained):
        found = explained({"county": (REGIONS, COUNTIES), "sex": (SEX, ["F", "M"])}, scope=[YEAR], counts=(1, 0))
        assert any(change.reaches for change in found.changes)
        assert found.combinations
        for one in found.combinations:
            assert not any(change.reaches for change in one.changes)

    def test_there_is_none_of_one_column(self, explained):
        found = explained({"county": (REGIONS, COUNTIES)}, scope=[{"variable": "time", "period": "5 years"}])
        assert found.combinations == ()


class TestConclusion:
    def test_says_how_many_points_have_to_go(self, explained):
        found = explained({"county": (COUNTY, COUNTIES)}, scope=[YEAR])
        assert found.conclusion.startswith("The score is 14; to reach 12, 2 points have to go.")

    def test_a_high_risk_population_is_masked_whatever_the_score(self, explained):
        found = explained({"county": (COUNTY, COUNTIES)}, scope=[YEAR], high_risk=["homelessness"])
        assert found.conclusion.startswith("The table is masked whatever its score")
        assert "§5.6.2" in found.masked_whatever[0]

    def test_says_that_nothing_has_to_change(self, explained):
        found = explained({"county": (COUNTY, ["Kern", "Fresno"])}, counts=(50,), scope=[YEAR])
        assert found.conclusion.startswith("Nothing has to change")
        assert found.too_much <= 0

    def test_says_what_is_left_where_nothing_helps(self, explained):
        groups = {f"g{number}": 900 for number in range(3)}
        found = explained(
            {"group": ({"variable": "race", "population": groups, "additive": False}, groups)},
            counts=(1,),
            scope=[YEAR, {"variable": "residence_geography", "population": 900}, {"variable": "sex", "label": "F"}],
        )
        assert not any(change.needs == "table" for change in found.changes)
        assert found.lowest > found.cut_off
        assert "events add 7" in found.conclusion

    def test_linked_releases_have_to_reach_it_together(self, explained):
        found = explained({"county": (COUNTY, COUNTIES)}, scope=[YEAR], links=["another"])
        assert found.conclusion.endswith("Linked releases are masked together: all of them have to reach it.")


class TestTheResult:
    def test_every_term_is_told_with_what_its_table_has_below(self, explained):
        found = explained({"county": (COUNTY, COUNTIES), "age": (AGE, AGES)}, scope=[YEAR])
        by_variable = {room.term.variable: room for room in found.terms}
        assert [line.score for line in by_variable["age"].coarser] == [3, 2, 1]
        assert [line.score for line in by_variable["events"].coarser] == [5, 3, 2]
        for room in found.terms:
            assert all(line.score < room.term.score for line in room.coarser)

    def test_it_is_plain_json(self, explained):
        found = explained({"county": (REGIONS, COUNTIES), "age": (AGE, AGES)}, scope=[YEAR])
        plain = found.to_json_dict()
        assert json.loads(json.dumps(plain)) == plain

    def test_the_table_is_left_as_it_is(self, bound):
        table = bound({"county": (REGIONS, COUNTIES), "age": (AGE, AGES)}, scope=[YEAR])
        before = table.frame.copy()
        explain(table, assess(table, RULEBOOK), RULEBOOK)
        pd.testing.assert_frame_equal(table.frame, before)


def with_margins(frame, totals, counts):
    """Add the margins of a complete table, each the sum of its parts."""
    rows = frame
    for name, total in totals.items():
        others = [other for other in frame.columns if other not in (name, *counts)]
        sums = (
            rows.groupby(others, sort=False)[counts].sum().reset_index() if others else rows[counts].sum().to_frame().T
        )
        rows = pd.concat([rows, sums.assign(**{name: total})], ignore_index=True)
    return rows[frame.columns]


@st.composite
def tables(draw):
    """A complete additive table with two to four columns, some with margins or hierarchies, and any counts."""
    years = [str(year) for year in range(2015, 2015 + draw(st.integers(2, 11)))]
    county_population = draw(st.sampled_from(["mapping", "column"]))
    pool = {
        "county": (REGIONS if draw(st.booleans()) else COUNTY, list(COUNTIES)[: draw(st.integers(2, 6))]),
        "age": (AGE, AGES[draw(st.integers(0, 3)) :]),
        "sex": (SEX, ["F", "M"]),
        "year": (YEAR, years),
        "disease": ({"variable": "other", "groups": draw(st.integers(5, 12))}, list("abcde")),
        "plan": ({"variable": "insurance_coverage", "members": {"P": 900_000, "Q": 30_000, "R": 15_000}}, list("PQR")),
        "clinic": ({"variable": "service_geography", "population": {"X": 9_000, "Y": 300_000},
                    "residents_only": draw(st.booleans())}, ["X", "Y"]),
        "program": ({"variable": "means_tested_program", "enrollment": {"S": 12_000, "T": 5_500_000}}, ["S", "T"]),
        "school": ({"variable": "education", "population": {"k": 3_000_000, "l": 90_000, "m": 15_000}}, list("klm")),
    }  # fmt: skip
    names = draw(st.lists(st.sampled_from(sorted(pool)), min_size=2, max_size=3, unique=True))
    dimensions = {name: dict(pool[name][0]) for name in names}
    coordinates = list(itertools.product(*(pool[name][1] for name in names)))
    few = draw(st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 9, 12, 40, 150, 2_000]), min_size=1, max_size=9))
    cells = itertools.islice(itertools.cycle(few), len(coordinates))
    frame = pd.DataFrame(
        [(*one, cell) for one, cell in zip(coordinates, cells, strict=True)], columns=[*names, "cases"]
    )
    if "county" in names and county_population == "column":
        dimensions["county"]["population"] = "people"
    totals = {name: "All" for name in names if draw(st.booleans())}
    frame = with_margins(frame, totals, ["cases"])
    for name in totals:
        dimensions[name]["total"] = "All"
    if "county" in names and county_population == "column":
        people = frame["county"].map({**COUNTIES, "All": sum(COUNTIES.values())})
        if "year" in names:  # a population that grows
            grown = frame["year"].map({year: 1 + number / 50 for number, year in enumerate(years)}).fillna(1)
            people = (people * grown).astype(int)
        frame["people"] = people
    scope = [] if "year" in names or draw(st.booleans()) else [YEAR]
    if draw(st.booleans()):
        scope.append({"variable": "means_tested_program", "enrollment": draw(st.sampled_from([900_000, 14_000_000]))})
    raw = {
        "release": "example",
        "title": "An example",
        "scope": scope,
        "dimensions": dimensions,
        "measures": {"cases": {"kind": "count"}},
    }
    return bind(parse_contract(raw, "example.yaml"), frame, None, "example")


class TestPromises:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(table=tables())
    def test_a_table_that_is_changed_so_scores_that_or_less(self, table):
        assessment = assess(table, RULEBOOK)
        found = explain(table, assessment, RULEBOOK)
        for change in found.changes:
            assert change.score == assessment.score.total - change.saves < assessment.score.total
            if can_be_made(change):
                assert assess(made(table, change), RULEBOOK).score.total <= change.score, change
        for combination in found.combinations:
            if all(map(can_be_made, combination.changes)):
                changed = table
                for change in sorted(combination.changes, key=lambda one: one.kind == "leave_out"):
                    changed = made(changed, change)
                assert assess(changed, RULEBOOK).score.total <= combination.score, combination

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(table=tables())
    def test_a_table_without_changes_scores_as_it_was_assessed(self, table):
        assert CoarserScores(table, RULEBOOK).scores() == assess(table, RULEBOOK).tables
