"""What the README shows is so, and what it points to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ddg_pipeline.contract.manifest import contracts_from_manifest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md"])
def test_points_to_nothing_that_is_not_there(file):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / file).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


class TestWithDbt:
    def test_the_model_shown_carries_a_contract(self):
        shown = next(block for block in README.split("```yaml\n")[1:] if block.startswith("models:")).split("```")[0]
        model = yaml.safe_load(shown)["models"][0]
        columns = {column["name"]: column for column in model["columns"]}
        node = {**model, "columns": columns, "resource_type": "model", "unique_id": "model.x", "schema": "aggregates"}
        release = contracts_from_manifest({"nodes": {"model.x": node}})[0]
        assert list(release.contract.dimensions) == ["county", "year"]
        assert release.contract.counts == ["cases"]
