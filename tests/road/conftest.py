"""The whole road by its own command, in a copy of the project: once over the worked example, once over real tables."""

from __future__ import annotations

import csv
import functools
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.dbt_models import read_manifest, relations_of, releases_of
from ddg_pipeline.orchestration.project import Project, load_project
from ddg_pipeline.publishing.names import package_names
from ddg_pipeline.release_groups import linked_groups

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

Row = dict[str, str]


@dataclass(frozen=True)
class Road:
    """A project after ``ddg run``.

    Attributes:
        project: Where everything is.
        answer: What ``ddg run --json`` printed.
    """

    project: Project
    answer: Any

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run an installed command in the project's directory, as someone does who was given it."""
        return _command(self.project.root, *arguments)

    @functools.cached_property
    def manifest(self) -> dict[str, Any]:
        return read_manifest(self.project.manifest)

    @functools.cached_property
    def releases(self) -> dict[str, DbtRelease]:
        return {release.contract.release: release for release in releases_of(self.manifest)}

    @functools.cached_property
    def groups(self) -> list[list[str]]:
        return [[one.contract.release for one in group] for group in linked_groups(list(self.releases.values()))]

    def outcome(self, release: str) -> dict[str, Any]:
        return next(one for one in self.answer["outcomes"] if one["release"] == release)

    def contract(self, release: str) -> ReleaseContract:
        return self.releases[release].contract

    def package(self, release: str) -> Path:
        """Where readers find it."""
        return Path(self.outcome(release)["published"])

    def csv(self, release: str) -> Path:
        return self.package(release) / package_names(self.contract(release)).csv

    def published(self, release: str) -> list[Row]:
        return list(csv.DictReader(io.StringIO(self.csv(release).read_text(encoding="utf-8"))))

    def staged(self, release: str) -> Path:
        return self.project.staged(release) / "package" / self.csv(release).name

    def report(self, release: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.package(release) / "report.json").read_text(encoding="utf-8"))
        return found

    def aggregate(self, release: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Read the restricted aggregate: figures by coordinate."""
        found = self.releases[release]
        table = self.project.restricted_store.read_table(found.schema, found.relation)
        dimensions = list(found.contract.dimensions)
        return {tuple(str(row[name]) for name in dimensions): row for row in table.to_dict("records")}

    def references(self, release: str) -> dict[str, pd.DataFrame]:
        relations = relations_of(self.manifest)
        store = self.project.restricted_store
        return {name: store.read_table(*relations[name]) for name in self.contract(release).reference_tables}


def _command(root: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DAGSTER_HOME": str(root / "var" / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }
    environment.pop("DDG_PROJECT", None)
    program, *rest = arguments
    return subprocess.run(
        [BIN / program, *rest], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def _run(root: Path) -> Any:
    done = _command(root, "ddg", "run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """The worked example, as `make run` makes it."""
    root = tmp_path_factory.mktemp("example")
    for name in ("dbt_project", "expectations"):
        shutil.copytree(CHECKOUT / name, root / name, ignore=shutil.ignore_patterns("target", "logs"))
    for name in ("ddg.yaml", "workspace.yaml"):
        shutil.copy(CHECKOUT / name, root)
    written = _command(root, "ddg", "example", "var/example")
    assert written.returncode == 0, written.stderr
    return Road(load_project(root), _run(root))


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """Public tables, with suites written by the command that writes them for review."""
    named = os.environ.get("DDG_SHARED_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no public data in {folder}: set DDG_SHARED_DATA to its folder to run the road on real tables")
    root = tmp_path_factory.mktemp("real")
    tests = CHECKOUT / "tests" / "dbt_project" / "real_data"
    shutil.copytree(tests, root / "tests" / "dbt_project" / "real_data")
    for name in ("macros", "seeds"):  # which that project takes from the example
        shutil.copytree(CHECKOUT / "dbt_project" / name, root / "dbt_project" / name)
    shutil.copy(CHECKOUT / "dbt_project" / "profiles.yml", root / "tests" / "dbt_project" / "real_data")
    text = (CHECKOUT / "ddg.yaml").read_text(encoding="utf-8")
    text = text.replace(": dbt_project", ": tests/dbt_project/real_data")
    (root / "ddg.yaml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDG_SHARED_DATA", str(folder.resolve()))
        suites = _command(root, "ddg", "suites", "--quiet")
        assert suites.returncode == 0, suites.stdout + suites.stderr
        yield Road(load_project(root), _run(root))


class SecondAttacker:
    """The brute-force attacker of the tests: his own reading of contract and CSV, and every whole number tried.

    He shares no code with the package (`tests/attacker/brute_force.py`).
    """

    SMALL = range(1, 11)
    NEED = 3  # possible values of every small count, at level `ddg`
    EXACTLY = 25  # how many cells of each connected part he decides exactly; the others by random solutions

    def __init__(self) -> None:
        path = CHECKOUT / "tests" / "attacker" / "brute_force.py"
        spec = importlib.util.spec_from_file_location("brute_force", path)
        assert spec is not None
        assert spec.loader is not None
        self._module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = self._module  # its dataclasses look themselves up there
        spec.loader.exec_module(self._module)

    def leaks(self, road: Road, *releases: str, only_small_hidden: bool = False) -> list[Any]:
        """Attack linked releases together, as readers find them.

        Args:
            road: Where they are.
            releases: Their names.
            only_small_hidden: Attack instead what someone publishes who hides small counts and nothing else.
        """
        given = []
        for name in releases:
            frame = pd.read_csv(road.csv(name), dtype="str", keep_default_na=False)
            if only_small_hidden:
                self._show_complementary(frame, road.contract(name), road.aggregate(name))
            contract = road.contract(name).model_dump(mode="json", exclude_none=True)
            given.append(self._module.Release(contract, frame, road.references(name)))
        small = {"lower": min(self.SMALL), "upper": max(self.SMALL)}
        found: list[Any] = self._module.attack(given, **small, need=self.NEED, most=self.EXACTLY)
        return found

    def _show_complementary(self, frame: pd.DataFrame, contract: ReleaseContract, before: Mapping[Any, Any]) -> None:
        for number, row in frame.iterrows():
            figures = before[tuple(row[dimension] for dimension in contract.dimensions)]
            for measure in contract.measures:
                code = f"{measure}_annotation_code"
                if row[code] in ("1", "2") and figures[contract.governor(measure)] > max(self.SMALL):
                    frame.loc[number, [measure, code]] = [str(figures[measure]), ""]


@pytest.fixture(scope="session")
def second_attacker() -> SecondAttacker:
    return SecondAttacker()
