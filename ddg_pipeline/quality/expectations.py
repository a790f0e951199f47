"""Great Expectations classes for published statistical tables; usable in anyone's suite.

Import this module (it imports Great Expectations, which takes seconds) and the types are registered:

    {"type": "expect_counts_to_exclude_small_numbers", "kwargs": {"column": "cases", "lower": 1, "upper": 10}}

They work on pandas data, on text cells as well as on typed columns, and none of them puts a figure of the table into a
result: ``observed_value`` is the number of breaches. The rules themselves are the functions in `rules` and `margins`.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import pandas as pd
from great_expectations.compatibility.pydantic import Field
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from ddg_pipeline.quality import margins, percentages, rules

# No `from __future__ import annotations` here: Great Expectations' models read the annotations as they are defined.

_FRAME = "table.published_frame"


class PublishedFrame(TableMetricProvider):
    """The whole table as a metric, so that a rule can look at several columns at once."""

    metric_name = _FRAME

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - Great Expectations calls it on the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],  # noqa: ARG002
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> pd.DataFrame:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        return frame


class TableRule(BatchExpectation):
    """Base of the expectations below: what `breaches` finds decides, and only how many they are is reported."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (_FRAME,)

    @abstractmethod
    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule.

        Raises:
            MissingColumnError: The table lacks a column that the rule is about.
        """

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        count = self.breaches(metrics[_FRAME]).count
        return {"success": count == 0, "result": {"observed_value": count}}


class ExpectCountsToExcludeSmallNumbers(TableRule):
    """Expect no shown count from ``lower`` to ``upper``, both included, and no text that is not a number (§4.4.1)."""

    column: str
    lower: int
    upper: int
    success_keys: ClassVar[tuple[str, ...]] = ("column", "lower", "upper")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.small_counts(frame, self.column, self.lower, self.upper)


class ExpectValuesToBeEmptyExactlyWhereAnnotated(TableRule):
    """Expect a value to be empty exactly where its annotation code is one of ``hidden_codes``; zeros are shown."""

    column: str
    code_column: str
    shown_codes: list[str]
    hidden_codes: list[str]
    success_keys: ClassVar[tuple[str, ...]] = ("column", "code_column", "shown_codes", "hidden_codes")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.not_as_annotated(frame, self.column, self.code_column, self.shown_codes, self.hidden_codes)


class ExpectAnnotationsToBeKnown(TableRule):
    """Expect every annotation code to be in the list, with the description that belongs to it."""

    code_column: str
    description_column: str
    annotations: list[dict[str, str]]
    success_keys: ClassVar[tuple[str, ...]] = ("code_column", "description_column", "annotations")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.unknown_annotations(frame, self.code_column, self.description_column, self.annotations)


class ExpectStatisticsToBeEmptyWithTheirCounts(TableRule):
    """Expect events, rates and amounts to be empty where a count behind them is, and only there (§4.4.1 item 3)."""

    column: str
    counts: list[str]
    code_column: str | None = None
    other_codes: list[str] = Field(default_factory=list)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "counts", "code_column", "other_codes")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.not_empty_together(frame, self.column, self.counts, self.code_column, self.other_codes)


class ExpectIdentityToHold(TableRule):
    """Expect ``sum(coefficient * measure) = 0`` in every row that shows all its measures."""

    terms: dict[str, int]
    success_keys: ClassVar[tuple[str, ...]] = ("terms",)

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.broken_identity(frame, self.terms)


class ExpectPublishedMarginsToAddUp(TableRule):
    """Expect the parts of a dimension to add up to its published margins, and hidden parts to be possible and plural.

    Margins that do not add up in the source are listed, coordinate by coordinate, under ``tolerated``.
    """

    column: str
    dimensions: list[str]
    dimension: str
    hierarchies: list[dict[str, str]] = Field(default_factory=list)
    total: str | None = None
    tolerated: list[dict[str, str]] = Field(default_factory=list)
    rounding: float = 0.0
    code_column: str | None = None
    hidden_ranges: dict[str, list[float | None]] = Field(default_factory=dict)
    success_keys: ClassVar[tuple[str, ...]] = (
        "column",
        "dimensions",
        "dimension",
        "hierarchies",
        "total",
        "tolerated",
        "rounding",
        "code_column",
        "hidden_ranges",
    )

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule: the rows of the margins that are contradicted."""
        return margins.broken_margins(
            frame,
            self.column,
            self.dimensions,
            self.dimension,
            self.hierarchies,
            self.total,
            self.tolerated,
            self.rounding,
            self.code_column,
            self.hidden_ranges,
        )


class ExpectWholePercentagesToAddUp(TableRule):
    """Expect every whole to have the parts that §4.4.4 allows, which add up to 100 as far as rounding lets them."""

    column: str
    dimensions: list[str]
    dimension: str
    large: int
    small: int
    below: int
    shown_below: str
    total: str | None = None
    success_keys: ClassVar[tuple[str, ...]] = (
        "column",
        "dimensions",
        "dimension",
        "large",
        "small",
        "below",
        "shown_below",
        "total",
    )

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule: every row of the wholes that are wrong."""
        return percentages.broken_wholes(
            frame,
            self.column,
            self.dimensions,
            self.dimension,
            self.total,
            self.large,
            self.small,
            self.below,
            self.shown_below,
        )


class ExpectRowsToBeThoseAssessed(TableRule):
    """Expect the rows, by their coordinates and in any order, whose digest was taken when they were assessed."""

    columns: list[str]
    sha256: str | dict[str, str]
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "sha256")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.other_rows(frame, self.columns, str(self.sha256))
