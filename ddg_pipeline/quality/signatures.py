"""Signatures of certificates and approvals: SSH keys, through ``ssh-keygen -Y``, as git signs commits.

``ssh-keygen`` makes and judges every signature; nothing here does cryptography. It is started without a terminal and
without a way to ask for a passphrase, so that no run waits for an answer that nobody gives; keys in an agent work.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality.certificate_form import SIGNATURE_NAME

NAMESPACE: Final = "ddg-certificate"  # a signature made for anything else, such as a commit, is of no use here
COMMAND_LINE: Final = "command line"
_PROGRAM = "ssh-keygen"
_SECONDS = 60  # long enough to touch a security key
_FINGERPRINT = re.compile(r"(?<!\S)SHA256:[A-Za-z0-9+/]{43}(?!\S)")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_TO_ASK_BY = ("SSH_ASKPASS", "DISPLAY", "WAYLAND_DISPLAY")


@dataclass(frozen=True)
class Purpose:
    """What signatures are made for. One that was made for something else is of no use, whoever made it.

    Attributes:
        namespace: The namespace in which ssh-keygen signs.
        what: What is signed, in a word; with an ``s`` there are several.
        section: The key of ``ddg.yaml`` under which it is set how that is signed.
    """

    namespace: str
    what: str
    section: str


CERTIFICATES: Final = Purpose(NAMESPACE, "certificate", "signing")


@dataclass(frozen=True)
class Signing:
    """How certificates, or other things, are signed, and whose signatures are believed.

    With a key alone, only signatures by this key are believed. With allowed signers alone, signatures are asked for
    and nothing can be signed.

    Attributes:
        place: Where this is set, as errors name it: the path of ``ddg.yaml``, or ``command line``.
        key: The private key; or the public one, where an agent holds the private one.
        allowed_signers: The file of keys that are believed, as ssh-keygen(1) describes it under ALLOWED SIGNERS.
        identity: Who of the allowed signers has to have signed; None for any of them.
        purpose: What is signed.
    """

    place: str
    key: Path | None = None
    allowed_signers: Path | None = None
    identity: str | None = None
    purpose: Purpose = CERTIFICATES

    def field(self, name: str) -> str:
        """Name a setting as its user wrote it."""
        return f"--{name.replace('_', '-')}" if self.place == COMMAND_LINE else f"{self.purpose.section}.{name}"

    def error(self, name: str, found: str, expected: str) -> InputError:
        """Make an error that names a setting."""
        return InputError(self.place, self.field(name), found, expected)


@dataclass(frozen=True)
class Signature:
    """A signature that holds.

    Attributes:
        key: The key's fingerprint, ``SHA256:…``.
        identity: Which allowed signer it is; None where the key was compared with no list.
        believed: Whether the key was compared with anything.
    """

    key: str
    identity: str | None
    believed: bool


def key_to_sign_with(signing: Signing) -> str:
    """Make sure, before long work begins, that there is a key to sign with.

    Returns:
        Its fingerprint.

    Raises:
        InputError: There is none, or it cannot be used; the message names the setting.
    """
    if signing.key is None:
        raise signing.error(
            "key",
            f"nothing, while allowed_signers asks for signed {signing.purpose.what}s",
            "name the key to sign with"
            + ("; where only packages are checked, do not release" if signing.purpose == CERTIFICATES else ""),
        )
    check_allowed_signers(signing)
    return _fingerprint_of_key(signing, signing.key)


def sign(data: bytes, signing: Signing) -> bytes:
    """Sign bytes with the configured key.

    Returns:
        The armoured signature; of a certificate, the content of ``certificate.json.sig``.

    Raises:
        InputError: The key cannot be used; the message names the setting and says why.
    """
    key_to_sign_with(signing)
    assert signing.key is not None  # noqa: S101 - key_to_sign_with has seen to it
    command = ["-Y", "sign", "-f", str(signing.key), "-n", signing.purpose.namespace]
    done = _run(command, data, signing.place, signing.field("key"))
    if done.returncode != 0 or not done.stdout:
        raise _cannot_sign(signing, signing.key, done.stderr)
    return done.stdout


def check_signature(
    data: bytes,
    armoured: bytes,
    *,
    key: str | None,
    issued_at: dt.datetime,
    signing: Signing | None = None,
    at: dt.datetime | None = None,
) -> Signature:
    """Check the signature of a certificate, or of what else `signing` is for.

    Args:
        data: The bytes of the certificate.
        armoured: The bytes of its signature.
        key: The fingerprint that the certificate names.
        issued_at: When it says it was issued; the key must have been valid then.
        signing: Whose signatures are believed, and of what; None to find out only whether the key that the certificate
            names signed these bytes.
        at: The key must be valid at this time, too; by default now.

    Raises:
        RefusedError: The signature does not hold, or its key is not believed.
        InputError: There is no ssh-keygen, or a file that is set is not there.
    """
    namespace = _namespace(armoured)
    purpose = CERTIFICATES if signing is None else signing.purpose
    if namespace != purpose.namespace:
        raise RefusedError(
            f"made for another purpose ({_quoted(namespace)}) than for {purpose.what}s ({purpose.namespace!r})"
        )
    place = "ssh-keygen" if signing is None else signing.place
    with _file_of(armoured) as path:
        found = _good(["-Y", "check-novalidate", "-n", purpose.namespace, "-s", path], data, place, purpose)
        if found is None:
            raise RefusedError(f"not a signature of this {purpose.what}")
        if found != key:
            raise RefusedError(f"by the key {found}, and the {purpose.what} names another")
        if signing is None:
            return Signature(found, None, believed=False)
        if signing.allowed_signers is None:
            return _by_own_key(signing, found)
        return _by_allowed_signer(data, path, found, signing, (issued_at, at))


def _by_own_key(signing: Signing, found: str) -> Signature:
    if signing.key is None:
        raise signing.error("key", "nothing", "set it, or allowed_signers")
    if found != _fingerprint_of_key(signing, signing.key):
        raise RefusedError(
            f"by the key {found}, which is not the one that {signing.field('key')} names; other keys are believed if "
            f"{signing.field('allowed_signers')} lists them"
        )
    return Signature(found, None, believed=True)


def _by_allowed_signer(
    data: bytes, path: str, found: str, signing: Signing, times: Sequence[dt.datetime | None]
) -> Signature:
    check_allowed_signers(signing)
    field, allowed = signing.field("allowed_signers"), str(signing.allowed_signers)
    identities, complaint = [signing.identity] if signing.identity is not None else [], b""
    if not identities:
        command = ["-Y", "find-principals", "-s", path, "-f", allowed, *_as_of(times[-1])]
        done = _run(command, None, signing.place, field)
        complaint = done.stderr
        identities = done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else []
    for identity in identities:
        command = ["-Y", "verify", "-n", signing.purpose.namespace, "-s", path, "-f", allowed, "-I", identity]
        for time in times:
            done = _run([*command, *_as_of(time)], data, signing.place, field)
            if done.returncode != 0 or not done.stdout.decode("utf-8", "replace").startswith(
                _told_good(signing.purpose)
            ):
                complaint += done.stderr
                break
        else:
            return Signature(found, identity, believed=True)
    whom = f" for {_quoted(signing.identity)}" if signing.identity is not None else ""
    raise RefusedError(f"by the key {found}, which {field}{_why_not(complaint, whom, signing.purpose)}")


def _why_not(complaint: bytes, whom: str, purpose: Purpose) -> str:
    """Say why a key is not believed. ssh-keygen's words decide the wording only; that it is not, its exit code does."""
    if b"key has expired" in complaint:
        return " allows no more: it has expired"
    if b"not yet valid" in complaint:
        return f" did not allow yet when the {purpose.what} was issued"
    if b"not permitted for use in signature namespace" in complaint:
        return f" allows for other purposes only; its namespaces have to include {purpose.namespace!r}"
    return f" does not allow{whom}"


