"""The certificate of a package: which bytes passed, under which contract, rulebook, suite and audit.

It is a file beside the others, ``certificate.json``, with its signature beside it where a key is configured. A package
is publishable exactly as long as its certificate is true: any changed, missing or added file, another contract,
rulebook or suite, or a signature that is not believed makes it void.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ddg_pipeline
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality.certificate_form import (
    CERTIFICATE_NAME,
    SIGNATURE_NAME,
    Certificate,
    CertifiedAudit,
    CertifiedGate,
    certificate_bytes,
    parse_certificate,
)
from ddg_pipeline.quality.code_files import code_sha256
from ddg_pipeline.quality.gate import GateResult
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_bytes, sha256_of_file
from ddg_pipeline.quality.signatures import (
    Signature,
    Signing,
    check_allowed_signers,
    check_signature,
    key_to_sign_with,
    sign,
)
from ddg_pipeline.quality.suite import Suite

_CLOCKS_DIFFER_BY = dt.timedelta(minutes=5)  # at most, where both are set by the network
_OWN = frozenset({CERTIFICATE_NAME, SIGNATURE_NAME})


@dataclass(frozen=True)
class PackageCheck:
    """What checking a package showed.

    Attributes:
        directory: The package.
        certificate: What its certificate says; None where there is none that can be read.
        certificate_sha256: The hash of the certificate file.
        signature: The signature, where there is one that holds.
        compared: By name of what was given (``contract``, ``rulebook``, ``suite``), whether it is the certified one.
        problems: Everything that makes the certificate void, by file.
    """

    directory: Path
    certificate: Certificate | None
    certificate_sha256: str | None
    signature: Signature | None
    compared: Mapping[str, bool]
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the certificate is true for exactly these bytes, and all that was compared is the same."""
        return self.certificate is not None and not self.problems


