"""The six steps, the decision and what the report says."""

import dataclasses
import json

import pytest

from ddg_pipeline.assessment import counts_markdown, notes_markdown, score_markdown, steps_markdown
from ddg_pipeline.errors import InputErrors

YEAR = ({"variable": "time", "period": "year", "additive": False}, ["2024", "2025"])


def county(*populations):
    labels = [f"County {number}" for number in range(len(populations))]
    return ({"variable": "residence_geography", "population": dict(zip(labels, populations, strict=True))}, labels)


def results(assessment):
    return [step.result for step in assessment.steps]


class TestDecision:
    def test_small_cells_and_a_score_over_twelve_mask(self, assessed):
        assessment = assessed({"county": county(3_000, 900_000), "year": YEAR})
        assert results(assessment) == ["yes", "yes", "yes", "mask", "pending", "pending"]
        assert assessment.decision == "mask"

    def test_a_score_of_twelve_releases(self, assessed):
        assessment = assessed({"county": county(10_000, 900_000), "year": YEAR})
        assert assessment.score.total == 12
        assert results(assessment) == ["yes", "yes", "no", "skipped", "pending", "pending"]
        assert assessment.decision == "release"

    def test_no_small_cell_and_no_small_denominator_releases_whatever_the_score(self, assessed):
        many = {"variable": "other"}, [f"Disease {number}" for number in range(10)]
        assessment = assessed({"county": county(20_001, 900_000), "disease": many, "year": YEAR}, counts=(11, 0))
        assert assessment.score.total > 12
        assert results(assessment) == ["yes", "no", "skipped", "skipped", "pending", "pending"]
        assert str(assessment.score.total) in assessment.steps[2].summary
        assert assessment.decision == "release"

    def test_a_small_denominator_alone_leads_to_step_3(self, assessed):
        assessment = assessed({"county": county(20_000, 900_000), "year": YEAR}, counts=(11, 500))
        assert results(assessment)[1:3] == ["yes", "no"]

    def test_denominators_that_are_not_known_lead_to_step_3(self, assessed):
        assessment = assessed({"sex": ({"variable": "sex"}, ["Male", "Female"])}, counts=(1000, 5000))
        assert results(assessment)[1:3] == ["yes", "no"]
        assert any("denominators cannot be ruled out" in note.text for note in assessment.notes)


class TestHighRisk:
    def test_small_counts_are_suppressed_whatever_the_score(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, high_risk=["homelessness"])
        assert assessment.score.total <= 12
        assert results(assessment) == ["yes", "yes", "no", "mask", "pending", "pending"]
        assert assessment.decision == "mask"
        assert assessment.forced_by == ("homelessness",)
        assert "homelessness; DDG 2.0 §5.6.2" in assessment.steps[3].summary
        assert "over 12" not in assessment.steps[3].summary

    def test_without_small_counts_nothing_is_forced(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, counts=(0, 11), high_risk=["trauma"])
        assert (assessment.decision, assessment.forced_by) == ("release", ())

    def test_an_unknown_population_is_an_error_that_lists_the_known(self, assessed):
        with pytest.raises(InputErrors, match=r"high_risk: found 'homeless'; one of .*homelessness"):
            assessed({"year": YEAR}, high_risk=["homeless"])

    def test_it_contradicts_that_everything_is_public(self, assessed):
        with pytest.raises(InputErrors, match="personal_characteristics: found false beside high_risk: trauma"):
            assessed({"year": YEAR}, high_risk=["trauma"], personal_characteristics=False)


class TestPublicData:
    def test_it_goes_to_the_departments_procedure(self, assessed):
        facility = ({"variable": "other"}, ["Clinic", "Hospital"])
        assessment = assessed({"facility": facility, "year": YEAR}, personal_characteristics=False)
        assert results(assessment) == ["no", "skipped", "skipped", "skipped", "skipped", "pending"]
        assert assessment.decision == "release"

    def test_a_personal_variable_in_it_is_marked_for_review(self, assessed):
        sex = ({"variable": "sex"}, ["Male", "Female"])
        assessment = assessed({"sex": sex, "year": YEAR}, personal_characteristics=False)
        assert any(note.field == "personal_characteristics" and "sex" in note.text for note in assessment.notes)


