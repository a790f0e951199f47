"""The operations on a store: tried again where that helps, and nothing passed on of what a library says."""

from typing import ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.object_store import ObjectStore, Patience
from ddg_pipeline.publishing.targets import Target

SECRET = "AKIAEXAMPLE:hunter2"


class CloudError(Exception):
    """As a library of a cloud raises them: no OSError, and with the request in its message."""


class Bucket(MemoryFileSystem):
    """A cloud's file system that fails as often as a test wants, and notes what it is given."""

    protocol = ("s3", "gs")
    fails: ClassVar[list] = []
    given: ClassVar[list] = []

    @classmethod
    def _strip_protocol(cls, path):
        return MemoryFileSystem._strip_protocol(str(path).removeprefix("s3://").removeprefix("gs://"))

    def _fail(self):
        if self.fails:
            raise self.fails.pop(0)

    def cat_file(self, path, **kwargs):
        self._fail()
        return super().cat_file(path, **kwargs)

    def pipe_file(self, path, value, **kwargs):
        self._fail()
        self.given.append(kwargs)
        super().pipe_file(path, value)

    def put_file(self, lpath, rpath, **kwargs):
        self._fail()
        super().put_file(lpath, rpath, **kwargs)

    def find(self, path, **kwargs):
        self._fail()
        return super().find(path, **kwargs)


@pytest.fixture
def waited():
    return []


@pytest.fixture
def bucket(monkeypatch):
    for protocol in ("s3", "gs"):
        monkeypatch.setitem(_registry, protocol, Bucket)
    monkeypatch.setattr(Bucket, "fails", [])
    monkeypatch.setattr(Bucket, "given", [])
    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "pseudo_dirs", [""])
    return Bucket


@pytest.fixture
def store(bucket, waited):
    return ObjectStore(Target("s3://open-data/health"), Patience(attempts=4, sleep=waited.append))


class TestTryingAgain:
    @pytest.mark.parametrize(
        "error", [TimeoutError("slow"), ConnectionResetError(), CloudError("503"), OSError(5, "I/O")]
    )
    def test_helps_where_a_store_did_not_answer(self, store, bucket, waited, error):
        bucket.fails += [error, error]
        store.replace("a/current.json", b"{}")
        assert store.read("a/current.json") == b"{}"
        assert len(waited) == 2

    def test_waits_longer_each_time(self, store, bucket, waited):
        bucket.fails += [TimeoutError()] * 3
        store.replace("a", b"")
        assert len(waited) == 3
        assert waited[2] > waited[1] > waited[0]

    def test_ends_after_some_attempts(self, store, bucket, waited):
        bucket.fails += [TimeoutError()] * 9
        with pytest.raises(InputError, match=r"found no answer \(TimeoutError\)"):
            store.replace("a", b"")
        assert (len(waited), len(bucket.fails)) == (3, 5)

    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (PermissionError("403"), "found no permission; credentials in the environment"),
            (FileNotFoundError("no bucket"), "found nothing there"),
        ],
    )
    def test_is_left_where_it_cannot_help(self, store, bucket, waited, error, says):
        bucket.fails.append(error)
        with pytest.raises(InputError, match=says):
            store.replace("a", b"")
        assert waited == []


class TestErrors:
    @pytest.mark.parametrize(
        "error", [CloudError(SECRET), OSError(SECRET), PermissionError(SECRET), ValueError(SECRET)]
    )
    def test_pass_nothing_on_of_what_a_library_says(self, store, bucket, error):
        bucket.fails += [error] * 4
        with pytest.raises(InputError) as raised:
            store.names("a")
        assert SECRET not in str(raised.value)
        assert (raised.value.__cause__, raised.value.__context__) == (None, None)
        assert raised.value.place == "s3://open-data/health"
        assert raised.value.exit_code == 2

    def test_name_the_package_that_is_missing(self, monkeypatch):
        def no_package(*_, **__):
            raise ImportError("No module named s3fs")

        monkeypatch.setattr(fsspec.core, "url_to_fs", no_package)
        with pytest.raises(InputError, match="found no package gcsfs; install gcsfs beside ddg_pipeline"):
            ObjectStore(Target("gs://open-data/health"))

    def test_of_a_program_that_is_stopped_are_not_caught(self, store, bucket):
        bucket.fails.append(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            store.read("a")


class TestPointers:
    """A browser or a content network must ask each time."""

    @pytest.mark.parametrize(
        ("url", "given"),
        [
            ("s3://open-data/health", {"ContentType": "application/json", "CacheControl": "no-cache"}),
            (
                "gs://open-data/health",
                {"content_type": "application/json", "fixed_key_metadata": {"cache_control": "no-cache"}},
            ),
        ],
    )
    def test_are_not_kept_in_caches(self, bucket, url, given):
        ObjectStore(Target(url)).replace("a/current.json", b"{}")
        assert bucket.given == [given]


class TestObjects:
    def test_are_listed_below_a_prefix_only(self, store):
        for name in ("a/x", "a/b/y", "ab/z", "c"):
            store.replace(name, b"1")
        assert store.names("a") == ["b/y", "x"]
        assert store.names("nothing") == []

    def test_are_written_in_a_folder_whole_and_open_to_everyone(self, tmp_path):
        import os

        before = os.umask(0o077)
        try:
            (tmp_path / "bucket").mkdir()
            store = ObjectStore(Target(f"file://{tmp_path}/bucket"))
            (tmp_path / "source").write_bytes(b"new")
            store.replace("a/b/name", b"old")
            opened = (tmp_path / "bucket/a/b/name").open("rb")
            store.upload(tmp_path / "source", "a/b/name")
        finally:
            os.umask(before)
        with opened:
            assert opened.read() == b"old", "whoever reads it goes on reading the old one"
        found = tmp_path / "bucket/a/b/name"
        assert found.read_bytes() == b"new"
        assert (found.stat().st_mode & 0o777, found.parent.stat().st_mode & 0o777) == (0o644, 0o755)
        assert [path.name for path in found.parent.iterdir()] == ["name"]

    def test_that_are_gone_are_removed_without_complaint(self, store):
        store.remove("nothing")
