# ruff: noqa: DTZ001 - a declared timestamp has no time zone
from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest

from ddg_pipeline.warehouse.loading import load_source

Refused = Callable[..., str]


class TestTypes:
    def test_are_those_declared(self, bench):
        report = bench.csv(
            "fips,n,paid,rate,ok,day,at\n"
            "001,9007199254740993,1234567890.10,0.5,true,2021-02-28,2021-02-28 23:59:59.123456\n"
            "037, -5 ,.5,1e-3,N,2021-02-28 00:00:00,2021-02-28T10:00\n"
            ",,,,,,\n",
            columns={
                "fips": "text",
                "n": "integer",
                "paid": "decimal(12,2)",
                "rate": "number",
                "ok": "boolean",
                "day": "date",
                "at": "timestamp",
            },
        )
        assert bench.rows() == [
            ("001", 9007199254740993, Decimal("1234567890.10"), 0.5, True, dt.date(2021, 2, 28),
             dt.datetime(2021, 2, 28, 23, 59, 59, 123456)),
            ("037", -5, Decimal("0.50"), 0.001, False, dt.date(2021, 2, 28), dt.datetime(2021, 2, 28, 10, 0)),
            (None,) * 7,
        ]  # fmt: skip
        assert list(bench.types().values()) == [
            "VARCHAR", "BIGINT", "DECIMAL(12,2)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP",
        ]  # fmt: skip
        assert report.rows == 3
        assert report.columns[2] == ("paid", "decimal(12,2)")
        assert report.sha256 == hashlib.sha256((bench.directory / "t.csv").read_bytes()).hexdigest()
        assert report.seconds > 0

    def test_of_text_keep_every_character(self, bench):
        bench.csv('a,b\n 01 ,"x\ny, ""z"""\nNA,#N/A\n', columns={"a": "text", "b": "text"})
        assert bench.rows() == [(" 01 ", 'x\ny, "z"'), ("NA", "#N/A")]

    def test_of_whole_numbers_with_an_empty_fraction_are_integers(self, bench):
        bench.csv("a\n5.0\n-7.\n9223372036854775807\n", columns={"a": "integer"})
        assert bench.rows() == [(5,), (-7,), (9223372036854775807,)]

    @pytest.mark.parametrize(
        ("kind", "text", "what"),
        [
            ("integer", "s3cret", "text that is not an integer"),
            ("integer", "1.5", "a number with a fraction"),
            ("integer", "1e3", "text that is not an integer"),
            ("integer", "1_000", "text that is not an integer"),
            ("integer", "9223372036854775808", "an integer that does not fit in 64 bits"),
            ("decimal(5,2)", "1.239", "a number with more than 2 decimals"),
            ("decimal(5,2)", "12345.6", "a number with too many digits for decimal(5,2)"),
            ("decimal(5,2)", ".", "text that is not a decimal number"),
            ("number", "nan", "text that is not a number"),
            ("number", "inf", "text that is not a number"),
            ("number", "1e999", "a number that is too large"),
            ("boolean", "2", "a value that is not true or false"),
            ("date", "2021-02-30", "text that is not a date"),
            ("date", "02/28/2021", "text that is not a date"),
            ("date", "2021-02-28 10:00:00", "a date with a time of day"),
            ("timestamp", "2021-02-28 10:00:00+02:00", "a timestamp with a time zone"),
            ("timestamp", "2021-02-28T10:00:00Z", "a timestamp with a time zone"),
            ("timestamp", "2021-02-28 10:61:00", "text that is not a timestamp"),
            ("timestamp", "2021-02-28 10:00:00.1234567", "text that is not a timestamp"),
        ],
    )
    def test_refuse_what_they_would_have_to_change(self, bench, refused: Refused, kind, text, what):
        message = refused(
            lambda: bench.csv(f"a,b\n,x\n{text},x\n", columns={"a": kind, "b": "text"}),
            *([text] if len(text) > 2 else []),
        )
        assert f"line 3: column a: found {what}; declared is {kind}" in message

    def test_of_dates_follow_the_declared_format(self, bench, refused: Refused):
        columns = {"d": {"type": "date", "format": "%m/%d/%Y"}, "t": {"type": "timestamp", "format": "%d.%m.%Y %H:%M"}}
        bench.csv("d,t\n3/4/2021,04.03.2021 10:30\n", columns=columns)
        assert bench.rows() == [(dt.date(2021, 3, 4), dt.datetime(2021, 3, 4, 10, 30))]
        for wrong, what in [("2021-03-04", "in the declared format"), ("3/4/21", "not four digits")]:
            message = refused(lambda wrong=wrong: bench.csv(f"d,t\n{wrong},\n", columns=columns), wrong)
            assert what in message
            assert "declared is date written as %m/%d/%Y" in message


