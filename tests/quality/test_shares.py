"""How much is suppressed, cells and people, as the published table itself tells."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.quality.rules import MissingColumnError
from ddg_pipeline.quality.shares import suppressed_cells, suppressed_people

TREE = {"county": [{"A": "North", "B": "North", "C": "South"}]}


def people(frame, percent, **arguments):
    given_ = {"dimensions": ["county", "year"], "totals": {"county": "All"}, "hierarchies": TREE} | arguments
    return suppressed_people(frame, "cases", percent, **given_)


def table(cases, years=("2020",)):
    labels = ["A", "B", "C", "North", "South", "All"]
    rows = [(label, year) for year in years for label in labels]
    return pd.DataFrame(rows, columns=["county", "year"]).assign(cases=cases)


class TestCells:
    @settings(deadline=None)
    @given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 100))
    def test_breaks_exactly_where_more_than_the_share_is_empty(self, hidden, percent):
        frame = pd.DataFrame({"cases": ["" if empty else "12" for empty in hidden]})
        over = 100 * sum(hidden) > percent * len(hidden)
        assert suppressed_cells(frame, "cases", percent).count == over

    def test_values_that_nobody_has_are_not_suppressed(self):
        frame = pd.DataFrame({"cases": ["", "", "12"], "code": ["3", "1", ""]})
        assert suppressed_cells(frame, "cases", 40).count == 1
        assert suppressed_cells(frame, "cases", 40, "code", ["3"]).count == 0

    def test_needs_its_columns(self):
        with pytest.raises(MissingColumnError, match="code"):
            suppressed_cells(pd.DataFrame({"cases": ["1"]}), "cases", 40, "code")


class TestPeople:
    def test_counts_the_finest_categories_only_against_the_total(self):
        # 60 of 100 are in counties that are shown; that both regions show the other 40 too makes no difference
        frame = table(["60", "", "", "80", "20", "100"])
        assert people(frame, 40).count == 0
        assert people(frame, 39).count == 1

    def test_along_a_dimension_without_a_total_every_category_counts(self):
        frame = table(["60", "", "", "80", "20", "100", "300", "0", "0", "300", "0", "300"], ["2020", "2021"])
        assert people(frame, 10).count == 0
        assert people(frame, 9).count == 1

    def test_a_hidden_total_is_left_out_and_none_at_all_is_told(self):
        frame = table(["60", "", "", "80", "20", ""])
        found = people(frame, 0)
        assert found.count == 0
        assert found.remarks == ("no total of cases tells how many people are suppressed",)

    def test_tells_no_figure(self):
        (note,) = people(table(["60", "", "", "80", "20", "100"]), 39).notes
        assert note == "more than 39 percent of the people in cases stand in suppressed cells"
