"""What a published cell may look like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ddg_pipeline.audit import FindingKind, PublishedTable, audit
from ddg_pipeline.errors import InputError, InputErrors


@pytest.fixture
def run(contract, rules):
    def run(values, *, codes=None, show_reason=True, unexplained="any", total="60", level="ddg"):
        labels = [f"A{number}" for number in range(1, len(values) + 1)]
        frame = pd.DataFrame({"group": [*labels, "Total"], "n": pd.Series([*values, total], dtype="object")})
        if codes is not None:
            frame["n_annotation_code"] = [*codes, None]
        table = PublishedTable(contract({"group": {"total": "Total"}}), frame, unexplained=unexplained)
        return audit(table, rules(level, show_reason=show_reason))

    return run


def intervals(report):
    return {f.cell.coordinate["group"]: (f.lower, f.upper) for f in report.findings if f.kind is not FindingKind.SHOWN}


class TestHiddenCells:
    @pytest.mark.parametrize("empty", ["", " ", None, np.nan, pd.NA, "--", "Suppressed", "N/A", "x"])
    def test_an_empty_cell_or_a_marker_is_a_hidden_one(self, run, empty):
        report = run([empty, "55"], level="exact")
        assert intervals(report) == {"A1": (5, 5)}

    def test_two_unexplained_cells_may_each_be_small(self, run):
        report = run(["", "", "57"], total="60")
        assert {f.kind for f in report.findings} == {FindingKind.NARROWED, FindingKind.SUM_TOO_SMALL}
        assert report.examined == 2
        assert intervals(report) == {"A1": (1, 2), "A2": (1, 2), "Total": (None, None)}

    def test_where_a_publisher_hides_nothing_but_small_cells_it_can_be_said(self, run):
        assert run(["", "", "40"], total="60").safe
        assert intervals(run(["", "", "40"], total="60", unexplained="small")) == {"A1": (10, 10), "A2": (10, 10)}

    @pytest.mark.parametrize("mark", ["<11", "< 11", "1-10", "1\N{EN DASH}10", "<=10"])
    def test_a_range_in_the_cell_is_knowledge(self, run, mark):
        assert intervals(run([mark, mark, "40"], total="60")) == {"A1": (10, 10), "A2": (10, 10)}

    def test_a_range_of_its_own_is_taken_as_it_stands(self, run):
        assert intervals(run(["1-4", "<6", "40"], total="49")) == {"A1": (4, 4), "A2": (5, 5), "Total": (None, None)}

    def test_symbols_for_people_tell_small_from_complementary(self, run):
        assert intervals(run(["S", "C", "48"], total="60")) == {"A1": (1, 1)}
        assert intervals(run(["*", "**", "48"], total="60")) == {"A1": (1, 1)}

    def test_one_symbol_for_both_does_not_where_reasons_are_not_shown(self, run):
        assert run(["*", "*", "48"], total="60", show_reason=False).safe

    def test_a_cell_without_data_may_be_anything_and_is_not_asked_about(self, run):
        report = run(["", "", "40"], codes=["3", "1", ""], total="60")
        assert report.examined == 1
        assert report.safe


class TestNumbers:
    def test_thousands_and_typed_columns_are_read(self, contract, rules):
        frame = pd.DataFrame({"group": ["a", "b", "Total"], "n": ["1,200", "", "1,205"]})
        typed = pd.DataFrame({"group": ["a", "b", "Total"], "n": pd.array([1200, None, 1205], dtype="Int64")})
        floats = pd.DataFrame({"group": ["a", "b", "Total"], "n": [1200.0, np.nan, 1205.0]})
        for table in (frame, typed, floats):
            report = audit(PublishedTable(contract({"group": {"total": "Total"}}), table), rules("exact"))
            assert intervals(report) == {"b": (5, 5)}

    def test_codes_may_be_numbers(self, run):
        assert intervals(run(["", "", "48"], codes=[1.0, 2.0, None], total="60")) == {"A1": (1, 1)}

    def test_a_small_count_that_is_shown_is_a_finding(self, run):
        report = run(["7", "0", "53"])
        assert [(f.kind, f.cell.coordinate["group"], f.values) for f in report.findings] == [
            (FindingKind.SHOWN, "A1", (7,))
        ]

    def test_whole_numbers_among_the_categories_are_matched_with_the_contract(self, contract, rules):
        declared = contract({"year": {"hierarchy": {"tree": {"both": [2020, 2021]}}}})
        frame = pd.DataFrame({"year": [2020.0, 2021.0, "both"], "n": ["", "30", "35"]})
        report = audit(PublishedTable(declared, frame, known=pd.DataFrame()), rules("exact"))
        assert [(f.cell.coordinate["year"], f.values) for f in report.findings] == [("2020", (5,))]


class TestBadInput:
    def test_a_text_that_is_no_number_and_no_marker_is_refused_without_being_repeated(self, run):
        with pytest.raises(InputError) as error:
            run(["12 (r)", "30"])
        assert "12 (r)" not in str(error.value)
        assert "n" in error.value.field

    @pytest.mark.parametrize("wrong", ["-3", "4.5"])
    def test_a_count_that_is_none_is_refused(self, run, wrong):
        with pytest.raises(InputErrors, match="row 1"):
            run([wrong, "30"])

    def test_a_missing_column_is_named(self, contract, rules):
        with pytest.raises(InputErrors, match="no n"):
            audit(PublishedTable(contract({"group": {}}), pd.DataFrame({"group": ["a"], "m": [1]})), rules())

    def test_a_coordinate_must_not_stand_there_twice(self, contract, rules):
        frame = pd.DataFrame({"group": ["a", "a"], "n": [1, 2]})
        with pytest.raises(InputErrors, match="group=a"):
            audit(PublishedTable(contract({"group": {}}), frame), rules())

    def test_a_row_without_category_is_named(self, contract, rules):
        frame = pd.DataFrame({"group": ["a", None], "n": [1, 2]})
        with pytest.raises(InputErrors, match="row 2"):
            audit(PublishedTable(contract({"group": {}}), frame), rules())

    def test_columns_nobody_declared_are_mentioned(self, contract, rules):
        frame = pd.DataFrame({"group": ["a", "b"], "n": [20, 30], "footnote": ["", ""]})
        report = audit(PublishedTable(contract({"group": {}}), frame), rules())
        assert any("footnote" in note for note in report.notes)
