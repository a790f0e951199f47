"""Great Expectations classes for published statistical tables, for suites: docs/reference/expectations.md.

Import `ddg_pipeline.expectations` (it imports Great Expectations, which takes seconds) and the types are registered:

    {"type": "expect_counts_to_exclude_small_numbers", "kwargs": {"column": "cases", "lower": 1, "upper": 10}}

They work on pandas data, on text cells as well as on typed columns, and none of them puts a figure of the table into a
result: it holds the number of breaches and the positions of the rows. The rules themselves are functions in `rules`,
`margins`, `percentages`, `shares`, `drift`, `datastore` and `identifiers`.
"""

import re
from typing import Annotated, Any, ClassVar

import pandas as pd
from great_expectations.compatibility.pydantic import Field, root_validator, validator

from ddg_pipeline.quality import datastore, drift, identifiers, margins, percentages, rules, shares
from ddg_pipeline.quality.table_rule import NotComputedError, TableRule

# No `from __future__ import annotations` here: Great Expectations' models read the annotations as they are defined.

__all__ = [
    "ExpectAnnotationsToBeKnown",
    "ExpectCategoriesToStayNearPrevious",
    "ExpectColumnsToReadAsDeclared",
    "ExpectCountsToExcludeSmallNumbers",
    "ExpectIdentityToHold",
    "ExpectNoDirectIdentifiers",
    "ExpectPublishedMarginsToAddUp",
    "ExpectRowCountToStayNearPrevious",
    "ExpectRowsToBeThoseAssessed",
    "ExpectStatisticsToBeEmptyWithTheirCounts",
    "ExpectSuppressedCellsToBeAtMost",
    "ExpectSuppressedPeopleToBeAtMost",
    "ExpectTotalToStayNearPrevious",
    "ExpectValuesToBeEmptyExactlyWhereAnnotated",
    "ExpectWholePercentagesToAddUp",
    "NotComputedError",
    "TableRule",
]

Column = Annotated[str, Field(min_length=1)]
_DIGEST = re.compile("[0-9a-f]{64}")
Parameter = dict[str, str]  # a suite parameter, filled in when the suite is run


class ExpectCountsToExcludeSmallNumbers(TableRule):
    """Expect no shown count from ``lower`` to ``upper``, both included, and no text that is not a number (§4.4.1).

    Args:
        column: The count.
        lower: The smallest small number; 0 is shown under the guideline.
        upper: The largest small number.
    """

    column: Column
    lower: Annotated[int, Field(ge=0)]
    upper: Annotated[int, Field(ge=0)]
    success_keys: ClassVar[tuple[str, ...]] = ("column", "lower", "upper")
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("upper")
    def _upper_is_not_below(cls, upper: int, values: dict[str, Any]) -> int:  # noqa: N805
        if upper < values.get("lower", 0):
            raise ValueError("must not be less than `lower`")
        return upper

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.small_counts(frame, self.column, self.lower, self.upper)


class ExpectValuesToBeEmptyExactlyWhereAnnotated(TableRule):
    """Expect a value to be empty exactly where its annotation code is one of ``hidden_codes``; zeros are shown.

    Args:
        column: The measure.
        code_column: Its annotation codes.
        shown_codes: Codes beside a value that is shown; an empty cell is the empty text.
        hidden_codes: Codes beside a value that is empty. Any other code is a breach.
    """

    column: Column
    code_column: Column
    shown_codes: list[str]
    hidden_codes: list[str]
    success_keys: ClassVar[tuple[str, ...]] = ("column", "code_column", "shown_codes", "hidden_codes")
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("hidden_codes")
    def _codes_say_one_thing(cls, hidden_codes: list[str], values: dict[str, Any]) -> list[str]:  # noqa: N805
        both = sorted(set(hidden_codes) & set(values.get("shown_codes", ())))
        if both:
            raise ValueError(f"{', '.join(map(repr, both))} cannot be in `shown_codes` as well")
        return hidden_codes

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.not_as_annotated(frame, self.column, self.code_column, self.shown_codes, self.hidden_codes)


