"""Geography, insurance and programs together (Appendix I), rule by rule."""

import pytest
from guideline import tables
from guideline.product import assess_shown, terms_of
from guideline.scorer import Shown, score

YEAR = Shown("year", "time", period="year")


def area(people, variable="residence_geography"):
    return Shown("area", variable, people=people)


def plan(members):
    return Shown("plan", "insurance_coverage", people=members)


def population_term(found):
    terms = terms_of(found)
    return found.score.total - terms["events"] - terms["interactions"] - terms["year"]


class TestOnlyGeography:
    """Rule 1."""

    @pytest.mark.parametrize("variable", ["residence_geography", "service_geography"])
    def test_neither_the_insurance_nor_the_program_table_is_used(self, variable):
        found = assess_shown("2.0", [area(30_000, variable), YEAR])
        assert {term.variable for term in found.score.terms} == {"events", variable, "time", "interactions"}


class TestPlanAndArea:
    """Rule 3."""

    @pytest.mark.parametrize("members", [number for number in tables.PLAN.edges if number < 900_000])
    def test_fewer_members_than_people_scores_the_plan(self, members):
        found = assess_shown("2.0", [area(900_000), plan(members), YEAR])
        assert population_term(found) == tables.PLAN.score(members)

    @pytest.mark.parametrize("people", [number for number in tables.RESIDENCE["2.0"].edges if 0 < number <= 900_000])
    @pytest.mark.parametrize("more", [0, 1, 5_000_000])
    def test_as_many_members_or_more_scores_the_area(self, people, more):
        found = assess_shown("2.0", [area(people), plan(people + more), YEAR])
        assert population_term(found) == tables.RESIDENCE["2.0"].score(people)

    @pytest.mark.parametrize(("people", "members"), [(3_500, 3_000), (4_000, 3_999)])
    def test_a_plan_never_makes_the_smallest_area_look_safer(self, people, members):
        """The area scores 7, the plan 5: rule 4, the higher score holds."""
        assert population_term(assess_shown("2.0", [area(people), plan(members), YEAR])) == 7

    def test_nor_does_an_area_of_services_make_a_plan(self):
        """The plan scores 5, the area 1: rule 4, the higher score holds."""
        shown = [area(10_000, "service_geography"), plan(15_000), YEAR]
        assert population_term(assess_shown("2.0", shown)) == 5


class TestPrograms:
    """Rule 2."""

    @pytest.mark.parametrize("enrolled", tables.MEANS_TESTED.edges)
    def test_adds_its_score_to_any_geography(self, enrolled):
        program = Shown("program", "means_tested_program", people=enrolled)
        for people in (3_000, 30_000, 3_000_000):
            shown = [area(people), program, YEAR]
            found = assess_shown("2.0", shown)
            interacting = 1 if enrolled <= 10_000_000 else 0
            assert found.score.total == score("2.0", shown, 1).total
            assert found.score.total == (
                7 + tables.RESIDENCE["2.0"].score(people) + tables.MEANS_TESTED.score(enrolled) + 0 + interacting
            )
