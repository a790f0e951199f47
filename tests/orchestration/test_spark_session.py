"""What a Spark session on this machine is told, and what people said themselves and therefore stays."""

from __future__ import annotations

import dataclasses
import itertools
import shlex
import shutil
import stat
from pathlib import Path

import pytest
import yaml
from orchestration.conftest import SMALL_PROJECT, own_environment

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.elsewhere_reader import _explain
from ddg_pipeline.orchestration.project import Project, load_project
from ddg_pipeline.orchestration.spark_session import session_environment
from ddg_pipeline.warehouse.encryption import Encryption

SPARK = {"metadata": {"adapter_type": "spark"}}
SPARKS_OWN = ("SPARK_CONF_DIR", "SPARK_HOME", "PYSPARK_SUBMIT_ARGS", "SPARK_SUBMIT_OPTS", "SPARK_LOCAL_DIRS", "MASTER")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    root = tmp_path / "a project"
    shutil.copytree(SMALL_PROJECT, root)
    own_environment(monkeypatch, root)
    for name in SPARKS_OWN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "no configuration"))
    profile(root)
    return load_project(root)


def profile(root: Path, **settings: object) -> None:
    output = {"type": "spark", "method": "session", "host": "NA", "schema": "main", "server_side_parameters": settings}
    written = yaml.safe_dump({"small": {"target": "there", "outputs": {"there": output}}})
    (root / "dbt_project" / "profiles.yml").write_text(written)


def configured(environment: dict[str, str]) -> dict[str, str]:
    """The settings among the words that Spark is started with; of two, the one that holds."""
    words = shlex.split(environment["PYSPARK_SUBMIT_ARGS"])
    assert words[-1] == "pyspark-shell"
    return dict(after.split("=", 1) for word, after in itertools.pairwise(words) if word == "--conf")


class TestWhatIsClosed:
    def test_no_page_no_log_and_no_file_is_open_to_others(self, project):
        found = configured(session_environment(project, SPARK))
        assert (found["spark.ui.enabled"], found["spark.eventLog.enabled"]) == ("false", "false")
        assert found["spark.hadoop.fs.permissions.umask-mode"] == "077"
        assert found["spark.io.encryption.enabled"] == "true"

    def test_it_listens_to_this_machine_alone_and_to_whoever_knows_its_secret(self, project):
        found = configured(session_environment(project, SPARK))
        assert (found["spark.driver.bindAddress"], found["spark.driver.host"]) == ("127.0.0.1", "127.0.0.1")
        assert found["spark.authenticate"] == "true"

    def test_whatever_it_writes_lies_in_the_restricted_directory(self, project):
        environment = session_environment(project, SPARK)
        assert configured(environment)["spark.sql.warehouse.dir"] == str(project.restricted / "spark" / "warehouse")
        assert environment["SPARK_LOCAL_DIRS"] == str(project.restricted_store.temporary)
        options = shlex.split(environment["SPARK_SUBMIT_OPTS"])
        assert f"-Djava.io.tmpdir={project.restricted_store.temporary}" in options
        assert f"-Dderby.system.home={project.restricted / 'spark'}" in options
        assert stat.S_IMODE((project.restricted / "spark").stat().st_mode) == 0o700

    @pytest.mark.parametrize("adapter", ["postgres", "duckdb"])
    def test_other_databases_are_told_nothing(self, project, adapter):
        assert session_environment(project, {"metadata": {"adapter_type": adapter}}) == {}

    def test_nor_is_a_spark_that_is_somewhere_else(self, project):
        file = project.dbt_project / "profiles.yml"
        file.write_text(file.read_text().replace("method: session", "method: thrift"))
        assert session_environment(project, SPARK) == {}

    def test_a_method_that_only_dbt_knows_may_be_a_session(self, project):
        file = project.dbt_project / "profiles.yml"
        file.write_text(file.read_text().replace("method: session", "method: \"{{ env_var('METHOD') }}\""))
        assert session_environment(project, SPARK) != {}


class TestWhatPeopleSaid:
    def test_a_place_for_tables_in_the_profile_stays(self, project):
        profile(project.root, **{"spark.sql.warehouse.dir": "/data"})
        assert "spark.sql.warehouse.dir" not in configured(session_environment(project, SPARK))

    @pytest.mark.parametrize(
        ("name", "text"),
        [("spark-defaults.conf", "spark.sql.warehouse.dir /data"), ("hive-site.xml", "<configuration/>")],
    )
    def test_so_does_one_in_the_configuration_of_spark(self, project, monkeypatch, name, text):
        directory = project.root / "conf"
        directory.mkdir()
        (directory / name).write_text(text)
        monkeypatch.setenv("SPARK_CONF_DIR", str(directory))
        assert "spark.sql.warehouse.dir" not in configured(session_environment(project, SPARK))

    def test_a_comment_says_nothing(self, project):
        file = project.dbt_project / "profiles.yml"
        file.write_text("# spark.sql.warehouse.dir: /data\n" + file.read_text())
        assert "spark.sql.warehouse.dir" in configured(session_environment(project, SPARK))

    def test_workers_of_a_cluster_reach_its_driver(self, project, monkeypatch):
        monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master yarn pyspark-shell")
        assert "spark.driver.bindAddress" not in configured(session_environment(project, SPARK))
        monkeypatch.delenv("PYSPARK_SUBMIT_ARGS")
        profile(project.root, **{"spark.master": "spark://there:7077"})
        assert "spark.driver.bindAddress" not in configured(session_environment(project, SPARK))

    def test_what_the_environment_says_comes_last_and_holds(self, project, monkeypatch):
        monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.eventLog.enabled=true pyspark-shell")
        monkeypatch.setenv("SPARK_SUBMIT_OPTS", "-Djava.io.tmpdir=/big")
        monkeypatch.setenv("SPARK_LOCAL_DIRS", "/big")
        environment = session_environment(project, SPARK)
        assert configured(environment)["spark.eventLog.enabled"] == "true"
        assert shlex.split(environment["SPARK_SUBMIT_OPTS"])[-1] == "-Djava.io.tmpdir=/big"
        assert environment["SPARK_LOCAL_DIRS"] == "/big"


class TestBesideAStoreWithAKey:
    @pytest.fixture
    def encrypted(self, project) -> Project:
        return dataclasses.replace(project, encryption=Encryption.from_variable("ddg.yaml", "${KEY}", "any"))

    @pytest.mark.thorough
    def test_tables_in_the_clear_are_refused(self, encrypted):
        with pytest.raises(InputErrors, match=r"spark\.sql\.warehouse\.dir: found nothing, so that tables would lie"):
            session_environment(encrypted, SPARK)
        assert not (encrypted.restricted / "spark").exists()

    @pytest.mark.thorough
    def test_a_place_that_was_named_is_its_owners_affair(self, encrypted):
        profile(encrypted.root, **{"spark.sql.warehouse.dir": "/encrypted"})
        assert session_environment(encrypted, SPARK) != {}


class TestErrorsOfSpark:
    def test_a_state_that_spark_tells_is_understood_and_its_words_are_not_repeated(self):
        told = _explain("cases", _SparkError("Quillfeather"), "spark")
        assert "a table that does not exist there (SQLSTATE 42P01)" in str(told)
        assert "Quillfeather" not in str(told)


class _SparkError(Exception):
    def getSqlState(self) -> str:  # noqa: N802 - Spark's
        return "42P01"
