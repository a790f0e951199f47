"""What an assessment finds, without a single figure of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


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

    @property
    def by_smallest_count(self) -> bool:
        """Whether the score goes by the smallest count, so that it tells more of it than that it is small.

        Such a score is for people who may see the table, not for readers of what is published of it.
        """
        return self.variable == "interactions" and self.found is None

    def to_json_dict(self) -> dict[str, Any]:
        """Give the term as plain values."""
        return {
            "variable": self.variable,
            "dimension": self.dimension,
            "found": self.found,
            "category": self.category,
            "score": self.score,
            "section": self.section,
            "by_smallest_count": self.by_smallest_count,
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
        rests_on_counts: Whether it could tell a reader of the published table something about a hidden count: that one
            is more than another, say. Such a note is for people who may see the table.
    """

    field: str
    text: str
    rests_on_counts: bool = False

    def to_json_dict(self) -> dict[str, Any]:
        """Give the note as plain values."""
        return asdict(self)


DenominatorKnowledge = Literal["known", "bounded", "unknown"]


@dataclass(frozen=True)
class MeasureCounts:
    """How many cells of one measure are of which kind.

    Attributes:
        measure: A count of individuals.
        cells: All its cells, margins included.
        small_cells: Cells with a small numerator.
        small_derived: Further small counts, which stand in no row but follow from the rows by subtraction.
        zero_cells: Cells with a count of 0.
        small_denominators: Cells with a small denominator, as far as it is known.
        denominators: How much is known about them, as in `Counts`.
        source: Where the denominators come from, in words; empty where nothing is known.
    """

    measure: str
    cells: int
    small_cells: int
    zero_cells: int
    small_denominators: int
    denominators: DenominatorKnowledge
    source: str
    small_derived: int = 0

    def to_json_dict(self) -> dict[str, Any]:
        """Give the counts as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Reliability:
    """How many estimates of a survey are statistically unreliable (§5.2, Appendix H).

    Attributes:
        measure: The estimate.
        cells: Its cells.
        unreliable_cells: Cells whose sample or standard error is beyond the survey's limits.
        flagged_cells: Further cells that the survey's limits ask to mark.
        limits: The survey's limits, in words.
        section: Where the guideline says so.
    """

    measure: str
    cells: int
    unreliable_cells: int
    flagged_cells: int
    limits: str
    section: str

    def to_json_dict(self) -> dict[str, Any]:
        """Give the finding as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Counts:
    """How many cells there are of which kind; a cell is one row of one measure that counts individuals.

    Attributes:
        cells: All cells, margins included.
        small_cells: Cells with a small numerator.
        small_derived: Further small counts, which stand in no row but follow from the rows by subtraction.
        zero_cells: Cells with a count of 0, which is not small.
        small_denominators: Cells with a small denominator.
        denominators: ``known``; ``bounded`` where only a larger population is declared than the one behind a cell,
            such as that of single dimensions that are crossed; ``unknown`` where none is declared.
        measures: The same for each measure.
    """

    cells: int
    small_cells: int
    zero_cells: int
    small_denominators: int
    denominators: DenominatorKnowledge
    measures: tuple[MeasureCounts, ...] = ()
    small_derived: int = 0

    @property
    def any_small(self) -> bool:
        """Whether a count is small, in a row or by subtraction."""
        return self.small_cells > 0 or self.small_derived > 0


@dataclass(frozen=True)
class OverrideUsed:
    """An entry that the rulebook holds otherwise than the one it extends.

    Attributes:
        entry: Its dotted path.
        before: What the extended rulebook says, in a few words.
        after: What holds.
        source: The document that says so.
        reason: Why it is so.
        by: The rulebook that says so.
    """

    entry: str
    before: str
    after: str
    source: str
    reason: str
    by: str

    def to_json_dict(self) -> dict[str, Any]:
        """Give the override as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Edition:
    """The rulebook that a table was judged by.

    Attributes:
        title: What people call it.
        approved: When it was approved, as an ISO date; None where that is not known.
        extends: The rulebook that it is an overlay of; None for an edition of the guideline.
        overrides: What it holds otherwise, with its source; empty for an edition.
    """

    title: str
    approved: str | None = None
    extends: str | None = None
    overrides: tuple[OverrideUsed, ...] = ()

    @classmethod
    def of(cls, rulebook: Rulebook) -> Edition:
        """Take from a rulebook what people have to know of it."""
        return cls(
            title=rulebook.title,
            approved=None if rulebook.approved is None else rulebook.approved.isoformat(),
            extends=rulebook.extends,
            overrides=tuple(
                OverrideUsed(one.entry, _in_words(one.before), _in_words(one.after), one.source, one.reason, one.by)
                for one in rulebook.overrides
            ),
        )

    def to_json_dict(self) -> dict[str, Any]:
        """Give the edition as plain values."""
        return {
            "title": self.title,
            "approved": self.approved,
            "extends": self.extends,
            "overrides": [one.to_json_dict() for one in self.overrides],
        }


def _in_words(value: Any) -> str:
    """Write a rulebook's value for people: a list of lines or a table by what it holds."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return "; ".join(f"{key}: {_in_words(one)}" for key, one in value.items())
        case str():
            return " ".join(value.split())
        case Sequence():
            return ", ".join(_in_words(one) for one in value)
        case _:
            return str(value)


