"""Who has approved a release, who has not, and why an approval that is there does not count.

Nothing is believed but the log and the release's certificate. An approval counts that is of exactly this certificate,
was not revoked since, is by somebody who may, and is signed where the project asks for it; or a standing one that this
release is inside of.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.quality.signatures import check_signature
from ddg_pipeline.review.figures import outside
from ddg_pipeline.review.log import History
from ddg_pipeline.review.settings import Review
from ddg_pipeline.review.statements import Approval, Record, Revocation, StandingApproval
from ddg_pipeline.review.subjects import Subject, shortened

State = Literal["approved", "missing", "revoked", "void"]
_CLOCKS_DIFFER_BY = dt.timedelta(minutes=5)
_TOLD = 4  # reasons, of an approval that does not count and of standing ones


@dataclass(frozen=True)
class RoleReview:
    """Where the approval of one role stands.

    Attributes:
        role: The role.
        state: ``approved``; ``missing``: nobody has said anything; ``revoked``: the last word; ``void``: what was said
            does not count for this release.
        by: Who approved, or revoked, or whose approval does not count.
        at: When.
        note: What was said with it.
        standing: Whether it is a standing approval.
        signed_by: The fingerprint of the key that signed it; None where signatures are not asked for.
        why: Why it does not count.
    """

    role: str
    state: State
    by: str | None = None
    at: dt.datetime | None = None
    note: str = ""
    standing: bool = False
    signed_by: str | None = None
    why: tuple[str, ...] = ()

    def to_json_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "role": self.role,
            "state": self.state,
            "by": self.by,
            "at": None if self.at is None else self.at.isoformat(),
            "note": self.note,
            "standing": self.standing,
            "signed_by": self.signed_by,
            "why": list(self.why),
        }


@dataclass(frozen=True)
class ReleaseReview:
    """Where the review of one release stands.

    Attributes:
        release: The release.
        certificate: The hash of the certificate that has to be approved.
        issued_at: When that was issued.
        roles: Every role that has to approve it.
    """

    release: str
    certificate: str
    issued_at: dt.datetime
    roles: tuple[RoleReview, ...]

    @property
    def complete(self) -> bool:
        """Whether everybody who has to has approved."""
        return not self.waits_for

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The roles whose approval does not count, or is not there."""
        return tuple(one.role for one in self.roles if one.state != "approved")

    def describe(self) -> str:
        """Say in a sentence what is missing, and why."""
        if self.complete:
            return f"{self.release}: approved" if self.roles else f"{self.release}: no approval is asked for"
        told = [f"{one.role} ({'; '.join(one.why) or one.state})" for one in self.roles if one.role in self.waits_for]
        return f"{self.release}: waits for the approval of {', '.join(told)}"


def review_release(
    subject: Subject, history: History, review: Review, *, published: Sequence[str] = (), now: dt.datetime | None = None
) -> ReleaseReview:
    """Find out who has approved a release.

    Args:
        subject: The release; its certificate holds.
        history: What was said.
        review: How releases are reviewed.
        published: The hashes of the certificates of this release that were published.
        now: The time as of which to judge; by default now.

    Raises:
        InputError: A signature cannot be checked here, or a table cannot be read.
        RefusedError: The package does not tell its figures.
    """
    moment = now or dt.datetime.now(dt.UTC)
    latest = history.records[-1].statement.at if history.records else moment
    judge = _Judge(subject, review, tuple(published), moment, max(moment, latest))
    roles: list[RoleReview] = []
    for role in subject.roles:
        taken = {same_person(one.by): one.role for one in roles if one.state == "approved" and one.by is not None}
        roles.append(judge.role(role, history.of({subject.release, subject.contract.series}, role), taken))
    return ReleaseReview(subject.release, subject.certificate_sha256, subject.certificate.issued_at, tuple(roles))


