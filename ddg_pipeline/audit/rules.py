"""The figures an audit needs from a rulebook: what is small, and how little may be inferred about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.model import WholePercentages


@dataclass(frozen=True)
class AuditRules:
    """What counts as small, what must stay open, and what a reader is told about hidden cells.

    Attributes:
        lower: The smallest count that is hidden as small; a zero is shown (DDG 2.0 §4.4.1).
        upper: The largest count that is hidden as small.
        possible_values: How many values a small count must be able to take. ``upper - lower + 1`` or more asks for
            every value from ``lower`` to ``upper``.
        literal_rules: Whether items 2 to 4 of §4.4.1 are checked to the letter.
        minimum_suppressed_per_row: How many suppressed cells a row with any must have (item 2).
        sum_below: A row whose suppressed cells sum to less needs one more (item 4).
        all_at_most: A row whose suppressed cells are all at most this needs one more (item 4).
        show_reason: Whether the published codes tell small from complementary.
        small_code: The annotation code of a small cell.
        complementary_code: The annotation code of a complementary cell.
        no_data_code: The annotation code of a cell for which there are no data.
        small_symbols: What stands for a small cell in tables for people.
        complementary_symbols: What stands for a complementary cell there.
        percentages: The form of whole percentages (§4.4.4); None where the edition has none.
    """

    lower: int
    upper: int
    possible_values: int
    literal_rules: bool
    minimum_suppressed_per_row: int
    sum_below: int
    all_at_most: int
    show_reason: bool
    small_code: str
    complementary_code: str
    no_data_code: str
    small_symbols: tuple[str, ...] = ()
    complementary_symbols: tuple[str, ...] = ()
    percentages: WholePercentages | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.lower <= self.upper:
            raise ValueError("lower and upper must be counts of people with 1 <= lower <= upper")
        if self.possible_values < 1:
            raise ValueError("possible_values must be 1 or more")

    @property
    def every_small_value(self) -> bool:
        """Whether a small count must be able to take every value from ``lower`` to ``upper``."""
        return self.possible_values >= self.upper - self.lower + 1

    @classmethod
    def from_rulebook(cls, rulebook: Rulebook, level: Literal["exact", "ddg", "full"], *, show_reason: bool) -> Self:
        """Take the figures of one level of protection from a rulebook.

        Args:
            rulebook: A rulebook as ``ddg_pipeline.rulebook`` loads it.
            level: ``exact``, ``ddg`` or ``full``.
            show_reason: As in the contract's ``suppression.show_reason``.
        """
        numerator, masking, codes = rulebook.thresholds.numerator, rulebook.masking, rulebook.annotations
        chosen = masking.levels[level]
        return cls(
            lower=numerator.lower,
            upper=numerator.upper,
            possible_values=chosen.possible_values,
            literal_rules=chosen.literal_rules,
            minimum_suppressed_per_row=masking.minimum_suppressed_per_row,
            sum_below=masking.one_more_where_sum_below,
            all_at_most=masking.one_more_where_all_at_most,
            show_reason=show_reason,
            small_code=codes.small.code,
            complementary_code=codes.complementary.code,
            no_data_code=codes.not_available.code,
            small_symbols=rulebook.symbols.small,
            complementary_symbols=rulebook.symbols.complementary,
            percentages=masking.whole_percentages,
        )
