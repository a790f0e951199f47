"""Two kinds of project with their records in Spark: dbt builds there, and only aggregates come to this machine.

Each Spark session is a virtual machine that has to start: what can go wrong is tried in one of them.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import stat
from pathlib import Path

import pytest
import yaml
from leaks.planted import outside, planted
from leaks.search import Search
from leaks.sentinels import Sentinels
from orchestration.conftest import RELEASES, SMALL_PROJECT, Small, own_environment, run_commands

from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.spark_session import session_environment

pytestmark = pytest.mark.thorough

TYPED_PROJECT = Path(__file__).parent / "typed_project"
ALL = (*RELEASES, "by_month")
HOME = "SPARK_OF_THE_DEPARTMENT"
PROFILE = {
    "small": {
        "target": "there",
        "outputs": {
            "there": {
                "type": "spark",
                "method": "session",
                "host": "NA",
                "schema": "staging",
                "threads": 1,
                "server_side_parameters": {
                    "spark.sql.warehouse.dir": f"{{{{ env_var('{HOME}') }}}}/warehouse",
                    "spark.hadoop.javax.jdo.option.ConnectionURL": (
                        f"jdbc:derby:;databaseName={{{{ env_var('{HOME}') }}}}/metastore;create=true"
                    ),
                    "spark.sql.shuffle.partitions": "3",
                },
            }
        },
    }
}
TYPES = {"record": "bigint", "weight": "double", "cases": "int", "charges": "decimal(12, 2)", "fee": "decimal(10, 2)"}
VISITS = {
    "1": (41, 30, 22),
    "06007": (15, 4, 12),
    "009": (0, 2, 13),
    "11": (3, 11, 0),
    "013": (29, 33, 57),
    "015": (0, 0, 0),
}
ODD = {  # what somebody could have put in the place of the model `statewide`
    "twice": "select sex, cases from aggregates.statewide union all select sex, cases from aggregates.statewide",
    "wide": "select sex, cases, 'Zdeněk Vřesovský' as patient from aggregates.statewide",
    "instants": "select cast('2024-03-01 05:00:00' as timestamp) as sex, cases from aggregates.statewide",
    "no_numbers": "select sex, cast('NaN' as double) as cases from aggregates.statewide",
    "lists": "select sex, array(48613) as cases from aggregates.statewide",
    "huge": "select sex, cast('99999999999999999999' as decimal(38, 0)) as cases from aggregates.statewide",
    "moments": "select cast('2024-03-01 05:00:00' as timestamp_ntz) as sex, 48613 as cases",
}
KNOWN = {"warehouse", "metastore", "derby.log"}  # what tests themselves have Spark leave in its home
READ_EACH = """\
import json, sys
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.elsewhere_reader import Wanted, _adapter, _Reader
project, names = json.load(sys.stdin)
adapter = _adapter(project)
told = {}
with adapter.connection_named("ddg"):
    for name in names:
        wanted = Wanted("statewide", f"odd.{name}", ("sex", "cases"), ("sex",))
        try:
            told[name] = str(_Reader(adapter).table(wanted).schema.field("sex").type)
        except (InputError, InputErrors, RefusedError) as error:
            told[name] = str(error)
    java = sys.modules["pyspark"].SparkContext._active_spark_context._gateway.proc
    java.kill()
    java.wait()
    try:
        _Reader(adapter).table(Wanted("statewide", "odd.twice", ("sex", "cases"), ("sex",)))
    except (InputError, InputErrors) as error:
        told["killed"] = str(error)
print("\\n" + json.dumps(told))
"""


def write_visits(file: Path) -> None:
    """Write the source of the typed project: codes, dates and numbers as text, some of which cannot be read."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["visit", "arrived", "county", "age", "nights", "fee"])
        number = 0
        for county, months in VISITS.items():
            for month, visits in enumerate(months, start=1):
                for one in range(visits):
                    number += 1
                    age, nights = ("", "unknown") if one % 7 == 3 else (str(20 + one), str(one % 4 + 1))
                    rows.writerow(
                        [
                            f"V-{number:05}",
                            f"{month}/{one % 28 + 1}/2024",
                            county,
                            age,
                            nights,
                            f"{one}.{number % 100:02}",
                        ]
                    )
        rows.writerow(["V-90001", "13/45/2024", "1", "44", "1", "12.50"])
        rows.writerow(["V-90002", "1/5/2024", "9999", "44", "1", ""])


