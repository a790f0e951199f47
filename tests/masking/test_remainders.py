"""People whom a margin counts and none of its parts, and counts that are missing."""

import itertools
import random

import numpy as np
import pytest

from ddg_pipeline.audit.verify import verify
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import MaskingRules, mask, mask_and_prove, proof_bytes, unmasked
from ddg_pipeline.masking.remainders import RemainderLabel
from ddg_pipeline.masking.system import Status, build_systems
from ddg_pipeline.preparation import attack

from .build import bound, dimension, hidden
from .problems import random_problem


def table(counts, **contract):
    """Two dimensions with totals; what is None has no figure, what is absent no row."""
    rows = [{"a": a, "b": b, "n": n} for (a, b), n in counts.items()]
    return bound(rows, {"a": dimension(total="T"), "b": dimension(total="T")}, **contract)


def filled(a, b, counts):
    """All rows of two dimensions, with margins that count everybody."""
    total = {(i, j): n for (i, j), n in zip([(i, j) for i in a for j in b], counts, strict=True)}
    total |= {(i, "T"): sum(total[i, j] for j in b) for i in a}
    total |= {("T", j): sum(total[i, j] for i in a) for j in b}
    return total | {("T", "T"): sum(counts)}


def status_at(system, rules):
    """What becomes of each cell before any complementary suppression, by its labels; the name of remainders is *."""
    [cube] = system.cubes
    found = {}
    for nodes in np.ndindex(cube.ids.shape):
        labels = [axis.labels[node] for axis, node in zip(cube.axes, nodes, strict=True)]
        key = tuple("*" if isinstance(label, RemainderLabel) else label for label in labels)
        found[key] = Status(system.initial_status(rules)[cube.ids[nodes]]), int(system.values[cube.ids[nodes]])
    return found


def proved(tables, masked, protections, rulebook):
    proof = read_proof(proof_bytes(protections), "proof")
    return verify(tables, [one.frame for one in masked], rulebook, proof).proved


def with_gaps(source):
    """Tabulate people, of some of whom a category is not known; leave out rows and counts."""
    declared, holding = {}, []
    for name in "abc"[: source.choice([1, 2, 2, 3])]:
        leaves = [f"{name}{number}" for number in range(source.randint(2, 4))]
        holds = {leaf: {leaf} for leaf in leaves} | {"T": {*leaves, "?"}}
        groups = {"P": leaves[:2], "Q": leaves[1:3]} if len(leaves) > 2 else {}
        groups = dict(list(groups.items())[: source.choice([0, 1, 2])])
        declared[name] = dimension(hierarchy=[{"tree": {group: parts}} for group, parts in groups.items()])
        holding.append(holds | {group: set(parts) for group, parts in groups.items()})
    people = {
        cell: 0 if source.random() < (0.75 if "?" in cell else 0.15) else source.choice([4, 9, 17, 25, 60])
        for cell in itertools.product(*(sorted(holds["T"]) for holds in holding))
    }
    margins_left_out, leaves_left_out, missing = (source.choice([0, 0.1, 0.3]) for _ in range(3))
    kept = {tuple(list(holds)[min(at, len(holds["T"]) - 2)] for holds in holding) for at in range(4)}
    rows = []
    for cell in itertools.product(*holding):
        inside = [holds[label] for holds, label in zip(holding, cell, strict=True)]
        count = sum(
            n for one, n in people.items() if all(label in part for label, part in zip(one, inside, strict=True))
        )
        is_leaf = all(len(part) == 1 for part in inside)
        if cell in kept or source.random() >= (leaves_left_out if is_leaf else margins_left_out):
            rows.append(dict(zip(declared, cell, strict=True)) | {"n": None if source.random() < missing else count})
    rows.append(dict.fromkeys(declared, "T") | {"n": sum(people.values())})
    rows = list({tuple(row[name] for name in declared): row for row in rows}.values())
    return bound(rows, {name: one | {"total": "T"} for name, one in declared.items()})


@pytest.fixture(scope="module")
def rules(rulebook):
    return MaskingRules.of(rulebook, "ddg", True)


