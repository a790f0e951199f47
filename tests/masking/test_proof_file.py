"""The proof that masking writes, checked by code that shares nothing with it, and by whoever tries every table."""

import io
import itertools
import os
import random
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ddg_pipeline.audit.verify import verify
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import mask_and_prove
from ddg_pipeline.masking.complementary import Protection
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.proof_file import proof_bytes, proof_table
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, build_systems
from ddg_pipeline.masking.table import masked

from . import oracle
from .build import bound, dimension, grid
from .problems import hidden_cells, problems

EXAMPLES = int(os.environ.get("DDG_EXAMPLES", "12"))
FEW = 9  # hidden cells, for every small change of them to be tried


class TestWhatMaskingProves:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(problem=problems())
    def test_is_accepted_by_the_independent_check(self, rulebook, problem):
        try:
            tables = problem.bound()
            results, protections = mask_and_prove(tables, rulebook)
        except (InputErrors, RefusedError) as error:
            event(type(error).__name__)
            return
        proof = read_proof(proof_bytes(protections), "proof")
        found = verify(tables, [one.frame for one in results], rulebook, proof)
        assert found.faults == ()
        assert found.proved
        event("with moves" if found.moves else "without moves")

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(problem=problems(), source=st.randoms(use_true_random=False))
    def test_is_not_accepted_any_more_once_a_delta_is_another(self, rulebook, problem, source):
        try:
            tables = problem.bound()
            results, protections = mask_and_prove(tables, rulebook)
        except (InputErrors, RefusedError):
            return
        proof = read_proof(proof_bytes(protections), "proof")
        # a cell that stands in no sum may change by itself, by one as well as by two
        with_others = proof.groupby("move")["delta"].transform("size") > 1
        changes = np.flatnonzero((proof["move"] >= 0) & with_others)
        if not len(changes):
            return
        proof.loc[source.choice(changes.tolist()), "delta"] += source.choice([-1, 1])
        assert not verify(tables, [one.frame for one in results], rulebook, proof).proved


class TestWhateverIsAccepted:
    """Patterns hidden at random, with every small change of the hidden cells as proof: right or wrong as it comes."""

    @pytest.mark.parametrize("seed", range(0, 400, 100))
    def test_leaves_every_small_count_as_many_values_as_the_level_asks_for(self, rulebook, seed):
        outcomes = {True: 0, False: 0}
        for number in range(seed, seed + 100):
            source = random.Random(number)
            problem = _small_problem(source)
            knowledge = oracle.know(problem.tables)
            if knowledge.never_shown:
                continue
            try:
                tables = problem.bound()
            except InputErrors:  # only groups are left of a dimension
                continue
            level = max((table.contract.suppression.level for table in tables), key=list(oracle.LEVELS).index)
            rules = MaskingRules.of(rulebook, level, show_reason=source.random() < 0.5)
            protections = [_at_random(system, rules, source) for system in build_systems(tables)]
            if any(np.count_nonzero(one.status >= Status.SMALL) > FEW for one in protections):
                continue
            results = [masked(table, at, protections, rulebook) for at, table in enumerate(tables)]
            proof = read_proof(proof_bytes(protections), "proof")
            proved = verify(tables, [one.frame for one in results], rulebook, proof).proved
            outcomes[proved] += 1
            if proved:
                hidden, _ = hidden_cells(problem, results)
                reader = oracle.Reader(knowledge, hidden, rules.show_reason)
                assert oracle.unprotected(reader, level) == [], problem
        assert min(outcomes.values()) >= 3, "too few of either to tell anything"


def _small_problem(source):
    from .problems import random_problem

    while True:
        problem = random_problem(source)
        if sum(len(table.rows) * len(table.measures) for table in problem.tables) <= 30:
            return problem


