"""``ddg mask``: a masked table with its proof, or nothing."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import sys

import pytest

LINKED_CONTRACT = """\
release: cases_by_county
title: Cases by county
scope:
  - {variable: time, period: 5 years}
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

RATES_CONTRACT = """\
release: rates
title: Rates by county
scope: [{variable: time, period: year}]
dimensions:
  county: {variable: residence_geography, population: population, total: State}
measures:
  cases: {kind: count, population: population}
  visits: {kind: count, unit: events, individuals: cases}
  rate: {kind: rate, numerator: cases, denominator: population, per: 100000, decimals: 1}
  paid: {kind: amount, individuals: cases, decimals: 2}
suppression:
  annotations: {code: "{measure}_note", description: "{measure}_why"}
"""
RATES_TABLE = """\
rate,county,population,paid,cases,visits
83.3,Alpha,1200,10.50,1,9
225.8,Beta,3100,20.25,7,7
95.2,Gamma,42000,400.00,40,41
65.9,Delta,91000,600.00,60,90
0.0,Epsilon,1000,,0,0
78.7,State,137300,1030.75,108,147
"""


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


class TestFiles:
    @pytest.fixture
    def out(self, ddg, example, tmp_path):
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        assert answer.code == 0, answer.err
        return tmp_path / "out"

    def test_the_sentence_below_the_table_is_told(self, ddg, example, tmp_path):
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        rule = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["small_cell_rule"]
        assert "Counts under 11 are not shown, in accordance with the CalHHS" in rule
        assert f"Say below the table: {rule}" in " ".join(answer.out.split())

    def test_there_are_exactly_three(self, out):
        assert sorted(path.name for path in out.iterdir()) == [
            "cases_by_county_sex.csv", "proof.parquet", "report.json",
        ]  # fmt: skip

    def test_the_table_keeps_its_columns_and_rows_in_order(self, out, text):
        given = list(csv.DictReader(io.StringIO(text[1])))
        masked = rows(out / "cases_by_county_sex.csv")
        assert list(masked[0]) == [
            "county", "sex", "cases", "cases_annotation_code", "cases_annotation_description",
        ]  # fmt: skip
        assert [(row["county"], row["sex"]) for row in masked] == [(row["county"], row["sex"]) for row in given]

    def test_a_suppressed_cell_is_empty_and_says_why_and_a_zero_stays(self, out, text):
        given = list(csv.DictReader(io.StringIO(text[1])))
        for before, after in zip(given, rows(out / "cases_by_county_sex.csv"), strict=True):
            code, count = after["cases_annotation_code"], int(before["cases"])
            assert (code == "1") == (1 <= count <= 10)
            assert after["cases"] == ("" if code else before["cases"])
            assert bool(after["cases_annotation_description"]) == bool(code)
            assert code in ("", "1", "2")
        assert any(row["cases_annotation_code"] == "2" for row in rows(out / "cases_by_county_sex.csv"))

    def test_the_report_holds_what_assess_says_and_what_was_done(self, ddg, out, example):
        report = json.loads((out / "report.json").read_text())
        assessed = ddg("assess", *example, "--json").json
        assert {key: report[key] for key in assessed} == assessed
        assert (report["masked"], report["level"], report["linked"]) == (True, "ddg", [])
        assert report["suppression"]["cases"]["small"] == 4
        assert report["audit"]["safe"] is True
        assert report["audit"]["findings"] == []

    def test_the_audit_s_command_agrees(self, ddg, out, example):
        answer = ddg("audit", example[0], out / "cases_by_county_sex.csv", "--json")
        assert answer.code == 0
        assert answer.json["safe"] is True

    def test_the_table_alone_may_be_read_by_others(self, out):
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {
            "cases_by_county_sex.csv": 0o644, "proof.parquet": 0o600, "report.json": 0o600,
        }  # fmt: skip

    def test_the_same_again_gives_the_same_bytes(self, ddg, out, example, tmp_path):
        ddg("mask", *example, "-o", tmp_path / "again")
        for path in out.iterdir():
            assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


