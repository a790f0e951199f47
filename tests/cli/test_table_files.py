"""Tables given as files: read as they are, converted by the contract and by nothing else."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.table_files import bind_files, bind_group, read_table

CONTRACT = """\
release: by_county
title: By county
dimensions:
  county_fips: {variable: residence_geography, population: population}
  year: {variable: time, period: year, additive: false}
measures:
  cases: {kind: count, population: population}
  rate: {kind: rate, numerator: cases, denominator: population, per: 100000, decimals: 1}
"""


@pytest.fixture
def contract(files):
    return files(contract__yaml=CONTRACT)


class TestCsv:
    def test_cells_are_text(self, files):
        frame = read_table(files(t__csv="county_fips,year,cases\n001,2024,007\nNA,2024,\n"))
        assert frame.to_dict("list") == {
            "county_fips": ["001", "NA"], "year": ["2024", "2024"], "cases": ["007", ""],
        }  # fmt: skip

    def test_quotes_commas_and_empty_lines_are_csv_s(self, files):
        frame = read_table(files(t__csv='name,cases\n"Los Angeles, all ""of"" it",40\n\n"two\nlines",50\n\n'))
        assert frame.name.tolist() == ['Los Angeles, all "of" it', "two\nlines"]

    def test_a_code_keeps_its_zeros_until_it_is_published(self, ddg, files, contract, tmp_path):
        table = files(
            t__csv="county_fips,year,population,cases,rate\n001,2024,1682353,40,2.4\n013,2024,1165927,90,7.7\n"
        )
        assert ddg("mask", contract, table, "-o", tmp_path / "out").code == 0
        with (tmp_path / "out" / "by_county.csv").open() as published:
            assert [row["county_fips"] for row in csv.DictReader(published)] == ["001", "013"]


class TestParquet:
    @pytest.fixture
    def frame(self):
        rows = [("001", 2024, 1_682_353, 40, 2.4), ("013", 2024, 1_165_927, 90, 7.7)]
        return pd.DataFrame(rows, columns=["county_fips", "year", "population", "cases", "rate"])

    def write(self, tmp_path, frame, **how):
        frame.to_parquet(tmp_path / "t.parquet", **how)
        return tmp_path / "t.parquet"

    def test_gives_the_same_as_csv(self, contract, frame, tmp_path):
        frame.to_csv(tmp_path / "t.csv", index=False)
        from_csv = bind_files(contract, tmp_path / "t.csv")
        from_parquet = bind_files(contract, self.write(tmp_path, frame, index=False))
        exact = ["county_fips", "year", "population", "cases"]
        pd.testing.assert_frame_equal(from_csv.frame[exact], from_parquet.frame[exact])

    def test_an_index_that_pandas_wrote_is_a_column_like_any_other(self, contract, frame, tmp_path):
        frame = frame.set_index(["county_fips", "year"])
        assert bind_files(contract, self.write(tmp_path, frame)).frame.county_fips.tolist() == ["001", "013"]

    def test_counts_with_a_gap_have_no_figure_there(self, contract, frame, tmp_path):
        frame = frame.astype({"cases": "Int64"})
        frame.loc[1, "cases"] = pd.NA
        bound = bind_files(contract, self.write(tmp_path, frame, index=False))
        assert bound.missing["cases"].nonzero()[0].tolist() == [1]

    def test_large_whole_numbers_stay_exact_beside_a_gap(self, tmp_path):
        exact = 2**53 + 1
        path = self.write(tmp_path, pd.DataFrame({"n": pd.array([exact, None], dtype="Int64")}), index=False)
        assert read_table(path).n.iloc[0] == exact


class TestGroups:
    def test_every_reference_goes_to_the_contract_that_names_it(self, files):
        sized = CONTRACT.replace(
            "population: population}\n  year", "population: {table: people, key: c, value: n}}\n  year"
        )
        rows = "county_fips,year,population,cases,rate\n001,2024,1682353,40,2.4\n013,2024,1165927,90,7.7\n"
        one, other, first, second, people = files(
            a__yaml=sized.replace("by_county", "a"), b__yaml=CONTRACT.replace("by_county", "b"),
            a__csv=rows, b__csv=rows, sizes__csv="c,n\n001,1682353\n013,1165927\n",
        )  # fmt: skip
        bound = bind_group([(one, first), (other, second)], {"people": people})
        assert [list(table.references) for table in bound] == [["people"], []]


class TestDirectIdentifiers:
    def test_are_refused_before_anything_can_quote_them(self, files):
        """Two rows of one number do not fit the contract either, and that error would name them by it."""
        contract, table = files(
            c__yaml=CONTRACT.replace("county_fips: {variable: residence_geography, population: population}",
                                     "code: {variable: other, groups: 9}"),
            t__csv="code,year,population,cases,rate\n123-45-6789,2024,100,4,4000\n123-45-6789,2024,100,4,4000\n",
        )  # fmt: skip
        with pytest.raises(RefusedError, match=r"code .* look.* like a social security number") as refused:
            bind_files(contract, table)
        assert "6789" not in str(refused.value)
