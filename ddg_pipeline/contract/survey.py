"""What a table of survey estimates says about its sample (§5.2, Appendix H)."""

from __future__ import annotations

from pydantic import Field

from ddg_pipeline.contract.strict import Name, Slug, Strict


class SurveyEstimate(Strict):
    """What tells whether the estimates of one measure are reliable (§5.2, Appendix H)."""

    denominator_cases: Name = Field(
        description="The measure that counts the unweighted sample cases below the line: everyone who was asked."
    )
    numerator_cases: Name | None = Field(
        default=None, description="The measure that counts the unweighted sample cases above the line."
    )
    weighted: Name | None = Field(
        default=None, description="The measure that estimates how many people of the population are in the cell."
    )
    relative_standard_error: Name | None = Field(
        default=None, description="The measure that holds the relative standard error of the estimate, in percent."
    )

    @property
    def helpers(self) -> dict[str, str]:
        """Key to measure, of the keys that are given."""
        return {key: name for key, name in self if name is not None}


class Survey(Strict):
    """The figures come from a sample of people, not from all of them (§5.2)."""

    limits: Slug = Field(
        description="Whose limits of reliability hold: an entry of `survey_limits` in the rulebook, such as `chis`."
    )
    estimates: dict[Name, SurveyEstimate] = Field(
        min_length=1, description="Every measure that is an estimate, with the measures that tell how reliable it is."
    )