class TestZeros:
    def test_a_zero_is_no_event(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, counts=(0, 1000))
        assert {t.variable: (t.category, t.score) for t in assessment.score.terms}["events"] == ("1,000 or more", 2)

    def test_nothing_but_zeros_takes_the_highest_score(self, assessed):
        assessment = assessed({"county": county(900_000), "year": YEAR}, counts=(0,))
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == 7
        assert any("All cells are zero" in note.text for note in assessment.notes)

    @pytest.mark.parametrize(
        ("smallest", "score"), [(1, 7), (10, 7), (11, 5), (99, 5), (100, 3), (999, 3), (1000, 2), (10**6, 2)]
    )
    def test_events_by_the_smallest_cell(self, assessed, smallest, score):
        assessment = assessed({"year": YEAR}, counts=(smallest, 10**7))
        assert {t.variable: t.score for t in assessment.score.terms}["events"] == score


class TestSafeHarbor:
    STATE = ({"variable": "residence_geography", "population": 39_500_000}, ["California"])

    def test_statewide_and_annual_may_meet_it(self, assessed):
        assert "may meet Safe Harbor" in assessed({"state": self.STATE, "year": YEAR}).safe_harbor
        scope = [{"variable": "residence_geography", "population": 39_500_000}]
        assert "may meet Safe Harbor" in assessed({"year": YEAR}, scope=scope).safe_harbor

    def test_why_not(self, assessed):
        month = ({"variable": "time", "period": "month"}, ["2025-01"])
        assert "month is finer than a year (month)" in assessed({"state": self.STATE, "month": month}).safe_harbor
        assert "shows areas within" in assessed({"county": county(9_000_000, 8_000_000), "year": YEAR}).safe_harbor
        assert "smaller than the state" in assessed({"county": county(1_000_000), "year": YEAR}).safe_harbor
        assert "no geography is declared" in assessed({"year": YEAR}).safe_harbor
        assert "no time is declared" in assessed({"state": self.STATE}).safe_harbor

    def test_one_large_county_is_not_the_state(self, assessed):
        """More than 2,000,000 people score like the state, and are not the state."""
        large = ({"variable": "residence_geography"}, ["Los Angeles"])
        assert "county shows an area smaller than the state" in assessed({"county": large, "year": YEAR}).safe_harbor
        state = ({"variable": "residence_geography"}, ["California"])
        assert "may meet Safe Harbor" in assessed({"area": state, "year": YEAR}).safe_harbor

    @pytest.mark.parametrize(("people", "is_one"), [(24_000_000, False), (34_000_000, False), (35_000_000, True)])
    def test_a_large_part_of_the_state_is_not_the_state(self, assessed, people, is_one):
        south = ({"variable": "residence_geography", "population": people}, ["Southern California"])
        finding = assessed({"area": south, "year": YEAR}).safe_harbor
        assert ("may meet Safe Harbor" in finding) is is_one
        assert ("area shows an area smaller than the state" in finding) is not is_one

    def test_addresses_zip_codes_and_ages_over_89(self, assessed):
        clinic = ({"variable": "service_geography", "address": "street"}, ["12 Main Street", "95814"])
        age = ({"variable": "age"}, ["0-84", "85-99", "100+"])
        finding = assessed({"clinic": clinic, "age": age, "year": YEAR}).safe_harbor
        assert "clinic shows addresses, or ZIP codes of more than three digits" in finding
        assert "age has ages over 89 in a band that is not open (85-99)" in finding
        open_band = ({"variable": "age"}, ["0-84", "85+"])
        assert "may meet" in assessed({"state": self.STATE, "age": open_band, "year": YEAR}).safe_harbor

    def test_periods_that_are_read_from_the_labels(self, assessed):
        month = ({"variable": "time"}, ["Jan 2024", "Feb 2024"])
        assert "month is finer than a year" in assessed({"state": self.STATE, "month": month}).safe_harbor

    def test_it_cites_the_guideline(self, assessed):
        assert "(DDG 2.0 §3 Figure 1)" in assessed({"state": self.STATE, "year": YEAR}).safe_harbor


