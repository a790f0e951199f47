"""What leaves the database that dbt builds in, and what stops first; tried with dbt's adapter for DuckDB, on a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
import yaml
from orchestration.conftest import SMALL_PROJECT

from ddg_pipeline.contract.manifest import contracts_from_manifest
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.elsewhere import _fetch, _wanted, check_secrets, fetch_group
from ddg_pipeline.orchestration.elsewhere_reader import Request, Wanted, _array, _columns
from ddg_pipeline.orchestration.project import load_project


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A dbt project whose profile names a DuckDB file, with tables in it."""
    root = tmp_path_factory.mktemp("there")
    (root / "dbt_project.yml").write_text("{name: there, profile: there, config-version: 2}")
    outputs = {"file": {"type": "duckdb", "path": str(root / "there.duckdb"), "threads": 1}}
    (root / "profiles.yml").write_text(yaml.safe_dump({"there": {"target": "file", "outputs": outputs}}))
    with duckdb.connect(str(root / "there.duckdb")) as connection:
        connection.execute(
            "create table cases as select * from (values ('001', 'F', 12::bigint, 1.50::decimal(12, 2)), "
            "('037', 'M', null, 20.00)) as given(fips, sex, cases, charges)"
        )
        connection.execute("create table twice as from cases union all from cases")
        connection.execute("create table places as select '001' as fips, 1500000 as people, 'secret' as note")
        connection.execute("create table counted as select fips, people from places")
        connection.execute("create view broken as select cast(note as integer) as cases from places")
    return root


def wanted(relation="cases", columns=("fips", "sex", "cases", "charges"), coordinate=("fips", "sex")):
    return Wanted(relation, relation, columns, coordinate)


def fetch(there, *relations):
    return _fetch(Request(str(there), relations))


COUNTED = {
    "release": "counted",
    "title": "People by place",
    "scope": [{"variable": "time", "period": "year"}],
    "dimensions": {"fips": {"variable": "residence_geography"}},
    "measures": {"people": {"kind": "count"}},
}


def node(name, ddg=None):
    """A model in a manifest, with a contract or without one."""
    return {
        "resource_type": "model",
        "name": name,
        "unique_id": f"model.p.{name}",
        "schema": "s",
        "relation_name": name,
        "config": {"meta": {"ddg": ddg} if ddg else {}},
        "columns": {},
    }


class TestReading:
    def test_columns_come_in_the_contracts_order_with_their_types(self, there):
        cases, places = fetch(there, wanted(), Wanted("places", "places", ("people", "fips"), None))
        assert cases.sort_by("fips").to_pydict() == {
            "fips": ["001", "037"],
            "sex": ["F", "M"],
            "cases": [12, None],
            "charges": [Decimal("1.50"), Decimal("20.00")],
        }
        assert list(map(str, cases.schema.types)) == ["string", "string", "int64", "decimal128(4, 2)"]
        assert places.to_pydict() == {"people": [1500000], "fips": ["001"]}, "no column that no contract names"

    @pytest.mark.thorough
    def test_rows_that_share_their_categories_stay_there(self, there):
        with pytest.raises(RefusedError, match="no row of it was read"):
            fetch(there, wanted("twice"))

    def test_nothing_is_read_of_an_aggregate_with_other_columns(self, there):
        with pytest.raises(InputErrors, match="charges, which the contract does not declare"):
            fetch(there, wanted(columns=("fips", "sex", "cases")))

    def test_a_database_that_quotes_a_value_is_not_repeated(self, there):
        with pytest.raises(InputErrors, match="broken: relation: found an error of the database") as raised:
            fetch(there, Wanted("broken", "broken", ("cases",), None))
        assert "secret" not in str(raised.value)
        assert raised.value.__context__ is None

    @pytest.mark.thorough
    def test_what_drivers_print_does_not_come_between(self, there):
        done = subprocess.run(
            [sys.executable, "-m", "ddg_pipeline.orchestration.elsewhere_reader"],
            input=Request(str(there / "nothing"), (wanted(),)).to_json().encode(),
            capture_output=True,
        )
        assert set(json.loads(done.stdout)) == {"internal"}
        assert done.returncode == 4


class TestFetching:
    def test_a_code_location_needs_no_variables_of_ours_in_its_environment(self, there, tmp_path, monkeypatch):
        """Dagster loads several projects into one process, whose environment is nobody's."""
        root = tmp_path / "project"
        shutil.copytree(SMALL_PROJECT, root)
        shutil.copytree(there, root / "dbt_project", dirs_exist_ok=True)
        (root / "dbt_project" / "packages.yml").write_text("packages: [{local: \"{{ env_var('DDG_DBT_PACKAGE') }}\"}]")
        monkeypatch.delenv("DDG_DBT_PACKAGE", raising=False)
        project = load_project(root)
        manifest = {"metadata": {"adapter_type": "another"}, "nodes": {"counted": node("counted", COUNTED)}}
        assert fetch_group(project, manifest, contracts_from_manifest(manifest)) == ["counted"]
        assert project.restricted_store.read_table("s", "counted").people.tolist() == [1500000]
        assert "DDG_DBT_PACKAGE" not in os.environ


