"""What is written for the restricted store is its owner's, whatever the umask, and stays inside."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from ddg_pipeline.warehouse.private import close_to_others, empty, private_files, temporary_files_in


@pytest.fixture(autouse=True)
def _open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


class TestFilesMadeInABlock:
    def test_are_their_owner_s(self, tmp_path):
        with private_files():
            (tmp_path / "f").touch()
            (tmp_path / "d").mkdir()
            subprocess.run(["touch", str(tmp_path / "child")], check=True)
        assert (mode(tmp_path / "f"), mode(tmp_path / "d"), mode(tmp_path / "child")) == (0o600, 0o700, 0o600)

    def test_and_those_made_later_are_as_before(self, tmp_path):
        with pytest.raises(KeyError), private_files():
            raise KeyError
        (tmp_path / "f").touch()
        assert mode(tmp_path / "f") == 0o666


class TestTemporaryFiles:
    def test_go_where_they_are_sent(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", "/elsewhere")
        monkeypatch.delenv("TEMP", raising=False)
        before = tempfile.tempdir
        with temporary_files_in(tmp_path / "tmp"):
            with tempfile.NamedTemporaryFile() as file:
                assert Path(file.name).parent == tmp_path / "tmp"
            child = subprocess.run(["mktemp"], capture_output=True, text=True, check=True)
            assert Path(child.stdout.strip()).parent == tmp_path / "tmp"
        assert (tempfile.tempdir, os.environ["TMPDIR"], os.environ.get("TEMP")) == (before, "/elsewhere", None)
        assert mode(tmp_path / "tmp") == 0o700


class TestClosing:
    def test_takes_the_rights_of_others_and_no_more(self, tmp_path):
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "f").touch()
        (tmp_path / "own").touch(mode=0o400)
        close_to_others(tmp_path)
        assert (mode(tmp_path / "d"), mode(tmp_path / "d" / "f"), mode(tmp_path / "own")) == (0o700, 0o600, 0o400)

    def test_does_not_follow_links_out(self, tmp_path):
        (tmp_path / "outside").touch()
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
        close_to_others(tmp_path / "in")
        assert mode(tmp_path / "outside") == 0o666


class TestEmptying:
    def test_leaves_the_directory_and_what_links_lead_to(self, tmp_path):
        (tmp_path / "kept").mkdir()
        (tmp_path / "t" / "d").mkdir(parents=True)
        (tmp_path / "t" / "d" / "f").touch()
        (tmp_path / "t" / "link").symlink_to(tmp_path / "kept")
        empty(tmp_path / "t")
        assert list((tmp_path / "t").iterdir()) == []
        assert (tmp_path / "kept").is_dir()
