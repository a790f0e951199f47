"""The published dialect of CSV: one way to write, one way to read."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddg_pipeline.errors import InputError
from ddg_pipeline.quality import csv_bytes, read_csv_text

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8)


@st.composite
def tables(draw):
    names = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True))
    rows = draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), max_size=5))
    return pd.DataFrame(rows, columns=names, dtype="str")


class TestRoundTrip:
    @given(tables())
    def test_reads_exactly_what_was_written(self, table):
        data = csv_bytes(table, "t")
        read = read_csv_text(data, "t")
        assert list(read.columns) == list(table.columns)
        assert read.fillna("").to_numpy().tolist() == table.to_numpy().tolist()
        assert csv_bytes(read, "t") == data

    def test_keeps_leading_zeros_and_words_that_look_missing(self):
        table = pd.DataFrame({"fips": ["001", "NA"], "county": ["Alameda, north", 'the "bay"'], "n": ["0", None]})
        data = csv_bytes(table, "t")
        assert data == b'fips,county,n\n001,"Alameda, north",0\nNA,"the ""bay""",\n'
        assert read_csv_text(data, "t")["fips"].tolist() == ["001", "NA"]
        assert read_csv_text(data, "t")["n"].isna().tolist() == [False, True]


class TestRefuses:
    @pytest.mark.parametrize("cell", [7, 7.0, b"7"])
    def test_cells_that_are_no_text(self, cell):
        with pytest.raises(InputError, match="no text"):
            csv_bytes(pd.DataFrame({"n": pd.Series([cell], dtype="object")}), "t")

    @pytest.mark.parametrize("cell", ["a\nb", "a\rb", "a\x00b", "\t=1", "a\x1bb"])
    def test_control_characters(self, cell):
        with pytest.raises(InputError, match="control character"):
            csv_bytes(pd.DataFrame({"n": [cell]}), "t")

    def test_two_columns_of_one_name(self):
        with pytest.raises(InputError, match="twice"):
            csv_bytes(pd.DataFrame([["1", "2"]], columns=["n", "n"]), "t")
        with pytest.raises(InputError, match="twice"):
            read_csv_text(b"n,n\n1,2\n", "t")

    def test_messages_quote_no_cell(self):
        with pytest.raises(InputError) as refused:
            read_csv_text(b"n,m\n8675309\n", "t")
        assert "8675309" not in str(refused.value)
