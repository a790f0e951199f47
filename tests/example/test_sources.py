"""The example's source files: who is in them, and that a seed always makes the same bytes."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddg_pipeline.example import sources, write_example_sources
from ddg_pipeline.example.population import california

CHECKOUT = Path(__file__).parents[2]
SEEDS = CHECKOUT / "dbt_project" / "seeds"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    return {path.stem: path for path in write_example_sources(tmp_path_factory.mktemp("var") / "example")}


@pytest.fixture(scope="module")
def visits(files) -> pd.DataFrame:
    return pq.read_table(files["ed_visits"]).to_pandas()


class TestFiles:
    def test_the_same_seed_makes_the_same_bytes(self, tmp_path):
        first = write_example_sources(tmp_path / "first", seed=7, visits=3000)
        second = write_example_sources(tmp_path / "second", seed=7, visits=3000)
        assert [path.name for path in first] == [
            "ed_visits.parquet", "disease_cases.csv", "overdose_deaths.csv", "tickborne_cases.xlsx",
        ]  # fmt: skip
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]

    def test_another_seed_makes_others(self, tmp_path):
        first = write_example_sources(tmp_path / "first", seed=7, visits=3000)
        second = write_example_sources(tmp_path / "second", seed=8, visits=3000)
        assert all(a.read_bytes() != b.read_bytes() for a, b in zip(first, second, strict=True))

    def test_a_failed_writer_leaves_the_old_file_whole(self, tmp_path, monkeypatch):
        (written, *_) = write_example_sources(tmp_path, visits=1000)
        before = written.read_bytes()

        def fails(table: pa.Table, path: Path) -> None:
            path.write_bytes(b"half a file")
            raise OSError("disk full")

        monkeypatch.setattr(sources, "_write_parquet", fails)
        with pytest.raises(OSError, match="disk full"):
            write_example_sources(tmp_path, seed=8, visits=1000)
        assert written.read_bytes() == before
        assert not list(tmp_path.glob(".*"))


class TestEmergencyVisits:
    def test_three_hundred_thousand_rows_of_declared_types(self, files):
        table = pq.read_table(files["ed_visits"])
        assert table.num_rows == 300_000
        assert {field.name: str(field.type) for field in table.schema} == {
            "visit_id": "string",
            "person_id": "string",
            "visit_date": "date32[day]",
            "county_fips": "string",
            "age": "int32",
            "sex": "string",
            "race_ethnicity": "string",
            "diagnosis_group": "string",
            "charges": "decimal128(12, 2)",
        }

    def test_a_person_has_one_county_sex_race_and_date_of_birth(self, visits):
        people = visits.groupby("person_id")
        for column in ("county_fips", "sex", "race_ethnicity"):
            assert (people[column].nunique(dropna=False) == 1).all()
        usual = visits[pd.to_datetime(visits.visit_date).dt.year.between(2022, 2024)].dropna(subset=["age"])
        day = pd.to_datetime(usual.visit_date).astype("datetime64[s]")
        shifted = pd.Series(
            [d.replace(year=d.year - int(a), day=min(d.day, 28)) for d, a in zip(day, usual.age, strict=True)],
            index=usual.index,
        )
        # born no later than `shifted`, and less than a year before it: the latest of the earliest days must come first
        born_by = shifted.groupby(usual.person_id).agg(["min", "max"])
        assert (born_by["max"] - born_by["min"] < pd.Timedelta(days=370)).all()

    def test_many_people_come_more_than_once(self, visits):
        each = visits.groupby("person_id").size()
        assert each.mean() > 1.4
        assert each.max() > 5

    def test_counties_races_sexes_and_ages_follow_the_census(self, visits):
        population = california()
        share = visits.county_fips.value_counts(normalize=True)
        census = pd.Series(population.by_county / population.by_county.sum(), index=list(population.county_fips))
        large = census[census > 0.005].index
        assert (share[large] / census[large]).between(0.6, 1.6).all()
        races = visits.race_ethnicity.value_counts(normalize=True)
        by_race = pd.Series(population.by_race.sum(axis=0) / population.by_race.sum(), index=list(population.races))
        assert (races - by_race).abs().max() < 0.03
        assert visits.sex.value_counts(normalize=True)["F"] == pytest.approx(0.52, abs=0.03)
        assert set(visits.age.dropna().astype(int)) >= set(range(90))

    def test_small_counties_have_few_visitors_and_impossible_groups_none(self, visits):
        alpine = visits[visits.county_fips == "003"]
        assert 0 < alpine.person_id.nunique() <= 30
        assert not (alpine.race_ethnicity == "Native Hawaiian or Pacific Islander").any()

    def test_something_is_wrong_with_a_few_records(self, visits):
        assert 0 < visits.age.isna().mean() < 0.01
        assert 0 < visits.county_fips.isna().mean() < 0.01
        assert 0 < (visits.county_fips == "999").mean() < 0.01
        assert 0 < visits.visit_id.duplicated().mean() < 0.01
        assert 0 < (~pd.to_datetime(visits.visit_date).dt.year.between(2022, 2024)).mean() < 0.01

    def test_charges_are_exact_decimals(self, visits):
        assert visits.charges.min() > 0
        assert {charge.as_tuple().exponent for charge in visits.charges.head(1000)} == {-2}

    @pytest.mark.parametrize("cents", [[0, 1, -1, 10**9, 999_999_999_999, -123_456]])
    def test_cents_become_dollars_without_rounding(self, cents):
        from ddg_pipeline.example.ed_visits import _dollars

        assert [int(dollars.scaleb(2)) for dollars in _dollars(np.array(cents)).to_pylist()] == cents


class TestDiseaseCases:
    def test_the_layout_is_the_published_one(self, files, shared_table):
        with files["disease_cases"].open() as ours, shared_table.open() as published:
            assert next(csv.reader(ours)) == next(csv.reader(published))

    def test_california_is_the_sum_of_its_counties(self, files):
        table = pd.read_csv(files["disease_cases"])
        sums = table[table.County != "California"].groupby(["Disease", "Year"]).Count.sum()
        state = table[table.County == "California"].set_index(["Disease", "Year"]).Count
        assert (state[sums.index] == sums).all()
        assert len(state) > len(sums), "a disease that is reported for the state alone"
        assert table.groupby(["Disease", "Year"]).County.nunique().isin([1, 59]).all()

    @pytest.fixture
    def shared_table(self) -> Path:
        folder = Path(os.environ.get("DDG_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
        path = folder / "cdph_vaccine_preventable_cases_county_year_2001_2022.csv"
        if not path.exists():
            pytest.skip(f"no {path}: set DDG_SHARED_DATA to the folder of the public tables")
        return path


class TestOverdoseDeaths:
    def test_records_of_three_years_in_known_counties(self, files):
        table = pd.read_csv(files["overdose_deaths"], dtype={"county_geoid": str}, parse_dates=["date_of_death"])
        assert table.date_of_death.dt.year.isin([2022, 2023, 2024]).all()
        known = {"06" + fips for fips in california().county_fips}
        assert 0.95 < table.county_geoid.isin(known).mean() < 1
        assert table.sex.value_counts(normalize=True)["Male"] > 0.6
        assert table.record_id.duplicated().any()


class TestTickborneCases:
    def test_the_workbook_keeps_dates_as_dates(self, files):
        table = pd.read_excel(files["tickborne_cases"], engine="calamine")
        assert list(table) == ["case_id", "disease", "status", "onset_date", "age", "sex"]
        assert table.onset_date.dt.year.isin([2022, 2023, 2024]).all()
        assert set(table.status) == {"Confirmed", "Probable", "Suspect"}


class TestPopulation:
    def test_it_is_the_census_of_2020(self):
        population = california()
        assert population.by_county.sum() == 39_538_223
        assert len(population.counties) == 58
        assert (population.by_sex_and_age.sum(axis=(1, 2)) == population.by_county).all()

    def test_the_dbt_seeds_hold_the_same_people(self):
        population = california()
        ours = dict(zip(population.county_fips, population.by_county, strict=True))
        seeds = pd.read_csv(SEEDS / "county_population.csv", dtype={"county_fips": str})
        assert dict(zip(seeds.county_fips, seeds.population, strict=True)) == ours
        by_race = pd.read_csv(SEEDS / "county_population_by_race_ethnicity.csv", dtype={"county_fips": str})
        wide = by_race.pivot_table(index="county_fips", columns="race_ethnicity", values="population")
        assert (wide[list(population.races)].to_numpy() == population.by_race).all()

    def test_races_are_drawn_by_the_county_of_a_person(self):
        population = california()
        county = np.repeat(population.county_fips.index("037"), 50_000)
        drawn = np.bincount(population.draw_races(np.random.default_rng(1), county), minlength=len(population.races))
        share = population.by_race[county[0]] / population.by_race[county[0]].sum()
        assert np.abs(drawn / drawn.sum() - share).max() < 0.01
