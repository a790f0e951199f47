"""What the installed command does before it works: it starts quickly, and keeps its streams apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = [
    "dagster", "dbt", "dagster_dbt", "duckdb", "great_expectations", "highspy", "llvmlite", "numba", "pandas", "scipy",
    "sqlalchemy",
]  # fmt: skip
DDG = Path(sys.executable).with_name("ddg")


def imported_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and tell which of the heavy libraries it has loaded."""
    script = f"{code}\nimport sys, json\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


class TestHelp:
    def test_it_loads_nothing_heavy(self):
        arguments = "import sys; sys.argv = ['ddg', '--help']"
        code = (
            f"{arguments}\nfrom ddg_pipeline import cli\ntry: cli.main()\nexcept SystemExit as end: assert not end.code"
        )
        assert imported_by(code) == set()

    @pytest.mark.parametrize(
        "command",
        ["", "assess", "mask", "audit", "run", "approve", "revoke", "status", "suites", "example", "schema", "version"],
    )
    def test_every_command_explains_itself(self, ddg, command):
        answer = ddg(*command.split(), "--help")
        assert answer.code == 0
        assert "Usage: ddg" in answer.out

    def test_without_arguments_it_lists_the_commands(self, ddg):
        answer = ddg()
        for command in ("run", "assess", "mask", "audit"):
            assert f"  {command} " in answer.out + answer.err


class TestSmallCommands:
    def test_an_assessment_does_without_solver_warehouse_and_gate(self, example):
        arguments = f"import sys; sys.argv = ['ddg', 'assess', {str(example[0])!r}, {str(example[1])!r}]"
        code = (
            f"{arguments}\nfrom ddg_pipeline import cli\ntry: cli.main()\nexcept SystemExit as end: assert not end.code"
        )
        assert imported_by(code) <= {"pandas", "scipy"}

    def test_the_schema_is_one_for_contracts(self, ddg):
        schema = ddg("schema").json
        assert {"release", "dimensions", "measures", "suppression", "publication"} <= set(schema["properties"])

    def test_the_version_is_the_package_s(self, ddg):
        from ddg_pipeline import __version__

        assert ddg("version").out == f"{__version__}\n"

    def test_the_example_s_sources_are_written_where_they_are_wanted(self, ddg, tmp_path, monkeypatch):
        import ddg_pipeline.example

        written = []

        def write(directory, seed):
            written.append((directory, seed))
            return [directory / "a.csv"]

        monkeypatch.setattr(ddg_pipeline.example, "write_example_sources", write)
        assert ddg("example", tmp_path, "--seed", 5).out == f"{tmp_path / 'a.csv'}\n"
        assert written == [(tmp_path, 5)]


class TestStreams:
    """Standard output carries results only, also past Python: solvers greet on it."""

    GREETING = "import os; os.write(1, b'greeting'); print('printed')"

    def run(self, example, tmp_path):
        script = (
            "import sys\nfrom ddg_pipeline import cli, masking_run\n"
            "real = masking_run.mask_files\n"
            f"def mask_files(*given, **named):\n    {self.GREETING}\n    return real(*given, **named)\n"
            "masking_run.mask_files = mask_files\n"
            f"sys.argv = ['ddg', 'mask', '--json', {str(example[0])!r}, {str(example[1])!r}, '-o', {str(tmp_path)!r}]\n"
            "cli.main()\n"
        )
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    def test_what_libraries_print_goes_to_standard_error(self, example, tmp_path):
        done = self.run(example, tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["masked"] is True
        assert "greeting" in done.stderr
        assert "printed" in done.stderr

    @pytest.mark.thorough
    def test_the_installed_command_is_the_same(self, example, tmp_path):
        done = subprocess.run([DDG, "assess", *example, "--json"], capture_output=True, text=True)
        assert done.returncode == 0
        assert json.loads(done.stdout)["release"] == "cases_by_county_sex"
