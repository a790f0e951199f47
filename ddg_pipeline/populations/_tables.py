"""Read the shipped tables once, and check them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.populations.size import KnownSize, Source
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.strict_yaml import load_yaml

_FOLDER = resources.files(__package__)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Source(_Entry):
    title: str = Field(min_length=1)
    year: int
    definition: str = Field(min_length=1)


class Tolerance(_Entry):
    """How far a declared size may be from a known one."""

    factor: float = Field(gt=1)
    state: float = Field(ge=1)


class StateNames(_Entry):
    """What the state, and what it is a part of, are called."""

    names: tuple[str, ...]
    codes: tuple[str, ...]
    larger: tuple[str, ...]


class Settings(_Entry):
    """The file ``sources.yaml``."""

    sources: dict[str, _Source]
    tolerance: Tolerance
    not_county_columns: tuple[str, ...]
    not_county_parts: tuple[str, ...]
    county_parts: tuple[str, ...]
    state: StateNames


class CountyRow(_Entry):
    """A line of ``counties.csv``."""

    fips: str = Field(pattern=r"^\d{3}$")
    name: str = Field(min_length=1)
    people: int = Field(gt=0)


class SizeRow(_Entry):
    """A line of ``groups.csv`` or ``programs.csv``."""

    variables: tuple[Variable, ...] = Field(min_length=1)
    label: str = Field(min_length=1)
    also: tuple[str, ...]
    at_least: int = Field(gt=0)
    at_most: int | None
    source: str

    @model_validator(mode="after")
    def _in_order(self) -> SizeRow:
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"{self.label}: at_most is less than at_least")
        return self


@cache
def settings() -> Settings:
    """Read ``sources.yaml``."""
    text = (_FOLDER / "sources.yaml").read_text(encoding="utf-8")
    return Settings.model_validate(load_yaml(text, "populations/sources.yaml"))


def source(key: str) -> Source:
    """Give a source by its key."""
    found = settings().sources[key]
    return Source(found.title, found.year, found.definition)


@cache
def counties() -> tuple[CountyRow, ...]:
    """Read ``counties.csv``."""
    return tuple(CountyRow.model_validate(row) for row in _rows("counties.csv"))


@cache
def sizes(name: str) -> dict[tuple[Variable, str], KnownSize]:
    """Read ``groups.csv`` or ``programs.csv``: variable and normalised label to size.

    Raises:
        ValueError: A spelling stands twice under one variable.
    """
    found: dict[tuple[Variable, str], KnownSize] = {}
    for raw in _rows(name):
        row = SizeRow.model_validate(
            {
                **raw,
                "variables": _several(raw["variables"]),
                "also": _several(raw["also"]),
                "at_most": raw["at_most"] or None,
            }
        )
        size = KnownSize(row.label, row.at_least, row.at_most, source(row.source))
        for variable in row.variables:
            for spelling in dict.fromkeys(normalised(text) for text in (row.label, *row.also)):
                if (variable, spelling) in found:
                    raise ValueError(f"{name}: {spelling!r} stands twice under {variable}")
                found[variable, spelling] = size
    return found


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((_FOLDER / name).read_text(encoding="utf-8").splitlines())


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)
