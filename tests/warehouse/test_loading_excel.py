# ruff: noqa: DTZ001 - a declared timestamp has no time zone
from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

Refused = Callable[..., str]
DAY = "date:44255"  # 2021-02-28
NOON = "date:44255.5"


def load(bench, **declared):
    return bench.load(kind="excel", path="t.xlsx", **declared)


class TestTypes:
    def test_are_those_declared(self, bench, workbook):
        workbook(
            Sheet=[
                ["fips", "n", "paid", "rate", "ok", "day", "at"],
                ["001", 5, 12.34, 0.1, True, DAY, NOON],
                [" 037 ", "12", 1.1 + 2.2, 7, 0, "2021-02-28", "2021-02-28 10:00"],
                [None, 999_999_999_999_999, 0.1, 1e300, "no", None, DAY],
            ]
        )
        columns = {
            "fips": "text", "n": "integer", "paid": "decimal(12,2)", "rate": "number", "ok": "boolean", "day": "date",
            "at": "timestamp",
        }  # fmt: skip
        report = load(bench, columns=columns)
        day = dt.date(2021, 2, 28)
        assert bench.rows() == [
            ("001", 5, Decimal("12.34"), 0.1, True, day, dt.datetime(2021, 2, 28, 12)),
            (" 037 ", 12, Decimal("3.30"), 7.0, False, day, dt.datetime(2021, 2, 28, 10)),
            (None, 999_999_999_999_999, Decimal("0.10"), 1e300, False, None, dt.datetime(2021, 2, 28)),
        ]
        assert report.rows == 3
        assert len(report.sha256) == 64

    @pytest.mark.parametrize(
        ("value", "declared", "what"),
        [
            (71, "text", "a number"),
            (DAY, "text", "a date"),
            (True, "text", "a true/false value"),
            (71.5, "integer", "a number with a fraction"),
            (2**53 * 1.0, "integer", "a number with more than 15 digits"),
            ("s3cret", "integer", "text that is not an integer"),
            (True, "integer", "a true/false value"),
            (71.239, "decimal(5,2)", "a number with more than 2 decimals"),
            (44255, "date", "a number"),
            (NOON, "date", "a date with a time of day"),
            (71, "boolean", "a value that is not true or false"),
        ],
    )
    def test_refuse_cells_they_would_have_to_change(self, bench, workbook, refused: Refused, value, declared, what):
        workbook(Sheet=[["x", "a"], ["1", None], [None, None], ["3", value]])
        message = refused(lambda: load(bench, columns={"a": declared, "x": "text"}), "71", "s3cret")
        assert f"sheet Sheet: row 4: column a: found {what}" in message
        assert f"declared is {declared}" in message

    def test_of_dates_may_be_real_ones_and_texts_in_the_declared_format(self, bench, workbook, refused: Refused):
        columns = {"d": {"type": "date", "format": "%d/%m/%Y"}}
        workbook(Sheet=[["d"], [DAY], ["04/03/2021"]])
        load(bench, columns=columns)
        assert bench.rows() == [(dt.date(2021, 2, 28),), (dt.date(2021, 3, 4),)]
        workbook(Sheet=[["d"], [DAY], ["2021-03-04"]])
        assert "text that is not a date in the declared format" in refused(
            lambda: load(bench, columns=columns), "2021-03"
        )


class TestASheet:
    def test_is_chosen_by_name(self, bench, workbook, refused: Refused):
        workbook(First=[["a"], ["x"]], Second=[["a"], ["y"]])
        load(bench, sheet="Second", columns={"a": "text"})
        assert bench.rows() == [("y",)]
        message = refused(lambda: load(bench, columns={"a": "text"}))
        assert "sources.t.sheet: found no sheet named, and there are several; write one of 'First', 'Second'" in message
        message = refused(lambda: load(bench, sheet="Thrid", columns={"a": "text"}))
        assert "sources.t.sheet: found no sheet 'Thrid'; write one of 'First', 'Second'" in message

    def test_may_have_lines_above_its_header(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["Table 1: populations"], [], [None, "a", 2020], [None, "x", 1], [], [None, "y", 2]])
        load(bench, header_row=3, columns={"a": "text", "n": {"type": "integer", "from": "2020"}})
        assert bench.rows() == [("x", 1), ("y", 2)]
        message = refused(lambda: load(bench, header_row=2, columns={"a": "text"}))
        assert "row 2: found no header; check `sheet` and `header_row`" in message
        message = refused(lambda: load(bench, columns={"a": "text"}), "Table 1")
        assert "none of the declared ones" in message

    def test_that_is_empty_is_refused(self, bench, workbook, refused: Refused):
        workbook(Sheet=[])
        assert "no header" in refused(lambda: load(bench, columns={"a": "text"}))
        workbook(Sheet=[["a"], [None]])
        assert "rows: found none" in refused(lambda: load(bench, columns={"a": "text"}))

    def test_with_a_header_twice_is_refused(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["a", "a"], ["x", "y"]])
        assert "column a: found this name for several columns" in refused(lambda: load(bench, columns={"a": "text"}))

    def test_with_a_cell_beside_the_table_is_refused(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["a"], ["x"], ["y", None, "s3cret"]])
        message = refused(lambda: load(bench, columns={"a": "text"}), "s3cret")
        assert "row 3: found a cell in a column that has no header; name the column in row 1" in message
        assert "`header_row` in sources.yaml" in message

    def test_with_changed_columns_is_refused(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["a", "Charges ($)"], ["x", 1]])
        message = refused(lambda: load(bench, columns={"a": "text", "charges": "integer"}))
        assert "column charges: found 'Charges ($)' instead" in message

    def test_with_a_failed_formula_is_refused(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["a", "b"], ["x", 1], ["y", "error:#N/A"]])
        message = refused(lambda: load(bench, columns={"a": "text", "b": "integer"}))
        assert "cell B3: found a formula's error such as #N/A" in message
        load(bench, columns={"a": "text"}, ignore_columns=["b"])
        assert bench.rows() == [("x",), ("y",)]

    def test_with_a_missing_value_is_refused_where_one_is_required(self, bench, workbook, refused: Refused):
        workbook(Sheet=[["a", "b"], ["x", 1], ["y", None]])
        columns = {"a": "text", "b": {"type": "integer", "nullable": False}}
        assert "row 3: column b: found no value" in refused(lambda: load(bench, columns=columns))

    def test_of_many_rows_comes_in_batches(self, bench, workbook, monkeypatch, refused: Refused):
        from ddg_pipeline.warehouse._reading import excel_file

        monkeypatch.setattr(excel_file, "BATCH_ROWS", 7)
        workbook(Sheet=[["a"], *[[number] for number in range(50)]])
        assert load(bench, columns={"a": "integer"}).rows == 50
        assert bench.rows() == [(number,) for number in range(50)]
        workbook(Sheet=[["a"], *[[number] for number in range(49)], ["s3cret"]])
        assert "row 51: column a" in refused(lambda: load(bench, columns={"a": "integer"}), "s3cret")


class TestAFile:
    def test_that_is_missing_is_named(self, bench, refused: Refused):
        assert "t.xlsx: sources.t.path: found no such file" in refused(lambda: load(bench, columns={"a": "text"}))

    @pytest.mark.parametrize("content", ["a,b\ns3cret,1\n", "PK\x03\x04 s3cret"])
    def test_that_is_no_workbook_is_refused(self, bench, refused: Refused, content):
        bench.write("t.xlsx", content)
        message = refused(lambda: load(bench, columns={"a": "text"}), "s3cret")
        assert "something that is not a readable workbook; save it as .xlsx, without a password" in message
