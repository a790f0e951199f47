"""Suites: generated from contract and rulebook, reviewable, read strictly."""

import json

import pytest

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality import (
    build_suite,
    code_lists,
    load_suite,
    margin_exceptions,
    published_columns,
    suite_differences,
    suite_text,
    validate,
    write_suite,
)

COLUMNS = ["county_fips", "year", "population", "cases", "visits", "rate", "paid"]


def of_type(suite, kind, column=None):
    return [e for e in suite["expectations"] if e["type"] == kind and column in (None, e["kwargs"].get("column"))]


class TestBuilding:
    def test_gives_the_same_text_every_time(self, contract, rulebook, suite):
        again = build_suite(contract, rulebook, columns=published_columns(contract, COLUMNS), masked=True)
        assert suite_text(again) == suite_text(suite)

    def test_takes_the_threshold_from_the_rulebook(self, suite, rulebook):
        numerator = rulebook.thresholds.numerator
        for column in ("cases", "visits"):
            (rule,) = of_type(suite, "expect_counts_to_exclude_small_numbers", column)
            assert (rule["kwargs"]["lower"], rule["kwargs"]["upper"]) == (numerator.lower, numerator.upper)

    def test_an_unmasked_release_may_show_small_counts(self, contract, rulebook):
        suite = build_suite(contract, rulebook, columns=COLUMNS, masked=False)
        assert not of_type(suite, "expect_counts_to_exclude_small_numbers")
        assert of_type(suite, "expect_column_values_to_not_be_null", "cases")

    def test_an_unmasked_release_hides_nothing(self, contract, rulebook, table, staged, parameters):
        suite = build_suite(contract, rulebook, columns=list(table.columns), masked=False)
        failed = {outcome.type for outcome in validate(staged(table), suite, parameters).failures}
        assert "expect_values_to_be_empty_exactly_where_annotated" in failed

    def test_without_reasons_one_code_stands_for_both(self, contract, rulebook):
        columns = published_columns(contract, COLUMNS)
        suite = build_suite(contract, rulebook, columns=columns, masked=True, reasons_shown=False)
        known = of_type(suite, "expect_annotations_to_be_known")
        allowed = {pair["code"] for e in known for pair in e["kwargs"]["annotations"]}
        assert allowed == {"", rulebook.annotations.hidden.code, rulebook.annotations.not_available.code}

    def test_reasons_are_not_told_against_the_contract(self, contract, rulebook):
        silent = contract.suppression.model_copy(update={"show_reason": False})
        contract = contract.model_copy(update={"suppression": silent})
        with pytest.raises(InputError, match="show_reason"):
            build_suite(contract, rulebook, columns=published_columns(contract, COLUMNS), masked=True)

    def test_dimensions_that_do_not_sum_have_no_margins(self, suite):
        assert {e["kwargs"]["dimension"] for e in of_type(suite, "expect_published_margins_to_add_up")} == {
            "county_fips"
        }

    def test_a_masked_release_needs_annotations(self, contract, rulebook):
        with pytest.raises(InputError, match="annotation"):
            build_suite(contract, rulebook, columns=COLUMNS, masked=True)

    def test_columns_are_those_of_the_contract(self, contract, rulebook):
        with pytest.raises(InputError, match="columns"):
            build_suite(contract, rulebook, columns=[*COLUMNS, "name"], masked=False)

    def test_a_rate_is_bound_to_every_count_behind_it(self, rulebook):
        contract = contract_from_yaml(
            """
            release: shares
            title: Shares
            dimensions: {sex: {variable: sex, total: All}}
            measures:
              part: {kind: count}
              whole: {kind: count}
              percent: {kind: percent, numerator: part, denominator: whole}
            """,
            "shares.yaml",
        )
        columns = published_columns(contract, ["sex", "part", "whole", "percent"])
        suite = build_suite(contract, rulebook, columns=columns, masked=True)
        (rule,) = of_type(suite, "expect_statistics_to_be_empty_with_their_counts")
        assert rule["kwargs"]["counts"] == ["part", "whole"]

    def test_margins_that_the_source_breaks_can_be_named(self, contract, rulebook, table, staged, parameters):
        row = (table["county_fips"] == "California") & (table["year"] == "2022")
        table.loc[row, ["cases", "visits", "paid"]] = ["97", "291", "242.50"]
        known = {"county_fips": "California", "year": "2022"}
        shown = table[table["year"] == "2022"]
        assert margin_exceptions(contract, shown) == {"cases": [known], "visits": [known], "paid": [known]}
        columns = list(table.columns)
        strict = build_suite(contract, rulebook, columns=columns, masked=True)
        tolerant = build_suite(
            contract, rulebook, columns=columns, masked=True, tolerated_margins={name: [known] for name in COLUMNS}
        )
        assert not validate(staged(table), strict, parameters).passed
        assert validate(staged(table), tolerant, parameters).passed


