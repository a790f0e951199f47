from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.warehouse import public
from ddg_pipeline.warehouse.errors import StoreBusyError, StoreDamagedError
from ddg_pipeline.warehouse.public import PublicStore


@pytest.fixture
def store(tmp_path) -> PublicStore:
    return PublicStore(tmp_path / "public")


@pytest.fixture
def stage(tmp_path) -> Callable[..., Path]:
    number = 0

    def make(**files: str) -> Path:
        nonlocal number
        number += 1
        directory = tmp_path / f"staged-{number}"
        directory.mkdir(mode=0o700)
        for name, content in files.items():
            path = directory / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True, mode=0o700)
            path.write_text(content)
            path.chmod(0o600)
        return directory

    return make


def files(directory: Path | None) -> dict[str, str]:
    assert directory is not None
    return {p.relative_to(directory).as_posix(): p.read_text() for p in sorted(directory.rglob("*")) if p.is_file()}


def hashes(**content: str) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in content.items()}


class TestAHandOver:
    def test_makes_the_files_current(self, store, stage):
        staged = stage(data="one", docs__readme="two")
        version = store.hand_over("visits", staged)
        assert store.current("visits") == version
        assert files(version) == {"data": "one", "docs/readme": "two"}
        assert files(store.root / "releases" / "visits" / "current") == files(version)
        assert not staged.exists()

    def test_keeps_the_earlier_versions(self, store, stage):
        versions = [store.hand_over("visits", stage(data=text)) for text in ("one", "two", "three")]
        assert store.versions("visits") == versions
        assert [files(version) for version in versions] == [{"data": "one"}, {"data": "two"}, {"data": "three"}]
        assert store.current("visits") == versions[-1]

    def test_lets_something_be_kept_before_the_version_is_current(self, store, stage):
        store.hand_over("visits", stage(data="one"))
        seen = []

        def before(version):
            seen.append((version.name, files(version), files(store.current("visits"))))

        store.hand_over("visits", stage(data="two"), before=before)
        assert seen == [("2", {"data": "two"}, {"data": "one"})]

    def test_stops_where_that_cannot_be_kept(self, store, stage):
        store.hand_over("visits", stage(data="one"))
        staged = stage(data="two")

        def before(_version):
            raise OSError(errno.ENOSPC, "no room")

        with pytest.raises(OSError, match="no room"):
            store.hand_over("visits", staged, before=before)
        assert files(store.current("visits")) == {"data": "one"}
        assert files(staged) == {"data": "two"}

    def test_takes_away_files_the_new_version_does_not_have(self, store, stage):
        store.hand_over("visits", stage(data="one", extra="x"))
        assert files(store.hand_over("visits", stage(data="two"))) == {"data": "two"}

    def test_of_one_release_does_not_touch_another(self, store, stage):
        store.hand_over("visits", stage(data="one"))
        store.hand_over("deaths", stage(data="two"))
        assert files(store.current("visits")) == {"data": "one"}
        assert store.releases() == ["deaths", "visits"]

    def test_opens_the_files_to_readers(self, store, stage):
        before = os.umask(0o077)
        try:
            version = store.hand_over("visits", stage(data="one", docs__readme="two"))
        finally:
            os.umask(before)
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [version, *version.rglob("*"), *version.parents]}
        assert modes[version / "data"] == modes[version / "docs" / "readme"] == 0o644
        assert modes[version] == modes[version / "docs"] == modes[version.parent] == modes[store.root] == 0o755

    def test_copies_from_another_file_system(self, store, stage, monkeypatch):
        rename = Path.rename

        def elsewhere(self: Path, target: Path) -> Path:
            if self.name.startswith("staged"):
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", elsewhere)
        staged = stage(data="one", docs__readme="two")
        assert files(store.hand_over("visits", staged)) == {"data": "one", "docs/readme": "two"}
        assert not staged.exists()

    def test_has_every_file_on_the_disk_before_it_is_seen(self, store, stage, monkeypatch):
        synced, seen = set(), []
        replace, fsync = Path.replace, os.fsync

        def record(descriptor: int) -> None:
            synced.add(os.fstat(descriptor).st_ino)
            fsync(descriptor)

        def swap(self: Path, target: Path) -> Path:
            version = self.resolve()
            seen.extend(path.name for path in [version, *version.rglob("*")] if path.stat().st_ino not in synced)
            return replace(self, target)

        monkeypatch.setattr(os, "fsync", record)
        monkeypatch.setattr(Path, "replace", swap)
        version = store.hand_over("visits", stage(data="one", docs__readme="two"))
        assert seen == []
        assert version.parent.stat().st_ino in synced
        assert version.parent.parent.stat().st_ino in synced


