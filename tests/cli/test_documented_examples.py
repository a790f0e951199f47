"""What the documentation's example files show, they show."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CONTRACT, TABLE = EXAMPLES / "pertussis_cases_by_county.yaml", EXAMPLES / "pertussis_cases_by_county.csv"

MASKED = ["asthma_by_county_and_sex", "clinic_patients", "overdose_visits_by_year"]


@pytest.mark.parametrize("name", MASKED)
def test_an_example_that_has_to_be_masked_can_be_and_withstands_the_audit(ddg, tmp_path, name):
    contract, table = EXAMPLES / f"{name}.yaml", EXAMPLES / f"{name}.csv"
    assert ddg("assess", contract, table, "--json").json["decision"] == "mask"
    masked = ddg("mask", contract, table, "-o", tmp_path / "out", "--json")
    assert (masked.code, masked.json["audit"]["safe"]) == (0, True)
    assert ddg("audit", contract, tmp_path / "out" / f"{name}.csv").code == 0


def test_the_survey_is_reliable_and_may_be_released(ddg):
    contract, table = EXAMPLES / "flu_vaccination_survey.yaml", EXAMPLES / "flu_vaccination_survey.csv"
    found = ddg("assess", contract, table, "--json").json
    assert found["decision"] == "release"
    assert [(one["measure"], one["unreliable_cells"]) for one in found["reliability"]] == [("percent_vaccinated", 0)]


class TestPertussisByCounty:
    def test_has_to_be_masked(self, ddg):
        found = ddg("assess", CONTRACT, TABLE, "--json").json
        assert (found["decision"], found["score"]["total"]) == ("mask", 14)

    def test_is_masked_and_withstands_the_audit(self, ddg, tmp_path):
        assert ddg("mask", CONTRACT, TABLE, "-o", tmp_path / "out").code == 0
        assert ddg("audit", CONTRACT, tmp_path / "out" / "pertussis_cases_by_county.csv").code == 0

    def test_is_given_away_where_only_small_counts_are_hidden(self, ddg):
        answer = ddg("audit", CONTRACT, EXAMPLES / "only_small_counts_hidden.csv", "--json")
        assert answer.code == 1
        assert [found["values"] for found in answer.json["findings"] if found["kind"] == "exact"] == [[3]]
