"""What an audit found, as data and as a page.

An interval of a finding is itself a disclosure. About a table that is already public it may be printed; about one that
is not, use `AuditReport.redacted`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

_LISTED = 200


class FindingKind(StrEnum):
    """What is wrong."""

    SHOWN = "shown"
    EXACT = "exact"
    NARROWED = "narrowed"
    BY_STATISTIC = "by statistic"
    BY_LINK = "by linked table"
    BY_MARGIN = "by margin"
    REMAINDER = "remainder"
    AMOUNT = "amount determined"
    STATISTIC_SHOWN = "tied figure shown"
    TOO_FEW_SUPPRESSED = "too few suppressed"
    SUM_TOO_SMALL = "suppressed sum too small"
    ALL_VERY_SMALL = "suppressed all very small"
    TOTAL_TOO_SMALL = "total too small"
    FORM = "not of this form"
    CONTRADICTION = "contradiction"


_EXPLAINED = {
    FindingKind.SHOWN: "a small count is shown (§4.4.1 item 1)",
    FindingKind.EXACT: "a hidden small count can be calculated",
    FindingKind.NARROWED: "a hidden small count has fewer possible values than the level asks for",
    FindingKind.BY_STATISTIC: "a rate, percentage or mean beside a hidden small count gives it away",
    FindingKind.BY_LINK: "a hidden small count is public elsewhere",
    FindingKind.BY_MARGIN: "a hidden count can be calculated by whoever knows a margin that the table does not carry",
    FindingKind.REMAINDER: "people that a total counts beyond its parts are few and can be counted",
    FindingKind.AMOUNT: "a hidden amount can be calculated",
    FindingKind.STATISTIC_SHOWN: "a figure derived from a hidden count is shown (§4.4.1 item 3)",
    FindingKind.TOO_FEW_SUPPRESSED: "a row or column has a suppressed cell, but not enough of them (§4.4.1 item 2)",
    FindingKind.SUM_TOO_SMALL: "the suppressed cells of a row or column sum to too little (§4.4.1 item 4)",
    FindingKind.ALL_VERY_SMALL: "all suppressed cells of a row or column are very small (§4.4.1 item 4)",
    FindingKind.TOTAL_TOO_SMALL: "percentages without counts are shown of too few individuals (§4.4.4)",
    FindingKind.FORM: "percentages without counts are shown of something else than large and small categories (§4.4.4)",
    FindingKind.CONTRADICTION: "what is published cannot all be right, so nothing can be said about what it hides",
}

_COUNTED = {  # one, several
    FindingKind.SHOWN: ("small count is shown", "small counts are shown"),
    FindingKind.EXACT: ("hidden small count can be calculated", "hidden small counts can be calculated"),
    FindingKind.NARROWED: ("hidden small count keeps too few values", "hidden small counts keep too few values"),
    FindingKind.BY_STATISTIC: (
        "hidden small count is given away by a figure beside it",
        "hidden small counts are given away by figures beside them",
    ),
    FindingKind.BY_LINK: ("hidden small count is public elsewhere", "hidden small counts are public elsewhere"),
    FindingKind.BY_MARGIN: (
        "hidden count can be calculated from a margin that is not in the table",
        "hidden counts can be calculated from margins that are not in the table",
    ),
    FindingKind.REMAINDER: (
        "total counts a few people beyond its parts, who can be counted",
        "totals count a few people beyond their parts, who can be counted",
    ),
    FindingKind.AMOUNT: ("hidden amount can be calculated", "hidden amounts can be calculated"),
    FindingKind.STATISTIC_SHOWN: (
        "figure is shown that is derived from a hidden count",
        "figures are shown that are derived from hidden counts",
    ),
    FindingKind.TOO_FEW_SUPPRESSED: (
        "row or column has too few suppressed cells",
        "rows or columns have too few suppressed cells",
    ),
    FindingKind.SUM_TOO_SMALL: (
        "row or column has suppressed cells that sum to too little",
        "rows or columns have suppressed cells that sum to too little",
    ),
    FindingKind.ALL_VERY_SMALL: (
        "row or column has suppressed cells that are all very small",
        "rows or columns have suppressed cells that are all very small",
    ),
    FindingKind.TOTAL_TOO_SMALL: (
        "whole has percentages without counts but too few individuals",
        "wholes have percentages without counts but too few individuals",
    ),
    FindingKind.FORM: (
        "whole has percentages without counts that are not of large and small categories",
        "wholes have percentages without counts that are not of large and small categories",
    ),
    FindingKind.CONTRADICTION: (
        "contradiction, so that nothing can be said about what is hidden",
        "contradictions, so that nothing can be said about what is hidden",
    ),
}


@dataclass(frozen=True)
class Cell:
    """A cell, by its categories.

    Attributes:
        table: The table it stands in.
        measure: Its column.
        coordinate: Its row: a category for each dimension.
    """

    table: str
    measure: str
    coordinate: Mapping[str, str]

    def __str__(self) -> str:
        where = ", ".join(f"{dimension}={label}" for dimension, label in self.coordinate.items())
        return f"{self.table}: {self.measure} at {where}"


@dataclass(frozen=True)
class Finding:
    """One thing that a reader of the published tables can work out, or a rule that they break.

    Attributes:
        kind: What is wrong.
        cell: The cell; for a row or column of cells, its total.
        dimension: The dimension that the row or column runs along, where the finding is about one.
        lower: The least that the cell can be.
        upper: The most that the cell can be; None where there is no such bound.
        values: Exactly what it can be, where that was worked out.
    """

    kind: FindingKind
    cell: Cell
    dimension: str | None = None
    lower: float | None = None
    upper: float | None = None
    values: tuple[int, ...] | None = None

    @property
    def possible_values(self) -> int | None:
        """How many values are left, at most."""
        if self.values is not None:
            return len(self.values)
        if self.lower is None or self.upper is None:
            return None
        return int(self.upper) - int(self.lower) + 1

    def to_json_dict(self) -> dict[str, Any]:
        """Give the finding as plain data."""
        found: dict[str, Any] = {
            "kind": self.kind.value,
            "table": self.cell.table,
            "measure": self.cell.measure,
            "coordinate": dict(self.cell.coordinate),
        }
        if self.dimension is not None:
            found["dimension"] = self.dimension
        if self.lower is not None:
            found |= {"lower": self.lower, "upper": self.upper, "possible_values": self.possible_values}
        if self.values is not None:
            found["values"] = list(self.values)
        return found


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        tables: The tables audited together.
        cells: How many counts they carry.
        hidden: How many of these are hidden.
        examined: How many hidden counts are, or may be, small and had to be decided.
        findings: What is wrong. Any finding makes the tables unsafe.
        undecided: Hidden cells about which nothing could be proven in time.
        mismatches: Published margins that differ from their published parts; where by few people, that is a finding.
        notes: What a reader of the report should know besides.
        sizes: By table, its share of ``cells``, ``hidden`` and ``examined``.
    """

    tables: tuple[str, ...]
    cells: int
    hidden: int
    examined: int
    findings: tuple[Finding, ...]
    undecided: tuple[Cell, ...]
    mismatches: tuple[Cell, ...]
    notes: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def safe(self) -> bool:
        """Whether every small cell was proven to be protected. What was not decided is not safe."""
        return not self.findings and not self.undecided

    def redacted(self) -> AuditReport:
        """Leave out every figure: kinds and coordinates only."""
        bare = tuple(replace(finding, lower=None, upper=None, values=None) for finding in self.findings)
        return replace(self, findings=bare)

    def about(self, tables: Sequence[str]) -> AuditReport:
        """Count the cells of some of the tables only; what was found stays."""
        cells, hidden, examined = (sum(one) for one in zip(*(self.sizes[name] for name in tables), strict=True))
        return replace(self, tables=tuple(tables), cells=cells, hidden=hidden, examined=examined)

    def summary(self) -> str:
        """Say the result in one sentence, without any figure of a cell."""
        if self.safe:
            if not self.examined:
                return "Safe: no small cell is hidden."
            small, keep = ("cell", "keeps") if self.examined == 1 else ("cells", "keep")
            hidden = "one" if self.hidden == 1 else "ones"
            of = f"{self.hidden:,} hidden {hidden}"
            return f"Safe: {self.examined:,} small {small} of {of} {keep} enough possible values."
        kinds = Counter(finding.kind for finding in self.findings)
        found = [f"{kinds[kind]:,} {_COUNTED[kind][kinds[kind] > 1]}" for kind in FindingKind if kind in kinds]
        if self.undecided:
            found.append(f"{len(self.undecided):,} of {self.examined:,} small cells could not be decided")
        return f"Not safe: {'; '.join(found)}."

    def to_json_dict(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {
            "safe": self.safe,
            "summary": self.summary(),
            "tables": list(self.tables),
            "cells": self.cells,
            "hidden": self.hidden,
            "examined": self.examined,
            "findings": [finding.to_json_dict() for finding in self.findings],
            "undecided": [_cell_dict(cell) for cell in self.undecided],
            "mismatches": [_cell_dict(cell) for cell in self.mismatches],
            "notes": list(self.notes),
        }


def audit_markdown(report: AuditReport, *, show_values: bool = False) -> str:
    """Write the report as Markdown.

    Args:
        report: The report.
        show_values: Whether to print what cells can be. Only for tables that are public already.
    """
    sizes = (report.cells, report.hidden, report.examined, len(report.findings), len(report.undecided))
    figures = [f"{size:,}" for size in sizes]
    lines = [
        f"**{report.summary()}**",
        "",
        "| tables | cells | hidden | examined | findings | undecided |",
        "|---|---|---|---|---|---|",
        f"| {', '.join(report.tables)} | {' | '.join(figures)} |",
    ]
    for title, listed in audit_sections(report, show_values=show_values):
        lines += ["", f"### {title}", "", *(f"* {line}" for line in listed)]
    return "\n".join(lines) + "\n"


def audit_sections(report: AuditReport, *, show_values: bool = False) -> Iterator[tuple[str, list[str]]]:
    """Give what was found as headings, each with its lines; a long list says how many more there are.

    Args:
        report: The report.
        show_values: Whether to tell what cells can be. Only for tables that are public already.
    """
    for kind in FindingKind:
        of_kind = [finding for finding in report.findings if finding.kind is kind]
        if of_kind:
            listed = [_line(finding, show_values=show_values) for finding in of_kind[:_LISTED]]
            yield f"{kind.value.capitalize()}: {_EXPLAINED[kind]}", [*listed, *_more(of_kind)]
    for title, cells in (
        ("Undecided", report.undecided),
        ("Margins that differ from their parts", report.mismatches),
    ):
        if cells:
            yield title, [*map(str, cells[:_LISTED]), *_more(cells)]
    if report.notes:
        yield "Notes", list(report.notes)


def _more(found: Sequence[object]) -> list[str]:
    return [f"… and {len(found) - _LISTED:,} more"] if len(found) > _LISTED else []


def _line(finding: Finding, *, show_values: bool) -> str:
    along = f", along {finding.dimension}" if finding.dimension else ""
    where = f"{finding.cell}{along}"
    if not show_values or finding.lower is None:
        return where
    if finding.values is not None:
        return f"{where}: {', '.join(map(str, finding.values))}"
    if finding.upper is None:
        return f"{where}: {finding.lower:g} or more"
    if finding.lower == finding.upper:
        return f"{where}: {finding.lower:g}"
    return f"{where}: {finding.lower:g} to {finding.upper:g}"


def _cell_dict(cell: Cell) -> dict[str, Any]:
    return {"table": cell.table, "measure": cell.measure, "coordinate": dict(cell.coordinate)}
