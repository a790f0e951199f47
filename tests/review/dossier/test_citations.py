"""The appendix of sections."""

from __future__ import annotations

import pytest

from ddg_pipeline.review.dossier.citations import anchor, sections_in
from ddg_pipeline.rulebook import load_rulebook

from .conftest import KINDS


class TestSections:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("DDG 2.0 §16.2, §5.6.1", ["§16.2", "§5.6.1"]),
            ("(DDG 2.0 §3 Figure 1): county", ["§3"]),
            ("§16.2, Appendix I; §16.2", ["§16.2", "Appendix I"]),
            ("Appendixes are none, nor is § 4", []),
        ],
    )
    def test_are_found_in_texts(self, text, found):
        assert sections_in(text) == found

    def test_have_names_for_links(self):
        assert [anchor("§4.4.1"), anchor("Appendix I")] == ["section-4-4-1", "appendix-i"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_come_in_the_guideline_s_order_and_every_one_has_a_text_or_a_pointer(self, request, kind):
        sections = request.getfixturevalue(kind).dossier().sections
        numbered = [tuple(map(int, one.section[1:].split("."))) for one in sections if one.section.startswith("§")]
        assert numbered == sorted(numbered)
        known = {one.section for one in sections}
        for one in sections:
            assert one.texts or one.see, one.section
            assert set(one.see) <= known


class TestTexts:
    def test_of_scores_are_of_the_variables_of_this_table_with_the_line_that_was_taken(self, masked):
        dossier = masked.dossier()
        tables = [text for one in dossier.sections for text in one.texts if text.table]
        for term in dossier.score.terms:
            (found,) = [text for text in tables if text.heading.startswith(f"Scores of {term.variable}")]
            assert (term.category, term.score) in found.table

    def test_of_thresholds_are_the_rulebook_s(self, masked):
        thresholds = load_rulebook("calhhs-ddg-2.0").thresholds
        (found,) = [
            text for one in masked.dossier().sections for text in one.texts if text.heading.startswith("When a")
        ]
        assert f"{thresholds.numerator.lower} to {thresholds.numerator.upper}" in found.lines[0]
        assert found.note == thresholds.note

    def test_of_whole_percentages_are_there_where_they_are_used(self, percentages, masked):
        def heads(released):
            return {text.heading for one in released.dossier().sections for text in one.texts}

        assert "Whole percentages" in heads(percentages)
        assert "Whole percentages" not in heads(masked)
