"""Every line of every scoring table, at both edges of every band and just beside them, in both editions."""

import pytest
from guideline import tables
from guideline.product import assess_shown, assess_table, column, terms_of
from guideline.scorer import Shown, interactions, of_variable, score

YEAR = Shown("year", "time", period="year")

BY_PEOPLE = [
    pytest.param(
        edition,
        variable,
        people,
        id=f"{edition}-{variable}-{people}",
        # one variable of each table at every edge; the others that are scored by the same lines take long
        marks=[pytest.mark.thorough] if number else [],
    )
    for edition in tables.EDITIONS
    for table in tables.BY_PEOPLE[edition]
    for number, variable in enumerate(table.variables)
    for people in table.edges
]


def by_edition(table_of):
    return [(edition, number) for edition in tables.EDITIONS for number in table_of[edition].edges]


class TestTheListItself:
    """A slip of the pen here would be a slip in every test below."""

    ALL = (
        tables.EVENTS_TABLE, tables.YEARS, tables.GROUPS, tables.ONLY, *tables.AGE.values(), *tables.FURTHER.values(),
        *(table for edition in tables.EDITIONS for table in tables.BY_PEOPLE[edition]),
    )  # fmt: skip

    @pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
    def test_bands_neither_overlap_nor_leave_gaps(self, table):
        for band, after in zip(table.bands, table.bands[1:], strict=False):
            assert after.first == band.last + 1
        assert table.bands[-1].last is None
        assert [band.last is None for band in table.bands[:-1]].count(True) == 0

    @pytest.mark.parametrize("table", [table for table in ALL if table.name != "further"], ids=lambda table: table.name)
    def test_more_people_never_score_higher(self, table):
        scores = [band.score for band in table.bands]
        assert scores == sorted(scores, reverse=table is not tables.GROUPS)


class TestEvents:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("smallest", [number for number in tables.EVENTS_TABLE.edges if number > 0])
    def test_by_the_smallest_cell(self, edition, smallest):
        assessment = assess_shown(edition, [YEAR], counts=(10**7, smallest))
        expected = tables.EVENTS_TABLE.score(smallest)
        assert terms_of(assessment)["events"] == expected
        assert assessment.score.total == expected + interactions(edition, 0, smallest)

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("smallest", [1, 11, 100, 1_000])
    def test_a_zero_is_a_non_event(self, edition, smallest):
        assessment = assess_shown(edition, [YEAR, Shown("sex", "sex", labels=("Male", "Female"))], (0, 10**7, smallest))
        assert terms_of(assessment)["events"] == tables.EVENTS_TABLE.score(smallest)


class TestByNumberOfPeople:
    @pytest.mark.parametrize(("edition", "variable", "people"), BY_PEOPLE)
    def test_term_and_total(self, edition, variable, people):
        shown = Shown("it", variable, people=people)
        assessment = assess_shown(edition, [shown, YEAR])
        expected = score(edition, [shown, YEAR], smallest=1)
        assert terms_of(assessment)["it"] == of_variable(edition, shown)
        assert assessment.score.total == expected.total

    @pytest.mark.parametrize("people", tables.GENERAL_TABLE.edges)
    def test_detailed_languages_start_at_two(self, people):
        shown = Shown("it", "language", people=people, labels=("English", "Tongue B"))
        assert terms_of(assess_shown("2.0", [shown, YEAR]))["it"] == max(2, tables.GENERAL_TABLE.score(people))

    @pytest.mark.parametrize("variable", ["sexual_orientation", "gender_identity", "intersex"])
    @pytest.mark.parametrize("people", tables.GENERAL_TABLE.edges)
    def test_finer_than_listed_never_scores_below_the_highest_listed(self, variable, people):
        """Finer than listed takes the highest score listed; where the general table fits too, the higher holds."""
        shown = Shown("it", variable, people=people, labels=("Group A", "Group B"))
        got = terms_of(assess_shown("2.0", [shown, YEAR]))["it"]
        listed = max(points for name, _, points in tables.LABELS["2.0"] if name == variable)
        if variable == "gender_identity":  # "more detail" has a line of its own
            assert got in (listed, max(listed, tables.GENERAL_TABLE.score(people)))
        else:
            assert got == max(listed, tables.GENERAL_TABLE.score(people))

    @pytest.mark.parametrize("variable", ["residence_geography", "service_geography"])
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_the_state(self, edition, variable):
        shown = Shown("state", variable, people=39_538_223)
        assert terms_of(assess_shown(edition, [shown, YEAR]))["state"] == -5


