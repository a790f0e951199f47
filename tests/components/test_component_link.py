"""`component` in ddg.yaml: the command line names assets as the component does, or says what is wrong with it."""

from __future__ import annotations

import dagster as dg
import pytest
import yaml

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.plan import plan_project
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.translator_of_project import translators_of


@pytest.fixture
def linked(location, monkeypatch):
    """Name a component's folder in ddg.yaml, inside of a Dagster project, and load the translators."""
    monkeypatch.syspath_prepend(str(location.sandbox.project_root / "src"))
    settings, project_file = location.sandbox.project_root / "pyproject.toml", location.root / "ddg.yaml"
    before = project_file.read_text(encoding="utf-8")
    root_module = f'[tool.dg]\n[tool.dg.project]\nroot_module = "{location.sandbox.project_name}"\n'
    settings.write_text(root_module, encoding="utf-8")

    def load(folder):
        project_file.write_text(before + f"component: {folder}\n", encoding="utf-8")
        return translators_of(load_project(location.root))

    yield load
    project_file.write_text(before, encoding="utf-8")
    settings.unlink(missing_ok=True)


class TestTranslators:
    def test_are_the_component_s(self, location, linked):
        found = linked(location.write("releases", key_prefix="health", name_prefix="mine"))
        assert found.assets.key_prefix == ("health",)
        assert found.assets.get_definition_name("job", "everything") == "mine_everything"
        assert found.dbt is None

    @pytest.mark.thorough
    def test_of_dbt_s_assets_elsewhere_are_theirs(self, location, linked):
        found = linked(location.write("releases", elsewhere=["dbt"], dbt_translation={"key_prefix": "warehouse"}))
        plan = plan_project(location.project, translator=found.assets, dbt_translator=found.dbt)
        assert plan.dbt_key("by_sex") == dg.AssetKey(["warehouse", "aggregates", "by_sex"])
        assert plan.source_key("cases") == dg.AssetKey(["warehouse", "source", "cases"])

    def test_are_the_usual_ones_without_a_component(self, location):
        found = translators_of(load_project(location.root))
        assert found.assets.key_prefix == ()
        assert found.dbt is None

    def test_no_other_component_is_built_for_them(self, location, linked):
        location.write("another", project="/nowhere")
        assert linked(location.write("releases", key_prefix="health")).assets.key_prefix == ("health",)


class TestWrong:
    def test_no_such_folder(self, location, linked):
        with pytest.raises(InputErrors, match=r"component: found .*nowhere; the folder of a Dagster component"):
            linked(location.sandbox.defs_folder_path / "nowhere")

    def test_nothing_written(self, location, linked):
        with pytest.raises(InputErrors, match="component: found nothing"):
            linked("")

    def test_one_that_shows_another_project(self, location, linked, tmp_path):
        folder = location.write("releases", project=str(tmp_path))
        with pytest.raises(InputErrors, match=r"component: found .*, which shows .*; the component whose `project` is"):
            linked(folder)

    def test_one_of_another_kind(self, location, linked):
        folder = location.sandbox.defs_folder_path / "other"
        folder.mkdir()
        content = {"type": "dagster.DefinitionsComponent", "attributes": {"path": "defs.py"}}
        (folder / "defs.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        with pytest.raises(InputErrors, match=r"a component of type ddg_pipeline\.DdgReleases"):
            linked(folder)

    def test_one_that_cannot_be_loaded(self, location, linked):
        folder = location.write("releases", schedules="often")
        with pytest.raises(InputErrors, match=r"cannot be loaded .*; a component that `dg check defs` accepts"):
            linked(folder)

    def test_one_outside_of_a_dagster_project(self, location, linked):
        folder = location.write("releases")
        (location.sandbox.project_root / "pyproject.toml").unlink()
        (location.sandbox.project_root / "dg.toml").rename(location.sandbox.project_root / "kept.toml")
        try:
            with pytest.raises(InputErrors, match=r"a folder inside of a Dagster project"):
                linked(folder)
        finally:
            (location.sandbox.project_root / "kept.toml").rename(location.sandbox.project_root / "dg.toml")
