"""Certificates signed on the road: at release, at publication, and checked with the project's settings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from types import SimpleNamespace

import pytest
from ssh_keys import allowed, make_key

from ddg_pipeline.orchestration import steps
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.quality import read_certificate

WHO = "releases@dept.example"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    make_key(directory / "ours")
    make_key(directory / "theirs")
    return directory


@pytest.fixture
def signing(small, keys):
    """Set in ddg.yaml how certificates are signed; gives the project as it is then."""
    file = small.root / "ddg.yaml"
    before = file.read_text()

    def set_to(key="ours", of="ours", options=""):
        signers = allowed(small.root / "allowed_signers", (f"{WHO} {options}".strip(), keys / of))
        lines = ["signing:", f"  allowed_signers: {signers}"] + ([f"  key: {keys / key}"] if key else [])
        file.write_text(before + "\n".join(lines) + "\n")
        return dataclasses.replace(small, project=load_project(small.root))

    return set_to


class TestARelease:
    def test_is_signed_published_with_its_signature_and_checked_anywhere(self, signing, ddg, tmp_path):
        small = signing()
        assert small.materialize("statewide/release", "statewide/publication").success
        certificate = read_certificate(small.released("statewide"))
        assert certificate.signing_key is not None
        assert small.latest("statewide/release")["signed_by"].value == certificate.signing_key
        for place in (small.released("statewide"), small.published("statewide")):
            assert (place / "certificate.json.sig").is_file()
        elsewhere = shutil.copytree(small.published("statewide"), tmp_path / "elsewhere")
        answer = ddg("verify", str(elsewhere), "--project", str(small.root), "--json")
        assert answer.code == 0, answer.out + answer.err
        assert answer.json["compared"] == {"contract": True, "rulebook": True, "suite": True}
        assert answer.json["signature"] == {"key": certificate.signing_key, "identity": WHO, "believed": True}

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"key": None}, "signing.key: found nothing"),
            ({"key": "nothing"}, "no such file"),
            ({"of": "theirs"}, "the signature would not be believed"),
            ({"options": 'valid-before="20200101"'}, "it has expired"),
        ],
    )
    @pytest.mark.thorough
    def test_that_cannot_be_signed_is_refused_and_the_earlier_one_stays(self, signing, given, says):
        small = signing(**given)
        before = small.public_bytes()
        events = small.materialize("statewide/release")
        assert not events.success
        assert events.materialized == []
        assert says in events.failures
        assert small.public_bytes() == before
        assert not (small.staged("statewide").parent / "certificate.json.sig").exists()

    @pytest.mark.thorough
    def test_of_a_group_is_not_handed_over_where_one_cannot_be_signed(self, signing, monkeypatch):
        import ddg_pipeline.quality.certificate as certificates

        small, real = signing(), certificates.sign

        def fails_the_second_time(data, settings):
            if b"by_sex" in data:
                raise settings.error("key", "a key that is gone", "put it back")
            return real(data, settings)

        monkeypatch.setattr(certificates, "sign", fails_the_second_time)
        before = small.public_bytes()
        events = small.materialize("by_age/release", "by_sex/release")
        assert "a key that is gone" in events.failures
        assert events.materialized == []
        assert small.public_bytes() == before


class TestAPublication:
    def test_of_what_was_released_without_a_signature_is_refused(self, signing):
        small = signing()
        before = small.public_bytes()
        events = small.materialize("statewide/publication")
        assert not events.success
        assert "certificate.json.sig: missing: the certificate is not signed" in events.failures
        assert small.public_bytes() == before

    def test_of_what_somebody_else_signed_is_refused(self, signing):
        assert signing("theirs", "theirs").materialize("statewide/release").success
        small = signing()
        before = small.public_bytes()
        events = small.materialize("statewide/publication")
        assert "signing.allowed_signers does not allow" in events.failures
        assert small.public_bytes() == before


class TestAClockThatWentBack:
    def test_certifies_nothing_older_than_the_current_release(self, small, monkeypatch):
        issued_at = read_certificate(small.released("statewide")).issued_at

        class Clock(dt.datetime):
            @classmethod
            def now(cls, tz=None):
                return issued_at - dt.timedelta(days=1)

        monkeypatch.setattr(steps, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC, timedelta=dt.timedelta))
        before = small.public_bytes()
        events = small.materialize("statewide/release")
        assert "this machine's clock says" in events.failures
        assert "set the clock" in events.failures
        assert events.materialized == []
        assert small.public_bytes() == before

    def test_does_not_matter_where_the_current_certificate_cannot_be_read(self, small):
        (small.released("statewide") / "certificate.json").write_text("{}")
        shutil.rmtree(small.project.public / "ledger" / "statewide")  # what was public would have to be believed
        assert small.materialize("statewide/release").success
