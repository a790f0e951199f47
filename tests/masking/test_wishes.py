"""Cells to keep open and to hide, what they cost, and what is public already."""

import pandas as pd
import pytest

from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import MaskingRules, mask
from ddg_pipeline.masking.system import Status, build_systems

from .build import grid, hidden, line

VALUES = [[4, 30, 60, 80], [50, 40, 70, 90], [25, 45, 65, 85]]


@pytest.fixture(scope="module")
def rules(rulebook):
    return MaskingRules.of(rulebook, "ddg", True)


def status(table, rules):
    [system] = build_systems([table], rules)
    [cube] = system.cubes
    names = [" ".join(row) for row in table.frame[list(table.axes)].itertuples(index=False)]
    return dict(zip(names, map(Status, system.initial_status(rules)[cube.row_ids].tolist()), strict=True))


def cost(table, rules):
    [system] = build_systems([table], rules)
    names = [" ".join(row) for row in table.frame[list(table.axes)].itertuples(index=False)]
    return dict(zip(names, system.costs[system.cubes[0].row_ids].tolist(), strict=True))


class TestCellsToKeepOpen:
    def test_are_never_hidden(self, rulebook):
        free = set(hidden(mask([grid(VALUES)], rulebook)[0]))
        [kept] = free & {"A1 B2", "A1 B3", "A1 B4"}
        a, b = kept.split()
        again = set(hidden(mask([grid(VALUES, suppression={"keep": [{"a": a, "b": b}]})], rulebook)[0]))
        assert kept not in again
        assert again

    def test_may_be_named_by_any_of_their_categories(self, rules):
        found = status(grid(VALUES, suppression={"keep": [{"a": ["Total", "A3"]}]}), rules)
        assert {cell for cell, is_ in found.items() if is_ == Status.KNOWN} >= {"A3 B1", "Total B1", "Total Total"}
        assert found["A2 B2"] == Status.OPEN

    def test_cannot_be_small(self, rulebook):
        with pytest.raises(InputErrors, match=r"suppression.keep: found n at a=A1, b=B1, which is a small count"):
            mask([grid(VALUES, suppression={"keep": [{"a": "A1", "b": "B1"}]})], rulebook)

    def test_cannot_be_hidden_too(self, rulebook):
        with pytest.raises(InputErrors, match=r"n at a=A2, b=B2, which `suppression.hide` names too"):
            mask([grid(VALUES, suppression={"keep": [{"a": "A2", "b": "B2"}], "hide": [{"b": "B2"}]})], rulebook)

    @pytest.mark.parametrize("key", ["keep", "hide"])
    def test_have_to_be_in_the_table(self, key):
        with pytest.raises(InputErrors, match=rf"suppression.{key}\[1\].a: found 'A9'"):
            grid(VALUES, suppression={key: [{"a": "A2"}, {"a": ["A2", "A9"]}]})

    @pytest.mark.parametrize("key", ["keep", "hide"])
    def test_are_named_by_dimensions(self, key):
        with pytest.raises(InputErrors, match=rf"suppression.{key}\[0\].c: found .A2.; is not a dimension"):
            grid(VALUES, suppression={key: [{"c": "A2"}]})

    def test_are_named_where_they_make_protection_impossible(self, rulebook):
        kept = [{"b": ["B2", "B3", "B4", "Total"]}]
        with pytest.raises(RefusedError) as caught:
            mask([grid(VALUES, suppression={"keep": kept})], rulebook)
        text = str(caught.value)
        assert "n at a=A1, b=B1" in text
        assert "- no `suppression.keep`: protects it; kept open around it: n at a=A1, b=B2" in text
        assert "`ddg advise`" in text


class TestCellsToHide:
    def test_are_hidden_from_the_start_unless_they_are_zeros(self, rules):
        values = [[4, 30, 60, 80], [50, 0, 70, 90], [25, 45, 65, 85]]
        found = status(grid(values, suppression={"hide": [{"a": "A2"}]}), rules)
        assert found["A2 B1"] == found["A2 B3"] == found["A2 Total"] == Status.COMPLEMENTARY
        assert found["A2 B2"] == Status.ZERO
        assert found["A1 B1"] == Status.SMALL

    def test_are_hidden_in_the_end(self, rulebook):
        [table] = mask([grid(VALUES, suppression={"hide": [{"a": "A3", "b": "B3"}]})], rulebook)
        assert "A3 B3" in hidden(table)