class TestNulls:
    def test_are_empty_fields_unless_declared_otherwise(self, bench):
        bench.csv('a,b\n,""\nNA,x\n', columns={"a": "text", "b": "text"})
        assert bench.rows() == [(None, None), ("NA", "x")]
        bench.csv("a,b\nNA,\n-,x\n", columns={"a": "text", "b": "text"}, null_values=["NA", "-"])
        assert bench.rows() == [(None, ""), (None, "x")]

    def test_are_refused_where_the_column_is_not_nullable(self, bench, refused: Refused):
        columns = {"a": {"type": "integer", "nullable": False}, "b": "text"}
        message = refused(lambda: bench.csv("a,b\n1,x\n,y\n,z\n", columns=columns))
        assert "line 3, line 4: column a: found no value, where one is required" in message


class TestColumns:
    def test_come_in_the_declared_order_under_the_declared_names(self, bench):
        bench.csv("Visit Date,x,County FIPS\n2021-01-02,1,001\n", ignore_columns=["x"],
                  columns={"county": {"type": "text", "from": "County FIPS"},
                           "day": {"type": "date", "from": "Visit Date"}})  # fmt: skip
        assert bench.rows() == [("001", dt.date(2021, 1, 2))]
        assert list(bench.types()) == ["county", "day"]

    def test_may_be_absent_where_they_are_not_required(self, bench):
        columns = {"a": "text", "b": {"type": "decimal(4,1)", "required": False}}
        bench.csv("a\nx\n", columns=columns)
        assert bench.rows() == [("x", None)]
        assert bench.types()["b"] == "DECIMAL(4,1)"
        bench.csv("b,a\n1.5,x\n", columns=columns)
        assert bench.rows() == [("x", Decimal("1.5"))]

    def test_that_are_missing_are_named(self, bench, refused: Refused):
        message = refused(lambda: bench.csv("a,b\nx,y\n", columns={"a": "text", "b": "text", "county": "text"}))
        assert "column county: found no such column; bring it back" in message

    def test_that_are_not_declared_are_named(self, bench, refused: Refused):
        message = refused(lambda: bench.csv("a,ssn\nx,s3cret\n", columns={"a": "text"}), "s3cret")
        assert "column ssn: found a column that is not declared; declare it" in message

    def test_that_were_renamed_are_suggested(self, bench, refused: Refused):
        message = refused(lambda: bench.csv("VISIT_DT,b\n,y\n", columns={"visit_date": "date", "b": "text"}))
        assert "column visit_date: found 'VISIT_DT' instead; rename it back, or declare" in message
        assert "`visit_date: {type: date, from: VISIT_DT}`" in message
        assert "not declared" not in message

    def test_that_are_named_twice_are_refused(self, bench, refused: Refused):
        message = refused(lambda: bench.csv("a,b,a\nx,y,z\n", columns={"a": "text", "b": "text"}))
        assert "column a: found this name for several columns" in message

    def test_whose_names_differ_in_case_only_do_not_get_mixed_up(self, bench):
        bench.csv("A,a\nx,y\n", columns={"a": "text"}, ignore_columns=["A"])
        assert bench.rows() == [("y",)]

    def test_are_not_guessed_from_data_where_the_header_is_missing(self, bench, refused: Refused):
        action = partial(bench.csv, "12345,s3cret\n12346,s3cret\n", columns={"id": "text", "name": "text"})
        message = refused(action, "s3cret", "12345")
        assert "columns: found none of the declared ones; write the columns' names" in message

    def test_of_any_name_can_be_declared(self, bench):
        name = 'He said "x"; DROP TABLE t; --'
        bench.csv('"He said ""x""; DROP TABLE t; --"\n1\n', columns={name: "integer"})
        assert list(bench.types()) == [name]


