from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable

import pytest

from ddg_pipeline.warehouse.errors import StoreBusyError
from ddg_pipeline.warehouse.loading import load_source

Refused = Callable[..., str]
COLUMNS = {"a": "text", "n": "integer"}


@pytest.fixture
def loaded(bench):
    bench.csv("a,n\nold,1\n", columns=COLUMNS)
    with bench.store.connect() as connection:
        connection.execute("CREATE VIEW stg AS SELECT a FROM source.t")  # as dbt does
    return bench


class TestALoad:
    def test_replaces_the_table(self, loaded):
        loaded.csv("a,n\nnew,2\nnewer,3\n", columns=COLUMNS)
        assert loaded.rows() == [("new", 2), ("newer", 3)]
        assert loaded.store.read_table("main", "stg")["a"].tolist() == ["new", "newer"]

    def test_may_change_the_tables_columns(self, loaded):
        loaded.csv("a,n,day\nnew,2.5,2021-01-01\n", columns={"a": "text", "n": "decimal(4,1)", "day": "date"})
        assert loaded.types() == {"a": "VARCHAR", "n": "DECIMAL(4,1)", "day": "DATE"}

    def test_twice_gives_the_same(self, loaded):
        before = loaded.rows()
        loaded.csv("a,n\nold,1\n", columns=COLUMNS)
        assert loaded.rows() == before

    @pytest.mark.parametrize(
        "content",
        ["", "a,n\n", "a\nx\n", "a,n,x\n1,2,3\n", "a,n\nx,y\n", "a,n\nx,1\ny\n", "a,n\nx,1\n\xff,2\n", 'a,n\nx,"1\n'],
    )
    def test_that_fails_leaves_the_earlier_table(self, loaded, refused: Refused, content):
        refused(lambda: loaded.csv(content.encode("latin-1"), columns=COLUMNS))
        assert loaded.rows() == [("old", 1)]
        assert [path.name for path in loaded.store.path.parent.iterdir()] == ["store.duckdb"]

    def test_of_a_missing_file_leaves_the_earlier_table(self, loaded, refused: Refused):
        (loaded.directory / "t.csv").unlink()
        refused(lambda: loaded.load(kind="csv", path="t.csv", columns=COLUMNS))
        assert loaded.rows() == [("old", 1)]

    def test_that_is_interrupted_leaves_the_earlier_table(self, loaded, monkeypatch):
        from ddg_pipeline.warehouse import loading

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(loading, "_refuse_empty", interrupt)
        with pytest.raises(KeyboardInterrupt):
            loaded.csv("a,n\nnew,2\n", columns=COLUMNS)
        assert loaded.rows() == [("old", 1)]

    @pytest.mark.parametrize("rows", [3, 300_000])
    def test_whose_process_dies_leaves_the_earlier_table(self, loaded, rows):
        crash = """
            import os, signal, sys
            from pathlib import Path
            from ddg_pipeline.warehouse import loading
            from ddg_pipeline.warehouse.restricted import RestrictedStore
            from ddg_pipeline.warehouse.sources import read_sources
            loading._refuse_empty = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # before the commit
            loading.load_source(read_sources(Path(sys.argv[1]))["t"], RestrictedStore(Path(sys.argv[2])))
        """
        loaded.write("t.csv", "a,n\n" + "new,2\n" * rows)
        yaml = loaded.write("sources.yaml", "sources: {t: {kind: csv, path: t.csv, columns: {a: text, n: integer}}}\n")
        command = [sys.executable, "-c", textwrap.dedent(crash), str(yaml), str(loaded.store.path)]
        assert subprocess.run(command, timeout=60).returncode == -9
        assert loaded.rows() == [("old", 1)]
        loaded.load(kind="csv", path="t.csv", columns=COLUMNS)
        assert len(loaded.rows()) == rows

    def test_waits_for_a_store_that_is_in_use_and_says_so(self, loaded):
        with loaded.store.connect(read_only=True), pytest.raises(StoreBusyError, match="has it open"):
            loaded.csv("a,n\nnew,2\n", columns=COLUMNS)
        assert loaded.rows() == [("old", 1)]

    def test_beside_another_one_of_the_same_table_is_refused(self, loaded, monkeypatch):
        from ddg_pipeline.warehouse import loading

        source = loaded.source(kind="csv", path="t.csv", columns=COLUMNS)
        check, inside, goes_on = loading._refuse_empty, threading.Event(), threading.Event()

        def wait(*args):
            if threading.current_thread() is not threading.main_thread():
                inside.set()
                assert goes_on.wait(20)
            check(*args)

        monkeypatch.setattr(loading, "_refuse_empty", wait)
        first = threading.Thread(target=load_source, args=(source, loaded.store))
        first.start()
        assert inside.wait(20)
        with pytest.raises(StoreBusyError, match="another load of the same table is under way; nothing was changed"):
            load_source(source, loaded.store)
        goes_on.set()
        first.join(20)
        assert loaded.rows() == [("old", 1)]
