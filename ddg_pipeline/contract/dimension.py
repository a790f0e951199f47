"""What classifies the rows of a table: columns, and what holds for every row."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from ddg_pipeline.contract.sizes import Size, sizes_are_not_negative
from ddg_pipeline.contract.strict import Name, Strict, Whole0, Whole1
from ddg_pipeline.contract.variables import Variable

_PERIOD = re.compile(r"^(day|week|month|quarter|half-year|year|[1-9][0-9]? years)$")
_LEVELS_AT_MOST = 50  # of an inline hierarchy

Tree = dict[str, "list[str] | Tree"]


class HierarchyReference(Strict):
    """Which categories add up to which: a parent column in a reference table, or an inline tree."""

    table: Name | None = Field(default=None, description="A dbt model or seed, or a file beside the contract.")
    child: Name | None = Field(default=None, description="The column of that table holding the finer category.")
    parent: Name | None = Field(default=None, description="The column of that table holding the broader category.")
    tree: dict[str, Any] | None = Field(
        default=None, description="Inline: each broader category with the list (or tree) of what it consists of."
    )

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        by_table = (self.table, self.child, self.parent)
        if self.tree is not None and any(by_table):
            raise ValueError("give either `tree`, or `table` with `child` and `parent`, not both")
        if self.tree is None and not all(by_table):
            raise ValueError("give `table`, `child` and `parent` together, or an inline `tree`")
        if self.tree is not None:
            _check_tree(self.tree, "tree")
        return self


def _check_tree(tree: object, path: str, levels: int = _LEVELS_AT_MOST) -> None:
    if not levels:
        raise ValueError(f"a tree may have at most {_LEVELS_AT_MOST} levels")
    if isinstance(tree, list):
        if not tree or not all(isinstance(label, str | int) and not isinstance(label, bool) for label in tree):
            raise ValueError(f"{path} must list category labels; put words such as Yes and No in quotes")
        return
    if not isinstance(tree, dict) or not tree:
        raise ValueError(f"{path} must be a list of labels or a tree of them")
    for label, below in tree.items():
        if isinstance(label, bool):  # what YAML makes of Yes and No
            raise ValueError(f"{path}: put {label} in quotes")  # noqa: TRY004 - pydantic reports ValueErrors
        _check_tree(below, f"{path}.{label}", levels - 1)


def _one_or_several_in_schema(schema: dict[str, Any]) -> None:
    """Let editors accept what `Dimension` does: one mapping where a list may stand."""
    listed = {"type": schema.pop("type"), "items": schema.pop("items")}
    schema["anyOf"] = [listed["items"], listed]


class Implied(Strict):
    """A characteristic that a column does not show but tells: a children's hospital implies age (§4.1)."""

    variable: Variable = Field(description="What is implied about a person.")
    label: Name = Field(description="The implied category, such as `0-17`.")
    population: Whole0 | None = Field(
        default=None, description="How many people statewide are in it, where that decides its score."
    )
    categories: list[Name] = Field(
        default=[], description="The categories of the column that imply it. Left out: any of them may."
    )


AddressKind = Literal["street", "rural", "frontier", "hospital"]


class Dimension(Strict):
    """One classifying column of the table."""

    variable: Variable = Field(description="What the column says about a person; decides how it is scored.")
    groups: Whole1 | None = Field(default=None, description="How many groups an `other` variable has.")
    population: Size | None = Field(default=None, description="People living in, or belonging to, each category.")
    members: Size | None = Field(default=None, description="Members of each plan (`insurance_coverage`).")
    enrollment: Size | None = Field(
        default=None, description="People enrolled (`means_tested_program`, `expected_payer`)."
    )
    address: AddressKind | dict[str, AddressKind] | None = Field(
        default=None,
        description="Of a `service_geography` whose categories are addresses or ZIP codes: where they lie, for all or "
        "for each. `hospital` scores as `street` wherever it lies.",
    )
    residents_only: bool = Field(
        default=False,
        description="Of a `service_geography`: only residents may use the service, so it tells residence.",
    )
    implies: list[Implied] = Field(
        default=[], description="Characteristics of people that the column tells without showing them."
    )
    hierarchy: list[HierarchyReference] = Field(
        default=[],
        description="Which categories add up to which; several over the same categories are allowed.",
        json_schema_extra=_one_or_several_in_schema,
    )
    total: Name | None = Field(default=None, description="The label of the margin, where the table carries it.")
    unknown: list[Name] = Field(
        default=[], description="Labels that mean 'not known': they have no size and are hidden first."
    )
    additive: bool = Field(
        default=True, description="False where the categories do not sum: inclusive race, years of unique people."
    )
    period: str | None = Field(
        default=None,
        description="What one category of a `time` variable covers: year, quarter, month, `3 years`, … Left out: read "
        "from the categories.",
    )
    description: str = Field(default="", description="What the data dictionary says about the column.")

    @field_validator("population", "members", "enrollment")
    @classmethod
    def _sizes(cls, size: Any) -> Any:
        return sizes_are_not_negative(size)

    @field_validator("hierarchy", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("period")
    @classmethod
    def _known_period(cls, period: str | None) -> str | None:
        if period is not None and not _PERIOD.match(period):
            raise ValueError(
                "must be day, week, month, quarter, half-year, year, or a number of years such as '3 years'"
            )
        return period

    @model_validator(mode="after")
    def _fits_its_variable(self) -> Self:
        if self.variable is not Variable.TIME and self.period is not None:
            raise ValueError("`period` belongs to a `time` variable")
        for key in ("address", "residents_only"):
            if getattr(self, key) and self.variable is not Variable.SERVICE_GEOGRAPHY:
                raise ValueError(f"`{key}` belongs to a `service_geography` variable")
        if self.hierarchy and not self.additive:
            raise ValueError("`hierarchy` says that categories sum, `additive: false` that they do not: keep one")
        return self


class Scope(Strict):
    """What holds for every row and is therefore no column: a statewide table of one program in one year."""

    variable: Variable = Field(description="What holds for everyone in the table.")
    label: Name | None = Field(
        default=None, description="The category everyone is in: `0-17`, `Female`, `Alpine`; decides how it is scored."
    )
    population: Whole0 | None = Field(default=None, description="How many people it holds for.")
    members: Whole0 | None = Field(default=None, description="Members of the one plan.")
    enrollment: Whole0 | None = Field(default=None, description="People enrolled in the one program.")
    period: str | None = Field(default=None, description="What the whole table covers, as in a `time` dimension.")

    _known_period = field_validator("period")(Dimension._known_period.__func__)  # type: ignore[attr-defined] # noqa: SLF001
