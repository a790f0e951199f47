"""Others' rules as worked examples: the figures that their documents give, typed from those."""

import pytest

from ddg_pipeline.rulebook import load_rulebook

# name: smallest and largest hidden count
HIDDEN = {"cms-cell-size": (1, 10), "cdc-wonder": (1, 9), "nchs": (1, 9), "washington-doh": (1, 9)}


@pytest.mark.parametrize("name", HIDDEN)
class TestEach:
    def test_hides_small_counts_whatever_the_score_and_shows_zeros(self, name):
        rulebook = load_rulebook(name)
        assert (rulebook.thresholds.numerator.lower, rulebook.thresholds.numerator.upper) == HIDDEN[name]
        assert rulebook.masking.applies == "always"
        assert rulebook.thresholds.zero == "shown"

    def test_names_a_source_and_a_reason_for_everything(self, name):
        rulebook = load_rulebook(name)
        assert rulebook.extends == "calhhs-ddg-2.0"
        assert rulebook.overrides
        assert all(one.source and one.reason and one.by == name for one in rulebook.overrides)

    def test_says_the_right_number_in_its_texts(self, name):
        rulebook = load_rulebook(name)
        assert f"Counts under {HIDDEN[name][1] + 1} are not shown" in rulebook.footnotes["suppression"].text
        assert rulebook.title in rulebook.footnotes["suppression"].text


class TestReliability:
    def test_washington_notes_rates_from_25_percent_on(self):
        assert 24 < load_rulebook("washington-doh").reliability.maximum_relative_standard_error < 25

    def test_nchs_flags_from_30_cases_and_from_30_percent_on(self):
        general = load_rulebook("nchs").survey_limits["general"]
        assert (general.minimum_denominator, general.flagged_up_to) == (30, 59)
        assert 29 < general.maximum_relative_standard_error < 30

    def test_the_guideline_has_no_limit_for_figures_in_general(self):
        assert load_rulebook("calhhs-ddg-2.0").reliability is None
