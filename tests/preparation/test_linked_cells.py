"""Linked tables of which nobody can tell which cells count the same people."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.earlier_versions import EarlierVersion, refuse_disconnected
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.linked_cells import refuse_renamed, refuse_unrecognised, replaced_categories, unconnected
from ddg_pipeline.masking import mask
from ddg_pipeline.preparation import attack, prepare
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
OTHER = {"variable": "other", "groups": 3}
COUNTY = {"variable": "residence_geography", "population": 900}
SEX = {"variable": "sex", "total": "All"}
BY_COUNTY = {"North": (4, 5), "South": (40, 22), "West": (53, 64)}  # with measles: women, men
BY_CONDITION = {"North": (9, 60), "South": (62, 8), "West": (117, 44)}  # measles, mumps; some people have both


def table(release, rows, dimensions, **contract):
    declared = {"release": release, "title": release, "measures": {"cases": {"kind": "count"}}} | contract
    frame = pd.DataFrame(rows)
    own = {name: frame.columns[number] for number, name in enumerate(dimensions)}
    frame = frame.rename(columns={column: name for name, column in own.items()})
    return bind(parse_contract(declared | {"dimensions": dimensions}, release), frame)


def totalled(cells, total="All"):
    """Rows of two categories with all totals of the second one."""
    rows = [(a, b, n) for (a, b), n in cells.items()]
    rows += [(a, total, sum(n for one, _, n in rows if one == a)) for a in dict.fromkeys(a for a, _ in cells)]
    return rows


def by_sex(*constant, condition=None, **contract):
    cells = {(c, s): n for c, two in BY_COUNTY.items() for s, n in zip(("F", "M"), two, strict=True)}
    rows = [[c, s, *constant, n] for c, s, n in totalled(cells)]
    frame = pd.DataFrame(rows, columns=["county", "sex", *(["condition"] if constant else []), "cases"])
    dimensions = {"county": COUNTY, "sex": SEX}
    if constant:
        dimensions["condition"] = condition or OTHER
    return table("by_sex", frame, dimensions, links=["by_condition"], **contract)


def by_condition(total=None, name="condition", measure="cases", **contract):
    rows = [(c, d, n) for c, two in BY_CONDITION.items() for d, n in zip(("Measles", "Mumps"), two, strict=True)]
    if total is not None:
        rows += [(c, total, max(two) + 3) for c, two in BY_CONDITION.items()]
    declared = OTHER | {"additive": False} | ({"total": total} if total is not None else {})
    frame = pd.DataFrame(rows, columns=["county", name, measure])
    return table(
        "by_condition",
        frame,
        {"county": COUNTY, name: declared},
        measures={measure: {"kind": "count"}},
        links=["by_sex"],
        **contract,
    )


def refused(*tables):
    with pytest.raises(InputErrors) as refusal:
        prepare(tables, RULEBOOK)
    return str(refusal.value)


class TestAPartOfAnotherTable:
    """One condition, and a table by condition without a total: counties' totals are the same figures in both."""

    def test_is_refused_with_what_to_write(self):
        said = refused(by_sex(), by_condition())
        for part in ("by_sex and by_condition: links", "`condition`", "condition=Measles", "same in every row"):
            assert part in said

    def test_shows_no_figure(self):
        said = refused(by_sex(), by_condition())
        assert not any(character.isdigit() for character in said)

    def test_is_refused_whichever_comes_first(self):
        assert "condition=Measles" in refused(by_condition(), by_sex())

    def test_names_no_category_where_none_fits(self):
        tables = [by_sex(), by_condition()]
        frame = tables[1].original.assign(cases=tables[1].original["cases"] + 9)
        said = refused(tables[0], bind(tables[1].contract, frame))
        assert "Measles" not in said

    def test_is_masked_where_a_column_says_which_part(self):
        one, two = prepare([by_sex("Measles"), by_condition()], RULEBOOK)
        shared = [
            frame.masked.frame.query(rows)["cases"]
            for frame, rows in ((one, "sex == 'All'"), (two, "condition == 'Measles'"))
        ]
        assert list(shared[0] == "") == list(shared[1] == "")
        assert (shared[0] == "").any()

    def test_is_not_attacked_either(self):
        tables = [by_sex(), by_condition()]
        prepared = [
            prepare([replace(one, contract=one.contract.model_copy(update={"links": []}))], RULEBOOK)[0]
            for one in tables
        ]
        with pytest.raises(InputErrors, match="condition=Measles"):
            attack(tables, [one.masked.frame for one in prepared], RULEBOOK, reasons_shown=True)

    def test_of_all_with_a_total_is_everybody(self):
        rows = [
            (c, s, n)
            for c, two in BY_CONDITION.items()
            for s, n in (("F", 9), ("M", max(two) - 6), ("All", max(two) + 3))
        ]
        everybody = table(
            "by_sex",
            pd.DataFrame(rows, columns=["county", "sex", "cases"]),
            {"county": COUNTY, "sex": SEX},
        )
        prepare([everybody, by_condition("Anybody")], RULEBOOK)

    def test_with_figures_of_its_own_is_told_to_say_so_not_to_remove_the_link(self):
        rows = [
            (c, d, n)
            for c, two in BY_CONDITION.items()
            for d, n in (("Measles", two[0]), ("Mumps", two[1]), ("Any", sum(two)))
        ]
        added_up = table(
            "by_condition",
            pd.DataFrame(rows, columns=["county", "condition", "cases"]),
            {"county": COUNTY, "condition": OTHER | {"total": "Any"}},
        )
        said = refused(by_sex(), added_up)
        assert "another count than in the linked table" in said
        assert "the category of that part in every row" in said
        assert "remove" not in said


