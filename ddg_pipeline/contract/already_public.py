"""What is public already about the people counted in a release."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ddg_pipeline.contract.strict import Name, Strict


class AlreadyPublic(Strict):
    """A table of the same people that was published before: readers have its figures, whatever is hidden now."""

    table: Name = Field(
        description="The table as it was published, with empty cells where something was hidden: a dbt model or seed, "
        "or a CSV or Parquet file beside the contract. Its columns are called as in this release; a dimension that it "
        "lacks is taken to be at its total."
    )
    at: dict[Name, Name] = Field(
        default={},
        description="For each column of that table by which this release does not classify, the one category to look "
        "at: the total, such as `{race: All races}`.",
    )
    small_counts: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="What to do where it shows a count that is small now: nothing can protect that any more. `accept`: "
        "it is hidden here and known to be lost; the other cells are protected from whoever knows it.",
    )
