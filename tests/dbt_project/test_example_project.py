"""The worked example's tables, each computed a second time from the source files with pandas."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from ddg_pipeline.contract import bind, contracts_from_manifest

AGES = {"0-17": (0, 17), "18-34": (18, 34), "35-49": (35, 49), "50-64": (50, 64), "65+": (65, 200)}
YEARS = (2022, 2023, 2024)
# each label of a dimension, with the categories that it stands for
SEXES = {"Female": {"Female"}, "Male": {"Male"}, "All": {"Female", "Male"}}
AGE_GROUPS = {age: {age} for age in AGES} | {"All ages": set(AGES)}


def seed(example, name: str) -> pd.DataFrame:
    return pd.read_csv(example.source / "seeds" / f"{name}.csv", dtype={"county_fips": str})


def age_label(age: float) -> str:
    return next(label for label, (low, high) in AGES.items() if low <= age <= high)


def places(example) -> dict[str, set[str]]:
    """Every label of the county dimension, with the counties that it stands for."""
    regions = seed(example, "county_regions")
    groups = {region: set(part.county) for region, part in regions.groupby("region")}
    return {county: {county} for county in regions.county} | groups | {"California": set(regions.county)}


def with_margins(cells: pd.DataFrame, margins: dict[str, dict[str, set[str]]], sums: list[str]) -> pd.DataFrame:
    """Sum cells over every combination of labels, by brute force."""
    for column, labels in margins.items():
        pairs = pd.DataFrame([(leaf, label) for label, leaves in labels.items() for leaf in leaves])
        pairs.columns = [column, "label"]
        cells = cells.merge(pairs, on=column).drop(columns=column).rename(columns={"label": column})
        others = [name for name in cells.columns if name not in sums]
        cells = cells.groupby(others, as_index=False, observed=True)[sums].sum()
    return cells


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> None:
    columns = list(expected.columns)
    ordered = [frame[columns].sort_values(keys).reset_index(drop=True) for frame in (found, expected)]
    pd.testing.assert_frame_equal(*ordered, check_dtype=False, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def visits(example) -> pd.DataFrame:
    """The usable visits, by rules written a second time."""
    table = duckdb.sql(f"from '{example.home}/var/example/ed_visits.parquet'").df()
    table["visit_date"] = pd.to_datetime(table.visit_date)
    table["year"] = table.visit_date.dt.year
    table = table.drop_duplicates("visit_id").merge(seed(example, "county_population"), on="county_fips")
    table = table[table.year.isin(YEARS) & table.age.notna()].sort_values(["visit_date", "visit_id"])
    table["charges"] = table.charges.astype(float)
    return table


@pytest.fixture(scope="module")
def patients(visits) -> pd.DataFrame:
    of_a_year = visits.groupby(["person_id", "year"], sort=False)
    table = of_a_year[["county", "age", "sex", "race_ethnicity"]].first()
    table["visits"], table["charges"] = of_a_year.size(), of_a_year.charges.sum()
    table["age_group"] = table.age.map(age_label)
    table["sex"] = table.sex.map({"F": "Female", "M": "Male"})
    table["patients"] = 1
    return table.reset_index()


class TestEmergencyVisits:
    def test_by_age_and_sex_every_cell_and_margin(self, example, patients):
        keys, sums = ["county", "age_group", "sex", "year"], ["population", "patients", "visits", "charges"]
        people = seed(example, "county_population_by_age_sex").drop(columns="county_fips")
        grid = people.merge(pd.DataFrame({"year": YEARS}), how="cross")
        counted = patients.groupby(keys, as_index=False)[["patients", "visits", "charges"]].sum()
        cells = grid.merge(counted, on=keys, how="left").fillna(0)
        expected = with_margins(cells, {"county": places(example), "age_group": AGE_GROUPS, "sex": SEXES}, sums)
        found = example.query("from aggregates.ed_visits_by_county_age_sex")
        assert len(found) == (58 + 5 + 1) * 6 * 3 * 3
        assert_same(found, expected, keys)

    def test_by_race_every_cell_and_margin(self, example, patients):
        keys, sums = ["county", "race_ethnicity", "year"], ["population", "patients", "visits"]
        people = seed(example, "county_population_by_race_ethnicity").drop(columns="county_fips")
        grid = people.merge(pd.DataFrame({"year": YEARS}), how="cross")
        counted = patients.groupby(keys, as_index=False)[["patients", "visits"]].sum()
        cells = grid.merge(counted, on=keys, how="left").fillna(0)
        races = {race: {race} for race in people.race_ethnicity} | {"All": set(people.race_ethnicity)}
        expected = with_margins(cells, {"county": places(example), "race_ethnicity": races}, sums)
        found = example.query("from aggregates.ed_visits_by_county_race")
        assert len(found) == (58 + 5 + 1) * 9 * 3
        assert_same(found, expected, keys)

    def test_a_person_who_comes_often_is_one_patient(self, example, patients):
        assert patients.visits.max() > 1
        total = example.query(
            "from aggregates.ed_visits_by_county_age_sex "
            "where county = 'California' and age_group = 'All ages' and sex = 'All' order by year"
        )
        assert total.patients.tolist() == patients.groupby("year").person_id.nunique().tolist()
        assert (total.visits > total.patients).all()

    def test_both_releases_show_the_same_shared_margins(self, example):
        columns = "county, year, population, patients, visits"
        by_age = example.query(
            f"select {columns} from aggregates.ed_visits_by_county_age_sex where age_group = 'All ages' and sex = 'All'"
        )
        by_race = example.query(
            f"select {columns} from aggregates.ed_visits_by_county_race where race_ethnicity = 'All'"
        )
        assert len(by_age) == 64 * 3
        assert_same(by_age, by_race, ["county", "year"])

    def test_rates_are_rounded_from_visits_and_population(self, example):
        table = example.query("from aggregates.ed_visits_by_county_age_sex")
        exact = table.visits / table.population * 100_000
        assert ((table.visits_per_100000 - exact).abs() <= 0.05 + 1e-6).all()

    def test_the_tables_have_small_cells_and_true_zeros(self, example):
        for table in ("ed_visits_by_county_age_sex", "ed_visits_by_county_race"):
            counts = example.query(f"select patients from aggregates.{table}").patients
            assert counts.between(1, 10).sum() > 100
            assert (counts == 0).sum() > 20


class TestDiseaseCases:
    def test_counties_regions_and_state(self, example):
        given = pd.read_csv(example.home / "var/example/disease_cases.csv")
        given.columns = ["disease", "county", "year", "cases"]
        counties = given[given.county != "California"]
        expected = with_margins(counties, {"county": places(example)}, ["cases"])
        found = example.query("from aggregates.disease_cases_by_county")
        assert len(found) == 10 * 64 * 5
        assert_same(found, expected, ["disease", "county", "year"])
        state = given[(given.county == "California") & given.disease.isin(counties.disease)]
        assert_same(found[found.county == "California"], state, ["disease", "year"])


class TestOverdoseDeaths:
    def test_counties_quarters_and_sexes(self, example):
        records = pd.read_csv(example.home / "var/example/overdose_deaths.csv", dtype={"county_geoid": str})
        records = records.drop_duplicates("record_id").dropna(subset=["county_geoid", "sex"])
        records = records[records.county_geoid.str.startswith("06")]
        records["county_fips"] = records.county_geoid.str[2:]
        records = records.merge(seed(example, "county_population"), on="county_fips")
        records["period"] = pd.PeriodIndex(pd.to_datetime(records.date_of_death), freq="Q").strftime("%Y-Q%q")
        quarters = [f"{year}-Q{quarter}" for year in YEARS for quarter in range(1, 5)]
        counties = seed(example, "county_population").county
        grid = pd.DataFrame(itertools.product(counties, quarters, ["Female", "Male"]))
        grid.columns = ["county", "period", "sex"]
        counted = records.groupby(["county", "period", "sex"], as_index=False).size()
        cells = grid.merge(counted, how="left").fillna(0).rename(columns={"size": "deaths"})
        periods = {quarter: {quarter} for quarter in quarters} | {"All years": set(quarters)}
        periods |= {str(year): {quarter for quarter in quarters if quarter.startswith(str(year))} for year in YEARS}
        margins = {"county": places(example), "period": periods, "sex": SEXES}
        found = example.query("from aggregates.overdose_deaths_by_county_quarter")
        assert len(found) == 64 * 16 * 3
        assert_same(found, with_margins(cells, margins, ["deaths"]), ["county", "period", "sex"])


class TestTickborneCases:
    def test_ages_and_sexes(self, example):
        reports = pd.read_excel(example.home / "var/example/tickborne_cases.xlsx", engine="calamine")
        reports = reports[reports.status.isin(["Confirmed", "Probable"])]
        cells = reports.assign(age_group=reports.age.map(age_label), year=reports.onset_date.dt.year, cases=1)
        cells = cells.groupby(["age_group", "sex", "year"], as_index=False).cases.sum()
        margins = {"age_group": AGE_GROUPS, "sex": SEXES}
        found = example.query("from aggregates.tickborne_cases_by_age_sex")
        assert len(found) == 6 * 3 * 3
        assert found.cases.between(1, 10).any(), "nothing here would need an assessment"
        assert_same(found, with_margins(cells, margins, ["cases"]), ["age_group", "sex", "year"])


class TestNothingIsDroppedSilently:
    @pytest.mark.parametrize("source", ["ed_visits", "disease_cases", "overdose_deaths", "tickborne_cases"])
    def test_kept_and_rejected_are_all_that_came_in(self, example, source):
        came_in = example.query(f"select count(*) as n from source.{source}").n.item()
        kept = example.query(f"select count(*) as n from staging.stg_{source}").n.item()
        if source == "disease_cases":
            kept += example.query("select count(*) as n from staging.stg_disease_cases__state").n.item()
        rejected = example.query(f"from staging.stg_{source}__rejected")
        assert kept + rejected.records.sum() == came_in
        assert len(rejected) > 0

    def test_the_reasons_are_the_true_ones(self, example, visits):
        table = duckdb.sql(f"from '{example.home}/var/example/ed_visits.parquet'").df()
        rejected = example.query("from staging.stg_ed_visits__rejected").set_index("rejection_reason").records
        once = table.drop_duplicates("visit_id")
        dated = once[pd.to_datetime(once.visit_date).dt.year.isin(YEARS)]
        assert rejected["visit number seen before"] == len(table) - len(once)
        assert rejected["visit date outside the reporting years"] == len(once) - len(dated)
        assert rejected["no county of residence"] == dated.county_fips.isna().sum()
        assert rejected["county of residence outside California"] == (dated.county_fips == "999").sum()
        assert rejected.sum() == len(table) - len(visits)


class TestContracts:
    def test_every_release_has_a_contract_that_fits_its_table(self, example):
        manifest = example.artifact("manifest.json")
        schemas = {node["name"]: node["schema"] for node in manifest["nodes"].values()}
        releases = contracts_from_manifest(manifest)
        assert [release.contract.release for release in releases] == [
            "disease_cases_by_county",
            "ed_visits_by_county_age_sex",
            "ed_visits_by_county_race",
            "overdose_deaths_by_county_quarter",
            "tickborne_cases_by_age_sex",
        ]
        for release in releases:
            references = {
                name: example.query(f"from {schemas[name]}.{name}") for name in release.contract.reference_tables
            }
            bound = bind(release.contract, example.query(f"from {release.schema}.{release.relation}"), references)
            assert all(axis.leaves for axis in bound.axes.values())

    def test_everything_is_described(self, example):
        manifest = example.artifact("manifest.json")
        for node in manifest["nodes"].values():
            if node["resource_type"] not in ("model", "seed"):
                continue
            assert node["description"], node["name"]
            described = {name for name, column in node["columns"].items() if column["description"]}
            columns = example.query(f"describe {node['schema']}.{node['name']}").column_name
            assert described == set(columns), node["name"]
        for macro in manifest["macros"].values():
            if macro["package_name"] in ("ddg_example", "ddg") and not re.match(r"[a-z]+__", macro["name"]):
                assert macro["description"], macro["name"]

    def test_what_a_release_reads_is_what_sources_yaml_declares(self, example):
        declared = yaml.safe_load((example.source / "sources.yaml").read_text())["sources"]
        for node in example.artifact("manifest.json")["sources"].values():
            assert set(node["columns"]) == set(declared.pop(node["name"])["columns"])
        assert declared == {}


@pytest.fixture(scope="module")
def broken(example, tmp_path_factory):
    """The example with a county missing, and a state's row that the counties do not add up to in two years."""
    home = tmp_path_factory.mktemp("broken") / "home"
    shutil.copytree(example.home, home, ignore=shutil.ignore_patterns("logs"))
    project = type(example)(example.source, home)
    with duckdb.connect(str(project.store)) as store:
        store.execute('delete from source.disease_cases where "County" = \'Alpine\' and "Year" = 2022')
        store.execute(
            'update source.disease_cases set "Count" = "Count" + 1 '
            'where "County" = \'California\' and "Disease" = \'Pertussis\' and "Year" < 2022'
        )
    return project, project.dbt("build", "--select", "+disease_cases_by_county")


