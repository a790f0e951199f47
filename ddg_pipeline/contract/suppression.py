"""In which form a release hides what has to be hidden."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from ddg_pipeline.contract.strict import Name, Strict, Whole1


class AnnotationNames(Strict):
    """How the annotation columns beside each measure are called (Open Data Handbook, "Guidelines")."""

    code: str = Field(default="{measure}_annotation_code", description="The column of codes.")
    description: str = Field(default="{measure}_annotation_description", description="The column of their meanings.")

    @field_validator("code", "description")
    @classmethod
    def _names_the_measure(cls, pattern: str) -> str:
        if "{measure}" not in pattern or pattern.replace("{measure}", "").count("{"):
            raise ValueError("must contain {measure} and no other placeholder")
        return pattern


class Percentages(Strict):
    """What is published of a table of percentages without counts (DDG 2.0 §4.4.4)."""

    of: Name = Field(
        description="The dimension with two large categories and a small one, of which the percentages are: in every "
        "combination of the other dimensions they are parts of one whole."
    )


def _as_lists(pattern: object) -> object:
    if not isinstance(pattern, dict):
        return pattern
    return {name: [labels] if isinstance(labels, str | int) else labels for name, labels in pattern.items()}


# Categories by dimension; a single one may be written without a list.
Cells = Annotated[
    dict[str, Annotated[list[Name], Field(min_length=1)]],
    BeforeValidator(_as_lists),
    Field(min_length=1),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
                ]
            },
        }
    ),
]


class Suppression(Strict):
    """How the table is masked, if it has to be (DDG 2.0 §4.4.1)."""

    form: Literal["cells", "whole_percentages"] = Field(
        default="cells",
        description="`cells`: counts, with small and complementary cells suppressed where the table has to be masked. "
        "`whole_percentages`: never a count, only percentages rounded to whole numbers (§4.4.4): "
        "docs/explanation/masking.md.",
    )
    percentages: Percentages | None = Field(default=None, description="Belongs to `form: whole_percentages`.")
    level: Literal["exact", "ddg", "full"] = Field(
        default="ddg", description="How little may be inferred about a small count: docs/explanation/masking.md."
    )
    show_reason: bool | None = Field(
        default=None,
        description="true: codes 1 and 2 tell small from complementary. false: one code for both. "
        "Left out: the reason is told where the table can be protected in spite of it (§4.4.1).",
    )
    prefer: dict[str, list[str]] = Field(
        default={}, description="Per dimension, the categories to hide first where a complementary cell is needed."
    )
    cost: Literal["mixed", "value", "count", "distance"] = Field(
        default="mixed",
        description="What a complementary cell costs, so that the cheapest are hidden. `mixed`: one suppression, plus "
        "a little for the size of the count. `value`: the count. `count`: one, whatever it holds. `distance`: the "
        "number of categories, in the table's order, from the nearest small cell in its row or column, so that "
        "neighbours such as the next age group are hidden first.",
    )
    keep: list[Cells] = Field(
        default=[],
        description="Cells that must stay open, by their categories: `{county: Alameda}` or `{county: [Alameda, "
        "Marin], sex: Both}`; dimensions left out may be anything, margins included. A small count cannot stay open.",
    )
    hide: list[Cells] = Field(
        default=[], description="Cells to hide in any case, by their categories as in `keep`. Zeros stay open."
    )
    method: Literal["heuristic", "optimal"] = Field(
        default="heuristic",
        description="How complementary cells are chosen. `optimal`: at the least cost there is, proved by a solver; "
        "for small tables only.",
    )
    time_limit: Whole1 | None = Field(
        default=None, description="Of `method: optimal`: how many seconds the solver may take."
    )
    annotations: AnnotationNames = AnnotationNames()

    @model_validator(mode="after")
    def _fits_its_form(self) -> Self:
        if self.time_limit is not None and self.method != "optimal":
            raise ValueError("`time_limit` belongs to `method: optimal`")
        if self.form == "cells":
            if self.percentages is not None:
                raise ValueError("`percentages` belongs to `form: whole_percentages`")
            return self
        if self.percentages is None:
            raise ValueError("`form: whole_percentages` needs `percentages: {of: …}`")
        own = ("cost", "hide", "keep", "method", "prefer", "show_reason")
        # what is kept beside a version names its defaults too
        given = [key for key in own if getattr(self, key) != type(self).model_fields[key].default]
        if given:
            named = ", ".join(f"`{key}`" for key in given)
            raise ValueError(f"{named}: these belong to `form: cells`, because no cell is suppressed here")
        return self
