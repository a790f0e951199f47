"""A project made from one's own table: source, model and contract fit each other and the table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from ddg_pipeline.contract import bind, contracts_from_manifest
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.starting.own_table import project_of_table
from ddg_pipeline.warehouse.loading import load_source
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.sources import parse_sources

GROUPS = (
    'County,Age Group,Cases,Rate %,Group\nAlameda,0-17,"1,240",1.50%,a\nAlameda,18+,860,2.25%,b\n'
    "Butte,0-17,77,,a\nButte,18+,91,4%,b\n"
)
RECORDS = (
    "Patient ID,Reported,County,Sex\n"
    + "".join(f"P{n % 90},{n % 12 + 1:02}/15/202{n % 2 + 3},{'Alameda' if n % 3 else ''},Female\n" for n in range(180))
    + "P90,01/15/2024,Butte,Male"
)


def made(text: str, tmp_path: Path, name: str = "Cases 2024.csv", **options):
    table = tmp_path / "given" / name
    table.parent.mkdir(exist_ok=True)
    table.write_text(text, encoding="utf-8")
    return project_of_table(table, tmp_path / "project", **{"people": [], **options})


def selected(own, tmp_path: Path) -> pd.DataFrame:
    """Load the declared source and run the drafted model, as the pipeline would."""
    (source,) = parse_sources(own.files["sources.yaml"].decode(), tmp_path / "project" / "sources.yaml").values()
    (tmp_path / "project").mkdir()
    (tmp_path / "store").mkdir(mode=0o700)
    store = RestrictedStore(tmp_path / "store" / "restricted.duckdb")
    load_source(source, store)
    sql = own.files[f"dbt_project/models/releases/{own.model}.sql"].decode()
    before, _, rest = sql.partition("{{")
    with duckdb.connect(str(store.path)) as connection:
        return connection.sql(f"{before} source.{source.name} {rest.partition('}}')[2]}").df()


def contract_of(own):
    (model,) = yaml.safe_load(own.files[f"dbt_project/models/releases/{own.model}.yml"])["models"]
    node = {"resource_type": "model", "unique_id": "m", "name": own.model, "schema": "s", "original_file_path": "m.yml",
            "config": model["config"], "columns": {column["name"]: column for column in model["columns"]}}  # fmt: skip
    (release,) = contracts_from_manifest({"nodes": {"m": node}})
    return release.contract


class TestATableOfGroups:
    def test_becomes_what_the_contract_declares(self, tmp_path):
        own = made(GROUPS, tmp_path, people=["Cases"])
        frame, contract = selected(own, tmp_path), contract_of(own)
        assert list(frame.columns) == contract.columns
        assert frame["cases"].tolist() == [1240, 860, 77, 91]
        bind(contract, frame)

    def test_is_called_in_words_that_sql_takes(self, tmp_path):
        frame = selected(made(GROUPS, tmp_path), tmp_path)
        assert {"county", "age_group", "cases"} <= set(frame.columns)

    @pytest.mark.parametrize("name", ["zip", "ZIP5", "Patient Zip Code", "county_fips", "GEOID10"])
    def test_keeps_codes_of_places_as_text_whether_or_not_one_begins_with_0(self, tmp_path, name):
        own = made(f"{name},sex,cases,code\n93727,Male,20,1\n94110,Female,30,2\n", tmp_path)
        (declared, *_, code) = yaml.safe_load(own.files["sources.yaml"])["sources"]["cases_2024"]["columns"].values()
        assert (declared if isinstance(declared, str) else declared["type"], code) == ("text", "integer")
        frame = selected(own, tmp_path)
        assert frame.iloc[:, 0].tolist() == ["93727", "94110"]

    def test_has_codes_that_its_file_holds_as_numbers_loaded_as_numbers_and_released_as_text(self, tmp_path):
        table = tmp_path / "cases.parquet"
        pd.DataFrame({"zip": [93727, 94110], "sex": ["Male", "Female"], "cases": [20, 30]}).to_parquet(table)
        own = project_of_table(table, tmp_path / "project", people=[])
        assert yaml.safe_load(own.files["sources.yaml"])["sources"]["cases"]["columns"]["zip"] == "integer"
        assert selected(own, tmp_path)["zip"].tolist() == ["93727", "94110"]

    def test_stays_where_it_is(self, tmp_path):
        own = made(GROUPS, tmp_path)
        assert not any(path.startswith("data/") for path in own.files)
        assert "path: ../given/Cases 2024.csv" in own.files["sources.yaml"].decode()

    def test_asks_who_approves_as_long_as_nobody_says_otherwise(self, tmp_path):
        assert "review" not in yaml.safe_load(made(GROUPS, tmp_path).files["ddg.yaml"])


class TestATableOfRecords:
    def test_is_counted_by_persons(self, tmp_path):
        own = made(RECORDS, tmp_path)
        frame = selected(own, tmp_path)
        assert set(frame.columns) == set(contract_of(own).columns)
        expected = pd.DataFrame([line.split(",") for line in RECORDS.splitlines()[1:]], columns=["id", "day", "c", "s"])
        expected = expected.assign(c=expected["c"].replace("", "Unknown"), year=expected["day"].str[-4:])
        counted = expected.groupby(["c", "s", "year"])["id"].nunique()
        assert (
            frame.set_index(["county", "sex", "year"])["people"].sort_index().tolist() == counted.sort_index().tolist()
        )

    @pytest.mark.parametrize("written", ["2025-07-{:02} 23:05", "07/{:02}/2025 11:05 PM"])
    def test_with_a_time_of_day_is_loaded_as_such_and_counted_by_year(self, tmp_path, written):
        rows = "".join(f"{written.format(n % 28 + 1)},{'Female' if n % 2 else 'Male'}\n" for n in range(40))
        own = made(f"arrival,sex\n{rows},Male\n", tmp_path)
        source = yaml.safe_load(own.files["sources.yaml"])["sources"]["cases_2024"]
        assert "timestamp" in str(source["columns"]["arrival"])
        assert "ignore_columns" not in source
        counts = selected(own, tmp_path).set_index(["sex", "year"])["people"]
        assert counts.to_dict() == {("Female", "2025"): 20, ("Male", "2025"): 20, ("Male", "Unknown"): 1}

    def test_does_not_load_what_identifies_people(self, tmp_path):
        own = made(RECORDS.replace("Sex\n", "Patient Name\n", 1).replace("Female", "Ann Lee"), tmp_path)
        source = yaml.safe_load(own.files["sources.yaml"])["sources"]["cases_2024"]
        assert source["ignore_columns"] == ["Patient Name"]
        assert not any(b"Ann Lee" in content for content in own.files.values())


class TestBadInput:
    def test_a_table_that_is_not_there(self, tmp_path):
        with pytest.raises(InputErrors, match="no such file"):
            project_of_table(tmp_path / "no.csv", tmp_path, people=[])

    def test_two_columns_of_one_name_in_the_end(self, tmp_path):
        with pytest.raises(InputErrors, match="a second column called cases"):
            made("Cases,cases!\n20,30\n", tmp_path)

    def test_people_that_are_no_column(self, tmp_path):
        with pytest.raises(InputErrors, match="--people: found Persons"):
            made(GROUPS, tmp_path, people=["Persons"])

    def test_a_variable_in_the_path(self, tmp_path):
        with pytest.raises(InputError, match="stands for a variable"):
            made(GROUPS, tmp_path, name="${HOME}.csv")
