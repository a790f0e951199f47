"""The audit: everything a reader of the published tables can work out about their small cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from ddg_pipeline.audit.amounts import amounts_determined
from ddg_pipeline.audit.boards import boards
from ddg_pipeline.audit.cells import NO_LIMIT, Reason
from ddg_pipeline.audit.decide import Decisions, Progress, decide
from ddg_pipeline.audit.figures import true_figures
from ddg_pipeline.audit.knowledge import Hidden, HiddenCells, Knowledge, Remainders, counts, gather
from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.literal import name_cell, rows_and_columns, small_counts_shown, statistics_shown
from ddg_pipeline.audit.margins import determined_by_margins
from ddg_pipeline.audit.percentages import audit_percentages
from ddg_pipeline.audit.published import PublishedTable, read_table
from ddg_pipeline.audit.questions import Outcome, Questions, Verdict
from ddg_pipeline.audit.report import AuditReport, Cell, Finding, FindingKind
from ddg_pipeline.audit.rules import AuditRules
from ddg_pipeline.audit.solver import Deadline
from ddg_pipeline.audit.suggested import read_suggested
from ddg_pipeline.audit.verify_proof import check_columns
from ddg_pipeline.errors import InputError, InputErrors


def audit(
    tables: PublishedTable | Sequence[PublishedTable],
    rules: AuditRules | Mapping[str, AuditRules],
    *,
    time_limit: float = 600.0,
    seed: int = 0,
    progress: Progress | None = None,
    suggested: pd.DataFrame | None = None,
) -> AuditReport:
    """Attack published tables the way their most determined reader would.

    The reader knows every published figure, that categories add up (along every dimension, in every hierarchy), the
    identities between measures, that events are at least as many as the people behind them, how rates are rounded, that
    zeros are shown, that counts are whole, the threshold, the reasons of suppression where they are shown, and all
    tables at once.

    Args:
        tables: The tables drawn from the same records; earlier releases of a table belong here too.
        rules: What is small and how much must stay open; by table name where that differs.
        time_limit: Seconds after which what is not decided is reported as undecided. Reading and propagation come on
            top.
        seed: Seed of all random choices; the same input and seed give the same report unless the time runs out.
        progress: Called with the stage, questions answered, and questions.
        suggested: Moves to try first, such as the proof that masking gave (`verify_proof`). Nothing of them is
            believed: each is checked against all that the reader knows, and only spares a search.

    Returns:
        The report; its findings hold intervals, see `AuditReport.redacted`.

    Raises:
        InputErrors: A table cannot be read, or what is suggested are no moves.
    """
    if suggested is not None:
        check_columns(suggested, "suggested")
    published = [tables] if isinstance(tables, PublishedTable) else list(tables)
    in_percent = [table for table in published if table.contract.suppression.form == "whole_percentages"]
    if in_percent:
        _check_alone(published, in_percent[0])
        own = rules if isinstance(rules, AuditRules) else rules[in_percent[0].place]
        return audit_percentages(in_percent[0], own, Deadline(time_limit), seed=seed, progress=progress)
    read = tuple(
        read_table(table, rules if isinstance(rules, AuditRules) else rules[table.place]) for table in published
    )
    return _Audit(gather(read), Deadline(time_limit), seed, progress, suggested).report()


def _check_alone(published: Sequence[PublishedTable], in_percent: PublishedTable) -> None:
    if len(published) > 1:
        others = ", ".join(table.place for table in published if table is not in_percent)
        found = f"{others} beside it, although its counts may appear nowhere else (§4.4.4)"
        raise InputErrors([InputError(in_percent.place, "links", found, "a table of percentages by itself")])


class _Audit:
    def __init__(
        self,
        knowledge: Knowledge,
        deadline: Deadline,
        seed: int,
        progress: Progress | None,
        suggested: pd.DataFrame | None,
    ) -> None:
        self._knowledge, self._deadline, self._seed, self._progress = knowledge, deadline, seed, progress
        self._tables = knowledge.tables
        self._suggested = None if suggested is None else read_suggested(suggested, self._tables, knowledge.number)
        self._truth = {
            (position, measure): true_figures(table, table.published.truth, measure)
            for position, table in enumerate(self._tables)
            if table.published.truth is not None
            for measure in counts(table)
        }
        self._remainders = [one for one in knowledge.remainders if (one.unknown >= 0).all()]
        self._asked = [cells.only(self._may_be_small(cells)) for cells in knowledge.hidden]

    def report(self) -> AuditReport:
        known = self._knowledge.known
        public = [cells.only(known[cells.unknown]) for cells in self._asked]
        open_cells = [cells.only(~known[cells.unknown]) for cells in self._asked]
        decisions = decide(
            self._knowledge.system,
            self._knowledge.implied,
            Questions.joined([*map(self._questions, open_cells), *map(self._about_remainders, self._remainders)]),
            self._deadline,
            redundant=self._knowledge.system.label[self._knowledge.redundant],
            start=self._start(),
            boards=boards(self._tables, self._knowledge.number, len(self._knowledge.lower)),
            seed=self._seed,
            progress=self._progress,
            suggested=self._suggested,
        )
        findings = [
            *self._by_rule(),
            *self._by_link(public),
            *self._by_arithmetic(open_cells, decisions),
            *self._by_remainder(decisions),
            *self._contradictions(decisions),
            *amounts_determined(self._tables),
        ]
        findings += self._by_margin(findings, decisions)
        sizes = {table.published.place: self._sizes(number) for number, table in enumerate(self._tables)}
        return AuditReport(
            tables=tuple(table.published.place for table in self._tables),
            cells=sum(cells for cells, _, _ in sizes.values()),
            hidden=sum(map(len, self._knowledge.hidden)),
            examined=sum(map(len, self._asked)),
            findings=tuple(sorted(findings, key=_order)),
            undecided=tuple(self._undecided(open_cells, decisions)),
            mismatches=tuple(
                name_cell(self._tables[mismatch.table], mismatch.measure, mismatch.cell)
                for mismatch in self._knowledge.mismatches
            ),
            notes=tuple(f"{table.published.place}: {note}" for table in self._tables for note in table.notes),
            sizes=sizes,
        )

    def _sizes(self, number: int) -> tuple[int, int, int]:
        """Count a table's cells, those that are hidden, and those that were examined."""
        table = self._tables[number]
        return (
            int((table.lattice.row >= 0).sum()) * len(counts(table)),
            sum(len(cells) for cells in self._knowledge.hidden if cells.table == number),
            sum(len(cells) for cells in self._asked if cells.table == number),
        )

    # -- what to ask ---------------------------------------------------------------------------------------------------

    def _may_be_small(self, cells: HiddenCells) -> Booleans:
        told = np.equal(cells.reason, Reason.SMALL)
        unexplained = np.equal(cells.reason, Reason.UNEXPLAINED)
        table = self._tables[cells.table]
        figures = self._truth.get((cells.table, table.contract.governor(cells.measure)))
        if figures is None:
            return told | unexplained
        large = figures.known[cells.cell] & (figures.value[cells.cell] > table.rules.upper)
        return told | (unexplained & ~large)

    def _need(self, table: int) -> int:
        rules = self._tables[table].rules
        return rules.upper - rules.lower + 1 if rules.every_small_value else rules.possible_values

    def _questions(self, cells: HiddenCells) -> Questions:
        table = self._tables[cells.table]
        rules = table.rules
        individuals = table.contract.governor(cells.measure) == cells.measure
        small_only = rules.every_small_value and individuals
        certain = np.equal(cells.reason, Reason.SMALL) | ((cells.table, cells.measure) in self._truth)
        return Questions(
            cells.unknown,
            need=np.full(len(cells), self._need(cells.table), dtype=np.int64),
            low=np.full(len(cells), rules.lower if small_only else 0, dtype=np.int64),
            high=np.full(len(cells), rules.upper if small_only else NO_LIMIT, dtype=np.int64),
            matters_up_to=np.where(individuals & ~certain, rules.upper, NO_LIMIT),
        )

    def _about_remainders(self, few: Remainders) -> Questions:
        rules, same = self._tables[few.table].rules, np.ones(len(few.cell), dtype=np.int64)
        low, high = (rules.lower, rules.upper) if rules.every_small_value else (0, NO_LIMIT)
        return Questions(few.unknown, same * self._need(few.table), same * low, same * high, same * NO_LIMIT)

    def _start(self) -> Integers | None:
        """Give the truth as a first solution, where it is at hand; it is checked like any other."""
        if not self._truth:
            return None
        start = self._knowledge.lower.copy()
        for (position, measure), figures in self._truth.items():
            unknown = self._knowledge.number[position, measure]
            start[unknown[figures.known]] = figures.value[figures.known].astype(np.int64)
        for few in self._remainders:
            start[few.unknown] = few.value
        return start

    # -- what was found ------------------------------------------------------------------------------------------------

    def _by_rule(self) -> Iterator[Finding]:
        for position, table in enumerate(self._tables):
            yield from small_counts_shown(table)
            yield from statistics_shown(table, position, self._knowledge)
            if table.rules.literal_rules:
                yield from rows_and_columns(table, position, self._knowledge)

    def _by_link(self, public: Iterable[HiddenCells]) -> Iterator[Finding]:
        for hidden in (hidden for cells in public for hidden in cells):
            value = int(self._knowledge.lower[hidden.unknown])
            if self._is_small(hidden, value):
                yield Finding(FindingKind.BY_LINK, self._name(hidden), None, value, value, (value,))

    def _is_small(self, hidden: Hidden, value: int) -> bool:
        table = self._tables[hidden.table]
        if hidden.reason is Reason.SMALL or table.contract.governor(hidden.measure) != hidden.measure:
            return True
        return table.rules.lower <= value <= table.rules.upper

    def _by_arithmetic(self, open_cells: Iterable[HiddenCells], decisions: Decisions) -> Iterator[Finding]:
        too_few = (
            hidden
            for cells in open_cells
            for hidden in cells.only(decisions.verdict_about(cells.unknown) == int(Verdict.TOO_FEW))
        )
        for hidden in too_few:
            outcome = decisions.about(hidden.unknown)
            if outcome is None or self._never_small(hidden, outcome, decisions):
                continue
            lower, upper = outcome.lower, outcome.upper if outcome.upper < NO_LIMIT else None
            values = tuple(sorted(outcome.seen)) if outcome.complete else None
            yield Finding(
                self._kind(hidden, outcome),
                self._name(hidden),
                None,
                lower,
                upper,
                values,
            )

    def _by_remainder(self, decisions: Decisions) -> Iterator[Finding]:
        for few in self._knowledge.remainders:
            dimension = self._tables[few.table].lattice.axes[few.axis].name
            for cell, unknown, value in zip(few.cell.tolist(), few.unknown.tolist(), few.value.tolist(), strict=True):
                name = name_cell(self._tables[few.table], few.measure, cell)
                outcome = decisions.about(unknown) if unknown >= 0 else None
                if unknown < 0:
                    yield Finding(FindingKind.REMAINDER, name, dimension, value, value, (value,))
                elif outcome is not None and outcome.verdict is Verdict.TOO_FEW:
                    upper = outcome.upper if outcome.upper < NO_LIMIT else None
                    values = tuple(sorted(outcome.seen)) if outcome.complete else None
                    yield Finding(FindingKind.REMAINDER, name, dimension, outcome.lower, upper, values)

    def _undecided(self, open_cells: Iterable[HiddenCells], decisions: Decisions) -> Iterator[Cell]:
        is_open = int(Verdict.OPEN)
        for cells in open_cells:
            undecided = decisions.verdict_about(cells.unknown) == is_open
            yield from map(self._name, cells.only(undecided | self._hopeless(cells, decisions)))
        for few in self._remainders:
            for cell in few.cell[decisions.verdict_about(few.unknown) == is_open]:
                yield name_cell(self._tables[few.table], few.measure, int(cell))

    def _kind(self, hidden: Hidden, outcome: Outcome) -> FindingKind:
        low, high = self._knowledge.ratio_range.get(hidden.unknown, (0, NO_LIMIT))
        low = max(low, int(self._knowledge.lower[hidden.unknown]))
        high = min(high, int(self._knowledge.upper[hidden.unknown]))
        if hidden.unknown in self._knowledge.ratio_range and high - low + 1 < self._need(hidden.table):
            return FindingKind.BY_STATISTIC
        return FindingKind.EXACT if outcome.lower == outcome.upper else FindingKind.NARROWED

    def _never_small(self, hidden: Hidden, outcome: Outcome, decisions: Decisions) -> bool:
        """Tell whether an unexplained cell turned out to be no small one."""
        if hidden.reason is Reason.SMALL:
            return False
        table = self._tables[hidden.table]
        governor = table.contract.governor(hidden.measure)
        if governor == hidden.measure:
            lower = min(outcome.seen) if outcome.complete else outcome.lower
        else:
            behind = int(self._knowledge.number[hidden.table, governor][hidden.cell])
            about = decisions.about(behind)
            lower = int(self._knowledge.lower[behind]) if about is None else about.lower
        return lower > table.rules.upper

    def _contradictions(self, decisions: Decisions) -> Iterator[Finding]:
        for label in decisions.contradictory:
            row = self._knowledge.name_of(int(label))
            table = self._tables[row.table]
            axis = table.lattice.axes[row.axis].name if row.axis >= 0 else None
            yield Finding(FindingKind.CONTRADICTION, name_cell(table, row.measure, row.cell), axis)
        for cells in self._asked:
            for hidden in cells.only(self._hopeless(cells, decisions)):
                yield Finding(FindingKind.CONTRADICTION, self._name(hidden))
        for mismatch in self._knowledge.mismatches:
            if mismatch.row is None:
                cell = name_cell(self._tables[mismatch.table], mismatch.measure, mismatch.cell)
                yield Finding(FindingKind.CONTRADICTION, cell)

    def _hopeless(self, cells: HiddenCells, decisions: Decisions) -> Booleans:
        return np.isin(cells.unknown, decisions.impossible)

    def _by_margin(self, findings: Iterable[Finding], decisions: Decisions) -> Iterator[Finding]:
        said = {str(finding.cell) for finding in findings}
        for hidden in determined_by_margins(self._knowledge):
            cell = self._name(hidden)
            outcome = decisions.about(hidden.unknown)
            if outcome is None or str(cell) in said or self._never_small(hidden, outcome, decisions):
                continue
            yield Finding(FindingKind.BY_MARGIN, cell)

    def _name(self, hidden: Hidden) -> Cell:
        return name_cell(self._tables[hidden.table], hidden.measure, hidden.cell)


def _order(finding: Finding) -> tuple[int, str, str, tuple[str, ...]]:
    kinds = list(FindingKind)
    cell = finding.cell
    return kinds.index(finding.kind), cell.table, cell.measure, tuple(cell.coordinate.values())
