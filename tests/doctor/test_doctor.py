"""``ddg doctor``: what is wrong is found, named, and said how to mend; nothing secret is told."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from ddg_pipeline import cli
from ddg_pipeline.doctor import Finding, checks, examine, installation, places
from ddg_pipeline.doctor.portal import portal
from ddg_pipeline.orchestration.dbt_models import ensure_manifest
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.starting import example_project, write_project

ENVIRONMENT = (
    "DAGSTER_HOME", "DDG_RESTRICTED_DB", "DDG_PROJECT", "DBT_LOG_PATH", "DDG_RESTRICTED_KEY_FROM",
    "DDG_RESTRICTED_CRYPTO", "DBT_INDIRECT_SELECTION", "DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK",
    "GX_ANALYTICS_ENABLED",
)  # fmt: skip
SECRET = "s3cret-that-nobody-may-see"


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    """The starter project with its dbt manifest, which takes seconds to make."""
    root = tmp_path_factory.mktemp("starter") / "project"
    write_project(root, example_project())
    with pytest.MonkeyPatch.context() as patch:
        for name in ENVIRONMENT:
            patch.setenv(name, "")  # so that it is put back
            patch.delenv(name)
        ensure_manifest(load_project(root))
    return root


@pytest.fixture
def project(parsed, tmp_path, monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    kept = tmp_path / "kept"  # the manifest knows where its project is, so that it is put back there
    shutil.copytree(parsed, kept, symlinks=True)
    yield parsed
    shutil.rmtree(parsed)
    shutil.copytree(kept, parsed, symlinks=True)


def found(project: Path, check) -> list[Finding]:
    return list(check(load_project(project)))


def problems(findings) -> list[str]:
    return [f"{one.check}: {one.found}" for one in findings if one.state == "problem"]


def add(project: Path, text: str, file: str = "ddg.yaml") -> None:
    with (project / file).open("a", encoding="utf-8") as stream:
        stream.write(text)


class TestTheInstallation:
    def test_a_package_outside_of_its_range_is_named(self, monkeypatch):
        real = installation.version
        monkeypatch.setattr(installation, "version", lambda name: "0.1" if name == "duckdb" else real(name))
        (only,) = [one for one in installation.packages() if one.state == "problem"]
        assert only.check == "package duckdb"
        assert "pip install 'duckdb" in only.todo

    def test_a_package_that_is_missing_is_named(self, monkeypatch):
        def version(name):
            if name == "highspy":
                raise installation.PackageNotFoundError(name)
            return real(name)

        real = installation.version
        monkeypatch.setattr(installation, "version", version)
        assert problems(installation.packages()) == ["package highspy: not installed"]

    def test_another_python_is_named(self, monkeypatch):
        monkeypatch.setattr(installation.platform, "python_version", lambda: "3.9.1")
        assert problems(installation.python())[0].startswith("Python: 3.9.1")


class TestPlaces:
    def test_a_store_that_others_may_enter(self, project):
        (project / "var" / "restricted").chmod(0o755)
        (only,) = [one for one in found(project, places.modes) if one.state == "problem"]
        assert "mode 755" in only.found
        assert only.todo.startswith("chmod 700")

    def test_expectations_that_others_may_change(self, project):
        (project / "expectations").chmod(0o777)
        assert any("others may change" in one for one in problems(found(project, places.modes)))

    def test_a_store_that_could_be_committed(self, project):
        subprocess.run(["git", "init", "-q", project], check=True)
        assert problems(found(project, places.repository)) == []
        (project / ".gitignore").write_text("", encoding="utf-8")
        assert len(problems(found(project, places.repository))) == 2

    def test_a_disk_that_is_nearly_full(self, project, monkeypatch):
        usage = shutil.disk_usage(project)
        monkeypatch.setattr(places.shutil, "disk_usage", lambda _: usage._replace(free=5 << 20))
        assert problems(found(project, places.disk_space))[0].startswith("disk space: 5 MiB free")

    def test_a_variable_that_is_not_set(self, project, monkeypatch):
        add(project, "ckan: {url: https://data.example.gov, organization: dept, token: '${DDG_TOKEN_OF_A_TEST}'}\n")
        assert problems(found(project, places.environment)) == ["environment: DDG_TOKEN_OF_A_TEST is not set"]
        monkeypatch.setenv("DDG_TOKEN_OF_A_TEST", SECRET)
        told = found(project, places.environment)
        assert problems(told) == []
        assert SECRET not in str(told)


class TestTheProject:
    def test_as_it_is_written_has_no_problem_but_what_was_not_run(self, project):
        states = {one.check: one.state for one in examine(project)}
        assert "problem" not in states.values(), states
        assert states["suite cases_by_county"] == "hint"

    def test_a_source_that_is_missing(self, project):
        (project / "data" / "cases.csv").unlink()
        assert any("no such file" in one for one in problems(found(project, checks.sources)))

    def test_a_database_that_does_not_answer_tells_no_password(self, project):
        url = f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x"
        add(project, f"  claims: {{kind: sql, url: '{url}', table: a, columns: {{b: text}}}}\n", "sources.yaml")
        told = found(project, checks.sources)
        assert any("no answer" in one for one in problems(told))
        assert SECRET not in str(told)

    def test_telemetry_that_is_on(self, project):
        (project / "var" / "dagster").mkdir(parents=True)
        (project / "var" / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: true}\n", encoding="utf-8")
        load_project(project).prepare_environment()
        assert any("telemetry" in one for one in problems(found(project, checks.dagster_home)))

    def test_a_release_without_a_place(self, project):
        file = project / "dbt_project" / "models" / "releases" / "cases_by_county.yml"
        text = file.read_text(encoding="utf-8")
        assert "residence_geography" in text
        file.write_text(text.replace("variable: residence_geography", "variable: other"), encoding="utf-8")
        (only,) = [one for one in found(project, checks.releases) if "no place" in one.found]
        assert (only.check, only.state) == ("release cases_by_county", "hint")
        assert "too little where fewer than 250,001 people live" in only.found
        assert "under `scope`: {variable: residence_geography, population: …}" in only.todo

    def test_a_count_of_individuals_that_is_called_as_one_of_events(self, project):
        file = project / "dbt_project" / "models" / "releases" / "cases_by_county.yml"
        text = file.read_text(encoding="utf-8").replace("name: cases\n", "name: er_visits\n")
        file.write_text(text.replace("numerator: cases", "numerator: er_visits"), encoding="utf-8")
        (only,) = [one for one in found(project, checks.releases) if "is called" in one.found]
        assert (only.check, only.state) == ("release cases_by_county", "hint")
        assert "measures.er_visits counts individuals, by the contract, and is called visits" in only.found

    def test_a_release_with_a_place(self, project):
        assert not [one for one in found(project, checks.releases) if "place" in one.found]

    def test_a_suite_that_is_missing(self, project):
        (project / "expectations" / "cases_by_county.json").unlink()
        assert problems(found(project, checks.releases)) == ["suite cases_by_county: not there"]

    def test_a_key_that_is_missing(self, project, monkeypatch):
        monkeypatch.delenv("DDG_RESTRICTED_KEY", raising=False)
        add(project, "restricted_key: ${DDG_RESTRICTED_KEY}\n")
        assert any("DDG_RESTRICTED_KEY" in one for one in problems(examine(project)))

    def test_a_wrong_ddg_yaml_is_a_problem_and_ends_the_examination(self, project):
        add(project, "nonsense: 1\n")
        assert [one.check for one in examine(project) if one.state == "problem"] == ["project"]


class TestACheckThatCannotBeMade:
    def test_is_a_problem_and_quotes_nothing(self, project, monkeypatch):
        def broken(_):
            raise RuntimeError(SECRET)
            yield

        broken.__name__ = "clock"
        monkeypatch.setattr(checks, "_OF_A_PROJECT", (broken,))
        (only,) = [one for one in examine(project) if one.state == "problem"]
        assert only.check == "clock"
        assert "RuntimeError" in only.found
        assert SECRET not in str(only)


class _Ckan(BaseHTTPRequestHandler):
    organizations: ClassVar[list[dict]] = []

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = self.path.rpartition("/")[2]
        result = {"ckan_version": "2.12"} if action == "status_show" else self.organizations
        body = json.dumps({"success": True, "result": result}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_):
        pass


class TestThePortal:
    @pytest.fixture
    def address(self):
        server = HTTPServer(("127.0.0.1", 0), _Ckan)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()

    @pytest.mark.parametrize(("organizations", "wrong"), [([{"name": "dept", "id": "1"}], 0), ([], 1)])
    def test_is_asked_whether_the_token_suffices(self, project, address, monkeypatch, organizations, wrong):
        monkeypatch.setattr(_Ckan, "organizations", organizations)
        monkeypatch.setenv("DDG_CKAN_TOKEN", SECRET)
        add(project, f"ckan: {{url: '{address}', organization: dept, token: '${{DDG_CKAN_TOKEN}}'}}\n")
        told = found(project, portal)
        assert len(problems(told)) == wrong
        assert SECRET not in str(told)

    def test_that_does_not_answer_is_a_problem(self, project, monkeypatch):
        monkeypatch.setenv("DDG_CKAN_TOKEN", SECRET)
        add(project, "ckan: {url: 'http://127.0.0.1:1', organization: dept, token: '${DDG_CKAN_TOKEN}'}\n")
        told = list(checks._kept("portal", lambda: portal(load_project(project))))
        assert len(problems(told)) == 1
        assert SECRET not in str(told)


class TestTheCommand:
    @pytest.fixture
    def ddg(self, project, monkeypatch, capfd):
        def run(*arguments: str) -> tuple[int, str]:
            monkeypatch.setattr(sys, "argv", ["ddg", "doctor", "--project", str(project), *arguments])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return int(ended.value.code or 0), capfd.readouterr().out

        return run

    def test_is_quiet_where_nothing_is_wrong(self, ddg):
        assert ddg("--quiet") == (0, "")

    def test_exits_with_1_where_something_is(self, ddg, project):
        (project / "data" / "cases.csv").unlink()
        code, out = ddg("--json")
        assert code == 1
        assert json.loads(out)["healthy"] is False