def check_allowed_signers(signing: Signing) -> None:
    """Make sure that the file of allowed signers is there, where one is set.

    Raises:
        InputError: It is not, or cannot be read.
    """
    path = signing.allowed_signers
    if path is None:
        return
    if not path.is_file():
        found = "a directory" if path.is_dir() else "no such file"
        raise signing.error("allowed_signers", f"{path}, {found}", "a file of allowed signers, one a line")
    if not os.access(path, os.R_OK):
        raise signing.error("allowed_signers", f"{path}, which cannot be read", "a file that can be read")


def _fingerprint_of_key(signing: Signing, key: Path) -> str:
    if not key.is_file():
        found = "a directory" if key.is_dir() else "no such file"
        hint = "; is the environment variable set?" if "$" in str(key) else ""
        raise signing.error("key", f"{key}, {found}", f"the file of an SSH key{hint}")
    if not os.access(key, os.R_OK):
        raise signing.error("key", f"{key}, which cannot be read", "a key that this user may read")
    done = _run(["-l", "-E", "sha256", "-f", str(key)], None, signing.place, signing.field("key"))
    told = _FINGERPRINT.findall(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else []
    if len(told) != 1:
        raise signing.error("key", f"{key}, which is no SSH key", "one SSH key, private or public")
    return str(told[0])


def _cannot_sign(signing: Signing, key: Path, complaint: bytes) -> InputError:
    if b"UNPROTECTED PRIVATE KEY FILE" in complaint:
        return signing.error("key", f"{key}, which others may read", "make it yours alone: chmod 600")
    if b"incorrect passphrase" in complaint:
        needs = "which needs a passphrase that nobody can be asked for here"
        hint = "load it into ssh-agent (ssh-add), or name a key without one that only this user can read"
        return signing.error("key", f"{key}, {needs}", hint)
    if b"No private key found" in complaint:
        lone = "a public key, whose private key is neither beside it nor in an agent"
        return signing.error("key", f"{key}, {lone}", "load it into ssh-agent (ssh-add), or name the private key")
    return signing.error(
        "key", f"{key}, with which ssh-keygen could not sign", "try: ssh-keygen -Y sign -n test -f KEY"
    )


def _good(arguments: Sequence[str], data: bytes, place: str, purpose: Purpose) -> str | None:
    """Give the fingerprint of the key whose signature of the data holds; None where it does not."""
    done = _run(arguments, data, place, "signature")
    told = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0 or not told.startswith(_told_good(purpose)):
        return None
    found = _FINGERPRINT.findall(told)
    return str(found[-1]) if found else None


def _told_good(purpose: Purpose) -> str:
    """Give the beginning of what ssh-keygen says of a signature that holds."""
    return f'Good "{purpose.namespace}" signature '


def _as_of(time: dt.datetime | None) -> list[str]:
    """Ask for validity at a time; none means now. Local time, because older versions know no other."""
    return [] if time is None else [f"-Overify-time={time.astimezone():%Y%m%d%H%M%S}"]


@contextmanager
def _file_of(armoured: bytes) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ddg-signature-") as directory:
        path = Path(directory, SIGNATURE_NAME)
        path.write_bytes(armoured)
        yield str(path)


def _run(arguments: Sequence[str], data: bytes | None, place: str, field: str) -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen where it can ask nobody anything: no terminal, no window."""
    program = shutil.which(_PROGRAM)
    if program is None:
        raise InputError(
            place, field, f"no {_PROGRAM} on this machine", "install the OpenSSH client, version 8.8 or newer"
        )
    environment = {name: value for name, value in os.environ.items() if name not in _TO_ASK_BY}
    environment |= {"SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, and arguments of ours
            [program, *arguments],
            input=data or b"",
            capture_output=True,
            check=False,
            env=environment,
            start_new_session=True,  # without a controlling terminal it cannot ask for a passphrase
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            place,
            field,
            f"no answer from {_PROGRAM} within {_SECONDS} seconds",
            "see whether the agent or the security key waits for someone to confirm",
        ) from None
    except OSError as error:
        found = f"{program}, which cannot be started ({error.strerror})"
        raise InputError(place, field, found, "install the OpenSSH client, version 8.8 or newer") from None


def _namespace(armoured: bytes) -> str:
    """Read what a signature was made for, and make sure that it is written in the one way that ssh-keygen writes it.

    ssh-keygen itself reads over odd white space and whatever follows the last line, so that a file could be changed
    and still pass.

    Raises:
        RefusedError: It is written otherwise, or not a signature.
    """
    try:
        blob = _blob(armoured.decode("ascii"))
        rest = blob.removeprefix(_MAGIC)[struct.calcsize(">I") :]
        _, rest = _string(rest)  # the public key
        namespace, _ = _string(rest)
        return namespace.decode("utf-8")
    except (ValueError, struct.error):  # what decoding raises is a ValueError as well
        raise RefusedError("not an SSH signature as ssh-keygen writes it") from None


def _blob(armoured: str) -> bytes:
    """Decode a signature; lines may have any one width."""
    body = armoured.removeprefix(f"{_BEGIN}\n").removesuffix(f"\n{_END}\n").split("\n")
    blob = base64.b64decode("".join(body), validate=True)
    encoded, width = base64.b64encode(blob).decode("ascii"), max(1, len(body[0]))
    lines = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    if armoured != "\n".join([_BEGIN, *lines, _END, ""]):
        raise ValueError("another form")
    return blob


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Take a string off the front, as RFC 4251 writes it."""
    (length,) = struct.unpack_from(">I", data)
    start = struct.calcsize(">I")
    if len(data) < start + length:
        raise ValueError("too short")
    return data[start : start + length], data[start + length :]


def _quoted(text: str) -> str:
    return ascii(text)
