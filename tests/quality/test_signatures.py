"""Signatures by real ssh-keygen: made without asking anyone, and believed only of whom the project allows."""

from __future__ import annotations

import datetime as dt
import os
import pty
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ssh_keys import agent_with, allowed, keygen, make_key

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality.signatures import NAMESPACE, Signature, Signing, check_signature, key_to_sign_with, sign

DATA = b'{"release": "visits"}\n'
WHO = "releases@dept.example"
THEN = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
PASSPHRASE = "correct horse"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key of the department's, one of somebody else's, and one with a passphrase."""
    directory = tmp_path_factory.mktemp("keys")
    make_key(directory / "ours")
    make_key(directory / "theirs")
    make_key(directory / "locked", PASSPHRASE)
    return directory


@pytest.fixture(autouse=True)
def _no_agent(monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture
def signing(keys, tmp_path):
    def make(key="ours", who=WHO, identity=None, of="ours"):
        signers = allowed(tmp_path / "allowed_signers", (who, keys / of))
        return Signing("ddg.yaml", keys / key if key else None, signers, identity)

    return make


def check(signature, signing, key=None, data=DATA, **named):
    """Check a signature whose certificate names the key that made it, unless told otherwise."""
    named = {"issued_at": THEN} | named
    return check_signature(data, signature, key=key or key_to_sign_with(signing), signing=signing, **named)


@pytest.fixture(scope="module")
def signature(keys):
    return sign(DATA, Signing("ddg.yaml", keys / "ours"))


class TestSigning:
    @pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
    def test_any_kind_of_key_signs_what_an_allowed_signer_is_believed_for(self, kind, tmp_path):
        key = make_key(tmp_path / "key", kind=kind)
        signing = Signing("ddg.yaml", key, allowed(tmp_path / "signers", (WHO, key)))
        fingerprint = keygen("-l", "-f", key).decode().split()[1]
        assert check(sign(DATA, signing), signing) == Signature(fingerprint, WHO, believed=True)

    def test_ssh_keygen_by_itself_agrees(self, keys, signature, signing, tmp_path):
        (tmp_path / "sig").write_bytes(signature)
        signers = signing().allowed_signers
        said = keygen("-Y", "verify", "-f", signers, "-I", WHO, "-n", NAMESPACE, "-s", tmp_path / "sig", data=DATA)
        assert said.startswith(b"Good")

    def test_a_key_in_an_agent_needs_neither_file_nor_passphrase(self, keys, tmp_path, monkeypatch):
        public = tmp_path / "only.pub"
        public.write_bytes((keys / "locked.pub").read_bytes())
        signing = Signing("ddg.yaml", public)
        with agent_with(keys / "locked", PASSPHRASE) as socket:
            monkeypatch.setenv("SSH_AUTH_SOCK", socket)
            made = sign(DATA, signing)
        assert check(made, signing).believed

    def test_a_certificate_of_an_authority_signs_for_whom_it_names(self, keys, tmp_path):
        authority, key = make_key(tmp_path / "authority"), make_key(tmp_path / "key")
        keygen("-q", "-s", authority, "-I", "somebody", "-n", WHO, f"{key}.pub")
        signers = allowed(tmp_path / "signers", ("*@dept.example cert-authority", authority))
        signing = Signing("ddg.yaml", tmp_path / "key-cert.pub", signers)
        assert check(sign(DATA, signing), signing).identity == WHO

    def test_long_bytes_are_signed_whole(self, keys):
        signing, data = Signing("ddg.yaml", keys / "ours"), bytes(range(256)) * 4096
        made = sign(data, signing)
        assert check(made, signing, data=data).believed
        with pytest.raises(RefusedError, match="not a signature of this certificate"):
            check(made, signing, data=data[:-1])


class TestNobodyIsAsked:
    """A run has no one at the keyboard: it ends with an error that says what to do."""

    SAYS = r"ddg\.yaml: signing\.key: found .*locked, which needs a passphrase .*ssh-agent"

    def test_for_a_passphrase(self, keys):
        with pytest.raises(InputError, match=self.SAYS):
            sign(DATA, Signing("ddg.yaml", keys / "locked"))

    def test_in_a_window(self, keys, tmp_path, monkeypatch):
        asked, program = tmp_path / "asked", tmp_path / "askpass"
        program.write_text(f"#!/bin/sh\ntouch '{asked}'\necho '{PASSPHRASE}'\n")
        program.chmod(0o700)
        for name, value in {"SSH_ASKPASS": program, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}.items():
            monkeypatch.setenv(name, str(value))
        with pytest.raises(InputError, match=self.SAYS):
            sign(DATA, Signing("ddg.yaml", keys / "locked"))
        assert not asked.exists()

    def test_at_a_terminal(self, keys):
        code = (
            "import sys; from pathlib import Path; from ddg_pipeline.quality.signatures import Signing, sign\n"
            "try: sign(b'data', Signing('ddg.yaml', Path(sys.argv[1])))\n"
            "except Exception as error: print(error)\n"
        )
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.executable, [sys.executable, "-c", code, str(keys / "locked")])
        told = b""
        while chunk := read_from(terminal):
            told += chunk
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert b"which needs a passphrase" in told
        assert b"Enter passphrase" not in told


def read_from(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # how a terminal says that its other end is closed
        return b""


class TestAKeyThatCannotBeUsed:
    """Each is told by the setting, with what to do, before anything is written."""

    @pytest.fixture
    def told(self, tmp_path):
        def run(key):
            with pytest.raises(InputError) as error:
                sign(DATA, Signing("ddg.yaml", key))
            assert (error.value.place, error.value.field) == ("ddg.yaml", "signing.key")
            return str(error.value)

        return run

    def test_there_is_none(self, told, tmp_path):
        assert "no such file" in told(tmp_path / "nothing")

    def test_its_variable_is_not_set(self, told, tmp_path):
        assert "environment variable" in told(tmp_path / "$DDG_KEY")

    def test_it_is_a_directory(self, told, tmp_path):
        assert "a directory" in told(tmp_path)

    def test_it_is_no_key_and_is_not_quoted(self, told, tmp_path):
        (tmp_path / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
        (tmp_path / "key").chmod(0o600)
        message = told(tmp_path / "key")
        assert "no SSH key" in message
        assert "c2VjcmV0" not in message

    def test_others_may_read_it(self, told, keys, tmp_path):
        (tmp_path / "open").write_bytes((keys / "ours").read_bytes())
        (tmp_path / "open").chmod(0o644)
        assert "chmod 600" in told(tmp_path / "open")

    def test_only_its_public_half_is_there(self, told, keys, tmp_path):
        (tmp_path / "lone.pub").write_bytes((keys / "ours.pub").read_bytes())
        assert "ssh-add" in told(tmp_path / "lone.pub")

    def test_there_is_no_ssh_keygen(self, keys, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(InputError, match=r"signing\.key: found no ssh-keygen.*install the OpenSSH client"):
            sign(DATA, Signing("ddg.yaml", keys / "ours"))

    def test_allowed_signers_alone_sign_nothing(self, signing):
        with pytest.raises(InputError, match=r"signing\.key: found nothing, while allowed_signers asks"):
            key_to_sign_with(signing(key=None))

    def test_the_file_of_allowed_signers_is_missing(self, keys, tmp_path):
        with pytest.raises(InputError, match=r"signing\.allowed_signers: found .*no such file"):
            key_to_sign_with(Signing("ddg.yaml", keys / "ours", tmp_path / "nothing"))


class TestRefused:
    def test_of_other_bytes(self, signature, signing):
        with pytest.raises(RefusedError, match="not a signature of this certificate"):
            check(signature, signing(), data=DATA + b" ")

    def test_made_for_another_purpose(self, keys, signing, tmp_path):
        (tmp_path / "data").write_bytes(DATA)
        keygen("-Y", "sign", "-f", keys / "ours", "-n", "git", tmp_path / "data")
        with pytest.raises(RefusedError, match=r"made for another purpose \('git'\)"):
            check((tmp_path / "data.sig").read_bytes(), signing())

    def test_by_a_key_that_is_not_allowed(self, signature, signing):
        with pytest.raises(RefusedError, match=r"by the key SHA256:.*, which signing\.allowed_signers does not allow"):
            check(signature, signing(of="theirs"))

    def test_by_another_key_than_the_configured_one(self, keys, signature):
        theirs = Signing("ddg.yaml", keys / "theirs")
        ours = key_to_sign_with(Signing("ddg.yaml", keys / "ours"))
        with pytest.raises(RefusedError, match=r"not the one that signing\.key names"):
            check(signature, theirs, key=ours)

    def test_by_another_key_than_the_certificate_names(self, keys, signature, signing):
        theirs = key_to_sign_with(Signing("ddg.yaml", keys / "theirs"))
        with pytest.raises(RefusedError, match="the certificate names another"):
            check(signature, signing(), key=theirs)

    def test_by_another_allowed_signer_than_asked_for(self, signature, signing):
        assert check(signature, signing(identity=WHO)).identity == WHO
        with pytest.raises(RefusedError, match=r"does not allow for 'someone@dept\.example'"):
            check(signature, signing(identity="someone@dept.example"))

    @pytest.mark.parametrize("identity", [None, WHO])
    @pytest.mark.parametrize(
        ("option", "says"),
        [
            ('valid-before="20220101"', "it has expired"),
            ('valid-after="20220101"', "did not allow yet when the certificate was issued"),
            ('namespaces="git"', "for other purposes only"),
        ],
    )
    def test_by_a_key_that_is_allowed_otherwise(self, signature, signing, option, says, identity):
        with pytest.raises(RefusedError, match=says):
            check(signature, signing(who=f"{WHO} {option}", identity=identity))

    @pytest.mark.parametrize("content", ["", "# nobody yet\n", "not a line of it\n"])
    def test_where_no_one_is_allowed(self, signature, signing, content):
        nobody = signing()
        nobody.allowed_signers.write_text(content)
        with pytest.raises(RefusedError, match="does not allow"):
            check(signature, nobody)


class TestTime:
    def test_a_key_that_has_expired_since_is_believed_as_of_the_time_it_was_valid(self, signature, signing):
        expired = signing(who=f'{WHO} valid-before="20220101"')
        assert check(signature, expired, at=THEN + dt.timedelta(days=1)).believed
        with pytest.raises(RefusedError, match="expired"):
            check(signature, expired, at=THEN + dt.timedelta(days=365))

    def test_a_key_within_its_time_is_believed(self, signature, signing):
        assert check(signature, signing(who=f'{WHO} valid-after="20210101",valid-before="29990101"')).believed


class TestTheFormOfASignature:
    """ssh-keygen reads over odd white space and what follows; a package's bytes are fixed to the last."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda made: made + b"\n",
            lambda made: made + b"more\n",
            lambda made: made.rstrip(b"\n"),
            lambda made: made.replace(b"\n", b"\r\n"),
            lambda made: made.replace(b"\n", b"\x0b", 2).replace(b"\x0b", b"\n", 1),
            lambda made: b" " + made,
            lambda made: made[:40] + b"\n" + made[40:],
            lambda made: made.partition(b"\n")[2],
            lambda made: b"",
            lambda made: b"\xff" * 40,
            lambda made: made.splitlines()[0] + b"\n" + made.splitlines()[-1] + b"\n",
            lambda made: made.splitlines()[0] + b"\nAAAA\n" + made.splitlines()[-1] + b"\n",
        ],
    )
    def test_has_one_spelling(self, keys, signature, change):
        with pytest.raises(RefusedError, match="not an SSH signature as ssh-keygen writes it"):
            check(change(signature), Signing("ddg.yaml", keys / "ours"))

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_any_other_byte_is_refused(self, keys, signature, data):
        place = data.draw(st.integers(0, len(signature) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda value: value != signature[place]))
        changed = signature[:place] + bytes([byte]) + signature[place + 1 :]
        with pytest.raises(RefusedError):
            check(changed, Signing("ddg.yaml", keys / "ours"))

    def test_without_a_list_only_the_named_key_has_to_have_signed(self, keys, signature):
        ours, theirs = (key_to_sign_with(Signing("ddg.yaml", keys / name)) for name in ("ours", "theirs"))
        assert check_signature(DATA, signature, key=ours, issued_at=THEN) == Signature(ours, None, believed=False)
        with pytest.raises(RefusedError):
            check_signature(DATA, signature, key=theirs, issued_at=THEN)
