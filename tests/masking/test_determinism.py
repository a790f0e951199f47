import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import mask

from .build import grid, hidden
from .problems import hidden_cells, random_problem

PROGRAM = """
import random, sys
from tests_build import grid
from ddg_pipeline.masking import mask
from ddg_pipeline.rulebook import load_rulebook
source = random.Random(1)
values = [[source.randint(0, 40) for _ in range(6)] for _ in range(6)]
[table] = mask([grid(values)], load_rulebook("calhhs-ddg-2.0"))
sys.stdout.write(table.frame.to_csv(index=False))
"""


def outcome(problem, rulebook):
    try:
        masked = mask(problem.bound(), rulebook)
    except RefusedError as refusal:
        return str(refusal)
    return hidden_cells(problem, masked)[0], [table.frame.to_csv() for table in masked]


class TestTheSameInput:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 10**6))
    def test_gives_the_same_bytes(self, rulebook, seed):
        problem = random_problem(random.Random(seed))
        assert outcome(problem, rulebook) == outcome(problem, rulebook)

    @pytest.mark.thorough
    def test_gives_the_same_bytes_in_another_process(self, tmp_path):
        (tmp_path / "tests_build.py").write_text((Path(__file__).parent / "build.py").read_text())
        tables = {
            subprocess.run(
                [sys.executable, "-c", PROGRAM],
                env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tmp_path)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(tables) == 1
        assert tables != {""}


class TestTheOrderOfRows:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 10**6))
    def test_decides_nothing(self, rulebook, seed):
        problem = random_problem(random.Random(seed))
        before = outcome(problem, rulebook)
        for table in problem.tables:
            rows = list(table.rows.items())
            random.Random(seed).shuffle(rows)
            table.rows = dict(rows)
        after = outcome(problem, rulebook)
        assert isinstance(before, str) == isinstance(after, str)
        if not isinstance(before, str):
            assert before[0] == after[0]

    def test_is_kept(self, rulebook):
        table = grid([[4, 50, 60], [70, 80, 90], [75, 85, 95]])
        [masked] = mask([table], rulebook)
        assert masked.frame["a"].tolist() == table.frame["a"].tolist()
        assert hidden(masked)
