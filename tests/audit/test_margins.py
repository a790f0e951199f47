"""Margins that a table does not carry: assumed known to the reader, unless small."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit, broken_margins, implied_margins

COUNTS = [("A", "F", 5), ("A", "M", 20), ("B", "F", 30), ("B", "M", 40), ("C", "F", 0), ("C", "M", 3)]


@pytest.fixture
def unmasked(contract):
    def make(**dimensions):
        declared = contract({"county": {}, "sex": {}} | dimensions)
        return PublishedTable(declared, pd.DataFrame(COUNTS, columns=["county", "sex", "n"]))

    return make


def hide(table, *cells, **more):
    frame = table.frame.astype({"n": "object"})
    frame["n"] = [
        None if (county, sex) in cells else n for county, sex, n in zip(frame.county, frame.sex, frame.n, strict=True)
    ]
    return PublishedTable(table.contract, frame, **more)


def kinds(report):
    return {(f.kind, *f.cell.coordinate.values()) for f in report.findings}


class TestImpliedMargins:
    def test_every_combination_is_computed_but_small_ones_are_not_known(self, unmasked, rules):
        found = implied_margins(unmasked(), rules())
        assert {(r.county, r.sex): r.n for r in found.itertuples() if r.n == r.n} == {
            ("A", None): 25,
            ("B", None): 70,
            (None, "F"): 35,
            (None, "M"): 63,
            (None, None): 98,
        }
        assert len(found) == 6  # C in all is 3, and left empty

    def test_categories_that_do_not_add_up_have_no_margin(self, unmasked, rules):
        found = implied_margins(unmasked(county={"additive": False}), rules())
        assert {(r.county, r.sex): r.n for r in found.itertuples() if r.n == r.n} == {("A", None): 25, ("B", None): 70}

    def test_broader_groups_that_the_table_does_not_carry_are_margins_too(self, unmasked, rules):
        found = implied_margins(unmasked(county={"hierarchy": {"tree": {"North": ["A", "C"]}}}), rules())
        assert ("North", "M") in set(zip(found.county, found.sex, strict=True))


class TestGivenMargins:
    def test_a_cell_hidden_alone_is_the_difference_to_a_known_margin(self, unmasked, rules):
        known = implied_margins(unmasked(), rules())
        report = audit(hide(unmasked(), ("A", "F"), ("C", "M"), known=known), rules("exact"))
        assert (FindingKind.EXACT, "A", "F") in kinds(report)

    def test_a_cell_that_is_all_of_a_small_margin_is_not(self, unmasked, rules):
        table = unmasked(sex={"additive": False})
        known = implied_margins(table, rules())
        report = audit(hide(table, ("A", "F"), ("B", "F"), ("C", "M"), ("A", "M"), known=known), rules("exact"))
        assert report.safe

    def test_nothing_known_is_nothing_used(self, unmasked, rules):
        assert audit(hide(unmasked(), ("A", "F"), ("C", "M"), known=pd.DataFrame()), rules("exact")).safe


class TestMarginsNotAtHand:
    def test_what_follows_from_a_margin_whatever_it_is_is_reported_apart(self, unmasked, rules):
        report = audit(hide(unmasked(), ("A", "F"), ("C", "M")), rules("exact"))
        assert (FindingKind.BY_MARGIN, "A", "F") in kinds(report)
        assert not report.safe
        assert all(f.lower is None for f in report.findings)

    def test_a_margin_equal_to_the_hidden_cell_is_not_published_if_it_is_small(self, unmasked, rules):
        table = unmasked(county={"additive": False})
        assert audit(hide(table, ("A", "F"), ("A", "M"), ("C", "M")), rules("exact")).safe

    def test_a_pattern_that_resists_all_margins_is_safe(self, unmasked, rules):
        table = hide(unmasked(), ("A", "F"), ("A", "M"), ("B", "F"), ("B", "M"), ("C", "M"))
        assert kinds(audit(table, rules("exact"))) == {(FindingKind.BY_MARGIN, "C", "M")}
        without_c = PublishedTable(table.contract, table.frame.assign(n=lambda f: f["n"].where(f.county != "C", "0")))
        assert audit(without_c, rules("exact")).safe


class TestWhatIsThere:
    def test_a_combination_without_a_row_is_nothing(self, contract, rules):
        declared = contract({"county": {"total": "CA"}, "year": {"additive": False}})
        frame = pd.DataFrame(
            {"county": ["A", "CA", "A", "B", "CA"], "year": list("11222"), "n": ["", "27", "", "", "90"]}
        )
        report = audit(PublishedTable(declared, frame.assign(n=["", "7", "", "", "90"])), rules("exact"))
        assert {(f.kind, f.cell.coordinate["county"], f.values) for f in report.findings} == {
            (FindingKind.EXACT, "A", (7,)),
            (FindingKind.SHOWN, "CA", (7,)),
        }

    def test_a_margin_without_any_of_its_parts_has_no_relation_to_them(self, contract, rules):
        declared = contract({"county": {"total": "CA"}, "year": {"additive": False}})
        frame = pd.DataFrame({"county": ["CA", "A", "B", "CA"], "year": list("1222"), "n": ["27", "", "", "90"]})
        assert audit(PublishedTable(declared, frame), rules("exact")).safe

    def test_a_group_left_out_stands_between_its_parts_and_the_total(self, contract, rules):
        tree = {"hierarchy": {"tree": {"North": ["A", "B"], "South": ["C", "D"]}}, "total": "CA"}
        frame = pd.DataFrame({"county": ["A", "B", "South", "CA"], "n": ["", "20", "30", "56"]})
        report = audit(PublishedTable(contract({"county": tree}), frame), rules("exact"))
        assert [(f.kind, f.values) for f in report.findings] == [(FindingKind.EXACT, (6,))]

    def test_alternative_groupings_are_used_together(self, contract, rules):
        ages = {
            "total": "all",
            "hierarchy": [{"tree": {"0-11": ["0-5", "6-11"]}}, {"tree": {"6-17": ["6-11", "12-17"]}}],
        }
        frame = pd.DataFrame(
            {"age": ["0-5", "6-11", "12-17", "18+", "0-11", "6-17", "all"], "n": ["", "", "", "50", "29", "", "81"]}
        )
        report = audit(PublishedTable(contract({"age": ages}), frame), rules("exact"))
        assert [(f.cell.coordinate["age"], f.values) for f in report.findings] == [("12-17", (2,))]


class TestBrokenMargins:
    """Real tables have margins that differ from the sum of their parts."""

    @pytest.fixture
    def table(self, contract):
        def make(counts):
            declared = contract({"county": {"total": "CA"}, "year": {"additive": False}})
            frame = pd.DataFrame({"county": ["A", "B", "C", "CA"] * 2, "year": ["1"] * 4 + ["2"] * 4, "n": counts})
            return PublishedTable(declared, frame)

        return make

    def test_they_are_mentioned_and_do_no_harm_where_nothing_is_hidden(self, table, rules):
        report = audit(table([20, 30, 40, 110, 20, 30, 40, 90]), rules())
        assert [dict(cell.coordinate) for cell in report.mismatches] == [{"county": "CA", "year": "1"}]
        assert report.safe

    def test_a_row_that_cannot_be_right_is_a_contradiction_and_the_rest_is_examined(self, table, rules):
        report = audit(table([None, None, 40, 38, 7, 0, None, 90]), rules("exact"))
        assert {(f.kind, *f.cell.coordinate.values()) for f in report.findings} == {
            (FindingKind.CONTRADICTION, "CA", "1"),
            (FindingKind.SHOWN, "A", "2"),
        }
        assert not report.undecided

    def test_the_holder_of_the_data_can_say_by_how_much_they_differ(self, table, rules):
        unmasked = table([5, 6, 40, 56, 20, 30, 40, 90])
        gaps = broken_margins(unmasked, rules())
        assert gaps.to_dict("records") == [
            {"county": "CA", "year": "1", "dimension": "county", "hierarchy": 0, "n": 5.0}
        ]
        masked = table([None, None, 40, 56, 20, 30, 40, 90]).frame.astype("object")
        masked["n_annotation_code"] = ["1", "1"] + [""] * 6
        assert audit(PublishedTable(unmasked.contract, masked), rules("ddg")).safe
        report = audit(PublishedTable(unmasked.contract, masked, residuals=gaps), rules("full"))
        assert {(f.kind, f.cell.coordinate["county"]) for f in report.findings} == set()


class TestRemainders:
    """People whom a total counts and none of its parts."""

    @pytest.fixture
    def table(self, contract):
        def make(*years, **more):
            declared = contract({"county": {"total": "CA"}, "year": {"additive": False}})
            rows = [(county, str(y), n) for y, year in enumerate(years) for county, n in zip("ABCX", year, strict=True)]
            frame = pd.DataFrame(rows, columns=["county", "year", "n"]).replace({"county": {"X": "CA"}})
            return PublishedTable(declared, frame.astype({"n": "object"}), **more)

        return make

    def test_a_small_one_can_be_subtracted(self, table, rules):
        report = audit(table([20, 30, 40, 94]), rules())
        assert [(f.kind, f.dimension, f.values) for f in report.findings] == [(FindingKind.REMAINDER, "county", (4,))]
        assert audit(table([20, 30, 40, 101]), rules()).safe

    def test_where_there_are_some_a_total_is_not_taken_for_the_sum_of_its_parts(self, table, rules):
        exact = audit(table([20, 30, 40, 90], [None, 30, 40, 75]), rules("exact"))
        assert [(f.kind, f.values) for f in exact.findings] == [(FindingKind.EXACT, (5,))]
        # 5 at most, since nobody is counted twice
        report = audit(table([20, 30, 40, 190], [None, 30, 40, 75]), rules("exact"))
        assert not report.findings
        report = audit(table([20, 30, 40, 190], [None, 30, 40, 72]), rules("ddg"))
        assert [(f.kind, f.values) for f in report.findings if f.kind is FindingKind.NARROWED] == [
            (FindingKind.NARROWED, (1, 2))
        ]

    @pytest.mark.parametrize(("hidden", "rest", "found"), [(25, 4, []), (1, 4, []), (1, 1, [(0, 1)])])
    def test_one_that_the_holder_of_the_data_knows_of_must_not_be_narrowed(self, table, rules, hidden, rest, found):
        counts = [hidden, 30, 40, 70 + hidden + rest]
        gaps = broken_margins(table(counts), rules())
        masked = table([None, *counts[1:]], residuals=gaps, truth=table(counts).frame)
        report = audit(masked, rules("ddg", show_reason=False))
        assert [f.values for f in report.findings if f.kind is FindingKind.REMAINDER] == found
