"""A number of people, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a figure comes from.

    Attributes:
        title: The publication.
        year: The year the figure is of.
        definition: Who is counted.
    """

    title: str
    year: int
    definition: str


@dataclass(frozen=True)
class KnownSize:
    """How many people an area, a group or a program has, as far as its source tells.

    Attributes:
        label: What the shipped table calls it.
        at_least: The smallest number it can be.
        at_most: The largest; the same where the figure is known, None where there is no upper limit.
        source: Where it comes from.
    """

    label: str
    at_least: int
    at_most: int | None
    source: Source

    @property
    def people(self) -> int:
        """The figure to score by: of a range, the smallest, because fewer people are at more risk."""
        return self.at_least

    def __str__(self) -> str:
        if self.at_most is None:
            return f"{self.at_least:,} or more"
        return f"{self.at_least:,}" if self.at_least == self.at_most else f"{self.at_least:,} to {self.at_most:,}"
