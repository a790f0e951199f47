import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.populations import area, larger_than_the_state, state, too_large, too_small

ALPINE = area("Alpine").size


def contradicts(declared, known):
    return too_large(declared, known) or too_small(declared, known)


class TestCounties:
    @pytest.mark.parametrize("people", [1163, 1204, 1100, 1300])
    def test_years_and_sources_differ(self, people):
        assert not contradicts(people, ALPINE)

    @pytest.mark.parametrize("people", [0, 120, 12_040, 1_204_000])
    def test_a_lost_digit_or_another_area_is_told(self, people):
        assert contradicts(people, ALPINE)

    @given(st.integers(0, 10**8), st.integers(0, 10**8))
    def test_between_two_figures_that_pass_every_figure_passes(self, one, other):
        if not contradicts(one, ALPINE) and not contradicts(other, ALPINE):
            assert not contradicts((one + other) // 2, ALPINE)


class TestTheState:
    def test_its_own_estimates_pass(self):
        assert not larger_than_the_state(39_600_000)
        assert not larger_than_the_state(state().size.people)

    def test_the_nation_does_not(self):
        assert larger_than_the_state(331_449_281)
