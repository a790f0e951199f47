"""What ``ddg assess`` prints for people can be read at any width, and piped."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

WIDTHS = (80, 100, 120, 200)


@pytest.fixture(params=WIDTHS)
def printed(request, ddg, example, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param, ddg("assess", *example, "--explain").out


class TestTheLayout:
    def test_the_first_lines_are_the_answer(self, printed):
        _, out = printed
        name, answer, *_ = out.splitlines()
        assert name == "cases_by_county_sex"
        assert answer.startswith("Decision: mask it, because its publication score is 16, over 12.")

    def test_no_line_is_longer_than_the_terminal_is_wide(self, printed):
        width, out = printed
        assert max(map(len, out.splitlines())) <= width

    def test_a_section_stands_on_one_line_with_its_guideline(self, printed):
        _, out = printed
        sections = re.findall(r"§\d", out)
        assert len(sections) >= 10
        assert len(re.findall(r"DDG 2\.0 §\d", out)) == len(sections)

    def test_no_word_is_cut(self, printed):
        _, out = printed
        words = set(re.findall(r"[A-Za-z]+", out))
        for word in ("characteristics", "interactions", "individuals", "Departmental", "denominator", "determination"):
            assert any(one.casefold() == word.casefold() for one in words), word

    def test_nothing_is_coloured_in_a_pipe_and_no_line_ends_in_blanks(self, printed):
        _, out = printed
        assert "\x1b" not in out
        assert not any(line != line.rstrip() for line in out.splitlines())
        assert "\ue000" not in out
        assert "\x1f" not in out

    def test_a_pipe_without_a_width_is_120_columns_wide(self, ddg, example, monkeypatch):
        monkeypatch.delenv("COLUMNS", raising=False)
        assert 100 < max(map(len, ddg("assess", *example).out.splitlines())) <= 120

    def test_a_pipe_of_another_encoding_gets_letters_it_has(self, example):
        environment = os.environ | {"PYTHONIOENCODING": "ascii"}
        command = [sys.executable, "-c", "from ddg_pipeline.cli import main; main()", "assess", *map(str, example)]
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert done.returncode == 0
        assert b"DDG 2.0 Sec. 4.2" in done.stdout

    def test_a_long_name_is_broken_after_a_joint(self, ddg, files, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        name = "race_and_ethnicity_of_the_patient_as_it_was_reported"
        contract = (
            f"release: r\ntitle: R\nscope: [{{variable: time, period: year}}]\n"
            f"dimensions: {{{name}: {{variable: race_ethnicity}}}}\nmeasures: {{n: {{kind: count}}}}\n"
        )
        out = ddg("assess", *files(contract__yaml=contract, table__csv=f"{name},n\nWhite,3\nAsian,50\n")).out
        parts = [part for part in re.findall(r"[a-z_]+_(?=\s|$)", out, re.MULTILINE) if part.startswith("race_")]
        assert parts
        assert all(name.startswith(part) for part in parts)


class TestTheTables:
    def test_say_how_many_cells_there_are_of_which_kind(self, ddg, example):
        out = ddg("assess", *example).out
        assert re.search(r"^cases +21 +4 +1 +\d+ +bounded: population of county", out, re.MULTILINE)

    def test_tables_side_by_side_are_shown_each_with_its_score(self, ddg, files):
        contract = (
            "release: r\ntitle: R\nscope: [{variable: time, period: year}]\ndimensions:\n"
            "  sex: {variable: sex, total: All}\n  race: {variable: race, total: All}\nmeasures: {n: {kind: count}}\n"
        )
        table = "sex,race,n\nF,All,40\nM,All,60\nAll,White,97\nAll,Asian,3\n"
        out = ddg("assess", *files(contract__yaml=contract, table__csv=table)).out
        assert "Publication score, table by race" in out
        assert "Publication score, table by sex" in out
        assert "The riskiest of 2 tables side by side: its score decides." in out

    def test_an_overlay_is_shown_with_what_it_says_otherwise(self, ddg, files, text, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        contract, table = text
        changed = contract.replace("title:", "rulebook: washington-doh\ntitle:", 1)
        out = ddg("assess", *files(contract__yaml=changed, table__csv=table)).out
        assert "on top of calhhs-ddg-2.0" in out
        assert "What it says otherwise" in out
        assert "lower: 1; upper: 9" in out


class TestExplain:
    def test_says_what_would_bring_the_score_to_the_cut_off(self, ddg, example):
        out = ddg("assess", *example, "--explain").out
        assert "What would bring the score to 12" in out
        assert "4 points have to go" in out
        assert "leave sex out" in out

    def test_is_part_of_the_json_only_where_it_is_asked_for(self, ddg, example):
        assert "explanation" not in ddg("assess", *example, "--json").json
        found = ddg("assess", *example, "--json", "--explain").json["explanation"]
        assert (found["score"], found["cut_off"], found["too_much"]) == (16, 12, 4)
        assert all(change["saves"] > 0 for change in found["changes"])
        assert all(change["reaches"] == (change["score"] <= 12) for change in found["changes"])

    def test_a_table_that_may_go_out_needs_no_change(self, ddg, files, text):
        contract, _ = text
        table = "county,sex,cases\n" + "".join(
            f"{county},{sex},{count}\n"
            for county in ("Zeta", "State")
            for sex, count in (("F", 310), ("M", 299), ("All", 609))
        )
        out = ddg("assess", *files(contract__yaml=contract, table__csv=table), "--explain").out
        assert "Nothing has to change" in out
