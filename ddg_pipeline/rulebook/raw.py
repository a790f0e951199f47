"""Rulebooks as plain data with the line of each entry: before they are typed, and while overlays change them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.format_version import RULEBOOK_FORMAT, without_format
from ddg_pipeline.strict_yaml import load_yaml_with_lines
from ddg_pipeline.validation_messages import mistakes

Path = tuple[str | int, ...]
_LONGEST = 80
_PATTERNS = {
    r"^[^.]+(\.[^.]+)*$": "the dotted path of an entry, such as thresholds.denominator",
    r"^[a-z0-9][a-z0-9.-]*$": "a name of lower-case letters, digits, dots and hyphens",
    r"^[A-Z][0-9][0-9A-Z.]+$": "a code such as F11.2: a capital letter, a digit, and more of them",
    r"^[a-z][a-z0-9_]*$": "a name of lower-case letters, digits and underscores, a letter first",
}
_KEYS = {
    "possible_values": "a whole number, or every",
    "section": "the section that says so, such as §4.4.1",
    "overrides": "each entry with what is otherwise: {thresholds.denominator: {value: …, source: …, reason: …}}",
    "value": "what stands there now",
    "source": "the document that says so, with its date",
    "reason": "why it is so",
    "title": "what people call the rulebook",
    "extends": "the name of the rulebook that this one changes, or a path to it that ends in .yaml",
}


@dataclass(frozen=True)
class Where:
    """The place and line of an entry."""

    place: str
    line: int

    def __str__(self) -> str:
        return f"{self.place}, line {self.line}"


@dataclass
class RawRulebook:
    """A rulebook as plain data.

    Attributes:
        place: What errors call the document.
        data: Its entries.
        where: Where each entry stands, by its path.
    """

    place: str
    data: dict[str, Any]
    where: dict[Path, Where]

    def error(self, path: Path, found: str, expected: str) -> InputError:
        """Make an error about an entry, or about the closest one above it that is there."""
        for length in range(len(path), -1, -1):
            where = self.where.get(path[:length])
            if where is not None:
                return InputError(str(where), dotted(path), found, expected)
        return InputError(self.place, dotted(path), found, expected)

    def errors(self, model: type[BaseModel], error: ValidationError) -> list[InputError]:
        """Put what a model found wrong into our words; each names the entry and its line."""
        found = mistakes(model, self.data, error, patterns=_PATTERNS, keys=_KEYS)
        return [self.error(one.path, one.found, one.expected) for one in found]


def read(text: str, place: str) -> RawRulebook:
    """Read a document; only its being YAML, a mapping, and of a format that is known, is checked.

    Raises:
        NewerFormatError: It is written in a newer format.
        InputErrors: It is neither.
    """
    data, lines = _parsed(text, place)
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputErrors([InputError(place, "the whole", "no mapping", "a mapping of the keys of a rulebook")])
    data = without_format(data, place, RULEBOOK_FORMAT)
    return RawRulebook(place, copy.deepcopy(data), {path: Where(place, line) for path, line in lines.items()})


@lru_cache(maxsize=16)
def _parsed(text: str, place: str) -> tuple[Any, dict[Path, int]]:
    return load_yaml_with_lines(text, place)


def dotted(path: Path) -> str:
    """Write a path as people do: ``scoring.events.bands.1``."""
    return ".".join(map(str, path)) or "the whole"


def shortened(value: object) -> str:
    """Quote a value in one line."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
