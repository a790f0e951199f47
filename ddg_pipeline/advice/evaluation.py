"""One alternative judged: assessed by steps 1 to 3, and masked where that is asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ddg_pipeline.advice.candidates import Built, Candidate
from ddg_pipeline.advice.result import Alternative
from ddg_pipeline.assessment.general_notes import NO_PLACE, NO_TIME
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import Progress, check_whole_percentages
from ddg_pipeline.preparation import Prepared, assess_group, prepare
from ddg_pipeline.rulebook import Rulebook


class _OutOfTimeError(Exception):
    """Masking took longer than it may."""


@dataclass(frozen=True)
class Judge:
    """Judges alternatives of one table; all figures are of that table or its parts, not of those linked to it.

    Attributes:
        rulebook: The edition.
        linked: The tables that share records with the table; masked together with every alternative.
        innermost: How many innermost cells the table as it is has.
    """

    rulebook: Rulebook
    linked: tuple[BoundTable, ...]
    innermost: int

    def assess(self, candidate: Candidate, built: Built) -> Alternative:
        """Judge by steps 1 to 3; what has to be masked keeps the outcome ``out_of_time`` until it is.

        Whole percentages that §4.4.4 does not allow, of fewer people than it asks for, say, are refused at once.

        Returns:
            The alternative. What masking adds is at its lowest: the cells that are hidden in any case.
        """
        group = [*built.tables, *self.linked]
        bare = Alternative(
            candidate.number,
            candidate.words,
            "refused",
            tuple(tuple(table.axes) for table in built.tables),
            shows_counts=candidate.percentages is None,
            notes=tuple(f"without {name}: {reason}" for name, reason in built.left_out.items()),
        )
        try:
            found = assess_group(group, self.rulebook)
        except (RefusedError, InputErrors) as error:
            return replace(bare, reason=str(error))
        mask = found[0].decision == "mask"
        found = found[: len(built.tables)]
        if candidate.number == 0:  # of the others it holds as well
            bare = replace(bare, notes=tuple(one.text for one in found[0].notes if one in (NO_TIME, NO_PLACE)))
        small = sum(one.counts.small_cells for one in found)
        cells = sum(one.counts.cells for one in found)
        lost = max(_share_of_small(table, self.rulebook) for table in built.tables) if mask else 0
        alternative = replace(
            bare,
            outcome="out_of_time" if mask else "released",
            score=max(one.score.total for one in found),
            cells=cells,
            innermost_cells=sum(innermost_cells(table) for table in built.tables),
            small_cells=small,
        )
        try:
            for table in built.tables:
                if mask and table.contract.suppression.form == "whole_percentages":
                    check_whole_percentages(table, self.rulebook)
        except (RefusedError, InputErrors) as error:
            return replace(alternative, outcome="refused", reason=str(error))
        if candidate.percentages is not None:
            return self._with_suppression(alternative, 0, 0, 0)
        return self._with_suppression(alternative, 0, small if mask else 0, lost)

    def mask(
        self, alternative: Alternative, built: Built, seconds: float, progress: Callable[[str], None]
    ) -> Alternative:
        """Mask an alternative that has to be.

        Args:
            alternative: What `assess` found.
            built: Its tables.
            seconds: How long it may take.
            progress: Called with a stage's name.
        """
        until = time.monotonic() + seconds

        def watch(stage: str, _done: int, _of: int) -> None:
            if time.monotonic() > until:
                raise _OutOfTimeError
            progress(stage)

        try:
            prepared = self._prepare([*built.tables, *self.linked], watch)
        except _OutOfTimeError:
            return replace(alternative, outcome="out_of_time", reason="not masked in time")
        except (RefusedError, InputErrors) as error:
            return replace(alternative, outcome="refused", reason=str(error))
        counts = [
            one.masked.counts[name]
            for one in prepared[: len(built.tables)]
            for name in one.bound.contract.counts
            if name in one.masked.counts
        ]
        hidden = 0 if not alternative.shows_counts else sum(one.small + one.complementary for one in counts)
        return self._with_suppression(
            replace(alternative, outcome="masked", reason=""),
            sum(one.complementary for one in counts),
            hidden,
            max(one.share_of_counts_suppressed for one in counts),
        )

    def _prepare(self, group: Sequence[BoundTable], progress: Progress) -> list[Prepared]:
        return prepare(group, self.rulebook, progress)

    def _with_suppression(self, one: Alternative, complementary: int, hidden: int, lost: int) -> Alternative:
        share = hidden / one.cells if one.cells else 0.0
        return replace(
            one,
            complementary_cells=complementary,
            share_of_cells_suppressed=round(100 * share),
            share_of_counts_suppressed=lost,
            detail_kept=round(100 * (1 - share) * self._resolution(one.innermost_cells or 1)),
        )

    def _resolution(self, innermost: int) -> float:
        return math.log2(innermost) / math.log2(self.innermost) if self.innermost > 1 else 1.0


def objectives(one: Alternative) -> tuple[float, ...]:
    """Give what alternatives are compared by; smaller is better."""
    figures = (
        one.score,
        one.small_cells,
        one.complementary_cells,
        one.share_of_counts_suppressed,
        one.share_of_cells_suppressed,
    )
    return (*(float(figure or 0) for figure in figures), -float(one.innermost_cells or 0), float(not one.shows_counts))


def innermost_cells(table: BoundTable) -> int:
    """Count the rows that are no margins."""
    return int(_innermost(table).sum())


def _innermost(table: BoundTable) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inner = np.ones(len(table.frame), dtype=np.bool_)
    for name, axis in table.axes.items():
        inner &= ~table.frame[name].isin(axis.groups).to_numpy()
    return inner


def _share_of_small(table: BoundTable, rulebook: Rulebook) -> int:
    """The part of all people that small cells alone hide, as masking reports it: the least that is lost."""
    numerator, inner = rulebook.thresholds.numerator, _innermost(table)
    shares = []
    for name in table.contract.counts:
        counts = table.frame[name][inner]
        people = int(counts.sum())
        small = int(counts[counts.between(numerator.lower, numerator.upper)].sum())
        shares.append(round(100 * small / people) if people else 0)
    return max(shares, default=0)
