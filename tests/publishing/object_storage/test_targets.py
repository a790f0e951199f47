"""Addresses of object stores: what they are, and that none holds a password."""

import pytest

from ddg_pipeline.errors import InputError
from ddg_pipeline.publishing.targets import PROTOCOLS, Target, parse_target


def parse(url):
    return parse_target(url, 2, "ddg.yaml", "targets[0]")


class TestAnAddress:
    @pytest.mark.parametrize(
        ("url", "read"),
        [
            ("s3://open-data", "s3://open-data"),
            ("s3://open-data/health/", "s3://open-data/health"),
            ("gs://open-data/a/b", "gs://open-data/a/b"),
            ("abfss://container@account.dfs.core.windows.net/health",
             "abfss://container@account.dfs.core.windows.net/health"),
            ("memory://a", "memory://a"),
        ],
    )  # fmt: skip
    def test_of_an_object_store_is_taken(self, url, read):
        assert parse(url) == Target(read, 2)

    def test_of_a_folder_has_no_links_in_it(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        found = parse(f"file://{tmp_path}/link/bucket")
        assert found.local == tmp_path / "real" / "bucket"

    @pytest.mark.parametrize(
        "url",
        [
            "", "open-data", "/mnt/bucket", "s3:/open-data", "s3://", "S3://open-data", "ftp://host/a", "https://a.example",
            "sftp://host/a", "s3://a/../b", "s3://a//b", "s3://a/./b", "s3://a/b?x=1", "s3://a/b#c", "s3://a b",
            "file://relative/path", "file:///", "simplecache::s3://a", "s3://a/b::c", "s3://key@bucket/a",
            "s3://key:hunter2@bucket", "gs://user:hunter2@bucket/x", "abfss://user:hunter2@account.example/x",
            "s3://a/\x00b", "s3://a\\b",
        ],
    )  # fmt: skip
    def test_of_anything_else_is_refused_and_not_quoted(self, url):
        with pytest.raises(InputError) as error:
            parse(url)
        assert (error.value.place, error.value.field) == ("ddg.yaml", "targets[0]")
        assert "hunter2" not in str(error.value)
        assert "s3://bucket/folder" in error.value.expected or "file:///" in error.value.expected


def test_every_protocol_is_one_that_fsspec_knows():
    import fsspec

    assert set(PROTOCOLS) <= set(fsspec.available_protocols()) | {"abfss"}
