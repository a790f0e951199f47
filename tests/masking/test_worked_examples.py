"""The guideline's worked examples of suppression: one-dimensional tables with a published total."""

import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import mask

from .build import bound, dimension, hidden, line


def masked(rulebook, values, **suppression):
    # the total is not carried, so that a reader is assumed to know it
    [table] = mask([line(list(values), suppression=suppression)], rulebook)
    return table


class TestExample1:
    VALUES = (10, 14, 10, 10, 0, 0, 0, 30)

    def test_three_tens_that_the_total_gives_away_get_company(self, rulebook):
        table = masked(rulebook, self.VALUES, show_reason=True)
        assert hidden(table) == ["A1", "A2", "A3", "A4"]
        assert table.frame["n_annotation_code"].tolist() == ["1", "2", "1", "1", "", "", "", ""]

    def test_without_reasons_three_are_enough(self, rulebook):
        assert hidden(masked(rulebook, self.VALUES, show_reason=False)) == ["A1", "A3", "A4"]


class TestExample2:
    VALUES = (10, 14, 9, 17, 0, 0, 0, 30)

    def test_two_combinations_are_not_enough(self, rulebook):
        assert hidden(masked(rulebook, self.VALUES, show_reason=True)) == ["A1", "A2", "A3"]

    def test_two_values_are_what_the_weakest_level_asks_for(self, rulebook):
        assert hidden(masked(rulebook, self.VALUES, show_reason=True, level="exact")) == ["A1", "A3"]


class TestExample3:
    def test_a_small_count_takes_its_percent_along_and_a_real_zero_keeps_it(self, rulebook):
        counties = [("Alpine", 3, "0.0"), ("Butte", 15, "1.0"), ("Colusa", 0, "0.0"), ("Kern", 40, "2.6")]
        rows = [{"county": county, "n": count, "percent": percent} for county, count, percent in counties]
        measures = {"n": {"kind": "count"}, "percent": {"kind": "percent", "numerator": "n"}}
        [table] = mask([bound(rows, {"county": dimension()}, measures)], rulebook)
        shown = dict(
            zip(table.frame["county"], zip(table.frame["n"], table.frame["percent"], strict=True), strict=True)
        )
        assert shown["Alpine"] == ("", "")
        assert shown["Colusa"] == ("0", "0.0")
        assert [(n == "") == (p == "") for n, p in shown.values()] == [True] * 4


class TestExample4:
    VALUES = (14, 14, 1, 11, 0, 0, 0, 30)

    def test_with_reasons_shown_one_and_eleven_would_be_exact(self, rulebook):
        # 11 or more beside 1 or more, both at their least; 14 leaves room
        assert hidden(masked(rulebook, self.VALUES, show_reason=True)) in (["A1", "A3"], ["A2", "A3"])

    def test_without_reasons_two_are_enough(self, rulebook):
        assert hidden(masked(rulebook, self.VALUES, show_reason=False)) == ["A3", "A4"]


class TestReasons:
    def test_are_told_where_the_table_stands_it(self, rulebook):
        assert masked(rulebook, TestExample1.VALUES).reasons_shown

    def test_are_kept_back_where_telling_would_undo_the_protection(self, rulebook):
        # the only other count is 11: known to be 11 or more, it could not give way
        [table] = mask([line([1, 11, 0])], rulebook)
        assert not table.reasons_shown
        assert set(table.frame["n_annotation_code"]) == {rulebook.annotations.hidden.code, ""}
        with pytest.raises(RefusedError):
            masked(rulebook, [1, 11, 0], show_reason=True)
