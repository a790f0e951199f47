"""What an assessment finds, without a single figure of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Term:
    """One addend of a publication score.

    Attributes:
        variable: What is scored: a variable of the contract, ``events`` or ``interactions``.
        category: The line of the scoring table that the riskiest category falls into.
        score: What it adds.
        section: Where the guideline says so.
        dimension: The column, or the entry of ``scope``; None for events and interactions.
        found: The riskiest category as the table spells it, or the variables that interact; never a count.
    """

    variable: str
    category: str
    score: int
    section: str
    dimension: str | None = None
    found: str | None = None

    def to_json_dict(self) -> dict[str, Any]:
        """Give the term as plain values."""
        return {
            "variable": self.variable,
            "dimension": self.dimension,
            "found": self.found,
            "category": self.category,
            "score": self.score,
            "section": self.section,
        }


@dataclass(frozen=True)
class Score:
    """The publication score of one table (§4.3.1).

    Attributes:
        dimensions: The columns that are crossed in it.
        terms: Its addends.
    """

    dimensions: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def total(self) -> int:
        """The sum of the terms."""
        return sum(term.score for term in self.terms)

    def to_json_dict(self) -> dict[str, Any]:
        """Give the score as plain values."""
        return {
            "total": self.total,
            "dimensions": list(self.dimensions),
            "terms": [term.to_json_dict() for term in self.terms],
        }


@dataclass(frozen=True)
class Step:
    """One step of the guideline's procedure (§4, Figure 5).

    Attributes:
        step: 1 to 6.
        name: Its name.
        question: What it asks.
        result: ``yes``, ``no``, ``skipped``; for step 4 ``mask`` or ``skipped``; for steps 5 and 6 ``pending``.
        summary: Why, in a sentence or two.
        section: Where the guideline says so.
    """

    step: int
    name: str
    question: str
    result: Literal["yes", "no", "mask", "skipped", "pending"]
    summary: str
    section: str

    def to_json_dict(self) -> dict[str, Any]:
        """Give the step as plain values."""
        return {
            "step": self.step,
            "name": self.name,
            "question": self.question,
            "result": self.result,
            "summary": self.summary,
            "section": self.section,
        }


@dataclass(frozen=True)
class Note:
    """Something the expert review has to look at.

    Attributes:
        field: The key of the contract, or the column, that it is about.
        text: What to look at.
    """

    field: str
    text: str


@dataclass(frozen=True)
class Counts:
    """How many cells there are of which kind; a cell is one row of one measure that counts individuals.

    Attributes:
        cells: All cells, margins included.
        small_cells: Cells with a small numerator.
        zero_cells: Cells with a count of 0, which is not small.
        small_denominators: Cells with a small denominator.
        denominators: ``known``; ``bounded`` where only the population of single dimensions is declared, so that
            the crossed ones may be smaller; ``unknown`` where none is declared.
    """

    cells: int
    small_cells: int
    zero_cells: int
    small_denominators: int
    denominators: Literal["known", "bounded", "unknown"]


@dataclass(frozen=True)
class Assessment:
    """What steps 1 to 3 found, and what follows from it.

    Attributes:
        release: The release.
        rulebook: The edition it was judged by.
        cut_off: The highest score that may be released unmasked.
        steps: The six steps.
        tables: The score of every table in it: one, unless variables stand side by side without being crossed.
        counts: How many cells of which kind.
        decision: What follows.
        forced_by: High-risk populations that force suppression whatever the score (§5.6.2).
        notes: What the expert review has to look at.
        safe_harbor: Whether the table may meet Safe Harbor, and why not otherwise.
    """

    release: str
    rulebook: str
    cut_off: int
    steps: tuple[Step, ...]
    tables: tuple[Score, ...]
    counts: Counts
    decision: Literal["mask", "release"]
    forced_by: tuple[str, ...]
    notes: tuple[Note, ...]
    safe_harbor: str

    @property
    def score(self) -> Score:
        """The score of the riskiest table."""
        return max(self.tables, key=lambda score: score.total)

    def to_json_dict(self) -> dict[str, Any]:
        """Give the assessment as plain values, ready for JSON."""
        return {
            "release": self.release,
            "rulebook": self.rulebook,
            "decision": self.decision,
            "forced_by": list(self.forced_by),
            "score": {**self.score.to_json_dict(), "cut_off": self.cut_off},
            "tables": [score.to_json_dict() for score in self.tables],
            "steps": [step.to_json_dict() for step in self.steps],
            "counts": {
                "cells": self.counts.cells,
                "small_cells": self.counts.small_cells,
                "zero_cells": self.counts.zero_cells,
                "small_denominators": self.counts.small_denominators,
                "denominators": self.counts.denominators,
            },
            "notes": [{"field": note.field, "text": note.text} for note in self.notes],
            "safe_harbor": self.safe_harbor,
        }
