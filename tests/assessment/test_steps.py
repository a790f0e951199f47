"""The six steps as sentences, for every kind of table: budgets, providers, other rulebooks (§5.3, §5.4, Figure 5)."""

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook

YEAR = ({"variable": "time", "period": "year"}, ["2024", "2025"])
SEX = ({"variable": "sex"}, ["Male", "Female"])
CLINIC = ({"variable": "other"}, ["Clinic", "Hospital"])
CHILDREN = ({"variable": "other", "implies": [{"variable": "age", "label": "0-17"}]}, ["Children's Hospital", "Mercy"])


def county(*populations):
    labels = [f"Place {number}" for number in range(len(populations))]
    return ({"variable": "residence_geography", "population": dict(zip(labels, populations, strict=True))}, labels)


def results(assessment):
    return [step.result for step in assessment.steps]


class TestSentences:
    def test_each_step_is_whole_sentences_with_its_section(self, assessed):
        assessment = assessed({"county": county(3_000, 900_000), "sex": SEX, "year": YEAR}, high_risk=["trauma"])
        for step in assessment.steps:
            assert step.summary.endswith(".")
            assert step.summary[0].isupper() or step.summary[0].isdigit()
            assert step.section.startswith("DDG 2.0 §4.")
            assert "  " not in step.summary

    def test_what_they_say(self, assessed):
        assessment = assessed({"county": county(3_000, 900_000), "year": YEAR}, counts=(0, 1, 50, 500))
        first, second, third, fourth, *_ = [step.summary for step in assessment.steps]
        assert "residence geography, shown by county" in first
        assert second == (
            "1 of 4 cells are derived from 1 to 10 individuals, 1 from none, which is not small. 2 cells have a "
            "denominator of 20,000 or fewer (from population of county)."
        )
        assert third == (
            "The publication score is 14, over 12. It adds 7 for events, 7 for residence geography (county), "
            "0 for time (year) and 0 for interactions."
        )
        assert fourth == (
            "Counts from 1 to 10 are suppressed, with whatever they could be calculated from, because the publication "
            "score is over 12."
        )

    def test_several_measures_each_with_its_denominators(self, assessed):
        count = {"kind": "count", "unit": "individuals"}
        measures = {"cases": count | {"population": "people"}, "deaths": count}
        rows = [("Male", 30_000, 50, 5), ("Female", 20_000, 60, 6)]
        summary = assessed({"sex": SEX}, rows=rows, measures=measures).steps[1].summary
        assert "For cases: 1 cell has a denominator of 20,000 or fewer (from the column people)." in summary
        assert "For deaths: no denominator is declared, so small ones cannot be ruled out." in summary

    def test_a_period_that_is_not_declared_adds_to_the_score_and_is_called_so(self, assessed):
        summary = assessed({"county": county(10_000, 900_000)}).steps[2].summary
        assert summary == (
            "The publication score is 17, over 12. It adds 7 for events, 5 for residence geography (county), "
            "5 for time (not declared) and 0 for interactions."
        )
        assert "not declared" not in assessed({"county": county(10_000), "year": YEAR}).steps[2].summary


class TestProviders:
    def test_who_they_are_is_public(self, assessed):
        assessment = assessed({"facility": CLINIC, "year": YEAR}, subject="providers")
        assert results(assessment) == ["no", "skipped", "skipped", "skipped", "skipped", "pending"]
        assert "DDG 2.0 §5.4" in assessment.steps[0].summary
        assert assessment.decision == "release"

    @pytest.mark.parametrize("table", [{"facility": CLINIC, "sex": SEX}, {"facility": CHILDREN}])
    def test_what_is_told_about_the_people_they_serve_is_not(self, assessed, table):
        assessment = assessed(table, subject="providers")
        assert results(assessment)[0] == "yes"
        assert "DDG 2.0 §5.4" in assessment.steps[0].summary

    def test_an_implied_age_is_named(self, assessed):
        summary = assessed({"facility": CHILDREN}, subject="providers").steps[0].summary
        assert "age 0-17, implied by facility" in summary


class TestBudgets:
    def test_projected_amounts_need_no_assessment(self, assessed):
        assessment = assessed({"sex": SEX, "year": YEAR}, subject="projected_budget")
        assert results(assessment) == ["no", "skipped", "skipped", "skipped", "skipped", "pending"]
        assert "DDG 2.0 §5.3" in assessment.steps[0].summary
        assert any(note.field == "subject" and "cases" in note.text for note in assessment.notes)

    def test_amounts_that_were_paid_do(self, assessed):
        table = {"county": county(3_000, 900_000), "year": YEAR}
        assessment = assessed(table, subject="actual_budget")
        assert (results(assessment)[0], assessment.decision) == ("yes", "mask")
        assert "DDG 2.0 §5.3" in assessment.steps[0].summary

    def test_a_high_risk_population_is_no_projection(self, assessed):
        with pytest.raises(InputErrors, match="subject: found projected_budget beside high_risk: trauma; people"):
            assessed({"sex": SEX}, subject="projected_budget", high_risk=["trauma"])


