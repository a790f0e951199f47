"""Small tables with all margins, and the contracts that fit them."""

from __future__ import annotations

from itertools import product

import pandas as pd

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract

PEOPLE = {"Alpha": 1200, "Beta": 3100, "Gamma": 42_000, "Delta": 91_000, "Epsilon": 250_000, "Zeta": 810_000}
REGIONS = {"North": ["Alpha", "Beta", "Gamma"], "South": ["Delta", "Epsilon", "Zeta"]}
AGES = ("0-4", "5-17", "18-34", "35-64", "65+")
YEARS = tuple(str(year) for year in range(2015, 2022))
DIMENSIONS = {
    "county": {
        "variable": "residence_geography",
        "population": PEOPLE,
        "hierarchy": {"tree": REGIONS},
        "total": "State",
    },
    "age": {"variable": "age", "total": "All ages"},
    "sex": {"variable": "sex", "total": "All"},
    "year": {"variable": "time", "period": "year", "total": "All years"},
}
LEAVES = {"county": tuple(PEOPLE), "age": AGES, "sex": ("F", "M"), "year": YEARS}
REGION_OF = {county: region for region, counties in REGIONS.items() for county in counties}


def with_margins(frame: pd.DataFrame, dimensions: dict, measures: list[str]) -> pd.DataFrame:
    """Add the rows of regions and totals, by plain groupby."""
    for name, declared in dimensions.items():
        others = [other for other in dimensions if other != name]
        added = [frame]
        for parent, children in declared.get("hierarchy", {}).get("tree", {}).items():
            added.append(summed(frame[frame[name].isin(children)], others, measures).assign(**{name: parent}))
        if "total" in declared:
            added.append(summed(frame, others, measures).assign(**{name: declared["total"]}))
        frame = pd.concat(added, ignore_index=True)[[*dimensions, *measures]]
    return frame


def summed(frame, others, measures):
    if not others:
        return frame[measures].sum().to_frame().T
    return frame.groupby(others, sort=False)[measures].sum().reset_index()


def innermost(names, value, leaves=None):
    """Rows for every combination of leaves; ``value`` makes the count of the n-th row."""
    rows = list(product(*((LEAVES | (leaves or {}))[name] for name in names)))
    frame = pd.DataFrame(rows, columns=list(names))
    frame["cases"] = [value(number) for number in range(len(frame))]
    return frame


def bound_table(
    names=("county", "age", "sex"), value=lambda n: (7 * n + 3) % 23, dimensions=None, leaves=None, **contract
):
    declared = {name: DIMENSIONS[name] for name in names} | (dimensions or {})
    raw = {
        "release": "cases",
        "title": "Cases",
        "dimensions": declared,
        "measures": {"cases": {"kind": "count"}},
        **contract,
    }
    if "year" not in names:
        raw.setdefault("scope", [{"variable": "time", "period": "year"}])
    if "county" not in names:
        raw.setdefault("scope", []).append({"variable": "residence_geography", "population": 39_538_223})
    frame = with_margins(innermost(names, value, leaves), declared, ["cases"])
    return bind(parse_contract(raw, "cases"), frame)