class TestSecretsStayIn:
    """A planted error must stop dbt, and nothing that dbt writes may tell how many people are concerned."""

    def test_a_county_that_is_missing_is_no_zero(self, broken):
        _, done = broken
        assert done.returncode != 0
        assert "Failure in test ddg_at_least_disease_cases_by_county_cases__0" in done.stdout

    def test_figures_that_do_not_add_up_stop_the_build(self, broken):
        _, done = broken
        assert "Failure in test disease_cases_match_the_states_own_figures" in done.stdout

    def test_a_failing_test_gives_no_count_of_records(self, broken):
        project, done = broken
        assert set(re.findall(r"Got (\d+) results?", done.stdout)) == {"1"}
        tests = [r for r in project.artifact("run_results.json")["results"] if r["unique_id"].startswith("test.")]
        assert {result["failures"] for result in tests} <= {0, 1, None}
        assert not project.query("show all tables").schema.str.contains("test").any(), "failing rows were stored"

    def test_logs_and_artifacts_hold_no_value_of_a_record(self, example):
        written = [
            path
            for folder in ("logs", "target")
            for path in Path(example.home, folder).rglob("*")
            if path.is_file() and path.suffix in {".log", ".json", ".sql", ".yml"}
        ]
        words = {word for path in written for word in re.findall(r"[\w.]+", path.read_text(errors="replace"))}
        assert "stg_ed_visits" in words
        charges = example.query("select cast(charges as varchar) as c from staging.stg_ed_visits limit 1000").c
        people = example.query("select person_id from staging.stg_ed_visits limit 1000").person_id
        assert not words & {*charges, *people}