class TestAge:
    @pytest.mark.parametrize(
        ("edition", "years"), [(edition, years) for edition, years in by_edition(tables.AGE) if years > 0]
    )
    def test_width_of_the_narrowest_band(self, edition, years):
        shown = Shown("age", "age", years=years)
        assessment = assess_shown(edition, [shown, YEAR])
        assert terms_of(assessment)["age"] == tables.AGE[edition].score(years)
        assert assessment.score.total == score(edition, [shown, YEAR], 1).total

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("from_age", [65, 69, 70, 71, 80, 85, 88, 89, 90])
    def test_an_open_band_ends_at_99(self, edition, from_age):
        got = assess_table(edition, {"age": ({"variable": "age"}, ["0-44", f"{from_age}+"])})
        assert terms_of(got)["age"] == tables.AGE[edition].score(tables.OPEN_AGE_BAND_ENDS_AT - from_age + 1)

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("labels", [["0", "1-44"], ["<1", "1-44"], ["Under 1 year", "1-44 years"], ["17", "18-64"]])
    def test_single_years(self, edition, labels):
        assert terms_of(assess_table(edition, {"age": ({"variable": "age"}, labels)}))["age"] == 7


class TestTime:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize(
        ("period", "points"),
        [
            *tables.TIME_WITHIN_A_YEAR.items(),
            ("year", 0),
            *((f"{years} years", tables.YEARS.score(years)) for years in tables.YEARS.edges if years > 1),
            ("10 years", -5),
        ],
    )
    def test_by_the_period(self, edition, period, points):
        shown = Shown("when", "time", period=period)
        assessment = assess_shown(edition, [shown])
        assert terms_of(assessment)["when"] == points
        assert assessment.score.total == 7 + points + 0

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("period", ["month", "half-year", "year", "5 years"])
    def test_as_what_holds_for_the_whole_table(self, edition, period):
        sex = Shown("sex", "sex", labels=("Male", "Female"))
        assessment = assess_shown(edition, [sex], scope=[{"variable": "time", "period": period}])
        assert assessment.score.total == score(edition, [sex, Shown("t", "time", period=period)], 1).total


class TestLabels:
    @pytest.mark.parametrize(
        ("edition", "variable", "labels", "points"),
        [(edition, *line) for edition in tables.EDITIONS for line in tables.LABELS[edition]],
    )
    def test_term_and_total(self, edition, variable, labels, points):
        assessment = assess_table(edition, {"it": ({"variable": variable}, list(labels)), "year": column(YEAR)})
        assert terms_of(assessment)["it"] == points
        assert assessment.score.total == 7 + points + 0 + 1

    def test_finer_immigration_status_is_a_high_risk_population(self):
        labels = ["Citizen", "Naturalized", "Group A", "Group B"]
        assessment = assess_table("2.0", {"it": ({"variable": "immigration_status"}, labels), "year": column(YEAR)})
        assert assessment.forced_by == ("non_citizens",)
        assert terms_of(assessment)["it"] == 1

    def test_detailed_race_beside_broad_groups_takes_the_riskier(self):
        for people, points in ((100_000, 5), (12_000_000, 2)):
            shown = Shown("it", "race", people=people, labels=("White", "Group B"))
            assert terms_of(assess_shown("2.0", [shown, YEAR]))["it"] == points

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_inclusive_race_needs_no_extra_score(self, edition):
        labels = ["White", "Asian", "Black", "AIAN"]
        exclusive = assess_table(edition, {"race": ({"variable": "race"}, labels)})
        inclusive = assess_table(edition, {"race": ({"variable": "race", "additive": False}, labels)})
        assert terms_of(inclusive) == terms_of(exclusive)


