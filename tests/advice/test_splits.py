"""Ways to spread the dimensions of one table over several."""

from __future__ import annotations

import pytest

from ddg_pipeline.advice.splits import split_words, splits_of


@pytest.mark.parametrize("count", range(6))
def test_every_dimension_stands_somewhere_and_no_table_holds_another_or_all(count):
    dimensions = tuple("abcde"[:count])
    for split in splits_of(dimensions):
        assert set().union(*split) == set(dimensions)
        assert all(len(part) < count for part in split)
        assert not any(set(one) < set(other) for one in split for other in split)
        assert len(set(split)) == len(split) > 1


def test_three_dimensions_in_all_ways():
    found = {frozenset(split) for split in splits_of("abc")}
    ab, ac, bc, a, b, c = ("a", "b"), ("a", "c"), ("b", "c"), ("a",), ("b",), ("c",)
    assert found == {
        frozenset(one)
        for one in ([ab, ac, bc], [ab, ac], [ab, bc], [ac, bc], [ab, c], [ac, b], [bc, a], [a, b, c])
    }  # fmt: skip


def test_four_dimensions_as_all_two_way_tables():
    assert (("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")) in list(splits_of("abcd"))


def test_in_words():
    assert split_words((("a", "b"), ("c",)), ["year"]) == "2 tables: a x b | c, each by year"