class TestUndeclaredTime:
    """A table that does not say what period it covers is scored as the finest: what is not declared is not safe."""

    def time(self, assessment):
        (term,) = [term for term in assessment.score.terms if term.variable == "time"]
        return term.dimension, term.found, term.score

    def noted(self, assessment):
        return any("No time is declared" in note.text for note in assessment.notes)

    def test_it_takes_the_highest_score_of_the_time_table_and_is_noted(self, assessed):
        assessment = assessed({"county": county(10_000, 900_000)})
        assert self.time(assessment) == (None, None, 5)
        assert (assessment.score.total, assessment.decision) == (17, "mask")
        assert self.noted(assessment)
        (term,) = [term for term in assessment.score.terms if term.variable == "time"]
        assert "no period declared" in term.category
        assert term.section == "DDG 2.0 §16.2"

    @pytest.mark.parametrize(
        ("period", "score"), [("day", 5), ("month", 5), ("quarter", 4), ("half-year", 3), ("year", 0), ("5 years", -5)]
    )
    def test_a_period_under_scope_is_scored_instead(self, assessed, period, score):
        assessment = assessed({"county": county(900_000)}, scope=[{"variable": "time", "period": period}])
        assert self.time(assessment) == ("scope[0]", period, score)
        assert not self.noted(assessment)

    def test_so_is_one_that_a_dimension_implies(self, assessed):
        cohort = ({"variable": "other", "implies": [{"variable": "time", "label": "2024"}]}, ["North", "South"])
        assessment = assessed({"cohort": cohort})
        assert self.time(assessment) == ("cohort", "year", 0)
        assert not self.noted(assessment)

    @pytest.mark.parametrize("label", ["2015-2019", "2024", "Jan 2024"])
    def test_one_that_only_some_categories_imply_says_nothing_of_the_others(self, assessed, label):
        implied = {"variable": "time", "label": label, "categories": ["North"]}
        assessment = assessed({"cohort": ({"variable": "other", "implies": [implied]}, ["North", "South"])})
        assert self.time(assessment) == (None, None, 5)
        assert self.noted(assessment)

    def test_every_table_side_by_side_is_scored_so(self, assessed):
        sex = ({"variable": "sex", "total": "All"}, ["Male", "Female", "All"])
        place = ({**county(10_000, 900_000)[0], "total": "State"}, ["County 0", "County 1", "State"])
        rows = [("State", "Male", 5), ("State", "Female", 40), ("County 0", "All", 12), ("County 1", "All", 33)]
        assessment = assessed({"county": place, "sex": sex}, rows=rows)
        times = [[term.score for term in table.terms if term.variable == "time"] for table in assessment.tables]
        assert times == [[5], [5]]

    def test_it_does_not_interact(self, assessed):
        tables = ({"county": county(10_000), "year": YEAR}, {"county": county(10_000)})
        scores = [{term.variable: term.score for term in assessed(table).score.terms} for table in tables]
        assert scores[0]["interactions"] == scores[1]["interactions"] == 0


class TestReport:
    def example(self, assessed, counts=(1, 2, 1, 50)):
        dimensions = {"county": county(3_000, 900_000), "sex": ({"variable": "sex"}, ["Male", "Female"]), "year": YEAR}
        return assessed(dimensions, counts=counts)

    def test_json_has_the_agreed_keys(self, assessed):
        content = json.loads(json.dumps(self.example(assessed).to_json_dict()))
        assert content["decision"] == "mask"
        assert content["score"]["total"] == 16
        assert sum(term["score"] for term in content["score"]["terms"]) == 16
        assert {"variable", "category", "score", "section"} <= set(content["score"]["terms"][0])
        assert content["score"]["terms"][0] | {"section": ""} == {
            "variable": "events",
            "dimension": None,
            "found": None,
            "category": "<11",
            "score": 7,
            "section": "",
            "by_smallest_count": False,
        }
        assert [step["step"] for step in content["steps"]] == [1, 2, 3, 4, 5, 6]
        assert {"step", "result", "summary"} <= set(content["steps"][0])
        numbers = {
            "cells": 8,
            "small_cells": 6,
            "small_derived": 0,
            "zero_cells": 0,
            "small_denominators": 4,
            "denominators": "bounded",
        }
        source = "population of county"
        assert content["counts"] == {**numbers, "measures": [{"measure": "cases", **numbers, "source": source}]}
        assert content["reliability"] == []

    def test_no_cell_can_be_read_from_it(self, assessed):
        """Other figures in the same bands give the same report, to the letter."""
        one = self.example(assessed, counts=(1, 2, 1, 50))
        other = self.example(assessed, counts=(2, 9, 2, 61))
        assert one == other
        for render in (steps_markdown, score_markdown, counts_markdown, notes_markdown, repr):
            assert render(one) == render(other)

    def test_markdown_tables_are_whole(self, assessed):
        assessment = self.example(assessed)
        for render, rows in ((steps_markdown, 6), (score_markdown, 6), (counts_markdown, 4)):
            lines = render(assessment).splitlines()
            assert len(lines) == rows + 2
            assert len({line.count("|") for line in lines}) == 1
        assert "| **total** |" in score_markdown(assessment)
        assert "**16**" in score_markdown(assessment)

    def test_markdown_escapes_what_people_write(self, assessed):
        age = ({"variable": "other", "population": {"a|b": 10, "c": 9_000_000}}, ["a|b", "c"])
        assert "a\\|b" in score_markdown(assessed({"x": age}))

    def test_it_is_frozen(self, assessed):
        with pytest.raises(dataclasses.FrozenInstanceError):
            self.example(assessed).decision = "release"
