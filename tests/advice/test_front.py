"""The Pareto front against its definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.advice.front import dominates, pareto_front

POINTS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[st.integers(0, 4)] * width), min_size=1, max_size=25)
)


@given(POINTS)
def test_it_holds_exactly_what_no_other_point_dominates(points):
    by_definition = [
        not any(all(a <= b for a, b in zip(other, one, strict=True)) and other != one for other in points)
        for one in points
    ]
    assert pareto_front(points).tolist() == by_definition
    assert [not any(dominates(other, one) for other in points) for one in points] == by_definition


@given(POINTS)
def test_every_other_point_is_beaten_by_one_on_it(points):
    on_front = [point for point, flag in zip(points, pareto_front(points), strict=True) if flag]
    assert on_front
    for point in points:
        assert point in on_front or any(dominates(best, point) for best in on_front)


def test_nothing_has_no_front():
    assert pareto_front([]).tolist() == []
