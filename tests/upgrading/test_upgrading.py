"""``ddg upgrade``: what changes is shown, means the same, and is written only when asked for."""

from __future__ import annotations

import sys

import pytest
import yaml

from ddg_pipeline import cli
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.starting import example_project, write_project
from ddg_pipeline.upgrading import upgrades_of, write_upgrades

OLD = """\
# our release
models:
  - name: cases   # the aggregate
    description: "Kept: as it is"
    meta:
      owner: us
      ddg:
        release: cases   # its name
        title: Cases
    columns:
      - name: county
        meta: {ddg: {dimension: {variable: residence_geography}}}
        data_tests: [not_null]
      - name: cases
        config: {meta: {ddg: {measure: {kind: count}}}}
  - name: other
    meta: {owner: them}
"""


@pytest.fixture
def project(tmp_path):
    write_project(tmp_path / "project", example_project())
    return tmp_path / "project"


@pytest.fixture
def old(project):
    path = project / "dbt_project" / "models" / "releases" / "old.yml"
    path.write_text(OLD, encoding="utf-8")
    return path


class TestMetaBesideConfig:
    def test_goes_into_config_and_everything_else_stays(self, project, old):
        write_upgrades(upgrades_of(load_project(project)))
        cases, other = yaml.safe_load(old.read_text(encoding="utf-8"))["models"]
        assert cases["meta"] == {"owner": "us"}
        assert cases["config"]["meta"]["ddg"] == {"release": "cases", "title": "Cases"}
        county, count = cases["columns"]
        assert county == {
            "name": "county", "data_tests": ["not_null"],
            "config": {"meta": {"ddg": {"dimension": {"variable": "residence_geography"}}}},
        }  # fmt: skip
        assert count == {"name": "cases", "config": {"meta": {"ddg": {"measure": {"kind": "count"}}}}}
        assert other == {"name": "other", "meta": {"owner": "them"}}
        for comment in ("# our release", "# the aggregate", "# its name", '"Kept: as it is"'):
            assert comment in old.read_text(encoding="utf-8")

    def test_a_second_time_nothing_changes(self, project, old):
        write_upgrades(upgrades_of(load_project(project)))
        assert not any(one.changes for one in upgrades_of(load_project(project)))

    def test_in_both_places_is_refused(self, project, old):
        old.write_text(
            OLD.replace("        title: Cases\n", "        title: Cases\n    config: {meta: {ddg: {release: b}}}\n")
        )
        with pytest.raises(InputErrors, match=r"under both `meta` and `config\.meta`"):
            upgrades_of(load_project(project))

    def test_that_changed_meanwhile_is_not_written_over(self, project, old):
        found = upgrades_of(load_project(project))
        old.write_text(OLD + "# more\n", encoding="utf-8")
        with pytest.raises(InputError, match="a change since it was read"):
            write_upgrades(found)
        assert old.read_text(encoding="utf-8") == OLD + "# more\n"


class TestNewerFormats:
    def test_are_refused_all_together_and_nothing_is_written(self, project, old):
        old.write_text(OLD.replace("        title: Cases\n", "        title: Cases\n        format: 7\n"))
        (project / "rulebooks").mkdir()
        (project / "rulebooks" / "mine.yaml").write_text("format: 2\nname: mine\nextends: calhhs-ddg-2.0\n")
        with pytest.raises(InputErrors) as refused:
            upgrades_of(load_project(project))
        assert [error.expected for error in refused.value.errors] == ["upgrade ddg_pipeline"] * 2


class TestTheCommand:
    @pytest.fixture
    def ddg(self, project, monkeypatch, capsys):
        def run(*arguments: str) -> tuple[int, str]:
            monkeypatch.setattr(sys, "argv", ["ddg", "upgrade", "--project", str(project), *arguments])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return int(ended.value.code or 0), capsys.readouterr().out

        return run

    def test_says_that_a_new_project_is_current(self, ddg):
        code, out = ddg()
        assert code == 0
        assert "all of them current" in out

    def test_shows_and_writes_nothing(self, ddg, old):
        code, out = ddg()
        assert code == 0
        assert "-    meta:" in out or "+    config:" in out
        assert old.read_text(encoding="utf-8") == OLD

    def test_as_a_check_exits_with_1(self, ddg, old):
        assert ddg("--check", "--quiet") == (1, f"{old}\n")

    def test_writes_when_asked_to(self, ddg, old):
        assert ddg("--write", "--quiet") == (0, f"{old}\n")
        assert old.read_text(encoding="utf-8") != OLD
