"""What `ddg advise` prints of alternatives that cannot be released."""

from __future__ import annotations

from ddg_pipeline.advice.result import Advice, Alternative
from ddg_pipeline.console_advice import print_advice


def test_a_reason_that_many_have_in_common_is_said_once_for_all_of_them(capsys):
    ten = [Alternative(number, f"way {number}", "refused", reason="too few people") for number in range(1, 11)]
    other = Alternative(11, "way 11", "refused", reason="a total is missing")
    as_it_is = Alternative(0, "as it is", "masked", score=14, cells=27, on_front=True)
    print_advice(Advice("cases", "ddg", 12, as_it_is, (*ten, other), ()), everything=True)
    told = " ".join(capsys.readouterr().out.split())
    assert "No. 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 cannot be released: too few people" in told
    assert "No. 11 cannot be released: a total is missing" in told