def _at_random(system, rules, source):
    """Hide cells at random, and take each change of them by at most one that keeps all sums, as often as may be."""
    status = system.initial_status(rules)
    share = source.choice([0.3, 0.6, 1.0])
    for cell in np.flatnonzero(status == Status.OPEN).tolist():
        if source.random() < share:
            status[cell] = Status.COMPLEMENTARY
    cells = np.flatnonzero(status >= Status.SMALL)
    moves = []
    if 0 < len(cells) <= FEW:
        changes = np.array(list(itertools.product((-1, 0, 1), repeat=len(cells))))
        kept = changes[~(system.matrix[:, cells] @ changes.T).any(axis=0)]
        moves = [one for one in kept if one.any() and one[np.flatnonzero(one)[0]] > 0]
    start, deltas, where, low, high = [0], [], [], [], []
    for move in moves:
        changed = np.flatnonzero(move)
        where += cells[changed].tolist()
        deltas += move[changed].tolist()
        start.append(len(where))
        values = system.values[cells[changed]]
        down = int(min(np.where(move[changed] > 0, values, 30) - 1))
        low.append(-source.choice([min(down, 3), 1, 0]))
        high.append(source.choice([1, 2, 0]))
    arrays = (np.array(one, dtype=np.int64) for one in (start, where, deltas, low, high))
    return Protection(system, rules, status, Proof(*arrays))


class TestTheFile:
    def test_names_cells_by_release_count_and_categories(self, rulebook):
        _, protections = mask_and_prove([grid([[5, 20, 30], [14, 17, 40], [33, 21, 15]])], rulebook)
        table = proof_table(protections).to_pandas()
        assert list(table.columns) == ["move", "low", "high", "release", "measure", "at.a", "at.b", "delta"]
        assert set(table["release"]) == {"r"}
        assert set(table["measure"]) == {"n"}
        assert "A1 B1" in set(table["at.a"].astype(str) + " " + table["at.b"].astype(str))

    def test_tells_a_margin_without_a_label_by_an_empty_category(self, rulebook):
        rows = [{"a": a, "b": b, "n": n} for a, line in zip("xyz", [[2, 3], [3, 3], [50, 60]], strict=True)
                for b, n in zip("pq", line, strict=True)]  # fmt: skip
        _, protections = mask_and_prove([bound(rows, {"a": dimension(), "b": dimension()})], rulebook)
        table = proof_table(protections).to_pandas()
        assert table["at.b"].isna().any()

    def test_is_the_same_bytes_for_the_same_tables(self, rulebook):
        tables = [grid([[5, 20, 30], [12, 7, 40], [33, 21, 15]])]
        once, again = (proof_bytes(mask_and_prove(tables, rulebook)[1]) for _ in range(2))
        assert once == again

    def test_holds_no_statistics_of_its_columns(self, rulebook):
        data = proof_bytes(mask_and_prove([grid([[5, 20, 30], [12, 7, 40], [33, 21, 15]])], rulebook)[1])
        column = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).column(0)
        assert not column.is_stats_set

    def test_of_nothing_has_the_same_columns_and_no_line(self):
        table = proof_table([])
        assert table.num_rows == 0
        assert {"move", "low", "high", "release", "measure", "delta"} == set(table.column_names)

    def test_of_linked_tables_is_one_with_a_line_for_each_table_that_has_the_cell(self, rulebook):
        cells = {("x", "p"): 4, ("x", "q"): 30, ("y", "p"): 15, ("y", "q"): 40, ("z", "p"): 20, ("z", "q"): 25}
        first = bound(
            [{"a": a, "b": b, "n": n} for (a, b), n in cells.items()],
            {"a": dimension(), "b": dimension()}, release="first", links=["second"],
        )  # fmt: skip
        sums = {a: sum(n for (one, _), n in cells.items() if one == a) for a in "xyz"}
        second = bound(
            [{"a": a, "n": n} for a, n in sums.items()], {"a": dimension()}, release="second", links=["first"]
        )
        tables = [first, second]
        results, protections = mask_and_prove(tables, rulebook)
        proof = read_proof(proof_bytes(protections), "proof")
        assert verify(tables, [one.frame for one in results], rulebook, proof).proved
        of_second = proof[proof["release"] == "second"]
        assert of_second["at.b"].isna().all()
        if len(of_second):
            less = proof.drop(index=of_second.index[0])
            assert not verify(tables, [one.frame for one in results], rulebook, less).proved

    def test_of_several_counts_numbers_moves_through(self, rulebook):
        table = grid([[5, 20, 30], [12, 7, 40], [33, 21, 15]])
        _, [protection] = mask_and_prove([table], rulebook)
        twice = proof_table([protection, replace(protection)]).to_pandas()
        assert sorted(set(twice["move"])) == list(range(2 * len(protection.proof)))