def same_person(name: str) -> str:
    """Give a name so that two spellings of it are one person's."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def not_one_of(role: str, by: str, review: Review) -> str | None:
    """Say that somebody does not have a role, where only some people have it."""
    people: Collection[str] | None = review.people.get(role)
    if people is None or by in people:
        return None
    return f"{by} is not one of those who may approve as {role} (review.people)"


@dataclass(frozen=True)
class _Judge:
    """Judges the approvals of one release."""

    subject: Subject
    review: Review
    published: tuple[str, ...]
    now: dt.datetime
    no_earlier_than: dt.datetime  # a clock that goes back must not make an approval valid again

    def role(self, role: str, said: Sequence[Record], taken: dict[str, str]) -> RoleReview:
        reasons: list[str] = []
        newest: Record | None = None
        for record in reversed(said):
            statement = record.statement
            if isinstance(statement, Revocation):
                if newest is None:
                    why = (f"revoked by {statement.by} on {statement.at:%Y-%m-%d}",)  # the note stays out of Dagster
                    return RoleReview(role, "revoked", statement.by, statement.at, statement.note, why=why)
                break
            problems = self._problems(record, statement, taken)
            if not problems:
                return self._told("approved", record)
            if newest is None or isinstance(statement, StandingApproval):
                reasons += [text for text in problems if text not in reasons]
            newest = newest or record
        if newest is None:
            return RoleReview(role, "missing")
        return replace(self._told("void", newest), why=tuple(reasons[:_TOLD]))

    def _told(self, state: State, record: Record) -> RoleReview:
        said = record.statement
        standing = isinstance(said, StandingApproval)
        signed_by = said.key if self.review.signing is not None else None
        return RoleReview(said.role, state, said.by, said.at, said.note, standing, signed_by)

    def _problems(
        self, record: Record, statement: Approval | StandingApproval, taken: dict[str, str]
    ) -> tuple[str, ...]:
        """Say why an approval does not count; what is cheap to find out comes first."""
        problems = self._of_what(statement) or self._of_whom(statement, taken)
        if not problems and isinstance(statement, StandingApproval):
            problems = outside(self.subject, statement, self.published)
        return problems or self._of_signature(record)

    def _of_what(self, statement: Approval | StandingApproval) -> tuple[str, ...]:
        if isinstance(statement, Approval):
            bound, ours = statement.bound, self.subject.bound
            if bound.certificate != ours.certificate:
                return (f"of another release, certificate {shortened(bound.certificate)}",)
            if bound != ours:
                return ("bound to other bytes, contract, rulebook or suite than the certificate",)
        elif not self.review.standing:
            return ("a standing approval, and they are off (review.standing)",)
        elif self.no_earlier_than.astimezone(dt.UTC).date() > statement.until:
            return (f"a standing approval that ended on {statement.until}",)
        if statement.at > self.now + _CLOCKS_DIFFER_BY:
            return (f"dated {statement.at:%Y-%m-%d %H:%M:%SZ}, after this machine's clock",)
        return ()

    def _of_whom(self, statement: Approval | StandingApproval, taken: dict[str, str]) -> tuple[str, ...]:
        other = not_one_of(statement.role, statement.by, self.review)
        if other is not None:
            return (other,)
        role = taken.get(same_person(statement.by))
        if self.review.separate and role is not None:
            return (f"{statement.by} has approved as {role}, and every role is another person (review.separate)",)
        return ()

    def _of_signature(self, record: Record) -> tuple[str, ...]:
        statement, signing = record.statement, self.review.signing
        if signing is None:
            return ()
        if record.signature is None or statement.key is None:
            return ("not signed, and review.allowed_signers asks for it",)
        try:
            check_signature(
                statement.to_bytes(),
                record.signature.encode("utf-8"),
                key=statement.key,
                issued_at=statement.at,
                signing=replace(signing, identity=statement.by),
            )
        except RefusedError as error:
            return (f"its signature does not hold: {error}",)
        return ()
