"""Broken declarations and files, listed and found by chance: each is refused in words, and the table stays."""

from __future__ import annotations

import csv
import io
import struct
import zipfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.errors import DdgError, InputError, InputErrors
from ddg_pipeline.warehouse.loading import load_source
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.sources import parse_sources

FIGURE = "48613"
FRAME = pd.DataFrame({"county": ["Alpha", "Beta"], "cases": [48613, 7]})
COLUMNS = "columns: {county: text, cases: integer}"


def csv_bytes():
    return FRAME.to_csv(index=False).encode()


def parquet_bytes():
    buffer = io.BytesIO()
    FRAME.to_parquet(buffer, index=False)
    return buffer.getvalue()


def excel_bytes():
    buffer = io.BytesIO()
    FRAME.to_excel(buffer, index=False, engine="xlsxwriter")
    return buffer.getvalue()


def repacked(change):
    """A workbook in which parts are changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(excel_bytes())) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def with_blanks(name, content):
    """300 million blanks in the sheet, which pack into a third of a million."""
    return content + b" " * 300_000_000 if name.endswith("sheet1.xml") else content


def entities(name, content):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    if name != "xl/workbook.xml":
        return content
    head, tail = content.split(b"?>", 1)
    return head + b"?>" + bomb + b"]>" + tail.replace(b"Sheet1", b"&j;")


def lying():
    """A part that says that it is small."""
    data = bytearray(repacked(lambda name, content: content + b" " * 1_000_000 if "sheet1" in name else content))
    start = data.find(b"PK\x01\x02", 0)
    while start >= 0:
        length = struct.unpack_from("<H", data, start + 28)[0]
        if b"sheet1.xml" in data[start + 46 : start + 46 + length]:
            struct.pack_into("<I", data, start + 24, 10)
        start = data.find(b"PK\x01\x02", start + 1)
    return bytes(data)


FILES = {
    "csv": {
        "nothing": b"",
        "blanks": b"   \n \n",
        "only names": b"county,cases\n",
        "no names": b"Alpha,48613\n",
        "cut off in a row": csv_bytes()[:-3],
        "cut off in a text": b'county,cases\n"Alp',
        "cut off in a character": "county,cases\nAñasco".encode()[:-5],
        "a field that is too long": b"county,cases\n" + b"x" * 200_000 + b",1\n",
        "a header that runs into the first row": b"countAlpha,48613\nBeta,12\n",
        "NUL": b"county,cases\nAl\0pha,48613x\n",
        "UTF-16": csv_bytes().decode().encode("utf-16"),
        "Latin-1": "county,cases\nAñasco,48613\n".encode("latin-1"),
        "gzip": b"\x1f\x8b\x08" + bytes(30),
        "a workbook": b"PK\x03\x04" + bytes(30),
        "a column twice": b"county,county,cases\nA,B,48613\n",
        "a column more": b"county,cases,name\nA,48613,B\n",
        "a column missing": b"county\nA\n",
        "a row more": b"county,cases\nA,48613,3\n",
        "a word for a number": b"county,cases\nA,48613 or so\n",
        "a formula for a number": b"county,cases\nA,=48613\n",
        "a number beyond 64 bits": b"county,cases\nA,48613000000000000000000\n",
        "not a number": b"county,cases\nA,NaN\n",
        "infinity": b"county,cases\nA,-inf\n",
        "a quote inside": b'county,cases\nA "b" c,48613\n"A"b,48613\n',
        "SQL": b'county,cases\nA,"1); drop table source.t; --48613"\n',
    },
    "parquet": {
        "nothing": b"",
        "text": csv_bytes(),
        "only its marks": b"PAR1PAR1",
        "cut off at the end": parquet_bytes()[:-9],
        "cut off at the beginning": parquet_bytes()[20:],
        "an endless footer": b"PAR1" + struct.pack("<I", 1 << 31) + b"PAR1",
        "a footer of zeros": b"PAR1" + bytes(64) + struct.pack("<I", 64) + b"PAR1",
    },
    "xlsx": {
        "nothing": b"",
        "text": csv_bytes(),
        "a zip of nothing": b"PK\x05\x06" + bytes(18),
        "cut off": excel_bytes()[:-40],
        "without its sheet": repacked(lambda name, content: None if "sheet1" in name else content),
        "without its book": repacked(lambda name, content: None if name == "xl/workbook.xml" else content),
        "a sheet that is no XML": repacked(lambda name, content: b"<<<" if "sheet1" in name else content),
        "a bomb of blanks": repacked(with_blanks),
        "a bomb of entities": repacked(entities),
        "a part that lies about its size": lying(),
    },
}
CASES = [(kind, name) for kind, files in FILES.items() for name in files]

DECLARATIONS = {
    "nothing": "",
    "a list": "- a",
    "no sources": "sources:",
    "sources that are a list": "sources: [a]",
    "another key": f"sources: {{t: {{kind: csv, path: a, {COLUMNS}}}}}\nmore: 1",
    "no YAML": "sources: {",
    "a YAML bomb": "sources: &a {b: *a}",
    "a tag": "sources: !!python/object/new:os.system [true]",
    "a name with a dot": f"sources: {{a.b: {{kind: csv, path: a, {COLUMNS}}}}}",
    "a name that is SQL": f"sources: {{'t; drop table x': {{kind: csv, path: a, {COLUMNS}}}}}",
    "a name that is a path": f"sources: {{../t: {{kind: csv, path: a, {COLUMNS}}}}}",
    "a name that is a number": f"sources: {{7: {{kind: csv, path: a, {COLUMNS}}}}}",
    "names that differ in case": f"sources: {{t: {{kind: csv, path: a, {COLUMNS}}}, T: {{kind: csv, path: b}}}}",
    "no kind": f"sources: {{t: {{path: a, {COLUMNS}}}}}",
    "another kind": f"sources: {{t: {{kind: json, path: a, {COLUMNS}}}}}",
    "no path": f"sources: {{t: {{kind: csv, {COLUMNS}}}}}",
    "an empty path": f"sources: {{t: {{kind: csv, path: '', {COLUMNS}}}}}",
    "no columns": "sources: {t: {kind: csv, path: a}}",
    "columns that are a list": "sources: {t: {kind: csv, path: a, columns: [a]}}",
    "another type": "sources: {t: {kind: csv, path: a, columns: {a: money}}}",
    "a type that is SQL": "sources: {t: {kind: csv, path: a, columns: {a: 'text); drop table x'}}}",
    "a decimal without places": "sources: {t: {kind: csv, path: a, columns: {a: 'decimal(99,98)'}}}",
    "a column without a name": "sources: {t: {kind: csv, path: a, columns: {'': text}}}",
    "columns that differ in case": "sources: {t: {kind: csv, path: a, columns: {a: text, A: text}}}",
    "two delimiters": f"sources: {{t: {{kind: csv, path: a, delimiter: ';;', {COLUMNS}}}}}",
    "a delimiter that is a quote": f"sources: {{t: {{kind: csv, path: a, delimiter: '\"', {COLUMNS}}}}}",
    "no encoding": f"sources: {{t: {{kind: csv, path: a, encoding: utf-7000, {COLUMNS}}}}}",
    "an encoding of bytes to bytes": f"sources: {{t: {{kind: csv, path: a, encoding: hex, {COLUMNS}}}}}",
    "a header row before the first": f"sources: {{t: {{kind: excel, path: a, header_row: 0, {COLUMNS}}}}}",
    "table and query": f"sources: {{t: {{kind: sql, url: 'sqlite://', table: a, query: b, {COLUMNS}}}}}",
    "neither table nor query": f"sources: {{t: {{kind: sql, url: 'sqlite://', {COLUMNS}}}}}",
    "a format of another type": "sources: {t: {kind: csv, path: a, columns: {a: {type: text, format: '%Y'}}}}",
    "a variable that is not set": f"sources: {{t: {{kind: csv, path: '${{DDG_NOT_SET}}', {COLUMNS}}}}}",
    "a path that is not there": f"sources: {{t: {{kind: csv, path: ../../nowhere, {COLUMNS}}}}}",
    "a path that is a directory": f"sources: {{t: {{kind: csv, path: ., {COLUMNS}}}}}",
    "a device": f"sources: {{t: {{kind: csv, path: /dev/zero, {COLUMNS}}}}}",
}  # fmt: skip


def load(directory, kind, content):
    """Load a file as the table t, over an earlier one."""
    store = RestrictedStore(directory / "restricted" / "store.duckdb")
    (directory / "sources.yaml").touch()
    (directory / "t.csv").write_bytes(b"county,cases\nEarlier,1\n")
    declared = "sources: {{t: {{kind: {}, path: {}, {}}}}}"
    earlier = parse_sources(declared.format("csv", "t.csv", COLUMNS), directory / "sources.yaml")["t"]
    load_source(earlier, store)
    file = directory / f"given.{kind}"
    file.write_bytes(content)
    source = parse_sources(
        declared.format("excel" if kind == "xlsx" else kind, file.name, COLUMNS), directory / "sources.yaml"
    )["t"]
    try:
        load_source(source, store)
    finally:
        rows = store.read_table("source", "t")
    return rows


def listed(error):
    return error.errors if isinstance(error, InputErrors) else [error]


class TestFiles:
    @pytest.mark.parametrize(("kind", "name"), CASES)
    def test_are_refused_in_words_and_the_earlier_table_stays(self, tmp_path, kind, name):
        with pytest.raises(DdgError) as refused:
            load(tmp_path, kind, FILES[kind][name])
        assert refused.value.exit_code == 2
        for error in listed(refused.value):
            assert f"given.{kind}" in error.place
            assert error.field
            assert error.expected
        assert FIGURE not in str(refused.value)
        assert refused.value.__cause__ is None
        store = RestrictedStore(tmp_path / "restricted" / "store.duckdb")
        assert store.read_table("source", "t")["county"].tolist() == ["Earlier"]
        assert store.tables() == [("source", "t")]

    def test_a_field_that_is_too_long_is_one_whatever_limit_a_library_has_set(self, tmp_path):
        before = csv.field_size_limit(1 << 30)  # as one does that dbt comes with
        try:
            with pytest.raises(DdgError, match="a field too long"):
                load(tmp_path, "csv", FILES["csv"]["a field that is too long"])
            assert csv.field_size_limit() == 1 << 30
        finally:
            csv.field_size_limit(before)


class TestDeclarations:
    @pytest.mark.parametrize("text", DECLARATIONS.values(), ids=DECLARATIONS.keys())
    def test_are_refused_in_words(self, tmp_path, text):
        def read():
            for source in parse_sources(text, tmp_path / "sources.yaml").values():
                load_source(source, RestrictedStore(tmp_path / "restricted" / "store.duckdb"))

        with pytest.raises((InputError, InputErrors)) as refused:
            read()
        for error in listed(refused.value):
            assert error.place
            assert error.field
            assert error.expected


def survives(read):
    refused = None
    try:
        read()
    except DdgError as error:
        refused = error
    assert refused is None or (refused.exit_code == 2 and FIGURE not in str(refused))


def damaged(whole):
    """Bytes of a good file, some of them changed, lost, or doubled."""
    at = st.integers(0, len(whole) - 1)
    change = st.tuples(at, st.binary(max_size=4), st.integers(0, 8))

    def apply(changes):
        data = bytearray(whole)
        for start, new, lost in changes:
            data[start : start + lost] = new
        return bytes(data)

    return st.lists(change, min_size=1, max_size=4).map(apply)


FUZZ = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


class TestFoundByChance:
    @FUZZ
    @given(data=damaged(csv_bytes()))
    def test_csv(self, tmp_path, data):
        survives(lambda: load(tmp_path, "csv", data))

    @FUZZ
    @given(data=damaged(parquet_bytes()))
    def test_parquet(self, tmp_path, data):
        survives(lambda: load(tmp_path, "parquet", data))

    @FUZZ
    @given(data=damaged(excel_bytes()))
    def test_workbooks(self, tmp_path, data):
        survives(lambda: load(tmp_path, "xlsx", data))

    @settings(max_examples=150, deadline=None)
    @given(text=damaged(f"sources:\n  t:\n    kind: csv\n    path: t.csv\n    {COLUMNS}\n".encode()))
    def test_declarations(self, tmp_path_factory, text):
        survives(lambda: parse_sources(text.decode("utf-8", "replace"), tmp_path_factory.getbasetemp() / "s.yaml"))
