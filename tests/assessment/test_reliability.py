"""Survey samples: which estimates are statistically unreliable (§5.2, Appendix H)."""

import pytest

from ddg_pipeline.assessment import unstable_rows
from ddg_pipeline.errors import InputErrors

SEX = ({"variable": "sex"}, ["Male", "Female"])
YEAR = {"variable": "time", "period": "year"}
COUNT = {"kind": "count", "unit": "individuals"}
MEASURES = {
    "asked": COUNT,
    "smokers": COUNT,
    "weighted": {"kind": "amount", "individuals": "smokers"},
    "percent": {"kind": "percent", "numerator": "smokers", "denominator": "asked"},
    "error": {"kind": "mean", "individuals": "smokers"},
}
HELPERS = {
    "denominator_cases": "asked",
    "numerator_cases": "smokers",
    "weighted": "weighted",
    "relative_standard_error": "error",
}
FINE = {"asked": 5_000, "smokers": 1_000, "weighted": 900_000, "percent": 20.0, "error": 5.0}


@pytest.fixture
def surveyed(assessed):
    """Assess a survey with one estimate that is beyond doubt and one that is given."""

    def make(limits, by="calhhs-ddg-2.0", helpers=None, **given):
        rows = [("Male", *FINE.values()), ("Female", *(FINE | given).values())]
        survey = {"limits": limits, "estimates": {"percent": HELPERS if helpers is None else helpers}}
        return assessed({"sex": SEX}, rows=rows, measures=MEASURES, survey=survey, by=by, scope=[YEAR])

    return make


def found(assessment):
    (one,) = assessment.reliability
    assert (one.measure, one.cells) == ("percent", 2)
    return one.unreliable_cells, one.flagged_cells


class TestLimits:
    """Every limit of Appendix H, typed from the guideline."""

    @pytest.mark.parametrize(
        ("limits", "key", "fine", "unreliable"),
        [
            ("general", "asked", 30, 29),
            ("brfss", "asked", 50, 49),
            ("meps", "asked", 70, 69),
            ("meps", "error", 30.0, 30.1),
            ("mtf", "asked", 100, 99),
            ("nhis", "asked", 50, 49),
            ("nhis", "error", 30.0, 30.1),
            ("nhanes", "asked", 30, 29),
            ("nhanes", "error", 30.0, 30.1),
            ("nhds", "asked", 60, 29),
            ("nhds", "error", 30.0, 30.1),
            ("nsfg", "asked", 50, 49),
            ("nsfg", "error", 30.0, 30.1),
            ("yrbss", "asked", 100, 99),
            ("shpps", "asked", 30, 29),
            ("namcs", "smokers", 30, 29),
            ("namcs", "error", 30.0, 30.1),
            ("ncvs", "smokers", 11, 10),
            ("nhsda", "error", 17.5, 17.6),
            ("chis", "error", 20.0, 20.1),
            ("chis", "smokers", 3, 2),
            ("chis", "weighted", 500, 499),
            ("cahps", "asked", 100, 99),
        ],
    )
    def test_at_the_edge(self, surveyed, limits, key, fine, unreliable):
        small = {"smokers": 3} if key == "asked" and limits not in ("namcs", "ncvs") else {}
        assert found(surveyed(limits, **{**small, key: fine})) == (0, 0)
        assert found(surveyed(limits, **{**small, key: unreliable})) == (1, 0)

    @pytest.mark.parametrize("asked", [30, 59])
    def test_a_survey_may_flag_what_it_still_shows(self, surveyed, asked):
        assert found(surveyed("nhds", asked=asked, smokers=3)) == (0, 1)

    @pytest.mark.parametrize("limits", ["nhsda", "chis", "ncvs"])
    def test_thirty_sample_cases_hold_for_surveys_without_a_limit_of_their_own(self, surveyed, limits):
        assert found(surveyed(limits, asked=29, smokers=15)) == (1, 0)

    def test_a_standard_error_that_is_not_given_is_beyond_every_limit(self, surveyed):
        assert found(surveyed("nhis", error=None)) == (1, 0)


