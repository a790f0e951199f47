"""``ddg run``: everything in one command, its answer and its exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest


class TestOneRelease:
    @pytest.mark.thorough
    def test_it_is_made_with_all_it_needs_and_nothing_else(self, small, ddg):
        before = small.public_bytes()
        answer = ddg("run", "statewide", "--json")
        assert answer.code == 0, answer.err
        found = answer.json
        assert found["success"] is True
        assert [outcome["release"] for outcome in found["outcomes"]] == ["statewide"]
        (outcome,) = found["outcomes"]
        assert outcome["published"] == str(small.published("statewide"))
        assert (outcome["decision"], outcome["score"], outcome["cells"]) == ("release", -1, 2)
        assert (outcome["small"], outcome["complementary"], outcome["problems"]) == (0, 0, [])
        new = {name.split("/")[2] for name in small.public_bytes().keys() - before.keys() if name.startswith("public")}
        assert new == {"statewide"}
        with dg.DagsterInstance.get() as instance:
            assert instance.get_run_by_id(found["run_id"]).status is dg.DagsterRunStatus.SUCCESS

    def test_an_unknown_one_is_bad_input(self, ddg):
        answer = ddg("run", "by_county")
        assert answer.code == 2
        assert "by_county" in answer.err
        assert "by_age, by_sex, statewide" in answer.err


@pytest.mark.thorough
class TestARunThatReleasesOnlyPart:
    def test_says_what_was_not_released_and_why(self, small, ddg):
        (small.project.expectations / "by_sex.json").unlink()
        answer = ddg("run")
        assert answer.code == 1
        told = " ".join(answer.out.split())
        assert "not released: by_sex did not pass the gate: nothing of by_age, by_sex was released" in told
        assert "not released: by_sex: check suite_matches_contract failed: " in told
        assert (
            "by_sex: suite_matches_contract: there is no reviewed suite that can be read. `ddg suites by_sex`" in told
        )
        assert f"statewide: {small.published('statewide')}" in told
        assert f"by_sex: {small.published('by_sex')}" not in told


class TestBadInput:
    def test_a_missing_source_file(self, small, ddg):
        (small.root / "cases.csv").unlink()
        answer = ddg("run", "by_sex", "--json")
        assert answer.code == 2
        found = answer.json
        assert (found["success"], found["bad_input"]) == (False, True)
        assert "cases.csv" in found["problems"][0]
        assert {outcome["release"]: outcome["published"] for outcome in found["outcomes"]} == {
            "by_age": None, "by_sex": None,
        }, "a linked release comes along"  # fmt: skip

    def test_a_contract_that_does_not_fit_its_table(self, small):
        models = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(models, "sex: {variable: sex}\n", "sex: {variable: sex, total: Both}\n")
        events = small.materialize("statewide/masked")
        assert not events.success
        assert "statewide: dimensions.sex.total: found Both" in events.failures


class TestSuites:
    """`ddg suites` wrote those of the small project; they go into version control after review."""

    @pytest.mark.thorough
    def test_they_can_be_checked_without_writing(self, small, ddg):
        path = small.project.expectations / "statewide.json"
        path.unlink()
        answer = ddg("suites", "--check")
        assert answer.code == 1
        assert f"{path}: not current" in answer.out
        assert answer.out.count(": current") == 2
        assert not path.exists()


class TestStopping:
    def test_ctrl_c_leaves_what_was_public_and_tells_nothing(self, small):
        before = small.public_bytes()
        command = [Path(sys.executable).with_name("ddg"), "run", "--project", small.root]
        of_dbt = small.project.restricted / "dbt" / "runs"
        earlier = set(of_dbt.iterdir())
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            while running.poll() is None and set(of_dbt.iterdir()) <= earlier:  # until it has begun
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate()
        assert running.returncode not in (0, None), out
        assert small.public_bytes() == before
        assert "Quillfeather" not in out + err
        assert "23107" not in out + err
