"""Counts joined by identities: one system, protected together."""

import itertools
import random

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.masking import mask
from ddg_pipeline.masking.measure_axis import elementary_changes

from .build import bound, dimension, hidden

MEASURES = {name: {"kind": "count"} for name in ("covid", "pneumonia", "both", "either")}
IDENTITY = ["covid + pneumonia - both = either"]


def table(sizes, seed=0, **contract):
    source = random.Random(seed)
    names = "abc"[: len(sizes)]
    counts: dict[tuple[str, ...], dict[str, int]] = {}
    for cell in itertools.product(
        *([f"{name}{i}" for i in range(size)] for name, size in zip(names, sizes, strict=True))
    ):
        covid, pneumonia = source.randint(0, 60), source.randint(0, 40)
        both = source.randint(0, min(covid, pneumonia))
        row = dict(zip(MEASURES, (covid, pneumonia, both, covid + pneumonia - both), strict=True))
        for margin in itertools.product(*((label, "Total") for label in cell)):
            into = counts.setdefault(margin, dict.fromkeys(MEASURES, 0))
            for name, count in row.items():
                into[name] += count
    rows = [dict(zip(names, cell, strict=True)) | row for cell, row in counts.items()]
    return bound(rows, {name: dimension(total="Total") for name in names}, MEASURES, identities=IDENTITY, **contract)


class TestElementaryChanges:
    def test_keep_the_identity_and_are_as_short_as_can_be(self):
        changes = elementary_changes(MEASURES, [{"covid": 1, "pneumonia": 1, "both": -1, "either": -1}])
        assert {"covid": 1, "either": 1} in changes
        assert {"both": 1, "pneumonia": 1} in changes
        assert all(len(change) == 2 for change in changes)
        assert len(changes) == 6

    def test_go_through_chains_of_identities(self):
        changes = elementary_changes("abcd", [{"a": 1, "b": 1, "c": -1}, {"c": 1, "d": -1}])
        assert {"a": 1, "c": 1, "d": 1} in changes
        assert {"a": 1, "b": -1} in changes

    def test_never_change_a_count_by_two(self):
        assert elementary_changes("ab", [{"a": 2, "b": -1}]) == []


class TestCountsJoinedByAnIdentity:
    def test_give_nothing_away_to_who_adds_them_up(self, rulebook):
        [masked] = mask([table((4, 3))], rulebook)
        frame = masked.frame
        for position in range(len(frame)):
            row = frame.iloc[position]
            gone = [name for name in MEASURES if row[name] == ""]
            assert len(gone) != 1, "the identity gives the one hidden count of a row away"

    @pytest.mark.thorough
    def test_of_a_large_table_are_protected_by_products(self, rulebook):
        # 504 rows of four counts; one integer program a cell would take hours
        [masked] = mask([table((20, 5, 3), seed=1)], rulebook)
        assert len(hidden(masked, "both")) > 100

    def test_do_not_fit_a_wrong_identity(self, rulebook):
        rows = [{"a": "A1", "covid": 21, "pneumonia": 33, "both": 17, "either": 36},
                {"a": "A2", "covid": 21, "pneumonia": 33, "both": 17, "either": 37}]  # fmt: skip
        with pytest.raises(InputErrors) as caught:
            mask([bound(rows, {"a": dimension()}, MEASURES, identities=IDENTITY)], rulebook)
        [error] = caught.value.errors
        assert error.found == f"{IDENTITY[0]!r}, which does not hold in 1 rows"

    def test_count_individuals(self, rulebook):
        measures = MEASURES | {"visits": {"kind": "count", "unit": "events", "individuals": "either"}}
        rows = [{"a": "A1", "covid": 20, "pneumonia": 30, "both": 15, "either": 35, "visits": 50}]
        with pytest.raises(InputErrors, match="individuals only"):
            mask([bound(rows, {"a": dimension()}, measures, identities=["covid + visits = either"])], rulebook)

    def test_without_an_identity_are_masked_one_by_one(self, rulebook):
        rows = [{"a": f"A{i}", "deaths": deaths, "births": 50 + i} for i, deaths in enumerate((4, 30, 40))]
        [masked] = mask(
            [bound(rows, {"a": dimension()}, {n: {"kind": "count"} for n in ("deaths", "births")})], rulebook
        )
        assert len(hidden(masked, "deaths")) == 2
        assert hidden(masked, "births") == []
