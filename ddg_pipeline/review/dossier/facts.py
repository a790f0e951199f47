"""What a dossier has to be told, because no package says it: what else is public, and who has approved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

ApprovalState = Literal["awaited", "given", "revoked", "expired", "void"]


@dataclass(frozen=True)
class PublicTable:
    """A table that readers have besides this one.

    Attributes:
        title: What it is called.
        place: Where it is: a release of this project, a file, an address.
        relation: What it has to do with this release, in a few words.
        taken_as_known: Whether masking and audit took its figures as known to readers.
        since: Since when it is public; None where that is not recorded.
    """

    title: str
    place: str
    relation: str
    taken_as_known: bool
    since: dt.datetime | None = None


@dataclass(frozen=True)
class EarlierVersion:
    """A version of the same release that was handed over before.

    Attributes:
        number: Its number in the public store.
        issued_at: When it passed the gate; None where its certificate is void.
        rows: Its rows; None likewise.
        decision: Whether it was masked; None likewise.
        certificate_sha256: The hash of its certificate; None likewise.
    """

    number: int
    issued_at: dt.datetime | None = None
    rows: int | None = None
    decision: Literal["mask", "release"] | None = None
    certificate_sha256: str | None = None


@dataclass(frozen=True)
class Approval:
    """One sign-off that the department asks for.

    Attributes:
        role: Who has to give it: the rulebook's name of the role.
        description: What people call the role.
        state: What has become of it.
        by: Who gave it.
        at: When.
        note: What they wrote.
        signature: The fingerprint of the key that signed it; empty where nothing was signed.
    """

    role: str
    description: str
    state: ApprovalState = "awaited"
    by: str = ""
    at: dt.datetime | None = None
    note: str = ""
    signature: str = ""
