"""Survey samples (§5.2): the same criteria, and Appendix H's limits of reliability, complete and at their edges."""

import pytest
from guideline import lists, tables
from guideline.product import assess_table, rulebook
from guideline.scorer import Shown, score

COUNT = {"kind": "count", "unit": "individuals"}
MEASURES = {
    "asked": COUNT,
    "yes": COUNT,
    "share": {"kind": "percent", "numerator": "yes", "denominator": "asked", "decimals": 1},
    "people": {"kind": "amount", "individuals": "yes"},
    "rse": {"kind": "mean", "individuals": "yes"},
}
ESTIMATE = {
    "denominator_cases": "asked",
    "numerator_cases": "yes",
    "weighted": "people",
    "relative_standard_error": "rse",
}
BEYOND_DOUBT = {"asked": 4_000, "yes": 800, "share": 20.0, "people": 700_000, "rse": 4.0}
# How a limit of the list is met by a column of the table.
COLUMNS = {"denominator": "asked", "numerator": "yes", "unweighted": "yes", "weighted": "people", "rse": "rse"}
SEX = ({"variable": "sex"}, ["Male", "Female"])
YEAR = {"variable": "time", "period": "year"}


def surveyed(survey, edition="2.0", **figures):
    """Assess a survey of two estimates: one beyond doubt, one as given."""
    rows = [("Male", *BEYOND_DOUBT.values()), ("Female", *(BEYOND_DOUBT | figures).values())]
    declared = {"limits": survey, "estimates": {"share": ESTIMATE}}
    return assess_table(edition, {"sex": SEX}, rows=rows, measures=MEASURES, survey=declared, scope=[YEAR])


def unreliable(assessment):
    (share,) = assessment.reliability
    return share.unreliable_cells


def edges():
    for survey, limits in lists.SURVEYS.items():
        with_sample = {"denominator": lists.SURVEY_SAMPLE_CASES} | limits  # §5.2 holds for every survey
        for limit, figure in with_sample.items():
            if limit == "rse":
                yield survey, "rse", figure, round(figure + 0.1, 1)
            elif limit != "flagged":
                yield survey, COLUMNS[limit], figure, figure - 1


class TestLimits:
    @pytest.mark.parametrize("edition", tables.EDITIONS)
    def test_every_survey_of_appendix_h_and_no_other(self, edition):
        own = set(rulebook(edition).survey_limits) - {"general"}
        assert own == ({survey.lower() for survey in lists.SURVEYS} if edition == "2.0" else own)

    @pytest.mark.parametrize("survey", lists.SURVEYS)
    def test_its_limits_and_no_others(self, survey):
        entry = rulebook("2.0").survey_limits[survey.lower()]
        limits = lists.SURVEYS[survey]
        assert entry.minimum_denominator == limits.get("denominator")
        assert entry.minimum_numerator == limits.get("numerator")
        assert entry.maximum_relative_standard_error == limits.get("rse")
        assert entry.minimum_cell_unweighted == limits.get("unweighted")
        assert entry.minimum_cell_weighted == limits.get("weighted")
        assert entry.flagged_up_to == limits.get("flagged", (None, None))[1]

    @pytest.mark.parametrize(("survey", "column", "fine", "too_far"), list(edges()))
    def test_at_the_edge(self, survey, column, fine, too_far):
        others = {"yes": 15} if column == "asked" and lists.SURVEYS[survey].get("numerator", 0) <= 15 else {}
        assert unreliable(surveyed(survey.lower(), **others, **{column: fine})) == 0
        assert unreliable(surveyed(survey.lower(), **others, **{column: too_far})) == 1

    def test_fewer_than_thirty_sample_cases(self):
        assert unreliable(surveyed("general", asked=30, yes=15)) == 0
        assert unreliable(surveyed("general", asked=29, yes=15)) == 1

    @pytest.mark.parametrize(("asked", "flagged"), [(30, 1), (59, 1), (60, 0)])
    def test_nhds_flags_thirty_to_fifty_nine(self, asked, flagged):
        (share,) = surveyed("nhds", asked=asked, yes=15).reliability
        assert (share.unreliable_cells, share.flagged_cells) == (0, flagged)

    def test_unreliable_is_annotation_4(self):
        assert rulebook("2.0").annotations.unstable.code == "4"


class TestCriteria:
    def test_edition_2_scores_a_sample_as_any_table(self):
        found = surveyed("brfss", yes=3)
        shown = [Shown("sex", "sex", labels=("Male", "Female")), Shown("scope", "time", period="year")]
        assert found.score.total == score("2.0", shown, 3).total
        assert rulebook("2.0").surveys.scored_as_population

    def test_edition_1_does_not_score_samples_as_population_data(self):
        """So no score can show that the risk is small: small cells are masked."""
        assert not rulebook("1.0").surveys.scored_as_population
        limits = next(iter(rulebook("1.0").survey_limits))
        found = surveyed(limits, "1.0", yes=3)
        assert found.score.total <= 12
        assert found.decision == "mask"
