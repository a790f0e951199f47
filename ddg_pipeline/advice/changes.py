"""What can be done to one dimension of a table: merge some of its categories, or add it up and leave it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Merge:
    """Categories of one dimension joined into broader ones.

    Attributes:
        dimension: The dimension.
        members: Each category of the coarser dimension with the categories of the finer one that it consists of.
            Together they hold every category that stands for itself, once; one that stays is its own only member.
        period: What one category covers then, of a `time` variable.
        words: What people read: ``county by region``.
    """

    dimension: str
    members: Mapping[str, tuple[str, ...]] = field(hash=False)
    period: str | None = None
    words: str = ""

    @property
    def partition(self) -> frozenset[frozenset[str]]:
        """The members without their names, to recognise the same merge under other names."""
        return frozenset(frozenset(members) for members in self.members.values())


@dataclass(frozen=True)
class Drop:
    """One dimension added up and left out: fewer variables in one table (DDG 2.0 §4.4.2).

    Attributes:
        dimension: The dimension.
    """

    dimension: str

    @property
    def words(self) -> str:
        """What people read."""
        return f"without {self.dimension}"


Change = Merge | Drop


class NotPossibleError(Exception):
    """A change that this table does not allow; the message says why, without a figure."""
