# ruff: noqa: DTZ001 - a declared timestamp has no time zone
from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Refused = Callable[..., str]


def load(bench, table: pa.Table, **declared):
    pq.write_table(table, bench.directory / "t.parquet")
    return bench.load(kind="parquet", path="t.parquet", **declared)


class TestTypes:
    def test_are_kept(self, bench):
        table = pa.table(
            {
                "fips": pa.array(["001", None]).dictionary_encode(),
                "n": pa.array([2**63 - 1, None], pa.int64()),
                "paid": pa.array([Decimal("12.30"), None], pa.decimal128(12, 2)),
                "rate": [0.5, None],
                "ok": [True, None],
                "day": [dt.date(2021, 2, 28), None],
                "at": pa.array([dt.datetime(2021, 2, 28, 1, 2, 3), None], pa.timestamp("us")),
                "nothing": pa.nulls(2),
            }
        )
        columns = {
            "at": "timestamp", "day": "date", "ok": "boolean", "rate": "number", "paid": "decimal(12,2)",
            "n": "integer", "fips": "text", "nothing": "date",
        }  # fmt: skip
        report = load(bench, table, columns=columns)
        assert bench.rows() == [
            (
                dt.datetime(2021, 2, 28, 1, 2, 3),
                dt.date(2021, 2, 28),
                True,
                0.5,
                Decimal("12.30"),
                2**63 - 1,
                "001",
                None,
            ),
            (None,) * 8,
        ]
        assert report.rows == 2
        assert report.sha256 == hashlib.sha256((bench.directory / "t.parquet").read_bytes()).hexdigest()

    @pytest.mark.parametrize(
        ("values", "kind", "declared", "stored"),
        [
            ([1.0, None, -3.0], pa.float64(), "integer", [1, None, -3]),
            ([12.34], pa.float64(), "decimal(12,2)", [Decimal("12.34")]),
            ([5], pa.int16(), "decimal(12,2)", [Decimal("5.00")]),
            ([Decimal("5.000")], pa.decimal128(20, 3), "decimal(6,2)", [Decimal("5.00")]),
            ([Decimal(7)], pa.decimal128(38, 0), "integer", [7]),
            ([2**63 - 1], pa.uint64(), "integer", [2**63 - 1]),
            ([1, 0], pa.int8(), "boolean", [True, False]),
            ([dt.datetime(2021, 1, 2)], pa.timestamp("ms"), "date", [dt.date(2021, 1, 2)]),
            ([dt.date(2021, 1, 2)], pa.date32(), "timestamp", [dt.datetime(2021, 1, 2)]),
            ([1000], pa.timestamp("ns"), "timestamp", [dt.datetime(1970, 1, 1, 0, 0, 0, 1)]),
            (["2021-01-02"], pa.string(), "date", [dt.date(2021, 1, 2)]),
            (["12"], pa.large_string(), "integer", [12]),
            ([3], pa.int32(), "number", [3.0]),
        ],
    )
    def test_may_differ_where_every_value_stays_the_same(self, bench, values, kind, declared, stored):
        load(bench, pa.table({"a": pa.array(values, kind)}), columns={"a": declared})
        assert [row[0] for row in bench.rows()] == stored

    @pytest.mark.parametrize(
        ("value", "kind", "declared", "what"),
        [
            (71.5, pa.float64(), "integer", "a number with a fraction"),
            (2.0**60, pa.float64(), "integer", "too large to be an exact integer"),
            (float("nan"), pa.float64(), "integer", "a value that does not fit in integer"),
            (2**63, pa.uint64(), "integer", "a value that does not fit in integer"),
            (71.239, pa.float64(), "decimal(5,2)", "a number with more than 2 decimals"),
            (Decimal("71.239"), pa.decimal128(6, 3), "decimal(5,2)", "a number with more than 2 decimals"),
            (71000, pa.int32(), "decimal(5,2)", "a value that does not fit in decimal(5,2)"),
            (float("nan"), pa.float64(), "number", "a number that is not finite"),
            (2**53 + 1, pa.int64(), "number", "an integer too large for a floating point number"),
            (7, pa.int8(), "boolean", "a number that is not 0 or 1"),
            (dt.datetime(2071, 1, 2, 3), pa.timestamp("us"), "date", "a date with a time of day"),
            (71, pa.timestamp("ns"), "timestamp", "a timestamp that is too fine"),
            ("71.5", pa.string(), "integer", "a number with a fraction"),
        ],
    )
    def test_refuse_values_they_would_have_to_change(self, bench, refused: Refused, value, kind, declared, what):
        table = pa.table({"a": pa.array([None, value], kind)})
        message = refused(lambda: load(bench, table, columns={"a": declared}), "71")
        assert "row 2: column a: found " in message
        assert what in message

    @pytest.mark.parametrize(
        ("array", "declared", "found", "advice"),
        [
            (pa.array([1]), "text", "BIGINT", "leading zeros are already lost"),
            (pa.array([dt.date(2021, 1, 1)]), "text", "DATE", "declare the type it has"),
            (pa.array([1], pa.timestamp("us", "UTC")), "timestamp", "TIMESTAMP WITH TIME ZONE", "without a time zone"),
            (pa.array([[1]]), "text", "BIGINT[]", "declare the type it has"),
            (pa.array([b"x"]), "text", "BLOB", "declare the type it has"),
            (pa.array([1]), "date", "BIGINT", "have it written as date"),
            (pa.array([True]), "integer", "BOOLEAN", "have it written as integer"),
        ],
    )
    def test_that_cannot_be_turned_into_the_declared_one_are_named(
        self, bench, refused: Refused, array, declared, found, advice
    ):
        message = refused(lambda: load(bench, pa.table({"a": array}), columns={"a": declared}))
        assert f"column a: found the type {found}; it is declared as {declared}: " in message
        assert advice in message