class TestCategories:
    def axes(self, *labels, total=None, variable=OTHER, **declared):
        dimension = variable | declared | ({"total": total} if total else {})
        rows = pd.DataFrame([(label, 20) for label in (*labels, *([total] if total else []))], columns=["d", "cases"])
        return table("t", rows, {"d": dimension}).axes

    def test_that_are_called_otherwise(self):
        (found,) = unconnected(self.axes("Butte", "Yolo", total="All"), self.axes("BUTTE", "YOLO", total="All"))
        assert found.categories == (("Butte", "Yolo"), ("BUTTE", "YOLO"))

    def test_that_only_one_has(self):
        assert not unconnected(self.axes("Butte", "Yolo"), self.axes("Butte"))

    def test_that_add_up_to_those_of_the_other(self):
        finer = self.axes("0-17", "18-64", "65+", hierarchy={"tree": {"18+": ["18-64", "65+"]}})
        assert not unconnected(self.axes("0-17", "18+"), finer)
        (found,) = unconnected(self.axes("0-17", "18+"), self.axes("0-17", "18-64", "65+"))
        assert found.categories == (("18+",), ("18-64", "65+"))

    def test_that_a_third_table_has_side_by_side(self):
        measles, mumps = self.axes("Measles"), self.axes("Mumps")
        assert unconnected(measles, mumps)
        assert not unconnected(measles, mumps, [self.axes("Measles", "Mumps", "Rubella", additive=False)])
        assert unconnected(measles, mumps, [self.axes("Measles", "Rubella")])

    def test_of_which_one_is_the_total_of_the_other(self):
        (found,) = unconnected(self.axes("All"), self.axes("Measles", "Mumps", total="All"))
        assert found.only_total == 0

    @pytest.mark.parametrize(
        ("first", "second", "apart"),
        [
            (["2023"], ["2024"], True),
            (["2023", "2024"], ["2025", "2026"], True),
            (["2024"], ["2024-01", "2024-02"], False),
            (["2024"], ["2023", "2024", "2025"], True),
            (["2024"], ["last year"], False),
        ],
    )
    def test_of_time(self, first, second, apart):
        time = {"variable": "time"}
        found = unconnected(self.axes(*first, variable=time), self.axes(*second, variable=time))
        assert (not found) == apart

    def test_of_other_periods_make_the_rest_matter_no_more(self):
        time = {"variable": "time"}
        earlier = self.axes("2023", variable=time) | {"c": self.axes("Butte")["d"]}
        later = self.axes("2024", variable=time) | {"c": self.axes("BUTTE")["d"]}
        assert not unconnected(earlier, later)

    def test_of_other_periods_with_a_sum_in_common_matter(self):
        time = {"variable": "time"}
        earlier = self.axes("2023", total="2023-2024", variable=time) | {"c": self.axes("Butte")["d"]}
        later = self.axes("2024", total="2023-2024", variable=time) | {"c": self.axes("BUTTE")["d"]}
        assert [found.dimension for found in unconnected(earlier, later)] == ["c"]

    def test_replaced(self):
        one, two = self.axes("a", "b")["d"], self.axes("b", "c")["d"]
        assert replaced_categories(one, two) == (["a"], ["c"])

    def test_are_not_compared_where_tables_count_different_things(self):
        axes = [self.axes("Butte"), self.axes("BUTTE")]
        refuse_unrecognised(["one", "two"], axes, [["cases"], ["deaths"]])
        with pytest.raises(InputErrors, match="one and two: links"):
            refuse_unrecognised(["one", "two"], axes, [["cases", "deaths"], ["deaths"]])


