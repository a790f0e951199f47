"""Keys, and a store encrypted with them: by DuckDB itself, down to its log and what spills to the disk."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.warehouse._database import prepare_crypto, settings
from ddg_pipeline.warehouse.encryption import CRYPTO_VARIABLE, KEY_FROM_VARIABLE, Encryption
from ddg_pipeline.warehouse.restricted import RestrictedStore, crypto_module

PLANTED = b"Quillfeather"
HTTPFS = "select installed from duckdb_extensions() where extension_name = 'httpfs'"
with duckdb.connect() as connection:
    OPENSSL = connection.execute(HTTPFS).fetchall() == [(True,)]


@pytest.fixture
def key(monkeypatch):
    """A key in the environment."""
    value = secrets.token_urlsafe(32)
    monkeypatch.setenv("STORE_KEY", value)
    return value


@pytest.fixture
def encrypted(bench, key):
    """The bench, with an encrypted store."""
    encryption = Encryption.from_variable("ddg.yaml", "${STORE_KEY}")
    bench.store = RestrictedStore(bench.store.path, wait=0.3, encryption=encryption)
    return bench


def bytes_below(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def fill(bench):
    bench.csv("who,n\n" + "Quillfeather,7\n" * 3000, columns={"who": "text", "n": "integer"})


class TestAKey:
    @pytest.mark.parametrize("text", ["secret-key-written-into-the-file", "${A}${B}", "$STORE_KEY", "x${STORE_KEY}"])
    def test_does_not_stand_in_the_file(self, text):
        with pytest.raises(InputError, match=r"restricted_key: found something else than a variable") as caught:
            Encryption.from_variable("ddg.yaml", text)
        assert text not in str(caught.value)

    @pytest.mark.parametrize("value", [None, "", "   "])
    def test_must_be_there(self, monkeypatch, value):
        monkeypatch.delenv("STORE_KEY", raising=False)
        if value is not None:
            monkeypatch.setenv("STORE_KEY", value)
        with pytest.raises(InputError, match=r"variable STORE_KEY: found no key: it is not set; .*openssl rand"):
            Encryption.from_variable("ddg.yaml", "${STORE_KEY}").key()

    @pytest.mark.parametrize("value", ["hunter2hunter2", "abcabcabcabcabcabcabcabcabc"])
    def test_that_can_be_guessed_is_refused_without_being_told(self, monkeypatch, value):
        monkeypatch.setenv("STORE_KEY", value)
        with pytest.raises(InputError, match="a key that can be guessed") as caught:
            Encryption.from_variable("ddg.yaml", "${STORE_KEY}").key()
        assert value not in str(caught.value)

    def test_can_stand_in_a_file_of_its_owner(self, tmp_path, key):
        file = tmp_path / "key"
        file.write_text(key + "\n")
        file.chmod(0o600)
        assert Encryption("ddg.yaml", "file", str(file)).key().secret == key

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_in_a_file_that_others_may_read_is_refused(self, tmp_path, key, mode):
        file = tmp_path / "key"
        file.write_text(key)
        file.chmod(mode)
        with pytest.raises(RefusedError, match=rf"others may read this key \(mode {mode:o}\); close it: chmod 600"):
            Encryption("ddg.yaml", "file", str(file)).key()

    def test_in_a_file_that_is_missing_is_an_error(self, tmp_path):
        with pytest.raises(InputError, match=r"a key file that cannot be read \(No such file"):
            Encryption("ddg.yaml", "file", str(tmp_path / "key")).key()

    def test_is_not_in_what_prints(self, key):
        encryption = Encryption.from_variable("ddg.yaml", "${STORE_KEY}")
        assert key not in f"{encryption!r}{encryption.key()!r}{encryption.environment()}"

    @pytest.mark.parametrize("kind", ["variable", "file"])
    def test_s_place_travels_to_another_process_and_the_key_does_not(self, kind):
        sent = Encryption("ddg.yaml", kind, "/a b/KEY", "openssl").environment()
        found = Encryption.from_environment(sent)
        assert (found.kind, found.name, found.crypto) == (kind, "/a b/KEY", "openssl")
        assert set(sent) == {KEY_FROM_VARIABLE, CRYPTO_VARIABLE}

    def test_that_nobody_named_is_none(self):
        assert Encryption.from_environment({}) is None


class TestAnEncryptedStore:
    def test_gives_back_what_was_loaded(self, encrypted):
        fill(encrypted)
        assert encrypted.store.row_count("source", "t") == 3000
        assert encrypted.store.read_table("source", "t")["n"].sum() == 21000

    def test_holds_no_value_and_no_name_in_the_clear(self, encrypted, key):
        fill(encrypted)
        for path, content in bytes_below(encrypted.store.path.parent).items():
            assert PLANTED not in content, path
            assert b"CREATE" not in content, path
            assert key.encode() not in content, path

    def test_a_plain_one_would_be_found_out(self, bench):
        fill(bench)
        assert any(PLANTED in content for content in bytes_below(bench.store.path.parent).values())

    def test_has_an_encrypted_log_when_its_process_is_killed(self, encrypted):
        code = (
            "import os, signal, sys; from pathlib import Path\n"
            "from ddg_pipeline.warehouse.encryption import Encryption\n"
            "from ddg_pipeline.warehouse.restricted import RestrictedStore\n"
            "store = RestrictedStore(Path(sys.argv[1]), encryption=Encryption('', 'variable', 'STORE_KEY'))\n"
            "with store.connect() as connection:\n"
            "    connection.execute(\"CREATE TABLE t AS SELECT 'Quillfeather' AS who FROM range(100)\")\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(encrypted.store.path)], preexec_fn=lambda: os.umask(0))
        assert done.returncode == -signal.SIGKILL
        left = bytes_below(encrypted.store.path.parent)
        log = encrypted.store.path.with_name(encrypted.store.path.name + ".wal")
        assert left[log]
        assert not any(PLANTED in content for content in left.values())
        assert {path.stat().st_mode & 0o777 for path in left} == {0o600}
        assert encrypted.store.row_count("main", "t") == 100

    def test_spills_to_its_own_directory_and_encrypted(self, encrypted):
        with encrypted.store.connect() as connection:
            connection.execute("SET memory_limit = '40MB'; SET threads = 1")
            connection.execute(
                "CREATE TEMP TABLE large AS SELECT 'Quillfeather' || i AS who, hash(i) AS h FROM range(3000000) r(i)"
            )
            spilled = bytes_below(encrypted.store.temporary)
            assert sum(map(len, spilled.values())) > 1_000_000
            assert not any(PLANTED in content for content in spilled.values())
            assert {path.stat().st_mode & 0o777 for path in spilled} == {0o600}
        assert bytes_below(encrypted.store.temporary) == {}

    def test_does_not_open_with_another_key(self, encrypted, key, monkeypatch, refused):
        fill(encrypted)
        other = secrets.token_urlsafe(32)
        monkeypatch.setenv("STORE_KEY", other)
        for action in (encrypted.store.tables, lambda: fill(encrypted)):
            message = refused(action, key, other)
            assert "key: found that the key (from the variable STORE_KEY) is not this store's" in message

    def test_does_not_open_without_a_key(self, encrypted, key, refused):
        fill(encrypted)
        message = refused(RestrictedStore(encrypted.store.path).tables, key)
        assert "found an encrypted store, and no key is configured; write `restricted_key`" in message

    def test_does_not_take_a_plain_one_for_its_own(self, encrypted, key, refused):
        plain = RestrictedStore(encrypted.store.path)
        with plain.connect() as connection:
            connection.execute("CREATE TABLE t (a INTEGER)")
        message = refused(encrypted.store.tables, key)
        assert "found a store that is not encrypted, and a key is configured; encrypt it with `ddg store" in message

    def test_that_was_tampered_with_is_not_read(self, encrypted, refused):
        fill(encrypted)
        content = bytearray(encrypted.store.path.read_bytes())
        for place in range(len(content) // 2, len(content), 997):
            content[place] ^= 0xFF
        encrypted.store.path.write_bytes(content)
        refused(lambda: encrypted.store.read_table("source", "t"), "Quillfeather")

    def test_keeps_the_key_out_of_what_sql_can_ask(self, encrypted, key):
        fill(encrypted)
        with encrypted.store.connect() as connection:
            for question in ("FROM duckdb_databases()", "FROM duckdb_settings()", "FROM duckdb_secrets()"):
                assert key not in str(connection.sql(question).fetchall())

    def test_writes_a_file_with_another_salt_each_time(self, encrypted):
        heads = []
        for _ in range(2):
            fill(encrypted)
            heads.append(encrypted.store.path.read_bytes()[:4096])
            encrypted.store.path.unlink()
        assert heads[0] != heads[1]

    def test_waits_for_another_process(self, encrypted, refused):
        fill(encrypted)
        with encrypted.store.connect():
            code = (
                "import sys; from pathlib import Path\n"
                "from ddg_pipeline.warehouse.encryption import Encryption\n"
                "from ddg_pipeline.warehouse.restricted import RestrictedStore\n"
                "key = Encryption('', 'variable', 'STORE_KEY')\n"
                "try: RestrictedStore(Path(sys.argv[1]), wait=0.1, encryption=key).tables()\n"
                "except Exception as error: print(type(error).__name__, error)\n"
            )
            done = subprocess.run(
                [sys.executable, "-c", code, str(encrypted.store.path)], capture_output=True, text=True
            )
        assert f"StoreBusyError {encrypted.store.path}: process {os.getpid()} has it open" in done.stdout

    def test_has_many_readers_and_one_writer(self, encrypted, refused):
        fill(encrypted)
        with encrypted.store.connect(read_only=True):
            assert encrypted.store.tables() == [("source", "t")]
        with encrypted.store.connect():
            assert "another thread of this process has it open" in refused(lambda: fill(encrypted))


class TestTheModuleThatEncrypts:
    def test_is_told(self, key):
        assert crypto_module(Encryption("ddg.yaml", "variable", "STORE_KEY")) == ("openssl" if OPENSSL else "duckdb")

    @pytest.mark.skipif(OPENSSL, reason="DuckDB's extension httpfs is installed here")
    def test_is_openssl_or_none_where_that_is_asked_for(self, encrypted, refused):
        wanted = Encryption("ddg.yaml", "variable", "STORE_KEY", "openssl")
        store = RestrictedStore(encrypted.store.path, encryption=wanted)
        message = refused(lambda: store.connect().__enter__())
        assert "ddg.yaml: restricted_crypto: found `openssl`, and DuckDB's extension httpfs" in message
        assert not store.path.exists()

    @pytest.mark.skipif(OPENSSL, reason="DuckDB's extension httpfs is installed here")
    def test_is_never_downloaded(self, encrypted):
        fill(encrypted)
        with duckdb.connect() as connection:
            assert connection.execute(HTTPFS).fetchall() == [(False,)]

    def test_a_cipher_that_does_not_show_tampering_is_refused(self, encrypted, key, refused):
        path = encrypted.store.private_directory() / encrypted.store.path.name
        with duckdb.connect(config=settings(encrypted.store.temporary)) as connection:
            prepare_crypto(connection, "any", "")
            connection.execute(f"ATTACH '{path}' AS weak (ENCRYPTION_KEY $key, ENCRYPTION_CIPHER 'CTR')", {"key": key})
        refused(encrypted.store.tables, key)
