"""What shells are offered: release names, without anything heavy, and never an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ddg_pipeline.starting import example_project, write_project

HEAVY = ("dagster", "dbt", "duckdb", "pandas", "numpy", "pydantic", "great_expectations", "ddg_pipeline.orchestration")
SCRIPT = (
    "import sys, json\nfrom ddg_pipeline import cli\ntry:\n    cli.main()\nexcept SystemExit:\n    pass\n"
    f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)\n"
)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    write_project(root, example_project())
    (root / "expectations" / "deaths.json").write_text("{}", encoding="utf-8")
    return root


def offered(directory, line: str) -> tuple[list[str], list[str]]:
    environment = {**os.environ, "_DDG_COMPLETE": "complete_bash", "COMP_WORDS": line,
                   "COMP_CWORD": str(len(line.split(" ")) - 1)}  # fmt: skip
    environment.pop("DDG_PROJECT", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=directory, env=environment
    )
    assert "Traceback" not in done.stderr
    return done.stdout.split(), json.loads(done.stderr.splitlines()[-1]) if done.stderr else []


class TestReleases:
    @pytest.mark.parametrize(
        "command", ["run", "suites", "status", "approve", "revoke", "dossier", "retract", "ledger show"]
    )
    def test_are_offered_by_every_command_that_takes_one(self, project, command):
        assert offered(project, f"ddg {command} ")[0] == ["cases_by_county", "deaths"]

    def test_begin_as_what_was_typed(self, project):
        assert offered(project, "ddg run d")[0] == ["deaths"]

    def test_are_not_offered_twice(self, project):
        assert offered(project, "ddg run deaths ")[0] == ["cases_by_county"]

    def test_are_those_of_the_project_that_is_named(self, project, tmp_path):
        assert offered(tmp_path, f"ddg run --project {project} ")[0] == ["cases_by_county", "deaths"]

    def test_come_without_anything_heavy(self, project):
        found, heavy = offered(project, "ddg run ")
        assert found
        assert heavy == []

    def test_of_the_manifest_are_offered_before_there_is_a_suite(self, project):
        target = project / "var" / "restricted" / "dbt" / "target"
        target.mkdir(parents=True)
        node = {"config": {"meta": {"ddg": {"release": "births"}}}}
        (target / "manifest.json").write_text(json.dumps({"nodes": {"m": node, "n": {"config": {}}}}), encoding="utf-8")
        assert "births" in offered(project, "ddg run ")[0]

    @pytest.mark.parametrize("text", ["", "a: [", "- 1", "expectations: 7\nrestricted: {}"])
    def test_are_none_where_the_project_cannot_be_read(self, project, text):
        (project / "ddg.yaml").write_text(text, encoding="utf-8")
        assert offered(project, "ddg run ")[0] == []

    def test_are_none_where_the_manifest_is_cut_off(self, project):
        target = project / "var" / "restricted" / "dbt" / "target"
        target.mkdir(parents=True)
        (target / "manifest.json").write_text('{"nodes": {"m": 7, "n"', encoding="utf-8")
        assert offered(project, "ddg run b")[0] == []
