"""The database written anew: without what is not needed, or with another key."""

from __future__ import annotations

import secrets

import pytest

from ddg_pipeline.errors import DdgError, InputError
from ddg_pipeline.warehouse import rewriting
from ddg_pipeline.warehouse.encryption import Encryption
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.rewriting import encrypt_anew, keep_only

OLD, NEW = (Encryption("ddg.yaml", "variable", name) for name in ("OLD_KEY", "NEW_KEY"))


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    for name in ("OLD_KEY", "NEW_KEY"):
        monkeypatch.setenv(name, secrets.token_urlsafe(32))


@pytest.fixture(params=[None, OLD], ids=["plain", "encrypted"])
def store(request, tmp_path):
    """A store with a table that goes, and one that stays with a view of it."""
    store = RestrictedStore(tmp_path / "r" / "restricted.duckdb", wait=0.2, encryption=request.param)
    with store.connect() as connection:
        connection.execute("CREATE SCHEMA source; CREATE SCHEMA staging")
        connection.execute("CREATE TABLE source.gone AS SELECT 'Quillfeather' || i AS who FROM range(200000) r(i)")
        connection.execute("CREATE TABLE source.kept (who TEXT NOT NULL, n INTEGER)")
        connection.execute("INSERT INTO source.kept SELECT 'Marigold', i FROM range(20) r(i)")
        connection.execute('CREATE VIEW staging.a AS SELECT * FROM "restricted"."source"."kept"')
    return store


def below(store) -> bytes:
    return b"".join(path.read_bytes() for path in store.path.parent.rglob("*") if path.is_file())


def wanted(_schema, name):
    return name != "gone"


class TestKeepingOnlySome:
    def test_drops_the_others_and_tells_their_names(self, store):
        assert keep_only(store, wanted).removed == ("source.gone",)
        assert store.tables() == [("source", "kept"), ("staging", "a")]

    def test_makes_the_file_smaller(self, store):
        before = store.path.stat().st_size
        done = keep_only(store, wanted)
        assert (done.bytes_before, done.bytes_after) == (before, store.path.stat().st_size)
        assert done.bytes_after < before / 2

    def test_leaves_no_page_of_what_is_gone(self, tmp_path):
        store = RestrictedStore(tmp_path / "r" / "restricted.duckdb")
        with store.connect() as connection:
            connection.execute("CREATE TABLE gone AS SELECT 'Quillfeather' AS who; CREATE TABLE kept AS SELECT 1 AS a")
        with store.connect() as connection:
            connection.execute("DROP TABLE gone")
        assert b"Quillfeather" in below(store)  # what dropping alone leaves
        keep_only(store, lambda _schema, name: name == "kept")
        assert b"Quillfeather" not in below(store)
        assert b"gone" not in below(store)

    def test_keeps_what_is_kept_whole(self, store):
        keep_only(store, wanted)
        assert store.row_count("staging", "a") == 20
        with store.connect() as connection, pytest.raises(Exception, match="NOT NULL"):
            connection.execute("INSERT INTO source.kept VALUES (NULL, 1)")

    def test_is_still_encrypted_and_closed(self, store):
        keep_only(store, wanted)
        assert (b"Marigold" in below(store)) == (store.encryption is None)
        assert store.path.stat().st_mode & 0o777 == 0o600

    def test_of_nothing_removes_the_file(self, store):
        done = keep_only(store, lambda *_: False)
        assert done.removed == ("source.gone", "source.kept", "staging.a")
        assert done.bytes_after == 0
        assert not store.path.exists()

    def test_where_there_is_no_store_does_nothing(self, tmp_path):
        assert keep_only(RestrictedStore(tmp_path / "none.duckdb"), wanted) == rewriting.Rewritten((), 0, 0)

    def test_that_fails_leaves_what_is_kept_whole(self, store, monkeypatch):
        def full(*_args, **_more):
            import duckdb

            raise duckdb.IOException("No space left on device: Quillfeather")

        with monkeypatch.context() as patch:
            patch.setattr(rewriting, "attach", full)
            with pytest.raises(DdgError, match=r"not written anew \(IOException\); check disk space") as caught:
                keep_only(store, wanted)
        assert "Quillfeather" not in str(caught.value)
        assert store.row_count("source", "kept") == 20

    def test_is_finished_by_another_call(self, store, monkeypatch):
        """As after a crash between dropping and writing anew."""
        with monkeypatch.context() as patch:
            patch.setattr(rewriting, "_copy", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                keep_only(store, wanted)
        before = store.path.stat().st_size
        assert keep_only(store, wanted).bytes_after < before
        assert store.row_count("source", "kept") == 20


class TestAnotherKey:
    @pytest.mark.parametrize("after", [None, OLD, NEW], ids=["plain", "old", "new"])
    def test_opens_the_same_tables(self, store, after, monkeypatch):
        encrypt_anew(store, after)
        again = RestrictedStore(store.path, encryption=after)
        assert again.row_count("source", "gone") == 200_000
        assert again.row_count("staging", "a") == 20
        assert (b"Quillfeather" in below(store)) == (after is None)

    def test_shuts_the_old_one_out(self, store):
        encrypt_anew(store, NEW)
        with pytest.raises(InputError):
            store.tables()

    def test_that_is_missing_changes_nothing(self, store, monkeypatch):
        monkeypatch.delenv("NEW_KEY")
        before = store.path.read_bytes()
        with pytest.raises(InputError, match="variable NEW_KEY: found no key"):
            encrypt_anew(store, NEW)
        assert store.path.read_bytes() == before
        assert [path.name for path in store.path.parent.glob("*.duckdb*")] == ["restricted.duckdb"]
