from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from ddg_pipeline.example import write_example_sources
from ddg_pipeline.orchestration.dbt_package import PACKAGE, PACKAGE_VARIABLE, link_package
from ddg_pipeline.warehouse.loading import load_source
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.sources import read_sources

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "dbt_project"
REAL_DATA = Path(__file__).parent / "real_data"
VISITS = 40_000  # sparser than the example itself, so more of its cells are small


@dataclass(frozen=True)
class Project:
    """A dbt project with a restricted store of its own; everything dbt writes goes to a temporary directory."""

    source: Path
    home: Path

    @property
    def store(self) -> Path:
        return self.home / "restricted" / "restricted.duckdb"

    def load(self, sources_yaml: Path) -> None:
        store = RestrictedStore(self.store)
        for source in read_sources(sources_yaml).values():
            load_source(source, store)

    def dbt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        link_package(self.source)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        environment = inherited | {
            "DDG_RESTRICTED_DB": str(self.store),
            PACKAGE_VARIABLE: str(PACKAGE),
            "DBT_TARGET_PATH": str(self.home / "target"),
            "DBT_LOG_PATH": str(self.home / "logs"),
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
        }
        places = ["--project-dir", str(self.source), "--profiles-dir", str(EXAMPLE)]
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments, *places]
        return subprocess.run(command, env=environment, cwd=self.home, capture_output=True, text=True, check=False)

    def query(self, sql: str) -> pd.DataFrame:
        with duckdb.connect(str(self.store), read_only=True) as connection:
            return connection.sql(sql).df()

    def artifact(self, name: str) -> Any:
        return json.loads((self.home / "target" / name).read_text())


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The worked example, generated, loaded and built."""
    home = tmp_path_factory.mktemp("example")
    write_example_sources(home / "var" / "example", visits=VISITS)
    (home / "dbt_project").mkdir()
    declared = Path(shutil.copy(EXAMPLE / "sources.yaml", home / "dbt_project"))
    project = Project(EXAMPLE, home)
    project.load(declared)
    built = project.dbt("build")
    assert built.returncode == 0, built.stdout
    return project


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Where the public tables are that these tests need and the project does not carry."""
    named = os.environ.get("DDG_SHARED_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no public data in {folder}: set DDG_SHARED_DATA to its folder to run the road on real tables")
    return folder


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Project:
    """The project on real public data, loaded and built."""
    project = Project(REAL_DATA, tmp_path_factory.mktemp("real"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDG_SHARED_DATA", str(shared_data))
        project.load(REAL_DATA / "sources.yaml")
    built = project.dbt("build")
    assert built.returncode == 0, built.stdout
    return project