class TestOtherNames:
    def test_of_a_count(self):
        with pytest.raises(InputErrors, match="`cases` in by_sex and as `people` in by_condition"):
            refuse_renamed([by_sex("Measles"), by_condition(measure="people")])

    def test_of_a_column(self):
        place = by_condition().contract.dimensions["county"]
        one, two = by_sex("Measles"), by_condition()
        dimensions = {"place": place, "condition": two.contract.dimensions["condition"]}
        renamed = bind(
            two.contract.model_copy(update={"dimensions": dimensions}), two.original.rename(columns={"county": "place"})
        )
        single = renamed.original.query("condition == 'Measles'").reset_index(drop=True)
        with pytest.raises(InputErrors, match="by `county` in by_sex and by `place` in by_condition"):
            refuse_renamed([one, bind(renamed.contract, single)])
        called = single.assign(place=single["place"].str.upper())
        with pytest.raises(InputErrors, match="by `county` in by_sex and by `place` in by_condition"):
            refuse_renamed([one, bind(renamed.contract, called)])

    def test_are_other_things_where_the_figures_are_others(self):
        two = by_condition(measure="people")
        frame = two.original.assign(people=two.original["people"] + np.arange(1, len(two.original) + 1))
        refuse_renamed([by_sex("Measles"), bind(two.contract, frame)])


class TestWhatIsPublicAlready:
    """Tables that were released before speak of the same people, too."""

    def version(self, bound):
        published = bound.original.astype(str)
        return EarlierVersion("by_condition version 1", bound, published, reasons_shown=True, masked=True)

    def test_is_refused_where_a_new_table_is_a_part_of_it(self):
        with pytest.raises(RefusedError, match=r"by_condition version 1 is public.*no such column"):
            refuse_disconnected(by_sex(), self.version(by_condition()), other_dimensions=True)

    def test_is_fine_where_a_column_says_which_part(self):
        refuse_disconnected(by_sex("Measles"), self.version(by_condition()), other_dimensions=True)


class TestATotalThatIsNoSum:
    """At least the largest of its categories, at most their sum: in North it is known although it is hidden."""

    def tables(self, **keep):
        by_sex = [("North", "F", 11), ("North", "M", 1), ("South", "F", 0), ("South", "M", 11)]
        rows = [[*row] for row in totalled({(c, s): n for c, s, n in by_sex})]
        conditions = [("North", 0, 12, 12), ("South", 11, 11, 11)]
        names = ("Measles", "Mumps", "Any")
        by_condition = [(c, d, n) for c, *cells in conditions for d, n in zip(names, cells, strict=True)]
        dimensions = {"county": COUNTY, "condition": OTHER | {"additive": False, "total": "Any"}}
        return [
            table("by_sex", pd.DataFrame(rows, columns=["county", "sex", "cases"]), {"county": COUNTY, "sex": SEX}),
            table(
                "by_condition", pd.DataFrame(by_condition, columns=["county", "condition", "cases"]), dimensions, **keep
            ),
        ]

    def test_is_hidden_with_the_category_that_tells_it(self):
        by_sex, by_condition = (one.masked.frame for one in prepare(self.tables(), RULEBOOK))
        women = by_sex.query("county == 'North' and sex == 'F'")["cases"].item()
        total = by_sex.query("county == 'North' and sex == 'All'")["cases"].item()
        mumps = by_condition.query("county == 'North' and condition == 'Mumps'")["cases"].item()
        assert by_sex.query("county == 'North' and sex == 'M'")["cases"].item() == ""
        assert women == "" or (total == "" and mumps == "")

    def test_may_not_be_told_by_what_is_kept_open(self):
        keep = [{"county": ["North"], "condition": ["Mumps"]}]
        tables = self.tables(suppression={"keep": keep})
        tables[0] = bind(
            tables[0].contract.model_copy(
                update={"suppression": tables[0].contract.suppression.model_copy(update={"keep": [{"sex": ["F"]}]})}
            ),
            tables[0].original,
        )
        with pytest.raises(RefusedError, match="county=North, condition=Mumps"):
            prepare(tables, RULEBOOK)
        with pytest.raises(RefusedError, match="county=North, condition=Mumps"):
            attack(tables, [one.frame for one in mask(tables, RULEBOOK)], RULEBOOK, reasons_shown=False)


