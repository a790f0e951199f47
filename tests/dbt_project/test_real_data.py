"""Real public tables on the same road: what is cleaned, what is left out, and that everything adds up."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.contract import bind, contracts_from_manifest

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def cdph(shared_data) -> pd.DataFrame:
    table = pd.read_csv(shared_data / "cdph_vaccine_preventable_cases_county_year_2001_2022.csv")
    return table.set_axis(["disease", "county", "year", "cases"], axis=1)


@pytest.fixture(scope="module")
def deaths(shared_data) -> pd.DataFrame:
    return pd.read_csv(shared_data / "ct_accidental_drug_deaths_2012_2022.csv", dtype=str)


class TestVaccinePreventableDiseases:
    def test_every_county_and_the_state_are_as_published(self, real, cdph):
        by_county = cdph.groupby(["disease", "year"]).county.transform("size") > 1
        published = cdph[by_county].sort_values(["disease", "county", "year"], ignore_index=True)
        found = real.query("from aggregates.cdph_vpd_cases_by_county")
        found = found[found.county.isin(published.county)]
        found = found.sort_values(["disease", "county", "year"], ignore_index=True)
        pd.testing.assert_frame_equal(found[published.columns], published, check_dtype=False)

    def test_its_small_cells_are_all_there(self, real, cdph):
        assert cdph.cases.between(1, 10).sum() == 2438
        rejected = cdph[cdph.groupby(["disease", "year"]).county.transform("size") == 1]
        found = real.query(
            "select cases from aggregates.cdph_vpd_cases_by_county where county <> 'Unknown' "
            "and county not in (select region from reference.county_regions)"
        ).cases
        assert found.between(1, 10).sum() == 2438 - rejected.cases.between(1, 10).sum()

    def test_cases_of_no_known_county_close_the_gap(self, real):
        found = real.query("from aggregates.cdph_vpd_cases_by_county where county = 'Unknown' and cases > 0")
        assert found[["disease", "year"]].values.tolist() == [["Invasive Meningococcal Disease", 2001]]

    def test_what_is_left_out_is_counted(self, real, cdph):
        rejected = real.query("from staging.stg_cdph_cases__rejected")
        alone = cdph[cdph.groupby(["disease", "year"]).county.transform("size") == 1]
        assert rejected.values.tolist() == [["reported for the state alone, by no county", len(alone)]]


class TestDrugDeathsInConnecticut:
    def test_every_record_is_kept_or_counted(self, real, deaths):
        kept = real.query("select count(*) as n from staging.stg_ct_deaths").n.item()
        rejected = real.query("from staging.stg_ct_deaths__rejected").set_index("rejection_reason").records
        assert kept + rejected.sum() == len(deaths)
        manner = deaths["Manner of Death"].str.lower()
        assert rejected["manner of death not certified"] == (manner.isna() | (manner == "pending")).sum()
        assert (
            rejected["manner of death other than accident"]
            == (~manner.isin(["accident", "pending"]) & manner.notna()).sum()
        )
        state = deaths["Residence State"]
        assert rejected["resident of another state"] == (state.notna() & (state != "CT") & (manner == "accident")).sum()

    def test_counts_by_county_year_and_sex(self, real, deaths):
        known = [
            "Fairfield", "Hartford", "Litchfield", "Middlesex", "New Haven", "New London", "Tolland", "Windham",
        ]  # fmt: skip
        county = deaths["Residence County"].str.title().replace({"Newlondon": "New London", "Middlesez": "Middlesex"})
        elsewhere = deaths["Residence State"].notna() & (deaths["Residence State"] != "CT")
        elsewhere |= deaths["Residence State"].isna() & county.notna() & ~county.isin(known)
        kept = ~elsewhere & (deaths["Manner of Death"].str.lower() == "accident")
        cells = pd.DataFrame(
            {
                "county": county.where(county.isin(known), "Unknown"),
                "year": deaths["Date"].str[-4:],
                "sex": deaths["Sex"].fillna("Unknown"),
            }
        )[kept]
        found = real.query("from aggregates.ct_deaths_by_county_year_sex").set_index(["county", "year", "sex"]).deaths
        counted = cells.value_counts()
        inner = [label for label in found.index if not {"Connecticut", "All years", "All"} & set(label)]
        assert len(inner) == 9 * 11 * 3
        assert found[inner].to_dict() == counted.reindex(inner, fill_value=0).to_dict()
        assert found["Connecticut", "All years", "All"] == kept.sum()
        assert found["Connecticut"].loc[("All years", "Unknown")] == (cells.sex == "Unknown").sum()

    def test_unknown_counties_are_a_category_not_a_loss(self, real):
        found = real.query("from aggregates.ct_deaths_by_county_year_sex where county = 'Unknown' and year = '2014'")
        assert found.deaths.max() > 100, "in 2014 no county of residence was recorded"


class TestContracts:
    def test_both_contracts_fit_their_tables(self, real):
        manifest = real.artifact("manifest.json")
        schemas = {node["name"]: node["schema"] for node in manifest["nodes"].values()}
        releases = contracts_from_manifest(manifest)
        assert [r.contract.release for r in releases] == ["cdph_vpd_cases_by_county", "ct_deaths_by_county_year_sex"]
        for release in releases:
            references = {
                name: real.query(f"from {schemas[name]}.{name}") for name in release.contract.reference_tables
            }
            bound = bind(release.contract, real.query(f"from {release.schema}.{release.relation}"), references)
            assert bound.sizes("county") is not None
