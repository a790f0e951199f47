"""What ``certificate.json`` says, and its one form: the same content is always the same bytes."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality.hashing import sha256_of

CERTIFICATE_NAME: Final = "certificate.json"
SIGNATURE_NAME: Final = "certificate.json.sig"
CERTIFICATE_VERSION: Final = 2

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,127}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,127}$")]
CodeVersion = Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+!-]{0,63}$")]
# as ssh-keygen prints it: base64 of 32 bytes, without padding
KeyFingerprint = Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]


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
        checks: The checks of the gate, all of which passed.
        files: Every file of the package except the certificate and its signature.
        contract: Hash of the contract's canonical JSON.
        rulebook: Hash of the rulebook's canonical JSON.
        gate: What the gate judged.
        audit: Hash of the audit's summary.
        code_version: The version of this package.
        code_sha256: Hash of the package's own files as they were installed.
        issued_at: When, UTC, to the second.
        signing_key: The fingerprint of the key that signs the certificate; None where nothing is signed. Where there is
            one, the package without its signature is void.
        seal: Hash of everything else in the certificate, so that damage is noticed without a signature, too. Whoever
            means to deceive can compute it anew: against them there are signatures.
    """

    version: Literal[2] = CERTIFICATE_VERSION
    release: Word
    decision: Literal["mask", "release"]
    level: Word
    checks: Annotated[tuple[Word, ...], Field(min_length=1)]
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    contract: Sha256
    rulebook: Sha256
    gate: CertifiedGate
    audit: CertifiedAudit
    code_version: CodeVersion
    code_sha256: Sha256
    issued_at: dt.datetime
    signing_key: KeyFingerprint | None
    seal: Sha256 = ""

    @field_validator("files")
    @classmethod
    def _not_itself(cls, files: dict[str, str]) -> dict[str, str]:
        if {CERTIFICATE_NAME, SIGNATURE_NAME} & set(files):
            raise ValueError("a certificate names neither itself nor its signature")
        return files

    @field_validator("issued_at")
    @classmethod
    def _in_utc(cls, issued_at: dt.datetime) -> dt.datetime:
        if issued_at.utcoffset() != dt.timedelta() or issued_at.microsecond:
            raise ValueError("a time in UTC, to the second")
        return issued_at

    def sealed(self) -> Certificate:
        """Give the same certificate with its seal."""
        return self.model_copy(update={"seal": sha256_of(self.model_dump(mode="json", exclude={"seal"}))})

    def to_bytes(self) -> bytes:
        """Give the bytes of ``certificate.json``."""
        return (json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True) + "\n").encode("utf-8")


def parse_certificate(data: bytes) -> Certificate:
    """Read the bytes of a certificate.

    Raises:
        RefusedError: They are of another version, do not say what a certificate has to say, or were changed.
    """
    try:
        certificate = Certificate.model_validate_json(data)
    except ValidationError as error:
        # of the whole: the file is no JSON; "version" as well: whatever else is wrong follows from it
        fields = sorted({".".join(map(str, detail["loc"])) or "the whole" for detail in error.errors()})
        if "version" in fields:
            raise RefusedError(
                f"{CERTIFICATE_NAME}: of another version than {CERTIFICATE_VERSION}, the only one that is read here: "
                "release the table anew, or use the version of ddg_pipeline that it was released with"
            ) from None
        wrong = ", ".join(field if field.isprintable() else ascii(field) for field in fields)
        raise RefusedError(f"{CERTIFICATE_NAME}: not a certificate that this version can read: {wrong}") from None
    if certificate.to_bytes() != data or certificate.sealed() != certificate:
        raise RefusedError(f"{CERTIFICATE_NAME}: changed since it was issued")
    return certificate


def read_certificate(directory: Path) -> Certificate:
    """Read ``certificate.json`` of a package, without comparing anything with it.

    Raises:
        RefusedError: There is none, or it is not one that can be believed.
    """
    return parse_certificate(certificate_bytes(directory))


def certificate_bytes(directory: Path) -> bytes:
    """Give the bytes of a package's certificate, whatever they say.

    Raises:
        RefusedError: There is none.
    """
    path = directory / CERTIFICATE_NAME
    if not path.is_file() or path.is_symlink():
        raise RefusedError(f"{CERTIFICATE_NAME}: missing: the gate has not passed this package")
    return path.read_bytes()
