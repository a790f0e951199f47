"""Metadata of a masked table is the same whatever its smallest count is: Dagster's log is no restricted store."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from ddg_pipeline.assessment import assess
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.orchestration.metadata import masked_metadata
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")
COUNTS = SimpleNamespace(
    cells=3, zeros=0, small=2, complementary=1, share_of_cells_suppressed=100, share_of_counts_suppressed=100
)


def metadata(smallest, population, rulebook=RULEBOOK, *, approval_required=True, **keys):
    raw = {
        "release": "example",
        "title": "An example",
        "scope": [{"variable": "time", "period": "year"}],
        "dimensions": {
            "county": {"variable": "residence_geography", "population": {"A": population, "B": 500_000, "C": 600_000}}
        },
        "measures": {"cases": {"kind": "count"}},
        **keys,
    }
    frame = pd.DataFrame([("A", smallest), ("B", 10), ("C", 40)], columns=["county", "cases"])
    bound = bind(parse_contract(raw, "example"), frame, None, "example")
    assessment = assess(bound, rulebook)
    staged = SimpleNamespace(
        contract=bound.contract,
        assessment=assessment.to_json_dict(),
        counts={"cases": COUNTS},
        masked=assessment.decision == "mask",
        reasons_shown=True,
    )
    return assessment, {
        name: value.value
        for name, value in masked_metadata(staged, rulebook, approval_required=approval_required).items()
    }


@pytest.mark.parametrize(("required", "told"), [(True, "pending"), (False, "No approval is required")])
def test_steps_that_nobody_waits_for_are_not_pending(required, told):
    assert told in metadata(5, 3_000, approval_required=required)[1]["steps"]


@pytest.mark.parametrize("population", [3_000, 30_000, 450_000])
def test_of_a_high_risk_population_it_reads_the_same_for_every_small_count(population):
    read = [metadata(count, population, high_risk=["homelessness"])[1] for count in range(1, 11)]
    assert all(one == read[0] for one in read)


def test_the_score_is_told_as_a_bound():
    assessment, told = metadata(5, 3_000, high_risk=["homelessness"])
    assert assessment.score.total == 9
    assert told["score"] == 14
    assert told["score_is_at_most"] == "14 at most: a term that depends on the smallest count is not shown"
    assert "not shown" in told["score_terms"]


def test_an_unmasked_table_tells_its_score_exactly():
    assessment, told = metadata(5, 30_000)
    assert assessment.decision == told["decision"] == "release"
    assert told["score"] == assessment.score.total == 6
    assert "score_is_at_most" not in told


def test_what_an_overlay_says_otherwise_is_told_with_its_source():
    washington = load_rulebook("washington-doh")
    _, told = metadata(5, 30_000, washington)
    assert "thresholds.numerator" in told["rulebook_overrides"]
    assert "Washington State DOH" in told["rulebook_overrides"]
