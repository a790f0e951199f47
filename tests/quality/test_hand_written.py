"""What people add to a suite by hand: it survives, is judged like the rest, and never takes the contract's place."""

import json

import pytest

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality import (
    load_suite,
    suite_differences,
    suite_text,
    validate,
    with_hand_written,
    write_suite,
)

HAND = {"origin": "hand", "by": "data steward"}
YEARS = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "year", "value_set": ["2021", "2022"]}}
BIG = {"type": "expect_counts_to_exclude_small_numbers", "kwargs": {"column": "paid", "lower": 1, "upper": 2}}


def by_hand(*entries):
    return [entry | {"meta": dict(HAND)} for entry in entries]


@pytest.fixture
def path(suite, tmp_path):
    """The suite's file, with two expectations by hand in the midst of the contract's."""
    first, *rest = suite["expectations"]
    one, other = by_hand(YEARS, BIG)
    return write_suite(suite | {"expectations": [first, one, *rest, other]}, tmp_path)


class TestGeneratingAnew:
    def test_keeps_them_in_order_after_the_contracts_own(self, suite, path):
        assert with_hand_written(suite, path)["expectations"] == [*suite["expectations"], *by_hand(YEARS, BIG)]

    def test_twice_gives_the_same_text(self, suite, path):
        path.write_text(suite_text(with_hand_written(suite, path)), encoding="utf-8")
        assert suite_text(with_hand_written(suite, path)) == path.read_text(encoding="utf-8")

    def test_changes_what_the_contract_asks_for_all_the_same(self, suite, path):
        old = json.loads(path.read_text(encoding="utf-8"))
        old["expectations"] = [entry for entry in old["expectations"] if "regex" not in entry["kwargs"]]
        old["expectations"][0]["kwargs"]["column_list"] = ["something else"]
        path.write_text(json.dumps(old), encoding="utf-8")
        assert with_hand_written(suite, path)["expectations"] == [*suite["expectations"], *by_hand(YEARS, BIG)]

    def test_without_a_file_or_without_any_is_what_the_contract_asks_for(self, suite, tmp_path):
        assert with_hand_written(suite, tmp_path / "none.json") == suite
        assert with_hand_written(suite, write_suite(suite, tmp_path)) == suite

    def test_a_file_that_is_no_suite_is_not_written_over(self, suite, path):
        path.write_text("{", encoding="utf-8")
        with pytest.raises(InputError, match="one valid JSON document"):
            with_hand_written(suite, path)
        path.write_text("[]", encoding="utf-8")
        with pytest.raises(InputErrors, match="no list of mappings"):
            with_hand_written(suite, path)

    @pytest.mark.parametrize("meta", [{}, {"origin": "somebody"}, None])
    def test_an_expectation_must_say_where_it_comes_from(self, suite, path, meta):
        found = json.loads(path.read_text(encoding="utf-8"))
        found["expectations"][1]["meta"] = meta
        path.write_text(json.dumps(found), encoding="utf-8")
        with pytest.raises(InputErrors, match=r"expectations\[1\].meta: found no origin"):
            with_hand_written(suite, path)
        with pytest.raises(InputErrors, match=r"expectations\[1\].meta: found no origin"):
            load_suite(path)

    def test_an_unknown_type_is_refused(self, suite, tmp_path):
        unknown = by_hand({"type": "expect_nothing_at_all", "kwargs": {}})
        path = write_suite(suite | {"expectations": [*suite["expectations"], *unknown]}, tmp_path)
        with pytest.raises(InputErrors, match="expect_nothing_at_all"):
            with_hand_written(suite, path)

    def test_another_limit_for_what_the_contract_limits_is_refused(self, suite, tmp_path):
        weaker = {"type": BIG["type"], "kwargs": {"column": "cases", "lower": 1, "upper": 4}}
        path = write_suite(suite | {"expectations": [*suite["expectations"], *by_hand(weaker)]}, tmp_path)
        with pytest.raises(InputErrors, match=r"expect_counts_to_exclude_small_numbers\(cases\): written by hand"):
            with_hand_written(suite, path)


class TestComparing:
    def test_they_may_stand_beside_the_contracts_own(self, suite, path):
        assert suite_differences(load_suite(path), suite) == []

    def test_a_missing_one_of_the_contract_is_still_told(self, suite, path):
        found = load_suite(path)
        found["expectations"] = [
            entry for entry in found["expectations"] if entry["type"] != BIG["type"] or entry["meta"] == HAND
        ]
        assert suite_differences(found, suite) == [
            "expect_counts_to_exclude_small_numbers(cases): missing",
            "expect_counts_to_exclude_small_numbers(visits): missing",
        ]

    def test_one_of_the_contract_cannot_be_weakened_by_calling_it_handwork(self, suite, path):
        found = load_suite(path)
        entry = next(one for one in found["expectations"] if one["kwargs"].get("upper") == 10)
        entry["kwargs"]["upper"], entry["meta"] = 4, dict(HAND)
        told = suite_differences(found, suite)
        assert "expect_counts_to_exclude_small_numbers(cases): missing" in told
        assert any("written by hand" in one for one in told)


class TestJudging:
    def test_they_are_evaluated_like_the_others(self, suite, path, staged, table, parameters):
        both = load_suite(path)
        good = validate(staged(table), both, parameters)
        assert good.passed, good.describe()
        assert good.listed == len(suite["expectations"]) + 2
        only_one_year = both | {
            "expectations": json.loads(json.dumps(both["expectations"]).replace('"2022"]', '"2023"]'))
        }
        (failed,) = validate(staged(table), only_one_year, parameters).failures
        assert (failed.type, failed.subject) == ("expect_column_values_to_be_in_set", "year")
