"""Items 2 and 4 of §4.4.1, row by row."""

import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import mask

from .build import bound, dimension, grid, hidden, line


class TestARow:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([5, 20, 30], 2),  # never one alone
            ([2, 3, 3, 20, 30], 4),  # all at most 3, and a sum below 11
            ([3, 3, 3, 3, 20, 30], 5),  # all at most 3, although they sum to 12
            ([5, 5, 20, 30], 3),  # a sum below 11
            ([6, 5, 20, 30], 2),  # a sum of 11
            ([10, 4, 20, 30], 2),
        ],
    )
    def test_has_one_more_where_what_is_hidden_is_little(self, rulebook, values, expected):
        [table] = mask([line(values, total=sum(values), suppression={"show_reason": False})], rulebook)
        assert len(hidden(table)) == expected

    def test_needs_nothing_where_nothing_is_hidden(self, rulebook):
        [table] = mask([line([20, 0, 30], total=50)], rulebook)
        assert hidden(table) == []

    def test_with_nothing_but_zeros_left_and_a_total_known_to_all_cannot_be_published(self, rulebook):
        with pytest.raises(RefusedError, match=r"n at all of a breaks .* nothing left to hide: carry its sum"):
            mask([line([3, 3, 3, 2, 0])], rulebook)
        [table] = mask([line([3, 3, 3, 2, 0], total=11)], rulebook)
        assert "Total" in hidden(table)

    def test_counts_its_hidden_total(self, rulebook):
        [table] = mask([line([7, 0, 0], total=7)], rulebook)
        assert hidden(table) == ["A1", "Total"]

    def test_is_not_asked_for_at_the_weakest_level(self, rulebook):
        [table] = mask([line([5, 5, 20, 30], total=60, suppression={"level": "exact"})], rulebook)
        assert hidden(table) == ["A1", "A2"]


class TestRowsAtEveryLevel:
    def test_regions_and_their_total_are_rows_too(self, rulebook):
        counts = {"Alpine": 4, "Butte": 50, "Kern": 60, "Marin": 70, "North": 54, "South": 130, "California": 184}
        tree = {"North": ["Alpine", "Butte"], "South": ["Kern", "Marin"]}
        rows = [{"county": county, "n": n} for county, n in counts.items()]
        [table] = mask([bound(rows, {"county": dimension(total="California", hierarchy={"tree": tree})})], rulebook)
        gone = set(hidden(table))
        for row in ({"Alpine", "Butte", "North"}, {"Kern", "Marin", "South"}, {"North", "South", "California"}):
            assert len(row & gone) != 1

    def test_both_directions_of_a_table_are_closed(self, rulebook):
        [table] = mask([grid([[4, 50, 60], [70, 80, 90], [75, 85, 95]])], rulebook)
        gone = [cell.split() for cell in hidden(table)]
        for position in (0, 1):
            for label in {cell[position] for cell in gone}:
                assert sum(cell[position] == label for cell in gone) >= 2


class TestACellThatFollowsFromKnownMargins:
    def test_is_not_wasted_on_a_row_that_needs_one_more(self, rulebook):
        # B1 of A2 is all of A2, whose total everybody knows: hiding it would leave A2 with one suppression
        rows = [
            {"a": "A1", "b": "B1", "n": 5},
            {"a": "A1", "b": "B2", "n": 30},
            {"a": "A1", "b": "B3", "n": 40},
            {"a": "A2", "b": "B1", "n": 12},
            {"a": "A2", "b": "B2", "n": 0},
            {"a": "A2", "b": "B3", "n": 0},
            {"a": "A3", "b": "B1", "n": 60},
            {"a": "A3", "b": "B2", "n": 70},
            {"a": "A3", "b": "B3", "n": 80},
        ]
        [table] = mask([bound(rows, {"a": dimension(), "b": dimension()})], rulebook)
        assert "A1 B1" in hidden(table)
        assert "A2 B1" not in hidden(table)
