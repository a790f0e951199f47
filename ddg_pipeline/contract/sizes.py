"""How many people there are: one number, one for each category, a reference table, a column, or a total."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from ddg_pipeline.contract.strict import Name, Strict, Whole


class TableReference(Strict):
    """A size looked up in a reference table: one row a category, or one row a combination of several dimensions."""

    table: Name = Field(description="A dbt model or seed, or a CSV or Parquet file beside the contract.")
    key: Name | list[Name] = Field(description="The column, or columns, holding the category labels.")
    value: Name = Field(description="The column holding the size, a whole number of people.")


Size = Annotated[
    Whole | dict[str, Whole] | TableReference | str,
    Field(
        union_mode="left_to_right",
        description="How many people: one number, a number for each category, a reference table, or a column.",
    ),
]


class TotalOver(Strict):
    """The population of a cell as a total of the measure itself: all who were tested, by the outcome of the test."""

    total_over: list[Name] = Field(
        min_length=1,
        description="The dimensions that are added up; the others stay as they are in the cell's row. The total is "
        "the published one where the table carries it, else the sum of the categories in the table.",
    )


def _spelling_of_population(value: object) -> str:
    by_total = isinstance(value, TotalOver) or (isinstance(value, dict) and "total_over" in value)
    return "TotalOver" if by_total else "Size"


Population = Annotated[
    Annotated[Size, Tag("Size")] | Annotated[TotalOver, Tag("TotalOver")], Discriminator(_spelling_of_population)
]


def sizes_are_not_negative(size: int | dict[str, int] | TableReference | str | None) -> Any:
    """Check the numbers of a size, for pydantic.

    Raises:
        ValueError: One is negative.
    """
    numbers = [size] if isinstance(size, int) else list(size.values()) if isinstance(size, dict) else []
    if any(number < 0 for number in numbers):
        raise ValueError("a size is a number of people: 0 or more")
    return size
