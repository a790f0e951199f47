"""The rows as the portal's datastore would hold them."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract import contract_from_yaml
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.quality import csv_bytes, datastore_types, read_as_datastore, read_csv_text
from ddg_pipeline.quality.datastore import other_types

TYPES = {"county_fips": "text", "cases": "numeric"}
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda number: f"{number:f}")


def frame(**columns):
    return pd.DataFrame(columns, dtype="str").mask(lambda cells: cells == "")


def loaded(table, types=TYPES):
    return read_as_datastore(table, types, "visits.csv")


class TestReading:
    def test_keeps_leading_zeros_of_text_and_the_digits_of_numbers(self):
        read = loaded(frame(county_fips=["001"], cases=["22.0"]))
        assert read["county_fips"].tolist() == ["001"]
        assert read["cases"].tolist() == [Decimal("22.0")]
        assert str(read["cases"].iloc[0]) == "22.0"

    def test_an_empty_cell_is_null_whatever_its_type_and_a_zero_is_not(self):
        read = loaded(frame(county_fips=["", "001"], cases=["", "0"]))
        assert read.isna().to_numpy().tolist() == [[True, True], [False, False]]
        assert read["cases"].iloc[1] == 0

    @settings(deadline=None)
    @given(st.lists(st.tuples(TEXT, st.one_of(st.just(""), NUMBERS)), min_size=1, max_size=10))
    def test_writing_it_again_gives_the_same_bytes(self, rows):
        table = pd.DataFrame(rows, columns=list(TYPES), dtype="str")
        data = csv_bytes(table, "visits.csv")
        read = loaded(read_csv_text(data, "visits.csv"))
        again = read.map(lambda cell: "" if cell is None else str(cell)).astype("str")
        assert csv_bytes(again, "visits.csv") == data

    @pytest.mark.parametrize(
        "cell", ["<11", "1,285", " 12", "12 ", "1e3", "NaN", "Infinity", "007", "+7", "\u0667", "1_0", ".5"]
    )
    def test_what_is_no_plain_number_is_named_by_row_and_not_quoted(self, cell):
        with pytest.raises(InputErrors) as refused:
            loaded(frame(county_fips=["001", "003"], cases=["12", cell]))
        assert "cases: found no plain number in row 2" in str(refused.value)
        assert cell not in str(refused.value).replace("row 2", "")

    @pytest.mark.parametrize("name", ["_cases", 'ca"ses', " cases", "cases\u200b"])
    def test_a_name_that_the_datastore_refuses_is_told(self, name):
        with pytest.raises(InputErrors, match="a name that the portal's datastore refuses"):
            loaded(frame(**{name: ["1"]}), {name: "text"})

    def test_a_name_that_the_datastore_would_cut_off_is_told(self):
        assert loaded(frame(**{"x" * 63: ["1"]}), {"x" * 63: "text"}) is not None
        with pytest.raises(InputErrors, match="63 bytes at most"):
            loaded(frame(**{"x" * 64: ["1"]}), {"x" * 64: "text"})

    def test_columns_without_a_type_are_counted_and_not_named(self):
        with pytest.raises(InputErrors) as refused:
            loaded(frame(county_fips=["001"], cases=["12"], **{"8675309": ["1"]}))
        assert "1 that have no type" in str(refused.value)
        assert "8675309" not in str(refused.value)


class TestTypes:
    def test_come_from_the_contract(self, contract):
        types = datastore_types(contract)
        assert [name for name, kind in types.items() if kind == "numeric"] == [
            "population",
            "cases",
            "visits",
            "rate",
            "paid",
        ]
        assert types["county_fips"] == types["year"] == types["cases_annotation_code"] == "text"

    def test_are_those_of_the_data_dictionary(self, contract, rulebook):
        from ddg_pipeline.publishing.columns import ColumnWriter

        whole = contract_from_yaml(
            """
            release: shares
            title: Shares
            dimensions: {sex: {variable: sex, total: All}}
            measures: {cases: {kind: count}}
            suppression: {form: whole_percentages, percentages: {of: sex}}
            """,
            "shares.yaml",
        )
        for one in (contract, whole):
            writer = ColumnWriter(one, rulebook, masked=True, reasons_shown=True)
            types = datastore_types(one)
            assert types == {name: writer.describe(name).type for name in types}

    def test_hold_for_text_and_for_what_the_datastore_reads(self):
        table = frame(county_fips=["001", ""], cases=["", "12.5"])
        assert other_types(table, TYPES).count == 0
        assert other_types(loaded(table), TYPES).count == 0

    @pytest.mark.parametrize("column", [[1, 3], [1.0, None], [Decimal(1), None]])
    def test_a_code_that_became_a_number_is_found(self, column):
        table = pd.DataFrame({"county_fips": column, "cases": [1, 2]})
        assert other_types(table, TYPES).rows.tolist() == [True, column[1] is not None]

    @pytest.mark.parametrize("cell", ["<11", "1,285", "1e3", True, "01"])
    def test_a_figure_that_is_no_plain_number_is_found(self, cell):
        table = pd.DataFrame({"county_fips": ["001"], "cases": pd.Series([cell], dtype="object")})
        assert other_types(table, TYPES).count == 1