class TestOther:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("groups", [number for number in tables.GROUPS.edges if number > 0])
    def test_by_the_number_of_groups_and_marked_for_the_expert(self, edition, groups):
        labels = [f"Kind {number}" for number in range(groups)]
        assessment = assess_table(edition, {"it": ({"variable": "other"}, labels), "year": column(YEAR)})
        assert terms_of(assessment)["it"] == tables.GROUPS.score(groups)
        assert assessment.score.total == 7 + tables.GROUPS.score(groups) + 0 + 1
        assert any("expert" in note.text and "it" in note.field for note in assessment.notes)

    @pytest.mark.parametrize("variable", tables.WITHOUT_TABLE["1.0"])
    @pytest.mark.parametrize("groups", [4, 5, 9, 10])
    def test_a_variable_without_a_table_is_an_other_variable(self, variable, groups):
        labels = [f"Kind {number}" for number in range(groups)]
        key = {"insurance_coverage": "members", "means_tested_program": "enrollment", "expected_payer": "enrollment"}
        declared = {"variable": variable} | ({key[variable]: 500_000} if variable in key else {})
        assessment = assess_table("1.0", {"it": (declared, labels), "year": column(YEAR)})
        assert terms_of(assessment)["it"] == tables.GROUPS.score(groups)
        assert assessment.score.total == 7 + tables.GROUPS.score(groups) + 0 + 1
        assert any("expert" in note.text and "it" in note.field for note in assessment.notes)


class TestServiceAddresses:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("kind", ["street", "rural", "frontier", "hospital"])
    @pytest.mark.parametrize("label", ["95814", "12 Main Street"])
    def test_by_where_it_lies(self, edition, kind, label):
        declared = {"variable": "service_geography", "population": 60_000, "address": kind}
        assessment = assess_table(edition, {"clinic": (declared, [label]), "year": column(YEAR)})
        assert terms_of(assessment)["clinic"] == tables.ADDRESS[edition][kind]
        assert assessment.score.total == 7 + tables.ADDRESS[edition][kind] + 0 + 0

    def test_the_riskiest_of_several_decides(self):
        labels = ["1 Main Street", "2 Main Street", "3 Main Street"]
        kinds = dict(zip(labels, ("street", "rural", "hospital"), strict=True))
        declared = {"variable": "service_geography", "population": 60_000, "address": kinds}
        assert terms_of(assess_table("2.0", {"clinic": (declared, labels)}))["clinic"] == 5

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("people", [4_000, 15_000, 30_000, 1_500_000])
    def test_services_for_residents_only_are_scored_as_residence(self, edition, people):
        declared = {"variable": "service_geography", "population": {"Area A": people}, "residents_only": True}
        assessment = assess_table(edition, {"clinic": (declared, ["Area A"]), "year": column(YEAR)})
        assert terms_of(assessment)["clinic"] == tables.RESIDENCE[edition].score(people)


class TestInteractions:
    FURTHER = (
        Shown("sex", "sex", labels=("Male", "Female")),
        Shown("race", "race", labels=("White", "Asian")),
        Shown("age", "age", years=20),
        Shown("language", "language", labels=("English", "Spanish", "Other")),
        Shown("kind", "other", groups=3),
    )

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize("further", range(6))
    @pytest.mark.parametrize("smallest", [1, 2, 3, 4, 5, 11])
    def test_by_the_number_of_further_variables_and_the_smallest_cell(self, edition, further, smallest):
        shown = [Shown("county", "residence_geography", people=30_000), YEAR, *self.FURTHER[:further]]
        assessment = assess_shown(edition, shown, counts=(0, 900, smallest))
        assert terms_of(assessment)["interactions"] == interactions(edition, further, smallest)
        assert assessment.score.total == score(edition, shown, smallest).total

    @pytest.mark.parametrize("variable", ["means_tested_program", "expected_payer"])
    @pytest.mark.parametrize(("people", "term"), [(9_999_999, 1), (10_000_000, 1), (10_000_001, 0), (14_000_000, 0)])
    def test_a_program_counts_up_to_ten_million(self, variable, people, term):
        program = Shown("program", variable, people=people)
        assert terms_of(assess_shown("2.0", [program, YEAR]))["interactions"] == term
        scope = [{"variable": variable, "enrollment": people}]
        assert terms_of(assess_shown("2.0", [YEAR], scope=scope))["interactions"] == term

    @pytest.mark.parametrize(("edition", "term"), [("2.0", 0), ("1.0", 1)])
    def test_plans_say_where_people_are_in_edition_2_only(self, edition, term):
        declared = {"variable": "insurance_coverage", "members": 30_000}
        assessment = assess_table(edition, {"plan": (declared, ["Plan A", "Plan B"]), "year": column(YEAR)})
        assert terms_of(assessment)["interactions"] == term