class TestAFile:
    def test_that_is_missing_is_named(self, bench, refused: Refused):
        message = refused(lambda: bench.load(kind="csv", path="none/t.csv", columns={"a": "text"}))
        assert f"{bench.directory}/none/t.csv: sources.t.path: found no such file" in message

    def test_that_is_a_directory_is_refused(self, bench, refused: Refused):
        message = refused(lambda: bench.load(kind="csv", path=".", columns={"a": "text"}))
        assert "something that is not a file" in message

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_that_must_not_be_read_is_named(self, bench, refused: Refused):
        bench.write("t.csv", "a\n1\n").chmod(0)
        message = refused(lambda: bench.load(kind="csv", path="t.csv", columns={"a": "text"}))
        assert "a file that must not be read" in message

    @pytest.mark.parametrize(
        ("content", "what"),
        [("", "it is empty"), ("\n\n", "no header"), ("a,b\n", "rows: found none"), ("a,b", "no line end")],
    )
    def test_that_is_empty_is_refused(self, bench, refused: Refused, content, what):
        assert what in refused(lambda: bench.csv(content, columns={"a": "text", "b": "text"}))

    def test_is_found_through_the_environment(self, bench, monkeypatch, refused: Refused):
        bench.write("t.csv", "a\n1\n")
        monkeypatch.setenv("DDG_TEST_DIR", str(bench.directory))
        assert bench.load(kind="csv", path="${DDG_TEST_DIR}/t.csv", columns={"a": "text"}).rows == 1
        monkeypatch.delenv("DDG_TEST_DIR")
        message = refused(lambda: bench.load(kind="csv", path="${DDG_TEST_DIR}/t.csv", columns={"a": "text"}))
        assert "sources.t.path: found the environment variable DDG_TEST_DIR, which is not set" in message

    def test_may_have_a_name_that_looks_like_a_pattern_or_a_partition(self, bench):
        (bench.directory / "a=1").mkdir()
        bench.write("a=1/[t]*?'.csv", "a\n1\n")
        bench.write("a=1/t'.csv", "a\n2\n")
        bench.load(kind="csv", path="a=1/[t]*?'.csv", columns={"a": "text"})
        assert bench.rows() == [("1",)]

    def test_that_changes_meanwhile_is_refused(self, bench, monkeypatch, refused: Refused):
        from ddg_pipeline.warehouse._reading import csv_file

        path = bench.write("t.csv", "a\n1\n")
        chunks = csv_file.CsvReader.chunks

        def meddle(*args):
            yield from chunks(*args)
            path.write_text("a\n2\n3\n")

        monkeypatch.setattr(csv_file.CsvReader, "chunks", meddle)
        message = refused(lambda: bench.load(kind="csv", path="t.csv", columns={"a": "text"}))
        assert "a change while it was being loaded" in message
        assert bench.store.tables() == []