class TestAnswer:
    def test_json_is_the_report(self, ddg, example, tmp_path):
        answer = ddg("mask", *example, "-o", tmp_path / "out", "--json")
        assert answer.json == json.loads((tmp_path / "out" / "report.json").read_text())
        assert answer.err == ""

    def test_people_see_what_was_hidden_and_where_it_is(self, ddg, example, tmp_path):
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        assert "Safe: 4 small cells" in answer.out
        assert str(tmp_path / "out" / "cases_by_county_sex.csv") in answer.out.replace("\n", "")

    def test_progress_is_for_terminals_and_on_standard_error(self, ddg, example, tmp_path, monkeypatch):
        assert ddg("mask", *example, "-o", tmp_path / "out").err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        watched = ddg("mask", *example, "-o", tmp_path / "out")
        assert watched.code == 0
        assert watched.err != ""
        quiet = ddg("mask", *example, "-o", tmp_path / "out", "--quiet")
        assert quiet.err == ""
        assert quiet.out.split() == sorted(str(path) for path in (tmp_path / "out").iterdir())
        assert ddg("mask", *example, "-o", tmp_path / "out", "--quiet").err == ""


class TestStatistics:
    """What is tied to a count goes with it (§4.4.1 item 3), under the names that the contract gives."""

    @pytest.fixture
    def masked(self, ddg, files, tmp_path):
        answer = ddg("mask", *files(contract__yaml=RATES_CONTRACT, table__csv=RATES_TABLE), "-o", tmp_path / "out")
        assert answer.code == 0, answer.err
        return {row["county"]: row for row in rows(tmp_path / "out" / "rates.csv")}

    def test_they_are_hidden_with_their_count(self, masked):
        for county in ("Alpha", "Beta"):
            row = masked[county]
            assert {row[name] for name in ("cases", "visits", "rate", "paid")} == {""}
            assert {row[f"{name}_note"] for name in ("cases", "visits", "rate", "paid")} == {"1"}

    def test_a_real_zero_stays_with_its_rate_and_a_gap_says_no_data(self, masked):
        row = masked["Epsilon"]
        assert (row["cases"], row["visits"], row["rate"], row["paid"]) == ("0", "0", "0.0", "")
        assert (row["paid_note"], row["paid_why"]) == ("3", "No data available")

    def test_columns_stand_beside_their_measure(self, masked):
        assert list(masked["Alpha"]) == [
            "rate", "rate_note", "rate_why", "county", "population", "paid", "paid_note", "paid_why",
            "cases", "cases_note", "cases_why", "visits", "visits_note", "visits_why",
        ]  # fmt: skip


class TestReasons:
    def test_without_reasons_one_code_stands_for_both(self, ddg, files, text, tmp_path):
        contract, table = files(contract__yaml=text[0] + "suppression: {show_reason: false}\n", table__csv=text[1])
        report = ddg("mask", contract, table, "-o", tmp_path / "out", "--json").json
        assert report["reasons_shown"] is False
        masked = rows(tmp_path / "out" / "cases_by_county_sex.csv")
        assert {row["cases_annotation_code"] for row in masked} == {"", "1"}
        assert len({row["cases_annotation_description"] for row in masked}) == 2

    def test_where_the_contract_leaves_it_open_the_audit_reads_it_off_the_table(self, ddg, files, text, tmp_path):
        hidden = files(hidden__yaml=text[0] + "suppression: {show_reason: false}\n")
        contract, table = files(contract__yaml=text[0], table__csv=text[1])
        assert ddg("mask", hidden, table, "-o", tmp_path / "out").code == 0
        assert ddg("audit", contract, tmp_path / "out" / "cases_by_county_sex.csv").code == 0

    def test_a_level_can_be_chosen(self, ddg, files, text, tmp_path):
        contract, table = files(contract__yaml=text[0] + "suppression: {level: exact}\n", table__csv=text[1])
        report = ddg("mask", contract, table, "-o", tmp_path / "out", "--json").json
        assert report["level"] == "exact"
        published = tmp_path / "out" / "cases_by_county_sex.csv"
        assert ddg("audit", contract, published).code == 0
        assert ddg("audit", contract, published, "--level", "full").code == 1

    def test_a_level_that_cannot_be_reached_is_refused(self, ddg, files, text, tmp_path):
        """A county's total of two cells that are both at least 1 cannot be 1."""
        contract, table = files(contract__yaml=text[0] + "suppression: {level: full}\n", table__csv=text[1])
        answer = ddg("mask", contract, table, "-o", tmp_path / "out")
        assert answer.code == 1
        assert "cases at county=Alpha, sex=All" in answer.err


