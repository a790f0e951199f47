"""``current.json``: the one small object that says which version of a release is public in an object store.

    <dataset>/<resource>/current.json            which version is public, or that it was withdrawn
    <dataset>/<resource>/versions/<certificate>/ the files of a version, by the SHA-256 of its certificate
    linked/<group>/current.json                  the same for linked releases, all in one object

The pointer of a linked release only says which group's pointer to read: ``{"linked": "linked/…/current.json"}``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality.certificate_form import FileName, Sha256, Word

POINTER_NAME: Final = "current.json"
VERSIONS: Final = "versions"
LINKED: Final = "linked"
_KEY = r"^[a-z0-9][a-z0-9_-]{1,99}/[a-z0-9][a-z0-9_-]{1,99}$"
_LINK = rf"^{LINKED}/[0-9a-f]{{16}}/{POINTER_NAME}$"

Key = Annotated[str, Field(pattern=_KEY)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PublicVersion(_Part):
    """The version of a release that is public.

    Attributes:
        status: That it is.
        release: The release.
        path: Where its files are, from the target's root.
        certificate: SHA-256 of ``certificate.json``.
        issued_at: When it was certified.
        files: SHA-256 of every file.
        earlier: The versions that were public before and are still there, the newest first.
    """

    status: Literal["public"] = "public"
    release: Word
    path: str
    certificate: Sha256
    issued_at: dt.datetime
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    earlier: list[Sha256] = []


class Withdrawn(_Part):
    """That a release was withdrawn.

    Attributes:
        status: That it was.
        release: The release.
        certificate: SHA-256 of the certificate of the version that was public then.
        withdrawn_at: When; nothing that was certified before becomes public again.
        reason: Why, for readers.
    """

    status: Literal["withdrawn"] = "withdrawn"
    release: Word
    certificate: Sha256
    withdrawn_at: dt.datetime
    reason: Annotated[str, Field(min_length=1)]


State = Annotated[PublicVersion | Withdrawn, Field(discriminator="status")]


class Pointer(_Part):
    """What is public, by ``<dataset>/<resource>``."""

    version: Literal[1] = 1
    releases: dict[Key, State]

    @model_validator(mode="after")
    def _paths_are_their_own(self) -> Pointer:
        for key, state in self.releases.items():
            if isinstance(state, PublicVersion) and state.path != version_path(key, state.certificate):
                raise ValueError("a path that is not that of the version")
        return self


class Link(_Part):
    """Which group's pointer tells of a linked release."""

    version: Literal[1] = 1
    linked: Annotated[str, Field(pattern=_LINK)]


_EITHER: TypeAdapter[Pointer | Link] = TypeAdapter(Pointer | Link)


def version_path(key: str, certificate: str) -> str:
    """Where a version's files are."""
    return f"{key}/{VERSIONS}/{certificate}"


def pointer_path(key: str) -> str:
    """Where readers of a release begin."""
    return f"{key}/{POINTER_NAME}"


def group_path(keys: Iterable[str]) -> str:
    """Where the pointer of a group of linked releases is."""
    name = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:16]
    return f"{LINKED}/{name}/{POINTER_NAME}"


def to_bytes(pointer: Pointer | Link) -> bytes:
    """Write a pointer; the same content is always the same bytes."""
    return (json.dumps(pointer.model_dump(mode="json"), indent=2, sort_keys=True) + "\n").encode()


def parse_pointer(data: bytes, path: str, target: str) -> Pointer | Link:
    """Read a pointer.

    Raises:
        RefusedError: It is not one that this tool wrote.
    """
    try:
        return _EITHER.validate_json(data)
    except ValidationError:
        problem = f"{target}/{path}: not a pointer that this tool wrote; find out who did, and remove it"
    raise RefusedError(problem)