class TestColumns:
    def test_a_database_that_folds_names_is_understood(self):
        found = _columns(wanted(columns=("fips", "cases"), coordinate=("fips",)), ["FIPS", "CASES"])
        assert found == {"fips": "FIPS", "cases": "CASES"}

    def test_names_that_differ_by_case_alone_are_not_guessed(self):
        with pytest.raises(InputErrors, match="no cases"):
            _columns(wanted(columns=("cases",), coordinate=()), ["Cases", "CASES"])

    def test_a_missing_column_is_named_with_those_that_are_there(self):
        with pytest.raises(InputErrors, match=r"no people; the relation has fips, note"):
            _columns(Wanted("places", "places", ("fips", "people"), None), ["fips", "note"])

    def test_a_table_that_is_public_may_lack_columns(self):
        found = _columns(Wanted("old", "old", ("fips", "sex"), None, optional=True), ["sex"])
        assert found == {"sex": "sex"}


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            (["001", None], "string"),
            ([1, None], "int64"),
            ([1, Decimal("2.50")], "decimal128(3, 2)"),
            ([Decimal(12), None], "decimal128(2, 0)"),
            ([1.5, None], "double"),
            ([None, None], "null"),
            ([], "null"),
        ],
    )
    def test_values_stay_what_they_are(self, values, kind):
        assert str(_array(wanted(), "cases", values).type) == kind

    @pytest.mark.parametrize(
        "values",
        [
            [float("nan")],
            [float("inf")],
            [Decimal("NaN")],
            [2**70],
            [1, "48613"],
            [{"a": 48613}],
            [b"48613"],
            [True, 48613],
        ],
    )
    def test_what_no_published_table_can_hold_is_refused_and_not_quoted(self, values):
        with pytest.raises(InputError, match="column cases: found") as raised:
            _array(wanted(), "cases", values)
        assert "48613" not in str(raised.value)
        assert raised.value.__context__ is None


class TestWhatIsAskedFor:
    def test_of_reference_tables_only_the_columns_that_contracts_look_up(self):
        ddg = {
            "release": "cases",
            "title": "Cases",
            "scope": [{"variable": "time", "period": "year"}],
            "dimensions": {
                "county": {
                    "variable": "residence_geography",
                    "population": {"table": "people", "key": "name", "value": "number"},
                    "hierarchy": {"table": "regions", "child": "county", "parent": "region"},
                },
            },
            "measures": {"cases": {"kind": "count"}},
            "already_public": [{"table": "last_year", "at": {"sex": "All"}}],
        }
        names = ("cases", "people", "regions", "last_year")
        nodes = {name: node(name, ddg if name == "cases" else None) for name in names}
        asked = _wanted(contracts_from_manifest({"nodes": nodes}), nodes)
        assert asked["cases"] == Wanted("cases", "cases", ("county", "cases"), ("county",))
        assert asked["people"].columns == ("name", "number")
        assert asked["regions"].columns == ("county", "region")
        assert asked["last_year"].columns == ("county", "cases", "sex")
        assert [one.optional for one in asked.values()] == [False, False, False, True]


class TestSecretsOfAProfile:
    @pytest.mark.parametrize(
        "key", ["password", "pass", "token", "private_key", "private_key_passphrase", "client_secret"]
    )
    def test_a_secret_that_stands_there_is_refused_and_not_repeated(self, tmp_path, key):
        project = self._project(tmp_path, {key: "hunter2"})
        with pytest.raises(InputErrors, match=rf"p\.outputs\.o\.{key}: found the secret itself") as raised:
            check_secrets(project)
        assert "hunter2" not in str(raised.value)

    def test_one_that_comes_from_the_environment_is_fine(self, tmp_path):
        settings = {"password": "{{ env_var('DBT_ENV_SECRET_P') }}", "private_key_path": "/etc/key", "port": 5432}
        check_secrets(self._project(tmp_path, settings))

    def _project(self, directory, output):
        profile = {"p": {"target": "o", "outputs": {"o": {"type": "postgres", **output}}}}
        (directory / "profiles.yml").write_text(yaml.safe_dump(profile))
        return SimpleNamespace(dbt_project=directory)


class TestKeeping:
    def test_tables_replace_what_had_their_names_all_or_none(self, tmp_path):
        from ddg_pipeline.errors import DdgError
        from ddg_pipeline.warehouse.arrivals import replace_tables
        from ddg_pipeline.warehouse.restricted import RestrictedStore

        store = RestrictedStore(tmp_path / "restricted" / "restricted.duckdb")
        replace_tables(store, {("a", "one"): pa.table({"n": [1]}), ("a", "two"): pa.table({"n": [2]})})
        with store.connect() as connection:
            connection.execute("drop table a.two; create view a.two as select 7 as n")
        replace_tables(store, {("a", "two"): pa.table({"n": [3]})})
        assert store.read_table("a", "two").n.tolist() == [3]
        impossible = pa.table({"n": pa.array([Decimal(1)], pa.decimal256(60, 0))})
        with pytest.raises(DdgError, match="nothing was changed"):
            replace_tables(store, {("a", "one"): pa.table({"n": [9]}), ("a", "two"): impossible})
        assert (store.read_table("a", "one").n.tolist(), store.read_table("a", "two").n.tolist()) == ([1], [3])
