"""Every column of a published table described: for the data dictionary and the data package alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.quality.annotations import annotation_columns, hidden_notes
from ddg_pipeline.quality.percentages import FORM, percentage_pattern, shown_below

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class ColumnText:
    """What people read about a column.

    Attributes:
        name: The column.
        role: What it is.
        type: ``text`` or ``numeric``, as the portal's datastore calls them.
        label: A short title.
        description: What stands in it, and what an empty cell means.
        pattern: Of a percentage, the regular expression of everything that stands in it.
    """

    name: str
    role: Literal["dimension", "population", "count", "statistic", "percentage", "code", "description"]
    type: Literal["text", "numeric"]
    label: str
    description: str
    pattern: str = ""


class ColumnWriter:
    """Describes the columns of one release."""

    def __init__(self, contract: ReleaseContract, rulebook: Rulebook, *, masked: bool, reasons_shown: bool) -> None:
        self._contract, self._rulebook = contract, rulebook
        self._masked, self._reasons_shown = masked, reasons_shown
        self._counts_behind = dict(zip(contract.published_measures, contract.measures, strict=True))
        self._in_percent = contract.suppression.form == FORM
        self._annotations = {
            column: (measure, role)
            for measure in contract.published_measures
            for column, role in zip(annotation_columns(contract, measure), ("code", "description"), strict=True)
        }

    def describe(self, column: str) -> ColumnText:
        """Describe a column.

        Raises:
            KeyError: The release has no such column.
        """
        contract, label = self._contract, column.replace("_", " ").strip().capitalize()
        if column in contract.dimensions:
            return ColumnText(column, "dimension", "text", label, self._dimension(column))
        if self._in_percent and column in self._counts_behind:
            text = self._percentage(self._counts_behind[column])
            pattern = percentage_pattern(self._rulebook).removeprefix("^").removesuffix("$")
            return ColumnText(column, "percentage", "text", label, text, pattern)
        if column in contract.measures:
            measure = contract.measures[column]
            role: Literal["count", "statistic"] = "count" if measure.kind is MeasureKind.COUNT else "statistic"
            return ColumnText(column, role, "numeric", label, self._measure(column, measure))
        if column in contract.population_columns:
            return ColumnText(column, "population", "numeric", label, "Number of people; public, never suppressed.")
        measure_name, kind = self._annotations[column]
        if kind == "code":
            return ColumnText(column, "code", "text", label, self._code(measure_name))
        text = f"What {annotation_columns(contract, measure_name)[0]} says, in words; empty where there is no code."
        return ColumnText(column, "description", "text", label, text)

    def small_cell_rule(self) -> str:
        """Say by which rule cells are empty."""
        numerator, footnotes = self._rulebook.thresholds.numerator, self._rulebook.footnotes
        if self._in_percent:
            form = self._rulebook.masking.whole_percentages
            assert form is not None  # noqa: S101 - masking has seen to it
            return (
                f"{footnotes[form.footnote].text} {shown_below(self._rulebook)} stands for more than zero and less "
                f"than {form.below} percent; a true zero is 0."
            )
        if not self._masked:
            return f"Not suppressed: {self._rulebook.title} does not ask for it. A true zero is 0."
        named = ["suppression", "complementary"]
        if not self._reasons_shown:
            named.append("reason_not_shown")
        texts = [footnotes[name].text for name in named if name in footnotes]
        rule = f"Counts from {numerator.lower} to {numerator.upper} are suppressed ({self._rulebook.title})."
        return " ".join([*(texts or [rule]), "A suppressed value is an empty cell; a true zero is 0."])

    def _dimension(self, name: str) -> str:
        declared = self._contract.dimensions[name]
        parts = [_sentence(declared.description) or f"Category: {declared.variable.value.replace('_', ' ')}."]
        if declared.period is not None:
            parts.append(f"Each covers {_covered(declared.period)}.")
        if declared.total is not None:
            parts.append(f"{declared.total!r} is the total.")
        if declared.hierarchy:
            parts.append("Broader categories stand beside the categories they consist of.")
        if not declared.additive:
            parts.append("Its categories do not add up.")
        return " ".join(parts)

    def _measure(self, name: str, measure: Measure) -> str:
        parts = [_sentence(measure.description) or _kind(measure)]
        if measure.per is not None:
            parts.append(f"Per {measure.per:,}.")
        if measure.decimals:
            parts.append(f"Rounded to {measure.decimals} decimal{'s' if measure.decimals > 1 else ''}.")
        governor = self._contract.governor(name)
        if self._masked and governor != name:
            parts.append(f"Empty wherever a count it is derived from ({governor}) is.")
        return " ".join([*parts, self.small_cell_rule()])

    def _percentage(self, name: str) -> str:
        """Describe what stands in place of a count (§4.4.4)."""
        percentages = self._contract.suppression.percentages
        assert percentages is not None  # noqa: S101 - excluded by the contract's validation
        measure = self._contract.measures[name]
        what = (measure.description.strip() or f"Count of {measure.unit}").rstrip(".")
        of = f"{what}: percent that each category of {percentages.of} is of all of them, rounded to a whole number."
        return f"{of} {self.small_cell_rule()}"

    def _code(self, measure: str) -> str:
        if self._in_percent:
            return f"Would say why {measure} is empty; none is."
        notes = hidden_notes(self._rulebook, masked=self._masked, reasons_shown=self._reasons_shown)
        listed = "; ".join(f"{note.code} = {note.description}" for note in notes)
        both = "One code stands for both reasons of suppression. " if self._masked and not self._reasons_shown else ""
        return f"Says why {measure} is empty: {listed}. {both}Empty where the value is shown."


def _covered(period: str) -> str:
    return period if period[0].isdigit() else f"one {period}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _kind(measure: Measure) -> str:
    kind = measure.kind.value
    if measure.kind is MeasureKind.COUNT:
        return f"Count of {measure.unit}."
    of = (
        f" of {measure.numerator}"
        if measure.numerator
        else f" for {measure.individuals}"
        if measure.individuals
        else ""
    )
    over = f" over {measure.denominator}" if measure.denominator else ""
    return f"{kind.capitalize()}{of}{over}."
