"""The page on one table, with no project: its commands, as written, do what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.documentation
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "one-table.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.split("ddg ", 1)[1].split() for line in re.findall(r"(?m)^(?:\$ )?ddg .*$", PAGE)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A directory with the examples where a clone has them."""
    directory = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs" / "examples", directory / "docs" / "examples")
    return directory


@pytest.fixture(scope="module")
def done(clone):
    """Every command of the section, run in order."""
    program = [sys.executable, "-c", "from ddg_pipeline.cli import main; main()"]
    return [
        subprocess.run([*program, *command], cwd=clone, capture_output=True, text=True, check=False)
        for command in COMMANDS
    ]


class TestOneTable:
    def test_has_seven_commands(self):
        assert [command[0] for command in COMMANDS] == [
            "assess", "mask", "audit", "verify", "audit", "assess", "advise",
        ]  # fmt: skip

    def test_assess_finds_the_score_and_the_decision(self, done):
        assert done[0].returncode == 0, done[0].stderr
        assert "The publication score is 14, over 12." in done[0].stdout
        assert "Decision: mask it" in done[0].stdout

    def test_mask_hides_nine_small_cells_and_two_more(self, done, clone):
        assert done[1].returncode == 0, done[1].stderr
        masked = (clone / "var" / "mine" / "pertussis_cases_by_county.csv").read_text(encoding="utf-8").splitlines()
        codes = [line.split(",")[3] for line in masked[1:]]
        assert (codes.count("1"), codes.count("2")) == (9, 2)
        assert (clone / "var" / "mine" / "report.json").is_file()

    def test_the_readme_shows_lines_of_that_file(self, done, clone):
        assert done[1].returncode == 0
        masked = (clone / "var" / "mine" / "pertussis_cases_by_county.csv").read_text(encoding="utf-8").splitlines()
        shown = re.search(r"```text\n(county,.*?)```", README, re.DOTALL)
        lines = [line.removesuffix("…") for line in shown[1].splitlines()]
        assert [line for line in lines if not any(other.startswith(line) for other in masked)] == []

    def test_audit_finds_the_masked_table_safe(self, done):
        assert done[2].returncode == 0, done[2].stderr
        assert "Safe: 9 small cells of 11 hidden ones" in done[2].stdout

    def test_verify_finds_the_masked_table_proved(self, done):
        assert done[3].returncode == 0, done[3].stderr

    def test_audit_calculates_what_another_publisher_left_open(self, done):
        assert done[4].returncode == 1, done[4].stderr
        assert re.search(r"Mariposa: 3\b", done[4].stdout)

    def test_explain_says_what_would_bring_the_score_to_the_cut_off(self, done):
        assert done[5].returncode == 0, done[5].stderr
        assert "What would bring the score to 12" in done[5].stdout

    def test_advise_compares_alternatives(self, done):
        assert done[6].returncode == 0, done[6].stderr
        assert "county by region" in done[6].stdout

    def test_the_contract_shown_is_the_example_s(self):
        shown = next(block for block in PAGE.split("```yaml\n")[1:] if block.startswith("release:")).split("```")[0]
        file = ROOT / "docs" / "examples" / "pertussis_cases_by_county.yaml"
        assert yaml.safe_load(shown) == yaml.safe_load(file.read_text(encoding="utf-8"))
