"""Spark on this machine, for the tests of several rooms; a plugin of pytest. `make test-spark` installs it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_IN_A_PROCESS_OF_ITS_OWN = """\
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.enableHiveSupport().getOrCreate()
rows = [[list(row) for row in spark.sql(statement).collect()] for statement in json.load(sys.stdin)]
print("\\n" + json.dumps(rows, default=str))
"""
_UNTIL_TOLD = """\
import sys
from pyspark.sql import SparkSession
SparkSession.builder.enableHiveSupport().getOrCreate().sql("show databases").collect()
print("open", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Spark:
    """A place for the tables and the metastore of local sessions, one at a time."""

    home: Path

    @property
    def tables(self) -> Path:
        return self.home / "warehouse"

    @property
    def settings(self) -> dict[str, str]:
        metastore = f"jdbc:derby:;databaseName={self.home}/metastore;create=true"
        return {
            "spark.sql.warehouse.dir": str(self.tables),
            "spark.hadoop.javax.jdo.option.ConnectionURL": metastore,
            "spark.sql.shuffle.partitions": "1",
            "spark.ui.enabled": "false",
        }

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs that opens a session by itself."""
        words = " ".join(f"--conf {name}={value}" for name, value in self.settings.items())
        return {
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_SUBMIT_ARGS": f"--master local[1] {words} pyspark-shell",
            "SPARK_SUBMIT_OPTS": f"-Dderby.system.home={self.home}",
        }

    def sql(self, statements: Sequence[str], environment: Mapping[str, str] | None = None) -> list[list[list[Any]]]:
        """Run statements in one session, and give the rows of each."""
        done = self.python(_IN_A_PROCESS_OF_ITS_OWN, json.dumps(statements), environment or self.environment)
        found: list[list[list[Any]]] = json.loads(done)
        return found

    def python(self, code: str, given: str, environment: Mapping[str, str]) -> str:
        """Run code that opens a session; the last line that it prints."""
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, input=given, env=os.environ | environment, cwd=self.home, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()[-1]

    @contextmanager
    def open_session(self) -> Iterator[None]:
        """Have another process hold the metastore for the length of a block."""
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-c", _UNTIL_TOLD]
        with subprocess.Popen(command, env=os.environ | self.environment, cwd=self.home, **streams) as holder:
            try:
                assert b"open" in holder.stdout.readline()
                yield
            finally:
                holder.stdin.close()  # its end


@pytest.fixture(scope="session")
def spark_installed() -> None:
    if importlib.util.find_spec("dbt.adapters.spark") is None or importlib.util.find_spec("pyspark") is None:
        pytest.skip("dbt-spark or pyspark is not installed: make test-spark")
    java = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (java and Path(java, "bin", "java").is_file()):
        pytest.skip("Spark needs Java")


@pytest.fixture(scope="module")
def spark(spark_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Spark:
    return Spark(tmp_path_factory.mktemp("spark"))
