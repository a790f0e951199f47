"""Steps 1 to 6 of Figure 5: the limits of step 2, the cut-off of step 3, and every path through the boxes."""

import itertools

import pytest
from guideline import tables
from guideline.product import assess_shown, assess_table, column, rulebook, terms_of
from guideline.scorer import Shown, score

from ddg_pipeline.errors import DdgError

YEAR = Shown("year", "time", period="year")
COUNT = {"kind": "count", "unit": "individuals"}


def county(people):
    return Shown("county", "residence_geography", people=people)


def results(assessment):
    return [step.result for step in assessment.steps]


class TestFigures:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_thresholds_and_cut_off(self, edition):
        book = rulebook(edition)
        numerator = book.thresholds.numerator
        assert range(numerator.lower, numerator.upper + 1) == tables.SMALL_NUMERATORS
        assert book.thresholds.denominator == tables.SMALL_DENOMINATOR
        assert book.cut_off == tables.CUT_OFF

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_rules_of_suppression(self, edition):
        """§4.4.1, items 2 and 4, and the three levels of protection."""
        masking = rulebook(edition).masking
        assert masking.minimum_suppressed_per_row == 2
        assert masking.one_more_where_all_at_most == 3
        assert masking.one_more_where_sum_below == 11
        assert {name: level.possible_values for name, level in masking.levels.items()} == {
            "exact": 2,
            "ddg": 3,
            "full": 10,
        }
        assert masking.levels["ddg"].literal_rules
        assert not masking.levels["exact"].literal_rules

    def test_whole_percentages(self):
        """§4.4.4: two large and one small category, "<1%", and only where the total is 1,100 or more."""
        form = rulebook("2.0").masking.whole_percentages
        assert (form.minimum_total, form.large_categories, form.small_categories) == (1_100, 2, 1)
        assert (form.below, form.shown_below.replace(" ", "")) == (1, "<1%")

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_six_steps_in_order(self, edition):
        assert [step.step for step in rulebook(edition).procedure] == [1, 2, 3, 4, 5, 6]


class TestNumerators:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize(("count", "small"), [(0, 0), (1, 1), (2, 1), (9, 1), (10, 1), (11, 0), (12, 0)])
    def test_fewer_than_eleven_individuals_and_zero_is_not_small(self, edition, count, small):
        found = assess_shown(edition, [county(900_000), YEAR], counts=(5_000, 5_000, 5_000, count))
        assert (found.counts.cells, found.counts.small_cells) == (4, small)
        assert found.counts.zero_cells == (count == 0)
        assert found.steps[1].result == ("yes" if small else "no")

    def test_visits_are_governed_by_the_individuals_behind_them(self):
        measures = {"people": COUNT, "visits": {"kind": "count", "unit": "events", "individuals": "people"}}
        rows = [("County A", "2024", 10, 4_000), ("County B", "2024", 11, 11)]
        dimensions = {"county": column(county(900_000)), "year": column(YEAR)}
        found = assess_table("2.0", dimensions, rows=rows, measures=measures)
        assert found.counts.small_cells == 1
        assert terms_of(found)["events"] == 7


class TestDenominators:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize(("people", "small"), [(19_999, True), (20_000, True), (20_001, False)])
    def test_twenty_thousand_or_fewer(self, edition, people, small):
        found = assess_shown(edition, [county(people), YEAR], counts=(5_000,))
        assert found.counts.small_denominators == (2 if small else 0)
        assert found.steps[1].result == ("yes" if small else "no")

    @pytest.mark.parametrize(("people", "small"), [(20_000, 1), (20_001, 0)])
    def test_from_a_column_of_the_table(self, people, small):
        measures = {"cases": COUNT | {"population": "people"}}
        rows = [("Male", 500_000, 600), ("Female", people, 600)]
        found = assess_table("2.0", {"sex": ({"variable": "sex"}, ["Male", "Female"])}, rows=rows, measures=measures)
        assert found.counts.small_denominators == small
        assert found.steps[1].result == ("yes" if small else "no")

    def test_what_was_not_computed_is_not_safe(self):
        found = assess_shown("2.0", [Shown("sex", "sex", labels=("Male", "Female")), YEAR], counts=(5_000,))
        assert found.steps[1].result == "yes"