class TestTheProof:
    """It is checked by the bytes before any of them is written."""

    def test_that_does_not_hold_is_a_reason_to_write_nothing(self, ddg, example, tmp_path, monkeypatch):
        from ddg_pipeline import masking

        write = masking.proof_bytes
        monkeypatch.setattr(masking, "proof_bytes", lambda _protections: write([]))
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        assert answer.code == 1
        assert "is not proved, so it was not written" in answer.err
        assert "fewer values than the level asks for: cases_by_county_sex: cases at county=Alpha" in answer.err
        assert not (tmp_path / "out").exists()


class TestUnmasked:
    def test_a_table_that_may_go_out_is_written_whole(self, ddg, files, text, tmp_path):
        may_go_out = (
            text[0]
            .replace("period: year", "period: 5 years")
            .replace("Alpha: 1200, Beta: 3100", "Alpha: 50000, Beta: 50000")
        )
        report = ddg(
            "mask", *files(contract__yaml=may_go_out, table__csv=text[1]), "-o", tmp_path / "out", "--json"
        ).json
        assert (report["decision"], report["masked"], report["level"], report["audit"]) == (
            "release",
            False,
            None,
            None,
        )
        masked = rows(tmp_path / "out" / "cases_by_county_sex.csv")
        assert [row["cases"] for row in masked] == [row["cases"] for row in csv.DictReader(io.StringIO(text[1]))]


