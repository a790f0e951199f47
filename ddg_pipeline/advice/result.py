"""What advice consists of: alternatives, judged, without a single figure of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["released", "masked", "refused", "beaten", "out_of_time"]
"""What became of an alternative: it may be released as it is; it can be masked; it cannot be protected; it was not
masked, because another is better whatever masking takes; or because there was no time."""


@dataclass(frozen=True)
class Alternative:
    """One table, or several side by side, that could be published instead.

    Attributes:
        number: What it is called.
        words: What is changed.
        outcome: What became of it.
        reason: Why it has no figures, where it has none.
        tables: The dimensions of each table.
        score: The highest publication score of its tables; None where they were refused before scoring.
        cells: Cells of counts of individuals, margins included.
        innermost_cells: Rows that are no margins: how finely the table is broken down.
        small_cells: Cells derived from few individuals: hidden where it is masked, shown where it may be released.
        complementary_cells: Further cells that have to be hidden.
        share_of_cells_suppressed: In whole percent.
        share_of_counts_suppressed: In whole percent; of several counts or tables, of the one that loses most.
        detail_kept: In whole percent of the table as it is with nothing hidden; see `advise`.
        on_front: Whether no other alternative is better in everything.
        notes: What it cannot show, and why.
    """

    number: int
    words: str
    outcome: Outcome
    tables: tuple[tuple[str, ...], ...] = ()
    reason: str = ""
    score: int | None = None
    cells: int | None = None
    innermost_cells: int | None = None
    small_cells: int | None = None
    complementary_cells: int | None = None
    share_of_cells_suppressed: int | None = None
    share_of_counts_suppressed: int | None = None
    detail_kept: int | None = None
    shows_counts: bool = True
    on_front: bool = False
    notes: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it was seen through to the end, so that its figures are true of what would be published."""
        return self.outcome in ("released", "masked")

    def to_json_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "number": self.number,
            "change": self.words,
            "outcome": self.outcome,
            "reason": self.reason,
            "tables": [list(dimensions) for dimensions in self.tables],
            "score": self.score,
            "cells": self.cells,
            "innermost_cells": self.innermost_cells,
            "small_cells": self.small_cells,
            "complementary_cells": self.complementary_cells,
            "share_of_cells_suppressed": self.share_of_cells_suppressed,
            "share_of_counts_suppressed": self.share_of_counts_suppressed,
            "detail_kept": self.detail_kept,
            "shows_counts": self.shows_counts,
            "on_front": self.on_front,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Advice:
    """Everything that was tried, best first.

    Attributes:
        release: The release.
        rulebook: The edition.
        cut_off: The highest score that may be released unmasked.
        as_it_is: The table as it is.
        alternatives: All others that were tried, best first.
        not_tried: What was not tried, and why.
        linked: The releases that every alternative was masked together with. All figures leave them out.
    """

    release: str
    rulebook: str
    cut_off: int
    as_it_is: Alternative
    alternatives: tuple[Alternative, ...]
    not_tried: tuple[str, ...]
    linked: tuple[str, ...] = ()

    @property
    def front(self) -> tuple[Alternative, ...]:
        """The alternatives that no other, nor the table as it is, beats in everything; best first."""
        return tuple(one for one in self.alternatives if one.on_front)

    def to_json_dict(self) -> dict[str, Any]:
        """Give the advice as plain values, ready for JSON."""
        return {
            "release": self.release,
            "rulebook": self.rulebook,
            "cut_off": self.cut_off,
            "as_it_is": self.as_it_is.to_json_dict(),
            "alternatives": [one.to_json_dict() for one in self.alternatives],
            "not_tried": list(self.not_tried),
            "linked": list(self.linked),
        }