def issue_certificate(
    directory: Path,
    *,
    contract: ReleaseContract,
    rulebook: object,
    suite: Suite,
    csv_name: str,
    gate: GateResult,
    audit: Mapping[str, Any],
    decision: Literal["mask", "release"],
    checks: Mapping[str, bool],
    signing: Signing | None = None,
    issued_at: dt.datetime | None = None,
) -> Certificate:
    """Certify a finished package: write ``certificate.json`` into it, as the last file, and its signature before it.

    Args:
        directory: The package; everything in it is certified.
        contract: The contract.
        rulebook: The rulebook; a dataclass, a pydantic model or plain data.
        suite: The suite that the gate used.
        csv_name: The file that the gate judged.
        gate: The gate's result.
        audit: The audit's summary; its ``safe`` must be True.
        decision: What the assessment decided.
        checks: Every check of the gate, and whether it passed.
        signing: How to sign it; None for a certificate without a signature.
        issued_at: The time to write; by default now.

    Raises:
        RefusedError: The gate or the audit did not pass, or what the gate judged is not what lies in the package, or
            the signature would not be believed. Neither certificate nor signature is written.
        InputError: It has to be signed, and cannot be; or the files cannot be written. The same.
    """
    _remove_own(directory)
    release = contract.release
    if not gate.passed:
        raise RefusedError(f"{release}: no certificate: {gate.describe()}")
    if not checks or not all(checks.values()):
        failed = ", ".join(name for name, passed in checks.items() if not passed) or "there was none"
        raise RefusedError(f"{release}: no certificate: not every check passed: {failed}")
    if audit.get("safe") is not True:
        raise RefusedError(f"{release}: no certificate: the audit did not find it safe")
    if suite.get("meta", {}).get("masked") is not (decision == "mask"):
        raise RefusedError(f"{release}: no certificate: the suite is not that of a decision to {decision}")
    files, odd = _hashes(directory)
    if odd:
        raise RefusedError(f"{release}: no certificate: {'; '.join(odd)}")
    if files.get(csv_name) != gate.sha256:
        raise RefusedError(f"{csv_name}: no certificate: these are not the bytes that passed the gate")
    if sha256_of(suite) != gate.suite_sha256:
        raise RefusedError(f"{release}: no certificate: the gate used another suite")
    certificate = Certificate(
        release=release,
        decision=decision,
        # linked releases are masked together at the strongest level that any of them asks for
        level=str(audit.get("level", contract.suppression.level)),
        checks=tuple(checks),
        files=files,
        contract=sha256_of(contract),
        rulebook=sha256_of(rulebook),
        gate=CertifiedGate(
            passed=True,
            file=csv_name,
            sha256=gate.sha256,
            expectations=gate.listed,
            rows=gate.rows,
            suite=gate.suite_sha256,
            parameters=dict(gate.parameters),
        ),
        audit=CertifiedAudit(safe=True, sha256=sha256_of(dict(audit))),
        code_version=ddg_pipeline.__version__,
        code_sha256=code_sha256(),
        issued_at=(issued_at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(microsecond=0),
        signing_key=None if signing is None else key_to_sign_with(signing),
    ).sealed()
    contents = {CERTIFICATE_NAME: certificate.to_bytes()}
    if signing is not None:
        # in this order: whatever has a certificate is complete
        contents = {SIGNATURE_NAME: _signature(certificate, signing), **contents}
    try:
        for name, data in contents.items():
            (directory / name).write_bytes(data)
    except OSError as error:
        _remove_own(directory)
        found = error.strerror or "not writable"
        raise InputError(str(directory), CERTIFICATE_NAME, found, "a directory that can be written") from None
    return certificate


def check_package(
    directory: Path,
    contract: ReleaseContract | None = None,
    rulebook: object | None = None,
    suite: Suite | None = None,
    signing: Signing | None = None,
    *,
    at: dt.datetime | None = None,
) -> PackageCheck:
    """Compare a package with its certificate, byte for byte; no restricted data is needed.

    Args:
        directory: The package.
        contract: Where given, the contract must be the one that was certified.
        rulebook: The same for the rulebook.
        suite: The same for the suite.
        signing: Where given, the certificate must be signed, by whom this believes. Where not, the signature of a
            signed one must still be by the key that it names.
        at: The time as of which to judge; by default now.

    Raises:
        InputError: A file cannot be read, or a signature cannot be checked here.
    """
    try:
        data = certificate_bytes(directory)
        certificate = parse_certificate(data)
    except RefusedError as error:
        return PackageCheck(directory, None, None, None, {}, (str(error),))
    except OSError as error:
        raise _unreadable(directory / CERTIFICATE_NAME, error) from None
    compared = {}
    if contract is not None:
        compared["contract"] = sha256_of(contract) == certificate.contract and contract.release == certificate.release
    if rulebook is not None:
        compared["rulebook"] = sha256_of(rulebook) == certificate.rulebook
    if suite is not None:
        compared["suite"] = sha256_of(suite) == certificate.gate.suite
    problems = [*_file_problems(directory, certificate)]
    problems += [f"{name}: not the one that was certified" for name, same in compared.items() if not same]
    if certificate.issued_at > (at or dt.datetime.now(dt.UTC)) + _CLOCKS_DIFFER_BY:
        moment = "this machine's clock" if at is None else "the time asked about"
        problems.append(f"{CERTIFICATE_NAME}: issued at {certificate.issued_at:%Y-%m-%d %H:%M:%SZ}, after {moment}")
    signature = None
    try:
        signature = _check_signature(directory, data, certificate, signing, at)
    except RefusedError as error:
        problems.append(f"{SIGNATURE_NAME}: {error}")
    return PackageCheck(directory, certificate, sha256_of_bytes(data), signature, compared, tuple(problems))


def verify_certificate(
    directory: Path,
    contract: ReleaseContract | None = None,
    rulebook: object | None = None,
    suite: Suite | None = None,
    signing: Signing | None = None,
) -> Certificate:
    """Check a package as `check_package` does, as of now, and refuse one that does not hold.

    Raises:
        RefusedError: Something differs; the message names the file, or what else.
        InputError: A file cannot be read, or a signature cannot be checked here.
    """
    found = check_package(directory, contract, rulebook, suite, signing)
    if found.certificate is None:
        raise RefusedError("; ".join(found.problems))
    if not found.holds:
        raise RefusedError(f"{found.certificate.release}: the certificate is void: {'; '.join(found.problems)}")
    return found.certificate


def certificate_sha256(directory: Path) -> str:
    """Hash the certificate file itself."""
    return sha256_of_file(directory / CERTIFICATE_NAME)


def _signature(certificate: Certificate, signing: Signing) -> bytes:
    """Sign a certificate, and make sure that those who check it will believe the signature."""
    data = certificate.to_bytes()
    armoured = sign(data, signing)
    try:
        check_signature(data, armoured, key=certificate.signing_key, issued_at=certificate.issued_at, signing=signing)
    except RefusedError as error:
        raise RefusedError(
            f"{certificate.release}: no certificate: the signature would not be believed: {error}"
        ) from None
    return armoured


def _check_signature(
    directory: Path, data: bytes, certificate: Certificate, signing: Signing | None, at: dt.datetime | None
) -> Signature | None:
    if signing is not None:
        check_allowed_signers(signing)
    path = directory / SIGNATURE_NAME
    there = path.is_file() and not path.is_symlink()
    if certificate.signing_key is None:
        if there:
            raise RefusedError("not certified: the certificate names no key")
        if signing is not None:
            raise RefusedError(f"missing: the certificate is not signed, and {_asks(signing)}")
        return None
    if not there:
        raise RefusedError(f"missing: the certificate names the key {certificate.signing_key}")
    try:
        armoured = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return check_signature(
        data, armoured, key=certificate.signing_key, issued_at=certificate.issued_at, signing=signing, at=at
    )


def _asks(signing: Signing) -> str:
    return f"{signing.field('allowed_signers' if signing.allowed_signers is not None else 'key')} asks for it"


def _file_problems(directory: Path, certificate: Certificate) -> list[str]:
    found, odd = _hashes(directory)
    known = {problem.partition(":")[0] for problem in odd}
    missing, added = sorted(set(certificate.files) - set(found)), sorted(set(found) - set(certificate.files))
    changed = sorted(name for name, sha in found.items() if certificate.files.get(name, sha) != sha)
    problems = [*odd, *(f"{name}: missing" for name in missing if name not in known)]
    problems += [f"{_shown(name)}: not certified" for name in added]
    problems += [f"{name}: changed since it passed the gate" for name in changed]
    gate = certificate.gate
    if certificate.files.get(gate.file) != gate.sha256:
        problems.append(f"{CERTIFICATE_NAME}: {gate.file} is not the file that passed the gate")
    return problems


def _hashes(directory: Path) -> tuple[dict[str, str], list[str]]:
    """Hash every file of a package but its certificate and signature, and name what may be in none.

    A package is flat and holds regular files only.
    """
    found, odd = {}, []
    place = directory
    try:
        for entry in sorted(os.scandir(directory), key=lambda item: item.name):
            place = Path(entry.path)
            if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                odd.append(f"{_shown(entry.name)}: not a regular file: a package is flat and holds no links")
            elif entry.name not in _OWN:
                found[entry.name] = sha256_of_file(place)
    except OSError as error:
        raise _unreadable(place, error) from None
    return found, odd


def _remove_own(directory: Path) -> None:
    """Take away what an earlier attempt left, so that no failure leaves a certificate."""
    for name in (CERTIFICATE_NAME, SIGNATURE_NAME):
        (directory / name).unlink(missing_ok=True)


def _shown(name: str) -> str:
    """Show a name that anyone may have given to a file."""
    return name if name.isprintable() else ascii(name)


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(str(path), "file", error.strerror or "not readable", "a file that can be read")
