import pytest

from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import mask, mismatches

from .build import bound, dimension, hidden, line

TREE = {"North": ["Alpine", "Butte"], "South": ["Kern", "Marin"]}


def counties(counts, **county):
    rows = [{"county": label, "n": n} for label, n in counts.items()]
    return bound(rows, {"county": dimension(**county)})


class TestAMarginThatIsNotCarried:
    def test_is_assumed_known(self, rulebook):
        [table] = mask([line([4, 30, 60])], rulebook)
        assert table.margins.to_dict("records") == [{"a": None, "n": 94}]

    def test_is_not_known_to_anybody_if_it_is_small_itself(self, rulebook):
        counts = {"A1": (2, 3, 4), "A2": (1, 5, 2), "A3": (40, 50, 60)}
        rows = [{"a": a, "b": f"B{j}", "n": n} for a, row in counts.items() for j, n in enumerate(row)]
        [table] = mask([bound(rows, {"a": dimension(), "b": dimension()})], rulebook)
        assert set(table.margins.loc[table.margins["b"].isna(), "a"]) == {"A3", None}

    def test_that_is_small_and_follows_from_others_that_are_known_cannot_be_protected(self, rulebook):
        rows = [{"a": a, "b": b, "n": n} for a, b, n in
                [("A1", "B1", 2), ("A1", "B2", 3), ("A2", "B1", 40), ("A2", "B2", 50)]]  # fmt: skip
        with pytest.raises(RefusedError, match=r"n at a=A1, all of b(.|\n)*the total of a and b carried"):
            mask([bound(rows, {"a": dimension(), "b": dimension()})], rulebook)

    def test_of_a_single_category_is_that_category(self, rulebook):
        # were the total of the one year known besides, no figure of that year could be hidden
        rows = [{"a": f"A{i}", "year": "2024", "n": n} for i, n in enumerate([5, 30, 40])]
        [table] = mask([bound(rows, {"a": dimension(), "year": dimension()})], rulebook)
        assert len(hidden(table)) == 2

    def test_is_summed_from_finer_margins_where_only_some_are_carried(self, rulebook):
        # A1's total is carried, A2's is not: the grand total counts both
        rows = [
            {"a": "A1", "b": "B1", "n": 20},
            {"a": "A1", "b": "B2", "n": 5},
            {"a": "A1", "b": "Total", "n": 25},
            {"a": "A2", "b": "B1", "n": 30},
            {"a": "A2", "b": "B2", "n": 40},
        ]
        [table] = mask([bound(rows, {"a": dimension(), "b": dimension(total="Total")})], rulebook)
        known = {(row["a"], row["b"]): row["n"] for row in table.margins.to_dict("records")}
        assert known[None, "Total"] == 95
        assert known["A2", "Total"] == 70

    def test_may_be_a_broader_group_of_a_hierarchy(self, rulebook):
        [table] = mask(
            [counties({"Alpine": 20, "Butte": 30, "Kern": 5, "Marin": 40}, hierarchy={"tree": TREE})], rulebook
        )
        assert set(table.margins["county"]) == {"North", "South", None}

    def test_has_no_label_only_where_no_group_holds_everything(self, rulebook):
        tree = {"California": TREE}
        counts = {"Alpine": 20, "Butte": 30, "Kern": 5, "Marin": 40, "California": 95}
        [table] = mask([counties(counts, hierarchy={"tree": tree})], rulebook)
        assert set(table.margins["county"]) == {"North", "South"}


class TestAMarginThatExceedsItsParts:
    def test_is_accepted_and_named(self, rulebook):
        table = counties({"Alpine": 20, "Butte": 30, "Kern": 5, "Marin": 40, "State": 99}, total="State")
        assert mismatches([table]) == ["n at county=State"]
        [masked] = mask([table], rulebook)
        assert "Kern" in hidden(masked)

    def test_does_not_hide_a_small_cell_by_the_difference(self, rulebook):
        # a reader is assumed to know how many are in no county, so that one suppression is still none
        [masked] = mask([counties({"Alpine": 20, "Kern": 5, "State": 99}, total="State")], rulebook)
        assert len(hidden(masked)) >= 2

    def test_may_have_no_parts_in_the_table(self, rulebook):
        counts = {"Alpine": 20, "Butte": 30, "South": 45, "State": 95}
        assert mismatches([counties(counts, hierarchy={"tree": TREE}, total="State")]) == []

    def test_many_are_counted(self):
        rows = [{"a": f"A{i}", "b": b, "n": n} for i in range(9) for b, n in (("B1", 20), ("B2", 30), ("Total", 60))]
        [text] = mismatches([bound(rows, {"a": dimension(additive=False), "b": dimension(total="Total")})])
        assert text.count("n at") == 5
        assert text.endswith("and 4 more")


class TestPartsThatExceedTheirWhole:
    def test_are_an_error_that_names_coordinates_and_no_figure(self, rulebook):
        counts = {"Alpine": 21, "Butte": 33, "Kern": 17, "Marin": 46, "State": 116}
        with pytest.raises(InputErrors) as caught:
            mask([counties(counts, total="State")], rulebook)
        [error] = caught.value.errors
        assert (error.place, error.field) == ("r.csv", "n")
        assert error.found == "parts that sum to more than their whole at n at county=State"
        assert "additive: false" in error.expected

    def test_are_listed_without_margins_that_merely_exceed_theirs(self):
        rows = [{"a": a, "b": b, "n": n} for a, b, n in [
            ("A1", "B1", 20), ("A1", "B2", 30), ("A1", "Total", 60),
            ("A2", "B1", 20), ("A2", "B2", 30), ("A2", "Total", 40),
        ]]  # fmt: skip
        with pytest.raises(InputErrors) as caught:
            mismatches([bound(rows, {"a": dimension(additive=False), "b": dimension(total="Total")})])
        assert "A2" in str(caught.value)
        assert "A1" not in str(caught.value)


class TestDimensionsThatDoNotAdd:
    def test_have_no_total_and_are_protected_one_by_one(self, rulebook):
        rows = [{"a": a, "year": y, "n": n} for y, counts in (("2023", [5, 30, 40]), ("2024", [50, 60, 70]))
                for a, n in zip(("A1", "A2", "A3"), counts, strict=True)]  # fmt: skip
        [table] = mask([bound(rows, {"a": dimension(), "year": dimension(additive=False)})], rulebook)
        assert {cell.split()[1] for cell in hidden(table)} == {"2023"}
        assert len(hidden(table)) == 2

    def test_need_nothing_but_the_small_cell_itself(self, rulebook):
        rows = [{"race": f"R{i}", "n": n} for i, n in enumerate([5, 30, 40])]
        [table] = mask([bound(rows, {"race": dimension(additive=False)})], rulebook)
        assert hidden(table) == ["R0"]


class TestSize:
    def test_a_table_beyond_memory_is_refused_before_it_is_built(self, rulebook):
        rows = [{name: f"{name}{i}" for name in "abcdefgh"} | {"n": 20} for i in range(20)]
        with pytest.raises(InputErrors, match="several tables of fewer dimensions"):
            mask([bound(rows, {name: dimension() for name in "abcdefgh"})], rulebook)
