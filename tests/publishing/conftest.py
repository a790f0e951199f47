"""One masked release, from its table to its certified package."""

import dataclasses
import datetime as dt
import shutil

import pandas as pd
import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.publishing import ReleaseFacts, package_names, write_documents, write_release_csv
from ddg_pipeline.quality import (
    build_suite,
    csv_bytes,
    issue_certificate,
    published_columns,
    row_parameters,
    validate,
)
from ddg_pipeline.rulebook import load_rulebook

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
CONTRACT = """
release: visits_by_county
title: Visits by county & year
description: Emergency visits of residents, by county of residence.
dimensions:
  county_fips:
    variable: residence_geography
    population: {"001": 1600000, "003": 1200, "005": 41000}
    total: California
  county: {variable: residence_geography, additive: false, population: 1200}
measures:
  cases: {kind: count}
  rate: {kind: rate, numerator: cases, per: 100000, decimals: 1}
limits: {suppressed_people: any}  # the one county with cases is hidden
publication: {dataset: emergency-visits, resource: visits-by-county}
"""
CELLS = [
    ("001", "Alameda, north", "", "2", "", "2"),
    ("003", "Alpine", "", "1", "", "1"),
    ("005", "Amador", "0", "", "0.0", ""),
    ("California", "All", "140", "", "35.1", ""),
]
SCORE = {
    "total": 14,
    "dimensions": ["county_fips", "county"],
    "terms": [
        {"variable": "events", "category": "<11", "score": 7, "section": "§4.3.1", "dimension": None, "found": None},
        {
            "variable": "residence_geography",
            "category": "up to 4,000",
            "score": 12,
            "section": "§4.3.1",
            "dimension": "county_fips",
            "found": "003",
        },
        {
            "variable": "interactions",
            "category": "smallest cell 5 or more",
            "score": -5,
            "section": "§16.2",
            "dimension": None,
            "found": None,
        },
    ],
}
ASSESSMENT = {
    "decision": "mask",
    "forced_by": [],
    "edition": {"title": "CalHHS DDG", "approved": "2025-10-24", "extends": None, "overrides": []},
    "score": SCORE,
    "tables": [SCORE],
    "reliability": [],
    "counts": {
        "measures": [
            {"measure": "cases", "cells": 99, "small_cells": 17, "zero_cells": 23, "small_denominators": 41,
             "denominators": "known", "source": "the population of county_fips"},
        ],
    },
    "notes": [
        {"field": "dimensions.county", "text": "Look at the county.", "rests_on_counts": False},
        {"field": "dimensions.county_fips.total", "text": "One count is above another.", "rests_on_counts": True},
    ],
    "steps": [
        {"step": 1, "name": "Personal characteristics", "question": "Are there any?", "result": "yes",
         "summary": "Yes.", "section": "§4.1"},
        {"step": 2, "name": "Condition", "question": "Is a cell small?", "result": "yes",
         "summary": "17 of 99 cells are derived from 1 to 10 individuals.", "section": "§4.2"},
        {"step": 3, "name": "Risk", "question": "Is the score over 12?", "result": "yes",
         "summary": "The publication score is 14, over 12.", "section": "§4.3"},
        {"step": 4, "name": "Masking", "question": "Mask", "result": "mask", "summary": "Masked.", "section": "§4.4"},
        {"step": 5, "name": "Review", "question": "Reviewed?", "result": "pending", "summary": "-", "section": "§4.5"},
        {"step": 6, "name": "Release", "question": "Approved?", "result": "pending", "summary": "-", "section": "§4.6"},
    ],
    "safe_harbor": "The table does not meet Safe Harbor: it shows areas smaller than a state.",
}  # fmt: skip
AUDIT = {
    "safe": True,
    "level": "ddg",
    "summary": "Safe: 1 small cells of 2 hidden ones keep enough possible values.",
    "notes": ["Margins that the table does not carry are taken as known."],
    "findings": [{"lower": 8675309}],
}


@dataclasses.dataclass(frozen=True)
class Counts:
    """The fields of `masking.CellCounts`."""

    cells: int = 4
    zeros: int = 1
    small: int = 1
    complementary: int = 1
    share_of_cells_suppressed: int = 50
    share_of_counts_suppressed: int = 0


@pytest.fixture(scope="session")
def rulebook():
    return load_rulebook("calhhs-ddg-2.0")


@pytest.fixture(scope="session")
def contract():
    return contract_from_yaml(CONTRACT, "visits.yaml")


@pytest.fixture
def table(contract, rulebook):
    notes = {"": "", "1": rulebook.annotations.small.description, "2": rulebook.annotations.complementary.description}
    rows = [(fips, name, cases, c1, notes[c1], rate, c2, notes[c2]) for fips, name, cases, c1, rate, c2 in CELLS]
    columns = published_columns(contract, ["county_fips", "county", "cases", "rate"])
    return pd.DataFrame(rows, columns=columns, dtype="str")


@pytest.fixture
def suite(contract, rulebook, table):
    # the county's name belongs to its code: parts and total differ in it, so no margin of the table is checked
    known = {"county_fips": "California", "county": "All"}
    return build_suite(
        contract, rulebook, columns=list(table.columns), masked=True, tolerated_margins={"cases": [known]}
    )


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Packages made before, by the bytes of their table and the time of their certificate."""
    made = {}

    def get(key, build):
        if key not in made:
            made[key] = build(tmp_path_factory.mktemp("finished") / "package")
        return made[key]

    return get


@pytest.fixture
def make_package(contract, rulebook, table, suite, tmp_path, finished):
    """Write, gate, document and certify the package of a table; returns its directory."""

    def make(name="package", frame=table, fresh=False, issued_at=ISSUED_AT, signing=None, contract=contract):
        def build(directory):
            path = write_release_csv(directory, contract, frame)
            gate = validate(path, suite, row_parameters(contract, frame))
            assert gate.passed, gate.describe()
            facts = ReleaseFacts(ASSESSMENT, {"cases": Counts()}, True, AUDIT, gate)
            write_documents(directory, contract, rulebook, facts, released=issued_at)
            issue_certificate(
                directory,
                contract=contract,
                rulebook=rulebook,
                suite=suite,
                csv_name=package_names(contract).csv,
                gate=gate,
                audit=AUDIT,
                decision="mask",
                checks={"great_expectations": True},
                signing=signing,
                issued_at=issued_at,
            )
            return directory

        if fresh or signing is not None:
            return build(tmp_path / name)
        return shutil.copytree(
            finished((csv_bytes(frame, name), issued_at, contract.model_dump_json()), build), tmp_path / name
        )

    return make


@pytest.fixture
def package(make_package):
    return make_package()
