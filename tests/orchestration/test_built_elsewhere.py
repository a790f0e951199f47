"""The small project with its records in PostgreSQL: dbt builds there, and only aggregates come to this machine."""

from __future__ import annotations

import csv
import importlib.util
import shutil
from collections.abc import Callable, Iterator

import dagster as dg
import duckdb
import pytest
import sqlalchemy as sa
import yaml
from leaks.planted import outside, planted
from leaks.search import Search
from leaks.sentinels import Sentinels
from orchestration.conftest import RELEASES, SMALL_PROJECT, Small, own_environment, run_commands

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project

pytestmark = pytest.mark.thorough  # the default run reads through dbt-duckdb: test_elsewhere_reader.py

PASSWORD = "DBT_ENV_SECRET_CASES"
PROFILE = {
    "small": {
        "target": "there",
        "outputs": {
            "there": {
                "type": "postgres",
                "host": "127.0.0.1",
                "port": "{{ env_var('CASES_PORT') | as_number }}",
                "user": "postgres",
                "password": f"{{{{ env_var('{PASSWORD}') }}}}",
                "dbname": "postgres",
                "schema": "public",
                "threads": 1,
            }
        },
    }
}
TYPES = {"record": "bigint", "weight": "double precision", "cases": "integer", "charges": "numeric(12, 2)"}


@pytest.fixture(scope="module")
def database(postgres) -> Iterator[sa.Connection]:
    """PostgreSQL with the records of the small project, as another system would have left them."""
    if importlib.util.find_spec("dbt.adapters.postgres") is None:
        pytest.skip("dbt-postgres is not installed")
    engine = sa.create_engine(postgres.url(), isolation_level="AUTOCOMMIT")
    with (SMALL_PROJECT / "cases.csv").open(encoding="utf-8", newline="") as file, engine.connect() as connection:
        records = list(csv.DictReader(file))
        columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in records[0])
        connection.exec_driver_sql(f"create schema source; create table source.cases ({columns})")
        values = ", ".join(f"cast(:{name} as {TYPES.get(name, 'text')})" for name in records[0])
        connection.execute(sa.text(f"insert into source.cases values ({values})"), records)
        yield connection
    engine.dispose()


@pytest.fixture(scope="module")
def _there_once(database, postgres, tmp_path_factory) -> Iterator[Small]:
    root = tmp_path_factory.mktemp("there") / "project"
    shutil.copytree(SMALL_PROJECT, root)
    (root / "sources.yaml").unlink()
    (root / "cases.csv").unlink()
    (root / "dbt_project" / "profiles.yml").write_text(yaml.safe_dump(PROFILE))
    with pytest.MonkeyPatch.context() as patch:
        own_environment(patch, root, {"CASES_PORT": str(postgres.port), PASSWORD: postgres.password})
        run_commands(patch, root, "suites", "run")
        yield Small(load_project(root))


@pytest.fixture
def there(_there_once, postgres, monkeypatch) -> Small:
    """The project after one good run; tests that change it put it back."""
    own_environment(monkeypatch, _there_once.root, {"CASES_PORT": str(postgres.port), PASSWORD: postgres.password})
    return _there_once


@pytest.fixture
def model(there) -> Iterator[Callable[[str, str, str], None]]:
    """Edit a file of the dbt project; undone at the end."""
    kept: dict = {}

    def edit(name: str, old: str, new: str) -> None:
        file = there.root / "dbt_project" / name
        kept.setdefault(file, file.read_text(encoding="utf-8"))
        there.edit(file, old, new)

    yield edit
    for file, text in kept.items():
        file.write_text(text, encoding="utf-8")


class TestTheSameBytes:
    @pytest.mark.parametrize("release", RELEASES)
    def test_a_release_is_the_one_that_one_machine_makes(self, there, small, packages_of, release):
        assert packages_of(there, release) == packages_of(small, release)

    @pytest.mark.parametrize("release", RELEASES)
    def test_so_is_its_suite(self, there, small, release):
        suites = [(one.root / "expectations" / f"{release}.json").read_bytes() for one in (there, small)]
        assert suites[0] == suites[1]

    def test_types_survive(self, there, small):
        for schema, name in (("aggregates", "by_sex"), ("aggregates", "statewide")):
            here, fetched = (one.project.restricted_store.read_table(schema, name) for one in (small, there))
            assert dict(here.dtypes) == dict(fetched.dtypes)
            order = list(here.columns)
            assert here.sort_values(order).values.tolist() == fetched.sort_values(order).values.tolist()