class TestARemainder:
    def test_is_a_cell_that_has_to_be_protected_where_it_is_small(self, rules):
        counts = filled(["A", "B", "C"], ["x", "y", "z"], [40, 50, 60, 70, 80, 90, 30, 20, 60])
        # five people in T, y and none of A, B, C
        counts["T", "y"] += 5
        counts["T", "T"] += 5
        [system] = build_systems([table(counts)], rules)
        found = status_at(system, rules)
        assert found["*", "y"] == (Status.SMALL, 5)
        assert found["*", "T"] == (Status.SMALL, 5)
        assert found["*", "x"] == (Status.ZERO, 0)

    def test_is_protected_by_hiding_cells_of_the_table(self, rulebook):
        counts = filled(["A", "B", "C"], ["x", "y", "z"], [40, 50, 60, 70, 80, 90, 30, 20, 60])
        for at, n in {("T", "x"): 30, ("T", "y"): 5, ("T", "z"): 25, ("T", "T"): 60}.items():
            counts[at] += n
        [masked] = mask([table(counts)], rulebook)
        # else 150 + 5 in column y would tell the five
        assert {cell.split()[1] for cell in hidden(masked)} >= {"y"}

    def test_that_is_large_is_open_and_dear(self, rules):
        counts = filled(["A", "B"], ["x", "y"], [40, 50, 60, 70])
        for at in (("T", "x"), ("T", "T")):
            counts[at] += 500
        [system] = build_systems([table(counts)], rules)
        assert status_at(system, rules)["*", "x"] == (Status.OPEN, 500)
        [cube] = system.cubes
        assert system.costs[cube.ids[2, 0]] > 1000 * system.costs[cube.row_ids].max()

    def test_of_two_dimensions_at_once_balances_along_both(self, rules):
        counts = filled(["A", "B"], ["x", "y"], [40, 50, 60, 70])
        counts["A", "T"] += 20  # of A, but of unknown b
        counts["T", "x"] += 30  # of x, but of unknown a
        counts["T", "T"] += 20 + 30 + 15  # fifteen of whom neither is known
        [system] = build_systems([table(counts)], rules)
        found = status_at(system, rules)
        assert found["*", "*"][1] == 15
        assert (found["A", "*"][1], found["*", "x"][1], found["*", "T"][1], found["T", "*"][1]) == (20, 30, 45, 35)
        assert not (system.matrix @ system.values).any()

    def test_where_no_part_is_shown_is_the_margin_itself_and_as_cheap_to_hide(self, rules):
        counts = filled(["A", "B"], ["x", "y"], [40, 50, 60, 70])
        counts["T", "x"] += 20
        counts["T", "T"] += 20 + 33
        counts["T", "z"] = 33  # nothing is shown of z but the total
        [system] = build_systems([table(counts)], rules)
        assert status_at(system, rules)["*", "z"] == (Status.OPEN, 33)
        assert system.costs[system.cubes[0].ids[2, 2]] == 1

    def test_has_a_name_that_no_category_has(self, rules):
        name = "(in none of the parts of T)"
        counts = {("A", "x"): 40, (name, "x"): 50, ("T", "x"): 120}
        [system] = build_systems([table(counts | {(a, "T"): n for (a, _), n in counts.items()})], rules)
        labels = system.cubes[0].axes[0].labels
        assert len(set(labels)) == len(labels) == 4

    def test_of_rows_that_are_left_out_is_found_there(self, rules):
        counts = filled(["A", "B"], ["x", "y"], [40, 50, 60, 7])
        del counts["B", "y"]
        [system] = build_systems([table(counts)], rules)
        found = status_at(system, rules)
        assert found["B", "y"] == (Status.SMALL, 7)
        assert not (system.matrix @ system.values).any()

    def test_is_looked_for_under_margins_that_the_table_carries(self, rulebook):
        counts = {
            ("T", "x"): 119, ("T", "y"): 50, ("A", "x"): 58, ("A", "z"): 10, ("A", "T"): 68, ("B", "x"): 51,
            ("B", "y"): 34, ("B", "T"): 128, ("C", "x"): 10, ("C", "y"): 11, ("C", "z"): 30, ("C", "T"): 51,
        }  # fmt: skip
        masked, protections = mask_and_prove([table(counts)], rulebook)
        # 43 of B are in z, which is left out there; in none of x, y and z they would not fit the sum over A, B and C
        [cube] = protections[0].system.cubes
        assert protections[0].system.values[cube.ids[1, 2]] == 43
        assert proved([table(counts)], masked, protections, rulebook)

    def test_under_a_margin_that_the_table_does_not_carry_is_an_error(self, rules):
        counts = {("A", "x"): 40, ("A", "y"): 50, ("B", "x"): 60, ("B", "y"): 70}
        counts |= {("T", "x"): 120, ("T", "y"): 120, ("A", "T"): 105, ("B", "T"): 130}
        with pytest.raises(InputErrors, match="carry the totals and groups above"):
            build_systems([table(counts)], rules)
        [system] = build_systems([table(counts | {("T", "T"): 255})], rules)
        assert status_at(system, rules)["*", "T"] == (Status.OPEN, 20)

    def test_of_rows_that_are_left_out_below_a_group_is_found_there(self, rules):
        counts = {
            ("A", "x"): 40, ("A", "Q"): 5, ("B", "x"): 70, ("B", "y"): 20, ("B", "z"): 30, ("B", "Q"): 50,
            ("T", "x"): 110, ("T", "y"): 22, ("T", "z"): 33, ("T", "Q"): 55,
        }  # fmt: skip
        rows = [{"a": a, "b": b, "n": n} for (a, b), n in counts.items()]
        grouped = dimension(hierarchy={"tree": {"Q": ["y", "z"]}})
        [system] = build_systems([bound(rows, {"a": dimension(total="T"), "b": grouped})], rules)
        found = status_at(system, rules)
        assert (found["A", "y"][1], found["A", "z"][1]) == (2, 3)
        assert not (system.matrix @ system.values).any()

    def test_that_nobody_can_be_in_is_an_error_by_coordinate(self, rules):
        counts = {("A", "x"): 40, ("A", "T"): 60, ("T", "x"): 70, ("T", "T"): 71}
        with pytest.raises(InputErrors, match="in a way that no counts explain"):
            build_systems([table(counts)], rules)

    def test_makes_every_sum_hold_where_rows_and_counts_are_left_out(self, rules):
        built = 0
        for seed in range(200):
            gappy = with_gaps(random.Random(seed))
            try:
                systems = build_systems([gappy], rules)
            except InputErrors:
                continue  # the margins that are left contradict each other
            built += 1
            for system in systems:
                assert not (system.matrix @ system.values).any(), seed
                assert (system.values >= 0).all(), seed
        assert built > 150

    @pytest.mark.parametrize("seed", range(24))
    def test_is_part_of_a_proof_that_others_can_check(self, seed, rulebook):
        gappy = with_gaps(random.Random(seed))
        try:
            masked, protections = mask_and_prove([gappy], rulebook)
        except (InputErrors, RefusedError):
            return
        assert proved([gappy], masked, protections, rulebook)

    @pytest.mark.parametrize("seed", range(60))
    def test_makes_every_sum_hold_in_any_table(self, seed, rules):
        for system in build_systems(random_problem(random.Random(seed)).bound(), rules):
            assert not (system.matrix @ system.values).any()
            assert (system.values >= 0).all()

    def test_in_a_margin_that_no_table_carries_is_not_taken_for_public(self, rulebook):
        # x and y together are 12 people, somebody publishes that; of these, 11 are in none of the parts of T, which
        # nobody publishes: it would tell the 1 in B
        rows = [{"a": a, "b": b, "n": n} for a, b, n in [("B", "y", 1), ("T", "x", 11), ("T", "y", 1)]]
        declared = {"a": dimension(total="T"), "b": dimension()}
        one = bound(rows, declared, suppression={"level": "exact", "show_reason": False})
        [masked] = mask([one], rulebook)
        assert hidden(masked) == ["B y", "T x", "T y"]
        assert attack([one], [masked.frame], rulebook, reasons_shown=False).safe


