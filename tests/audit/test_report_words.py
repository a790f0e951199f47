"""The report's first sentence, in words that fit any number of findings."""

from __future__ import annotations

import pytest

from ddg_pipeline.audit import AuditReport, Cell, Finding, FindingKind, audit_sections

CELL = Cell("t", "n", {"county": "Alpine"})


def report(*kinds, undecided=0):
    findings = tuple(Finding(kind, CELL) for kind in kinds)
    return AuditReport(("t",), 9, 3, 2, findings, (CELL,) * undecided, (), ())


@pytest.mark.parametrize("kind", FindingKind)
class TestEveryKind:
    def test_is_counted_in_words(self, kind):
        assert report(kind).summary().startswith("Not safe: 1 ")
        assert report(kind, kind).summary().startswith("Not safe: 2 ")
        assert report(kind).summary().replace("1 ", "2 ") != report(kind, kind).summary()

    def test_has_a_heading_and_its_cells(self, kind):
        [(title, lines)] = audit_sections(report(kind, kind))
        assert title.startswith(f"{kind.value.capitalize()}: ")
        assert lines == ["t: n at county=Alpine"] * 2


class TestSummary:
    def test_lists_what_was_found_and_what_was_not_decided(self):
        said = report(FindingKind.EXACT, FindingKind.SHOWN, FindingKind.SHOWN, undecided=1).summary()
        assert said == (
            "Not safe: 2 small counts are shown; 1 hidden small count can be calculated; "
            "1 of 2 small cells could not be decided."
        )

    def test_of_a_safe_table(self):
        assert report().summary() == "Safe: 2 small cells of 3 hidden ones keep enough possible values."
        assert AuditReport(("t",), 9, 0, 0, (), (), (), ()).summary() == "Safe: no small cell is hidden."
