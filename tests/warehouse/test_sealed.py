"""Restricted files beside the database, sealed with the store's key."""

from __future__ import annotations

import secrets

import pytest

from ddg_pipeline.errors import InputError
from ddg_pipeline.warehouse.encryption import Encryption, Key
from ddg_pipeline.warehouse.sealed import SealedFiles, is_sealed, seal

PLAIN = b"Alpine,2020,3\n" * 50


@pytest.fixture
def sealed(monkeypatch):
    monkeypatch.setenv("STORE_KEY", secrets.token_urlsafe(32))
    return SealedFiles(Encryption("ddg.yaml", "variable", "STORE_KEY"))


class TestASealedFile:
    def test_is_read_back(self, sealed, tmp_path):
        sealed.write(tmp_path / "f", PLAIN)
        assert sealed.read(tmp_path / "f") == PLAIN

    def test_shows_nothing_and_is_its_owner_s(self, sealed, tmp_path):
        sealed.write(tmp_path / "f", PLAIN)
        content = (tmp_path / "f").read_bytes()
        assert is_sealed(content)
        assert b"Alpine" not in content
        assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["f"]

    def test_is_other_bytes_each_time(self):
        key = Key(secrets.token_urlsafe(32))
        assert seal(PLAIN, key) != seal(PLAIN, key)

    def test_does_not_open_with_another_key(self, sealed, tmp_path, monkeypatch):
        sealed.write(tmp_path / "f", PLAIN)
        monkeypatch.setenv("STORE_KEY", secrets.token_urlsafe(32))
        with pytest.raises(InputError, match="this key does not open"):
            sealed.read(tmp_path / "f")

    @pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b[:20]])
    def test_that_was_changed_or_cut_is_refused(self, sealed, tmp_path, change):
        sealed.write(tmp_path / "f", PLAIN)
        (tmp_path / "f").write_bytes(change((tmp_path / "f").read_bytes()))
        with pytest.raises(InputError, match="or that was changed"):
            sealed.read(tmp_path / "f")

    def test_needs_a_key(self, sealed, tmp_path):
        sealed.write(tmp_path / "f", PLAIN)
        with pytest.raises(InputError, match="a sealed file, and no key is configured"):
            SealedFiles(None).read(tmp_path / "f")


class TestAPlainFile:
    def test_is_its_owner_s(self, tmp_path):
        SealedFiles(None).write(tmp_path / "f", PLAIN)
        assert (tmp_path / "f").read_bytes() == SealedFiles(None).read(tmp_path / "f") == PLAIN
        assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600

    def test_is_not_taken_for_a_sealed_one(self, sealed, tmp_path):
        SealedFiles(None).write(tmp_path / "f", PLAIN)
        with pytest.raises(InputError, match="not sealed, and a key is configured; seal it with `ddg store encrypt`"):
            sealed.read(tmp_path / "f")
