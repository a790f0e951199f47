"""Sources that were cut off, or change while they are read: refused, and the table loaded before stays."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddg_pipeline.warehouse._reading import csv_file, excel_file, parquet_file

TEXT = {"columns": {"name": "text", "cases": "integer"}}
WHOLE = "name,cases\nA,12\nB,7319\n"


@pytest.fixture
def loaded(bench):
    """A bench with an earlier table."""
    bench.csv(WHOLE, **TEXT)
    return bench


class TestACsvFileThatIsCut:
    @pytest.mark.parametrize("kept", range(1, len(WHOLE)))
    def test_anywhere_but_after_a_line_is_refused(self, loaded, refused, kept):
        if WHOLE[kept - 1] == "\n" and kept > len("name,cases\n"):
            pytest.skip("a whole file, with fewer records")
        refused(lambda: loaded.csv(WHOLE[:kept], **TEXT), "7319")
        assert loaded.rows() == [("A", 12), ("B", 7319)]

    def test_inside_its_last_figure_is_told(self, loaded, refused):
        message = refused(lambda: loaded.csv("name,cases\nA,12\nB,3", **TEXT))
        assert "last line: found no line end, as in a file that was cut off; have it written whole" in message
        assert "`last_line_end: optional`" in message

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252", "utf-16"])
    def test_or_not_is_seen_in_every_encoding(self, bench, refused, encoding, end):
        text = WHOLE.replace("\n", end)
        assert bench.csv(text.encode(encoding), encoding=encoding, **TEXT).rows == 2
        refused(lambda: bench.csv(text.removesuffix(end).encode(encoding), encoding=encoding, **TEXT))

    def test_may_be_declared_to_have_no_last_line_end(self, bench):
        assert bench.csv(WHOLE.rstrip(), last_line_end="optional", **TEXT).rows == 2


class TestAParquetFileThatIsCut:
    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
    def test_is_refused(self, loaded, refused, part):
        path = loaded.directory / "t.parquet"
        pq.write_table(pa.table({"name": ["s3cret"] * 500, "cases": range(500)}), path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        message = refused(lambda: loaded.load(kind="parquet", path="t.parquet", **TEXT), "s3cret")
        assert "not a readable Parquet file" in message
        assert loaded.rows() == [("A", 12), ("B", 7319)]


class TestAWorkbookThatIsCut:
    @pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
    def test_is_refused(self, loaded, refused, workbook, part):
        path = workbook(S=[["name", "cases"], *[["s3cret", n] for n in range(300)]])
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        refused(lambda: loaded.load(kind="excel", path=path.name, **TEXT), "s3cret")
        assert loaded.rows() == [("A", 12), ("B", 7319)]


class TestAFileThatChangesWhileItIsRead:
    @pytest.fixture(params=["csv", "parquet", "excel"])
    def source(self, request, loaded, workbook, monkeypatch):
        """A source of each kind, and a way to have it changed after its first rows were read."""
        kind = request.param
        if kind == "csv":
            path, reader = loaded.write("s.csv", WHOLE), csv_file.CsvReader
        elif kind == "parquet":
            path, reader = loaded.directory / "s.parquet", parquet_file.ParquetReader
            pq.write_table(pa.table({"name": ["A", "B"], "cases": [12, 34]}), path)
        else:
            path, reader = workbook(S=[["name", "cases"], ["A", 12], ["B", 34]]), excel_file.ExcelReader

        def changed_by(change):
            chunks = reader.chunks

            def meddle(*args):
                yield from chunks(*args)
                change(path)

            monkeypatch.setattr(reader, "chunks", meddle)
            return lambda: loaded.load(kind=kind, path=path.name, **TEXT)

        return changed_by

    def test_is_refused_when_its_size_changes(self, loaded, source, refused):
        load = source(lambda path: path.write_bytes(path.read_bytes() + b"\n"))
        assert "a change while it was being loaded" in refused(load)
        assert loaded.rows() == [("A", 12), ("B", 7319)]

    def test_is_refused_when_its_size_and_time_look_the_same(self, loaded, source, refused):
        def in_place(path):
            status = path.stat()
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            with path.open("r+b") as stream:
                stream.write(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

        assert "a change while it was being loaded" in refused(source(in_place))
        assert loaded.rows() == [("A", 12), ("B", 7319)]

    def test_is_refused_when_another_takes_its_place(self, loaded, source, refused):
        def replaced(path):
            other = path.with_suffix(".new")
            other.write_bytes(path.read_bytes())
            other.replace(path)

        assert "a change while it was being loaded" in refused(source(replaced))

    def test_is_refused_when_it_goes_away(self, loaded, source, refused):
        assert "went away while it was loaded" in refused(source(lambda path: path.unlink()))

    def test_is_loaded_when_it_does_not(self, loaded, source):
        assert source(lambda path: None)().rows == 2


class TestADiskThatIsFull:
    def test_keeps_the_table_and_says_so(self, loaded):
        """A limit on the size of files is what a test can have of a full disk: the system refuses to write on."""
        loaded.write("large.csv", "name,cases\n" + "".join(f"s3cret{n},{n}\n" for n in range(200_000)))
        code = (
            "import sys; from pathlib import Path\n"
            "from ddg_pipeline.warehouse.loading import load_source\n"
            "from ddg_pipeline.warehouse.restricted import RestrictedStore\n"
            "from ddg_pipeline.warehouse.sources import parse_sources\n"
            "text = 'sources: {t: {kind: csv, path: large.csv, columns: {name: text, cases: integer}}}'\n"
            "source = parse_sources(text, Path(sys.argv[1], 'sources.yaml'))['t']\n"
            "try: load_source(source, RestrictedStore(Path(sys.argv[2])))\n"
            "except Exception as error: print(type(error).__name__, error)\n"
        )
        limit = loaded.store.path.stat().st_size + 100_000
        done = subprocess.run(
            [sys.executable, "-c", code, str(loaded.directory), str(loaded.store.path)],
            capture_output=True,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert "s3cret" not in done.stdout + done.stderr
        assert "not loaded, nothing was changed" in done.stdout
        assert loaded.rows() == [("A", 12), ("B", 7319)]
