"""Who has to approve releases, and where approvals are kept: the key ``review`` of ``ddg.yaml``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ddg_pipeline.contract.strict import Slug
from ddg_pipeline.errors import InputError
from ddg_pipeline.quality.signatures import Purpose, Signing

DEFAULT_ROLES: Final = (
    "statistical_expert",
    "data_steward",
    "deputy_director",
    "legal_counsel",
    "director_or_designee",
)  # who signs off under §4.5 and §4.6 of DDG 2.0 and the Open Data Handbook, where ddg.yaml says nothing
APPROVALS: Final = Purpose("ddg-approval", "approval", "review")
LOG: Final = "var/review/approvals.jsonl"


class ReviewSettings(BaseModel):
    """What stands under ``review`` in ``ddg.yaml``.

    Attributes:
        roles: Who has to approve every release; an empty list for nobody.
        log: The file of all approvals.
        allowed_signers: Whose signatures of approvals are believed, as ssh-keygen(1) describes it. Where it is set,
            an approval that is not signed does not count.
        key: The SSH key that the person at the keyboard signs with.
        people: Of roles that only some people have, who they are.
        separate: Whether every role has to be another person.
        standing: Whether approvals of a series, before its releases are there, count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    roles: Annotated[list[Slug], Field(max_length=50)] = list(DEFAULT_ROLES)
    log: Annotated[str, Field(min_length=1)] = LOG
    allowed_signers: Annotated[str, Field(min_length=1)] | None = None
    key: Annotated[str, Field(min_length=1)] | None = None
    people: dict[Slug, Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]] = {}
    separate: bool = False
    standing: bool = False

    @model_validator(mode="after")
    def _agree(self) -> ReviewSettings:
        if len(set(self.roles)) != len(self.roles):
            raise ValueError("a role that stands there twice")
        if self.key is not None and self.allowed_signers is None:
            raise ValueError("a key without allowed_signers, which say whose approvals are believed")
        return self


@dataclass(frozen=True)
class Review:
    """How releases are reviewed in a project.

    Attributes:
        log: The file of all approvals.
        roles: Who has to approve every release.
        signing: How approvals are signed, and whose are believed; None where they are not signed.
        people: Of roles that only some people have, who they are.
        separate: Whether every role has to be another person.
        standing: Whether standing approvals count.
    """

    log: Path
    roles: tuple[str, ...] = DEFAULT_ROLES
    signing: Signing | None = None
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)
    separate: bool = False
    standing: bool = False

    def roles_of(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Give the roles that have to approve a release, for which its contract asks for some."""
        return tuple(dict.fromkeys((*self.roles, *asked)))


def review_of(settings: ReviewSettings, root: Path, place: str) -> Review:
    """Resolve what ``ddg.yaml`` says: paths, from the directory of the file, and variables of the environment.

    Args:
        settings: What it says.
        root: Its directory.
        place: What errors call it.

    Raises:
        InputError: A variable is empty; that must not turn signatures off.
    """
    given = {"log": settings.log, "allowed_signers": settings.allowed_signers}
    expanded = {name: os.path.expandvars(value).strip() for name, value in given.items() if value is not None}
    for name, value in expanded.items():
        if not value:
            expected = "set the environment variable"
            raise InputError(place, f"review.{name}", f"{given[name]!r}, which is empty", expected)
    signing = None
    if settings.allowed_signers is not None:
        # every person has a key of her own, and a server none: an empty variable is an error when one is needed
        key = None if settings.key is None else os.path.expandvars(settings.key).strip() or settings.key
        signing = Signing(
            place=place,
            key=None if key is None else root / Path(key).expanduser(),
            allowed_signers=root / Path(expanded["allowed_signers"]).expanduser(),
            purpose=APPROVALS,
        )
    return Review(
        log=(root / Path(expanded["log"]).expanduser()).absolute(),
        roles=tuple(settings.roles),
        signing=signing,
        people={role: tuple(people) for role, people in settings.people.items()},
        separate=settings.separate,
        standing=settings.standing,
    )