class ExpectAnnotationsToBeKnown(TableRule):
    """Expect every annotation code to be in the list, with the description that belongs to it.

    Args:
        code_column: The annotation codes.
        description_column: Their descriptions.
        annotations: The allowed pairs, each with ``code`` and ``description``; an empty cell is the empty text.
    """

    code_column: Column
    description_column: Column
    annotations: Annotated[list[dict[str, str]], Field(min_items=1)]
    success_keys: ClassVar[tuple[str, ...]] = ("code_column", "description_column", "annotations")

    @validator("annotations", each_item=True)
    def _is_a_pair(cls, pair: dict[str, str]) -> dict[str, str]:  # noqa: N805
        if set(pair) != {"code", "description"}:
            raise ValueError("needs both `code` and `description`")
        return pair

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.unknown_annotations(frame, self.code_column, self.description_column, self.annotations)


class ExpectStatisticsToBeEmptyWithTheirCounts(TableRule):
    """Expect events, rates and amounts to be empty where a count behind them is, and only there (§4.4.1 item 3).

    Args:
        column: The events, rate, percentage, mean or amount.
        counts: The counts it is computed from or derived from.
        code_column: Its annotation codes, where it has any.
        other_codes: Codes that explain an empty statistic beside shown counts, such as "no data available".
    """

    column: Column
    counts: Annotated[list[str], Field(min_items=1)]
    code_column: str | None = None
    other_codes: list[str] = Field(default_factory=list)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "counts", "code_column", "other_codes")
    figures: ClassVar[tuple[str, ...]] = ("column", "counts")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.not_empty_together(frame, self.column, self.counts, self.code_column, self.other_codes)


class ExpectIdentityToHold(TableRule):
    """Expect ``sum(coefficient * measure) = 0`` in every row that shows all its measures.

    Args:
        terms: Measure to coefficient: ``{"covid": 1, "flu": 1, "any": -1}``.
    """

    terms: dict[str, int]
    success_keys: ClassVar[tuple[str, ...]] = ("terms",)
    figures: ClassVar[tuple[str, ...]] = ("terms",)

    @validator("terms")
    def _relates_two(cls, terms: dict[str, int]) -> dict[str, int]:  # noqa: N805
        if len(terms) < 2 or not all(terms.values()):
            raise ValueError("needs two measures or more, none with the coefficient 0")
        return terms

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.broken_identity(frame, self.terms)


class ExpectPublishedMarginsToAddUp(TableRule):
    """Expect the parts of a dimension to add up to its published margins, and hidden parts to be possible and plural.

    Args:
        column: The measure.
        dimensions: Every dimension of the table.
        dimension: The one along which parts add up.
        hierarchies: Child to parent, one mapping for each hierarchy.
        total: The label of the total, where the table carries it.
        tolerated: Margins that do not add up in the source, coordinate by coordinate.
        rounding: How far one published figure may be from the true one; 0 for counts.
        code_column: The annotation codes of the measure.
        hidden_ranges: By code, the least and the greatest value that a hidden cell stands for; None is no limit.
    """

    column: Column
    dimensions: Annotated[list[str], Field(min_items=1)]
    dimension: str
    hierarchies: list[dict[str, str]] = Field(default_factory=list)
    total: str | None = None
    tolerated: list[dict[str, str]] = Field(default_factory=list)
    rounding: Annotated[float, Field(ge=0)] = 0.0
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
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("dimension")
    def _is_a_dimension(cls, dimension: str, values: dict[str, Any]) -> str:  # noqa: N805
        return _one_of_the_dimensions(dimension, values)

    @validator("hidden_ranges", each_item=True)
    def _is_a_range(cls, limits: list[float | None]) -> list[float | None]:  # noqa: N805
        if len(limits) != 2:
            raise ValueError("needs the least and the greatest value")
        low, high = limits
        if low is not None and high is not None and low > high:
            raise ValueError("needs the least value first")
        return limits

    @validator("tolerated", each_item=True)
    def _names_every_dimension(cls, coordinate: dict[str, str], values: dict[str, Any]) -> dict[str, str]:  # noqa: N805
        if set(coordinate) != set(values.get("dimensions", coordinate)):
            raise ValueError("needs a category of every dimension")
        return coordinate

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
    """Expect every whole to have the parts that §4.4.4 allows, which add up to 100 as far as rounding lets them.

    Args:
        column: The percentages.
        dimensions: Every dimension of the table; every combination of the others is one whole.
        dimension: The one whose categories are the parts.
        large: How many parts must at least show a percentage above zero.
        small: How many parts may at most show ``shown_below``.
        below: The percentage under which these are.
        shown_below: What they show, such as ``<1``.
        total: The label of the whole, where the table carries it.
    """

    column: Column
    dimensions: Annotated[list[str], Field(min_items=1)]
    dimension: str
    large: Annotated[int, Field(ge=0)]
    small: Annotated[int, Field(ge=0)]
    below: Annotated[int, Field(ge=0, le=100)]
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
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("dimension")
    def _is_a_dimension(cls, dimension: str, values: dict[str, Any]) -> str:  # noqa: N805
        return _one_of_the_dimensions(dimension, values)

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
    """Expect the rows, by their coordinates and in any order, whose digest was taken when they were assessed.

    Args:
        columns: The dimensions.
        sha256: The digest of their rows (`ddg_pipeline.quality.rows_digest`), or a suite parameter.
    """

    columns: Annotated[list[str], Field(min_items=1)]
    sha256: str | Parameter
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "sha256")

    @validator("sha256")
    def _is_a_digest(cls, sha256: str | dict[str, str]) -> str | dict[str, str]:  # noqa: N805
        if isinstance(sha256, str) and not _DIGEST.fullmatch(sha256):
            raise ValueError("needs 64 digits from 0 to f")
        return sha256

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return rules.other_rows(frame, self.columns, str(self.sha256))


