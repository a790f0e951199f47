from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pytest

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.warehouse.errors import StoreBusyError
from ddg_pipeline.warehouse.restricted import RestrictedStore

Refused = Callable[..., str]


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path) -> RestrictedStore:
    return RestrictedStore(tmp_path / "deep" / "restricted" / "store.duckdb", wait=0.3)


def fill(store: RestrictedStore, *statements: str) -> None:
    with store.connect() as connection:
        for statement in statements:
            connection.execute(statement)


class TestTheFile:
    @pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
    def test_is_for_its_owner_alone(self, store, umask):
        before = os.umask(umask)
        try:
            with store.connect() as connection:
                assert mode(store.path) == 0o600
                connection.execute("CREATE TABLE t AS SELECT 1 AS a")
            assert mode(store.path) == 0o600
            assert mode(store.path.parent) == 0o700
        finally:
            os.umask(before)

    def test_that_something_else_made_is_closed_to_others(self, store):
        import duckdb

        store.private_directory()
        duckdb.connect(str(store.path)).close()
        store.path.chmod(0o644)
        assert store.tables() == []
        assert mode(store.path) == 0o600

    def test_is_not_put_where_others_may_look(self, tmp_path):
        shared = tmp_path / "shared"
        shared.mkdir(mode=0o755)
        store = RestrictedStore(shared / "store.duckdb")
        with pytest.raises(RefusedError, match=f"chmod 700 {shared}"), store.connect():
            pass
        assert list(shared.iterdir()) == []

    def test_must_exist_to_be_read(self, store):
        with pytest.raises(InputError, match="no restricted store; load the sources first"):
            store.tables()
        assert not store.path.exists()

    def test_must_be_one(self, store):
        store.private_directory()
        store.path.write_text("not a database " * 1000)
        with pytest.raises(InputError, match="something DuckDB cannot open"):
            store.tables()


HOLD = """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1])
    print("held", flush=True)
    sys.stdin.read()
"""


