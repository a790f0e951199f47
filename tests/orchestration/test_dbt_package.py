"""The dbt package reaches a project that asks for it, and no other; what it says of itself is all that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ddg_pipeline.cli import app
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.dbt_package import PACKAGE, PACKAGE_VARIABLE, copy_package, link_package

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "dbt.md"
FROM_ENVIRONMENT = "packages:\n  - local: \"{{ env_var('DDG_DBT_PACKAGE') }}\"\n"


class TestLinking:
    def test_a_project_that_asks_for_it_gets_a_link(self, tmp_path):
        (tmp_path / "packages.yml").write_text(FROM_ENVIRONMENT)
        link_package(tmp_path)
        assert (tmp_path / "dbt_packages" / "ddg" / "dbt_project.yml").is_file()
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    @pytest.mark.parametrize("file", ["packages.yml", "dependencies.yml"])
    def test_a_path_that_leads_to_it_is_asking_for_it(self, tmp_path, file):
        (tmp_path / file).write_text(yaml.safe_dump({"packages": [{"local": str(PACKAGE)}]}))
        link_package(tmp_path)
        assert (tmp_path / "dbt_packages" / "ddg").resolve() == PACKAGE

    @pytest.mark.parametrize(
        "text", [None, "", "packages: []", "packages:\n  - {package: dbt-labs/dbt_utils, version: 1.3.0}", "[1, 2]"]
    )
    def test_any_other_project_is_left_alone(self, tmp_path, text):
        if text is not None:
            (tmp_path / "packages.yml").write_text(text)
        link_package(tmp_path)
        assert not (tmp_path / "dbt_packages").exists()

    def test_a_variable_that_names_another_directory_is_left_to_dbt_deps(self, tmp_path, monkeypatch):
        monkeypatch.setenv(PACKAGE_VARIABLE, str(tmp_path / "other"))
        (tmp_path / "packages.yml").write_text(FROM_ENVIRONMENT)
        link_package(tmp_path)
        assert not (tmp_path / "dbt_packages").exists()

    def test_a_link_to_where_it_was_before_is_put_right(self, tmp_path):
        (tmp_path / "packages.yml").write_text(FROM_ENVIRONMENT)
        (tmp_path / "dbt_packages").mkdir()
        (tmp_path / "dbt_packages" / "ddg").symlink_to(tmp_path / "gone")
        link_package(tmp_path)
        assert (tmp_path / "dbt_packages" / "ddg").resolve() == PACKAGE

    def test_a_copy_that_somebody_made_stays(self, tmp_path):
        (tmp_path / "packages.yml").write_text(FROM_ENVIRONMENT)
        mine = tmp_path / "dbt_packages" / "ddg"
        mine.mkdir(parents=True)
        link_package(tmp_path)
        assert not mine.is_symlink()

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path):
        (tmp_path / "packages.yml").write_text(FROM_ENVIRONMENT)
        (tmp_path / "dbt_packages").write_text("a file")
        with pytest.raises(InputErrors, match="dbt deps"):
            link_package(tmp_path)

    def test_a_broken_packages_yml_is_named_and_not_quoted(self, tmp_path):
        (tmp_path / "packages.yml").write_text("packages:\n  - git: https://token-1234@host/x\n   bad: [")
        with pytest.raises(InputErrors, match=r"packages\.yml") as raised:
            link_package(tmp_path)
        assert "token-1234" not in str(raised.value)


class TestTheCommand:
    def test_it_prints_where_the_package_is(self):
        done = CliRunner().invoke(app, ["dbt-package"])
        assert (done.exit_code, done.stdout) == (0, f"{PACKAGE}\n")

    def test_it_copies_the_package_into_a_new_directory(self, tmp_path):
        done = CliRunner().invoke(app, ["dbt-package", str(tmp_path / "new" / "ddg"), "--json"])
        assert json.loads(done.stdout) == {"dbt_package": str(tmp_path / "new" / "ddg")}
        for path in PACKAGE.rglob("*.sql"):
            assert (tmp_path / "new" / "ddg" / path.relative_to(PACKAGE)).read_bytes() == path.read_bytes()

    def test_it_copies_over_nothing(self, tmp_path):
        with pytest.raises(InputError, match="already"):
            copy_package(tmp_path)


def _macros() -> dict[str, str]:
    """Every macro and generic test of the package, with the file that defines it."""
    found = {}
    for path in PACKAGE.rglob("*.sql"):
        for kind, name in re.findall(r"\{%-? (macro|test) (\w+)\(", path.read_text(encoding="utf-8")):
            found[f"test_{name}" if kind == "test" else name] = path.name
    return found


class TestWhatItSaysOfItself:
    def test_every_macro_is_described_and_every_description_is_of_one(self):
        declared = yaml.safe_load((PACKAGE / "macros" / "_macros.yml").read_text(encoding="utf-8"))["macros"]
        assert {one["name"] for one in declared} == {name for name in _macros() if "__" not in name}
        assert all(one["description"] for one in declared)

    def test_the_document_lists_every_macro_and_test(self):
        listed = set(re.findall(r"^\| `(\w+)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
        public = {name.removeprefix("test_") for name in _macros() if "__" not in name and not name.startswith("_")}
        assert listed == public

    def test_every_public_macro_can_be_overridden_for_an_adapter(self):
        macros = _macros()
        plain = {"age_group_labels", "_age_bounds"}  # lists in the compiler, which no database sees
        assert {name for name in macros if "__" not in name} - plain == {
            name.removeprefix("default__") for name in macros if name.startswith("default__")
        }

    def test_every_generic_test_hides_how_many_rows_it_found(self):
        for name, file in _macros().items():
            if name.startswith("test_"):
                text = (PACKAGE / "macros" / "generic_tests" / file).read_text(encoding="utf-8")
                assert "config(fail_calc='case when count(*) > 0 then 1 else 0 end', store_failures=false)" in text
