"""Counts that no row holds, but that readers can calculate: they are cells, too."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.assessment.derived import derived_counts

AREA = {"variable": "residence_geography"}
AGE = {"variable": "age", "additive": False}
SEX = {"variable": "sex"}
SCOPE = [{"variable": "residence_geography", "label": "California"}, {"variable": "time", "period": "year"}]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def small(bound):
    """Give the coordinates of small derived counts."""

    def make(dimensions, rows, **keys):
        (found,) = derived_counts(bound(dimensions, rows=rows, **keys))
        return sorted(
            found.coordinates_between(1, 10, overlapping=False) + found.coordinates_between(1, 10, overlapping=True)
        )

    return make


class TestRemainders:
    ROWS = (("California", 2_504), ("Fresno", 1_000), ("Kern", 1_501))

    def test_are_named_by_coordinate(self, small):
        assert small({"county": (AREA | {"total": "California"}, [])}, self.ROWS) == [
            "county=California beyond its parts"
        ]

    def test_answer_step_2_and_take_the_events_term(self, assessed):
        county = AREA | {"total": "California"}
        found = assessed({"county": (county, [])}, rows=self.ROWS, scope=SCOPE[1:])
        assert (found.counts.small_cells, found.counts.small_derived) == (0, 1)
        assert found.steps[1].result == "yes"
        assert "1 more such count in no row can be calculated by subtraction" in found.steps[1].summary
        terms = {term.variable: term.score for term in found.score.terms}
        assert (terms["events"], terms["interactions"]) == (7, -3)

    def test_are_told_to_nobody_who_may_not_see_the_table(self, assessed):
        found = assessed({"county": (AREA | {"total": "California"}, [])}, rows=self.ROWS, scope=SCOPE[1:])
        (note,) = [note for note in found.notes if "beyond its parts" in note.text]
        assert note.rests_on_counts
        assert "county=California beyond its parts" in note.text

    def test_force_masking_of_a_high_risk_population(self, assessed):
        county = AREA | {"total": "California"}
        found = assessed({"county": (county, [])}, rows=self.ROWS, scope=SCOPE[1:], high_risk=["homelessness"])
        assert found.decision == "mask"
        assert found.forced_by == ("homelessness",)

    def test_of_two_dimensions_at_once(self, small):
        """7 people of no county and no sex, in no remainder of one dimension that is small."""
        county, sex = AREA | {"total": "All"}, SEX | {"total": "Both"}
        cells = {("Fresno", "Male"): 100, ("Fresno", "Female"): 100, ("Fresno", "Both"): 220}
        cells |= {("All", "Male"): 150, ("All", "Female"): 160, ("All", "Both"): 220 + 117}
        rows = [(*key, count) for key, count in cells.items()]
        # of no county: 50 men, 60 women, 117 together; of no sex: 20 in Fresno, 27 in all
        assert small({"county": (county, []), "sex": (sex, [])}, rows) == [
            "(county=All beyond its parts, sex=Both beyond its parts)"
        ]

    def test_are_not_looked_for_where_a_part_has_no_figure(self, small):
        rows = [("California", 2_504), ("Fresno", 1_000), ("Kern", 1_501), ("Kings", None)]
        assert small({"county": (AREA | {"total": "California"}, [])}, rows) == []

    @QUICK
    @given(st.lists(st.integers(0, 30), min_size=6, max_size=6), st.integers(0, 12), st.integers(0, 12))
    def test_are_what_subtraction_gives(self, small, cells, left, further):
        """Brute force: people of no county in the table, men and women, at every combination."""
        labels = list(itertools.product(("A", "B"), ("Male", "Female", "Both")))
        rows = [(*label, count) for label, count in zip(labels, cells, strict=True)]
        by_sex = {sex: sum(row[2] for row in rows if row[1] == sex) for sex in ("Male", "Female", "Both")}
        rest = {"Male": left, "Female": further, "Both": left + further}
        rows += [("All", sex, by_sex[sex] + rest[sex]) for sex in rest]
        found = small({"county": (AREA | {"total": "All"}, []), "sex": (SEX | {"total": "Both"}, [])}, rows)
        expected = [f"(county=All beyond its parts, sex={sex})" for sex, count in rest.items() if 1 <= count <= 10]
        for area in ("A", "B", "All"):
            men, women, both = (row[2] for row in rows if row[0] == area)
            if 1 <= both - men - women <= 10:
                expected.append(f"(county={area}, sex=Both beyond its parts)")
        assert found == sorted(expected)


class TestScores:
    @QUICK
    @given(st.lists(st.integers(1, 2_000), min_size=2, max_size=2), st.integers(0, 30), st.booleans())
    def test_people_beyond_the_parts_never_score_lower(self, assessed, cells, beyond, crossed):
        """As if they were a part of their own."""
        county, sex = AREA | {"total": "All", "population": 900_000}, ({"variable": "sex"}, [])

        def score(rest):
            rows = [("A", cells[0]), ("B", cells[1]), ("All", sum(cells) + rest)]
            if not crossed:
                return assessed({"county": (county, [])}, rows=rows, scope=SCOPE[1:])
            rows = [(area, label, count) for area, count in rows for label in ("Male", "Female")]
            return assessed({"county": (county, []), "sex": sex}, rows=rows, scope=SCOPE[1:])

        none, some = score(0), score(beyond)
        assert some.score.total >= none.score.total
        assert some.counts.small_derived == (2 if crossed else 1) * (1 <= beyond <= 10)


class TestOverlappingCategories:
    def test_one_inside_another(self, small, assessed):
        rows = [("Under 35", 500), ("Under 36", 504)]
        assert small({"age": (AGE, [])}, rows) == ["age=Under 36 less Under 35"]
        found = assessed({"age": (AGE, [])}, rows=rows, scope=SCOPE)
        assert (found.counts.small_cells, found.counts.small_derived, found.steps[1].result) == (0, 1, "yes")
        assert any("age=Under 36 less Under 35" in note.text and note.rests_on_counts for note in found.notes)

    def test_at_the_same_coordinate_of_the_others(self, small):
        rows = [("0-17", "Male", 90), ("0-19", "Male", 99), ("0-17", "Female", 95), ("0-19", "Female", 150)]
        assert small({"age": (AGE, []), "sex": (SEX, [])}, rows) == ["(age=0-19 less 0-17, sex=Male)"]

    def test_without_an_end_in_common(self, small):
        assert small({"age": (AGE, [])}, [("18-64", 100), ("0-99", 106)]) == ["age=0-99 less 18-64"]

    def test_several_from_one(self, small):
        rows = [("0-4", 100), ("5-11", 200), ("0-17", 309)]
        assert small({"age": (AGE, [])}, rows) == ["age=0-17 less 0-4 and 5-11"]

    @pytest.mark.parametrize("count", [489, 500, 511])
    def test_that_differ_by_none_or_many_tell_nothing_small(self, small, count):
        assert small({"age": (AGE, [])}, [("Under 35", 500), ("Under 36", count)]) == []

    def test_rolling_years_hold_none_inside_another(self, small):
        year = {"variable": "time", "additive": False}
        assert small({"year": (year, [])}, [("2019-2021", 500), ("2020-2022", 505)]) == []
        assert small({"year": (year, [])}, [("2019-2021", 500), ("2018-2022", 505)]) == [
            "year=2018-2022 less 2019-2021"
        ]

    def test_people_may_be_in_two_years_so_years_are_not_put_end_to_end(self, small):
        year = {"variable": "time", "additive": False}
        rows = [("2019", 300), ("2020", 300), ("2018-2020", 605)]
        assert small({"year": (year, [])}, rows) == []

    @QUICK
    @given(
        st.lists(st.integers(0, 15), min_size=6, max_size=6),
        st.lists(st.tuples(st.integers(0, 5), st.integers(1, 6)).filter(lambda pair: pair[0] < pair[1]), min_size=2,
                 max_size=6, unique=True),
    )  # fmt: skip
    def test_a_small_difference_of_two_that_share_an_end_is_never_missed(self, bound, people, bands):
        """Counts of six ages, bands over them: where one less another leaves 1 to 10, some small cell is found."""
        rows = [(f"{a}-{b - 1}", sum(people[a:b])) for a, b in bands]
        (found,) = derived_counts(bound({"age": (AGE, [])}, rows=rows))
        small = found.number_between(1, 10) + sum(1 <= count <= 10 for _, count in rows)
        for (a, b), (c, d) in itertools.permutations(bands, 2):
            if a <= c and d <= b and (a == c or b == d) and 1 <= sum(people[a:c]) + sum(people[d:b]) <= 10:
                assert small
