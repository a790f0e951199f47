"""The one typed result: in one line, as Markdown, as JSON, and every field of it documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddg_pipeline.assessment import explain
from ddg_pipeline.rulebook import load_rulebook

DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "assessment.md"
COUNTY = {"variable": "residence_geography", "population": {"Small": 3_000, "Large": 900_000}}
YEAR = {"variable": "time", "period": "year"}


def table(**keys):
    return {"county": (COUNTY, ["Small", "Large"])}, {"scope": [YEAR], **keys}


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("keys", "answer"),
        [
            ({}, "mask it, because its publication score is 14, over 12."),
            (
                {"counts": (5, 50)},
                "it may be released as it is, once reviewed, because its publication score is 9, not over 12.",
            ),
            (
                {"counts": (5, 50), "high_risk": ["homelessness"]},
                (
                    "mask it, whatever its publication score (9, not over 12), because it shows a high-risk "
                    "population: homelessness."
                ),
            ),
            (
                {"personal_characteristics": False},
                (
                    "it may be released as it is, once reviewed, because by its contract it tells nothing that is "
                    "not expressly public (step 1)."
                ),
            ),
        ],
    )
    def test_is_the_decision_with_its_reason(self, assessed, keys, answer):
        dimensions, more = table(**keys)
        assert assessed(dimensions, **more).answer == answer

    def test_where_nothing_is_small_says_so(self, assessed):
        sizes = {"variable": "residence_geography", "population": {"A": 900_000, "B": 800_000}}
        measures = {"cases": {"kind": "count", "population": {"A": 900_000, "B": 800_000}}}
        found = assessed({"county": (sizes, "AB")}, counts=(50, 60), scope=[YEAR], measures=measures)
        assert found.answer.endswith("because no cell and no denominator is small (step 2).")

    def test_of_a_rulebook_that_always_masks_gives_its_reason(self, assessed):
        dimensions, more = table(counts=(5, 50))
        found = assessed(dimensions, by=load_rulebook("washington-doh"), **more)
        assert found.decision == "mask"
        assert found.answer.startswith("mask it, although its publication score is 9, not over 12.")
        assert "whatever the score" in found.answer


class TestTheRulebook:
    def test_is_told_with_its_date(self, assessed):
        dimensions, more = table()
        edition = assessed(dimensions, **more).edition
        assert (edition.approved, edition.extends, edition.overrides) == ("2025-10-24", None, ())

    def test_is_told_with_every_override_its_source_and_reason(self, assessed):
        dimensions, more = table()
        washington = load_rulebook("washington-doh")
        found = assessed(dimensions, by=washington, **more).edition
        assert found.extends == "calhhs-ddg-2.0"
        assert [one.entry for one in found.overrides] == [one.entry for one in washington.overrides]
        for one in found.overrides:
            assert one.source
            assert one.reason
        numerator = next(one for one in found.overrides if one.entry == "thresholds.numerator")
        assert (numerator.before, numerator.after) == ("lower: 1; upper: 10", "lower: 1; upper: 9")


class TestTheJson:
    def test_is_plain(self, assessed):
        for name in ("calhhs-ddg-2.0", "washington-doh", "nchs"):
            dimensions, more = table()
            plain = assessed(dimensions, by=load_rulebook(name), **more).to_json_dict()
            assert json.loads(json.dumps(plain)) == plain

    def test_marks_the_term_that_goes_by_the_smallest_count(self, assessed):
        dimensions, more = table()
        terms = assessed(dimensions, **more).to_json_dict()["score"]["terms"]
        assert [term["variable"] for term in terms if term["by_smallest_count"]] == ["interactions"]
        crossed = assessed(dimensions | {"sex": ({"variable": "sex"}, ["F", "M"])}, **more).to_json_dict()
        assert not any(term["by_smallest_count"] for term in crossed["score"]["terms"])


class TestTheDocument:
    def keys(self, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from self.keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from self.keys(inner)

    def test_tells_every_field(self, bound, assessed, rulebook):
        dimensions, more = table()
        judged = assessed(dimensions, by=load_rulebook("washington-doh"), **more)
        explained = explain(bound(dimensions, **more), assessed(dimensions, **more), rulebook)
        survey = {"limits": "general", "estimates": {"cases": {"denominator_cases": "asked"}}}
        measures = {"cases": {"kind": "count"}, "asked": {"kind": "count"}}
        rows = [("Small", 3, 9), ("Large", 40, 900)]
        sampled = assessed(dimensions, rows=rows, measures=measures, survey=survey, **more)
        assert sampled.reliability
        plain = [judged.to_json_dict(), sampled.to_json_dict(), explained.to_json_dict()]
        text = DOCUMENT.read_text(encoding="utf-8")
        joined = {label for change in explained.changes for label in change.members or ()}
        assert {key for key in self.keys(plain) if f"`{key}`" not in text} <= joined

    def test_cites_nothing_of_a_machine(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        assert "/tmp" not in text
        assert "/work" not in text