class ExpectColumnsToReadAsDeclared(TableRule):
    """Expect categories and codes to be text, and figures to be plain numbers, as the portal's datastore holds them.

    A code that was read as a number has lost its leading zeros; a figure with a symbol, a thousands separator or an
    exponent is no number to the datastore.

    Args:
        types: ``text`` or ``numeric`` for each column.
    """

    types: dict[str, datastore.DatastoreType]
    success_keys: ClassVar[tuple[str, ...]] = ("types",)

    def figure_columns(self) -> set[str]:
        """Say which columns hold figures."""
        return {name for name, kind in self.types.items() if kind == "numeric"}

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return datastore.other_types(frame, self.types)


class ExpectNoDirectIdentifiers(TableRule):
    """Expect no column to identify people, by its name or by what stands in it (§3 Figure 1, §4.1).

    Every column of the table is looked at. The patterns are the rulebook's: names, social security and telephone
    numbers, addresses, e-mail, dates of a person's life and the like.

    Args:
        rulebook: A shipped rulebook, one in ``rulebooks/`` of the working directory, or a path to one.
        columns: What is known of a column, all of it optional: ``variable`` (of a dimension, its kind, as in a
            contract), ``nobody`` (labels that describe nobody, such as the total's), ``statistic`` (true for rates and
            amounts), ``passes`` (keys of the rulebook's identifiers that may stand in it, because they are public).
    """

    rulebook: Column
    columns: dict[str, dict[str, Any]] = Field(default_factory=dict)
    success_keys: ClassVar[tuple[str, ...]] = ("rulebook", "columns")

    @validator("columns", each_item=True)
    def _is_a_role(cls, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        identifiers.role_of(told)
        return told

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule."""
        return identifiers.direct_identifiers(frame, self.rulebook, self.columns)


class ExpectSuppressedCellsToBeAtMost(TableRule):
    """Expect at most a share of a measure's cells to be suppressed.

    Args:
        column: The measure.
        percent: The largest share, in percent of all rows.
        code_column: Its annotation codes, where it has any.
        other_codes: Codes of values that are empty for another reason, such as "no data available".
    """

    column: Column
    percent: Annotated[float, Field(ge=0, le=100)]
    code_column: str | None = None
    other_codes: list[str] = Field(default_factory=list)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "percent", "code_column", "other_codes")
    figures: ClassVar[tuple[str, ...]] = ("column",)

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say whether the table breaks the rule."""
        return shares.suppressed_cells(frame, self.column, self.percent, self.code_column, self.other_codes)


class ExpectSuppressedPeopleToBeAtMost(TableRule):
    """Expect at most a share of the people counted to stand in suppressed cells, as far as published totals tell.

    Args:
        column: The count.
        percent: The largest share, in percent of the totals that are shown.
        dimensions: Every dimension of the table.
        totals: For each dimension that adds up, the label of its total.
        hierarchies: For each dimension that has any, its hierarchies, child to parent.
    """

    column: Column
    percent: Annotated[float, Field(ge=0, le=100)]
    dimensions: Annotated[list[str], Field(min_items=1)]
    totals: dict[str, str]
    hierarchies: dict[str, list[dict[str, str]]] = Field(default_factory=dict)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "percent", "dimensions", "totals", "hierarchies")
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("totals", "hierarchies")
    def _are_dimensions(cls, named: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        return _all_dimensions(named, values)

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say whether the table breaks the rule."""
        return shares.suppressed_people(
            frame, self.column, self.percent, self.dimensions, self.totals, self.hierarchies
        )


class ExpectRowCountToStayNearPrevious(TableRule):
    """Expect about as many rows as the release before had.

    Args:
        previous: The CSV file of the release before, or a suite parameter; empty where there is none, which is no
            breach.
        percent: The largest change, in percent of the rows before.
        periods: Columns whose categories come and go, such as years; only rows of those that both have are counted.
    """

    previous: str | Parameter
    percent: Annotated[float, Field(ge=0)]
    periods: list[str] = Field(default_factory=list)
    success_keys: ClassVar[tuple[str, ...]] = ("previous", "percent", "periods")

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say whether the table breaks the rule."""
        return drift.changed_rows(frame, _path(self.previous), self.percent, self.periods)


class ExpectCategoriesToStayNearPrevious(TableRule):
    """Expect few categories that the release before did not have, and few that are gone.

    Args:
        column: The dimension.
        previous: The CSV file of the release before, or a suite parameter; empty where there is none, which is no
            breach.
        new: How many categories may be new; left out, any number.
        vanished: How many categories may be gone; left out, any number.
    """

    column: Column
    previous: str | Parameter
    new: int | None = Field(default=None, ge=0)
    vanished: int | None = Field(default=None, ge=0)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "previous", "new", "vanished")

    @root_validator(skip_on_failure=True)
    def _limits_something(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        if values.get("new") is None and values.get("vanished") is None:
            raise ValueError("needs `new`, `vanished` or both")
        return values

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say where the table breaks the rule: the rows of new categories, where they are too many."""
        return drift.changed_categories(frame, self.column, _path(self.previous), self.new, self.vanished)


class ExpectTotalToStayNearPrevious(TableRule):
    """Expect the published total of a measure to be near that of the release before.

    Only rows that both releases have and show are compared.

    Args:
        column: The measure.
        previous: The CSV file of the release before, or a suite parameter; empty where there is none, which is no
            breach.
        percent: The largest change, in percent of the total before.
        dimensions: Every dimension of the table.
        totals: For each dimension that has one, the label of its total.
    """

    column: Column
    previous: str | Parameter
    percent: Annotated[float, Field(ge=0)]
    dimensions: Annotated[list[str], Field(min_items=1)]
    totals: dict[str, str] = Field(default_factory=dict)
    success_keys: ClassVar[tuple[str, ...]] = ("column", "previous", "percent", "dimensions", "totals")
    figures: ClassVar[tuple[str, ...]] = ("column",)

    @validator("totals")
    def _are_dimensions(cls, named: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805
        return _all_dimensions(named, values)

    def breaches(self, frame: pd.DataFrame) -> rules.Breaches:
        """Say whether the table breaks the rule."""
        return drift.changed_total(frame, self.column, _path(self.previous), self.percent, self.dimensions, self.totals)


def _path(previous: str | dict[str, str]) -> str:
    if isinstance(previous, dict):
        raise TypeError("a suite parameter without its value")
    return previous


def _one_of_the_dimensions(dimension: str, values: dict[str, Any]) -> str:
    dimensions = values.get("dimensions", [dimension])
    if dimension not in dimensions:
        raise ValueError(f"must be one of `dimensions`: {', '.join(dimensions)}")
    return dimension


def _all_dimensions(named: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    dimensions = values.get("dimensions", list(named))
    unknown = [name for name in named if name not in dimensions]
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: must be of `dimensions`: {', '.join(dimensions)}")
    return named
