"""What `dg scaffold defs ddg_pipeline.DdgReleases NAME` writes: something that works, once, and beside the package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml
from dagster.components.component_scaffolding import scaffold_object

from ddg_pipeline.orchestration.dbt_models import ensure_manifest
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.translator_of_project import translators_of


@pytest.fixture
def scaffold(location):
    """Scaffold the component under a name, as `dg scaffold defs` does, and give its folder."""
    root = location.sandbox.project_root
    before = {path.name for path in root.iterdir()}

    def write(name="my_releases", scaffold_format="yaml", **params):
        folder = location.sandbox.defs_folder_path / name
        scaffold_object(folder, "ddg_pipeline.DdgReleases", json.dumps(params), scaffold_format, root)
        return folder

    yield write
    for path in root.iterdir():
        if path.name not in before:
            shutil.rmtree(path)


class TestWhatIsWritten:
    def test_makes_a_chain_of_assets(self, location, scaffold):
        folder = scaffold()
        with location.sandbox.load_component_and_build_defs(folder) as (_, found):
            assert {key.to_user_string() for key in found.resolve_asset_graph().get_all_asset_keys()} == {
                "source/cases", "staging/stg_cases", "aggregates/cases_by_county_and_sex",
                *(f"cases_by_county_and_sex/{step}" for step in ("masked", "release", "publication")),
            }  # fmt: skip
            assert found.resolve_job_def("my_releases_everything")

    def test_keeps_data_out_of_the_python_package(self, location, scaffold):
        folder = scaffold()
        assert {path.name for path in folder.iterdir()} == {"defs.yaml"}
        project = load_project(location.sandbox.project_root / "my_releases")
        for place in (project.restricted, project.public, project.portal, project.sources):
            assert not place.is_relative_to(location.sandbox.project_root / "src")
        assert "var/" in (project.root / ".gitignore").read_text(encoding="utf-8").splitlines()

    def test_tells_the_command_line_how_assets_are_called(self, location, scaffold, monkeypatch):
        monkeypatch.syspath_prepend(str(location.sandbox.project_root / "src"))
        folder = scaffold()
        root = location.sandbox.project_root
        settings = f'[tool.dg]\n[tool.dg.project]\nroot_module = "{location.sandbox.project_name}"\n'
        (root / "pyproject.toml").write_text(settings, encoding="utf-8")
        try:
            content = yaml.safe_load((folder / "defs.yaml").read_text(encoding="utf-8"))
            content["attributes"]["key_prefix"] = "health"
            (folder / "defs.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
            translator = translators_of(load_project(root / "my_releases")).assets
        finally:
            (root / "pyproject.toml").unlink()
        assert translator.key_prefix == ("health",)
        assert translator.get_definition_name("job", "everything") == "my_releases_everything"

    @pytest.mark.thorough
    def test_in_python_it_is_the_same(self, location, scaffold):
        folder = scaffold(scaffold_format="python")
        assert {path.name for path in folder.iterdir()} == {"component.py"}
        with location.sandbox.build_all_defs() as found:
            assert found.resolve_job_def("my_releases_everything")
            assert dg.AssetKey(["source", "cases"]) in found.resolve_asset_graph().get_all_asset_keys()


class TestWhatIsThere:
    def test_a_project_is_shown_and_left_as_it_is(self, location, scaffold):
        ensure_manifest(location.project)  # it is made where it is not there, or not current
        before = {path: path.read_bytes() for path in location.root.rglob("*") if path.is_file()}
        folder = scaffold(project_path=str(location.root))
        with location.sandbox.load_component_and_build_defs(folder) as (component, found):
            assert component.project_directory == location.root
            assert found.resolve_job_def("my_releases_everything")
        after = {path: path.read_bytes() for path in location.root.rglob("*") if path.is_file()}
        assert {path: after[path] for path in before} == before

    def test_a_dbt_project_gets_a_project_around_it(self, location, scaffold):
        scaffold(dbt_project=str(location.root / "dbt_project"))
        project = load_project(location.sandbox.project_root / "my_releases")
        assert project.dbt_project == location.root / "dbt_project"
        assert len(project.review.roles) == 5  # real figures: people have to approve them

    def test_a_dbt_project_that_builds_in_another_database_loads_no_sources(self, location, scaffold, tmp_path):
        shutil.copytree(location.root / "dbt_project", tmp_path / "dbt")
        profiles = yaml.safe_load((tmp_path / "dbt" / "profiles.yml").read_text(encoding="utf-8"))
        (profile,) = profiles.values()
        profile["outputs"] = {"theirs": {"type": "postgres", "host": "localhost"}}
        profile["target"] = "theirs"
        (tmp_path / "dbt" / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
        scaffold(dbt_project=str(tmp_path / "dbt"))
        root = location.sandbox.project_root / "my_releases"
        assert not (root / "sources.yaml").exists()
        assert "sources" not in yaml.safe_load((root / "ddg.yaml").read_text(encoding="utf-8"))
        assert load_project(root).dbt_project == tmp_path / "dbt"

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"project_path": "/nowhere"}, r"--project-path: found /nowhere; a directory with a ddg\.yaml"),
            ({"dbt_project": "/nowhere"}, r"--dbt-project: found /nowhere; a directory with dbt_project\.yml"),
        ],
    )
    def test_what_is_not_there_is_refused_and_nothing_is_written(self, location, scaffold, params, message):
        with pytest.raises(click.ClickException, match=message):
            scaffold(**params)
        assert not (location.sandbox.defs_folder_path / "my_releases").exists()
        assert not (location.sandbox.project_root / "my_releases").exists()

    def test_nothing_is_overwritten(self, location, scaffold):
        theirs = location.sandbox.project_root / "my_releases" / "ddg.yaml"
        theirs.parent.mkdir()
        theirs.write_text("theirs", encoding="utf-8")
        with pytest.raises(click.ClickException, match="which is there already"):
            scaffold()
        assert theirs.read_text(encoding="utf-8") == "theirs"
        assert [path.name for path in Path(theirs.parent).iterdir()] == ["ddg.yaml"]
