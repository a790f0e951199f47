"""Margins: what published parts and published totals say about each other."""

import itertools

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.quality.margins import broken_margins, direct_parents

REGIONS = {"a": "North", "b": "North", "c": "South", "d": "South"}
RANGES = {"1": [1, 10], "2": [11, None]}


def table(cells, hidden=None):
    rows = [{"place": place, "n": "" if place in (hidden or {}) else str(n)} for place, n in cells.items()]
    for row in rows:
        row["code"] = (hidden or {}).get(row["place"], "")
    return pd.DataFrame(rows)


def broken(frame, **more):
    found = broken_margins(
        frame, "n", ["place"], "place", total="All", code_column="code", hidden_ranges=RANGES, **more
    )
    return frame.loc[found.rows, "place"].tolist()


class TestWhoAddsUpIntoWhom:
    def test_without_a_hierarchy_everything_adds_up_into_the_total(self):
        assert direct_parents(["a", "b", "All"], [], "All") == [{"a": "All", "b": "All"}]

    def test_a_level_that_the_table_does_not_carry_is_skipped(self):
        above = {"a": "North", "North": "Upper", "c": "South", "South": "Upper"}
        assert direct_parents(["a", "c", "Upper"], [above], None) == [{"a": "Upper", "c": "Upper"}]

    def test_a_label_in_no_hierarchy_counts_for_the_total(self):
        (parents,) = direct_parents(["a", "c", "North", "Unknown", "All"], [REGIONS], "All")
        assert parents == {"a": "North", "North": "All", "c": "All", "Unknown": "All"}

    def test_groups_of_one_hierarchy_are_no_parts_in_another(self):
        halves = {"a": "East", "c": "East", "b": "West", "d": "West"}
        labels = ["a", "b", "c", "d", "North", "South", "East", "West", "All"]
        regions, sides = direct_parents(labels, [REGIONS, halves], "All")
        assert {child for child, parent in regions.items() if parent == "All"} == {"North", "South"}
        assert {child for child, parent in sides.items() if parent == "All"} == {"East", "West"}


class TestAllShown:
    def test_a_wrong_margin_is_found_at_its_level(self):
        cells = {"a": 20, "b": 30, "c": 40, "d": 0, "North": 51, "South": 40, "All": 91}
        assert broken(table(cells), hierarchies=[REGIONS]) == ["North"]

    def test_a_combination_without_a_row_counts_as_zero(self):
        frame = pd.DataFrame(
            [
                ("a", "x", "5"),
                ("b", "x", "7"),
                ("All", "x", "12"),
                ("a", "y", "3"),
                ("All", "y", "4"),
                ("All", "z", "1"),
            ],
            columns=["place", "kind", "n"],
        )
        found = broken_margins(frame, "n", ["place", "kind"], "place", total="All")
        assert frame.loc[found.rows, "kind"].tolist() == ["y", "z"]

    def test_rounding_is_allowed_where_it_is_declared(self):
        frame = table({"a": "0.3", "b": "0.3", "All": "0.7"})
        assert broken(frame) == ["All"]
        assert broken(frame, rounding=0.05) == []


class TestSomeHidden:
    def test_a_single_hidden_part_can_be_calculated(self):
        assert broken(table({"a": 20, "b": 4, "All": 24}, {"b": "1"})) == ["All"]

    def test_two_hidden_parts_that_fit_their_codes_pass(self):
        assert broken(table({"a": 20, "b": 4, "c": 30, "All": 54}, {"a": "2", "b": "1"})) == []

    def test_a_hidden_zero_shows_itself(self):
        assert broken(table({"a": 11, "b": 0, "c": 30, "All": 41}, {"a": "2", "b": "1"})) == ["All"]

    def test_a_hidden_margin_is_not_checked(self):
        assert broken(table({"a": 20, "b": 4, "All": 24}, {"b": "1", "All": "2"})) == []

    @settings(max_examples=100, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 14), st.sampled_from(["", "1", "2"])), min_size=1, max_size=4),
        st.integers(0, 60),
    )
    def test_agrees_with_trying_every_value(self, parts, total):
        """Oracle: the margin is sound when some values of the hidden parts, within their codes, add up to it."""
        ranges = {"": None, "1": range(1, 11), "2": range(11, 61)}
        cells = {f"p{i}": n for i, (n, _) in enumerate(parts)} | {"All": total}
        hidden = {f"p{i}": code for i, (_, code) in enumerate(parts) if code}
        choices = [ranges[code] or [n] for n, code in parts]
        possible = any(sum(values) == total for values in itertools.product(*choices)) if len(hidden) < 4 else None
        if possible is None:
            return
        expected = [] if possible and len(hidden) != 1 else ["All"]
        assert broken(table(cells, hidden)) == expected


class TestExceptionsOfTheSource:
    def test_a_known_one_is_tolerated_and_only_there(self):
        cells = {"a": 20, "b": 30, "c": 40, "d": 1, "North": 51, "South": 42, "All": 93}
        assert broken(table(cells), hierarchies=[REGIONS], tolerated=[{"place": "North"}]) == ["South"]
