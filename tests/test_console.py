"""What `ddg run` prints of a release, beside what it is."""

from __future__ import annotations

import pytest

from ddg_pipeline.console import _outcome_cells
from ddg_pipeline.console_layout import _encodable
from ddg_pipeline.orchestration.running import Outcome


@pytest.mark.parametrize(
    ("decision", "hidden", "told"),
    [
        ("mask", (2, 1), "masked"),
        ("mask", (0, 1), "masked"),
        ("mask", (0, 0), "none small"),
        ("release", (0, 0), "as it is"),
    ],
)
def test_a_table_with_nothing_small_is_told_from_one_that_hides_something(decision, hidden, told):
    outcome = Outcome("cases", None, decision, 14, 27, *hidden, problems=(), waits_for=())
    assert _outcome_cells(outcome)[1] == told


@pytest.mark.parametrize(("at_most", "told"), [(True, "≤ 14"), (False, "14")])
def test_a_score_that_is_only_known_to_be_no_higher_is_told_from_one_that_is_known(at_most, told):
    outcome = Outcome("cases", None, "mask", 14, 27, 2, 1, problems=(), score_is_at_most=at_most)
    assert _outcome_cells(outcome)[0] == told


def test_a_bound_of_a_score_is_told_in_any_encoding():
    assert _encodable("\u2264 14", "latin-1") == "<= 14"
