"""A project's own rulebook, from the contract to the portal."""

from __future__ import annotations

import json

import pytest

OURS = """\
name: ours
title: Small Department's rules
extends: nchs
overrides:
  thresholds.denominator:
    value: 30000
    source: Policy 7 (2024-03-01)
    reason: Our areas are small.
"""
RELEASES = "dbt_project/models/aggregates/releases.yml"


@pytest.fixture
def ours(small):
    """Let the two linked releases name the project's own rulebook."""

    def name(rulebook="ours"):
        small.edit(small.root / RELEASES, "          links:", f"          rulebook: {rulebook}\n          links:")
        (small.root / "rulebooks").mkdir()
        file = small.root / "rulebooks" / "ours.yaml"
        file.write_text(OURS, encoding="utf-8")
        return file

    return name


class TestAProjectsOwnRulebook:
    @pytest.mark.thorough
    def test_governs_everything_up_to_the_portal_and_a_change_of_it_voids_that(self, small, ddg, ours):
        file = ours()
        assert ddg("suites", "by_sex", "by_age", "--quiet").code == 0
        answer = ddg("run", "by_sex", "by_age", "--quiet")
        assert answer.code == 0, answer.err
        self.published(small)
        self.reviewed(small)
        before = small.public_bytes()
        small.edit(file, "value: 30000", "value: 25000")
        events = small.materialize("by_sex/publication", "by_age/publication")
        assert not events.success
        assert "rulebook: not the one that was certified" in events.failures
        events = small.materialize("by_sex/release", "by_age/release")
        assert not events.success
        assert "aggregate, contract or rulebook has changed since it was masked" in events.failures
        assert small.public_bytes() == before

    def published(self, small):
        published = small.published("by_sex")
        assert "Counts under 10 are not shown" in (published / "data-dictionary.csv").read_text(encoding="utf-8")
        text = (published / "report.html").read_text(encoding="utf-8")
        assert "30,000" in text
        assert "under 11" not in text
        assert "1 to 10" not in text

    def reviewed(self, small):
        suite = json.loads((small.root / "expectations" / "by_sex.json").read_text(encoding="utf-8"))
        assert suite["meta"]["rulebook"] == "ours"
        [limits] = [
            one["kwargs"]
            for one in suite["expectations"]
            if one["type"] == "expect_counts_to_exclude_small_numbers" and one["kwargs"]["column"] == "cases"
        ]
        assert (limits["lower"], limits["upper"]) == (1, 9)

    @pytest.mark.thorough
    def test_one_that_is_not_there_is_named_with_what_there_is(self, small, ours):
        ours("theirs")
        events = small.materialize("by_sex/masked", "by_age/masked")
        assert not events.success
        for text in ("by_sex", "rulebook: found 'theirs'", "calhhs-ddg-2.0", "ours"):
            assert text in events.failures

    def test_a_mistake_in_it_is_named_by_file_and_line(self, small, ours):
        small.edit(ours(), "value: 30000", "value: many")
        events = small.materialize("by_sex/masked", "by_age/masked")
        assert not events.success
        assert "ours.yaml, line 6: thresholds.denominator: found 'many'" in events.failures