class TestAFile:
    def test_with_a_name_twice_is_refused(self, bench, refused: Refused):
        table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "b"])
        message = refused(lambda: load(bench, table, columns={"a": "integer", "b": "integer"}))
        assert "column b: found this name for several columns" in message

    def test_with_changed_columns_is_refused(self, bench, refused: Refused):
        table = pa.table({"person": ["x"], "visitdate": [dt.date(2021, 1, 1)]})
        message = refused(
            lambda: load(bench, table, columns={"person": "text", "visit_date": "date", "age": "integer"})
        )
        assert "column visit_date: found 'visitdate' instead" in message
        assert "column age: found no such column" in message

    @pytest.mark.parametrize("content", [b"PAR1 s3cret PAR1", b"a,b\ns3cret,2\n"])
    def test_that_is_none_is_refused(self, bench, refused: Refused, content):
        bench.write("t.parquet", content)
        message = refused(lambda: bench.load(kind="parquet", path="t.parquet", columns={"a": "text"}), "s3cret")
        assert "not a readable Parquet file" in message

    def test_that_is_cut_off_is_refused(self, bench, refused: Refused):
        load(bench, pa.table({"a": list(range(1000))}), columns={"a": "integer"})
        path = bench.directory / "t.parquet"
        content = path.read_bytes()
        path.write_bytes(content[:4] + bytes(len(content) - 2000) + content[-1996:])
        refused(lambda: bench.load(kind="parquet", path="t.parquet", columns={"a": "integer"}))
        assert len(bench.rows()) == 1000

    def test_without_rows_is_refused(self, bench, refused: Refused):
        assert "rows: found none" in refused(
            lambda: load(bench, pa.table({"a": pa.array([], pa.int64())}), columns={"a": "integer"})
        )

    def test_in_a_folder_that_looks_like_a_partition_gets_no_column(self, bench):
        (bench.directory / "year=2020").mkdir()
        pq.write_table(pa.table({"a": [1]}), bench.directory / "year=2020" / "t[1].parquet")
        bench.load(kind="parquet", path="year=2020/t[1].parquet", columns={"a": "integer"})
        assert bench.rows() == [(1,)]


def test_a_missing_value_is_refused_where_one_is_required(bench, refused: Refused):
    table = pa.table({"a": [1, None]})
    message = refused(lambda: load(bench, table, columns={"a": {"type": "integer", "nullable": False}}))
    assert "row 2: column a: found no value, where one is required" in message
