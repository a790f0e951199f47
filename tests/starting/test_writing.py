"""Writing a project: all of it or nothing, and never over what is there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ddg_pipeline.errors import InputError
from ddg_pipeline.starting import write_project

FILES = {"ddg.yaml": b"a\n", "data/cases.csv": b"b\n", "dbt_project/models/one.sql": b"c\n"}


def all_files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


class TestANewDirectory:
    def test_gets_every_file(self, tmp_path):
        write_project(tmp_path / "deep" / "project", FILES)
        assert all_files(tmp_path / "deep" / "project") == FILES

    def test_leaves_nothing_beside_it(self, tmp_path):
        write_project(tmp_path / "project", FILES)
        assert [path.name for path in tmp_path.iterdir()] == ["project"]

    def test_keeps_source_tables_for_its_owner(self, tmp_path):
        write_project(tmp_path / "project", FILES)
        assert stat.S_IMODE((tmp_path / "project" / "data").stat().st_mode) == 0o700


class TestADirectoryThatIsThere:
    def test_keeps_its_other_files(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        write_project(tmp_path, FILES)
        assert all_files(tmp_path) == {**FILES, "notes.txt": b"mine"}

    @pytest.mark.parametrize("name", ["ddg.yaml", "data", "dbt_project"])
    def test_is_refused_whole_where_one_name_is_taken(self, tmp_path, name):
        (tmp_path / name).write_text("mine")
        with pytest.raises(InputError, match=f"found {name} already there"):
            write_project(tmp_path, FILES)
        assert all_files(tmp_path) == {name: b"mine"}

    def test_is_refused_where_a_link_points_nowhere(self, tmp_path):
        (tmp_path / "ddg.yaml").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InputError, match="already there"):
            write_project(tmp_path, FILES)

    def test_may_not_be_a_file(self, tmp_path):
        (tmp_path / "project").write_text("mine")
        with pytest.raises(InputError, match="found a file or a link"):
            write_project(tmp_path / "project", FILES)


class TestAFailure:
    @pytest.mark.parametrize("there", [True, False])
    def test_leaves_nothing_half_written(self, tmp_path, monkeypatch, there):
        target = tmp_path / "project"
        if there:
            target.mkdir()
        real, moves = Path.rename, []

        def rename(self, other):
            moves.append(self)
            if len(moves) == (2 if there else 1):
                raise OSError(28, os.strerror(28))
            return real(self, other)

        monkeypatch.setattr(Path, "rename", rename)
        with pytest.raises(InputError, match="No space left"):
            write_project(target, FILES)
        assert all_files(tmp_path) == {}
        assert [path.name for path in tmp_path.iterdir()] == (["project"] if there else [])

    def test_before_anything_is_moved_leaves_nothing(self, tmp_path, monkeypatch):
        def write_bytes(self, content):
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(Path, "write_bytes", write_bytes)
        with pytest.raises(InputError, match="No space left"):
            write_project(tmp_path / "project", FILES)
        assert list(tmp_path.iterdir()) == []
