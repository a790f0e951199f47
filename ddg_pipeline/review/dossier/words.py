"""Sentences that the page and the Word document have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ddg_pipeline.quality.percentages import FORM

if TYPE_CHECKING:
    from ddg_pipeline.review.dossier.facts import ApprovalState
    from ddg_pipeline.review.dossier.model import Changes, Dossier

STATES: Final[Mapping[ApprovalState, str]] = {
    "awaited": "awaited",
    "given": "given",
    "revoked": "revoked",
    "expired": "expired",
    "void": "void: given for other bytes",
}


def moment(time: dt.datetime) -> str:
    """Write a moment as everyone reads it."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def compared_with(changes: Changes) -> str:
    """Say what readers have of the version that a dossier compares with; empty where nobody knows."""
    if changes.published is None:
        return ""
    if changes.published:
        return "It is the last of the earlier versions that was made public."
    return (
        "It was not published, as far as the ledger tells, nor was any other version that can be compared: what "
        "readers have may be another table."
    )


def score_text(dossier: Dossier) -> str:
    """Say what the score decides."""
    if dossier.edition.masks_always:
        return f"{dossier.edition.title} masks small counts whatever the score"
    return f"a table is masked if its score is over {dossier.score.cut_off}"


def decision_text(dossier: Dossier) -> str:
    """Say in a sentence what is released."""
    if dossier.form == FORM:
        return "The table is released without counts, as whole percentages."
    if dossier.decision == "mask" and not any(measure.cells.suppressed for measure in dossier.measures):
        return "Small counts of the table are suppressed, and there were none: nothing in it had to be hidden."
    if dossier.decision == "mask":
        return "The table is released with suppression."
    return "The table is released without suppression."
