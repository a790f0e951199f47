"""A contract, its table, and what a department says of all its releases."""

import datetime as dt

import pandas as pd
import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.publishing.metadata import facts_of_table

CONTRACT = """
release: cases_by_county
title: Cases by county and year
description: Reported cases.
dimensions:
  county: {variable: residence_geography, population: 1200, total: California}
  year: {variable: time, period: year, additive: false}
measures:
  cases: {kind: count}
publication:
  dataset: cases
  resource: cases-by-county
  cadence: yearly
"""
ROWS = [("Alameda", "2022"), ("Alpine", "2022"), ("California", "2022"), ("Alameda", "2024"), ("California", "2024")]


@pytest.fixture
def make_contract():
    def make(more="", contract=CONTRACT):
        return contract_from_yaml(contract + more, "cases.yaml")

    return make


@pytest.fixture
def rows():
    return pd.DataFrame([(*row, "0") for row in ROWS], columns=["county", "year", "cases"], dtype="str")


@pytest.fixture
def make_facts(rows):
    def make(contract, frame=rows, masked=True, reasons_shown=True):
        modified = dt.date(2026, 11, 2)
        return facts_of_table(contract, frame, masked=masked, reasons_shown=reasons_shown, modified=modified)

    return make


@pytest.fixture
def department():
    return PortalMetadata(
        department="Department of Public Health",
        contact_email="open-data@dept.example",
        license="CC-BY-4.0",
        tags=["public health"],
        other={"Steward": "Informatics"},
    )
