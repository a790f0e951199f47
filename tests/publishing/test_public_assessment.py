"""What is published of an assessment tells no hidden count from another."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from ddg_pipeline.assessment import assess
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.publishing import public_part
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
SMALL = range(1, 11)


def told(smallest, population=30_000, rulebook=RULEBOOK, other=None, reasons_shown=True, **keys):
    """What is published of a table by county alone, whose smallest count is given; as text."""
    raw = {
        "release": "example",
        "title": "An example",
        "scope": [{"variable": "time", "period": "year"}],
        "dimensions": {
            "county": {"variable": "residence_geography", "population": {"A": population, "B": 500_000, "C": 600_000}}
        },
        "measures": {"cases": {"kind": "count"}},
        **keys,
    }
    rows = [("A", smallest), ("B", 10 if other is None else other), ("C", 40)]
    if "sex" in raw["dimensions"]:
        rows = [(name, sex, count) for name, count in rows for sex in ("F", "M")]
    frame = pd.DataFrame(rows, columns=[*raw["dimensions"], "cases"])
    assessment = assess(bind(parse_contract(raw, "example"), frame, None, "example"), rulebook)
    public = public_part(
        assessment.to_json_dict(),
        rulebook,
        "example",
        masked=assessment.decision == "mask",
        reasons_shown=reasons_shown,
    )
    return assessment, public


def text(public):
    return json.dumps(dataclasses.asdict(public))


class TestAMaskedTable:
    @pytest.mark.parametrize("population", [3_000, 10_000, 30_000, 150_000, 450_000])
    def test_of_a_high_risk_population_reads_the_same_whatever_its_smallest_count_is(self, population):
        read = {text(told(count, population, high_risk=["homelessness"])[1]) for count in SMALL}
        assert len(read) == 1

    @pytest.mark.parametrize("population", [3_000, 10_000])
    def test_for_its_score_reads_the_same_whatever_its_smallest_count_is(self, population):
        found = [told(count, population) for count in SMALL]
        assert len({text(public) for one, public in found if one.decision == "mask"}) <= 1

    def test_withholds_total_comparison_and_reason_where_they_depend_on_the_smallest_count(self):
        _, public = told(1, 3_000)
        assert (public.total, public.at_most) == (None, 14)
        assert public.verdict.startswith("not published")
        steps = {step.step: step for step in public.steps}
        assert steps[3].result == "not published"
        assert "Without the term that depends on the smallest count, the publication score is 14." in steps[3].summary
        assert "score is over" not in steps[4].summary

    def test_says_that_the_score_is_not_over_where_the_published_terms_tell_it(self):
        assessment, public = told(1, 150_000, high_risk=["homelessness"])
        assert assessment.score.total == 8
        assert (public.total, public.at_most, public.verdict) == (None, 8, "not over 12")
        assert public.steps[2].result == "no"
        assert "high-risk population" in public.steps[3].summary

    def test_with_a_further_variable_tells_its_score(self):
        dimensions = {
            "county": {"variable": "residence_geography", "population": {"A": 3_000, "B": 500_000, "C": 600_000}},
            "sex": {"variable": "sex"},
        }
        assessment, public = told(1, dimensions=dimensions)
        assert public.total == assessment.score.total == 16

    def test_by_a_rulebook_that_tells_small_counts_apart_withholds_the_events_too(self):
        events = RULEBOOK.scoring.events
        first = events.bands[0]
        split = (
            first.model_copy(update={"category": "<5", "score": 9, "upper": 4}),
            first.model_copy(update={"category": "5-10", "lower": 5}),
        )
        scoring = RULEBOOK.scoring.model_copy(
            update={"events": events.model_copy(update={"bands": (*split, *events.bands[1:])})}
        )
        finer = RULEBOOK.model_copy(update={"scoring": scoring})
        assert len({told(count, 30_000, finer, high_risk=["homelessness"])[0].score.total for count in SMALL}) > 1
        read = {text(told(count, 30_000, finer, high_risk=["homelessness"])[1]) for count in SMALL}
        assert len(read) == 1

    def test_with_one_code_for_both_reasons_tells_no_number_of_small_cells(self):
        one = told(3, 3_000, other=4, reasons_shown=False, high_risk=["homelessness"])[1]
        another = told(3, 3_000, other=40, reasons_shown=False, high_risk=["homelessness"])[1]
        assert text(one) == text(another)
        assert one.counts[0].small_cells is None


class TestAnUnmaskedTable:
    def test_tells_everything_as_all_its_counts_are_published(self):
        assessment, public = told(5, 30_000)
        assert assessment.decision == "release"
        assert (public.total, public.terms[-1].score) == (6, -5)
        assert public.steps[2].result == "no"
        assert [one.small_cells for one in public.counts] == [2]
