"""What people say about a release: approvals, standing approvals and revocations, each in one form.

The same statement is always the same bytes, which is what is signed and what the log chains.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ddg_pipeline.contract.strict import Slug
from ddg_pipeline.quality.certificate_form import KeyFingerprint, Sha256, Word

LONGEST_NAME: Final = 200
LONGEST_NOTE: Final = 2000
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Change = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Bound(_Strict):
    """What an approval is bound to: one certificate, and what that certifies; hashes are SHA-256.

    Attributes:
        certificate: Of the bytes of ``certificate.json``.
        data: Of the table that passed the gate.
        contract: Of the contract, as the certificate has it.
        rulebook: The same of the rulebook.
        suite: The same of the reviewed suite.
    """

    certificate: Sha256
    data: Sha256
    contract: Sha256
    rulebook: Sha256
    suite: Sha256


class Limits(_Strict):
    """How far releases under a standing approval may go.

    Attributes:
        share_suppressed: The largest share of any measure's cells that may be suppressed, in percent.
        score: The largest publication score; of a score that is not published, what it is at most.
        drift: How far rows, categories and totals may be from the release before, in percent of that.
    """

    share_suppressed: Percent
    score: int
    drift: Change


class _Statement(_Strict):
    """What all statements say: who, as what, when, and why.

    Attributes:
        version: The form of the statement.
        id: A random number of its own, so that no statement can be said twice.
        release: The release.
        role: The role in which it is said.
        by: Who says it.
        at: When, UTC, to the second.
        note: Why.
        key: The fingerprint of the key that signs it; None where it is not signed.
    """

    version: Literal[1] = 1
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] = Field(default_factory=lambda: secrets.token_hex(16))
    release: Slug
    role: Slug
    by: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    at: dt.datetime
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    key: KeyFingerprint | None = None

    @field_validator("at")
    @classmethod
    def _in_utc(cls, at: dt.datetime) -> dt.datetime:
        if at.utcoffset() != dt.timedelta() or at.microsecond:
            raise ValueError("a time in UTC, to the second")
        return at

    @field_validator("by", "note")
    @classmethod
    def _one_line(cls, text: str) -> str:
        if text != text.strip() or not text.isprintable():  # nor what turns the direction of writing
            raise ValueError("one line of printable text, without blanks around it")
        return text

    def to_bytes(self) -> bytes:
        """Give the bytes that are signed."""
        return canonical(self.model_dump(mode="json"))


class Approval(_Statement):
    """Somebody approves one release."""

    kind: Literal["approval"] = "approval"
    bound: Bound


class StandingApproval(_Statement):
    """Somebody approves one release, and those after it that are like it.

    Attributes:
        bound: The release that was looked at.
        decision: What the assessment decided of it: whether it was masked, or went out as it is.
        level: The level of protection that was shown.
        code_lists: SHA-256 of the labels that its dimensions may have.
        limits: How far later ones may go.
        until: The last day on which it counts, UTC.
    """

    kind: Literal["standing_approval"] = "standing_approval"
    bound: Bound
    decision: Literal["mask", "release"]
    level: Word
    code_lists: Sha256
    limits: Limits
    until: dt.date


class Revocation(_Statement):
    """Somebody takes back every approval of a role for a release that was given before."""

    kind: Literal["revocation"] = "revocation"
    note: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]


Statement = Annotated[Approval | StandingApproval | Revocation, Field(discriminator="kind")]


class Record(_Strict):
    """One line of the log.

    Attributes:
        number: Its place, from 1 on.
        previous: SHA-256 of the line before, without its end; of the first one, zeros.
        statement: What was said.
        signature: Its signature, as ssh-keygen writes it; None where it is not signed.
    """

    number: Annotated[int, Field(ge=1)]
    previous: Sha256
    statement: Statement
    signature: Annotated[str, Field(max_length=20_000)] | None = None

    def to_line(self) -> bytes:
        """Give the line of the log, without its end."""
        return canonical(self.model_dump(mode="json"))


def canonical(plain: Any) -> bytes:
    """Write plain data in one way: keys sorted, no white space, UTF-8; text holds no line end."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")