class TestWhatIsHandedOver:
    def test_must_be_the_bytes_that_were_checked(self, store, stage):
        store.hand_over("visits", stage(data="old"))
        staged = stage(data="new", extra="x")
        for expected in (hashes(data="new"), hashes(data="neu", extra="x"), hashes(data="new", extra="x", more="y")):
            with pytest.raises(RefusedError, match=r"not the files that were checked: (extra|data|more); visits stays"):
                store.hand_over("visits", staged, sha256=expected)
            assert files(staged) == {"data": "new", "extra": "x"}
            assert files(store.current("visits")) == {"data": "old"}
        store.hand_over("visits", staged, sha256=hashes(data="new", extra="x"))
        assert files(store.current("visits")) == {"data": "new", "extra": "x"}

    def test_is_checked_after_nobody_can_change_it_under_its_old_name(self, store, stage, monkeypatch):
        staged = stage(data="7")
        hash_file = public._hash

        def meddle(path: Path) -> str:
            assert not staged.exists()
            return hash_file(path)

        monkeypatch.setattr(public, "_hash", meddle)
        with pytest.raises(RefusedError):
            store.hand_over("visits", staged, sha256=hashes(data="8"))
        assert files(staged) == {"data": "7"}

    @pytest.mark.parametrize("target", ["/etc/passwd", "data", "."])
    def test_must_not_hold_links(self, store, stage, target):
        staged = stage(data="one")
        (staged / "link").symlink_to(target)
        with pytest.raises(RefusedError, match="these are not: link"):
            store.hand_over("visits", staged)
        assert store.current("visits") is None
        assert staged.exists()

    def test_must_not_be_a_link(self, store, stage, tmp_path):
        (tmp_path / "link").symlink_to(stage(data="one"))
        with pytest.raises(InputError, match="no directory"):
            store.hand_over("visits", tmp_path / "link")

    def test_must_not_hold_devices_or_pipes(self, store, stage):
        staged = stage(data="one")
        os.mkfifo(staged / "pipe")
        with pytest.raises(RefusedError, match="these are not: pipe"):
            store.hand_over("visits", staged)

    def test_must_be_there(self, store, stage, tmp_path):
        with pytest.raises(InputError, match="found no directory; stage"):
            store.hand_over("visits", tmp_path / "none")
        staged = stage()
        (staged / "empty").mkdir()
        with pytest.raises(InputError, match="found no files; stage"):
            store.hand_over("visits", staged)
        assert store.releases() == []

    @pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "a b", "ä", "a\n"])
    def test_must_have_a_plain_name(self, store, stage, name):
        with pytest.raises(InputError, match="use letters, digits"):
            store.hand_over(name, stage(data="one"))
        with pytest.raises(InputError, match="use letters, digits"):
            store.current(name)


CRASH = """
    import os, signal, sys
    from pathlib import Path
    from ddg_pipeline.warehouse.public import PublicStore
    watched = {"os.rename", "os.remove", "os.symlink", "os.chmod", "os.mkdir", "os.rmdir", "open"}
    left = int(sys.argv[3])
    armed = False
    def count(event, arguments):
        global left
        if armed and event in watched:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
    sys.addaudithook(count)
    store = PublicStore(Path(sys.argv[1]))
    armed = True
    store.hand_over("visits", Path(sys.argv[2]))
    armed = False
    os._exit(0)
"""