class TestLinkedTables:
    @pytest.fixture
    def linked(self, files):
        return files(linked__yaml=LINKED_CONTRACT, linked__csv=LINKED_TABLE)

    def test_they_are_masked_together(self, ddg, example, linked, tmp_path):
        answer = ddg(
            "mask", *linked, "--link", example[0], "--link-table", example[1], "-o", tmp_path / "out", "--json"
        )  # fmt: skip
        assert answer.code == 0, answer.err
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "cases_by_county.csv", "cases_by_county_sex.csv", "proof.parquet", "report.json",
        ]  # fmt: skip
        report = answer.json
        assert report["release"] == "cases_by_county"
        assert [one["release"] for one in report["linked"]] == ["cases_by_county_sex"]
        assert report["decision"] == "mask", "by itself it could be released"
        hidden = {r["county"] for r in rows(tmp_path / "out" / "cases_by_county.csv") if not r["cases"]}
        both = rows(tmp_path / "out" / "cases_by_county_sex.csv")
        assert hidden == {row["county"] for row in both if row["sex"] == "All" and not row["cases"]}

    def test_the_audit_takes_them_together_as_well(self, ddg, example, linked, tmp_path):
        pair = ("--link", example[0], "--link-table", example[1])
        ddg("mask", *linked, *pair, "-o", tmp_path / "out")
        out = tmp_path / "out"
        answer = ddg(
            "audit", linked[0], out / "cases_by_county.csv",
            "--link", example[0], "--link-table", out / "cases_by_county_sex.csv", "--json",
        )  # fmt: skip
        assert answer.code == 0
        assert answer.json["tables"] == ["cases_by_county", "cases_by_county_sex"]

    def test_without_the_linked_table_nothing_is_masked(self, ddg, linked, tmp_path):
        answer = ddg("mask", *linked, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "cases_by_county_sex" in answer.err
        assert "--link-table" in answer.err
        assert not (tmp_path / "out").exists()

    def test_tables_that_disagree_are_bad_input(self, ddg, example, linked, tmp_path):
        linked[1].write_text(LINKED_TABLE.replace("Zeta,609", "Zeta,608").replace("State,1013", "State,1012"))
        answer = ddg("mask", *linked, "--link", example[0], "--link-table", example[1], "-o", tmp_path / "out")
        assert answer.code == 2
        assert "county=Zeta" in answer.err
        assert "608" not in answer.err
        assert "609" not in answer.err

    def test_each_link_needs_its_table(self, ddg, example, linked, tmp_path):
        answer = ddg("mask", *linked, "--link", example[0], "-o", tmp_path / "out")
        assert answer.code == 2
        assert "one --link-table for each --link" in answer.err

    def test_a_release_is_given_once(self, ddg, example, tmp_path):
        answer = ddg(
            "mask", *example, "--link", example[0], "--link-table", example[1], "-o", tmp_path / "out"
        )  # fmt: skip
        assert answer.code == 2
        assert "give each release once" in answer.err


class TestReferenceTables:
    CONTRACT = """\
release: cases
title: Cases by county
scope: [{variable: time, period: year}]
dimensions:
  county:
    variable: residence_geography
    population: {table: people, key: county, value: population}
    hierarchy: {table: regions, child: county, parent: region}
    total: State
measures:
  cases: {kind: count}
"""
    TABLE = "county,cases\nA,1\nB,8\nC,40\nD,55\nE,61\nF,72\nNorth,49\nSouth,188\nState,237\n"
    PEOPLE = "county,population\nA,1200\nB,3000\nC,50000\nD,60000\nE,61000\nF,72000\n"
    REGIONS = "county,region\nA,North\nB,North\nC,North\nD,South\nE,South\nF,South\n"

    def test_they_are_found_beside_the_contract(self, ddg, files, tmp_path):
        contract, table, *_ = files(
            c__yaml=self.CONTRACT, t__csv=self.TABLE, people__csv=self.PEOPLE, regions__csv=self.REGIONS
        )
        answer = ddg("mask", contract, table, "-o", tmp_path / "out", "--json")
        assert answer.code == 0, answer.err
        masked = {row["county"]: row["cases"] for row in rows(tmp_path / "out" / "cases.csv")}
        assert masked["A"] == masked["B"] == masked["C"] == "", "the region's total would give the small ones away"

    def test_they_can_be_named(self, ddg, files, tmp_path):
        contract, table, people, regions = files(
            c__yaml=self.CONTRACT, t__csv=self.TABLE, p__csv=self.PEOPLE, r__csv=self.REGIONS
        )
        named = ("--reference", f"people={people}", "--reference", f"regions={regions}")
        assert ddg("mask", contract, table, *named, "-o", tmp_path / "out").code == 0
        assert ddg("assess", contract, table, *named, "--json").json["score"]["total"] == 14
        assert ddg("audit", contract, tmp_path / "out" / "cases.csv", *named).code == 0

    def test_a_missing_one_is_asked_for(self, ddg, files, tmp_path):
        contract, table = files(c__yaml=self.CONTRACT, t__csv=self.TABLE)
        answer = ddg("mask", contract, table, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "people.csv beside the contract" in answer.err
        assert "--reference people=FILE" in answer.err

    @pytest.mark.parametrize("command", ["assess", "mask", "audit"])
    def test_one_that_no_contract_names_is_a_mistake(self, ddg, example, tmp_path, command):
        output = ("-o", tmp_path / "out") if command == "mask" else ()
        answer = ddg(command, *example, "--reference", f"peple={example[1]}", *output)
        assert answer.code == 2
        assert "peple" in answer.err

    @pytest.mark.parametrize("given", ["people", "people=", "=people.csv"])
    def test_the_option_says_how_it_is_written(self, ddg, example, tmp_path, given):
        answer = ddg("mask", *example, "--reference", given, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "NAME=FILE" in answer.err

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_sizes_may_be_a_number_a_mapping_a_table_or_a_column(self, ddg, files, tmp_path, suffix):
        import pandas as pd

        people = pd.DataFrame({"county": ["A", "B"], "population": [3900, 2_000_000]})
        cases = pd.DataFrame({"county": ["A", "B"], "population": [3900, 2_000_000], "cases": [1, 40]})
        write = pd.DataFrame.to_csv if suffix == "csv" else pd.DataFrame.to_parquet
        write(people, tmp_path / f"people.{suffix}", index=False)
        write(cases, tmp_path / f"with.{suffix}", index=False)
        write(cases.drop(columns="population"), tmp_path / f"without.{suffix}", index=False)
        sizes = {
            "3900": "without", "{A: 3900, B: 2000000}": "without", "population": "with",
            "{table: people, key: county, value: population}": "without",
        }  # fmt: skip
        rest = "release: r\ntitle: R\nscope: [{variable: time, period: year}]\nmeasures: {cases: {kind: count}}\n"
        for size, table in sizes.items():
            county = f"county: {{variable: residence_geography, population: {size}}}"
            contract = files(c__yaml=f"{rest}dimensions: {{{county}}}\n")
            answer = ddg("assess", contract, tmp_path / f"{table}.{suffix}", "--json")
            assert answer.json["score"]["total"] == 14, size


class TestRefusal:
    """One small cell and a total: nothing else could be true, so nothing is written."""

    def small_total(self, ddg, files, tmp_path, value):
        """A county whose only other cell is a zero, in a state whose total is not in the table and so is known."""
        contract = """\
release: refused
title: Refused
scope: [{variable: time, period: year}]
dimensions:
  county: {variable: residence_geography, population: {Alpha: 1200, Beta: 3100}}
  sex: {variable: sex}
measures:
  cases: {kind: count}
suppression: {show_reason: true}
"""
        table = f"county,sex,cases\nAlpha,F,{value}\nAlpha,M,0\nBeta,F,0\nBeta,M,48613\n"
        return ddg("mask", *files(contract__yaml=contract, table__csv=table), "-o", tmp_path / "out")

    def test_it_exits_with_1_and_writes_nothing(self, ddg, files, tmp_path):
        answer = self.small_total(ddg, files, tmp_path, 7)
        assert answer.code == 1
        assert not (tmp_path / "out").exists()

    def test_it_names_the_cell_and_a_remedy(self, ddg, files, tmp_path):
        answer = self.small_total(ddg, files, tmp_path, 7)
        assert "county=Alpha, sex=F" in answer.err
        assert "Carrying the total of" in answer.err or "coarser categories" in answer.err

    def test_it_tells_no_figure(self, ddg, files, tmp_path):
        answers = [self.small_total(ddg, files, tmp_path, value) for value in (4, 7)]
        assert answers[0] == answers[1]
        assert "48613" not in answers[0].err + answers[0].out

    def test_what_was_there_before_stays(self, ddg, files, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        for name in ("refused.csv", "report.json"):
            (out / name).write_text("before")
        assert self.small_total(ddg, files, tmp_path, 7).code == 1
        assert sorted((path.name, path.read_text()) for path in out.iterdir()) == [
            ("refused.csv", "before"), ("report.json", "before"),
        ]  # fmt: skip


class TestDisk:
    def test_an_output_that_is_a_file_is_bad_input(self, ddg, example, tmp_path):
        (tmp_path / "out").write_text("a file")
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "--output" in answer.err
        assert (tmp_path / "out").read_text() == "a file"

    def test_something_in_the_way_is_not_replaced(self, ddg, example, tmp_path):
        (tmp_path / "out" / "report.json").mkdir(parents=True)
        answer = ddg("mask", *example, "-o", tmp_path / "out")
        assert answer.code == 2
        assert "report.json" in answer.err
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.json"]

    def test_the_given_table_is_never_written_over(self, ddg, files, text, tmp_path):
        contract, table = files(contract__yaml=text[0], cases_by_county_sex__csv=text[1])
        answer = ddg("mask", contract, table, "-o", tmp_path)
        assert answer.code == 2
        assert "a file that was given" in answer.err
        assert table.read_text() == text[1]

    def test_a_full_disk_leaves_what_was_there(self, ddg, example, tmp_path, monkeypatch):
        out = tmp_path / "out"
        assert ddg("mask", *example, "-o", out).code == 0
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        written = []

        def full(descriptor):
            written.append(descriptor)
            if len(written) == 2:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        example[1].write_text(
            example[1]
            .read_text()
            .replace("Zeta,F,310", "Zeta,F,311")
            .replace("Zeta,All,609", "Zeta,All,610")
            .replace("State,F,474", "State,F,475")
            .replace("State,All,1013", "State,All,1014")
        )
        answer = ddg("mask", *example, "-o", out)
        assert answer.code == 2
        assert "No space left on device" in answer.err
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before


class TestOneCategory:
    """A column with one category adds up to itself, which is no margin that readers know besides."""

    CONTRACT = """\
release: one_year
title: People without a home
high_risk: [homelessness]
dimensions:
  county: {variable: residence_geography}
  sex: {variable: sex}
  year: {variable: time, period: year}
measures:
  people: {kind: count}
"""
    TABLE = (
        "county,sex,year,people\nFresno,Male,2023,27\nFresno,Female,2023,30\nNapa,Male,2023,2\n"
        "Napa,Female,2023,4\nYolo,Male,2023,5\nYolo,Female,2023,5\n"
    )

    def test_is_masked_and_withstands_the_audit(self, ddg, files, tmp_path):
        contract, table = files(c__yaml=self.CONTRACT, t__csv=self.TABLE)
        assert ddg("mask", contract, table, "-o", tmp_path / "out").code == 0
        assert ddg("audit", contract, tmp_path / "out" / "one_year.csv").code == 0


class TestATableThatIsNotMasked:
    def test_has_its_small_cells_told_and_why_they_are_shown(self, ddg, files, tmp_path):
        contract, table = files(
            c__yaml="release: few\ntitle: Few\nscope:\n  - {variable: time, period: year}\n"
            "  - {variable: residence_geography, label: California}\n"
            "dimensions:\n  sex: {variable: sex}\nmeasures:\n  cases: {kind: count}\n",
            t__csv="sex,cases\nMale,14\nFemale,4\n",
        )
        out = ddg("mask", contract, table, "-o", tmp_path / "out").out
        assert re.search(r"cases\W+2\W+0\W+1\W+0\W+0 %", out)
        assert "released as it is" in out
        assert "not over 12" in out


class TestASurvey:
    def test_has_its_unreliable_estimates_told(self, ddg, files, tmp_path):
        contract, table = files(
            c__yaml="release: smokers\ntitle: Adults who smoke\nscope:\n  - {variable: time, period: year}\n"
            "  - {variable: residence_geography, label: California}\n"
            "dimensions:\n  sex: {variable: sex}\n"
            "measures:\n  asked: {kind: count}\n  smokers: {kind: count}\n"
            "  percent: {kind: percent, numerator: smokers, denominator: asked, decimals: 1}\n"
            "survey:\n  limits: brfss\n  estimates:\n"
            "    percent: {denominator_cases: asked, numerator_cases: smokers}\n",
            t__csv="sex,asked,smokers,percent\nMale,200,50,25.0\nFemale,40,20,50.0\n",
        )
        answer = ddg("mask", contract, table, "-o", tmp_path / "out")
        assert answer.code == 0, answer.err
        assert "smokers: percent: 1 of 2 estimates are statistically unreliable" in answer.out

    def test_has_them_marked_in_the_table_which_the_audit_accepts(self, ddg, files, tmp_path):
        contract, table = files(
            c__yaml="release: smokers\ntitle: Adults who smoke\nhigh_risk: [homelessness]\n"
            "dimensions:\n  group: {variable: other, groups: 4, total: All}\n"
            "measures:\n  asked: {kind: count}\n  smokers: {kind: count}\n"
            "  percent: {kind: percent, numerator: smokers, denominator: asked, decimals: 1}\n"
            "survey:\n  limits: brfss\n  estimates:\n"
            "    percent: {denominator_cases: asked, numerator_cases: smokers}\n",
            t__csv="group,asked,smokers,percent\nP,200,90,45.0\nQ,44,20,45.5\nR,90,8,8.9\n"
            "S,120,11,9.2\nAll,454,129,28.4\n",
        )
        assert ddg("mask", contract, table, "-o", tmp_path / "out").code == 0
        masked = {row["group"]: row for row in rows(tmp_path / "out" / "smokers.csv")}
        assert masked["R"]["percent_annotation_code"] == "1"
        assert (masked["Q"]["percent"], masked["Q"]["percent_annotation_code"]) == ("45.5", "4")
        assert masked["P"]["percent_annotation_code"] == ""
        for row in masked.values():
            assert row["asked_annotation_code"] != "4"
            assert (row["percent"] != "") == (row["percent_annotation_code"] in ("", "4"))
        answer = ddg("audit", contract, tmp_path / "out" / "smokers.csv")
        assert answer.code == 0, answer.out
