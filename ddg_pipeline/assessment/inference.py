"""What the labels of a table tell, so that its contract need not: sizes of areas and groups, and lengths of periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ddg_pipeline.assessment.periods import longer, period_of, unreadable
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.contract import Variable
from ddg_pipeline.contract.columns import quoted
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.populations import KnownSize, area, county_like, group, program, too_large
from ddg_pipeline.rulebook import Rulebook

GEOGRAPHY = (Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY)
PROGRAMS = (Variable.INSURANCE_COVERAGE, Variable.EXPECTED_PAYER, Variable.MEANS_TESTED_PROGRAM)
_AREAS = "say how many people live in each area; only California's counties are known by name or code"
_LONGEST_UNREAD = "year"

Parts = Mapping[str, Sequence[str]]
"""Broader groups with the finest categories that each consists of."""


def known_size(variable: Variable, label: str, column: str, rulebook: Rulebook) -> KnownSize | None:
    """Look up how many people a label stands for; None where no shipped table has it.

    Args:
        variable: What the label says about people.
        label: An area, a group of people or a program.
        column: The name of the column it stands in, which tells cities from counties.
        rulebook: The edition, which says what in a label does not change its meaning.
    """
    if variable in GEOGRAPHY:
        found = area(label, column)
        return found.size if found else None
    if variable in PROGRAMS:
        return program(variable, label)
    table = rulebook.scoring.category_table(variable)
    return group(variable, label, table.ignore if table else ())


def believed_size(variable: Variable, label: str, declared: int, column: str, rulebook: Rulebook) -> int:
    """Take the known size where the declared one is larger: fewer people are at more risk.

    Who is in a group is a matter of definition: there a somewhat larger figure is believed, for the expert to confirm.

    Args:
        variable: What the label says about people.
        label: An area, a group of people or a program.
        declared: How many people the contract says it has.
        column: The name of the column it stands in.
        rulebook: The edition.
    """
    known = known_size(variable, label, column, rulebook)
    if known is None or known.at_most is None or declared <= known.at_most:
        return declared
    of_definite_size = variable in (*GEOGRAPHY, *PROGRAMS)
    return known.people if of_definite_size or too_large(declared, known) else declared


def infer_sizes(
    variable: Variable,
    labels: Sequence[str],
    field: str,
    column: str,
    place: str,
    rulebook: Rulebook,
    notes: list[Note],
    parts: Parts | None = None,
) -> dict[str, int] | None:
    """Find how many people each category stands for, where the contract does not say.

    Args:
        variable: What the categories say about people.
        labels: The categories.
        field: The contract's key for the sizes.
        column: The name of the column.
        place: What errors call the table.
        rulebook: The edition.
        notes: Takes what was inferred, and from what.
        parts: What the groups among the labels consist of: a region is as large as its counties together.

    Returns:
        Label to people; None where no label is known. Of a variable that is scored by the names of its categories, only
        those in more detail than the guideline's own, as far as they are known; of all others every label.

    Raises:
        InputErrors: Some labels are known and some are not, and all of them have to be.
    """

    def look_up(label: str) -> KnownSize | None:
        return known_size(variable, label, column, rulebook)

    table = rulebook.scoring.category_table(variable)
    if table is not None:
        labels = [label for label in labels if table.level(label) is None]  # the others are scored by their names
    known: dict[str, int] = {}
    words: dict[str, str] = {}
    sources: dict[str, None] = {}
    for label in labels:
        found = _sizes_of(label, look_up, (parts or {}).get(label, ()))
        if found:
            known[label] = sum(size.people for size in found)
            words[label] = str(found[0]) if len(found) == 1 else f"{known[label]:,}"
            sources.update(dict.fromkeys(size.source.title for size in found))
    if not known:
        return None
    missing = [label for label in labels if label not in known]
    if missing and _scored_by_size(variable, rulebook):
        raise InputErrors(
            [InputError(place, field, f"nothing, and no known size for {quoted(missing)}", _mend(variable, missing))]
        )
    smallest = min(known, key=lambda label: known[label])
    notes.append(
        Note(
            field,
            f"No size is declared for {column}: {_how_many(known, labels)} taken from {'; '.join(sources)}. The "
            f"smallest is {smallest}, with {words[smallest]} people.",
        )
    )
    return known


def _sizes_of(label: str, look_up: Callable[[str], KnownSize | None], parts: Sequence[str]) -> list[KnownSize]:
    """Look a label up; a group that is not known as such is the sum of its parts, if all of them are known."""
    whole = look_up(label)
    if whole is not None:
        return [whole]
    found = [look_up(part) for part in parts]
    return [] if None in found else [size for size in found if size is not None]


def _scored_by_size(variable: Variable, rulebook: Rulebook) -> bool:
    """Say whether every category needs a size; where an edition has no table of sizes, none does."""
    return rulebook.scoring.category_table(variable) is None and rulebook.scoring.size_table(variable) is not None


def _mend(variable: Variable, missing: Sequence[str]) -> str:
    if variable in GEOGRAPHY:
        meant = [(label, county_like(label)) for label in missing]
        spelled = ", ".join(f"{label!r} as {name!r}" for label, name in meant if name is not None)
        return f"spell {spelled}, or {_AREAS}" if spelled else _AREAS
    if variable in PROGRAMS:
        return "say how many people are in each; the programs and payers that the guideline sizes are known by name"
    return "say how many people statewide are in each group"


def _how_many(known: Mapping[str, int], labels: Sequence[str]) -> str:
    if len(known) == 1:
        return f"that of {next(iter(known))} is"
    return f"those of {'all' if len(known) == len(labels) else 'some'} categories ({len(known)}) are"


def infer_period(labels: Sequence[str], declared: str | None, key: str, place: str, notes: list[Note]) -> str:
    """Find how long one period of a time variable is.

    Args:
        labels: Its categories, without totals and labels for "not known".
        declared: What the contract says.
        key: The contract's key for the variable.
        place: What errors call the table.
        notes: Takes what was read from the labels.

    Returns:
        The period, in the contract's words. A declared one is believed where the labels do not contradict it; several
        years together, which lower the score, only where the labels say so too: else it counts as one year.

    Raises:
        InputErrors: It is neither declared nor to be read from the labels, or the labels contradict it.
    """
    field, period = f"{key}.period", period_of(labels)
    if declared is not None:
        if period is not None and not period.fits(declared):
            raise _contradicted(declared, labels, period.word, place, field)
        if period is None and labels:
            return _not_read(declared, labels, place, field, notes)
        return declared
    if period is None:
        odd = unreadable(labels)
        found = f"nothing, and {quoted(odd)} {'is' if len(odd) == 1 else 'are'} no period" if odd else "nothing"
        if labels and not odd:
            found = f"nothing, and some of {quoted(labels)} read like the same time"
        expected = (
            "say what one period covers, such as year, or write labels such as 2024, 2022-23, 2024 Q1 or Jan 2024; a "
            f"label for all periods belongs under {key}.total, one for 'not known' under {key}.unknown"
        )
        raise InputErrors([InputError(place, field, found, expected)])
    others = [word for word in period.readings if word != period.word]
    doubt = f"; it could also be {' or '.join(others)}, but the shortest holds unless declared" if others else ""
    notes.append(Note(field, f"One period is read from labels such as {labels[0]} as {period.word}{doubt}."))
    return period.word


def _not_read(declared: str, labels: Sequence[str], place: str, field: str, notes: list[Note]) -> str:
    """Believe a declared period without support in the labels, but not that it is several years long."""
    odd = set(unreadable(labels))
    read = period_of([label for label in labels if label not in odd])
    if read is not None and all(longer(declared, word) for word in read.readings):
        raise _contradicted(declared, [label for label in labels if label not in odd], read.word, place, field)
    if not longer(declared, _LONGEST_UNREAD):
        return declared
    why = f"{quoted(sorted(odd))} cannot be read" if odd else f"some of {quoted(labels)} read like the same time"
    notes.append(
        Note(
            field,
            f"{declared} is declared, but the labels do not say so: {why}. It counts as one {_LONGEST_UNREAD}, because "
            "a period of several years lowers the score; labels such as 2019-2023 would show it.",
        )
    )
    return _LONGEST_UNREAD


def _contradicted(declared: str, labels: Sequence[str], word: str, place: str, field: str) -> InputErrors:
    found = f"{declared}, but {quoted(labels)} read like {word}"
    return InputErrors([InputError(place, field, found, f"{word}, or labels that say what they cover")])
