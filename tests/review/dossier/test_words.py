"""What is released, in a sentence."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ddg_pipeline.review.dossier.words import decision_text


@pytest.mark.parametrize(
    ("decision", "suppressed", "told"),
    [
        ("mask", [0, 3], "The table is released with suppression."),
        ("mask", [0, 0], "nothing in it had to be hidden."),
        ("release", [0, 0], "The table is released without suppression."),
    ],
)
def test_a_table_with_nothing_small_is_not_called_suppressed(decision, suppressed, told):
    measures = [SimpleNamespace(cells=SimpleNamespace(suppressed=number)) for number in suppressed]
    dossier = SimpleNamespace(form="cells", decision=decision, measures=measures)
    assert decision_text(dossier).endswith(told)