class TestARecord:
    @pytest.mark.parametrize("record", ["1,s3cret,3", "s3cret", "1,2,", "s3cret,,"])
    def test_that_is_ragged_is_named_by_its_line(self, bench, refused: Refused, record):
        action = partial(bench.csv, f'a,b\n1,"x\ny"\n\n{record}\n', columns={"a": "text", "b": "text"})
        fields = record.count(",") + 1
        message = refused(action, "s3cret")
        assert f"records that have not the header's 2 fields: line 5 ({fields}); quote texts" in message

    def test_that_is_bad_is_named_by_the_line_it_begins_on(self, bench, refused: Refused):
        content = 'a,b\r\n"x\r\ny",1\r\n\r\nz,s3cret\r\n"\r\n",s3cret\r\n'
        message = refused(lambda: bench.csv(content, columns={"a": "text", "b": "integer"}), "s3cret")
        assert "line 5, line 6: column b: found text that is not an integer" in message

    def test_that_is_one_of_many_bad_ones(self, bench, refused: Refused):
        content = "a,b\n" + "s3cret,2021-99-99\n" * 250
        message = refused(lambda: bench.csv(content, columns={"a": "integer", "b": "date"}), "s3cret", "99-99", "250")
        first, second = message.splitlines()
        assert "line 2, line 3, line 4, line 5, line 6 and others: column a: found text that is not an integer" in first
        assert "and others: column b: found text that is not a date" in second

    def test_is_found_far_down_a_large_file(self, bench, refused: Refused):
        content = "a,b\n" + "12345678,abcdefghijklmnopqrstuvwxyz\n" * 200_000 + "s3cret,x\n" + "1,x\n" * 200_000
        message = refused(lambda: bench.csv(content, columns={"a": "integer", "b": "text"}), "s3cret")
        assert "line 200002: column a:" in message

    @pytest.mark.parametrize("content", ['a,b\n1,2\n1,"s3cret\n3,4\n', 'a,b\n1,2\n1,"s3"cret\n3,4\n'])
    def test_with_a_bad_quote_is_named_by_its_line(self, bench, refused: Refused, content):
        message = refused(lambda: bench.csv(content, columns={"a": "text", "b": "text"}), "s3")
        assert (
            "line 3: found a quote that is not closed, something after a closing quote, or a field too long" in message
        )

    def test_of_a_renamed_column_gives_both_names(self, bench, refused: Refused):
        columns = {"age": {"type": "integer", "from": "AGE (years)"}}
        message = refused(lambda: bench.csv("AGE (years)\ns3cret\n", columns=columns), "s3cret")
        assert "column age ('AGE (years)' in the source)" in message

    def test_may_be_blank_where_there_is_one_column(self, bench):
        bench.csv("a\n1\n\n3\n", columns={"a": "integer"})
        assert bench.rows() == [(1,), (None,), (3,)]


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16", "latin-1", "utf-8-sig", "cp850"])
    def test_are_those_python_knows(self, bench, encoding):
        text = 'name,n\r\n"Peña, Óscar",1\r\n"two\nlines",2\r\n'
        report = bench.csv(text.encode(encoding), columns={"name": "text", "n": "integer"}, encoding=encoding)
        assert bench.rows() == [("Peña, Óscar", 1), ("two\nlines", 2)]
        assert report.sha256 == hashlib.sha256(text.encode(encoding)).hexdigest()
        assert [path.name for path in bench.store.path.parent.iterdir()] == ["store.duckdb"]

    def test_that_are_wrong_are_named_with_the_line(self, bench, refused: Refused):
        content = "name,n\nx,1\nPeña,2\n".encode("windows-1252")
        message = refused(lambda: bench.csv(content, columns={"name": "text", "n": "integer"}), "Pe")
        assert "line 3: found bytes that are not utf-8; declare the file's `encoding`" in message

    def test_may_begin_with_a_byte_order_mark(self, bench):
        bench.csv(b"\xef\xbb\xbfa,b\n1,2\n", columns={"a": "integer", "b": "integer"})
        assert bench.rows() == [(1, 2)]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_of_line_ends_may_be_any(self, bench, end):
        bench.csv(end.join(["a,b", "1,2", "3,4", ""]), columns={"a": "integer", "b": "integer"})
        assert bench.rows() == [(1, 2), (3, 4)]

    def test_of_line_ends_may_be_mixed(self, bench):
        bench.csv('a,b\n1,2\r\n"3",4\r5,"6\n7"\n', columns={"a": "integer", "b": "text"})
        assert bench.rows() == [(1, "2"), (3, "4"), (5, "6\n7")]

    def test_of_fields_may_be_declared(self, bench):
        bench.csv("a;b\n'1;2';'it''s'\n", columns={"a": "text", "b": "text"}, delimiter=";", quote="'")
        assert bench.rows() == [("1;2", "it's")]


def test_two_sources_stand_side_by_side(bench):
    bench.write("a.csv", "x\n1\n")
    for name in ("first", "second"):
        load_source(bench.source(name, kind="csv", path="a.csv", columns={"x": "integer"}), bench.store)
    assert bench.store.tables() == [("source", "first"), ("source", "second")]