class TestCosts:
    def test_by_count_are_the_same_for_all(self, rules):
        assert set(cost(grid(VALUES, suppression={"cost": "count"}), rules).values()) == {100}

    def test_by_value_grow_with_it(self, rules):
        found = cost(grid(VALUES, suppression={"cost": "value"}), rules)
        assert found["A2 B1"] == 5100
        assert found["Total Total"] == 100 * (1 + sum(map(sum, VALUES)))

    def test_by_distance_are_least_for_the_neighbours_of_small_cells(self, rulebook, rules):
        # in the table's order, not in that of the alphabet
        rows = [{"age": age, "n": n} for age, n in
                [("5-9", 40), ("10-14", 50), ("15-19", 4), ("20-24", 60), ("25-29", 20), ("All", 174)]]  # fmt: skip
        raw = {"release": "r", "title": "t", "dimensions": {"age": {"variable": "age", "total": "All"}},
               "measures": {"n": {"kind": "count"}}, "suppression": {"cost": "distance", "level": "exact"}}  # fmt: skip
        table = bind(parse_contract(raw, "r"), pd.DataFrame(rows))
        found = cost(table, rules)
        assert found["10-14"] == found["20-24"] < found["5-9"] == found["25-29"] < found["All"]
        [masked] = mask([table], rulebook)
        assert {"10-14", "20-24"} & set(hidden(masked)) or hidden(masked) == ["15-19", "All"]

    def test_are_a_tenth_for_preferred_categories(self, rules):
        found = cost(grid(VALUES, suppression={"cost": "count", "prefer": {"a": ["A2"]}}), rules)
        assert (found["A2 B1"], found["A1 B1"]) == (10, 100)

    def test_of_the_optimal_method_may_take_a_limited_time(self):
        suppression = line([20], suppression={"method": "optimal", "time_limit": 30}).contract.suppression
        assert (suppression.method, suppression.time_limit) == ("optimal", 30)
        with pytest.raises(InputErrors, match="`time_limit` belongs to `method: optimal`"):
            line([20], suppression={"time_limit": 30})


def again(earlier, values=VALUES, **declared):
    """The grid, of which some figures were published before."""
    table = grid(values)
    raw = table.contract.model_dump(exclude_unset=True) | {"already_public": [{"table": "earlier", **declared}]}
    return bind(parse_contract(raw, "r"), table.original, {"earlier": pd.DataFrame(earlier)}, "r.csv")


class TestWhatIsPublicAlready:
    def test_is_known_and_never_hidden(self, rulebook, rules):
        table = again([{"a": "A1", "b": "B2", "n": "30"}, {"a": "A1", "b": "B1", "n": ""}])
        assert status(table, rules)["A1 B2"] == Status.KNOWN
        [masked] = mask([table], rulebook)
        assert "A1 B2" not in hidden(masked)
        assert "A1 B1" in hidden(masked)

    def test_may_be_less_detailed(self, rules):
        found = status(again([{"b": "B1", "n": 79}, {"b": "B2", "n": None}]), rules)
        assert found["Total B1"] == Status.KNOWN
        assert found["Total B2"] == Status.OPEN

    def test_may_be_more_detailed(self, rules):
        rows = [{"a": "A2", "b": "B1", "c": c, "n": n} for c, n in (("x", 20), ("y", 30), ("All", 50))]
        assert status(again(rows, at={"c": "All"}), rules)["A2 B1"] == Status.KNOWN

    def test_may_have_other_categories_besides(self, rules):
        rows = [{"a": "A2", "b": "B1", "n": 50}, {"a": "A77", "b": "B1", "n": 3}]
        assert status(again(rows), rules)["A2 B1"] == Status.KNOWN

    def test_and_small_cannot_be_protected(self, rulebook):
        with pytest.raises(RefusedError, match=r"earlier shows n at a=A1, b=B1(.|\n)*small_counts: accept") as caught:
            mask([again([{"a": "A1", "b": "B1", "n": 4}])], rulebook)
        assert "4" not in str(caught.value)

    def test_and_small_may_be_given_up(self, rulebook):
        values = [[4, 30, 60, 80], [50, 6, 70, 90], [25, 45, 65, 85]]
        [masked] = mask([again([{"a": "A1", "b": "B1", "n": 4}], values, small_counts="accept")], rulebook)
        rows = masked.frame.set_index(["a", "b"])
        assert (rows.loc[("A1", "B1"), "n"], rows.loc[("A1", "B1"), "n_annotation_code"]) == ("", "1")
        assert "A2 B2" in hidden(masked)

    def test_is_named_where_it_makes_protection_impossible(self, rulebook):
        rows = [{"a": "A1", "b": b, "n": n} for b, n in (("B2", 30), ("B3", 60), ("B4", 80), ("Total", 174))]
        with pytest.raises(
            RefusedError, match=r"no earlier table that shows figures \(`already_public`\): protects it"
        ):
            mask([again(rows)], rulebook)

    def test_has_to_agree(self, rulebook):
        with pytest.raises(
            InputErrors, match=r"already_public\[0\]: found another figure .* at n at a=A2, b=B1"
        ) as caught:
            mask([again([{"a": "A2", "b": "B1", "n": 51}])], rulebook)
        assert "51" not in str(caught.value)

    @pytest.mark.parametrize(
        ("rows", "found"),
        [
            ([{"a": "A1", "b": "B1", "c": "x", "n": 30}], "columns c in earlier"),
            ([{"a": "A1", "b": "B1", "m": 30}], "columns m in earlier"),
            ([{"a": "A1", "b": "B1"}], "no count of this release in earlier"),
            ([{"a": "X", "b": "B1", "n": 30}], "no row of earlier about anything in this table"),
            ([{"a": "A1", "b": "B2", "n": 30}, {"a": "A1", "b": "B2", "n": 30}], "several rows of earlier"),
        ],
    )
    def test_has_to_be_about_the_same(self, rows, found, rulebook):
        with pytest.raises(InputErrors) as caught:
            mask([again(rows)], rulebook)
        assert found in str(caught.value)
