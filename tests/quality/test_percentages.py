"""The gate on a table of whole percentages (DDG 2.0 §4.4.4)."""

from __future__ import annotations

import pandas as pd
import pytest

from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.quality import build_suite, csv_bytes, margin_exceptions, published_columns, row_parameters, validate
from ddg_pipeline.quality.percentages import broken_wholes

SEXES = ("Male", "Female", "Intersex", "All")
GOOD = {"Alameda": ("50", "49", "<1", "100"), "Kern": ("50", "50", "0", "100"), "Napa": ("35", "33", "33", "100")}


@pytest.fixture(scope="module")
def contract():
    raw = {
        "release": "intersex",
        "title": "People by county and sex",
        "dimensions": {
            "county": {"variable": "residence_geography", "population": dict.fromkeys(GOOD, 400000)},
            "sex": {"variable": "intersex", "total": "All"},
        },
        "measures": {"people": {"kind": "count"}},
        "suppression": {"form": "whole_percentages", "percentages": {"of": "sex"}},
    }
    return parse_contract(raw, "intersex.yaml")


def table(changed=None):
    rows = [
        {
            "county": county,
            "sex": sex,
            "people_percent": (changed or {}).get((county, sex), text),
            "people_percent_annotation_code": "",
            "people_percent_annotation_description": "",
        }
        for county, texts in GOOD.items()
        for sex, text in zip(SEXES, texts, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def suite(contract, rulebook):
    columns = published_columns(contract, ["county", "sex", "people"])
    return build_suite(contract, rulebook, columns=columns, masked=True, reasons_shown=False)


@pytest.fixture
def judge(contract, suite, tmp_path):
    def run(frame):
        path = tmp_path / "intersex.csv"
        path.write_bytes(csv_bytes(frame, "intersex"))
        return validate(path, suite, row_parameters(contract, table()))

    return run


def broken(result):
    return {outcome.type for outcome in result.failures}


class TestTheSuite:
    def test_says_which_form_it_is_for(self, suite):
        assert suite["meta"]["form"] == "whole_percentages"

    def test_passes_a_good_table(self, judge):
        result = judge(table())
        assert result.passed, result.describe()

    def test_a_count_among_the_columns_is_blocked(self, judge):
        assert "expect_table_columns_to_match_ordered_list" in broken(judge(table().assign(people="1")))

    def test_a_count_in_place_of_the_percentage_is_blocked(self, judge):
        result = judge(table({("Alameda", "Male"): "545"}))
        assert {"expect_column_values_to_match_regex", "expect_whole_percentages_to_add_up"} <= broken(result)
        assert "545" not in result.describe()
        assert "county=Alameda, sex=Male" in result.describe()

    @pytest.mark.parametrize("text", ["49.5", "050", "101", "-1", "<2", "50%", " 50"])
    def test_another_text_is_blocked(self, judge, text):
        assert "expect_column_values_to_match_regex" in broken(judge(table({("Alameda", "Male"): text})))

    def test_an_empty_cell_is_blocked(self, judge):
        assert "expect_column_values_to_not_be_null" in broken(judge(table({("Alameda", "Intersex"): ""})))

    def test_a_row_too_few_is_blocked(self, judge):
        assert "expect_rows_to_be_those_assessed" in broken(judge(table().iloc[:-1]))

    def test_an_annotation_is_blocked(self, judge):
        """Whoever reads code 1 beside <1 knows that it is no larger number of people."""
        frame = table()
        frame.loc[2, "people_percent_annotation_code"] = "1"
        assert "expect_annotations_to_be_known" in broken(judge(frame))

    def test_counts_that_do_not_add_up_in_the_source_are_no_exception(self, contract):
        assert margin_exceptions(contract, table().assign(people=1)) == {}


class TestWholes:
    @pytest.mark.parametrize(
        "texts",
        [
            ("50", "50", "<1", "100"),
            ("50", "49", "<1", "100"),
            ("99", "1", "<1", "100"),
            ("50", "50", "0", "100"),
            ("33", "33", "33", "100"),
            ("34", "34", "33", "100"),
        ],
    )
    def test_that_can_be_right(self, texts):
        assert self.breaches(texts) == 0

    @pytest.mark.parametrize(
        "texts",
        [
            ("50", "48", "<1", "100"),  # 1.5 percent at least are missing
            ("51", "51", "<1", "100"),
            ("50", "48", "0", "100"),
            ("33", "33", "32", "100"),
            ("99", "<1", "<1", "100"),
            ("100", "0", "<1", "100"),
            ("50", "50", "<1", "99"),
            ("50", "50", "", "100"),
        ],
    )
    def test_that_cannot_be_right_or_are_not_of_this_form(self, texts):
        assert self.breaches(texts) > 0

    def test_one_that_lacks_a_category(self):
        assert self.breaches(("60", "40"), ("Male", "Female")) == 2

    def breaches(self, texts, sexes=SEXES):
        frame = pd.DataFrame({"sex": sexes, "p": texts})
        return broken_wholes(frame, "p", ["sex"], "sex", "All", 2, 1, 1, "<1").count