def write_project(root: Path) -> None:
    shutil.copytree(SMALL_PROJECT, root)
    shutil.copytree(TYPED_PROJECT / "dbt_project", root / "dbt_project", dirs_exist_ok=True)
    with (root / "sources.yaml").open("a", encoding="utf-8") as sources:
        sources.write((TYPED_PROJECT / "sources.yaml").read_text(encoding="utf-8"))
    write_visits(root / "visits.csv")


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Small:
    """The project on one machine, with DuckDB."""
    root = tmp_path_factory.mktemp("here") / "project"
    write_project(root)
    with pytest.MonkeyPatch.context() as patch:
        own_environment(patch, root)
        run_commands(patch, root, "suites", "run")
    return Small(load_project(root))


@pytest.fixture(scope="module")
def _there_once(here, spark, tmp_path_factory) -> Small:
    root = tmp_path_factory.mktemp("there") / "project"
    write_project(root)
    loads = ["create database source", "create database odd"]
    for name in ("cases", "visits"):
        file = shutil.move(root / f"{name}.csv", spark.home)
        header = Path(file).read_text(encoding="utf-8").splitlines()[0].split(",")
        schema = ", ".join(f"{column} {TYPES.get(column, 'string')}" for column in header)
        loads += [
            f"create temporary view {name} ({schema}) using csv options (path '{file}', header 'true')",
            f"create table source.{name} using parquet as select /*+ repartition(3) */ * from {name}",
        ]
    spark.sql(loads)
    (root / "sources.yaml").unlink()
    (root / "dbt_project" / "profiles.yml").write_text(yaml.safe_dump(PROFILE))
    shutil.copytree(here.root / "expectations", root / "expectations")
    with pytest.MonkeyPatch.context() as patch:
        own_environment(patch, root, {HOME: str(spark.home)})
        run_commands(patch, root, "run")
    return Small(load_project(root))


@pytest.fixture
def there(_there_once, spark, monkeypatch) -> Small:
    """The project after one good run; tests that change it put it back."""
    own_environment(monkeypatch, _there_once.root, {HOME: str(spark.home)})
    return _there_once


class TestTheSameBytes:
    @pytest.mark.parametrize("release", ALL)
    def test_a_release_is_the_one_that_one_machine_makes(self, there, here, packages_of, release):
        assert packages_of(there, release) == packages_of(here, release)

    def test_types_nulls_decimals_and_dates_survive(self, there, here):
        tables = [*(("aggregates", name) for name in ALL)]
        for schema, name in tables:
            built, fetched = (one.project.restricted_store.read_table(schema, name) for one in (here, there))
            assert dict(built.dtypes) == dict(fetched.dtypes)
            order = list(built.columns)
            pairs = zip(
                *(one.sort_values(order).astype("str").values.tolist() for one in (built, fetched)), strict=True
            )
            assert [pair for pair in pairs if pair[0] != pair[1]] == []

    def test_they_were_there_to_be_compared(self, here):
        monthly = here.project.restricted_store.read_table("aggregates", "by_month")
        assert str(monthly.month.dtype).startswith("datetime64")
        assert monthly[["mean_stay", "fees"]].isna().any().all()
        assert (monthly.visits.between(1, 10)).any()


class TestWhatCrosses:
    def test_the_restricted_store_holds_aggregates_and_what_is_looked_up_and_nothing_else(self, there):
        tables = there.project.restricted_store.tables()
        assert tables == [*(("aggregates", name) for name in sorted(ALL)), ("staging", "counties")]
        assert list(there.project.restricted_store.read_table("staging", "counties").columns) == ["code", "people"]

    def test_no_record_comes_to_this_machine_and_no_small_count_leaves_the_restricted_directory(self, there, spark):
        with (SMALL_PROJECT / "cases.csv").open(encoding="utf-8", newline="") as file:
            records = [record[name] for record in csv.DictReader(file) for name in ("record", "weight")]
        of_records = Search(Sentinels((*planted().words, "V-00001", "V-90001"), tuple(records)))
        assert of_records.trees([there.root]) == []
        assert of_records.files > 60
        assert outside(there.root).found == []
        assert of_records.trees([spark.home]), "they are found where the sources are"


