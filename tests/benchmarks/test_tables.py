"""An instance becomes a release and comes back as the same cells; any pattern can be published and attacked."""

import numpy as np
import pytest

from benchmarks import table
from benchmarks.instances import make
from benchmarks.patterns import read_pattern, write_pattern
from benchmarks.worker import attack, check_linear, mask_table
from ddg_pipeline.contract import bind
from ddg_pipeline.rulebook import load_rulebook

RULEBOOK = load_rulebook("calhhs-ddg-2.0")


class TestARelease:
    @pytest.mark.parametrize("name", ["s2_10", "s3_10x8x5", "ca_race_sex"])
    def test_carries_every_cell_and_every_group(self, name):
        instance = make(name)
        bound = bind(table.contract(instance, "ddg", show_reason=True), table.frame(instance), place=name)
        assert bound.frame[table.MEASURE].tolist() == instance.cells.ravel().tolist()
        for axis in instance.axes:
            assert bound.axes[axis.name].groups == {*axis.groups, "Total"}

    def test_hides_what_the_pattern_says(self):
        instance = make("ca_age", 5)
        hidden = instance.small.ravel() | (np.arange(instance.cells.size) % 7 == 0)
        for show_reason, codes in ((True, {"1", "2"}), (False, {"1"})):
            shown = table.published(instance, hidden, RULEBOOK, show_reason)
            assert np.array_equal(table.hidden_cells(instance, shown), hidden)
            assert set(shown.loc[hidden, "n_annotation_code"]) == codes


class TestMeasuring:
    def test_our_pattern_is_measured_checked_and_attacked(self, tmp_path):
        asked = {"instance": "s2_10", "seed": 4, "level": "ddg", "show_reason": True}
        asked |= {"pattern": str(tmp_path / "pattern.npy"), "proof": str(tmp_path / "proof.parquet")}
        masked = mask_table(asked)
        assert masked["complementary"] > 0
        assert masked["shown_small"] == masked["hidden_zeros"] == 0
        assert masked["seconds"] > 0
        assert masked["peak_mib"] > 1
        assert check_linear(asked)["recovered"] == 0
        attacked = attack({**asked, "time_limit": 30})
        assert attacked["findings"] == {}
        assert attacked["undecided"] == 0
        assert attacked["verifying_seconds"] > 0

    def test_primary_suppression_alone_is_found_out(self, tmp_path):
        instance = make("s2_10")
        write_pattern(tmp_path / "pattern.npy", instance.small.ravel())
        asked = {"instance": "s2_10", "seed": instance.seed, "pattern": str(tmp_path / "pattern.npy")}
        assert check_linear(asked)["recovered"] == 2
        attacked = attack({**asked, "level": "ddg", "show_reason": False, "time_limit": 30})
        assert attacked["findings"]["exact"] >= 2


class TestPatternsOnDisk:
    def test_come_back(self, tmp_path):
        hidden = np.random.default_rng(1).random(1_001) < 0.3
        write_pattern(tmp_path / "deep" / "pattern.npy", hidden)
        assert np.array_equal(read_pattern(tmp_path / "deep" / "pattern.npy", 1_001), hidden)

    def test_of_another_table_are_refused(self, tmp_path):
        write_pattern(tmp_path / "pattern.npy", np.ones(100, dtype=bool))
        with pytest.raises(ValueError, match="for a table of 121"):
            read_pattern(tmp_path / "pattern.npy", 121)
