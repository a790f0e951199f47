"""What ``ddg approve``, ``ddg revoke`` and ``ddg status`` print for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from ddg_pipeline.console_layout import add_columns, add_row, as_text, console, heading, new_table, print_parts
from ddg_pipeline.review.subjects import shortened

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.review import ReleaseStatus
    from ddg_pipeline.review.decisions import RoleReview

_STYLES = {"approved": "green", "missing": "yellow", "revoked": "red", "void": "red"}


def print_status(found: Sequence[ReleaseStatus]) -> None:
    """Print where releases stand: what is certified, who has approved it, what the portal shows."""
    parts: list[RenderableType] = []
    for one in found:
        parts.append(heading(one.release))
        if one.review is None:
            parts.append(as_text(f"nothing to approve: {one.problem}", "red"))
        else:
            issued = f"{one.review.issued_at:%Y-%m-%d %H:%M} UTC"
            parts.append(as_text(f"certificate {shortened(one.review.certificate)}, issued {issued}"))
            parts.append(_summary(one))
            if one.review.roles:
                parts.append(_roles(one.review.roles))
        if one.public is not None and one.review is not None and one.public != one.review.certificate:
            parts.append(as_text(f"the portal shows another release: certificate {shortened(one.public)}"))
    print_parts(console(), parts)


def print_recorded(status: ReleaseStatus, sentence: str) -> None:
    """Print what was recorded, and where the release stands now."""
    print_parts(console(), [as_text(sentence, "green")])
    print_status([status])


def _summary(one: ReleaseStatus) -> RenderableType:
    if one.withdrawn is not None:
        return as_text(f"withdrawn, {one.withdrawn}; `ddg retract {one.release} --lift` lets it come back", "red")
    if one.published and one.complete:
        return as_text(f"published: {', '.join(one.places)}", "green")
    if one.published:
        waits = ", ".join(one.review.waits_for) if one.review is not None else ""
        return as_text(f"published; and now without an approval that counts: {waits}", "red")
    there = [place for place, shown in one.places.items() if shown]
    if one.complete and there:
        missing = ", ".join(place for place, shown in one.places.items() if not shown)
        found = f"published: {', '.join(there)}; not yet: {missing}; `ddg publish {one.release}` goes on"
        return as_text(found, "yellow")
    if one.complete:
        return as_text("approved by everybody who has to; the next run of its publication publishes it", "green")
    waits = ", ".join(one.review.waits_for) if one.review is not None else ""
    return as_text(f"waits for: {waits}", "yellow")


def _roles(roles: Sequence[RoleReview]) -> RenderableType:
    table = new_table()
    add_columns(table, "Role", "State", "By", "On", "Why", whole=("State", "On"))
    for one in roles:
        state = Text(one.state, _STYLES[one.state])
        on = "" if one.at is None else f"{one.at:%Y-%m-%d}"
        kind = ["standing approval"] if one.standing and one.state == "approved" else []
        signed = [f"signed by {one.signed_by}"] if one.signed_by is not None and one.state == "approved" else []
        note = [f'"{one.note}"'] if one.note else []
        add_row(table, one.role, state, one.by or "", on, "; ".join([*one.why, *kind, *signed, *note]))
    return table
