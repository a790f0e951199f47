"""A published table with two hierarchies' worth of margins, masked, as a reader of the portal would get it."""

import pandas as pd
import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.quality import build_suite, csv_bytes, published_columns, row_parameters
from ddg_pipeline.rulebook import load_rulebook

CONTRACT = """
release: visits
title: Visits by county and year
dimensions:
  county_fips:
    variable: residence_geography
    population: {"001": 1600000, "003": 1200, "005": 41000, "007": 230000}
    hierarchy: {tree: {Bay: ["001", "005"], Sierra: ["003", "007"]}}
    total: California
  year: {variable: time, period: year, additive: false}
measures:
  cases: {kind: count, population: population}
  visits: {kind: count, unit: events, individuals: cases}
  rate: {kind: rate, numerator: cases, denominator: population, per: 100000, decimals: 1}
  paid: {kind: amount, individuals: cases, decimals: 2}
"""
TABLE_COLUMNS = ["county_fips", "year", "population", "cases", "visits", "rate", "paid"]
SMALL, COMPLEMENTARY = "1", "2"


@pytest.fixture(scope="session")
def rulebook():
    return load_rulebook("calhhs-ddg-2.0")


@pytest.fixture(scope="session")
def contract():
    return contract_from_yaml(CONTRACT, "visits.yaml")


def masked_table(contract, rulebook) -> pd.DataFrame:
    """2021: 001 and 003 are hidden, and Bay and Sierra with them; the total is shown. 2022: everything is shown."""
    hidden = {("003", "2021"): SMALL, ("001", "2021"): COMPLEMENTARY, ("007", "2021"): COMPLEMENTARY,
              ("005", "2021"): SMALL}  # fmt: skip
    cases = {"2021": {"001": 40, "003": 4, "005": 6, "007": 30}, "2022": {"001": 50, "003": 0, "005": 12, "007": 33}}
    notes = {"1": rulebook.annotations.small.description, "2": rulebook.annotations.complementary.description, "": ""}
    rows = []
    for year, by_county in cases.items():
        cells = dict(by_county)
        cells["Bay"], cells["Sierra"] = cells["001"] + cells["005"], cells["003"] + cells["007"]
        cells["California"] = cells["Bay"] + cells["Sierra"]
        for county, count in cells.items():
            code = hidden.get((county, year), "")
            row = {"county_fips": county, "year": year, "population": "100000"}
            figures = {
                "cases": str(count),
                "visits": str(3 * count),
                "rate": f"{count:.1f}",
                "paid": f"{count * 2.5:.2f}",
            }
            for measure, figure in figures.items():
                row |= {measure: "" if code else figure}
                row |= {f"{measure}_annotation_code": code, f"{measure}_annotation_description": notes[code]}
            rows.append(row)
    return pd.DataFrame(rows, columns=published_columns(contract, TABLE_COLUMNS), dtype="str")


@pytest.fixture
def table(contract, rulebook):
    return masked_table(contract, rulebook)


@pytest.fixture
def suite(contract, rulebook):
    return build_suite(contract, rulebook, columns=published_columns(contract, TABLE_COLUMNS), masked=True)


@pytest.fixture
def parameters(contract, table):
    return row_parameters(contract, table)


@pytest.fixture
def staged(tmp_path):
    """Write a table, or text, to the place where the gate looks for it."""

    def write(content):
        path = tmp_path / "visits.csv"
        path.write_bytes(content if isinstance(content, bytes) else csv_bytes(content, "visits"))
        return path

    return write
