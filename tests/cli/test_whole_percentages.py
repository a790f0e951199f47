"""``ddg mask`` and ``ddg audit`` with percentages in place of counts (DDG 2.0 §4.4.4)."""

from __future__ import annotations

import csv
import io
import json

import pytest

CONTRACT = """\
release: people_by_sex
title: People by sex
scope: [{variable: time, period: year}, {variable: residence_geography, population: 39538223}]
dimensions:
  sex: {variable: intersex, total: All}
measures:
  people: {kind: count}
suppression: {form: whole_percentages, percentages: {of: sex}, level: full}
"""
TABLE = "sex,people\nMale,545\nFemale,545\nIntersex,10\nAll,1100\n"


@pytest.fixture
def given(files):
    return files(contract__yaml=CONTRACT, table__csv=TABLE)


class TestWorkedExample5:
    @pytest.fixture
    def out(self, ddg, given, tmp_path):
        answer = ddg("mask", *given, "-o", tmp_path / "out")
        assert answer.code == 0, answer.err
        assert "Safe" in answer.out
        return tmp_path / "out"

    def test_percentages_and_no_counts(self, out):
        rows = list(csv.DictReader(io.StringIO((out / "people_by_sex.csv").read_text())))
        assert [(row["sex"], row["people_percent"]) for row in rows] == [
            ("Male", "50"), ("Female", "50"), ("Intersex", "<1"), ("All", "100"),
        ]  # fmt: skip
        assert list(rows[0]) == [
            "sex", "people_percent", "people_percent_annotation_code", "people_percent_annotation_description",
        ]  # fmt: skip

    def test_the_report_says_what_was_done(self, out):
        text = (out / "report.json").read_text()
        report = json.loads(text)
        assert (report["decision"], report["masked"], report["level"]) == ("mask", True, "full")
        assert "§4.4.4" in report["steps"][3]["summary"]
        assert report["small_cell_rule"].startswith("Percentages are rounded to whole numbers; counts are not shown.")
        assert report["audit"]["safe"] is True
        assert "545" not in text
        assert "1100" not in text

    def test_the_audit_s_command_agrees(self, ddg, out, given):
        answer = ddg("audit", given[0], out / "people_by_sex.csv", "--json")
        assert answer.code == 0
        assert answer.json["safe"] is True
        assert any("taken as unknown" in note for note in answer.json["notes"])

    def test_the_audit_s_command_takes_what_is_known_from_elsewhere(self, ddg, out, given, files):
        total = files(total__csv="sex,people\nAll,1100\n")
        answer = ddg("audit", given[0], out / "people_by_sex.csv", "--known", total, "--json")
        assert answer.code == 0, answer.out
        assert answer.json["notes"] == []
        counts = files(counts__csv="sex,people\nAll,1100\nMale,545\nFemale,545\n")
        answer = ddg("audit", given[0], out / "people_by_sex.csv", "--known", counts, "--json")
        assert answer.code == 1
        assert [(one["kind"], one["values"]) for one in answer.json["findings"]] == [("exact", [10])]


class TestRefusal:
    def test_nothing_is_written_and_no_figure_told(self, ddg, files, tmp_path):
        contract, table = files(
            contract__yaml=CONTRACT, table__csv="sex,people\nMale,544\nFemale,545\nIntersex,7\nAll,1096\n"
        )
        answer = ddg("mask", contract, table, "-o", tmp_path / "out")
        assert answer.code == 1
        assert "the total is under 1,100" in answer.err
        assert not {"544", "545", "1096", "1,096"} & set(answer.err.replace(";", " ").replace(".", " ").split())
        assert not (tmp_path / "out").exists()

    def test_a_linked_release_is_a_mistake_in_the_contract(self, ddg, files, tmp_path):
        contract, table = files(contract__yaml=f"{CONTRACT}links: [people_by_county]\n", table__csv=TABLE)
        answer = ddg("mask", contract, table, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "the counts may appear nowhere else" in answer.err
