"""What the peers are given, how their answers are read, and that no failure of theirs goes unsaid."""

import json
import sys

import numpy as np
import pytest

from benchmarks.axes import relations
from benchmarks.instances import make
from benchmarks.measure import run
from benchmarks.peers import files
from benchmarks.peers.tools import PEERS, Peer, run_peer

TABLE = make("ca_age", 9)
COUNTS, SMALL = TABLE.cells.ravel(), TABLE.small.ravel()


def stand_in(answer, name="mod", **more):
    """A peer that gives a prepared answer, read as the real one's."""
    script = (
        f"import sys; from pathlib import Path; Path(sys.argv[1], '{name}.json').write_text({json.dumps(answer)!r})"
    )
    return Peer(
        name,
        name,
        None,
        lambda _interpreter, work, _limit: [sys.executable, "-c", script, str(work)],
        lambda _instance, _work: None,
        PEERS[name].read,
        **{"most_cells": 10_000, **more},
    )


@pytest.fixture
def installed(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.peers.tools.interpreter_of", lambda *_: tmp_path)
    return tmp_path


def codes(cells):
    """Cells by codes, the total empty, as tau-Argus writes them."""
    where = np.unravel_index(np.asarray(cells), TABLE.cells.shape)
    named = [[axis.nodes[node] for node in nodes] for axis, nodes in zip(TABLE.axes, where, strict=True)]
    return [["" if code == "Total" else code for code in cell] for cell in zip(*named, strict=True)]


USED = {"seconds": 1.0, "cpu_seconds": 0.5, "peak_mib": 9.0}


class TestFiles:
    def test_of_tau_argus_hold_every_count_but_zeros(self, tmp_path):
        files.write_tauargus(TABLE, tmp_path)
        lines = [line.split(";") for line in (tmp_path / "table.tab").read_text().split()]
        assert len(lines) == np.count_nonzero(COUNTS)
        assert sum(line[4] == "U" for line in lines) == SMALL.sum()
        hierarchy = (tmp_path / "county.hrc").read_text().split()
        assert sum(not line.startswith("@") for line in hierarchy) == 9
        assert sum(line.startswith("@") for line in hierarchy) == 58

    def test_of_the_optimiser_keep_zeros_and_ask_for_a_level_of_one(self, tmp_path):
        files.write_problem(TABLE, tmp_path)
        lines = (tmp_path / "problem.jj").read_text().splitlines()
        cells = [line.split() for line in lines[2 : 2 + COUNTS.size]]
        assert [int(cell[1]) for cell in cells] == COUNTS.tolist()
        assert {cell[3] for cell, count in zip(cells, COUNTS, strict=True) if not count} == {"z"}
        assert {tuple(cell[6:8]) for cell, small in zip(cells, SMALL, strict=True) if small} == {("1.000", "1.000")}
        assert int(lines[2 + COUNTS.size]) == sum(map(len, relations(TABLE.axes))) == len(lines) - COUNTS.size - 3

    def test_of_gconfid_hold_sums_that_are_right(self, tmp_path):
        files.write_gconfid(TABLE, tmp_path)
        sums = np.load(tmp_path / "sums.npz")
        of_each = np.bincount(sums["row"], weights=sums["coefficient"] * COUNTS[sums["cell"]])
        assert not of_each.any()
        assert COUNTS[sums["cell"]].min() > 0

    def test_of_gauss_suppression_hold_the_finest_cells_and_the_trees(self, tmp_path):
        files.write_gauss(TABLE, tmp_path)
        assert len((tmp_path / "inner.csv").read_text().splitlines()) == 1 + TABLE.inner.size
        nodes = [line.split(",") for line in (tmp_path / "nodes.csv").read_text().splitlines()[1:]]
        assert [node[1] for node in nodes if node[0] == "age"].count("@@@") == 18
        assert nodes[0] == ["county", "@", "Total"]


@pytest.mark.usefixtures("installed")
class TestAnswers:
    def test_by_codes_are_read(self, tmp_path):
        more = np.flatnonzero(~SMALL)[[3, 100, -1]]
        answer = {**USED, "primary": codes(np.flatnonzero(SMALL)), "complementary": codes(more)}
        record, hidden = run_peer(stand_in(answer), TABLE, tmp_path, 30)
        assert record == {"status": "ok", **USED}
        assert np.flatnonzero(hidden & ~SMALL).tolist() == more.tolist()

    def test_about_other_small_cells_are_failures(self, tmp_path):
        answer = {**USED, "primary": codes(np.flatnonzero(SMALL)[1:]), "complementary": []}
        record, hidden = run_peer(stand_in(answer), TABLE, tmp_path, 30)
        assert record["status"] == "failed"
        assert hidden is None

    @pytest.mark.parametrize(("code", "seconds", "proven"), [(0, 5.0, True), (0, 61.0, False), (1, 5.0, False)])
    def test_are_optimal_only_if_found_in_time_and_said_so(self, tmp_path, code, seconds, proven):
        answer = {**USED, "seconds": seconds, "hidden": [0], "code": code, "limit_seconds": 60}
        record, _ = run_peer(stand_in(answer, "opt"), TABLE, tmp_path, 30)
        assert record["proven"] is proven

    def test_are_not_waited_for_where_the_table_is_too_large(self, tmp_path):
        record, hidden = run_peer(stand_in({}, most_cells=100), TABLE, tmp_path, 30)
        assert record["status"] == "left out"
        assert hidden is None


class TestFailures:
    def test_are_told_with_their_last_words(self):
        assert run([sys.executable, "-c", "raise SystemExit('no licence')"], 30) == {
            "status": "failed",
            "message": "exit code 1: no licence",
        }

    def test_of_patience_too(self):
        record = run([sys.executable, "-c", "import time; time.sleep(60)"], 0.5)
        assert record is not None
        assert record["status"] == "time limit"

    def test_do_not_look_like_success(self):
        assert run([sys.executable, "-c", ""], 30) is None
