"""The search itself: what is planted is found, however it is written and packed; what is not planted is not found."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import struct
import zipfile
import zlib
from contextlib import closing

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from leaks.planted import outside, planted
from leaks.search import Search
from leaks.sentinels import SPELLINGS, Sentinels

WORDS = ("Quillfeather", "Vřesovský")
FIGURES = ("5987954451655", "73.678401", "23107", "784.75", "4861300")
SENTINELS = Sentinels(WORDS, FIGURES)


def zipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    return buffer.getvalue()


def zstandard(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def parquet(data):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [data]}), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


PACKINGS = {
    "as it is": bytes,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib, level 1": lambda data: zlib.compress(data, 1),
    "zlib, level 9": lambda data: zlib.compress(data, 9),
    "zip": zipped,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard,
    "pickle": pickle.dumps,
    "zip in gzip in pickle": lambda data: pickle.dumps(gzip.compress(zipped(data))),
    "zstd behind other bytes": lambda data: bytes(range(256)) * 9 + zstandard(data),
    "a gzip stream that was cut off": lambda data: gzip.compress(data + bytes(range(256)) * 64)[:-40],
}


def found(data):
    search = Search(SENTINELS)
    search.data(data, "here")
    return search.found


class TestText:
    @pytest.mark.parametrize("word", WORDS)
    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_a_word_is_found(self, word, spelling):
        assert found(SPELLINGS[spelling](word))

    @pytest.mark.parametrize("figure", FIGURES)
    @pytest.mark.parametrize("spelling", [name for name in SPELLINGS if name != "utf-8, upper case"])
    def test_a_figure_is_found(self, figure, spelling):
        assert found(SPELLINGS[spelling](figure))

    @pytest.mark.parametrize("packing", PACKINGS)
    @pytest.mark.parametrize("text", ["Quillfeather", "Vřesovský", "record=5987954451655", "[784.750]", "-23,107"])
    def test_in_every_packing(self, packing, text):
        assert found(PACKINGS[packing](text.encode()))

    @pytest.mark.parametrize("before", ["", "a", "ab"])
    def test_in_base64_and_hexadecimal(self, before):
        import base64

        data = f"{before}Vřesovský, and more".encode()
        assert found(base64.b64encode(data))
        assert found(data.hex().encode())

    @pytest.mark.parametrize("text", ["23,107", "23 107", "23107.0", '"23107"', "(23107)", "=23107;", "-784.75"])
    def test_however_the_number_is_written(self, text):
        assert found(f"a {text} b".encode())


class TestNumbers:
    @pytest.mark.parametrize("form", ["<q", ">q", "<d", ">d"])
    @pytest.mark.parametrize("figure", [5987954451655, 23107, 4861300])
    def test_as_they_lie_in_memory(self, form, figure):
        assert found(b"\x07\x01" + struct.pack(form, figure) + b"\x09")

    @pytest.mark.parametrize("value", [73.678401, 784.75, 5987954451655])
    def test_in_a_pickle(self, value):
        assert found(pickle.dumps({"a": [value]}))

    def test_in_parquet(self):
        assert found(parquet(23107))
        assert found(parquet("Quillfeather"))
        assert found(gzip.compress(parquet(784.75)))

    @pytest.mark.parametrize("value", ["Quillfeather", 23107, 784.75, "cases: 23107;", zlib.compress(b"Quillfeather")])
    def test_in_databases(self, tmp_path, value):
        with closing(sqlite3.connect(tmp_path / "events.db")) as database:
            database.execute("create table events (a)")
            database.execute("insert into events values (?)", [value])
            database.commit()
        with duckdb.connect(str(tmp_path / "store.duckdb")) as database:
            database.execute("create table t as select ? as a", [value])
        search = Search(SENTINELS)
        search.trees([tmp_path])
        assert {name for name in ("events.db", "store.duckdb") if any(name in hit for hit in search.found)} == {
            "events.db", "store.duckdb",
        }  # fmt: skip

    def test_in_rows_that_were_deleted(self, tmp_path):
        with closing(sqlite3.connect(tmp_path / "events.db")) as database:
            database.execute("pragma secure_delete = off")
            database.execute("create table events (a)")
            database.executemany("insert into events values (?)", [("x" * 50 + "Quillfeather",)] * 3)
            database.commit()
            database.execute("delete from events")
            database.commit()
        search = Search(SENTINELS)
        assert search.trees([tmp_path])


class TestNames:
    def test_of_files_and_links(self, tmp_path):
        (tmp_path / "Quillfeather.csv").touch()
        (tmp_path / "a").symlink_to("of-Quillfeather")
        assert len(Search(SENTINELS).trees([tmp_path])) == 2


class TestWhatIsNotPlanted:
    @pytest.mark.parametrize("text", ["a23107f-23107-…", "1763928000.23107", "123107", "231070", "a.23107", "784.751"])
    def test_hashes_and_times_do_not_mislead_it(self, text):
        assert found(text.encode()) == []

    def test_it_counts_what_it_searched(self, tmp_path):
        (tmp_path / "a").write_bytes(gzip.compress(zlib.compress(b"nothing")))
        search = Search(SENTINELS)
        assert search.trees([tmp_path]) == []
        assert (search.files, search.parts) == (1, 2)


class TestTheSmallProject:
    def test_has_names_identifiers_and_figures(self):
        sentinels = planted()
        assert len(sentinels.words) == 2
        assert len(sentinels.figures) == 60

    def test_is_searched_but_for_what_may_hold_them(self, tmp_path):
        for name in ("var/restricted/a", "cases.csv", "var/public/b"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("Quillfeather")
        assert outside(tmp_path).found == [f"{tmp_path}/var/public/b: Quillfeather"]