@dataclass(frozen=True)
class Assessment:
    """What steps 1 to 3 found, and what follows from it.

    Attributes:
        release: The release.
        rulebook: The name of the rulebook it was judged by.
        edition: What people have to know of that rulebook.
        cut_off: The highest score that may be released unmasked.
        steps: The six steps.
        tables: The score of every table in it: one, unless variables stand side by side without being crossed.
        counts: How many cells of which kind.
        decision: What follows.
        forced_by: High-risk populations that force suppression whatever the score (§5.6.2).
        notes: What the expert review has to look at.
        safe_harbor: Whether the table may meet Safe Harbor, and why not otherwise.
        reliability: Of a survey, how many estimates are unreliable.
    """

    release: str
    rulebook: str
    edition: Edition
    cut_off: int
    steps: tuple[Step, ...]
    tables: tuple[Score, ...]
    counts: Counts
    decision: Literal["mask", "release"]
    forced_by: tuple[str, ...]
    notes: tuple[Note, ...]
    safe_harbor: str
    reliability: tuple[Reliability, ...] = ()

    @property
    def score(self) -> Score:
        """The score of the riskiest table."""
        return max(self.tables, key=lambda score: score.total)

    @property
    def answer(self) -> str:
        """The decision with its reason, in one line."""
        compared = f"{self.score.total}, {'over' if self.score.total > self.cut_off else 'not over'} {self.cut_off}"
        result = {step.step: step.result for step in self.steps}
        if self.decision == "release":
            if result.get(1) == "no":
                why = "by its contract it tells nothing that is not expressly public (step 1)"
            elif result.get(2) == "no":
                why = "no cell and no denominator is small (step 2)"
            else:
                why = f"its publication score is {compared}"
            return f"it may be released as it is, once reviewed, because {why}."
        if self.forced_by:
            named = ", ".join(name.replace("_", " ") for name in self.forced_by)
            why = f"it shows a high-risk population: {named}"
            return f"mask it, whatever its publication score ({compared}), because {why}."
        if result.get(3) == "yes" and self.score.total > self.cut_off:
            return f"mask it, because its publication score is {compared}."
        return f"mask it, although its publication score is {compared}. {self._masking}"

    @property
    def _masking(self) -> str:
        return next((step.summary for step in self.steps if step.result == "mask"), "its rulebook asks for it.")

    def to_json_dict(self) -> dict[str, Any]:
        """Give the assessment as plain values, ready for JSON."""
        return {
            "release": self.release,
            "rulebook": self.rulebook,
            "edition": self.edition.to_json_dict(),
            "answer": self.answer,
            "decision": self.decision,
            "forced_by": list(self.forced_by),
            "score": {**self.score.to_json_dict(), "cut_off": self.cut_off},
            "tables": [score.to_json_dict() for score in self.tables],
            "steps": [step.to_json_dict() for step in self.steps],
            "counts": {
                "cells": self.counts.cells,
                "small_cells": self.counts.small_cells,
                "small_derived": self.counts.small_derived,
                "zero_cells": self.counts.zero_cells,
                "small_denominators": self.counts.small_denominators,
                "denominators": self.counts.denominators,
                "measures": [one.to_json_dict() for one in self.counts.measures],
            },
            "notes": [note.to_json_dict() for note in self.notes],
            "safe_harbor": self.safe_harbor,
            "reliability": [one.to_json_dict() for one in self.reliability],
        }