class TestWhatSparkLeaves:
    def test_tables_that_dbt_built_are_closed_to_others(self, there, spark):
        built = [path for schema in ("aggregates", "staging") for path in (spark.tables / f"{schema}.db").rglob("*")]
        files = [path for path in built if path.is_file()]
        assert {path.parent.name for path in files} == {*ALL, "counties"}
        assert [
            path for path in [*built, *(spark.tables.glob("*g*.db"))] if stat.S_IMODE(path.stat().st_mode) & 0o077
        ] == []

    def test_nothing_is_left_in_the_project_but_a_log_without_data_in_the_restricted_directory(self, there):
        names = ("derby.log", "metastore_db", "spark-warehouse", "artifacts")
        found = [path for name in names for path in there.root.rglob(name)]
        assert found == [there.project.restricted / "spark" / "derby.log"]
        assert list(there.project.restricted_store.temporary.iterdir()) == []

    def test_tables_of_a_session_that_says_nothing_lie_in_the_restricted_directory(self, there, spark, tmp_path):
        root = tmp_path / "a project"
        shutil.copytree(SMALL_PROJECT, root)
        output = {"type": "spark", "method": "session", "host": "NA", "schema": "main"}
        profile = yaml.safe_dump({"small": {"target": "there", "outputs": {"there": output}}})
        (root / "dbt_project" / "profiles.yml").write_text(profile)
        project = load_project(root)
        environment = session_environment(project, {"metadata": {"adapter_type": "spark"}})
        before = os.umask(0)  # what is restricted has to be closed whatever the umask
        try:
            spark.sql(["create table kept using parquet as select 48613 as cases"], environment)
        finally:
            os.umask(before)
        own = project.restricted / "spark"
        assert {path.name for path in own.iterdir()} == {"warehouse", "metastore_db", "derby.log"}
        assert [path for path in (own / "warehouse").rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
        assert len(list((own / "warehouse" / "kept").glob("*.parquet"))) == 1
        assert {path.name for path in spark.home.iterdir()} <= {*KNOWN, "cases.csv", "visits.csv"}


class TestWhatGoesWrong:
    def test_a_value_that_spark_quotes_stays_in_the_restricted_directory(self, there):
        file = there.root / "dbt_project" / "models" / "staging" / "stg_cases.sql"
        kept = file.read_text(encoding="utf-8")
        there.edit(file, "select reporter,", "select assert_true(cases < 10, reporter) as p, reporter,")
        there.edit(there.root / "dbt_project" / "dbt_project.yml", "+materialized: view", "+materialized: table")
        try:
            events = there.materialize("staging/stg_cases")
        finally:
            file.write_text(kept, encoding="utf-8")
            there.edit(
                there.root / "dbt_project" / "dbt_project.yml",
                "+materialized: table\n    aggregates",
                "+materialized: view\n    aggregates",
            )
        assert not events.success
        assert "model.small.stg_cases" in events.failures
        assert "Quillfeather" not in events.failures
        (log,) = there.project.dbt_runs.glob("*/output.log")
        assert "Quillfeather" in log.read_text(encoding="utf-8"), "Spark did quote it"
        assert outside(there.root).found == []

    def test_what_cannot_be_read_is_named_and_not_quoted(self, there, spark):
        spark.sql([f"create table odd.{name} using parquet as {query}" for name, query in ODD.items()])
        environment = session_environment(there.project, read_manifest(ensure_manifest(there.project)))
        given = json.dumps([str(there.project.dbt_project), [*ODD, "nowhere"]])
        told = json.loads(spark.python(READ_EACH, given, environment | {HOME: str(spark.home)}))
        assert "no aggregate, and no row of it was read" in told.pop("twice")
        assert "patient, which the contract does not declare" in told.pop("wide")
        assert "column sex: found moments that depend on a time zone" in told.pop("instants")
        assert "column cases: found no numbers (NaN)" in told.pop("no_numbers")
        assert "column cases: found values of the type list" in told.pop("lists")
        assert told.pop("huge") == "string", "an exact decimal, which the contract will refuse to count with"
        assert told.pop("moments") == "timestamp[us]"
        assert "statewide: relation: found a table that does not exist there (SQLSTATE 42P01)" in told.pop("nowhere")
        assert "found a Spark session that ended while it was asked" in told.pop("killed")
        assert told == {}

    def test_a_metastore_that_another_session_holds_is_said_so(self, there, spark):
        with spark.open_session():
            events = there.materialize("statewide/masked")
        assert not events.success
        assert "profiles.yml: target: found a metastore that cannot be opened" in events.failures

    def test_a_session_that_does_not_start_is_said_so(self, there, monkeypatch):
        monkeypatch.setenv("JAVA_HOME", "/nowhere")
        events = there.materialize("statewide/masked")
        assert not events.success
        assert "profiles.yml: target: found a Spark session that does not start" in events.failures
