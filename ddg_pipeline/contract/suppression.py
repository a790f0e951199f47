"""In which form a release hides what has to be hidden."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from ddg_pipeline.contract.strict import Name, Strict


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


class Suppression(Strict):
    """How the table is masked, if it has to be (DDG 2.0 §4.4.1)."""

    form: Literal["cells", "whole_percentages"] = Field(
        default="cells",
        description="`cells`: counts, with small and complementary cells suppressed where the table has to be masked. "
        "`whole_percentages`: never a count, only percentages rounded to whole numbers (§4.4.4): docs/masking.md.",
    )
    percentages: Percentages | None = Field(default=None, description="Belongs to `form: whole_percentages`.")
    level: Literal["exact", "ddg", "full"] = Field(
        default="ddg", description="How little may be inferred about a small count: docs/masking.md."
    )
    show_reason: bool | None = Field(
        default=None,
        description="true: codes 1 and 2 tell small from complementary. false: one code for both. "
        "Left out: the reason is told where the table can be protected in spite of it (§4.4.1).",
    )
    prefer: dict[str, list[str]] = Field(
        default={}, description="Per dimension, the categories to hide first where a complementary cell is needed."
    )
    annotations: AnnotationNames = AnnotationNames()

    @model_validator(mode="after")
    def _fits_its_form(self) -> Self:
        if self.form == "cells":
            if self.percentages is not None:
                raise ValueError("`percentages` belongs to `form: whole_percentages`")
            return self
        if self.percentages is None:
            raise ValueError("`form: whole_percentages` needs `percentages: {of: …}`")
        if self.show_reason is not None or self.prefer:
            raise ValueError("`show_reason` and `prefer` belong to `form: cells`: no cell is suppressed here")
        return self