class TestAConnection:
    def test_is_closed_at_the_end_of_the_block_even_after_an_error(self, store):
        with pytest.raises(ZeroDivisionError), store.connect():
            _ = 1 / 0
        with store.connect() as connection:
            assert connection.sql("SELECT 1").fetchall() == [(1,)]

    @pytest.fixture
    def holder(self, store):
        fill(store, "CREATE TABLE t AS SELECT 5 AS a")
        command = [sys.executable, "-c", textwrap.dedent(HOLD), str(store.path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "held\n"
            yield process
            if not process.stdin.closed:
                process.stdin.close()

    @pytest.mark.parametrize("read_only", [True, False])
    def test_waits_and_then_says_who_is_in_the_way(self, store, holder, read_only):
        message = rf"process {holder.pid} has it open; waited 0.3 s, nothing was changed"
        with pytest.raises(StoreBusyError, match=message), store.connect(read_only=read_only):
            pass
        holder.stdin.close()
        holder.wait(timeout=20)
        assert store.read_table("main", "t")["a"].tolist() == [5]

    def test_goes_on_as_soon_as_the_other_is_gone(self, store, holder):
        patient = RestrictedStore(store.path, wait=30)
        timer = threading.Timer(0.2, holder.stdin.close)
        timer.start()
        assert patient.row_count("main", "t") == 1
        timer.join()

    def test_that_writes_keeps_out_readers_of_the_same_process(self, store):
        with store.connect(), pytest.raises(StoreBusyError, match="another thread of this process"):
            store.tables()

    def test_may_be_one_of_several_readers(self, store):
        fill(store, "CREATE TABLE t AS SELECT 5 AS a")
        with store.connect(read_only=True), store.connect(read_only=True) as second:
            assert second.sql("SELECT a FROM t").fetchall() == [(5,)]

    def test_that_reads_cannot_write(self, store):
        import duckdb

        fill(store, "CREATE TABLE t AS SELECT 5 AS a")
        with store.connect(read_only=True) as connection, pytest.raises(duckdb.Error):
            connection.execute("DROP TABLE t")


class TestReading:
    def test_lists_tables_and_views(self, store):
        fill(
            store,
            "CREATE SCHEMA s",
            "CREATE TABLE s.b AS SELECT 1 AS x, 'y' AS y",
            "CREATE VIEW a AS SELECT * FROM s.b",
        )
        assert store.tables() == [("main", "a"), ("s", "b")]
        assert store.columns("main", "a") == [("x", "INTEGER"), ("y", "VARCHAR")]
        assert store.row_count("s", "b") == 1

    def test_suggests_a_table_for_a_wrong_name(self, store):
        fill(store, "CREATE SCHEMA source", "CREATE TABLE source.ed_visits AS SELECT 1 AS x")
        for read in (store.read_table, store.row_count, store.columns):
            with pytest.raises(
                InputError, match=r"table source.ed_visit: found no such table; did you mean source.ed_vis"
            ):
                read("source", "ed_visit")

    def test_gives_the_same_types_with_and_without_missing_values(self, store):
        kinds = {
            "a": ("1::TINYINT", "Int64"), "b": ("2::BIGINT", "Int64"), "c": ("3::HUGEINT", "Int64"),
            "d": ("4::UBIGINT", "Int64"), "e": ("5::DECIMAL(38,0)", "Int64"), "f": ("6.25::DECIMAL(38,2)", "float64"),
            "g": ("7.5::DOUBLE", "float64"), "h": ("true", "boolean"), "i": ("'001'", "str"),
            "j": ("DATE '2021-02-28'", "datetime64[ms]"), "k": ("TIMESTAMP '2021-02-28 10:00'", "datetime64[us]"),
            "l": ("'x'::ENUM('x','y')", "str"),
        }  # fmt: skip
        values = ", ".join(f"{sql} AS {name}" for name, (sql, _) in kinds.items())
        fill(store, f"CREATE TABLE t AS SELECT {values}", "CREATE TABLE u AS SELECT * FROM t",
             "INSERT INTO u SELECT " + ", ".join(["NULL"] * len(kinds)))  # fmt: skip
        expected = {name: dtype for name, (_, dtype) in kinds.items()}
        for table in ("t", "u"):
            frame = store.read_table("main", table)
            assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected
            assert frame.iloc[0].tolist() == [
                1, 2, 3, 4, 5, 6.25, 7.5, True, "001",
                pd.Timestamp("2021-02-28"), pd.Timestamp("2021-02-28 10:00"), "x",
            ]  # fmt: skip
        assert frame.iloc[1].isna().all()

    def test_keeps_big_sums(self, store):
        fill(store, f"CREATE TABLE t AS SELECT sum(x) AS total FROM (VALUES ({2**53}::BIGINT), (1)) AS v(x)")
        assert store.columns("main", "t") == [("total", "HUGEINT")]
        assert store.read_table("main", "t")["total"].tolist() == [2**53 + 1]

    @pytest.mark.parametrize("value", ["9223372036854775808::HUGEINT", "71234567890123456.78::DECIMAL(38,2)"])
    def test_refuses_numbers_it_cannot_keep(self, store, refused: Refused, value):
        fill(store, f"CREATE TABLE t AS SELECT 1 AS a, {value} AS b")
        message = refused(lambda: store.read_table("main", "t"), "9223372036854775808", "71234567890123456")
        assert "main.t: column b: found a " in message
        assert "round it or cast it in the model" in message

    def test_keeps_amounts_to_the_cent(self, store):
        fill(store, "CREATE TABLE t AS SELECT (i * 1234567.89)::DECIMAL(38,2) AS paid FROM range(1, 2000) AS r(i)")
        paid = store.read_table("main", "t")["paid"]
        assert [Decimal(repr(float(value))) for value in paid] == [i * Decimal("1234567.89") for i in range(1, 2000)]

    def test_of_odd_names(self, store):
        fill(store, 'CREATE SCHEMA "a b"', 'CREATE TABLE "a b"."c""d" AS SELECT 1 AS "e ""f"""')
        assert store.tables() == [("a b", 'c"d')]
        assert list(store.read_table("a b", 'c"d').columns) == ['e "f"']

    def test_of_a_broken_view_does_not_quote_values(self, store, refused: Refused):
        fill(store, "CREATE TABLE t AS SELECT 's3cret' AS a", "CREATE VIEW v AS SELECT a::INTEGER AS a FROM t")
        message = refused(lambda: store.read_table("main", "v"), "s3cret")
        assert "table main.v cannot be read (ConversionException)" in message


def test_waiting_does_not_spin(store, monkeypatch):
    pauses = []
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (pauses.append(seconds), sleep(seconds)))
    with store.connect(), pytest.raises(StoreBusyError):
        store.tables()
    assert 1 <= len(pauses) <= 10
    assert sum(pauses) <= 0.3
