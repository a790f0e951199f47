"""The figures that masking obeys, taken from a rulebook and a contract."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from ddg_pipeline.rulebook import Rulebook


@dataclass(frozen=True)
class MaskingRules:
    """What must be hidden, and how much a reader may still infer (DDG 2.0 §4.4.1).

    Attributes:
        lower: The smallest count that must be hidden; zeros below it are shown.
        upper: The largest count that must be hidden.
        possible_values: How many values every small cell must still be able to have, as far as a reader can tell.
        literal: Whether items 2 and 4 of §4.4.1 hold literally in every row and column.
        minimum_per_row: How many suppressions a row with any needs (item 2).
        all_at_most: One more suppression where all hidden values of a row are at most this (item 4).
        sum_below: One more suppression where the hidden values of a row sum to less than this (item 4).
        show_reason: Whether readers are told which hidden cells are small and which complementary.
    """

    lower: int
    upper: int
    possible_values: int
    literal: bool
    minimum_per_row: int
    all_at_most: int
    sum_below: int
    show_reason: bool

    @property
    def every_value(self) -> bool:
        """Whether a small cell must be able to have every value from ``lower`` to ``upper``."""
        return self.possible_values > self.upper - self.lower

    def enough(self, values: AbstractSet[int]) -> bool:
        """Say whether a small cell that can have these values is protected."""
        if self.every_value:
            return values >= set(range(self.lower, self.upper + 1))
        return len(values) >= self.possible_values

    @classmethod
    def of(cls, rulebook: Rulebook, level: Literal["exact", "ddg", "full"], show_reason: bool) -> MaskingRules:
        """Take the figures from the rulebook, at a level of protection."""
        masking = rulebook.masking
        return cls(
            lower=rulebook.thresholds.numerator.lower,
            upper=rulebook.thresholds.numerator.upper,
            possible_values=masking.levels[level].possible_values,
            literal=masking.levels[level].literal_rules,
            minimum_per_row=masking.minimum_suppressed_per_row,
            all_at_most=masking.one_more_where_all_at_most,
            sum_below=masking.one_more_where_sum_below,
            show_reason=show_reason,
        )