COUNTS = {("A", "x"): 40, ("A", "y"): None, ("B", "x"): 60, ("B", "y"): 70}


class TestAMissingCount:
    def with_totals(self, missing, **more):
        full = filled(["A", "B"], ["x", "y"], [40, missing, 60, 70])
        return full | {("A", "y"): None} | more

    def test_is_published_as_no_data_available(self, rulebook):
        row = unmasked(table(COUNTS | {("T", "T"): 900}), rulebook).frame.iloc[1]
        assert (row["n"], row["n_annotation_code"], row["n_annotation_description"]) == ("", "3", "No data available")

    def test_that_no_margin_tells_counts_nobody(self, rules):
        rows = [{"a": a, "b": b, "n": n} for (a, b), n in COUNTS.items()]
        [system] = build_systems([bound(rows, {"a": dimension(), "b": dimension()})], rules)
        assert status_at(system, rules)["A", "y"] == (Status.ZERO, 0)

    def test_that_follows_from_margins_has_to_be_protected_where_it_is_small(self, rules):
        [system] = build_systems([table(self.with_totals(6))], rules)
        assert status_at(system, rules)["A", "y"] == (Status.SMALL, 6)
        assert not (system.matrix @ system.values).any()

    def test_that_follows_from_margins_is_protected_by_hiding_others(self, rulebook):
        [masked] = mask([table(self.with_totals(6))], rulebook)
        assert len(hidden(masked)) >= 4
        [code] = masked.frame.loc[(masked.frame["a"] == "A") & (masked.frame["b"] == "y"), "n_annotation_code"]
        assert code == "3"
        assert masked.counts["n"].small == 0

    def test_beside_others_in_its_row_stands_for_all_of_them(self, rules):
        counts = {"A": 20, "B": None, "C": None, "D": 25, "T": 50}
        rows = [{"a": a, "n": n} for a, n in counts.items()]
        [system] = build_systems([bound(rows, {"a": dimension(total="T")})], rules)
        [cube] = system.cubes
        values = dict(zip(counts, system.values[cube.row_ids].tolist(), strict=True))
        assert sorted((values["B"], values["C"])) == [0, 5]

    def test_is_not_counted_twice_in_margins_that_have_no_row(self, rules):
        counts = {
            ("A0", "B0"): 9, ("A0", "B1"): 40, ("A0", "T"): 49, ("A1", "B0"): 40, ("A1", "B1"): 55, ("A1", "T"): 95,
            ("A2", "B0"): 0, ("A2", "B1"): 2, ("A2", "T"): 2, ("A3", "B0"): None, ("A3", "B1"): 55, ("A3", "T"): 64,
            ("G", "B0"): 49, ("G", "B1"): 95, ("G", "T"): 144, ("T", "B0"): 58, ("T", "B1"): 152, ("T", "T"): None,
        }  # fmt: skip
        rows = [{"a": a, "b": b, "n": n} for (a, b), n in counts.items()]
        groups = dimension(total="T", hierarchy={"tree": {"G": ["A0", "A1"], "H": ["A2", "A3"]}})
        [system] = build_systems([bound(rows, {"a": groups, "b": dimension(total="T")})], rules)
        found = status_at(system, rules)
        assert found["A3", "B0"] == (Status.SMALL, 9)
        assert {cell[1]: value for cell, (_, value) in found.items() if cell[0] == "H"} == {"B0": 9, "B1": 57, "T": 66}
        assert found["T", "T"][1] == 210
        assert not any("*" in cell for cell in found)  # nobody is in none of the parts

    def test_of_a_margin_is_the_sum_of_its_parts(self, rules):
        [system] = build_systems([table(filled(["A", "B"], ["x", "y"], [40, 50, 60, 70]) | {("A", "T"): None})], rules)
        assert status_at(system, rules)["A", "T"] == (Status.KNOWN, 90)

    def test_takes_the_statistics_tied_to_it_along(self, rulebook):
        rows = [{"a": a, "n": n, "rate": r} for a, n, r in [("A", 40, 1.5), ("B", None, 2.5), ("C", 30, 3.5)]]
        measures = {"n": {"kind": "count"}, "rate": {"kind": "rate", "numerator": "n", "per": 100, "decimals": 1}}
        frame = unmasked(bound(rows, {"a": dimension()}, measures), rulebook).frame
        assert frame["rate"].tolist() == ["1.5", "", "3.5"]
        assert frame["rate_annotation_code"].tolist() == ["", "3", ""]

    def test_that_follows_from_an_identity_is_an_error(self, rules):
        rows = [{"a": "A", "n": 20, "m": 30, "k": None}, {"a": "B", "n": 20, "m": 40, "k": 60}]
        measures = {name: {"kind": "count"} for name in "nmk"}
        with pytest.raises(InputErrors, match="from which a missing count can be calculated, at a=A"):
            build_systems([bound(rows, {"a": dimension()}, measures, identities=["n + m = k"])], rules)

    def test_in_every_row_is_an_error(self):
        with pytest.raises(InputErrors, match="no value"):
            bound([{"a": "A", "n": None}], {"a": dimension()})
