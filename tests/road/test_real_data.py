"""The same road on real public tables: the CDPH's, published unsuppressed, and Connecticut's records of deaths."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.quality import load_suite, verify_certificate
from ddg_pipeline.rulebook import load_rulebook
from ddg_pipeline.warehouse.sources import read_sources

pytestmark = pytest.mark.thorough

CASES, DEATHS = "cdph_vpd_cases_by_county", "ct_deaths_by_county_year_sex"


class TestTheRun:
    def test_releases_both(self, real):
        assert real.answer["success"] is True
        assert [outcome["release"] for outcome in real.answer["outcomes"]] == [CASES, DEATHS]

    @pytest.mark.parametrize("release", [CASES, DEATHS])
    def test_certifies_them(self, real, release):
        contract = real.contract(release)
        suite = load_suite(real.project.expectations / f"{release}.json")
        assert (
            verify_certificate(real.package(release), contract, load_rulebook(contract.rulebook), suite).decision
            == "mask"
        )

    @pytest.mark.parametrize("release", [CASES, DEATHS])
    def test_finds_nothing_in_its_own_attack(self, real, release):
        report = real.report(release)
        assert (report["audit"]["safe"], report["audit"]["level"]) == (True, "ddg")
        assert "every small count has at least three possible values" in report["audit"]["summary"]


class TestVaccinePreventableDiseases:
    """2,438 counts of 1 to 10 stand in the table as it was published."""

    @pytest.fixture(scope="class")
    @classmethod
    def source(cls, real):
        declared = read_sources(real.project.sources)["cdph_vaccine_preventable"]
        return pd.read_csv(declared.resolve("path", declared.table.path)).set_axis(
            ["disease", "county", "year", "cases"], axis=1
        )

    @pytest.fixture(scope="class")
    @classmethod
    def published(cls, real):
        return {(row["disease"], row["county"], row["year"]): row for row in real.published(CASES)}

    def test_all_its_small_cells_are_hidden(self, source, published):
        small = source[source.cases.between(1, 10)]
        assert len(small) == 2438
        hidden = [published.get((row.disease, row.county, str(row.year))) for row in small.itertuples()]
        released = [row for row in hidden if row is not None]
        assert all((row["cases"], row["cases_annotation_code"]) == ("", "1") for row in released)
        rejected = source[source.groupby(["disease", "year"]).county.transform("size") == 1]
        assert len(hidden) - len(released) == rejected.cases.between(1, 10).sum(), "reported for the state alone"

    def test_so_are_those_of_the_regions_and_of_unknown_counties(self, real, published):
        before = real.aggregate(CASES)
        small = {key for key, row in before.items() if 1 <= row["cases"] <= 10}
        assert {key for key, row in published.items() if row["cases_annotation_code"] == "1"} == small
        assert len(small) == real.outcome(CASES)["small"] == 2712

    def test_zeros_and_all_other_figures_are_as_they_were(self, source, published):
        shown = hidden = 0
        for row in source.itertuples():
            found = published.get((row.disease, row.county, str(row.year)))
            if found is not None and found["cases"] != "":
                assert int(found["cases"]) == row.cases
                shown += 1
            elif found is not None:
                assert row.cases > 0
                hidden += found["cases_annotation_code"] == "2"
        assert shown > 8000
        assert hidden < 0.03 * shown, "what protects the small ones is a small part of the table"


class TestDrugDeathsInConnecticut:
    """A high-risk population: every small count is hidden, whatever the score."""

    def test_the_score_alone_would_let_it_out(self, real):
        outcome = real.outcome(DEATHS)
        assert (outcome["score"] <= 12, outcome["decision"]) == (True, "mask")
        steps = {step["step"]: step for step in real.report(DEATHS)["steps"]}
        assert "substance use disorder" in steps[4]["summary"].replace("_", " ").lower()

    def test_its_small_counts_are_hidden_and_its_zeros_shown(self, real):
        before = real.aggregate(DEATHS)
        for row in real.published(DEATHS):
            count = before[row["county"], row["year"], row["sex"]]["deaths"]
            assert (row["deaths_annotation_code"] == "1") == (1 <= count <= 10)
            assert row["deaths"] == ("" if row["deaths_annotation_code"] else str(count))

    def test_what_was_left_out_of_the_records_is_counted(self, real):
        rejected = real.project.restricted_store.read_table("staging", "stg_ct_deaths__rejected")
        assert rejected.records.sum() > 0
        assert rejected.rejection_reason.is_unique


class TestASecondAttacker:
    """He shares no code with the package, and reads the published files."""

    @pytest.mark.parametrize("release", [CASES, DEATHS])
    def test_finds_nothing(self, real, second_attacker, release):
        assert second_attacker.leaks(real, release) == []
