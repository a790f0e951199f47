"""Step 1: nothing in a release may identify a person directly (§3 Figure 1, §4.1).

Direct identifiers are found by the name of a column, by what the contract says it is, and by its labels. All of them
are told together, before anything else is computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ddg_pipeline.assessment.identifier_content import ColumnLabels, labels_of, likeness, redacted, words_in
from ddg_pipeline.assessment.personal_characteristics import tells_about_people
from ddg_pipeline.assessment.record_level import record_level_reasons
from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.direct_identifiers import DirectIdentifier
from ddg_pipeline.rulebook.labels import normalised

_ITS_NUMBER = re.compile(r"(?<=[^\W\d_])\s?\d{1,2}\b")


@dataclass(frozen=True)
class Finding:
    """A column that identifies people, without a word of what stands in it.

    Attributes:
        column: The column.
        identifier: The rulebook's key for what it is.
        by: Whether its name says so, or its labels do.
        looks_like: What the name is taken for, or the labels look like.
        section: Where the guideline says so.
        labels: How many different labels look like it; 0 where the name says so.
        of_labels: How many different labels the column has; 0 where the name says so.
        first_row: The first row with such a label, counted from 1; None where the name says so.
        form: That label with every letter and digit made unreadable; None where the name says so.
    """

    column: str
    identifier: str
    by: Literal["name", "content"]
    looks_like: str
    section: str
    labels: int = 0
    of_labels: int = 0
    first_row: int | None = None
    form: str | None = None

    def describe(self) -> str:
        """Say it in a line: ``code (2 of 9 labels look like a telephone number, first in row 4: ###-####; DDG …)``."""
        if self.by == "name":
            return f"{self.column} ({self.looks_like}; {self.section})"
        look = "looks" if self.labels == 1 else "look"
        which = f"{self.labels:,} of {self.of_labels:,} labels"
        if self.labels == self.of_labels:
            which = "its only label" if self.labels == 1 else f"all {self.labels:,} labels"
        return (
            f"{self.column} ({which} {look} like {self.looks_like}, "
            f"first in row {self.first_row:,}: {self.form}; {self.section})"
        )


@dataclass(frozen=True)
class ColumnRole:
    """What is known of a column before it is searched for identifiers.

    Attributes:
        variable: Of a dimension, what the contract says of it; None for any other column.
        nobody: Labels that describe nobody, such as a total's.
        statistic: Whether it holds a figure that is no count, such as a rate.
        passes: Keys of the rulebook's identifiers that may stand in it, because they are public (§5.4).
    """

    variable: Variable | None = None
    nobody: tuple[str, ...] = ()
    statistic: bool = False
    passes: tuple[str, ...] = ()


def column_roles(contract: ReleaseContract, rulebook: Rulebook, columns: Iterable[str]) -> dict[str, ColumnRole]:
    """Say what a contract knows of columns that are to be searched for identifiers.

    What is expressly public of providers (their name, address, telephone) is let pass where the contract tells nothing
    about people (§5.4); where a contract about providers does, only in columns whose names say that they are a
    provider's. It never is in a column whose name says that it is a person's, and a social security number nowhere.

    Args:
        contract: The contract.
        rulebook: The edition.
        columns: The columns; those that the contract does not declare are any column.
    """
    found = {}
    for column in dict.fromkeys(columns):
        passes = tuple(
            key
            for key, identifier in rulebook.direct_identifiers.items()
            if identifier.public_of_providers and _is_public(column, identifier, contract, rulebook)
        )
        dimension, measure = contract.dimensions.get(column), contract.measures.get(column)
        if dimension is not None:
            nobody = (*dimension.unknown, *([dimension.total] if dimension.total else []))
            found[column] = ColumnRole(dimension.variable, nobody, passes=passes)
        else:
            statistic = measure is not None and measure.kind is not MeasureKind.COUNT
            found[column] = ColumnRole(statistic=statistic, passes=passes)
    return found


def find_direct_identifiers(frame: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook) -> list[Finding]:
    """Find every column that identifies people by its name, by what it is declared to be, or by its labels.

    Args:
        frame: The table, as given or bound, or as published. Columns may be text or typed; every one is looked at,
            declared or not.
        contract: Its contract; `column_roles` says what of it counts.
        rulebook: The edition, with the patterns.

    Returns:
        One finding for a column whose name says so; of any other, one for each kind of identifier that its labels look
        like. In the order of the columns.
    """
    return _find(frame, contract, rulebook, bool(record_level_reasons(frame, contract, rulebook)))


def _find(frame: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook, record_level: bool) -> list[Finding]:
    roles = column_roles(contract, rulebook, [*contract.columns, *map(str, frame.columns)])
    return find_identifiers_in_columns(frame, roles, rulebook, record_level=record_level)


def find_identifiers_in_columns(
    frame: pd.DataFrame, roles: Mapping[str, ColumnRole], rulebook: Rulebook, *, record_level: bool = False
) -> list[Finding]:
    """Find the columns that identify people, of a table that need not have a contract.

    Args:
        frame: The table.
        roles: What is known of its columns; of one that is missing here, nothing.
        rulebook: The edition, with the patterns.
        record_level: Whether a row is a person, so that patterns for records apply.

    Returns:
        As `find_direct_identifiers`.
    """
    found: list[Finding] = []
    for column in dict.fromkeys([*roles, *map(str, frame.columns)]):
        role = roles.get(column, ColumnRole())
        identifiers = {key: one for key, one in rulebook.direct_identifiers.items() if key not in role.passes}
        by_name = next((key for key, one in identifiers.items() if _names(column, one, role)), None)
        if by_name is not None:
            one = identifiers[by_name]
            found.append(Finding(column, by_name, "name", _in_a_sentence(one.description), rulebook.cite(one.section)))
        elif labels := _labels(column, frame, role, rulebook):
            found += _by_content(labels, identifiers, rulebook, record_level)
    return found


def refuse_direct_identifiers(frame: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook) -> None:
    """Refuse a table that identifies people, or whose rows are people.

    It may be called with a table as it comes, before it is bound to its contract.

    Args:
        frame: The table.
        contract: Its contract.
        rulebook: The edition.

    Raises:
        RefusedError: Naming every such column, what it is taken for and the guideline's section, and why the rows are
            taken for people; without any value.
    """
    frame = _with_distinct_names(frame)
    reasons = record_level_reasons(frame, contract, rulebook)
    found = _find(frame, contract, rulebook, bool(reasons))
    problems = []
    if found:
        problem = (
            f"a release must not carry direct identifiers: {', '.join(one.describe() for one in found)}. Leave the "
            "column out and aggregate over it; if it is something else, give it a name that says so"
        )
        if any(one.by == "content" for one in found):
            problem += ", or spell its labels so that they cannot be mistaken"
        advice = dict.fromkeys(rulebook.direct_identifiers[one.identifier].advice for one in found)
        problems.append(" ".join([f"{problem}.", *filter(None, advice)]))
    if reasons:
        limits = rulebook.record_level
        problems.append(
            f"the rows look like records, one a person, and not like a table of groups: {'; '.join(reasons)} "
            f"({rulebook.cite(limits.section)}: the guideline is for aggregate data). Aggregate them first: one row "
            "for every combination of categories, with the number of people in it."
        )
    if problems:
        raise RefusedError("\n".join(f"{contract.release}: {problem}" for problem in problems))


def _with_distinct_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Number the columns of one name: such a table cannot be bound, but it can hold anything."""
    names: list[str] = []
    for name in map(str, frame.columns):
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return frame.set_axis(names, axis=1)


def _is_public(column: str, identifier: DirectIdentifier, contract: ReleaseContract, rulebook: Rulebook) -> bool:
    """Say whether a column may hold what is public of providers (§5.4): it must not be a person's."""
    spellings = _spellings(column, identifier)
    if any(_is_of_a_person(words, identifier, rulebook) for words in spellings):
        return False
    if not tells_about_people(contract):
        return True
    return contract.subject == "providers" and any(
        _has_word(words, rulebook.record_level.words_of_providers) for words in spellings
    )


def _is_of_a_person(name: str, identifier: DirectIdentifier, rulebook: Rulebook) -> bool:
    listed = rulebook.record_level
    # a nursing home is no person's home
    words = normalised(name, without=listed.words_of_providers)
    if _has_word(words, listed.words_of_people):
        return True
    return any(
        word.startswith(person) and word.removeprefix(person).removeprefix("s") in identifier.joined_names
        for word in words.split()
        for person in map(normalised, listed.words_of_people)
    )


def _has_word(name: str, words: Iterable[str]) -> bool:
    said = f" {name} "
    return any(f" {word} " in said or f" {word}s " in said for word in map(normalised, words))


def _spellings(column: str, identifier: DirectIdentifier) -> set[str]:
    """Give a column's name in words: as it is, without its number, and as the words it was joined from."""
    name = words_in(column)
    names = {name, _ITS_NUMBER.sub("", name).strip() or name}
    joined = {text.replace(" ", "") for text in names}
    return names | {text for text in identifier.names if text.replace(" ", "") in joined}


def _names(column: str, identifier: DirectIdentifier, role: ColumnRole) -> bool:
    if role.variable is not None and role.variable in identifier.not_of:
        return False
    names = _spellings(column, identifier)
    if names & identifier.names:
        return True
    return role.variable is not None and any(
        f" {normalised(words)} " in f" {name} " for words in identifier.words for name in names
    )


def _in_a_sentence(description: str) -> str:
    """Begin with a small letter, unless the first word is an abbreviation such as ZIP."""
    return description if description[1:2].isupper() else description[:1].lower() + description[1:]


def _labels(column: str, frame: pd.DataFrame, role: ColumnRole, rulebook: Rulebook) -> ColumnLabels | None:
    """Collect what has to be looked at in a column; None where there is nothing."""
    if column not in frame.columns:
        return None
    values = frame[column]
    if role.variable is not None:
        nobody = {*role.nobody, *rulebook.unknown_labels.labels}
        return labels_of(values, role.variable, frozenset(label.casefold() for label in nobody))
    if role.statistic and _in_a_range(values, rulebook):
        return labels_of(values, None, frozenset(), numbers=True)
    if pd.api.types.is_numeric_dtype(values):
        return None
    texts = labels_of(values, None, frozenset())
    no_number = [not _is_number(text) for text in texts.texts]
    return ColumnLabels(
        column,
        None,
        [text for text, kept in zip(texts.texts, no_number, strict=True) if kept],
        [row for row, kept in zip(texts.rows, no_number, strict=True) if kept],
    )


def _in_a_range(values: pd.Series[float], rulebook: Rulebook) -> bool:
    """Say whether a statistic's numbers lie where a pattern looks for them; nothing else of them need be read."""
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    if numbers.empty:
        return False
    return any(
        float(numbers.between(low, high).mean()) >= pattern.least_share
        for identifier in rulebook.direct_identifiers.values()
        for pattern in identifier.patterns
        if pattern.statistics
        for low, high in pattern.between.values()
    )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def _by_content(
    labels: ColumnLabels, identifiers: dict[str, DirectIdentifier], rulebook: Rulebook, record_level: bool
) -> Iterator[Finding]:
    for key, identifier in identifiers.items():
        found = likeness(labels, identifier, rulebook, record_level)
        if found is not None:
            yield Finding(
                column=labels.name,
                identifier=key,
                by="content",
                looks_like=found.pattern.looks_like,
                section=rulebook.cite(identifier.section),
                labels=found.labels,
                of_labels=len(labels.texts),
                first_row=labels.rows[found.first],
                form=redacted(labels.texts[found.first]),
            )
