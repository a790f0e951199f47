"""The starter project: what it is made of. That it runs, and from a wheel, is shown in test_installed.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.starting import example_project, write_project
from ddg_pipeline.warehouse.sources import read_sources

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("starter") / "project"
    write_project(root, example_project())
    return root


class TestTheStarter:
    def test_is_a_project(self, project):
        assert load_project(project).root == project

    def test_declares_a_source_that_is_there(self, project):
        (source,) = read_sources(project / "sources.yaml").values()
        header = (project / source.table.path).read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",") == list(source.table.columns)

    def test_has_its_suite(self, project):
        model = yaml.safe_load((project / "dbt_project/models/releases/cases_by_county.yml").read_text())["models"][0]
        release = model["config"]["meta"]["ddg"]["release"]
        suite = json.loads((project / "expectations" / f"{release}.json").read_text())
        assert {one["meta"]["origin"] for one in suite["expectations"]} == {"contract"}

    @pytest.mark.parametrize("path", ["data/", "var/", "*.duckdb", ".env"])
    def test_keeps_what_is_restricted_out_of_a_repository(self, project, path):
        ignored = (project / ".gitignore").read_text(encoding="utf-8").split()
        assert path in {line.removeprefix("/") for line in ignored}

    def test_names_schemas_as_the_example_does_and_takes_macros_from_the_package(self, project):
        name = "dbt_project/macros/generate_schema_name.sql"
        assert (project / name).read_bytes() == (ROOT / name).read_bytes()
        (package,) = yaml.safe_load((project / "dbt_project" / "packages.yml").read_text())["packages"]
        assert "DDG_DBT_PACKAGE" in package["local"]

    def test_speaks_of_no_other_machine(self, project):
        texts = [path.read_text(encoding="utf-8") for path in project.rglob("*") if path.is_file()]
        assert not any(str(place) in text for text in texts for place in (ROOT, project))
