"""The audit against integer programs written elsewhere, on tables too large to search exhaustively."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from attacker.brute_force import Release, attack

from ddg_pipeline.audit import AuditRules, PublishedTable, audit
from ddg_pipeline.contract.parse import parse_contract

COUNTIES = {"North": ["A", "B", "C"], "Bay": ["D", "E"], "South": ["F", "G", "H"]}
GROUPS = {
    "county": {county: [county] for part in COUNTIES.values() for county in part} | COUNTIES,
    "age": {age: [age] for age in ("0-17", "18-44", "45-64", "65+")},
    "sex": {sex: [sex] for sex in ("F", "M", "X")},
    "year": {year: [year] for year in ("2023", "2024")},
}


def counts(seed):
    """Sum random counts into every cell of county (in regions) by age by sex, with all margins."""
    rng = np.random.default_rng(seed)
    leaves = {name: [label for label, parts in groups.items() if parts == [label]] for name, groups in GROUPS.items()}
    figures = {cell: int(rng.negative_binomial(1, 1 / 12)) for cell in itertools.product(*leaves.values())}
    wide = {name: groups | {"all": leaves[name]} for name, groups in GROUPS.items()}
    rows = []
    for labels in itertools.product(*wide.values()):
        parts = [wide[name][label] for name, label in zip(GROUPS, labels, strict=True)]
        rows.append((*labels, sum(figures[cell] for cell in itertools.product(*parts))))
    return pd.DataFrame(rows, columns=[*GROUPS, "n"])


def mask(frame, rng, *, show_reason):
    """Hide what is small, and as much again at random."""
    small = frame["n"].between(1, 10)
    also = (frame["n"] > 10) & (rng.random(len(frame)) < small.mean())
    code = np.where(small, "1", np.where(also, "2" if show_reason else "1", ""))
    return frame.assign(n=frame["n"].astype(str).where(~(small | also), ""), n_annotation_code=code)


@pytest.mark.parametrize("show_reason", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.thorough
def test_the_audit_finds_the_same_cells(seed, show_reason):
    contract = {
        "release": "table",
        "title": "table",
        "dimensions": {name: {"variable": "other", "groups": 5, "total": "all"} for name in GROUPS},
        "measures": {"n": {"kind": "count"}},
        "suppression": {"show_reason": show_reason},
    }
    contract["dimensions"]["county"]["hierarchy"] = {"tree": COUNTIES}
    published = mask(counts(seed), np.random.default_rng(seed), show_reason=show_reason)
    leaks = attack(Release(contract, published), lower=1, upper=10, need=3)
    rules = AuditRules(1, 10, 3, False, 2, 11, 3, show_reason, "1", "2", "3")
    report = audit(PublishedTable(parse_contract(contract, "test"), published), rules)
    assert not report.undecided
    assert report.hidden > 100
    assert leaks
    assert {tuple(sorted(f.cell.coordinate.items())): f.values for f in report.findings} == {
        leak.coordinate: leak.values for leak in leaks
    }
