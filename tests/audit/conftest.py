from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from ddg_pipeline.audit import AuditRules, PublishedTable, audit
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook

EDITION = load_rulebook("calhhs-ddg-2.0")


@pytest.fixture
def rules():
    """Give the figures of Edition 2.0 at a level."""

    def at(level="ddg", *, show_reason=True):
        return AuditRules.from_rulebook(EDITION, level, show_reason=show_reason)

    return at


@pytest.fixture
def contract():
    """Make a contract from dimensions and measures."""

    def make(dimensions, measures=None, name="table", **more):
        declared = {key: {"variable": "other", "groups": 5, **value} for key, value in dimensions.items()}
        measures = measures or {"n": {"kind": "count"}}
        raw = {"release": name, "title": name, "dimensions": declared, "measures": measures, **more}
        return parse_contract(raw, "test")

    return make


@pytest.fixture
def one_way(contract, rules):
    """Audit a one-dimensional table with a total: its values, and per hidden category the published code."""

    def run(values, total, codes, *, show_reason=True, level="ddg"):
        labels = [f"A{number}" for number in range(1, len(values) + 1)]
        frame = pd.DataFrame({"group": [*labels, "Total"], "n": [*map(str, values), str(total)]})
        frame["n"] = frame["n"].where(~frame["group"].isin(codes), "")
        frame["n_annotation_code"] = [codes.get(label, "") for label in frame["group"]]
        table = PublishedTable(contract({"group": {"total": "Total"}}), frame)
        return audit(table, rules(level, show_reason=show_reason))

    return run


@pytest.fixture(scope="session")
def shared_data():
    """Find the public data sets that are not part of the project, or skip."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    place = Path(os.environ.get("DDG_SHARED_DATA", beside))
    if not place.is_dir():
        pytest.skip("the public data sets are not here: set DDG_SHARED_DATA to their folder")
    return place
