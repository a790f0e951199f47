"""What never stands in a release, and how to recognise it by its name and by what stands in a column (§3 Figure 1)."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.rulebook.bands import Cited, Entry, Text
from ddg_pipeline.rulebook.labels import normalised


def _compiles(regex: str) -> str:
    try:
        re.compile(regex)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return regex


Regex = Annotated[Text, AfterValidator(_compiles)]
Check = Literal["calendar_date", "high_age", "ip_address", "luhn", "vin"]


class Pattern(Entry):
    """How labels of a column look that identify a person.

    Attributes:
        looks_like: What they look like, in words that follow "looks like".
        regex: Found in the label; case matters, unless the expression says otherwise.
        whole: Whether the label must be nothing else. Only such a pattern is tried on labels that are all digits.
        check: A test that no regular expression can make, of the named groups: `calendar_date` (y, and m and d in
            either order, or mon for a month's name), `high_age` (age, over the highest single one), `ip_address` (ip),
            `luhn` (number, by its check digit), `vin` (vin, by its check digit).
        between: The least and the largest number of a named group.
        one_of: The list of the identifier that a named group has to be in; case makes no difference.
        least_words: The least number of words in the label.
        note: Why, where it is not plain.
        only_of: The variables that it is looked for in; empty for any column.
        not_of: Variables that may carry it.
        named: Words in the name of a column, of which one has to be there; empty for any name.
        not_named: Words in the name of a column that may carry it.
        least_share: The least share of the column's labels that have to look like it.
        least_labels: The least number of labels that have to look like it.
        statistics: Whether it is looked for among the numbers of a statistic, too.
        record_level: Whether it identifies only where a row is a person.
    """

    looks_like: Text
    regex: Regex
    whole: bool = False
    check: Check | None = None
    between: dict[Text, tuple[float, float]] = Field(default={})
    one_of: dict[Text, Text] = Field(default={})
    least_words: int = Field(default=1, ge=1)
    note: str = ""
    only_of: tuple[Variable, ...] = ()
    not_of: tuple[Variable, ...] = ()
    named: tuple[Text, ...] = ()
    not_named: tuple[Text, ...] = ()
    least_share: float = Field(default=0, ge=0, le=1)
    least_labels: int = Field(default=1, ge=1)
    statistics: bool = False
    record_level: bool = False

    @model_validator(mode="after")
    def _groups_are_there(self) -> Self:
        groups = set(self.compiled.groupindex)
        needed = {
            "calendar_date": {"y", "d"}, "high_age": {"age"}, "ip_address": {"ip"}, "luhn": {"number"}, "vin": {"vin"},
            None: set(),
        }[self.check]  # fmt: skip
        missing = sorted((needed | set(self.between) | set(self.one_of)) - groups)
        if missing:
            raise ValueError(f"regex: no group named {', '.join(missing)}")
        return self

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression, compiled."""
        return re.compile(self.regex)


class DirectIdentifier(Cited):
    """A kind of column that never stands in a release (§3 Figure 1).

    Attributes:
        description: What it is.
        columns: Whole column names.
        words: Words, or words in a row, in the name of a dimension.
        not_of: Variables that may carry such a column, because it then describes a service or a period, not a person.
        public_of_providers: Whether it may stand in data that is expressly public, such as a list of providers (§5.4).
        patterns: How its labels look; any of them will do.
        unless: An expression that makes a label harmless, however it looks.
        advice: What to do instead, where it is not to leave the column out.
        lists: Words that patterns refer to.
    """

    description: Text
    columns: tuple[Text, ...] = ()
    words: tuple[Text, ...] = ()
    not_of: tuple[Variable, ...] = ()
    public_of_providers: bool = False
    patterns: tuple[Pattern, ...] = ()
    unless: Regex | None = None
    advice: str = ""
    lists: dict[Text, tuple[Text, ...]] = Field(default={})

    @model_validator(mode="after")
    def _lists_are_there(self) -> Self:
        absent = sorted({name for pattern in self.patterns for name in pattern.one_of.values()} - set(self.lists))
        if absent:
            raise ValueError(f"patterns: no list named {', '.join(absent)}")
        return self

    @cached_property
    def harmless(self) -> re.Pattern[str] | None:
        """What makes a label harmless, compiled; None where nothing does."""
        return None if self.unless is None else re.compile(self.unless)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of columns and the words in them, in lower-case words."""
        return frozenset(normalised(text) for text in (*self.columns, *self.words))

    @cached_property
    def joined_names(self) -> frozenset[str]:
        """The same, written as one word each."""
        return frozenset(text.replace(" ", "") for text in self.names)

    @cached_property
    def listed(self) -> dict[str, frozenset[str]]:
        """The lists in lower case."""
        return {name: frozenset(word.casefold() for word in words) for name, words in self.lists.items()}


class RecordLevel(Cited):
    """When a table is taken for records: one row a person, instead of one row a group (§1).

    Attributes:
        least_rows: Fewer rows are never taken for records.
        share_of_ones: The share of rows that count one person, from which on they are.
        share_of_yes: Where several counts hold only 0 and 1: the share of rows with a 1 in any of them, from which
            on they are answers about one person.
        full_cross: The share of all combinations of categories, from which on rows are combinations, not people.
        share_of_distinct: The share of rows with a code of their own, from which on the code numbers the people.
        code: How the label of such a code looks.
        share_of_repeated: The share of rows that repeat another one's categories, from which on they are people.
        words_of_people: Words in the name of a column that is about a person, whatever the table is about.
        words_of_providers: Words in the name of a column that is about a provider.
    """

    least_rows: int = Field(ge=2)
    share_of_ones: float = Field(gt=0, le=1)
    share_of_yes: float = Field(gt=0, le=1)
    full_cross: float = Field(gt=0, le=1)
    share_of_distinct: float = Field(gt=0, le=1)
    code: Regex
    share_of_repeated: float = Field(gt=0, le=1)
    words_of_people: tuple[Text, ...] = Field(min_length=1)
    words_of_providers: tuple[Text, ...] = Field(min_length=1)

    @cached_property
    def compiled_code(self) -> re.Pattern[str]:
        """The expression for a code, compiled."""
        return re.compile(self.code)