class TestWhatIsDeclared:
    def test_an_unknown_survey_is_an_error_that_lists_the_known(self, surveyed):
        with pytest.raises(InputErrors, match=r"survey\.limits: found 'xyz'; one of .*chis"):
            surveyed("xyz")

    def test_everything_that_the_limits_need(self, surveyed):
        with pytest.raises(InputErrors) as caught:
            surveyed("chis", helpers={"denominator_cases": "asked", "numerator_cases": "weighted"})
        assert "numerator_cases: found 'weighted'; weighted is not a count of individuals" in str(caught.value)

    def test_every_limit_needs_its_measure(self, assessed):
        measures = {"asked": COUNT, "percent": {"kind": "percent", "numerator": "asked"}}
        survey = {"limits": "chis", "estimates": {"percent": {"denominator_cases": "asked"}}}
        with pytest.raises(InputErrors) as caught:
            assessed({"sex": SEX}, rows=[("Male", 50, 1.0), ("Female", 50, 1.0)], measures=measures, survey=survey)
        assert [error.field for error in caught.value.errors] == [
            "survey.estimates.percent.numerator_cases",
            "survey.estimates.percent.weighted",
            "survey.estimates.percent.relative_standard_error",
        ]

    def test_no_measure_may_be_forgotten(self, assessed):
        survey = {"limits": "general", "estimates": {"percent": {"denominator_cases": "asked"}}}
        rows = [("Male", *FINE.values()), ("Female", *FINE.values())]
        with pytest.raises(InputErrors, match="says nothing about smokers, weighted, error"):
            assessed({"sex": SEX}, rows=rows, measures=MEASURES, survey=survey)

    def test_a_share_is_no_percentage(self, assessed):
        rows = [("Male", *(FINE | {"error": 0.35}).values()), ("Female", *(FINE | {"error": 0.9}).values())]
        survey = {"limits": "nhis", "estimates": {"percent": HELPERS}}
        with pytest.raises(InputErrors, match="error: found no relative standard error of 1 or more; percent"):
            assessed({"sex": SEX}, rows=rows, measures=MEASURES, survey=survey)


class TestTheAssessment:
    def test_it_says_so(self, surveyed):
        assessment = surveyed("nhis", asked=49, smokers=12)
        assert "1 of 2 estimates of percent are statistically unreliable" in assessment.steps[1].summary
        assert "DDG 2.0 Appendix H" in assessment.steps[1].summary
        (note,) = [note for note in assessment.notes if note.field == "survey.estimates.percent"]
        assert "The release must say so." in note.text
        assert assessment.to_json_dict()["reliability"][0]["unreliable_cells"] == 1

    def test_without_unreliable_estimates_there_is_no_note(self, surveyed):
        assert not [note for note in surveyed("nhis").notes if note.field.startswith("survey")]

    def test_edition_2_scores_a_survey_like_any_table(self, surveyed):
        assessment = surveyed("general", smokers=5)
        assert [step.result for step in assessment.steps[:3]] == ["yes", "yes", "no"]
        assert assessment.decision == "release"

    def test_edition_1_has_no_score_that_shows_the_risk_is_small(self, surveyed, edition_1):
        assessment = surveyed("general", smokers=5, by=edition_1)
        assert [step.result for step in assessment.steps[:4]] == ["yes", "yes", "yes", "mask"]
        assert "does not score survey samples" in assessment.steps[2].summary
        assert "no publication score shows that the risk is small" in assessment.steps[3].summary


class TestRowsToMark:
    def rows(self, bound, rulebook, limits, given):
        survey = {"limits": limits, "estimates": {"percent": HELPERS}}
        rows = [("Male", *FINE.values()), ("Female", *(FINE | given).values())]
        table = bound({"sex": SEX}, rows=rows, measures=MEASURES, survey=survey)
        return {name: flags.tolist() for name, flags in unstable_rows(table, rulebook).items()}

    @pytest.mark.parametrize(
        ("limits", "given", "marked"),
        [
            ("nhis", {}, False),
            ("nhis", {"asked": 49, "smokers": 12}, True),
            ("nhis", {"error": 30.1}, True),
            ("nhis", {"error": None}, True),
            ("nhds", {"asked": 59, "smokers": 12}, True),  # reliable, but to be flagged
            ("nhds", {"asked": 60, "smokers": 12}, False),
        ],
    )
    def test_are_those_that_are_not_reliable_or_have_to_be_flagged(self, bound, rulebook, limits, given, marked):
        assert self.rows(bound, rulebook, limits, given) == {"percent": [False, marked]}

    def test_there_are_none_without_a_survey(self, bound, rulebook):
        assert unstable_rows(bound({"sex": SEX}), rulebook) == {}