class TestCutOff:
    SEX = Shown("sex", "sex", labels=("Male", "Female"))

    @pytest.mark.parametrize(("people", "total", "decision"), [(60_000, 12, "release"), (30_000, 13, "mask")])
    def test_twelve_may_be_released_and_thirteen_is_masked(self, people, total, decision):
        """7 events + 3 or 4 for the area + 0 + 1 sex + 1 interaction."""
        found = assess_shown("2.0", [county(people), self.SEX, YEAR])
        assert found.score.total == total
        assert results(found)[1:4] == ["yes", *(["no", "skipped"] if decision == "release" else ["yes", "mask"])]
        assert found.decision == decision

    def test_the_same_in_edition_1(self):
        """7 events + 4 or 3 + 0 + 1 sex + 1: the tables agree here."""
        assert assess_shown("1.0", [county(60_000), self.SEX, YEAR]).decision == "release"
        assert assess_shown("1.0", [county(30_000), self.SEX, YEAR]).decision == "mask"


KIND = Shown("kind", "other", groups=10)


class TestPaths:
    """Figure 5: 1 no -> 6; 2 no -> 5; 3 no -> 5, yes -> 4; 4 -> 5 -> 6. High risk always leads to 4 (§5.6.2)."""

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize(
        ("personal", "smallest", "people", "many", "high_risk"),
        [
            combination
            for combination in itertools.product(
                (True, False), (1, 10, 11), (20_000, 20_001), (True, False), (True, False)
            )
            if combination[0] or not combination[4]  # high risk is a personal characteristic
        ],
    )
    def test_every_combination(self, edition, personal, smallest, people, many, high_risk):
        shown = [county(people), YEAR, *([KIND] if many else [])]
        found = assess_shown(
            edition,
            shown,
            counts=(0, 5_000, smallest),
            personal_characteristics=personal,
            high_risk=["trauma"] if high_risk else [],
        )
        small_numerator = 1 <= smallest <= 10
        condition = small_numerator or people <= 20_000
        over = score(edition, shown, smallest).total > 12
        mask = (condition and over) or (high_risk and small_numerator)
        if not personal:
            expected = ["no", "skipped", "skipped", "skipped", "skipped", "pending"]
        elif not condition:
            expected = ["yes", "no", "skipped", "skipped", "pending", "pending"]
        else:
            expected = ["yes", "yes", "yes" if over else "no", "mask" if mask else "skipped", "pending", "pending"]
        assert results(found) == expected
        assert found.decision == ("mask" if personal and mask else "release")
        assert found.score.total == score(edition, shown, smallest).total

    def test_all_paths_are_met(self):
        """The combinations above are a test only if scores fall on both sides for both answers of step 2."""
        sides = {
            (smallest <= 10 or people <= 20_000, score("2.0", [county(people), YEAR, *more], smallest).total > 12)
            for smallest in (1, 10, 11)
            for people in (20_000, 20_001)
            for more in ([], [KIND])
        }
        assert sides == set(itertools.product((True, False), repeat=2))

    @pytest.mark.parametrize("edition", tables.EDITIONS)
    @pytest.mark.parametrize(("smallest", "decision"), [(1, "mask"), (10, "mask"), (11, "release")])
    def test_high_risk_suppresses_one_to_ten_whatever_the_score(self, edition, smallest, decision):
        scope = [{"variable": "residence_geography", "population": 39_500_000}]
        five_years = Shown("years", "time", period="5 years")
        found = assess_shown(edition, [five_years], (0, smallest), scope=scope, high_risk=["justice_involved"])
        assert found.score.total <= -3
        assert found.decision == decision