class TestRulebooksThatAlwaysSuppress:
    def test_whatever_the_score(self, assessed):
        table = {"county": county(900_000, 1_900_000), "year": YEAR}
        assert assessed(table).decision == "release"
        assessment = assessed(table, by="cms-cell-size")
        assert results(assessment)[2:4] == ["no", "mask"]
        assert "whatever the score" in assessment.steps[3].summary
        assert "CMS Cell Size Suppression Policy" in assessment.steps[3].section

    def test_without_a_small_cell_there_is_nothing_to_suppress(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, counts=(0, 11), by="cms-cell-size")
        assert results(assessment)[3] == "skipped"

    def test_public_data_stays_public(self, assessed):
        assert assessed({"facility": CLINIC}, subject="providers", by="cms-cell-size").decision == "release"

    def test_other_limits_are_the_overlays_and_cite_its_source(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, counts=(9, 10), by="nchs")
        assert assessment.counts.small_cells == 1
        overrides = {one.entry: one.source for one in load_rulebook("nchs").overrides}
        step = assessment.steps[1]
        assert "1 to 9 individuals" in step.summary
        assert f"thresholds.numerator ({overrides['thresholds.numerator']})" in step.summary
        assert step.section == f"DDG 2.0 §4.2; {overrides['thresholds.numerator']}"
        assert "survey_limits" not in step.summary
        assert assessment.steps[2].section == "DDG 2.0 §4.3"


class TestWhatMakesATableLookSafer:
    """Wrong readings that an expert is told of."""

    def notes(self, assessment, field):
        return [note.text for note in assessment.notes if note.field == field]

    def test_a_category_declared_as_unknown(self, assessed):
        declared = {"variable": "residence_geography", "population": {"A": 900_000}, "unknown": ["B", "Unknown"]}
        assessment = assessed({"county": (declared, ["A", "B", "Unknown"])})
        (note,) = self.notes(assessment, "dimensions.county.unknown")
        assert note.startswith("'B' means 'not known'")

    @pytest.mark.parametrize(("counts", "noted"), [((5, 50, 55), False), ((5, 50, 49), True)])
    def test_a_category_declared_as_the_total(self, assessed, counts, noted):
        sex = ({"variable": "sex", "total": "All"}, ["Male", "Female", "All"])
        alone = assessed({"sex": sex}, counts=counts)
        crossed = assessed({"year": YEAR, "sex": sex}, counts=counts)
        for assessment in (alone, crossed):
            assert bool(self.notes(assessment, "dimensions.sex.total")) == noted

    def test_cells_of_unknown_people_are_small_all_the_same(self, assessed):
        declared = {"variable": "residence_geography", "population": {"A": 900_000}, "unknown": ["Unknown"]}
        assessment = assessed({"county": (declared, ["A", "Unknown"])}, counts=(5_000, 3))
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == 7
        assert assessment.counts.small_cells == 1

    def test_categories_spread_over_columns(self, assessed):
        count = {"kind": "count", "unit": "individuals"}
        rows = [("A", 5, 500), ("B", 50, 700)]
        measures = {"insured": count, "employed": count}
        assessment = assessed({"disease": ({"variable": "other"}, ["A", "B"])}, rows=rows, measures=measures)
        assert any("insured, employed stand side by side" in text for text in self.notes(assessment, "measures"))
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == 7

    def test_the_smallest_cell_of_all_measures_decides(self, assessed):
        count = {"kind": "count", "unit": "individuals"}
        visits = {"kind": "count", "unit": "events", "individuals": "cases"}
        rows = [("Male", 1_000, 4_000, 0), ("Female", 2_000, 9_000, 11)]
        measures = {"cases": count, "visits": visits, "deaths": count}
        assessment = assessed({"sex": SEX}, rows=rows, measures=measures)
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == 5

    def test_many_visits_of_few_people(self, assessed):
        count = {"kind": "count", "unit": "individuals"}
        visits = {"kind": "count", "unit": "events", "individuals": "cases"}
        rows = [("Male", 3, 4_000), ("Female", 2_000, 9_000)]
        assessment = assessed({"sex": SEX}, rows=rows, measures={"cases": count, "visits": visits})
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == 7
        assert assessment.counts.small_cells == 1

    def test_a_population_of_nobody(self, assessed):
        assessment = assessed({"county": county(0, 900_000), "year": YEAR})
        assert {t.variable: t.score for t in assessment.score.terms}["residence_geography"] == 7

    def test_a_region_of_which_no_county_is_shown(self, assessed):
        declared = {
            "variable": "residence_geography",
            "population": {"North": 3_000, "C": 900_000},
            "hierarchy": {"tree": {"North": ["A", "B"], "South": ["C"]}},
        }
        assessment = assessed({"county": (declared, ["North", "C"])})
        assert {t.variable: t.score for t in assessment.score.terms}["residence_geography"] == 7

    @pytest.mark.parametrize(
        "keys", [{"title": "Deaths of people experiencing homelessness"}, {"description": "By homelessness."}]
    )
    def test_a_high_risk_population_that_is_not_declared(self, assessed, keys):
        (note,) = self.notes(assessed({"sex": SEX}, **keys), "high_risk")
        assert "homelessness" in note
        assert "DDG 2.0 §5.6.2" in note
        assert not self.notes(assessed({"sex": SEX}, high_risk=["homelessness"], **keys), "high_risk")

    def test_one_among_the_categories(self, assessed):
        cause = ({"variable": "other"}, ["Substance Use Disorder", "Influenza"])
        assert self.notes(assessed({"cause": cause}), "high_risk")
