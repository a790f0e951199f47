"""The certificate of a package: which bytes passed, under which contract, rulebook, suite and audit.

It is a file beside the others, ``certificate.json``. A package is publishable exactly as long as its certificate is
true: any changed, missing or added file, or another contract, rulebook or suite, makes it void.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import ddg_pipeline
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality.gate import GateResult
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_bytes, sha256_of_file
from ddg_pipeline.quality.suite import Suite

CERTIFICATE_NAME = "certificate.json"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,127}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CertifiedGate(_Strict):
    """The gate's part: which file it judged, and how much there was to judge."""

    passed: Literal[True]
    file: FileName
    sha256: Sha256
    expectations: Annotated[int, Field(ge=1)]
    rows: Annotated[int, Field(ge=1)]
    suite: Sha256
    parameters: dict[str, int | str]


class CertifiedAudit(_Strict):
    """The audit's part."""

    safe: Literal[True]
    sha256: Sha256


class Certificate(_Strict):
    """What ``certificate.json`` says; hashes are SHA-256, lower-case hexadecimal.

    Attributes:
        version: The form of this file.
        release: The release.
        decision: What the assessment decided.
        level: The level of protection that the audit confirmed.
        files: Every file of the package except the certificate.
        contract: Hash of the contract's canonical JSON.
        rulebook: Hash of the rulebook's canonical JSON.
        gate: What the gate judged.
        audit: Hash of the audit's summary.
        code_version: The version of this package.
        issued_at: When, UTC.
    """

    version: Literal[1] = 1
    release: str
    decision: Literal["mask", "release"]
    level: str
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    contract: Sha256
    rulebook: Sha256
    gate: CertifiedGate
    audit: CertifiedAudit
    code_version: str
    issued_at: dt.datetime


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
    issued_at: dt.datetime | None = None,
) -> Certificate:
    """Certify a finished package and write ``certificate.json`` into it, as the last file.

    Args:
        directory: The package; everything in it is certified.
        contract: The contract.
        rulebook: The rulebook; a dataclass, a pydantic model or plain data.
        suite: The suite that the gate used.
        csv_name: The file that the gate judged.
        gate: The gate's result.
        audit: The audit's summary; its ``safe`` must be True.
        decision: What the assessment decided.
        issued_at: The time to write; by default now.

    Raises:
        RefusedError: The gate or the audit did not pass, or what the gate judged is not what lies in the package.
    """
    if not gate.passed:
        raise RefusedError(f"{contract.release}: no certificate: {gate.describe()}")
    if audit.get("safe") is not True:
        raise RefusedError(f"{contract.release}: no certificate: the audit did not find it safe")
    if suite.get("meta", {}).get("masked") is not (decision == "mask"):
        raise RefusedError(f"{contract.release}: no certificate: the suite is not that of a decision to {decision}")
    files = {name: sha for name, sha in _hashes(directory, contract.release).items() if name != CERTIFICATE_NAME}
    if files.get(csv_name) != gate.sha256:
        raise RefusedError(f"{csv_name}: no certificate: these are not the bytes that passed the gate")
    if sha256_of(suite) != gate.suite_sha256:
        raise RefusedError(f"{contract.release}: no certificate: the gate used another suite")
    certificate = Certificate(
        release=contract.release,
        decision=decision,
        # linked releases are masked together at the strongest level that any of them asks for
        level=str(audit.get("level", contract.suppression.level)),
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
        issued_at=(issued_at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(microsecond=0),
    )
    text = json.dumps(certificate.model_dump(mode="json"), indent=2, sort_keys=True) + "\n"
    (directory / CERTIFICATE_NAME).write_text(text, encoding="utf-8")
    return certificate


def read_certificate(directory: Path) -> Certificate:
    """Read ``certificate.json`` of a package, without comparing anything with it.

    Raises:
        RefusedError: There is none, or it does not say what a certificate has to say.
    """
    path = directory / CERTIFICATE_NAME
    if not path.is_file() or path.is_symlink():
        raise RefusedError(f"{CERTIFICATE_NAME}: missing: the gate has not passed this package")
    try:
        return Certificate.model_validate_json(path.read_bytes())
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, detail["loc"])) or "the whole" for detail in error.errors()}))
        raise RefusedError(f"{CERTIFICATE_NAME}: not a certificate that this version can read: {wrong}") from None


def verify_certificate(
    directory: Path,
    contract: ReleaseContract | None = None,
    rulebook: object | None = None,
    suite: Suite | None = None,
) -> Certificate:
    """Compare a package with its certificate, byte for byte; no restricted data is needed.

    Args:
        directory: The package.
        contract: Where given, the contract must be the one that was certified.
        rulebook: The same for the rulebook.
        suite: The same for the suite.

    Raises:
        RefusedError: Something differs; the message names the file, or what else.
    """
    certificate = read_certificate(directory)
    found = {name: sha for name, sha in _hashes(directory, directory.name).items() if name != CERTIFICATE_NAME}
    missing, added = sorted(set(certificate.files) - set(found)), sorted(set(found) - set(certificate.files))
    changed = sorted(name for name, sha in found.items() if certificate.files.get(name, sha) != sha)
    problems = [f"{name}: missing" for name in missing]
    problems += [f"{name}: not certified" for name in added]
    problems += [f"{name}: changed since it passed the gate" for name in changed]
    gate = certificate.gate
    if certificate.files.get(gate.file) != gate.sha256:
        problems.append(f"{CERTIFICATE_NAME}: {gate.file} is not the file that passed the gate")
    if contract is not None and (sha256_of(contract), contract.release) != (certificate.contract, certificate.release):
        problems.append("contract: not the one that was certified")
    if rulebook is not None and sha256_of(rulebook) != certificate.rulebook:
        problems.append("rulebook: not the one that was certified")
    if suite is not None and sha256_of(suite) != gate.suite:
        problems.append("suite: not the one that was certified")
    if problems:
        raise RefusedError(f"{certificate.release}: the certificate is void: {'; '.join(problems)}")
    return certificate


def certificate_sha256(directory: Path) -> str:
    """Hash the certificate file itself."""
    return sha256_of_bytes((directory / CERTIFICATE_NAME).read_bytes())


def _hashes(directory: Path, release: str) -> dict[str, str]:
    """Hash every entry of a package; a package is flat and holds regular files only."""
    if not directory.is_dir():
        raise RefusedError(f"{release}: there is no package")
    found = {}
    for entry in sorted(os.scandir(directory), key=lambda item: item.name):
        if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            raise RefusedError(f"{entry.name}: not a regular file: a package is flat and holds no links")
        found[entry.name] = sha256_of_file(Path(entry.path))
    return found