class TestSubjects:
    FACILITY = ({"variable": "other"}, ["Clinic", "Hospital"])

    def test_projected_budgets_need_no_assessment(self):
        found = assess_table("2.0", {"kind": self.FACILITY, "year": column(YEAR)}, subject="projected_budget")
        assert results(found) == ["no", "skipped", "skipped", "skipped", "skipped", "pending"]
        assert found.decision == "release"

    def test_actual_amounts_tied_to_members_do(self):
        dimensions = {"county": column(county(3_000)), "year": column(YEAR)}
        rows = [(a, b, 3, 250.0) for a in dimensions["county"][1] for b in dimensions["year"][1]]
        measures = {"members": COUNT, "paid": {"kind": "amount", "individuals": "members"}}
        keys = {"rows": rows, "measures": measures}
        found = assess_table("2.0", dimensions, subject="actual_budget", **keys)
        assert results(found)[:4] == ["yes", "yes", "no", "skipped"]  # 7 + 7 + 0 - 3 = 11
        assert found.score == assess_table("2.0", dimensions, **keys).score

    def test_what_providers_are_is_public(self):
        found = assess_table("2.0", {"kind": self.FACILITY, "year": column(YEAR)}, subject="providers")
        assert results(found)[0] == "no"
        assert found.decision == "release"

    def test_services_are_assessed_when_they_tell_about_people(self):
        """A children's hospital implies age."""
        kind = ({**self.FACILITY[0], "implies": [{"variable": "age", "label": "0-17"}]}, self.FACILITY[1])
        found = assess_table("2.0", {"kind": kind, "year": column(YEAR)}, subject="providers")
        assert results(found)[0] == "yes"


class TestImplied:
    def test_an_implied_characteristic_scores_and_interacts(self):
        """18 years wide: 2; the hospital is itself an other variable of 2 groups: 3; so 2 variables interact."""
        labels = ["Children's hospital", "General hospital"]
        declared = {"variable": "other", "implies": [{"variable": "age", "label": "0-17", "categories": labels[:1]}]}
        found = assess_table("2.0", {"hospital": (declared, labels), "year": column(YEAR)})
        assert found.score.total == 7 + 3 + 2 + 0 + 2

    def test_what_holds_for_everyone_by_its_label(self):
        sex = Shown("sex", "sex", labels=("Male", "Female"))
        found = assess_shown("2.0", [sex, YEAR], scope=[{"variable": "age", "label": "0-17"}])
        assert found.score.total == score("2.0", [sex, YEAR, Shown("age", "age", years=18)], 1).total


class TestSafeHarbor:
    def test_statewide_and_annual_with_nothing_finer_may_meet_it(self):
        state = ({"variable": "residence_geography", "population": 39_500_000}, ["California"])
        found = assess_table("2.0", {"state": state, "year": column(YEAR)})
        assert "may meet Safe Harbor" in found.safe_harbor

    @pytest.mark.parametrize(
        "shown",
        [
            [county(900_000), YEAR],
            [Shown("state", "residence_geography", people=39_500_000), Shown("month", "time", period="month")],
        ],
    )
    def test_otherwise_it_says_why_not(self, shown):
        finding = assess_shown("2.0", shown).safe_harbor
        assert "may meet" not in finding
        assert shown[0].name in finding or shown[1].name in finding


class TestRecordLevel:
    def test_one_row_a_person_is_refused(self):
        """A column that tells records apart is no table of aggregates."""
        rows = [(f"{number:06d}", "Male" if number % 2 else "Female", 1) for number in range(200)]
        dimensions = {"case": ({"variable": "other"}, []), "sex": ({"variable": "sex"}, [])}
        with pytest.raises(DdgError, match="record"):
            assess_table("2.0", dimensions, rows=rows)
