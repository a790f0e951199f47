"""The search for alternatives: assess all that there is time for, mask those that may be worth it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from ddg_pipeline.advice.candidates import Builder, Built, Candidate, candidates
from ddg_pipeline.advice.changes import NotPossibleError
from ddg_pipeline.advice.evaluation import Judge, innermost_cells, objectives
from ddg_pipeline.advice.front import dominates, pareto_front
from ddg_pipeline.advice.options import Options, options_for
from ddg_pipeline.advice.result import Advice, Alternative
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.preparation import rulebook_of
from ddg_pipeline.rulebook import Rulebook

SECONDS = 120.0
MOST = 300  # alternatives; those with the fewest changes come first

_TO_ASSESS = 0.5  # the part of the time that assessing may take; masking gets the rest
_AT_ONCE = 0.5  # the part of the time left that masking one alternative may take

Progress = Callable[[str, int, int], None]


def advise(
    tables: Sequence[BoundTable],
    *,
    seconds: float = SECONDS,
    most: int = MOST,
    always: bool = False,
    progress: Progress | None = None,
    rulebook: Rulebook | None = None,
) -> Advice:
    """Try coarser categories, longer periods, fewer variables, smaller tables and whole percentages (§4.4).

    Best first means: the most detail kept. That is how finely the table is broken down (the logarithm of the number of
    its innermost cells), times the share of its cells that are not hidden, in percent of the table as it is with
    nothing hidden. Equals come by their score, then by small and complementary cells; what shows no counts comes last.

    On the front is what no other beats in everything: score, small cells, complementary cells, the share of counts and
    of cells suppressed, how finely it is broken down, and whether it shows counts.

    Args:
        tables: The table, and behind it those it is linked to, which stay as they are.
        seconds: How long the search may take. One step of the solver can take a little longer.
        most: How many alternatives are tried at most.
        always: Whether to go on where the table may be released as it is.
        progress: Called with the stage, what is done and what there is to do.
        rulebook: The rulebook that their contracts name; by default it is looked for among those that are shipped.

    Returns:
        The alternatives. Nothing is changed.

    Raises:
        InputErrors: The contract lacks what the assessment needs, or the tables contradict each other.
    """
    search = _Search(tables, rulebook or rulebook_of(tables), seconds, progress or (lambda _stage, _done, _of: None))
    return search.run(most, always=always)


def alternative_tables(
    tables: Sequence[BoundTable], number: int, rulebook: Rulebook | None = None
) -> tuple[Candidate, Built]:
    """Make the tables of one alternative, by the number that `advise` gave it.

    Args:
        tables: The same that `advise` was given.
        number: The number.
        rulebook: As in `advise`.

    Raises:
        InputErrors: There is no such alternative.
    """
    rulebook = rulebook or rulebook_of(tables)
    options = options_for(tables[0], tables[1:], rulebook)
    candidate = next(islice(candidates(options), number, None), None) if number > 0 else None
    if candidate is not None:
        try:
            return candidate, Builder(tables[0], rulebook).build(candidate)
        except NotPossibleError as error:
            found, expected = f"{number}: {candidate.words}", f"another one, because it is not possible: {error}"
    else:
        found, expected = str(number), "a number from the list of alternatives, 1 or more"
    raise InputErrors([InputError("command line", "--write", found, expected)])


class _Search:
    def __init__(self, tables: Sequence[BoundTable], rulebook: Rulebook, seconds: float, progress: Progress) -> None:
        self.bound, self.linked = tables[0], tuple(tables[1:])
        self.rulebook = rulebook
        self.began, self.seconds, self.progress = time.monotonic(), seconds, progress
        self.options: Options = options_for(self.bound, self.linked, self.rulebook)
        self.builder = Builder(self.bound, self.rulebook)
        self.judge = Judge(self.rulebook, self.linked, innermost_cells(self.bound))
        self.candidates: dict[int, Candidate] = {}
        self.found: dict[int, Alternative] = {}
        self.not_tried = list(self.options.not_tried)

    def run(self, most: int, *, always: bool) -> Advice:
        self._assess(most, always=always)
        self._mask()
        ranked = _ranked(list(self.found.values()))
        return Advice(
            self.bound.contract.release,
            self.rulebook.name,
            self.rulebook.cut_off,
            next(one for one in ranked if one.number == 0),
            tuple(one for one in ranked if one.number),
            tuple(self.not_tried),
            tuple(table.contract.release for table in self.linked),
        )

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.began + self.seconds - time.monotonic()

    def _assess(self, most: int, *, always: bool) -> None:
        everything = list(candidates(self.options))
        tried = 0
        for candidate in everything[: most + 1]:
            if candidate.number and self.left < (1 - _TO_ASSESS) * self.seconds:
                break
            self.progress("assessing alternatives", tried, min(len(everything), most + 1))
            tried += 1
            built = self._build(candidate)
            if built is None:
                continue
            found = self.judge.assess(candidate, built)
            if found.shows_counts or found.outcome != "released":  # else it may be released with its counts
                self.candidates[candidate.number], self.found[candidate.number] = candidate, found
            if candidate.number == 0 and found.outcome == "released" and not always:
                self.not_tried = ["alternatives, because the table may be released as it is; --all tries them"]
                return
        if tried < len(everything):
            self.not_tried.append(
                f"{len(everything) - tried:,} of {len(everything) - 1:,} alternatives, those with the most changes: "
                "raise --time-limit or --most"
            )

    def _build(self, candidate: Candidate) -> Built | None:
        try:
            return self.builder.build(candidate)
        except NotPossibleError as error:
            if str(error) not in self.not_tried:
                self.not_tried.append(str(error))
            return None

    def _mask(self) -> None:
        """Mask the table as it is, then what may be on the front, what is quick before what is slow."""
        waiting = [one for one in self.found.values() if one.outcome == "out_of_time"]
        # the fewer small cells, the quicker
        waiting.sort(key=lambda one: (one.number > 0, one.small_cells or 0, one.number))
        late = 0
        for position, one in enumerate(waiting):
            if one.number and self._beaten(one):
                self.found[one.number] = replace(one, outcome="beaten", reason="another is better, whatever is hidden")
                continue
            if self.left <= 0:
                self.found[one.number] = replace(one, reason="not masked in time")
                late += 1
                continue
            self.found[one.number] = self._masked(one, position, len(waiting))
            late += self.found[one.number].outcome == "out_of_time"
        if late:
            self.not_tried.append(f"{late:,} alternatives were assessed but not masked in time: raise --time-limit")

    def _masked(self, one: Alternative, position: int, of: int) -> Alternative:
        built = self._build(self.candidates[one.number])
        assert built is not None  # noqa: S101 - it could be built before
        last = position == of - 1
        seconds = self.left if last else self.left * _AT_ONCE
        return self.judge.mask(one, built, seconds, lambda stage: self.progress(f"masking: {stage}", position, of))

    def _beaten(self, one: Alternative) -> bool:
        """Say whether something known is better even if nothing more has to be hidden than small cells."""
        least = objectives(one)
        return any(other.known and dominates(objectives(other), least) for other in self.found.values())


def _ranked(found: list[Alternative]) -> list[Alternative]:
    """Mark the front, and sort: the front first, then what is beaten, then what has no figures; best first in each."""
    known = [one for one in found if one.known]
    front = pareto_front([objectives(one) for one in known])
    marked = [replace(one, on_front=bool(flag)) for one, flag in zip(known, front, strict=True)]
    marked += [one for one in found if not one.known]
    return sorted(marked, key=_order)


def _order(one: Alternative) -> tuple[float, ...]:
    return (
        not one.on_front,
        not one.known,
        not one.shows_counts,
        -(one.detail_kept or 0),
        one.score if one.score is not None else 0,
        one.small_cells or 0,
        one.complementary_cells or 0,
        one.number,
    )
