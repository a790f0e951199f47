"""Checking a proof: what holds is accepted, and whatever is wrong with proof or table is found and named."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddg_pipeline.audit.verify import Rule, verify, verify_unmasked
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import load_rulebook

EDITION = load_rulebook("calhhs-ddg-2.0")
SMALL = ("1", "Cell suppressed for small numbers")
COMPLEMENTARY = ("2", "Cell suppressed as complementary to a small number")
EITHER = ("1", EDITION.annotations.hidden.description)
GONE = ("3", "No data available")

#            B1  B2  B3
INNER = [[5, 20, 30], [14, 17, 40], [33, 21, 15]]  # A1, A2, A3


def grid(inner=INNER):
    """Give rows with all margins."""
    wide = [[*row, sum(row)] for row in inner]
    wide.append([sum(column) for column in zip(*wide, strict=True)])
    rows = [f"A{i}" for i in range(1, len(inner) + 1)] + ["Total"]
    columns = [f"B{j}" for j in range(1, len(inner[0]) + 1)] + ["Total"]
    return [
        {"a": a, "b": b, "n": value}
        for a, line in zip(rows, wide, strict=True)
        for b, value in zip(columns, line, strict=True)
    ]


def table(rows, dimensions=None, *, measures=None, release="r", **contract):
    declared = dimensions or {"a": {"total": "Total"}, "b": {"total": "Total"}}
    raw = {
        "release": release,
        "title": "A table",
        "dimensions": {name: {"variable": "other", "groups": 4} | one for name, one in declared.items()},
        "measures": measures or {"n": {"kind": "count"}},
        **contract,
    }
    return bind(parse_contract(raw, release), pd.DataFrame(rows), place=f"{release}.csv")


def publish(bound, hidden, measures=("n",)):
    """Hide cells: by categories, the code that stands beside each."""
    frame = bound.frame.astype(str).astype(object)
    names = list(bound.contract.dimensions)
    for measure in measures:
        cells = list(frame[names].itertuples(index=False, name=None))
        frame.loc[[cell in hidden for cell in cells], measure] = ""
        frame[f"{measure}_annotation_code"] = [hidden.get(cell, ("", ""))[0] for cell in cells]
        frame[f"{measure}_annotation_description"] = [hidden.get(cell, ("", ""))[1] for cell in cells]
    return frame


def moves(*each, release="r", measure="n", dimensions=("a", "b")):
    """Write out moves: how often backwards and forwards, and by how much each cell changes."""
    lines = [
        {"move": number, "low": low, "high": high, "release": release, "measure": measure}
        | {f"at.{name}": label for name, label in zip(dimensions, cell, strict=True)}
        | {"delta": delta}
        for number, (low, high, changes) in enumerate(each)
        for cell, delta in changes.items()
    ]
    return pd.DataFrame(lines)


SQUARE = {("A1", "B1"): 1, ("A1", "B2"): -1, ("A2", "B1"): -1, ("A2", "B2"): 1}
HIDDEN = {("A1", "B1"): SMALL} | dict.fromkeys([("A1", "B2"), ("A2", "B1"), ("A2", "B2")], COMPLEMENTARY)


def check(proof, *, hidden=HIDDEN, rows=None, published=None, **contract):
    bound = table(rows or grid(), **contract)
    frame = publish(bound, hidden) if published is None else published
    return verify([bound], [frame], EDITION, proof)


def rules_broken(found):
    return set(found.counted)


class TestWhatHolds:
    @pytest.mark.parametrize(("level", "low", "high"), [("exact", 0, 1), ("ddg", -1, 1)])
    def test_a_move_that_leaves_as_many_values_as_the_level_asks_for_is_a_proof(self, level, low, high):
        found = check(moves((low, high, SQUARE)), suppression={"level": level})
        assert found.proved
        assert (found.level, found.moves, found.hidden, found.protected) == (level, 1, 4, 1)

    def test_several_moves_together_may_give_every_small_value(self):
        # the square can be taken forwards three times only; another one has to do the rest
        other = {("A1", "B1"): 1, ("A1", "B3"): -1, ("A3", "B1"): -1, ("A3", "B3"): 1}
        hidden = HIDDEN | dict.fromkeys([("A1", "B3"), ("A3", "B1"), ("A3", "B3")], COMPLEMENTARY)
        full = {"suppression": {"level": "full"}}
        assert check(moves((-4, 3, SQUARE), (-4, 5, other)), hidden=hidden, **full).proved
        assert rules_broken(check(moves((-4, 3, SQUARE)), hidden=hidden, **full)) == {Rule.VALUES}
        assert rules_broken(check(moves((-4, 3, SQUARE), (0, 4, other)), hidden=hidden, **full)) == {Rule.VALUES}

    def test_a_row_may_stand_anywhere_in_the_published_table(self):
        frame = publish(table(grid()), HIDDEN).iloc[::-1]
        assert check(moves((-1, 1, SQUARE)), published=frame).proved

    def test_where_reasons_are_hidden_a_small_count_may_be_taken_for_a_large_one(self):
        either = dict.fromkeys(HIDDEN, EITHER)
        assert check(moves((-4, 13, SQUARE)), hidden=either).proved
        assert rules_broken(check(moves((-4, 14, SQUARE)), hidden=either)) == {Rule.BOUNDS}

    def test_a_table_without_small_counts_needs_no_move(self):
        nothing = moves((0, 0, SQUARE)).iloc[:0]
        assert check(nothing, hidden={}, rows=grid([[20, 30], [40, 50]])).proved

    def test_people_in_none_of_a_totals_parts_are_a_part_that_no_table_shows(self):
        rows = [{"a": "A1", "n": 4}, {"a": "A2", "n": 30}, {"a": "Total", "n": 54}]
        bound = table(rows, {"a": {"total": "Total"}})
        frame = publish(bound, {("A1",): SMALL})
        change = {("A1",): 1, ("(in none of the parts of Total)",): -1}
        assert verify([bound], [frame], EDITION, moves((-1, 1, change), dimensions="a")).proved
        alone = verify([bound], [frame], EDITION, moves((-1, 1, {("A1",): 1}), dimensions="a"))
        assert rules_broken(alone) == {Rule.BALANCE}

    def test_what_a_total_counts_beyond_its_parts_has_to_be_protected_where_it_is_small(self):
        rows = [{"a": "A1", "n": 20}, {"a": "A2", "n": 30}, {"a": "Total", "n": 54}]
        bound = table(rows, {"a": {"total": "Total"}})
        found = verify([bound], [publish(bound, {})], EDITION, moves((0, 0, {("A1",): 1}), dimensions="a").iloc[:0])
        [fault] = found.faults
        assert fault.rule is Rule.VALUES
        assert str(fault.cell) == "r: n at a=(in none of the parts of Total)"

    def test_a_row_without_a_count_holds_what_the_proof_takes_it_to_hold(self):
        rows = [{"a": "A1", "n": 4}, {"a": "A2", "n": None}, {"a": "A3", "n": 30}, {"a": "Total", "n": 49}]
        bound = table(rows, {"a": {"total": "Total"}})
        frame = publish(bound, {("A1",): SMALL, ("A2",): GONE})
        assumed = moves((0, 0, {("A2",): 15}), dimensions="a").assign(move=-1)
        proof = pd.concat([assumed, moves((-1, 1, {("A1",): 1, ("A2",): -1}), dimensions="a")])
        assert verify([bound], [frame], EDITION, proof).proved
        with pytest.raises(InputErrors, match="no counts explain"):
            verify([bound], [frame], EDITION, pd.concat([assumed.assign(delta=16), proof.iloc[1:]]))
        shown = assumed.assign(**{"at.a": "A3"})
        with pytest.raises(InputErrors, match="have a count"):
            verify([bound], [frame], EDITION, pd.concat([shown, proof]))


class TestForgeries:
    def test_a_move_that_changes_a_sum(self):
        found = check(moves((-1, 1, {("A1", "B1"): 1, ("A1", "B2"): -1})))
        assert rules_broken(found) == {Rule.BALANCE}
        assert {str(fault.cell) for fault in found.faults} == {"r: n at a=Total, b=B1", "r: n at a=Total, b=B2"}

    def test_a_delta_that_is_off_by_one(self):
        assert Rule.BALANCE in rules_broken(check(moves((-1, 1, SQUARE | {("A2", "B2"): 2}))))

    def test_a_line_that_is_missing(self):
        for line in range(4):
            assert Rule.BALANCE in rules_broken(check(moves((-1, 1, SQUARE)).drop(index=line)))

    def test_a_move_that_changes_a_cell_which_is_shown(self):
        shown = {cell: code for cell, code in HIDDEN.items() if cell != ("A2", "B2")}
        found = check(moves((-1, 1, SQUARE)), hidden=shown)
        assert rules_broken(found) == {Rule.KNOWN}
        assert [str(fault.cell) for fault in found.faults] == ["r: n at a=A2, b=B2"]

    def test_a_move_through_a_margin_that_no_table_carries(self):
        rows = [row for row in grid() if row["a"] != "Total"]
        change = {("A1", "B1"): 1, ("A1", "B2"): -1, (None, "B1"): 1, (None, "B2"): -1}
        declared = {"a": {}, "b": {"total": "Total"}}
        bound = table(rows, declared)
        found = verify([bound], [publish(bound, HIDDEN)], EDITION, moves((-1, 1, change)))
        assert rules_broken(found) == {Rule.KNOWN}
        assert {str(fault.cell) for fault in found.faults} == {"r: n at a=(total), b=B1", "r: n at a=(total), b=B2"}

    @pytest.mark.parametrize(("low", "high"), [(-5, 3), (-4, 4), (-1, 6)])
    def test_a_move_that_is_taken_once_too_often(self, low, high):
        # A1 B1 is 1 to 10 and A2 B1 11 or more
        assert rules_broken(check(moves((low, high, SQUARE)))) == {Rule.BOUNDS}
        assert check(moves((max(low, -4), min(high, 3), SQUARE))).proved

    def test_a_zero_that_moves(self):
        inner = [[5, 0, 30], [14, 17, 40], [33, 21, 15]]
        hidden = {cell: code for cell, code in HIDDEN.items() if cell != ("A1", "B2")}
        assert Rule.KNOWN in rules_broken(check(moves((-1, 0, SQUARE)), rows=grid(inner), hidden=hidden))

    def test_a_small_cell_without_alternatives(self):
        inner = [[5, 20, 30], [14, 17, 40], [33, 21, 7]]
        found = check(moves((-1, 1, SQUARE)), rows=grid(inner), hidden=HIDDEN | {("A3", "B3"): SMALL})
        assert rules_broken(found) == {Rule.VALUES}
        assert [str(fault.cell) for fault in found.faults] == ["r: n at a=A3, b=B3"]

    def test_one_value_too_few(self):
        assert rules_broken(check(moves((0, 1, SQUARE)))) == {Rule.VALUES}
        assert rules_broken(check(moves((0, 1, SQUARE), (0, 1, SQUARE)))) == {Rule.VALUES}

    def test_a_label_that_there_is_not(self):
        proof = moves((-1, 1, SQUARE))
        found = check(proof.assign(**{"at.b": proof["at.b"].replace("B2", "b2")}))
        assert {Rule.CELL, Rule.BALANCE} <= rules_broken(found)
        assert {fault.line for fault in found.faults if fault.rule is Rule.CELL} == {2, 4}

    @pytest.mark.parametrize("column", ["release", "measure"])
    def test_a_proof_of_another_table(self, column):
        found = check(moves((-1, 1, SQUARE)).assign(**{column: "other"}))
        assert rules_broken(found) == {Rule.CELL, Rule.VALUES}

    def test_a_proof_of_the_same_table_with_other_counts(self):
        inner = [[9, 20, 30], [14, 17, 40], [33, 21, 15]]
        assert rules_broken(check(moves((-4, 3, SQUARE)), rows=grid(inner))) == {Rule.BOUNDS}

    def test_lines_of_one_move_that_disagree_on_how_often_it_is_taken(self):
        proof = moves((-1, 1, SQUARE))
        proof.loc[2, "high"] = 2
        assert Rule.LINES in rules_broken(check(proof))
        for low, high in ((1, 2), (-2, -1)):  # the truth has to be among the tables
            assert Rule.LINES in rules_broken(check(moves((low, high, SQUARE))))

    def test_a_line_that_stands_there_twice_or_changes_nothing(self):
        proof = moves((-1, 1, SQUARE))
        assert rules_broken(check(pd.concat([proof, proof.iloc[:1]]))) == {Rule.LINES}
        assert Rule.LINES in rules_broken(check(pd.concat([proof, proof.iloc[:1].assign(delta=-1)])))
        assert Rule.LINES in rules_broken(check(moves((-1, 1, SQUARE | {("A3", "B3"): 0}))))

    def test_numbers_too_large_for_exact_products(self):
        for column in ("delta", "high", "low"):
            with pytest.raises(InputErrors, match="out of any range"):
                check(moves((-1, 1, SQUARE)).assign(**{column: 1 << 40}))
            with pytest.raises(InputErrors, match="whole numbers"):
                check(moves((-1, 1, SQUARE)).assign(**{column: 0.5}))


class TestTheTableItself:
    def test_a_small_count_that_is_shown(self):
        found = check(moves((-1, 1, SQUARE)), hidden={})
        assert {Rule.HIDDEN, Rule.KNOWN} == rules_broken(found)

    def test_a_figure_that_is_not_the_true_one(self):
        frame = publish(table(grid()), HIDDEN)
        frame.loc[(frame["a"] == "A3") & (frame["b"] == "B1"), "n"] = "34"
        found = check(moves((-1, 1, SQUARE)), published=frame)
        assert [(fault.rule, str(fault.cell)) for fault in found.faults] == [(Rule.TRUE, "r: n at a=A3, b=B1")]

    @pytest.mark.parametrize(
        "code", [("2", COMPLEMENTARY[1]), ("", ""), ("3", "No data available"), ("9", "Not known to the rulebook")]
    )
    def test_a_code_that_does_not_fit(self, code):
        assert Rule.EXPLAINED in rules_broken(check(moves((-1, 1, SQUARE)), hidden=HIDDEN | {("A1", "B1"): code}))

    def test_a_zero_that_is_hidden(self):
        inner = [[5, 20, 0], [14, 17, 40], [33, 21, 15]]
        hidden = HIDDEN | {("A1", "B3"): COMPLEMENTARY}
        assert Rule.EXPLAINED in rules_broken(check(moves((-1, 1, SQUARE)), rows=grid(inner), hidden=hidden))

    def test_rows_that_are_missing_or_new(self):
        frame = publish(table(grid()), HIDDEN)
        for wrong in (frame.iloc[1:], pd.concat([frame, frame.iloc[:1]]), frame.replace({"a": {"A3": "A4"}})):
            with pytest.raises(InputErrors, match=r"rows, which are not those|which the true table does not have"):
                check(moves((-1, 1, SQUARE)), published=wrong)

    def test_a_rate_beside_a_hidden_count(self):
        measures = {
            "n": {"kind": "count"},
            "rate": {"kind": "rate", "numerator": "n", "denominator": "people", "per": 100, "decimals": 1},
        }
        rows = [row | {"people": 1000, "rate": row["n"] / 10 + 0.01} for row in grid()]
        bound = table(rows, measures=measures)
        frame = publish(bound, HIDDEN, ("n", "rate"))
        proof = moves((-1, 1, SQUARE))
        assert verify([bound], [frame], EDITION, proof).proved
        frame.loc[0, "rate"] = "0.5"
        found = verify([bound], [frame], EDITION, proof)
        assert [(fault.rule, str(fault.cell)) for fault in found.faults] == [(Rule.TIED, "r: rate at a=A1, b=B1")]
        frame.loc[0, "rate"] = ""
        frame.loc[2, "rate"] = "3.2"
        assert rules_broken(verify([bound], [frame], EDITION, proof)) == {Rule.TRUE}

    def test_a_table_that_may_be_released_as_it_is_shows_everything(self):
        bound = table(grid())
        assert verify_unmasked([bound], [publish(bound, {})], EDITION).proved
        assert rules_broken(verify_unmasked([bound], [publish(bound, HIDDEN)], EDITION)) == {Rule.RELEASED}

    def test_figures_never_stand_in_what_is_found(self):
        inner = [[7, 20023, 30029], [14033, 17041, 40037], [33049, 21053, 15061]]
        found = check(moves((-20, 20, SQUARE | {("A2", "B2"): 3})), rows=grid(inner))
        told = f"{found.to_json_dict()} {found.summary()} {[str(fault) for fault in found.faults]}"
        assert len(rules_broken(found)) >= 2
        for value in [v for row in inner for v in row if v > 100]:
            assert str(value) not in told


class TestSeveralTables:
    def tables(self):
        links = {"links": ["s"]}
        sexes = [row for row in grid() if row["a"] == "Total"]
        first = table(grid(), **links)
        second = table([{"b": row["b"], "n": row["n"]} for row in sexes], {"b": {"total": "Total"}}, release="s")
        return first, second

    def test_a_cell_of_two_tables_has_a_line_for_each(self):
        first, second = self.tables()
        small = [[1, 20, 30], [2, 17, 40], [2, 21, 15]]
        first = replace(first, frame=table(grid(small)).frame)
        second = replace(second, frame=second.frame.assign(n=[5, 58, 85, 148]))
        hidden = {("A1", "B1"): SMALL, ("A2", "B1"): SMALL, ("A3", "B1"): SMALL, ("Total", "B1"): SMALL}
        hidden |= dict.fromkeys([(a, "B2") for a in ("A1", "A2", "A3", "Total")], COMPLEMENTARY)
        shown = publish(first, hidden), publish(second, {("B1",): SMALL, ("B2",): COMPLEMENTARY})
        up = [
            (0, 2, {(a, "B1"): 1, (a, "B2"): -1, ("Total", "B1"): 1, ("Total", "B2"): -1}) for a in ("A1", "A2", "A3")
        ]
        own = moves(*up)
        other = pd.concat(
            [
                moves((0, 2, {("B1",): 1, ("B2",): -1}), release="s", dimensions="b").assign(move=number)
                for number in range(3)
            ]
        )
        whole = pd.concat([own, other]).sort_values("move", kind="stable")
        assert verify([first, second], shown, EDITION, whole).proved
        assert rules_broken(verify([first, second], shown, EDITION, own)) == {Rule.LINES}
        open_there = shown[0], publish(second, {})
        found = verify([first, second], open_there, EDITION, whole)
        assert {Rule.HIDDEN, Rule.KNOWN} == rules_broken(found)

    def test_measures_joined_by_an_identity_move_together(self):
        rows = [{"a": f"A{i}", "m": m, "n": n, "all": m + n} for i, (m, n) in enumerate([(4, 20), (15, 30), (40, 50)])]
        rows.append({"a": "Total"} | {name: sum(row[name] for row in rows) for name in ("m", "n", "all")})
        counts = {name: {"kind": "count"} for name in ("m", "n", "all")}
        bound = table(rows, {"a": {"total": "Total"}}, measures=counts, identities=["m + n = all"])
        hidden = {"m": {("A0",): SMALL, ("A1",): COMPLEMENTARY}}
        hidden["n"] = hidden["all"] = dict.fromkeys([("A0",), ("A1",)], COMPLEMENTARY)
        frame = publish(bound, hidden["m"], ("m",))
        for name in ("n", "all"):
            own = publish(bound, hidden[name], (name,))
            columns = [column for column in own.columns if column.startswith(f"{name}_")]
            frame[name], frame[columns] = own[name], own[columns]
        change = {("A0",): 1, ("A1",): -1}
        alone = moves((-1, 1, change), measure="m", dimensions="a")
        against = moves((-1, 1, {cell: -delta for cell, delta in change.items()}), measure="n", dimensions="a")
        assert verify([bound], [frame], EDITION, pd.concat([alone, against])).proved
        found = verify([bound], [frame], EDITION, alone)
        assert rules_broken(found) == {Rule.BALANCE}


class TestReading:
    def test_a_file_that_is_cut_off_or_none(self):
        stream = io.BytesIO()
        pq.write_table(pa.Table.from_pandas(moves((-1, 1, SQUARE)), preserve_index=False), stream)
        whole = stream.getvalue()
        assert check(read_proof(whole, "p")).proved
        for wrong in (whole[:-9], whole[: len(whole) // 2], whole[9:], b"", b"move,low\n"):
            with pytest.raises(InputErrors, match="no whole Parquet file"):
                read_proof(wrong, "p")

    def test_a_table_that_is_no_proof(self):
        with pytest.raises(InputErrors, match="no release, measure"):
            check(moves((-1, 1, SQUARE)).drop(columns=["release", "measure"]))

    def test_lines_in_any_order(self):
        rng = np.random.default_rng(5)
        proof = moves((-1, 1, SQUARE), (-1, 0, SQUARE))
        assert check(proof.iloc[rng.permutation(len(proof))].reset_index(drop=True)).proved
