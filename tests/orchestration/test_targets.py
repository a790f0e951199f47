"""Object stores of a project: they get what the portal folder gets, and a project says which they are."""

from __future__ import annotations

import json

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.publishing.targets import Target
from tests.orchestration.test_project import TEXT

PAIR = ("by_age/publication", "by_sex/publication")


class TestAProject:
    @pytest.fixture
    def load(self, tmp_path, monkeypatch):
        monkeypatch.setenv("BUCKET", "open-data")

        def load(more):
            (tmp_path / "ddg.yaml").write_text(TEXT + more)
            return load_project(tmp_path)

        return load

    def test_has_none_unless_it_names_some(self, load):
        assert load("").targets == ()

    def test_names_them_by_address_with_the_versions_that_stay(self, load):
        found = load(
            "targets: ['s3://$BUCKET/health', {url: 'gs://mirror', keep: all}, {url: 'memory://a', keep: 5}]\n"
        )
        assert found.targets == (
            Target("s3://open-data/health", 2),
            Target("gs://mirror", "all"),
            Target("memory://a", 5),
        )

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ("targets: s3://a\n", ["targets", "a list of addresses"]),
            ("targets: [{url: 's3://a', keep: 0}]\n", ["targets.0", "fewer versions than the public one"]),
            ("targets: [{url: 's3://a', keep: few}]\n", ["targets.0", "a number of versions"]),
            ("targets: [{uri: 's3://a'}]\n", ["targets.0", "{url: …, keep: …}"]),
            ("targets: ['s3://me:hunter2@a']\n", ["targets[0]", "a name or password"]),
            ("targets: [s3://a, 's3://a/']\n", ["targets[1]", "already"]),
            ("targets: [s3://$UNSET_VARIABLE/a, ftp://a]\n", ["targets[1]", "something else than an address"]),
            ("targets:\n", ["targets", "list"]),
        ],
    )
    def test_is_told_what_is_wrong_with_them(self, load, more, says):
        with pytest.raises(InputErrors) as error:
            load(more)
        for part in ["ddg.yaml", *says]:
            assert part in str(error.value)
        assert "hunter2" not in str(error.value)

    @pytest.mark.parametrize("place", ["var/restricted", "var/restricted/bucket", "var"])
    def test_keeps_them_apart_from_what_is_restricted(self, load, tmp_path, place):
        with pytest.raises(InputErrors, match=r"targets\[0\]: .*apart from `restricted`"):
            load(f"targets: ['file://{tmp_path}/{place}']\n")

    def test_keeps_the_signing_key_out_of_them(self, load, tmp_path):
        with pytest.raises(InputErrors, match=r"signing\.key: .*outside of `targets\[0\]`"):
            load(f"targets: ['file://{tmp_path}/bucket']\nsigning: {{key: bucket/key}}\n")


class TestADepartmentsMetadata:
    @pytest.fixture
    def load(self, tmp_path):
        def load(more):
            (tmp_path / "ddg.yaml").write_text(TEXT + more)
            return load_project(tmp_path).metadata

        return load

    def test_is_typed_as_in_a_contract(self, load):
        found = load("metadata: {department: Public Health, license: CC0-1.0}\n")
        assert found.model_dump(exclude_unset=True) == {"department": "Public Health", "license": "CC0-1.0"}

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ("metadata: {titel: x}\n", ["metadata.titel", "the keys are department, program"]),
            ("metadata: {title: x}\n", ["metadata", "`title`, which belongs to one release"]),
            ("metadata: {contact_email: hunter2}\n", ["metadata.contact_email", "publication.metadata"]),
            ("metadata: hunter2\n", ["metadata"]),
            ("metadata:\n", ["metadata"]),
        ],
    )
    def test_is_checked_without_quoting_it(self, load, more, says):
        with pytest.raises(InputErrors) as error:
            load(more)
        for part in ["ddg.yaml", *says]:
            assert part in str(error.value)
        assert "hunter2" not in str(error.value)


class TestPublication:
    @pytest.fixture
    def bucket(self, small):
        place = small.root / "bucket"
        place.mkdir()
        with (small.root / "ddg.yaml").open("a") as file:
            file.write(f"targets: ['file://{place}']\n")
        return place

    def test_puts_every_release_into_every_target_and_says_where(self, small, bucket):
        from tests.orchestration.conftest import Small

        again = Small(load_project(small.root))
        assert again.materialize(*PAIR).success
        for release in ("by_age", "by_sex"):
            place = small.published(release)
            key = f"{place.parent.name}/{place.name}"
            link = json.loads((bucket / key / "current.json").read_text())
            state = json.loads((bucket / link["linked"]).read_text())["releases"][key]
            shown = {path.name: path.read_bytes() for path in (bucket / state["path"]).iterdir()}
            assert shown == {path.name: path.read_bytes() for path in place.iterdir()}
            told = small.latest(f"{release}/publication")["targets"].value
            assert f"| file://{bucket} | {state['path']} |" in told

    def test_is_told_place_by_place(self, small, bucket, ddg):
        (one,) = ddg("status", "statewide", "--json").json["releases"]
        assert one["places"] == {"var/portal": True, f"file://{bucket}": False}
        assert one["published"] is False
        told = " ".join(ddg("status", "statewide").out.split())
        assert "published: var/portal; not yet: file://" in told
        assert ddg("publish", "statewide", "--quiet").code == 0
        (one,) = ddg("status", "statewide", "--json").json["releases"]
        assert one["published"] is True
        assert ddg("retract", "statewide", "--reason", "a wrong county").code == 0
        (one,) = ddg("status", "statewide", "--json").json["releases"]
        assert (one["published"], list(one["places"].values())) == (False, [False, False])
        assert one["withdrawn"].endswith(": a wrong county")
        assert "`ddg retract statewide --lift` lets it come back" in " ".join(ddg("status", "statewide").out.split())

    def test_fails_where_a_target_does_and_says_which(self, small, bucket):
        from tests.orchestration.conftest import Small

        bucket.rmdir()
        events = Small(load_project(small.root)).materialize("statewide/publication")
        assert not events.success
        assert events.materialized == []
        assert f"file://{bucket}: " in events.failures
        assert "found nothing there" in events.failures
