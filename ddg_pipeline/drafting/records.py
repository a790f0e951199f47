"""A table whose rows are people or events: how it becomes one of groups, with the number of people in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PEOPLE = "people"
YEAR = "year"


@dataclass(frozen=True)
class RecordPlan:
    """How records are counted.

    Attributes:
        categories: The columns whose combinations become rows, as they are.
        year_of: The column of dates whose year becomes the column ``year``; None where there is none, or the records
            have a year already.
        person: The column that tells one person from another; None where each row is counted as one.
    """

    categories: Sequence[str]
    year_of: str | None
    person: str | None

    @property
    def year(self) -> str:
        """The name of the column of years that is made."""
        return YEAR if YEAR not in self.categories else f"{YEAR}_of_{self.year_of}"
