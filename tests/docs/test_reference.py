"""The generated documents say what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.rulebook import load_rulebook

DOCS = Path(__file__).parents[2] / "docs"


class TestContractReference:
    def test_is_current(self):
        script = DOCS / "generate_contract_reference.py"
        done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_notices_what_is_not_current(self, tmp_path):
        (tmp_path / "reference").mkdir()
        for name in (
            "generate_contract_reference.py",
            "generated_files.py",
            "schema_tables.py",
            "reference/contract.md",
            "reference/contract.schema.json",
        ):
            text = (DOCS / name).read_text(encoding="utf-8")
            (tmp_path / name).write_text(text.replace("`show_reason`", "`show_reasons`"), encoding="utf-8")
        script = tmp_path / "generate_contract_reference.py"
        done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "contract.md is not current" in done.stderr

    @pytest.mark.parametrize("key", sorted(ReleaseContract.model_fields.keys() - {"reporting_period"}))
    def test_has_every_key(self, key):
        assert f"\n| `{key}` |" in (DOCS / "reference" / "contract.md").read_text(encoding="utf-8")

    def test_names_every_high_risk_population(self):
        text = (DOCS / "reference" / "contract.md").read_text(encoding="utf-8")
        assert [name for name in load_rulebook("calhhs-ddg-2.0").high_risk if f"`{name}`" not in text] == []


class TestMaskingPage:
    def test_gives_every_level_the_rulebook_s_number_of_values(self):
        text = (DOCS / "explanation" / "masking.md").read_text(encoding="utf-8")
        levels = load_rulebook("calhhs-ddg-2.0").masking.levels
        words = {2: "at least two possible values", 3: "at least three possible values", 10: "any value from 1 to 10"}
        rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
        assert rows.keys() >= levels.keys()
        assert [name for name, level in levels.items() if words[level.possible_values] not in rows[name]] == []
