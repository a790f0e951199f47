"""The page says what the records say, and nothing they do not."""

import pytest

from benchmarks.figures import Figures, Table
from benchmarks.page import write_page
from benchmarks.results import Results, What

SEED = 20251101
TIMES = "\N{MULTIPLICATION SIGN}"
SUMMARY = {"dimensions": 2, "cells": 42_228, "small": 100, "zeros": 5, "inner_cells": 10, "people": 9, "counts": 1_000}


def record(complementary=0, value=0, cpu=1.0, **more):
    found = {"status": "ok", "complementary": complementary, "value": value, "cpu_seconds": cpu, "peak_mib": 10.0}
    return {**SUMMARY, **found, **more}


def attacked(cpu=1.0, undecided=0, **findings):
    found = {"status": "ok", "undecided": undecided, "findings": findings}
    return {**SUMMARY, **found, "cpu_seconds": cpu / 2, "verifying_cpu_seconds": cpu / 2, "peak_mib": 1}


@pytest.fixture
def results(tmp_path):
    found = Results(tmp_path / "run")
    found.add(What("pattern", "ca_full", SEED, "mod"), record(200, 50, 80.0))
    found.add(What("linear", "ca_full", SEED, "mod"), {"status": "ok", "recovered": 0})
    found.add(What("pattern", "ca_full", SEED, "opt"), record(190, 40, 90.0, proven=True))
    found.add(What("pattern", "ca_full", SEED, "ours_linear"), record(195, 41))
    found.add(What("linear", "ca_full", SEED, "ours_linear"), {"status": "ok", "recovered": 0})
    found.add(What("pattern", "ca_full", SEED, "ours_linear_value"), record(199, 41))
    found.add(What("linear", "ca_full", SEED, "ours_linear_value"), {"status": "ok", "recovered": 0})
    found.add(What("pattern", "ca_full", SEED, "ours", "ddg"), record(300, 70, 1.5))
    found.add(What("attack", "ca_full", SEED, "ours", "ddg"), attacked(0.5))
    found.add(
        What("optimum", "ca_full", SEED, "ours", "ddg"), {"status": "ok", "cost_ours": 105, "cost": 100, "proven": True}
    )
    return found


def page(results, tmp_path):
    write_page(results, tmp_path / "page.md")
    return (tmp_path / "page.md").read_text()


def line(text, start):
    return next(one for one in text.splitlines() if one.startswith(start))


class TestTheAims:
    def test_that_are_met(self, results, tmp_path):
        text = page(results, tmp_path)
        assert line(text, "| in the peers").endswith(f"| 1 of 1 tables; at worst 0.98 {TIMES} | yes |")
        assert line(text, "| … and within 5 %").endswith(f"at worst 1.03 {TIMES} | yes |")
        assert line(text, "| … the same").endswith(f"at worst 1.02 {TIMES} | yes |")
        assert line(text, "| at our own levels").endswith(
            "1 of 1 patterns clean; 0 findings, 0 cells undecided | yes |"
        )
        assert line(text, "| masking and audit").endswith(f"| 40.0 {TIMES} | yes |")
        assert "1 of 1 patterns; on average 1.05" in line(text, "| … and within 10 %")

    def test_that_are_not(self, results, tmp_path):
        results.add(What("attack", "ca_full", SEED, "ours", "ddg"), attacked(7.0, undecided=2, exact=1))
        results.add(What("pattern", "ca_full", SEED, "ours_linear"), record(210, 44))
        text = page(results, tmp_path)
        assert "1 findings, 2 cells undecided | **no** |" in line(text, "| at our own levels")
        for start in ("| in the peers", "| … and within 5 %", "| masking and audit"):
            assert line(text, start).endswith("**no** |")

    def test_do_not_count_a_pattern_that_linear_algebra_undoes(self, results, tmp_path):
        results.add(What("linear", "ca_full", SEED, "ours_linear"), {"status": "ok", "recovered": 3})
        text = page(results, tmp_path)
        assert "not measured" in line(text, "| in the peers")
        assert "**3 recovered**" in text

    def test_an_attack_that_broke_off_is_not_a_clean_one(self, results, tmp_path):
        results.add(What("attack", "ca_full", SEED, "ours", "ddg"), {"status": "time limit", "message": "slow"})
        text = page(results, tmp_path)
        assert "1 attacks not finished | **no** |" in line(text, "| at our own levels")
        assert "slow" in text

    def test_of_what_was_not_measured_are_open(self, tmp_path):
        found = Results(tmp_path / "run")
        found.add(What("pattern", "s2_10", SEED, "mod"), record(1, 1))
        assert page(found, tmp_path).count("| not measured | \N{EN DASH} |") == 9


class TestGaussSuppression:
    def test_is_quoted_as_a_multiple_of_what_was_measured_here(self, results):
        figures, table = Figures(results), Table("ca_full", SEED)
        quoted = figures.gauss(table)
        assert quoted is not None
        assert (quoted.complementary, quoted.beside) == (2_232, "mod")
        assert figures.slower(table, "gauss") == pytest.approx(357 / 168 * 80 / 2)

    def test_is_not_quoted_for_other_tables(self, results):
        assert Figures(results).gauss(Table("ca_full", 7)) is None

    def test_is_not_quoted_where_it_was_measured(self, results):
        results.add(What("pattern", "ca_full", SEED, "gauss"), record(2_000, 1, 150.0))
        figures = Figures(results)
        assert figures.gauss(Table("ca_full", SEED)) is None
        assert figures.slower(Table("ca_full", SEED), "gauss") == pytest.approx(75)


class TestRecords:
    def test_outlive_the_process(self, results, tmp_path):
        again = Results(tmp_path / "run")
        assert dict(again) == dict(results)

    def test_of_failures_are_tried_again_and_others_not(self, results):
        what = What("pattern", "ca_full", SEED, "gconfid")
        for status, settled in (("failed", False), ("absent", False), ("time limit", True), ("ok", True)):
            results.add(what, {"status": status})
            assert (results.settled(what) is not None) is settled
