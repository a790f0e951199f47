"""Which annotations a release may carry, and what each says about the value beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddg_pipeline.contract.measure import MeasureKind
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


def shown_notes(rulebook: Rulebook) -> list[Note]:
    """List the annotations of a value that is shown: none at all, or the edition's code for none."""
    none = rulebook.annotations.none
    return list(dict.fromkeys([Note("", ""), Note(none.code, ""), Note(none.code, none.description)]))


def hidden_notes(
    contract: ReleaseContract, rulebook: Rulebook, measure: str, *, masked: bool, reasons_shown: bool
) -> list[Note]:
    """List the annotations of an empty value of a measure.

    Suppressed values carry the reason, or one code for both where the reasons are not shown. A statistic may also be
    empty because there was none; a count may not.
    """
    notes = rulebook.annotations
    found = []
    if masked:
        found += [notes.small, notes.complementary] if reasons_shown else [notes.hidden]
    if contract.measures[measure].kind is not MeasureKind.COUNT:
        found.append(notes.not_available)
    return [Note(note.code, note.description) for note in found]
