"""Real tables, pushed through the public door: a contract and a data frame are bound and assessed."""

import csv
import itertools
import os
from pathlib import Path

import pandas as pd
import pytest
from guideline import tables
from guideline.scorer import Shown

from ddg_pipeline.assessment import assess
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook

LARGE = 39_500_000
STATEWIDE = {"White": 16_296_122, "Hispanic": 15_579_652, "English": 20_500_000}  # California, rounded where surveyed
_KEYS = {"insurance_coverage": "members", "means_tested_program": "enrollment", "expected_payer": "enrollment"}
_PERIODS = {
    "day": ("2024-03-01", "2024-03-02"),
    "week": ("2024-W09", "2024-W10"),
    "month": ("2024-03", "2024-04"),
    "quarter": ("2024 Q1", "2024 Q2"),
    "half-year": ("2024 H1", "2024 H2"),
    "year": ("2023", "2024"),
}


def column(shown: Shown):
    """Write a column as a contract declares it, and give its labels."""
    declared = {"variable": shown.variable}
    labels = [f"{shown.name.title()} {letter}" for letter in "AB"]
    match shown.variable:
        case "time":
            declared["period"] = shown.period
            labels = list(_PERIODS.get(shown.period) or _spans(int(shown.period.split()[0])))
        case "age":
            labels = [f"0-{shown.years - 1}", f"{shown.years}-{2 * shown.years - 1}"]
        case _ if shown.address:
            labels = ["12 Main Street", "14 Main Street"]
        case _ if shown.labels:
            labels = list(shown.labels)
    if shown.people is not None:
        key = _KEYS.get(shown.variable, "population")
        declared[key] = {label: STATEWIDE.get(label, LARGE) for label in labels} | {labels[-1]: shown.people}
    elif shown.variable == "other":
        labels = [f"{shown.name.title()} {number}" for number in range(min(shown.groups, 2))]
        declared["groups"] = shown.groups
    if shown.address is not None:
        declared["address"] = shown.address
    return declared, labels


def _spans(years):
    return f"{2024 - 2 * years + 1}-{2024 - years}", f"{2024 - years + 1}-2024"


def assess_table(edition, dimensions, counts=(1, 50), rows=None, measures=None, references=None, **keys):
    """Assess a table: ``dimensions`` gives (declaration, labels) for each column, ``counts`` fills their product."""
    if rows is None:
        coordinates = itertools.product(*(labels for _, labels in dimensions.values()))
        rows = [(*coordinate, count) for coordinate, count in zip(coordinates, itertools.cycle(counts), strict=False)]
    contract = parse_contract(
        {
            "release": "example",
            "title": "An example",
            "rulebook": tables.RULEBOOKS[edition],
            "dimensions": {name: declared for name, (declared, _) in dimensions.items()},
            "measures": measures or {"cases": {"kind": "count", "unit": "individuals"}},
            **keys,
        },
        "example.yaml",
    )
    columns = [*dimensions, *contract.population_columns, *contract.measures]
    table = pd.DataFrame(rows, columns=columns)
    return assess(bind(contract, table, references, "example"), load_rulebook(tables.RULEBOOKS[edition]))


def assess_shown(edition, shown, counts=(1, 50), **keys):
    """Assess a table of these variables, all crossed."""
    return assess_table(edition, {one.name: column(one) for one in shown}, counts, **keys)


def terms_of(assessment):
    """Give the addends by column; events and interactions by their own names."""
    return {term.dimension or term.variable: term.score for term in assessment.score.terms}


def rulebook(edition):
    return load_rulebook(tables.RULEBOOKS[edition])


def read_rows(name, encoding="utf-8"):
    """Read a public table with the plain csv module; where it is absent, skip."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    path = Path(os.environ.get("DDG_SHARED_DATA") or beside) / name
    if not path.is_file():
        pytest.skip(f"{name} is absent: set DDG_SHARED_DATA to the folder that holds it")
    with path.open(newline="", encoding=encoding) as file:
        return list(csv.DictReader(file))
