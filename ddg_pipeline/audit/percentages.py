"""The attack on percentages without counts (DDG 2.0 §4.4.4).

The reader knows what is shown, that it is rounded to whole numbers (halves to the even one), that a category under the
limit is more than none, that only totals of a certain size are published in this form, and that everything adds up.
Whatever else is known to whoever asks is taken as known to the reader too: totals, counts, and, where the table before
masking is at hand, every total, which of the categories under the limit are small counts, and the percentages of the
margins that the table does not carry.

All of it is one system of rows over whole numbers, the totals among them, so that totals may be unknown as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from ddg_pipeline.audit.cells import NO_LIMIT
from ddg_pipeline.audit.decide import Decisions, Progress, decide
from ddg_pipeline.audit.figures import Figures, true_figures
from ddg_pipeline.audit.lattice import Booleans, Integers, label_of
from ddg_pipeline.audit.literal import name_cell
from ddg_pipeline.audit.published import PublishedTable, ReadTable, read_table
from ddg_pipeline.audit.questions import Question, Verdict
from ddg_pipeline.audit.report import AuditReport, Cell, Finding, FindingKind
from ddg_pipeline.audit.rules import AuditRules
from ddg_pipeline.audit.solver import Deadline
from ddg_pipeline.audit.system import Rows, System
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook.model import WholePercentages

_WHOLE = re.compile(r"^(?:100|[1-9]?[0-9])$")
_MOST_PEOPLE = 10**8  # a total that nobody told is taken for no more; it keeps the solver's numbers tame
_NONE, _UNDER = -1, -2  # a cell without a figure, and one under the limit


def audit_percentages(
    published: PublishedTable, rules: AuditRules, deadline: Deadline, *, seed: int = 0, progress: Progress | None = None
) -> AuditReport:
    """Attack one table of whole percentages.

    Args:
        published: The table. ``known`` may hold totals, and counts, that are public elsewhere.
        rules: What is small and how much must stay open.
        deadline: When to stop.
        seed: Seed of all random choices.
        progress: Called with the stage, questions answered, and questions.

    Raises:
        InputErrors: The table cannot be read, or the edition has no such form.
    """
    return _Audit.of(published, rules).report(deadline, seed, progress)


@dataclass(frozen=True, eq=False)
class _Audit:
    """One table, read.

    Attributes:
        table: Its cells and sums.
        form: What the edition says about the form.
        shown: Per cell, the percentage, or `_UNDER`, or `_NONE`.
        total: Per cell, the cell of the whole that it is a part of.
        is_part: Per cell, whether it is a category and not itself such a whole.
        truth: The true counts, where they are at hand.
    """

    table: ReadTable
    form: WholePercentages
    shown: Integers
    total: Integers
    is_part: Booleans
    truth: Figures | None

    @classmethod
    def of(cls, published: PublishedTable, rules: AuditRules) -> _Audit:
        form, percentages = rules.percentages, published.contract.suppression.percentages
        if form is None or percentages is None:
            expected = "a rulebook that knows whole percentages"
            raise InputErrors([InputError(published.place, "suppression.form", "whole_percentages", expected)])
        table = read_table(published, rules, measures=())
        lattice = table.lattice
        position = [axis.name for axis in lattice.axes].index(percentages.of)
        labels = np.column_stack([lattice.label_positions(number) for number in range(len(lattice.axes))])
        whole = lattice.axes[position].total
        assert whole is not None  # noqa: S101 - the contract says that the categories add up
        is_part = labels[:, position] != whole
        labels[:, position] = whole
        by_row = _read_column(published, form)
        shown = np.where(lattice.row >= 0, by_row[lattice.row], _NONE)
        truth = None
        if published.truth is not None:
            truth = true_figures(table, published.truth, published.contract.counts[0])
        return cls(table, form, shown, lattice.find(labels), is_part, truth)

    @property
    def _measure(self) -> str:
        return self.table.contract.published_measures[0]

    @cached_property
    def _carried(self) -> Booleans:
        return self.table.lattice.row >= 0

    @cached_property
    def _expected(self) -> Integers:
        """What each category shows, or would show where the table does not carry it."""
        if self.truth is None:
            return np.where(self.is_part, self.shown, _NONE)
        implied = self.is_part & ~self._carried & self.truth.known & self.truth.known[self.total]
        found = np.where(self.is_part, self.shown, _NONE)
        for cell in np.flatnonzero(implied):
            found[cell] = self._rounded(int(self.truth.value[cell]), int(self.truth.value[self.total[cell]]))
        return found

    def _rounded(self, count: int, total: int) -> int:
        if count == 0 or total == 0:
            return 0
        return _UNDER if 100 * count < self.form.below * total else round(Fraction(100 * count, total))

    @cached_property
    def _known(self) -> tuple[Integers, Integers]:
        """The least and the most that each count can be, before anything is compared."""
        size, rules = len(self.table.lattice), self.table.rules
        lower, upper = np.zeros(size, dtype=np.int64), np.full(size, NO_LIMIT, dtype=np.int64)
        carried_totals = np.unique(self.total[self._carried])
        lower[carried_totals] = self.form.minimum_total
        upper[self.total] = _MOST_PEOPLE
        if self.truth is not None:
            told = self.truth.known & ~self.is_part
            lower[told] = upper[told] = self.truth.value[told].astype(np.int64)
            flagged = self._carried & self.is_part & (self.shown == _UNDER) & self.truth.known
            small = self._true_small
            upper[flagged & small] = rules.upper
            lower[flagged & ~small] = rules.upper + 1
        for frame in (self.table.published.known, self.table.published.frame):
            for cell, count in self._counts_in(frame):
                lower[cell] = upper[cell] = count
        return lower, upper

    @cached_property
    def _true_small(self) -> Booleans:
        assert self.truth is not None  # noqa: S101 - asked for only where it is at hand
        value = self.truth.value
        return self.truth.known & (value >= self.table.rules.lower) & (value <= self.table.rules.upper)

    def _counts_in(self, frame: pd.DataFrame | None) -> Iterator[tuple[int, int]]:
        """Read counts that stand beside the percentages, or are known from elsewhere."""
        measure = self.table.contract.counts[0]
        if frame is None or measure not in frame.columns:
            return
        numbers = pd.to_numeric(frame[measure].astype("object"), errors="coerce").tolist()
        for cell, number in zip(self.table.cells_of(frame, "known figures").tolist(), numbers, strict=True):
            if cell >= 0 and not math.isnan(number):
                yield cell, int(number)

    @cached_property
    def _system(self) -> System:
        """Every count as an unknown; a row is called by the cell that it is about."""
        rows = Rows()
        for sums in self.table.lattice.sums:
            count = len(sums.parent)
            gap = np.zeros(count, dtype=np.int64)
            if self.truth is not None:
                value, known = self.truth.value, self.truth.known
                complete = known[sums.parent] & np.logical_and.reduceat(known[sums.child], sums.start[:-1])
                parts = np.add.reduceat(value[sums.child], sums.start[:-1])
                gap = np.where(complete, value[sums.parent] - parts, 0).astype(np.int64)
            rows.extend(
                np.concatenate([np.arange(count, dtype=np.int64), sums.relation]),
                np.concatenate([sums.parent, sums.child]),
                np.concatenate([np.ones(count, dtype=np.int64), np.full(len(sums.child), -1, dtype=np.int64)]),
                gap,
                gap,
                sums.parent,
            )
        for cell in np.flatnonzero(self.is_part & (self._expected != _NONE)):
            self._say(rows, int(cell), int(self.total[cell]), int(self._expected[cell]))
        return rows.system(*self._known)

    def _say(self, rows: Rows, cell: int, total: int, shown: int) -> None:
        """Tell what a percentage says about a count and its total."""
        below = self.form.below
        if shown == 0:
            rows.add([(cell, 1)], 0, 0, cell)
        elif shown == _UNDER:
            rows.add([(cell, 1)], 1, NO_LIMIT, cell)
            rows.add([(cell, 100), (total, -below)], -NO_LIMIT, -1, cell)
        else:
            odd = shown % 2  # halves go to the even number, so that an odd one takes none
            rows.add([(cell, 200), (total, 1 - 2 * shown)], odd, NO_LIMIT, cell)
            rows.add([(cell, 200), (total, -1 - 2 * shown)], -NO_LIMIT, -odd, cell)
            rows.add([(cell, 100), (total, -below)], 0, NO_LIMIT, cell)

    def _asked(self) -> Integers:
        """List the counts of which a reader must not know too much."""
        if self.truth is not None:
            return np.flatnonzero(self._carried & self.is_part & self._true_small)
        return np.flatnonzero(self._carried & self.is_part & (self.shown == _UNDER))

    def report(self, deadline: Deadline, seed: int, progress: Progress | None) -> AuditReport:
        rules, asked = self.table.rules, self._asked()
        questions = [
            Question(
                int(cell),
                need=rules.upper - rules.lower + 1 if rules.every_small_value else rules.possible_values,
                low=rules.lower,
                high=rules.upper,
                matters_up_to=NO_LIMIT if self.truth is not None else rules.upper,
            )
            for cell in asked
        ]
        decisions = decide(
            self._system,
            ~self._carried,
            questions,
            deadline,
            start=self._start(),
            seed=seed,
            progress=progress,
        )
        verdicts = dict(zip(asked.tolist(), decisions.outcomes, strict=True))
        findings = [*self._by_form(), *self._contradictions(decisions)]
        for cell, outcome in verdicts.items():
            if outcome.verdict is Verdict.TOO_FEW:
                kind = FindingKind.EXACT if outcome.lower == outcome.upper else FindingKind.NARROWED
                values = tuple(sorted(outcome.seen)) if outcome.complete else None
                findings.append(Finding(kind, self._name(cell), None, outcome.lower, outcome.upper, values))
        return AuditReport(
            tables=(self.table.published.place,),
            cells=int(self._carried.sum()),
            hidden=int((self.shown == _UNDER).sum()),
            examined=len(asked),
            findings=tuple(findings),
            undecided=tuple(self._name(cell) for cell, one in verdicts.items() if one.verdict is Verdict.OPEN),
            mismatches=(),
            notes=(*self.table.notes, *self._notes()),
        )

    def _start(self) -> Integers | None:
        if self.truth is None or not self.truth.known.all():
            return None
        return self.truth.value.astype(np.int64)

    def _by_form(self) -> Iterator[Finding]:
        """Check the conditions of §4.4.4, as far as they can be seen."""
        lower, upper = self._known
        for total in np.unique(self.total[self._carried]):
            parts = self.shown[self._carried & self.is_part & (self.total == total)]
            under, large = int((parts == _UNDER).sum()), int((parts > 0).sum())
            if under > self.form.small_categories or large < self.form.large_categories:
                yield Finding(FindingKind.FORM, self._name(int(total)))
            if lower[total] == upper[total] and upper[total] < self.form.minimum_total:
                yield Finding(FindingKind.TOTAL_TOO_SMALL, self._name(int(total)))

    def _contradictions(self, decisions: Decisions) -> Iterator[Finding]:
        wrong = {int(cell) for cell in (*decisions.contradictory, *decisions.impossible)}
        wrong |= set(np.flatnonzero(self._carried & ~self.is_part & (self.shown != 100)).tolist())
        start = self._start()
        if start is not None and not wrong:
            # the true counts must be one of the tables that look like this one
            system = self._system
            sums = system.sums(start)
            wrong |= set(system.label[(sums < system.row_lower) | (sums > system.row_upper)].tolist())
            wrong |= set(np.flatnonzero((start < system.lower) | (start > system.upper)).tolist())
        for cell in sorted(wrong):
            yield Finding(FindingKind.CONTRADICTION, self._name(cell))

    def _notes(self) -> Iterator[str]:
        if self.truth is not None:
            yield "No count is published; the reader is assumed to know every total."
            return
        lower, upper = self._known
        totals = np.unique(self.total[self._carried])
        if (lower[totals] < upper[totals]).any():
            yield (
                "Totals that are not given are taken as unknown to the reader, but for being "
                f"{self.form.minimum_total:,} or more."
            )

    def _name(self, cell: int) -> Cell:
        return name_cell(self.table, self._measure, cell)


def _read_column(published: PublishedTable, form: WholePercentages) -> Integers:
    """Read the percentages, one a row.

    Raises:
        InputErrors: There is no such column, or a cell holds something else. No cell is quoted.
    """
    name, below = published.contract.published_measures[0], form.shown_below.replace("%", "").strip()
    if name not in published.frame.columns:
        have = ", ".join(map(str, published.frame.columns))
        raise InputErrors([InputError(published.place, "columns", f"no {name}", f"the table has {have}")])
    found = []
    for value in published.frame[name].astype("object"):
        text = (label_of(value) or "").removesuffix("%").strip()
        if text == below:
            found.append(_UNDER)
        elif _WHOLE.match(text):
            found.append(int(text))
        else:
            expected = f"a whole percentage from 0 to 100, or {form.shown_below}, in every row"
            raise InputErrors([InputError(published.place, name, "a text that is neither", expected)])
    return np.array(found, dtype=np.int64)
