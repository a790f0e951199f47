"""The figures of a table, and what ties them to each other."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from ddg_pipeline.contract.sizes import Population, TotalOver, sizes_are_not_negative
from ddg_pipeline.contract.strict import NO_YES_OR_NO, Name, Strict, Whole1

_TERM = re.compile(r"\s*([+-]?)\s*([A-Za-z_][A-Za-z0-9_]*)\s*")


class MeasureKind(StrEnum):
    """What the figures of a measure are."""

    COUNT = "count"
    RATE = "rate"
    PERCENT = "percent"
    MEAN = "mean"
    AMOUNT = "amount"


class Measure(Strict):
    """One column of figures."""

    kind: MeasureKind = Field(description="`count`, or a statistic that is hidden together with the counts behind it.")
    unit: Literal["individuals", "events"] = Field(
        default="individuals", description="What a count counts; events are governed by the individuals behind them."
    )
    individuals: Name | None = Field(
        default=None, description="The count of individuals that decides whether this figure is small."
    )
    population: Population | None = Field(
        default=None,
        description="The denominator, the population that the people in a cell come from: a column of the table, a "
        "size, or, for a count of individuals, `{total_over: [dimension, …]}`: the measure's own total over "
        "dimensions that classify a larger group, such as the outcome of a test. Left out: nobody can say that no "
        "denominator is small, so the table is assessed as if one were (§4.2).",
    )
    numerator: Name | None = Field(default=None, description="The count above the line of a rate, percent or mean.")
    denominator: Name | None = Field(default=None, description="The count or the population column below the line.")
    per: Whole1 | None = Field(default=None, description="A rate per how many people.")
    decimals: Annotated[int, Field(ge=0, le=12), NO_YES_OR_NO] | None = Field(
        default=None, description="How many decimals are published."
    )
    description: str = Field(default="", description="What the data dictionary says about the column.")

    @field_validator("population")
    @classmethod
    def _sizes(cls, size: Any) -> Any:
        return sizes_are_not_negative(size)

    @model_validator(mode="after")
    def _governed(self) -> Self:
        if self.kind is MeasureKind.COUNT and self.unit == "events" and self.individuals is None:
            raise ValueError("a count of events needs `individuals`: the measure that counts the people behind them")
        if self.kind is MeasureKind.COUNT and self.unit == "individuals" and self.individuals is not None:
            raise ValueError(
                "`individuals` is for events, amounts and statistics; this measure counts individuals itself"
            )
        if self.kind in (MeasureKind.RATE, MeasureKind.PERCENT) and self.numerator is None:
            raise ValueError(f"a {self.kind} needs `numerator`: the count it is computed from")
        if self.kind in (MeasureKind.AMOUNT, MeasureKind.MEAN) and not (self.individuals or self.numerator):
            raise ValueError(f"a measure of kind {self.kind} needs `individuals`: the count of people behind it")
        if isinstance(self.population, TotalOver) and (self.kind is not MeasureKind.COUNT or self.unit == "events"):
            raise ValueError("`population: {total_over: …}` belongs to a count of individuals")
        return self


class Identity(Strict):
    """An additive relation between measures: ``sum(coefficient * measure) = 0`` in every row."""

    terms: dict[str, int]

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``a + b - c = d``.

        Raises:
            ValueError: The text is not a sum of measure names on both sides of one ``=``.
        """
        sides = text.split("=")
        if len(sides) != 2:
            raise ValueError(f"{text!r} must have exactly one '=', as in 'covid + pneumonia - both = any'")
        terms: dict[str, int] = {}
        for side, sign in zip(sides, (1, -1), strict=True):
            position, stripped = 0, side.strip()
            while position < len(stripped):
                match = _TERM.match(stripped, position)
                if not match or (position > 0 and not match.group(1)):
                    raise ValueError(f"{text!r} must be a sum of measure names, as in 'covid + pneumonia - both = any'")
                terms[match.group(2)] = terms.get(match.group(2), 0) + (-sign if match.group(1) == "-" else sign)
                position = match.end()
            if not stripped:
                raise ValueError(f"{text!r} has nothing on one side of '='")
        return cls(terms={name: coefficient for name, coefficient in terms.items() if coefficient})
