"""Which annotations a release may carry, and what each says about the value beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddg_pipeline.contract.model import ReleaseContract

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class Note:
    """An annotation: its code and its description, as they stand in the file."""

    code: str
    description: str


def annotation_columns(contract: ReleaseContract, measure: str) -> list[str]:
    """Name the annotation columns of a measure: code, then description."""
    names = contract.suppression.annotations
    return [names.code.replace("{measure}", measure), names.description.replace("{measure}", measure)]


def shown_notes(rulebook: Rulebook, *, estimate: bool = False) -> list[Note]:
    """List the annotations of a value that is shown: none at all, or the edition's code for none.

    Args:
        rulebook: The edition.
        estimate: Whether the value is an estimate of a survey, which may be statistically unstable (§5.2).
    """
    none, unstable = rulebook.annotations.none, rulebook.annotations.unstable
    notes = [Note("", ""), Note(none.code, ""), Note(none.code, none.description)]
    return list(dict.fromkeys([*notes, *([Note(unstable.code, unstable.description)] if estimate else [])]))


def hidden_notes(rulebook: Rulebook, *, masked: bool, reasons_shown: bool) -> list[Note]:
    """List the annotations of an empty value.

    Suppressed values carry the reason, or one code for both where the reasons are not shown. A value may also be empty
    because there was none.
    """
    notes = rulebook.annotations
    found = [notes.not_available]
    if masked:
        found = [*([notes.small, notes.complementary] if reasons_shown else [notes.hidden]), notes.not_available]
    return [Note(note.code, note.description) for note in found]
