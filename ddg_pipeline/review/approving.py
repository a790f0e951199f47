"""Approve a release, or take an approval back: what somebody says is checked, signed and added to the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.quality.signatures import Signing, check_signature, key_to_sign_with, sign
from ddg_pipeline.review.decisions import not_one_of, review_release, same_person
from ddg_pipeline.review.figures import code_lists_sha256, over_limits, score, share_suppressed
from ddg_pipeline.review.log import ApprovalLog, History
from ddg_pipeline.review.receipts import Receipts
from ddg_pipeline.review.settings import Review
from ddg_pipeline.review.statements import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Approval,
    Limits,
    Record,
    Revocation,
    StandingApproval,
)
from ddg_pipeline.review.subjects import Subject
from ddg_pipeline.validation_messages import did_you_mean

LONGEST_STANDING: Final = dt.timedelta(days=400)  # a yearly series, and some weeks
_PLACE = "command line"


@dataclass(frozen=True)
class Desk:
    """Where approvals are given.

    Attributes:
        review: How releases are reviewed.
        receipts: What earlier publications rested on.
        place: What errors call what was given.
        key: The SSH key of whoever approves, in place of the configured one.
    """

    review: Review
    receipts: Receipts
    place: str = _PLACE
    key: Path | None = None

    @property
    def log(self) -> ApprovalLog:
        """The log."""
        return ApprovalLog(self.review.log)

    @property
    def signing(self) -> Signing | None:
        """How what is said here is signed."""
        signing = self.review.signing
        return signing if signing is None or self.key is None else replace(signing, key=self.key)


@dataclass(frozen=True)
class Series:
    """For how long, and how far, an approval is to stand for later releases.

    Attributes:
        until: The last day.
        share_suppressed: The largest share of cells suppressed, in percent; None for that of the release.
        score: The largest score; None for that of the release.
        drift: The largest change, in percent; None for the contract's limit of the number of rows.
    """

    until: dt.date
    share_suppressed: float | None = None
    score: int | None = None
    drift: float | None = None


def approve(
    desk: Desk,
    subject: Subject,
    *,
    role: str,
    by: str,
    note: str = "",
    series: Series | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Record:
    """Approve a release, whose certificate holds, in a role.

    Args:
        desk: Where.
        subject: The release.
        role: The role; one of those that have to approve it.
        by: Who.
        note: Why, or with what in mind.
        series: Where given, the approval stands for later releases too.
        on_wait: Called once, if a publication has to end first.

    Returns:
        The entry in the log.

    Raises:
        InputError: What was given is wrong, or it cannot be signed or written.
        InputErrors: The same, several at once.
        RefusedError: This person may not approve in this role, or the signature would not be believed, or the log is
            not what was written.
    """
    _check_words(desk.place, by=by, note=note)
    if role not in subject.roles:
        asked = ", ".join(subject.roles) or "nobody's: no role is asked for (`review` in ddg.yaml, or in the contract)"
        raise InputError(desk.place, "role", repr(role), f"{did_you_mean(role, subject.roles)}one of {asked}")
    other = not_one_of(role, by, desk.review)
    if other is not None:
        raise RefusedError(f"{subject.release}: {other}")
    key = None if desk.signing is None else key_to_sign_with(desk.signing)
    at = dt.datetime.now(dt.UTC).replace(microsecond=0)
    said = Approval(release=subject.release, role=role, by=by, at=at, note=note, key=key, bound=subject.bound)
    statement: Approval | StandingApproval = said
    if series is not None:
        given = said.model_dump(exclude={"kind", "bound"}) | {"release": subject.contract.series}
        limits = _limits(desk, subject, series, at)
        statement = StandingApproval(
            **given,
            bound=said.bound.model_copy(update={"contract": subject.series_contract}),
            decision=subject.certificate.decision,
            level=subject.certificate.level,
            code_lists=code_lists_sha256(subject),
            limits=limits,
            until=series.until,
        )

    def may(history: History) -> None:
        desk.receipts.check(history, desk.review.log)
        if not desk.review.separate:
            return
        found = review_release(subject, history, desk.review, published=desk.receipts.published(subject.release))
        for one in found.roles:
            held = one.state == "approved" and one.role != role and one.by is not None
            if held and same_person(str(one.by)) == same_person(by):
                raise RefusedError(
                    f"{subject.release}: {by} has approved as {one.role}, and every role is another person "
                    "(review.separate)"
                )

    return desk.log.append(statement, _signature(desk, statement), check=may, on_wait=on_wait)


def revoke(
    desk: Desk, release: str, *, role: str, by: str, note: str, on_wait: Callable[[], None] | None = None
) -> Record:
    """Take back every approval of a role for a release, standing ones too.

    Args:
        desk: Where.
        release: The release.
        role: The role.
        by: Who takes them back; anybody who may approve in this role.
        note: Why.
        on_wait: Called once, if a publication has to end first.

    Returns:
        The entry in the log.

    Raises:
        InputError: There is nothing to take back, what was given is wrong, or it cannot be signed or written.
        InputErrors: The same, several at once.
        RefusedError: This person may not, or the signature would not be believed, or the log is not what was written.
    """
    _check_words(desk.place, by=by, note=note)
    if not note:
        raise InputError(desk.place, "note", "nothing", "say why it is taken back")
    other = not_one_of(role, by, desk.review)
    if other is not None:
        raise RefusedError(f"{release}: {other}")

    def there_is_one(history: History) -> None:
        said = history.of({release}, role)
        if not said or isinstance(said[-1].statement, Revocation):
            given = sorted({(one.statement.release, one.statement.role) for one in history.records})
            known = ", ".join(f"{name} as {given_role}" for name, given_role in given) or "none yet"
            found = f"{release} as {role}, which nobody has approved" + (" since it was revoked" if said else "")
            raise InputError(desk.place, "release, role", found, f"an approval that is in the log: {known}")

    with desk.log.reading() as history:  # before anybody is asked to touch a key
        there_is_one(history)
    key = None if desk.signing is None else key_to_sign_with(desk.signing)
    at = dt.datetime.now(dt.UTC).replace(microsecond=0)
    statement = Revocation(release=release, role=role, by=by, at=at, note=note, key=key)
    return desk.log.append(statement, _signature(desk, statement), check=there_is_one, on_wait=on_wait)


def _check_words(place: str, **given: str) -> None:
    longest = {"by": LONGEST_NAME, "note": LONGEST_NOTE}
    errors = []
    for field, text in given.items():
        if field == "by" and not text.strip():
            errors.append(InputError(place, field, "nothing", "write who approves: a name, or an address"))
        elif text != text.strip() or not text.isprintable():
            expected = "one line of printable text, without blanks around it"
            errors.append(InputError(place, field, "text that is not one plain line", expected))
        elif len(text) > longest[field]:
            errors.append(InputError(place, field, f"{len(text)} characters", f"at most {longest[field]}"))
    if errors:
        raise InputErrors(errors)


def _limits(desk: Desk, subject: Subject, series: Series, at: dt.datetime) -> Limits:
    """Fill in what was not given, and make sure that the release itself is inside."""
    if not desk.review.standing:
        expected = (
            "approve this release alone; or write `review: {standing: true}` into ddg.yaml, if the department may"
        )
        raise InputError(desk.place, "--standing", "given, and standing approvals are off", expected)
    today, last = at.date(), at.date() + LONGEST_STANDING
    if not today <= series.until <= last:
        raise InputError(desk.place, "--until", str(series.until), f"a day from {today} to {last}")
    drift = subject.contract.limits.rows if series.drift is None else series.drift
    if drift is None:
        expected = "say how far later releases may be from the one before, in percent"
        raise InputError(desk.place, "--max-drift", "nothing, and the contract has no limit of rows", expected)
    given = {
        "share_suppressed": share_suppressed(subject) if series.share_suppressed is None else series.share_suppressed,
        "score": score(subject) if series.score is None else series.score,
        "drift": drift,
    }
    try:
        limits = Limits.model_validate(given)
    except ValidationError as error:
        raise InputErrors([_wrong_limit(desk.place, detail["loc"]) for detail in error.errors()]) from None
    over = over_limits(subject, limits)
    if over:
        found = f"limits that this release is over: {'; '.join(over)}"
        raise InputError(desk.place, "--max-…", found, "limits that it is inside of; or approve this release alone")
    return limits


def _wrong_limit(place: str, where: Sequence[int | str]) -> InputError:
    option = f"--max-{str(where[0]).replace('_', '-')}"
    return InputError(place, option, "a number that is none of percent", "0 or more; a share is at most 100")


def _signature(desk: Desk, statement: Approval | StandingApproval | Revocation) -> str | None:
    """Sign, and make sure that those who check it will believe the signature."""
    signing = desk.signing
    if signing is None:
        return None
    data = statement.to_bytes()
    armoured = sign(data, signing)
    try:
        check_signature(
            data, armoured, key=statement.key, issued_at=statement.at, signing=replace(signing, identity=statement.by)
        )
    except RefusedError as error:
        raise RefusedError(
            f"{statement.release}: not recorded: the signature would not be believed: {error}; `--by` has to be the "
            "name under which review.allowed_signers lists the key"
        ) from None
    return armoured.decode("ascii")