class TestACrash:
    def test_anywhere_leaves_the_old_or_the_new_version_whole(self, store, stage):
        """Kills a hand-over before each thing it does to the file system, one after the other, until none is left."""
        old = {"data": "old"}
        store.hand_over("visits", stage(**old))
        outcomes: list[dict[str, str]] = []
        for step in range(100):
            new = {"data": f"new {step}", "docs/readme": "x"}
            staged = stage(data=f"new {step}", docs__readme="x")
            command = [sys.executable, "-c", textwrap.dedent(CRASH), str(store.root), str(staged), str(step)]
            done = subprocess.run(command, timeout=60, capture_output=True, text=True)
            now = files(store.current("visits"))
            assert now in (old, new)
            assert files(store.versions("visits")[-1]) == now
            old = now
            outcomes.append(now)
            if done.returncode != -signal.SIGKILL:
                assert done.returncode == 0, done.stderr
                assert now == new
                break
        assert len(outcomes) > 10
        numbers = [int(version.name) for version in store.versions("visits")]
        assert numbers == list(range(1, len(numbers) + 1))
        home = store.root / "releases" / "visits"
        assert sorted(path.name for path in home.iterdir()) == [".lock", "current", "versions"]
        assert sorted(path.name for path in (home / "versions").iterdir()) == sorted(map(str, numbers))

    def test_of_the_first_hand_over_leaves_nothing_released(self, store, stage, monkeypatch):
        monkeypatch.setattr(Path, "symlink_to", lambda *_: os._exit(3))
        if (child := os.fork()) == 0:
            store.hand_over("visits", stage(data="one"))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        monkeypatch.undo()
        assert store.current("visits") is None
        assert store.versions("visits") == []
        assert store.releases() == []
        store.hand_over("visits", stage(other="two"))
        assert files(store.current("visits")) == {"other": "two"}


class TestAnError:
    @pytest.mark.parametrize("call", ["symlink_to", "replace", "chmod"])
    def test_leaves_the_old_version(self, store, stage, monkeypatch, call):
        store.hand_over("visits", stage(data="old"))

        staged = stage(data="new")

        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, call, full)
        with pytest.raises(OSError, match="No space"):
            store.hand_over("visits", staged)
        monkeypatch.undo()
        assert files(staged) == {"data": "new"}
        assert files(store.current("visits")) == {"data": "old"}
        assert len(store.versions("visits")) == 1
        assert store.hand_over("visits", stage(data="newer")).name == "2"


class TestTwoAtATime:
    def test_are_one_too_many_for_a_release(self, store, stage):
        store.hand_over("visits", stage(data="old"))
        with public._locked(store.root / "releases" / "visits"):
            staged = stage(data="new")
            with pytest.raises(StoreBusyError, match="another hand-over of this release is under way"):
                store.hand_over("visits", staged)
            assert files(staged) == {"data": "new"}
            store.hand_over("deaths", stage(data="other"))
        store.hand_over("visits", staged)
        assert files(store.current("visits")) == {"data": "new"}

    def test_of_which_one_reads_never_see_a_mixture(self, store, stage):
        import threading

        store.hand_over("visits", stage(a="0", b="0"))
        link, mixed, done = store.root / "releases" / "visits" / "current", [], threading.Event()

        def read() -> None:
            while not done.is_set():
                version = link.resolve(strict=True)
                pair = [(version / name).read_text() for name in ("a", "b")]
                if pair[0] != pair[1]:
                    mixed.append(pair)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for number in range(1, 30):
                store.hand_over("visits", stage(a=str(number), b=str(number)))
        finally:
            done.set()
            reader.join()
        assert mixed == []


class TestADamagedStore:
    @pytest.mark.parametrize("target", ["versions/9", "../elsewhere", "versions/1/../../../.."])
    def test_is_not_taken_for_an_empty_one(self, store, stage, target):
        store.hand_over("visits", stage(data="one"))
        link = store.root / "releases" / "visits" / "current"
        link.unlink()
        link.symlink_to(target)
        for action in (store.current, store.versions, lambda name: store.hand_over(name, stage(data="two"))):
            with pytest.raises(StoreDamagedError, match="does not lead to a version"):
                action("visits")

    def test_with_a_directory_in_the_place_of_the_link(self, store, stage):
        store.hand_over("visits", stage(data="one"))
        link = store.root / "releases" / "visits" / "current"
        link.unlink()
        link.mkdir()
        with pytest.raises(StoreDamagedError, match="not the link"):
            store.current("visits")
