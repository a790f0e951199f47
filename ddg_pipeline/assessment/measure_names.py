"""Counts that stand side by side, but are the categories of one variable: ``males`` and ``females``.

Such a table is one with a further dimension, written broad: everything is told that a column for sex would tell. It is
scored like it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ddg_pipeline.assessment.age_bands import parse_age_band
from ddg_pipeline.assessment.conditions import condition_in
from ddg_pipeline.assessment.inference import known_size
from ddg_pipeline.assessment.periods import unreadable
from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.populations import county
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_SAYS_NOTHING = frozenset({
    "yes", "no", "y", "n", "true", "false", "0", "1", "other", "others", "all other", "all others", "multiple", "mixed",
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_AT_LEAST = 2
_LONGEST = 6  # words of a category: black or african american alone

_Reader = Callable[[str], str | None]


@dataclass(frozen=True)
class CategoryMeasures:
    """Counts whose names are categories of one variable.

    Attributes:
        variable: What they are categories of.
        labels: By measure, its category as a label would spell it.
    """

    variable: Variable
    labels: dict[str, str]


def category_measures(contract: ReleaseContract, rulebook: Rulebook) -> list[CategoryMeasures]:
    """Find the counts that are categories of one variable, by their names.

    Two or more are, where their names differ in a category of that variable alone: ``male_cases`` and ``female_cases``,
    ``age_0_17`` and ``age_18_64``, ``flu`` and ``covid``; but neither ``cases`` and ``deaths`` nor ``tests`` and
    ``positives``.
    """
    names = [name for name, measure in contract.measures.items() if measure.kind is MeasureKind.COUNT]
    found: list[CategoryMeasures] = []
    for variable, read in _readers(rulebook):
        taken = {name for one in found for name in one.labels}
        by_rest: dict[str, dict[str, str]] = {}
        for name in names:
            split = None if name in taken else _split(name, read)
            if split is not None:
                label, rest = split
                by_rest.setdefault(rest, {})[name] = label
        found += [
            CategoryMeasures(variable, labels) for labels in by_rest.values() if len(set(labels.values())) >= _AT_LEAST
        ]
    return found


def _readers(rulebook: Rulebook) -> Iterator[tuple[Variable, _Reader]]:
    """Give the variables whose categories can be told from names, those with the clearest words first."""

    def of_table(variable: Variable) -> _Reader:
        table = rulebook.scoring.category_table(variable)

        def read(text: str) -> str | None:
            if table is None or text in _SAYS_NOTHING:
                return None
            spellings = (text, text.removesuffix("s"), text.replace(" ", "-"))
            return next((one for one in spellings if table.level(one) is not None), None)

        return read

    for table in rulebook.scoring.categories.values():
        yield table.variables[0], of_table(table.variables[0])
    yield Variable.AGE, _age
    yield Variable.TIME, _time
    yield Variable.RESIDENCE_GEOGRAPHY, _county

    def program(text: str) -> str | None:
        known = known_size(Variable.EXPECTED_PAYER, text, "", rulebook)
        return known.label if known is not None else None

    yield Variable.EXPECTED_PAYER, program
    yield Variable.OTHER, _condition


def _age(text: str) -> str | None:
    """Read an age band from words: 0 17, 18 to 64, 65 plus, under 5; a bare number is no band."""
    spelled = re.sub(r"^(\d{1,3}) (\d{1,3})\b", r"\1-\2", text.removeprefix("age ").removeprefix("ages "))
    spelled = re.sub(r"^(\d{1,3}) ?(?:over|older|up)$", r"\1 and over", re.sub(r"^(?:lt|u) ?(?=\d)", "under ", spelled))
    return spelled if not spelled.isdigit() and parse_age_band(spelled) is not None else None


def _time(text: str) -> str | None:
    """Read a year, quarter or month; a shorter number is none, nor is a word."""
    numbers_only = text.replace(" ", "").isdigit()
    return None if unreadable([text]) or (numbers_only and not re.match(r"(?:19|20)\d\d\b", text)) else text


def _county(text: str) -> str | None:
    found = county(text) if text.replace(" ", "").isalpha() else None
    return None if found is None else found.name


def _condition(text: str) -> str | None:
    found = condition_in(text)
    return text if found is not None and found[0] == text else None


def _split(name: str, read: _Reader) -> tuple[str, str] | None:
    """Split a name into a category, the longest it has, and the rest."""
    words = normalised(_CAMEL.sub(" ", name).replace("+", " plus ").replace("<", " under ")).split()
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for begin in range(len(words) - length + 1):
            label = read(" ".join(words[begin : begin + length]))
            if label is not None:
                rest = [*words[:begin], *words[begin + length :]]
                return label, " ".join(word for word in rest if word not in ("age", "ages", "aged"))
    return None