# -- integer programs as the oracle --------------------------------------------------------------------------------

COUNTIES, SEXES, HAS = ("North", "South"), ("F", "M"), ("Measles", "Mumps", "both")
PEOPLE = list(itertools.product(COUNTIES, SEXES, HAS))
counts = st.one_of(st.integers(0, 3), st.integers(0, 30))


def counted(people, *, county, sex="All", condition=None):
    """Which kinds of people a row counts."""
    has = {None: HAS, "Measles": ("Measles", "both"), "Mumps": ("Mumps", "both"), "Any": HAS}[condition]
    return np.array([c == county and sex in (s, "All") and h in has for c, s, h in people])


def tabulated(people, release, condition, conditions):
    """A table by county with some other dimensions, and which people each row counts."""
    rows, who = [], []
    for county in COUNTIES:
        for sex in (*SEXES, "All") if release == "by_sex" else ("All",):
            for one in conditions:
                mask = counted(PEOPLE, county=county, sex=sex, condition=one or condition)
                rows.append(
                    [county, *([sex] if release == "by_sex" else []), *([one] if one else []), int(people @ mask)]
                )
                who.append(mask)
    dimensions = {"county": COUNTY}
    if release == "by_sex":
        dimensions["sex"] = SEX
    if conditions != (None,):
        total = {"total": "Any"} if "Any" in conditions else {}
        dimensions["condition"] = OTHER | total | ({"additive": False} if len(conditions) > 1 else {})
    frame = pd.DataFrame(rows, columns=[*dimensions, "cases"])
    return table(release, frame, dimensions, links=["by_condition" if release == "by_sex" else "by_sex"]), who


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(
    people=st.lists(counts, min_size=len(PEOPLE), max_size=len(PEOPLE)),
    part=st.sampled_from([("Measles", (None,)), ("Measles", ("Measles",)), (None, (None,)), (None, ("Mumps",))]),
    conditions=st.sampled_from([("Measles", "Mumps"), ("Measles", "Mumps", "Any"), ("Mumps",), ("Measles",)]),
)
def test_what_is_not_refused_tells_no_small_count(people, part, conditions):
    people = np.array(people)
    condition, own = part
    tables, who = zip(
        tabulated(people, "by_sex", condition, own), tabulated(people, "by_condition", None, conditions), strict=True
    )
    try:
        prepared = prepare(list(tables), RULEBOOK)
        frames = [one.masked.frame for one in prepared]
        attack(
            tables, frames, RULEBOOK, reasons_shown=prepared[0].masked.reasons_shown, masked=prepared[0].masked.masked
        )
    except (InputErrors, RefusedError):
        return
    if prepared[0].assessment.decision != "mask":
        return
    shown, values, small = [], [], []
    for bound, masks, one in zip(tables, who, prepared, strict=True):
        for row, people_of_row in enumerate(masks):
            value, text = int(bound.frame["cases"].iloc[row]), one.masked.frame["cases"].iloc[row]
            if text == "":
                small += [people_of_row] if 0 < value < 11 else []
            else:
                shown.append(people_of_row)
                values.append(value)
    rows = LinearConstraint(np.array(shown, dtype=float), values, values) if shown else ()
    for people_of_row in small:
        ends = [
            milp(
                sign * people_of_row.astype(float),
                integrality=np.ones(len(people_of_row)),
                bounds=Bounds(0, 200),
                constraints=rows,
            )
            for sign in (1, -1)
        ]
        assert all(end.success for end in ends)
        assert -ends[1].fun - ends[0].fun >= 2, "a small count can be calculated"
