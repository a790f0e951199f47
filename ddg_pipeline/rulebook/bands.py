"""Scoring tables as contiguous bands of whole numbers."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Text = Annotated[str, Field(min_length=1)]


def wrong(message: str, *at: str | int) -> PydanticCustomError:
    """Make an error about a part of an entry, for its validator to raise.

    Args:
        message: What is wrong.
        at: The path from the entry to the part, so that the error can name its line.
    """
    return PydanticCustomError("rulebook", "{message}", {"message": message, "at": at})


class Entry(BaseModel):
    """Base of everything in a rulebook: nothing unknown, nothing changed after loading, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Cited(Entry):
    """An entry that names its source.

    Attributes:
        section: Where the guideline says so, such as "§4.4.1".
        note: Which reading was taken, where the guideline leaves a choice.
    """

    section: Text
    note: str = ""


class Band(Entry):
    """One line of a scoring table.

    Attributes:
        category: The guideline's words for it.
        score: What it adds to the publication score.
        lower: The smallest whole number in it.
        upper: The largest whole number in it; None where it is open.
    """

    category: Text
    score: int
    lower: int = Field(ge=0)
    upper: int | None = Field(default=None, ge=0)

    def __contains__(self, number: int) -> bool:
        return self.lower <= number and (self.upper is None or number <= self.upper)


class BandTable(Cited):
    """A scoring table over whole numbers, from its first band's lower end upwards without gap or overlap.

    Attributes:
        unit: What the numbers count.
        bands: The lines, from small to large.
    """

    unit: Text
    bands: tuple[Band, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _contiguous(self) -> Self:
        for number, band in enumerate(self.bands):
            if band.upper is not None and band.upper < band.lower:
                found = f"band {band.category!r} ends at {band.upper}, before it begins at {band.lower}"
                raise wrong(found, "bands", number)
        for number, (before, after) in enumerate(zip(self.bands, self.bands[1:], strict=False)):
            if before.upper is None:
                found = f"band {before.category!r} has no upper end, but {after.category!r} follows it"
                raise wrong(found, "bands", number)
            if after.lower <= before.upper:
                found = f"bands {before.category!r} and {after.category!r} overlap at {after.lower}"
                raise wrong(found, "bands", number + 1)
            if after.lower > before.upper + 1:
                found = f"a gap at {before.upper + 1}, between {before.category!r} and {after.category!r}"
                raise wrong(found, "bands", number + 1)
        if self.bands[-1].upper is not None:
            found = f"nothing holds above {self.bands[-1].upper}: leave `upper` out of the last band"
            raise wrong(found, "bands", len(self.bands) - 1)
        return self

    def band(self, number: int) -> Band:
        """Find the band of a number; what is finer than the table lists falls into its first band.

        Raises:
            ValueError: The number is negative.
        """
        if number < 0:
            raise ValueError(f"{self.unit} cannot be fewer than 0")
        number = max(number, self.bands[0].lower)
        return next(band for band in self.bands if number in band)

    @property
    def highest(self) -> Band:
        """The band with the highest score."""
        return max(self.bands, key=lambda band: band.score)
