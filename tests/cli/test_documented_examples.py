"""What the documentation's example files show, they show."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CONTRACT, TABLE = EXAMPLES / "pertussis_cases_by_county.yaml", EXAMPLES / "pertussis_cases_by_county.csv"


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
