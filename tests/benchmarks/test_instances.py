"""The tables of the benchmark are those that everybody else measures with, and whole."""

import numpy as np
import pytest

from benchmarks.axes import Axis, relations, with_all_margins
from benchmarks.instances import GROWTH, INSTANCES, make

# cells with all margins, small ones among them, zeros among them, people; as published for the same recipe and seed
KNOWN = {
    "s2_10": (121, 11, 1, 19_576),
    "s2_20": (441, 24, 1, 74_657),
    "s2_50": (2_601, 330, 24, 481_481),
    "s2_100": (10_201, 1_493, 126, 1_953_039),
    "s2_200": (40_401, 6_759, 500, 7_974_409),
    "s3_10x8x5": (594, 104, 13, 77_020),
    "s3_20x10x8": (2_079, 188, 16, 334_688),
    "s3_50x20x10": (11_781, 1_779, 230, 1_983_660),
    "ca_age": (1_564, 430, 142, 63_761),
    "ca_race_sex": (1_836, 577, 319, 54_608),
    "ca_age_sex": (4_692, 1_465, 568, 63_034),
    "ca_age_race": (14_076, 4_672, 5_560, 62_566),
    "ca_full": (42_228, 13_743, 18_992, 59_711),
    "ca_full_dense": (42_228, 12_875, 8_844, 584_822),
}


class TestTheTables:
    @pytest.mark.parametrize("name", KNOWN)
    def test_are_the_ones_that_others_measure_with(self, name):
        of = make(name).summary()
        assert (of["cells"], of["small"], of["zeros"], of["people"]) == KNOWN[name]

    def test_of_zip_codes_too(self):
        of = make("zip1700").summary()
        assert (of["cells"], of["small"]) == (121_371, 54_158)

    def test_differ_by_seed_and_by_name_only(self):
        assert np.array_equal(make("ca_age", 1).inner, make("ca_age", 1).inner)
        assert not np.array_equal(make("ca_age", 1).inner, make("ca_age", 2).inner)
        assert not np.array_equal(make("s2_10", 1).inner, make("t2_10", 1).inner)

    def test_of_an_unknown_name_are_refused(self):
        with pytest.raises(ValueError, match="choose from"):
            make("ca_everything")

    @pytest.mark.parametrize("size", ["10k", "42k", "100k"])
    def test_of_the_growth_series_have_the_size_they_say(self, size):
        assert make(f"growth_{size}").cells.size == pytest.approx(GROWTH[size], rel=0.01)

    def test_all_have_groups_with_members_only(self):
        for name in INSTANCES:
            if name.startswith(("t", "s3_5", "s3_1", "growth_1m", "growth_10m")):
                continue
            for axis in make(name).axes:
                assert set(axis.group_of) == set(range(len(axis.groups)))


class TestMargins:
    def test_are_the_sums_of_their_parts(self):
        table = make("ca_age_sex", 7)
        counts = table.cells.ravel()
        blocks = relations(table.axes)
        for block in blocks:
            assert np.array_equal(counts[block[:, 0]], counts[block[:, 1:]].sum(axis=1))
        # every cell is in at least one sum for each dimension
        assert np.bincount(np.concatenate([block.ravel() for block in blocks]), minlength=counts.size).min() >= 3

    def test_follow_the_order_of_the_nodes(self):
        axis = Axis("a", ("x", "y", "z"), "p", ("P", "Q"), (1, 0, 1))
        assert axis.nodes == ("x", "y", "z", "P", "Q", "Total")
        assert with_all_margins([axis], np.array([1, 20, 300])).tolist() == [1, 20, 300, 20, 301, 321]
        assert axis.relations == [(3, [1]), (4, [0, 2]), (5, [3, 4])]
