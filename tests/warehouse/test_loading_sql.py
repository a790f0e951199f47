# ruff: noqa: DTZ001 - a declared timestamp has no time zone
from __future__ import annotations

import datetime as dt
import sqlite3
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal

import psycopg
import pytest

Refused = Callable[..., str]

IDENTITY = uuid.UUID("12345678-1234-5678-1234-567812345678")
COLUMNS = {
    "fips": "text",
    "n": "integer",
    "paid": "decimal(20,4)",
    "rate": "number",
    "ok": "boolean",
    "day": "date",
    "at": "timestamp",
    "identity": "text",
}


@pytest.fixture(scope="module")
def claims(postgres) -> Iterator[object]:
    with psycopg.connect(postgres.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA health")
        connection.execute(
            "CREATE TABLE health.claims (fips text, n bigint, paid numeric, rate double precision, ok boolean,"
            " day date, at timestamp, identity uuid)"
        )
        connection.execute(
            "INSERT INTO health.claims VALUES"
            " ('001', 9007199254740993, 1234567890123456.7891, 0.1, true, '2021-02-28',"
            " '2021-02-28 23:59:59.123456', %s),"
            " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
            " ('', -1, 2.50, 'infinity', false, '0001-01-01', '2021-01-01', NULL)",
            [IDENTITY],
        )
        connection.execute("CREATE TABLE health.people AS SELECT 's3cret'::text AS name, 1 AS n")
        connection.execute("CREATE ROLE outsider LOGIN PASSWORD 'outsider'")
    return postgres


class TestPostgres:
    def test_types_are_those_declared(self, bench, claims, monkeypatch):
        monkeypatch.setenv("CLAIMS_URL", claims.url())
        query = "SELECT * FROM health.claims WHERE rate <> 'infinity' OR rate IS NULL ORDER BY fips"
        report = bench.load(kind="sql", url="${CLAIMS_URL}", query=query, columns=COLUMNS)
        assert bench.rows() == [
            ("001", 9007199254740993, Decimal("1234567890123456.7891"), 0.1, True, dt.date(2021, 2, 28),
             dt.datetime(2021, 2, 28, 23, 59, 59, 123456), str(IDENTITY)),
            (None,) * 8,
        ]  # fmt: skip
        assert (report.rows, report.sha256) == (2, None)

    def test_a_table_is_read_by_its_name(self, bench, claims):
        bench.load(kind="sql", url=claims.url(), table="health.people", columns={"name": "text"}, ignore_columns=["n"])
        assert bench.rows() == [("s3cret",)]

    @pytest.mark.thorough
    def test_many_rows_are_streamed(self, bench, claims, monkeypatch):
        from ddg_pipeline.warehouse._reading import sql_query

        sizes, cursors = [], set()
        text_columns = sql_query.text_columns
        execute = sql_query.SqlReader._execute

        def counted(rows, plan):
            sizes.append(len(rows))
            return text_columns(rows, plan)

        def watched(self, *args):
            names, result = execute(self, *args)
            cursors.add(type(result.cursor))
            return names, result

        monkeypatch.setattr(sql_query, "text_columns", counted)
        monkeypatch.setattr(sql_query.SqlReader, "_execute", watched)
        query = (
            "SELECT lpad(i::text, 8, '0') AS id, i * 10000000000 AS big, (i / 4.0)::numeric(12,2) AS paid,"
            " date '2000-01-01' + (i % 9000)::int AS day FROM generate_series(1, 200000) AS g(i) -- 100% of them: all"
        )
        columns = {"id": "text", "big": "integer", "paid": "decimal(12,2)", "day": "date"}
        report = bench.load(kind="sql", url=claims.url(), query=query, columns=columns)
        assert report.rows == 200_000
        assert sizes == [50_000] * 4
        assert cursors == {psycopg.ServerCursor}
        with bench.store.connect(read_only=True) as connection:
            found = connection.sql("SELECT count(DISTINCT id), sum(big), sum(paid), min(day) FROM source.t").fetchall()
        total = 200_000 * 200_001 // 2
        assert found == [(200_000, total * 10**10, Decimal(total) / 4, dt.date(2000, 1, 1))]

    @pytest.mark.parametrize(
        ("expression", "declared", "what"),
        [
            ("71", "text", "a number"),
            ("71.5", "integer", "a number with a fraction"),
            ("9223372036854775808::numeric", "integer", "an integer that does not fit in 64 bits"),
            ("71.239::numeric", "decimal(5,2)", "a number with more than 2 decimals"),
            ("'NaN'::float8", "number", "text that is not a number"),
            ("timestamptz '2071-01-01 10:00+00'", "timestamp", "a timestamp with a time zone"),
            ("timestamp '2071-01-01 10:00'", "date", "a date with a time of day"),
            ("'s3cret'", "date", "text that is not a date"),
            ("'s3cret'::bytea", "text", "a value of type bytes"),
            ("'{71}'::int[]", "integer", "a value of type list"),
            ("NULL", "required", "no value, where one is required"),
        ],
    )
    def test_values_that_do_not_fit_are_refused(self, bench, claims, refused: Refused, expression, declared, what):
        column = {"type": "text", "nullable": False} if declared == "required" else declared
        query = f"SELECT 'x' AS b, NULL AS a UNION ALL SELECT 'y', {expression}"
        if declared == "required":
            query = "SELECT 'x' AS b, 'y' AS a UNION ALL SELECT 'y', NULL"
        load = bench.later(kind="sql", url=claims.url(), query=query, columns={"a": column, "b": "text"})
        message = refused(load, "71", "s3cret", claims.password)
        assert f"source t: row 2 of the result: column a: found {what}" in message
        assert bench.store.tables() == []

    @pytest.mark.parametrize(
        ("query", "field", "what"),
        [
            ("SELECT nam FROM health.people", "query", "a column that does not exist there (SQLSTATE 42703)"),
            ("SELECT * FROM health.poeple", "query", "a table that does not exist there"),
            ("SELEC 's3cret'", "query", "SQL that the database does not understand"),
            ("SELECT name::int AS n FROM health.people", "query", "cannot work with (SQLSTATE 22P02)"),
            ("SELECT 1 / (n - 1) AS n FROM health.people", "query", "cannot work with (SQLSTATE 22012)"),
            ("SELECT date 'infinity' AS n", "query", "DataError"),
            ("DELETE FROM health.people", "query", "SQLSTATE"),
        ],
    )
    def test_errors_of_the_database_do_not_quote_rows(self, bench, claims, refused: Refused, query, field, what):
        load = bench.later(kind="sql", url=claims.url(), query=query, columns={"n": "integer"})
        message = refused(load, "s3cret", claims.password)
        assert f"sources.t.{field}: found" in message
        assert what in message

    def test_errors_halfway_leave_the_earlier_table(self, bench, claims, refused: Refused):
        columns = {"n": "integer"}
        bench.load(kind="sql", url=claims.url(), query="SELECT 5 AS n", columns=columns)
        halfway = "SELECT 100 / (150000 - i) AS n FROM generate_series(1, 200000) AS g(i)"
        message = refused(lambda: bench.load(kind="sql", url=claims.url(), query=halfway, columns=columns))
        assert "a value that the query or the driver cannot work with (SQLSTATE 22012)" in message
        bad_row = (
            "SELECT CASE WHEN i = 150001 THEN 's3cret' ELSE i::text END AS n FROM generate_series(1, 200000) AS g(i)"
        )
        message = refused(lambda: bench.load(kind="sql", url=claims.url(), query=bad_row, columns=columns), "s3cret")
        assert "row 150001 of the result: column n: found text that is not an integer" in message
        assert bench.rows() == [(5,)]

    def test_a_statement_that_writes_is_refused(self, bench, claims, refused: Refused):
        query = "WITH gone AS (DELETE FROM health.people RETURNING n) SELECT n FROM gone"
        load = bench.later(kind="sql", url=claims.url(), query=query, columns={"n": "integer"})
        refused(load)
        with psycopg.connect(claims.url().replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT count(*) FROM health.people").fetchone() == (1,)

    def test_changed_columns_are_named(self, bench, claims, refused: Refused):
        columns = {"nmae": "text", "age": "integer"}
        load = bench.later(kind="sql", url=claims.url(), table="health.people", columns=columns)
        message = refused(load, "s3cret")
        assert "column nmae: found 'name' instead" in message
        assert "column age: found no such column" in message
        assert "column n: found a column that is not declared" in message

    def test_a_name_twice_is_refused(self, bench, claims, refused: Refused):
        load = bench.later(kind="sql", url=claims.url(), query="SELECT 1 AS n, 2 AS n", columns={"n": "integer"})
        assert "column n: found this name for several columns" in refused(load)

    def test_a_missing_table_is_named(self, bench, claims, refused: Refused):
        load = bench.later(kind="sql", url=claims.url(), table="health.none", columns={"n": "integer"})
        assert "sources.t.table: found a table that does not exist there" in refused(load)

    def test_a_result_without_rows_is_refused(self, bench, claims, refused: Refused):
        load = bench.later(kind="sql", url=claims.url(), query="SELECT 1 AS n LIMIT 0", columns={"n": "integer"})
        assert "rows: found none" in refused(load)


class TestTheConnection:
    def test_with_a_wrong_password_names_the_url_only(self, bench, claims, refused: Refused):
        url = claims.url(password="hush")
        message = refused(lambda: bench.load(kind="sql", url=url, table="t", columns={"n": "integer"}), "hush")
        assert "sources.t.url: found " in message
        assert "check host, port, user and password" in message or "refuses" in message

    def test_with_a_wrong_database_names_the_url_only(self, bench, claims, refused: Refused):
        url = claims.url(database="nowhere")
        message = refused(lambda: bench.load(kind="sql", url=url, table="t", columns={"n": "integer"}), claims.password)
        assert "sources.t.url: found " in message

    def test_without_the_right_to_read_is_explained(self, bench, claims, refused: Refused):
        url = f"postgresql+psycopg://outsider:outsider@127.0.0.1:{claims.port}/postgres"
        load = bench.later(kind="sql", url=url, query="SELECT n FROM health.people", columns={"n": "integer"})
        assert "SQLSTATE 42501" in refused(load)

    @pytest.mark.parametrize("password", ["hush", "hu@zq/hush", "hush:hush", "hush%"])
    @pytest.mark.parametrize(
        "template", ["postgresql+psycopg://u:{}@127.0.0.1:1/d", "nonsense:{}", "foo://u:{}@h/d", "mysql://u:{}@h/d",
                     "postgresql+psycopg://u:{}@127.0.0.1:port/d", "postgresql+psycopg://127.0.0.1:1/d?password={}"]
    )  # fmt: skip
    def test_that_cannot_be_made_shows_no_part_of_the_password(self, bench, refused: Refused, template, password):
        url = template.format(password)
        message = refused(
            lambda: bench.load(kind="sql", url=url, table="t", columns={"n": "integer"}), "hush", "hu@", "zq/"
        )
        assert "sources.t.url: found " in message

    def test_to_a_server_that_is_not_there(self, bench, refused: Refused):
        url = "postgresql+psycopg://u:hush@127.0.0.1:1/d"
        message = refused(lambda: bench.load(kind="sql", url=url, table="t", columns={"n": "integer"}), "hush")
        assert "found a database that cannot be reached (OperationalError" in message

    def test_needs_its_driver(self, bench, refused: Refused):
        message = refused(lambda: bench.load(kind="sql", url="mysql://u:hush@h/d", table="t", columns={"n": "integer"}))
        assert "found a database whose driver is not installed (MySQLdb)" in message

    def test_with_an_odd_password_works_when_it_is_written_as_percent_codes(self, bench, claims):
        with psycopg.connect(claims.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE ROLE odd LOGIN PASSWORD 'p@ss/w:rd%' IN ROLE pg_read_all_data")
        url = f"postgresql+psycopg://odd:{urllib.parse.quote('p@ss/w:rd%', safe='')}@127.0.0.1:{claims.port}/postgres"
        assert bench.load(kind="sql", url=url, query="SELECT n FROM health.people", columns={"n": "integer"}).rows == 1


class TestSqlite:
    @pytest.fixture
    def url(self, bench) -> str:
        with sqlite3.connect(bench.directory / "t.sqlite") as connection:
            connection.execute("CREATE TABLE cases (fips TEXT, n INTEGER, rate REAL, day TEXT, ok INTEGER)")
            connection.execute("INSERT INTO cases VALUES ('001', 9007199254740993, 0.25, '2021-02-28', 1)")
            connection.execute("INSERT INTO cases VALUES (NULL, NULL, NULL, NULL, NULL)")
        connection.close()
        return "sqlite:///t.sqlite"

    def test_is_read_like_any_other(self, bench, url):
        columns = {"fips": "text", "n": "integer", "rate": "decimal(4,2)", "day": "date", "ok": "boolean"}
        bench.load(kind="sql", url=url, table="cases", columns=columns)
        first = ("001", 9007199254740993, Decimal("0.25"), dt.date(2021, 2, 28), True)
        assert bench.rows() == [first, (None,) * 5]

    def test_takes_a_query_as_it_is(self, bench, url):
        query = "SELECT '12:30 :x %s 100%' AS t FROM cases WHERE fips LIKE '0%'"
        bench.load(kind="sql", url=url, query=query, columns={"t": "text"})
        assert bench.rows() == [("12:30 :x %s 100%",)]

    def test_is_not_written_to(self, bench, url, refused: Refused):
        load = bench.later(kind="sql", url=url, query="DELETE FROM cases RETURNING n", columns={"n": "integer"})
        refused(load)
        assert bench.load(kind="sql", url=url, query="SELECT count(*) AS n FROM cases", columns={"n": "integer"})
        assert bench.rows() == [(2,)]

    def test_is_not_made_where_there_is_none(self, bench, refused: Refused):
        load = bench.later(kind="sql", url="sqlite:///none.sqlite", table="t", columns={"n": "integer"})
        assert "sources.t.url: found a database file that does not exist" in refused(load)
        assert not (bench.directory / "none.sqlite").exists()