class TestCodeLists:
    def test_come_from_sizes_hierarchies_totals_and_unknowns(self, contract):
        assert code_lists(contract)["county_fips"] == ["001", "003", "005", "007", "Bay", "California", "Sierra"]

    def test_are_not_guessed_where_no_public_source_has_them(self, contract):
        assert "year" not in code_lists(contract)


class TestDrift:
    def test_a_suite_of_another_contract_is_told_apart(self, contract, rulebook, suite, tmp_path):
        path = write_suite(suite, tmp_path)
        found = load_suite(path)
        assert suite_differences(found, suite) == []
        small = of_type(found, "expect_counts_to_exclude_small_numbers", "cases")[0]
        small["kwargs"]["lower"] = 9
        del found["expectations"][0]
        differences = suite_differences(found, suite)
        assert "expect_counts_to_exclude_small_numbers(cases): changed" in differences
        assert any("expect_table_columns_to_match_ordered_list" in line and "missing" in line for line in differences)

    def test_a_rule_too_many_is_told(self, suite):
        more = json.loads(suite_text(suite))
        more["expectations"].append({"type": "expect_column_to_exist", "kwargs": {"column": "cases"}})
        assert suite_differences(more, suite) == ["expect_column_to_exist(cases): not asked for by the contract"]


class TestStrictReading:
    @pytest.fixture
    def read(self, suite, tmp_path):
        def change_and_read(change):
            changed = json.loads(suite_text(suite))
            change(changed)
            path = tmp_path / "visits.json"
            path.write_text(json.dumps(changed))
            return load_suite(path)

        return change_and_read

    def test_reads_what_was_written(self, read, suite):
        assert read(lambda _: None) == suite

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda s: s["expectations"].clear(), "an empty suite"),
            (lambda s: s.pop("meta"), "exactly the keys"),
            (lambda s: s.update(suite_parameters={}), "exactly the keys"),
            (lambda s: s["meta"].pop("key"), "meta.key"),
            (lambda s: s.update(name="other"), "the file's name"),
            (lambda s: s["expectations"][0].update(type="expect_table_columns_to_match_ordered_lists"), "did you mean"),
            (lambda s: s["expectations"][0].update(severity="info"), "type and kwargs"),
            (lambda s: s["expectations"][0]["kwargs"].update(columns=[]), "a wrong argument"),
            (lambda s: s["expectations"][-1]["kwargs"].pop("column"), "a wrong argument"),
            (lambda s: s["expectations"][0]["kwargs"].update(result_format="COMPLETE"), "the gate decides it"),
            (lambda s: s["expectations"].append(s["expectations"][0]), "a second time"),
            (lambda s: s["expectations"].append("expect_nothing"), "type and kwargs"),
        ],
    )
    def test_refuses_what_it_cannot_evaluate(self, read, change, message):
        with pytest.raises(InputErrors, match=message):
            read(change)

    @pytest.mark.parametrize("text", ["", "[1", '{"name": 1, "name": 2}', "[" * 100_000])
    def test_refuses_what_is_no_json(self, text, tmp_path):
        (tmp_path / "visits.json").write_text(text)
        with pytest.raises(InputError):
            load_suite(tmp_path / "visits.json")

    def test_refuses_a_missing_file(self, tmp_path):
        with pytest.raises(InputError, match=r"visits\.json"):
            load_suite(tmp_path / "visits.json")


class TestInAnyonesSuite:
    def test_the_classes_work_on_typed_columns_without_the_gate(self):
        import great_expectations as gx
        import pandas as pd

        from ddg_pipeline.quality import expectations as ours

        frame = pd.DataFrame({"county": ["a", "b", "All"], "cases": [12, None, 30], "code": [None, 1, None]})
        batch = (
            gx.get_context(mode="ephemeral")
            .data_sources.add_pandas("p")
            .add_dataframe_asset("a")
            .add_batch_definition_whole_dataframe("b")
            .get_batch({"dataframe": frame})
        )
        rule = {"column": "cases", "code_column": "code", "shown_codes": [""], "hidden_codes": ["1"]}
        assert batch.validate(ours.ExpectValuesToBeEmptyExactlyWhereAnnotated(**rule)).success
        assert batch.validate(ours.ExpectCountsToExcludeSmallNumbers(column="cases", lower=1, upper=10)).success
        failed = batch.validate(ours.ExpectCountsToExcludeSmallNumbers(column="cases", lower=1, upper=12))
        assert not failed.success
        assert (failed.result["observed_value"], failed.result["partial_unexpected_index_list"]) == (1, [0])

    def test_a_written_suite_is_great_expectations_own_form(self, suite):
        import great_expectations as gx

        from ddg_pipeline.quality import expectations  # noqa: F401 - registers the types

        read = gx.ExpectationSuite(**json.loads(suite_text(suite)))
        assert [e.expectation_type for e in read.expectations] == [e["type"] for e in suite["expectations"]]
