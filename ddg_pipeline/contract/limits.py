"""How much of a release may be suppressed, and how far it may be from the one before it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ddg_pipeline.contract.strict import NO_YES_OR_NO, Name, Strict, Whole0

Percent = Annotated[int, Field(ge=0, le=100), NO_YES_OR_NO]
Change = Whole0
Lifted = Literal["any"]


class MeasureLimits(Strict):
    """Limits of one measure, in place of those for all."""

    suppressed_cells: Percent | Lifted | None = Field(default=None, description="As for all measures.")
    suppressed_people: Percent | Lifted | None = Field(default=None, description="As for all measures.")
    total_change: Change | Lifted | None = Field(default=None, description="As for all measures.")


class DimensionLimits(Strict):
    """Limits of one dimension, in place of those for all."""

    new_categories: Change | Lifted | None = Field(default=None, description="As for all dimensions.")
    vanished_categories: Change | Lifted | None = Field(default=None, description="As for all dimensions.")


class Limits(Strict):
    """When the gate stops a release for somebody to look at; `any` lifts a limit (docs/explanation/gate.md).

    The release before is the current one of the public store; only what both publish is compared.
    """

    suppressed_cells: Percent | Lifted = Field(
        default=75, description="The largest share of a measure's cells that may be suppressed, in percent."
    )
    suppressed_people: Percent | Lifted = Field(
        default=50,
        description="The largest share of the people counted that may stand in suppressed cells, in percent of the "
        "published totals. Looked at where every dimension that adds up has a `total`.",
    )
    row_change: Change | Lifted = Field(
        default=25,
        description="The largest change of the number of rows, in percent of the release before. Of a table with "
        "periods, only those that both have are counted.",
    )
    total_change: Change | Lifted = Field(
        default=50,
        description="The largest change of a measure's total, in percent of the release before, over what both show.",
    )
    new_categories: Change | Lifted = Field(
        default=10,
        description="How many categories of a dimension the release before may not have had. Periods may be any, "
        "unless `dimensions` says otherwise.",
    )
    vanished_categories: Change | Lifted = Field(
        default=0, description="How many categories of a dimension may be gone since the release before."
    )
    measures: dict[Name, MeasureLimits] = Field(default={}, description="By measure, where its limits are others.")
    dimensions: dict[Name, DimensionLimits] = Field(
        default={}, description="By dimension, where its limits are others."
    )

    def of_measure(
        self, name: str, limit: Literal["suppressed_cells", "suppressed_people", "total_change"]
    ) -> int | None:
        """Give a measure's limit; None where there is none."""
        own = getattr(self.measures.get(name), limit, None)
        return _number(getattr(self, limit) if own is None else own)

    def of_dimension(
        self, name: str, limit: Literal["new_categories", "vanished_categories"], *, periods: bool
    ) -> int | None:
        """Give a dimension's limit; None where there is none.

        Args:
            name: The dimension.
            limit: Which limit.
            periods: Whether it is time, whose categories are new with every release.
        """
        own = getattr(self.dimensions.get(name), limit, None)
        if own is None:
            own = "any" if periods and limit == "new_categories" else getattr(self, limit)
        return _number(own)

    @property
    def rows(self) -> int | None:
        """The limit of the number of rows; None where there is none."""
        return _number(self.row_change)


def _number(limit: object) -> int | None:
    return None if limit == "any" else int(str(limit))
