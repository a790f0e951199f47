"""``ddg verify``: the proof beside a masked table, checked against the table before masking."""

import shutil

import pandas as pd
import pytest

LINKED = """\
release: cases_by_county
title: Cases by county
scope:
  - {variable: time, period: year}
dimensions:
  county:
    variable: residence_geography
    population: {Alpha: 1200, Beta: 3100, Gamma: 42000, Delta: 91000, Epsilon: 250000, Zeta: 810000}
    total: State
measures:
  cases: {kind: count}
links: [cases_by_county_sex]
"""
LINKED_TABLE = "county,cases\nAlpha,9\nBeta,23\nGamma,63\nDelta,116\nEpsilon,193\nZeta,609\nState,1013\n"


@pytest.fixture
def out(ddg, example, tmp_path):
    answer = ddg("mask", *example, "-o", tmp_path / "out")
    assert answer.code == 0, answer.err
    return tmp_path / "out"


def hidden_rows(frame):
    return frame.index[frame["cases_annotation_code"].isin(["1", "2"])]


def published(out):
    return pd.read_csv(out / "cases_by_county_sex.csv", dtype=str, keep_default_na=False)


class TestWhatMaskingWrote:
    def test_is_proved(self, ddg, example, out):
        answer = ddg("verify", *example, out)
        assert answer.code == 0, answer.err
        assert answer.out.startswith("proved: every one of 4 small counts is protected at level ddg")

    def test_is_proved_for_machines(self, ddg, example, out):
        answer = ddg("verify", *example, out, "--json")
        assert answer.code == 0
        assert answer.json["proved"] is True
        assert answer.json["faults"] == []
        assert answer.json["small_counts_to_protect"] == 4
        assert answer.json["moves"] >= 1

    def test_is_proved_of_linked_tables_together(self, ddg, files, text, tmp_path):
        contract, table, linked, linked_table = files(
            contract__yaml=text[0] + "links: [cases_by_county]\n",
            table__csv=text[1],
            linked__yaml=LINKED,
            linked__csv=LINKED_TABLE,
        )
        given = (contract, table)
        link = ("--link", linked, "--link-table", linked_table)
        assert ddg("mask", *given, "-o", tmp_path / "out", *link).code == 0
        assert ddg("verify", *given, tmp_path / "out", *link).code == 0
        alone = ddg("verify", *given, tmp_path / "out")
        assert alone.code == 2
        assert "--link" in alone.err

    def test_of_a_table_that_may_be_released_as_it_is_needs_no_proof(self, ddg, files, tmp_path):
        contract, table = files(
            contract__yaml=LINKED.replace("links: [cases_by_county_sex]\n", ""),
            table__csv=LINKED_TABLE.replace("Alpha,9", "Alpha,29").replace("1013", "1033"),
        )
        assert ddg("mask", contract, table, "-o", tmp_path / "out").code == 0
        answer = ddg("verify", contract, table, tmp_path / "out")
        assert answer.code == 0
        assert "released as it is" in answer.out


class TestWhatIsWrong:
    def test_a_small_count_that_came_back(self, ddg, example, out):
        frame, true = published(out), pd.read_csv(example[1], dtype=str)
        row = frame.index[frame["cases_annotation_code"] == "1"][0]
        frame.loc[row, "cases"] = true.loc[row, "cases"]
        frame.to_csv(out / "cases_by_county_sex.csv", index=False, lineterminator="\n")
        answer = ddg("verify", *example, out)
        assert answer.code == 1
        assert "a small count is shown" in answer.out
        assert f"county={true.loc[row, 'county']}, sex={true.loc[row, 'sex']}" in answer.out
        answer = ddg("verify", *example, out, "--json")
        assert answer.code == 1
        assert "hidden" in answer.json["faults_by_rule"]

    def test_a_table_that_changed_after_masking(self, ddg, example, out, files, text):
        changed = text[1]
        for before, after in (("Delta,F,61", "Delta,F,62"), ("Delta,All,116", "Delta,All,117")):
            changed = changed.replace(before, after)
        files(table__csv=changed.replace("State,F,474", "State,F,475").replace("State,All,1013", "State,All,1014"))
        answer = ddg("verify", *example, out)
        assert answer.code == 1
        assert "a published figure is not the true one" in answer.out

    def test_a_proof_of_another_release(self, ddg, example, out, files, text, tmp_path):
        other, table = files(other__yaml=text[0].replace("cases_by_county_sex", "other"), other__csv=text[1])
        assert ddg("mask", other, table, "-o", tmp_path / "other").code == 0
        shutil.copy(tmp_path / "other" / "proof.parquet", out / "proof.parquet")
        answer = ddg("verify", *example, out)
        assert answer.code == 1
        assert "line 1 of the proof" in answer.out

    def test_a_proof_that_is_cut_off(self, ddg, example, out):
        proof = out / "proof.parquet"
        proof.write_bytes(proof.read_bytes()[:-20])
        answer = ddg("verify", *example, out)
        assert answer.code == 2
        assert "no whole Parquet file" in answer.err

    @pytest.mark.parametrize("name", ["proof.parquet", "cases_by_county_sex.csv"])
    def test_a_file_that_is_missing(self, ddg, example, out, name):
        (out / name).unlink()
        answer = ddg("verify", *example, out)
        assert answer.code == 2
        assert name in answer.err

    @pytest.mark.parametrize("number", [1, 2])
    def test_too_few_arguments(self, ddg, example, number):
        answer = ddg("verify", *example[:number])
        assert answer.code == 2
        assert "ddg verify CONTRACT.yaml TABLE DIR" in answer.err

    def test_whole_percentages_have_no_proof(self, ddg, files, tmp_path):
        contract, table = files(
            contract__yaml=(
                "release: shares\ntitle: Shares\n"
                "dimensions:\n"
                "  county: {variable: other, groups: 2}\n"
                "  answer: {variable: other, groups: 3}\n"
                "measures:\n  people: {kind: count}\n"
                "suppression:\n  form: whole_percentages\n  percentages: {of: answer}\n"
            ),
            table__csv="county,answer,people\nA,Yes,4000\nA,No,5990\nA,Unknown,10\nB,Yes,4000\nB,No,5900\nB,Unknown,100\n",
        )
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "shares.csv").write_text("county,answer,people_percent\nA,Yes,40\n")
        answer = ddg("verify", contract, table, tmp_path / "out")
        assert answer.code == 2
        assert "whole_percentages" in answer.err
