"""Geography, insurance and programs (Appendix I)."""

import pytest


def place(population, variable="residence_geography"):
    return ({"variable": variable, "population": {"A": population, "B": 39_000_000}}, ["A", "B"])


def plan(members):
    return ({"variable": "insurance_coverage", "members": {"P": members, "Q": 39_000_000}}, ["P", "Q"])


def program(enrollment):
    return ({"variable": "means_tested_program", "enrollment": enrollment}, ["First", "Second"])


def scored(assessment):
    return {term.dimension: term.score for term in assessment.score.terms if term.dimension}


def interactions(assessment):
    return next(term.score for term in assessment.score.terms if term.variable == "interactions")


class TestPlanAndGeography:
    def test_fewer_members_than_people_scores_the_plan(self, assessed):
        assessment = assessed({"county": place(1_000_000), "plan": plan(30_000)})
        assert scored(assessment) == {"plan": 4}
        assert [note.field for note in assessment.notes if "Appendix I" in note.text] == ["dimensions.county"]

    @pytest.mark.parametrize("members", [30_000, 5_000_000])
    def test_as_many_members_or_more_scores_the_geography(self, assessed, members):
        assert scored(assessed({"county": place(30_000), "plan": plan(members)})) == {"county": 4}

    def test_both_say_where_people_are_and_do_not_interact(self, assessed):
        assert interactions(assessed({"county": place(30_000), "plan": plan(30_000)}, counts=(3, 9))) == -3

    def test_a_plan_as_scope(self, assessed):
        scope = [{"variable": "insurance_coverage", "members": 15_000}]
        assert scored(assessed({"county": place(1_000_000)}, scope=scope)) == {"scope[0]": 5}

    @pytest.mark.parametrize(
        ("county", "members", "kept"),
        [
            # 7 for the county and 5 for the plan: breaking a county down by plan must not make it look safer
            (place(3_500), 3_000, {"county": 7}),
            # 1 for the service area and 5 for the plan
            (place(10_000, "service_geography"), 15_000, {"plan": 5}),
        ],
    )
    def test_where_both_readings_fit_the_higher_score_holds(self, assessed, county, members, kept):
        assert scored(assessed({"county": county, "plan": plan(members)})) == kept


class TestPrograms:
    @pytest.mark.parametrize(
        ("enrollment", "score", "term"), [(14_000_000, 0, 0), (10_000_001, 0, 0), (10_000_000, 1, 1), (900_000, 2, 1)]
    )
    def test_only_up_to_ten_million_they_interact(self, assessed, enrollment, score, term):
        assessment = assessed({"county": place(30_000), "program": program(enrollment)})
        assert scored(assessment) == {"county": 4, "program": score}
        assert interactions(assessment) == term

    def test_the_smallest_program_decides(self, assessed):
        sizes = {"First": 1_000_000, "Second": 14_000_000}
        assessment = assessed({"county": place(30_000), "program": program(sizes)})
        assert (scored(assessment)["program"], interactions(assessment)) == (2, 1)

    def test_an_expected_payer_is_scored_like_a_program(self, assessed):
        payer = ({"variable": "expected_payer", "enrollment": {"p": 14_000_000, "q": 2_752_067}}, ["p", "q"])
        assessment = assessed({"county": place(30_000), "payer": payer})
        assert scored(assessment) == {"county": 4, "payer": 2}
        assert interactions(assessment) == 1

    def test_a_program_and_a_payer_are_two_variables(self, assessed):
        payer = ({"variable": "expected_payer", "enrollment": 5_500_000}, ["p", "q"])
        table = {"county": place(30_000), "program": program(900_000), "payer": payer}
        assert scored(assessed(table)) == {"county": 4, "program": 2, "payer": 1}
        assert interactions(assessed(table)) == 2

    def test_a_program_beside_a_plan_and_a_county(self, assessed):
        """The plan replaces the county, or the county the plan; the program adds up either way."""
        table = {"county": place(1_000_000), "plan": plan(30_000), "program": program(900_000)}
        assert scored(assessed(table)) == {"plan": 4, "program": 2}
        assert interactions(assessed(table)) == 1


class TestSeveralGeographies:
    def test_residence_and_service_both_add(self, assessed):
        found = assessed({"home": place(30_000), "clinic": place(15_000, "service_geography")})
        assert scored(found) == {"home": 4, "clinic": 1}
        assert interactions(found) == 0

    def test_a_larger_area_does_not_lower_the_score_of_a_smaller_one(self, assessed):
        region = ({"variable": "residence_geography", "population": 5_000_000}, ["North", "South"])
        assessment = assessed({"county": place(3_000), "region": region})
        assert scored(assessment) == {"county": 7}
        assert any("the higher score holds" in note.text for note in assessment.notes)

    def test_of_two_that_lower_it_the_smaller_area_counts(self, assessed):
        home = ({"variable": "residence_geography", "population": 1_500_000}, ["North", "South"])
        clinic = ({"variable": "service_geography", "population": 5_000_000}, ["North", "South"])
        assert scored(assessed({"home": home, "clinic": clinic})) == {"home": -3}


class TestInteractions:
    @pytest.mark.parametrize(("further", "score"), [(1, 1), (2, 2), (3, 4), (4, 4)])
    def test_by_the_number_of_further_variables(self, assessed, further, score):
        dimensions = {
            "county": place(30_000),
            "year": ({"variable": "time", "period": "year"}, ["2024"]),
            "sex": ({"variable": "sex"}, ["Male", "Female"]),
            "race": ({"variable": "race"}, ["White", "Asian"]),
            "age": ({"variable": "age"}, ["0-17", "18+"]),
            "disease": ({"variable": "other"}, ["x", "y"]),
        }
        kept = dict(list(dimensions.items())[: 2 + further])
        assessment = assessed(kept)
        assert interactions(assessment) == score
        (term,) = [term for term in assessment.score.terms if term.variable == "interactions"]
        assert term.found == ", ".join(list(kept)[2:])