class TestWhatCrosses:
    def test_the_restricted_store_holds_aggregates_and_nothing_else(self, there):
        assert there.project.restricted_store.tables() == [("aggregates", name) for name in sorted(RELEASES)]

    def test_no_record_comes_to_this_machine_and_no_small_count_leaves_the_restricted_directory(self, there, small):
        sentinels = planted()
        with (SMALL_PROJECT / "cases.csv").open(encoding="utf-8", newline="") as file:
            records = [record[name] for record in csv.DictReader(file) for name in ("record", "weight")]
        of_records = Search(Sentinels(sentinels.words, tuple(records)))
        assert of_records.trees([there.root]) == []
        assert of_records.files > 60
        assert outside(there.root).found == []
        assert of_records.trees([small.root]), "they are found where records are loaded"

    def test_neither_does_the_password(self, there, postgres):
        files = [path for path in there.root.rglob("*") if path.is_file()]
        assert len(files) > 60
        assert [path for path in files if postgres.password.encode() in path.read_bytes()] == []

    def test_a_column_that_the_contract_does_not_declare_stops_before_any_row_is_read(self, there, database):
        _replaced(database, "by_sex", "select *, 'Zdeněk Vřesovský' as patient from aggregates.by_sex_kept")
        try:
            events = there.materialize("by_sex/masked", "by_age/masked")
            assert not events.success
            assert "patient, which the contract does not declare" in events.failures
            assert "Vřesovský" not in events.failures
            assert Search(planted()).trees([there.root / "var" / "restricted" / "tmp"]) == []
            assert "patient" not in _columns_here(there)
        finally:
            _put_back(database, "by_sex")

    def test_rows_that_share_their_categories_are_no_aggregate_and_stay_there(self, there, database):
        _replaced(
            database, "by_sex", "select * from aggregates.by_sex_kept union all select * from aggregates.by_sex_kept"
        )
        before = there.project.restricted_store.row_count("aggregates", "by_sex")
        try:
            events = there.materialize("by_sex/masked", "by_age/masked")
            assert not events.success
            assert "no aggregate, and no row of it was read" in events.failures
            assert there.project.restricted_store.row_count("aggregates", "by_sex") == before
        finally:
            _put_back(database, "by_sex")


class TestWhatGoesWrong:
    def test_a_value_that_the_database_quotes_stays_in_the_restricted_directory(self, there, model):
        model("models/staging/stg_cases.sql", "select reporter,", "select cast(patient as integer) as p, reporter,")
        model("dbt_project.yml", "+materialized: view", "+materialized: table")
        events = there.materialize("staging/stg_cases")
        assert not events.success
        assert "model stg_cases (" in events.failures
        assert outside(there.root).found == []

    def test_an_aggregate_that_is_not_there_is_named(self, there, database):
        database.exec_driver_sql("alter table aggregates.statewide rename to statewide_kept")
        try:
            events = there.materialize("statewide/masked")
        finally:
            database.exec_driver_sql("alter table aggregates.statewide_kept rename to statewide")
        assert not events.success
        assert "statewide: relation: found a table that does not exist there (SQLSTATE 42P01)" in events.failures

    @pytest.mark.parametrize(
        ("column", "found"),
        [
            ("'NaN'::float8", "no numbers (NaN), or endless ones"),
            ("'NaN'::numeric", "values of several types, or no numbers (NaN)"),
            ("99999999999999999999::numeric", "a DECIMAL"),
            ("'{}'::json", "values of the type struct"),
        ],
    )
    def test_a_figure_that_no_table_can_hold_is_named_and_not_quoted(self, there, database, column, found):
        _replaced(database, "statewide", f"select sex, {column} as cases from aggregates.statewide_kept")
        try:
            events = there.materialize("statewide/masked")
        finally:
            _put_back(database, "statewide")
        assert not events.success
        assert "column cases" in events.failures
        assert found in events.failures
        assert "99999999" not in events.failures

    def test_a_database_that_cannot_be_reached_or_refuses_the_password_is_said_so(self, there, monkeypatch):
        for name, value in ((PASSWORD, "wr0ng-password"), ("CASES_PORT", "9")):
            monkeypatch.setenv(name, value)
            events = there.materialize("statewide/masked")
            assert not events.success
            assert (
                "profiles.yml: target: found a database that cannot be reached, or refuses the user" in events.failures
            )
            assert "wr0ng" not in events.failures

    def test_a_password_in_the_profile_is_refused_and_not_repeated(self, there, model):
        model("profiles.yml", f"'{{{{ env_var(''{PASSWORD}'') }}}}'", "hunter2")
        with pytest.raises(InputErrors, match=r"small\.outputs\.there\.password: found the secret itself") as raised:
            build_definitions(there.project)
        assert "hunter2" not in str(raised.value)

    def test_sources_that_dbt_would_not_read_are_refused(self, there):
        sources = shutil.copy(SMALL_PROJECT / "sources.yaml", there.root)
        try:
            with pytest.raises(InputErrors, match="while dbt builds in postgres"):
                build_definitions(there.project)
        finally:
            (there.root / sources).unlink()


class TestInDagster:
    def test_source_tables_are_known_and_not_loaded(self, there):
        graph = build_definitions(there.project).resolve_asset_graph()
        source = dg.AssetKey(["source", "cases"])
        assert source in graph.get_all_asset_keys()
        assert not graph.get(source).is_materializable

    def test_retention_removes_what_was_fetched(self, there):
        from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest
        from ddg_pipeline.orchestration.retention import clean
        from ddg_pipeline.orchestration.unfinished import finish

        finish(there.project, RELEASES)  # whatever other tests began
        kept = there.project.restricted_store.path.read_bytes()
        try:
            removed = clean(there.project, read_manifest(ensure_manifest(there.project)), intermediates=True)
            assert "table aggregates.statewide" in removed
            assert not there.project.restricted_store.path.exists(), "nothing else was in it"
        finally:
            there.project.restricted_store.path.write_bytes(kept)


def _columns_here(small: Small) -> set[str]:
    with duckdb.connect(str(small.project.restricted_store.path), read_only=True) as store:
        return {name for (name,) in store.sql("select column_name from information_schema.columns").fetchall()}


def _replaced(database: sa.Connection, name: str, query: str) -> None:
    """Put something else in the place of an aggregate."""
    database.exec_driver_sql(f"alter table aggregates.{name} rename to {name}_kept")
    database.exec_driver_sql(f"create table aggregates.{name} as {query}")


def _put_back(database: sa.Connection, name: str) -> None:
    database.exec_driver_sql(f"drop table aggregates.{name}; alter table aggregates.{name}_kept rename to {name}")
