"""Rulebooks as plain data with the line of each entry: before they are typed, and while overlays change them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.strict_yaml import load_yaml_with_lines

Path = tuple[str | int, ...]
_LONGEST = 80


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

    def errors(self, error: ValidationError) -> list[InputError]:
        """Put what a model found wrong into our words; each names the entry and its line."""
        found = []
        for detail in error.errors(include_url=False):
            path = (*detail["loc"], *detail.get("ctx", {}).get("at", ()))
            value = "nothing" if detail["type"] == "missing" else shortened(self._value(path, detail["input"]))
            found.append(self.error(path, value, detail["msg"].removeprefix("Value error, ")))
        return found

    def _value(self, path: Path, otherwise: object) -> object:
        value: object = self.data
        for part in path:
            listed = isinstance(value, list) and isinstance(part, int) and part < len(value)
            if not listed and not (isinstance(value, Mapping) and part in value):
                return otherwise
            value = value[part]  # type: ignore[index]
        return value


def read(text: str, place: str) -> RawRulebook:
    """Read a document; only its being YAML and a mapping is checked.

    Raises:
        InputErrors: It is neither.
    """
    data, lines = _parsed(text, place)
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputErrors([InputError(place, "the whole", "no mapping", "a mapping of the keys of a rulebook")])
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
