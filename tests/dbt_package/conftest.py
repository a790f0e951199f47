"""The package's integration project, built by dbt on one database after another."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from spark_session import Spark

from ddg_pipeline.orchestration.dbt_package import PACKAGE, PACKAGE_VARIABLE, link_package

INTEGRATION = Path(__file__).parent / "integration"
PASSWORD_VARIABLE = "DBT_ENV_SECRET_INTEGRATION"


@dataclass(frozen=True)
class Built:
    """The integration project after `dbt build` on one database, and a way to ask for what was built."""

    target: Path
    output: str
    rows: Callable[[str], list[tuple[Any, ...]]]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """Every result by the name of its node."""
        found = json.loads((self.target / "run_results.json").read_text())["results"]
        return {_name(result["unique_id"]): result for result in found}

    def tagged(self, tag: str) -> set[str]:
        nodes = json.loads((self.target / "manifest.json").read_text())["nodes"].values()
        return {node["name"] for node in nodes if tag in node["config"].get("tags", ())}


def _name(unique_id: str) -> str:
    return unique_id.split(".")[2]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, str]]:
    """Build the integration project, a copy of it, and give dbt's target directory and what it printed."""

    def run(target: str, environment: Mapping[str, str]) -> tuple[Path, str]:
        home = tmp_path_factory.mktemp(target)
        project = home / "project"
        shutil.copytree(INTEGRATION, project, ignore=shutil.ignore_patterns("dbt_packages", "target", "logs"))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        link_package(project)
        command = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "--log-level-file", "none", "build"]
        done = subprocess.run(
            [*command, "--target", target, "--profiles-dir", ".", "--target-path", str(home / "target")],
            env=inherited | {PACKAGE_VARIABLE: str(PACKAGE), "DO_NOT_TRACK": "1"} | environment,
            cwd=project,
            capture_output=True,
            text=True,
        )
        assert (home / "target" / "run_results.json").is_file(), done.stdout + done.stderr
        return home / "target", done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def on_duckdb(build, tmp_path_factory: pytest.TempPathFactory) -> Built:
    database = tmp_path_factory.mktemp("integration") / "integration.duckdb"
    target, output = build("duckdb", {"INTEGRATION_DUCKDB": str(database)})

    def rows(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(database), read_only=True) as connection:
            return connection.execute(query.format(schema="main")).fetchall()

    return Built(target, output, rows)


@pytest.fixture(scope="session")
def on_postgres(build, request: pytest.FixtureRequest) -> Built:
    if importlib.util.find_spec("dbt.adapters.postgres") is None:
        pytest.skip("dbt-postgres is not installed")
    postgres = request.getfixturevalue("postgres")
    environment = {"INTEGRATION_PORT": str(postgres.port), PASSWORD_VARIABLE: postgres.password}
    target, output = build("postgres", environment)

    def rows(query: str) -> list[tuple[Any, ...]]:
        engine = sa.create_engine(postgres.url(), poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query.format(schema="integration"))]

    return Built(target, output, rows)


@pytest.fixture(scope="session")
def on_spark(build, spark_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Built:
    spark = Spark(tmp_path_factory.mktemp("spark"))
    target, output = build("spark", spark.environment)

    def rows(query: str) -> list[tuple[Any, ...]]:
        # what Spark wrote, read without Spark
        with duckdb.connect() as connection:
            for directory in (spark.tables / "integration.db").iterdir():
                files = [str(path) for path in directory.glob("*.parquet")]
                connection.read_parquet(files).create_view(directory.name)
            return connection.execute(query.format(schema="main")).fetchall()

    return Built(target, output, rows)
