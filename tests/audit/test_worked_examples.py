"""The guideline's own examples (worked-examples.md): what an attacker gets."""

from __future__ import annotations

from ddg_pipeline.audit import FindingKind

SMALL, COMPLEMENTARY = "1", "2"


def left(report):
    return {finding.cell.coordinate["group"]: finding.values for finding in report.findings}


class TestExample1:
    VALUES, TOTAL = [10, 14, 10, 10, 0, 0, 0, 30], 74

    def test_three_small_cells_alone_are_ten_each(self, one_way):
        report = one_way(self.VALUES, self.TOTAL, {"A1": SMALL, "A3": SMALL, "A4": SMALL})
        assert left(report) == {"A1": (10,), "A3": (10,), "A4": (10,)}
        assert {finding.kind for finding in report.findings} == {FindingKind.EXACT}
        assert not report.safe

    def test_with_a_complementary_cell_they_are_anything_from_one_to_ten(self, one_way):
        codes = {"A1": SMALL, "A3": SMALL, "A4": SMALL, "A2": COMPLEMENTARY}
        for level in ("exact", "ddg", "full"):
            report = one_way(self.VALUES, self.TOTAL, codes, level=level)
            assert report.safe
            assert (report.hidden, report.examined) == (4, 3)


class TestExample2:
    VALUES, TOTAL = [10, 14, 9, 17, 0, 0, 0, 30], 80

    def test_two_combinations_are_not_enough(self, one_way):
        codes = {"A1": SMALL, "A3": SMALL}
        report = one_way(self.VALUES, self.TOTAL, codes)
        assert left(report) == {"A1": (9, 10), "A3": (9, 10)}
        assert {finding.kind for finding in report.findings} == {FindingKind.NARROWED}
        assert one_way(self.VALUES, self.TOTAL, codes, level="exact").safe

    def test_with_a_complementary_cell_they_are_anything_from_one_to_ten(self, one_way):
        assert one_way(self.VALUES, self.TOTAL, {"A1": SMALL, "A3": SMALL, "A2": COMPLEMENTARY}, level="full").safe


class TestExample4:
    VALUES, TOTAL = [14, 14, 1, 11, 0, 0, 0, 30], 70
    BOTH = ("A3", "A4")

    def test_the_reasons_give_it_away(self, one_way):
        report = one_way(self.VALUES, self.TOTAL, {"A3": SMALL, "A4": COMPLEMENTARY})
        assert left(report) == {"A3": (1,)}

    def test_without_reasons_both_are_anything_from_one_to_eleven(self, one_way):
        codes = dict.fromkeys(self.BOTH, SMALL)
        assert one_way(self.VALUES, self.TOTAL, codes, show_reason=False, level="full").safe

    def test_codes_that_differ_tell_the_reason_whatever_the_contract_says(self, one_way):
        codes = {"A3": SMALL, "A4": COMPLEMENTARY}
        assert left(one_way(self.VALUES, self.TOTAL, codes, show_reason=False)) == {"A3": (1,)}
