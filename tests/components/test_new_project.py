"""From nothing, with Dagster's own tools: a new project, our wheel in a new environment, a table on the portal."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNTIES = ("Butte", "Calaveras", "Colusa", "Lake", "Mariposa", "Mono", "Placer", "Sutter", "Yolo", "Yuba")
SMALL = {("Mono", "Female"): 3, ("Mariposa", "Male"): 5}

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class NewProject:
    """A Dagster project, and the environment that it runs in."""

    root: Path
    environment: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment in the project, as somebody would who has activated it."""
        done = self.attempt(program, *arguments)
        assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def attempt(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {
            name: text for name, text in os.environ.items() if not name.startswith(("DAGSTER_", "DDG_", "DBT_"))
        }
        variables.pop("PYTHONPATH", None)
        variables |= {
            "VIRTUAL_ENV": str(self.environment),
            "PATH": f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "DO_NOT_TRACK": "1",
            "NUMBA_DISABLE_JIT": "1",  # for so small a table, compiling takes longer than all the rest
            "COLUMNS": "200",
        }
        command = [str(self.environment / "bin" / program), *arguments]
        return subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> NewProject:
    """Build the wheel, install it with the pins, and make a project with `create-dagster` and `dg scaffold`."""
    home = tmp_path_factory.mktemp("new")
    wheels, environment = home / "dist", home / "venv"
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(wheels), str(ROOT)], check=True)
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pins = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *pins, str(wheel), "dagster-dg-cli", "create-dagster"], check=True)
    outside = NewProject(home, environment)
    outside.run("create-dagster", "project", "health", "--no-uv-sync")
    subprocess.run([*pip, "--no-deps", "--editable", str(home / "health")], check=True)
    made = NewProject(home / "health", environment)
    made.run("dg", "scaffold", "defs", "ddg_pipeline.DdgReleases", "my_releases")
    _write_cases(made.root / "my_releases" / "data" / "cases.csv")
    defs = made.root / "src" / "health" / "defs" / "my_releases" / "defs.yaml"
    defs.write_text(defs.read_text(encoding="utf-8") + "  key_prefix: [health]\n", encoding="utf-8")
    return made


def _write_cases(path: Path) -> None:
    """Replace the figures that come with it by others."""
    draw = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["case_id", "county", "sex", "age"])
        number = 0
        for county in COUNTIES:
            for sex in ("Female", "Male"):
                for _ in range(SMALL.get((county, sex), draw.randint(15, 90))):
                    number += 1
                    table.writerow([f"N{number}", county, sex, draw.randint(0, 90)])


class TestDagsterSTools:
    def test_list_the_component(self, project):
        listed = json.loads(project.run("dg", "list", "components", "--json"))
        found = {one["key"]: one["summary"] for one in listed["items"]}
        assert found["ddg_pipeline.DdgReleases"].startswith("Releases tables to an open data portal")

    def test_describe_its_attributes(self, project):
        whole = json.loads(
            project.run("dg", "utils", "inspect-component", "ddg_pipeline.DdgReleases", "--defs-yaml-json-schema")
        )
        schema = whole["properties"]["attributes"]
        assert schema["required"] == ["project"]
        assert all(one.get("description") for one in schema["properties"].values())

    def test_find_nothing_wrong(self, project):
        project.run("dg", "check", "yaml")
        project.run("dg", "check", "defs")

    def test_say_what_is_wrong(self, project):
        defs = project.root / "src" / "health" / "defs" / "my_releases" / "defs.yaml"
        before = defs.read_text(encoding="utf-8")
        defs.write_text(before + "  schedules: often\n", encoding="utf-8")
        try:
            done = project.attempt("dg", "check", "defs")
        finally:
            defs.write_text(before, encoding="utf-8")
        assert done.returncode != 0
        assert "often" in done.stdout + done.stderr
        assert "schedules" in done.stdout + done.stderr

    def test_list_what_it_makes(self, project):
        listed = json.loads(project.run("dg", "list", "defs", "--json"))
        assert {one["asset_key"] for one in listed["assets"]} == {
            "health/source/cases", "health/staging/stg_cases", "health/aggregates/cases_by_county_and_sex",
            *(f"health/cases_by_county_and_sex/{step}" for step in ("masked", "release", "publication")),
        }  # fmt: skip
        assert {one["name"] for one in listed["jobs"]} >= {"my_releases_everything", "my_releases_approve_release"}


class TestRelease:
    @pytest.fixture(scope="class")
    def package(self, project):
        """What a launch of the job published; with Dagster's own executor, which starts a process for each step."""
        project.run("dg", "launch", "--job", "my_releases_everything")
        return project.root / "my_releases" / "var" / "portal" / "cases" / "cases-by-county-and-sex"

    def test_hides_the_small_counts_and_shows_the_others(self, package):
        with (package / "cases-by-county-and-sex.csv").open(encoding="utf-8", newline="") as file:
            rows = {(row["county"], row["sex"]): row for row in csv.DictReader(file)}
        assert len(rows) == 3 * (len(COUNTIES) + 1)
        for cell in SMALL:
            assert rows[cell]["cases"] == ""
            assert rows[cell]["cases_annotation_code"]
        shown = [row for row in rows.values() if row["cases"]]
        assert len(shown) > len(rows) / 2
        assert all(int(row["cases"]) > 10 for row in shown)

    def test_has_a_certificate_that_holds(self, project, package):
        project.run("ddg", "verify", str(package))

    def test_went_by_the_suite_that_came_with_it(self, project, package):
        assert package.is_dir()
        project.run("ddg", "suites", "--check", "--project", "my_releases")

    def test_is_the_command_line_s_as_well(self, project, package):
        assert "cases_by_county_and_sex" in project.run("ddg", "status", "--project", "my_releases")
        assert package.is_dir()
