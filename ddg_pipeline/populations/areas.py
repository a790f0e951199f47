"""California's counties and the state, by name or code."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

from ddg_pipeline.populations import _tables
from ddg_pipeline.populations.size import KnownSize
from ddg_pipeline.rulebook.labels import normalised

_SOURCE = "census_2020"
_CODE = re.compile(r"(?:0?6)?(\d{3})")
_LIKE = 0.8  # of the letters
_IN_STATE = re.compile(r"^(?P<area>.+) (?:california|calif|ca)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COUNTY = re.compile(r"^(?:(?:city and )?county of (?P<after>.+)|(?P<before>.+) (?:county|co|cnty))$")


@dataclass(frozen=True)
class Area:
    """An area of known population.

    Attributes:
        name: Its name, without the word "County".
        fips: The three-digit code of a county; None for the state.
        size: How many people live in it.
    """

    name: str
    fips: str | None
    size: KnownSize


def area(label: str, column: str = "") -> Area | None:
    """Find the county or the state that a label means.

    Args:
        label: Such as ``Alameda``, ``ALAMEDA COUNTY``, ``County of Alameda, CA``, ``001``, ``06001``, ``6001`` or
            ``California``; not ``Alameda, CA``, which is how cities are written.
        column: The name of the column it stands in. Where that says that the column holds no counties (``city``), only
            labels with the word "County" are read as one. A code of three digits is one only where the column says
            that it holds counties.

    Returns:
        The area, or None where the label means neither.
    """
    text = normalised(label)
    names = _tables.settings().state
    if text in names.names or text in names.codes:
        return state()
    within = _IN_STATE.match(text)
    said = _COUNTY.match(within["area"] if within else text)
    if said:
        return _by_name().get(said["after"] or said["before"])
    if _holds_no_counties(column):
        return None
    code = _CODE.fullmatch(label.strip())
    if code is None:
        return _by_name().get(text)
    with_the_state = code[1] != code[0]
    return _by_code().get(code[1]) if with_the_state or not column or _holds_counties(column) else None


def county(label: str, column: str = "") -> Area | None:
    """Find the county that a label means; None where it means none, or the state."""
    found = area(label, column)
    return found if found is not None and found.fips is not None else None


def county_like(label: str) -> str | None:
    """Give the name of the county that a label may misspell; None where it is like none, or one."""
    near = difflib.get_close_matches(normalised(label), _by_name(), n=1, cutoff=_LIKE)
    found = _by_name()[near[0]] if near else None
    return found.name if found is not None and area(label) is None else None


@cache
def state() -> Area:
    """Give the state: the sum of its counties."""
    people = sum(row.people for row in _tables.counties())
    return Area("California", None, KnownSize("California", people, people, _tables.source(_SOURCE)))


def in_the_state(label: str) -> bool:
    """Say whether a label may mean a part of the state; the United States are none."""
    return normalised(label) not in _tables.settings().state.larger


@cache
def _by_code() -> dict[str, Area]:
    origin = _tables.source(_SOURCE)
    return {
        row.fips: Area(row.name, row.fips, KnownSize(row.name, row.people, row.people, origin))
        for row in _tables.counties()
    }


@cache
def _by_name() -> dict[str, Area]:
    return {normalised(area.name): area for area in _by_code().values()}


@cache
def _holds_no_counties(column: str) -> bool:
    settings = _tables.settings()
    words = _words(column)
    return any(word in settings.not_county_columns for word in words) or any(
        word.startswith(part) or word.endswith(part) for word in words for part in settings.not_county_parts
    )


@cache
def _holds_counties(column: str) -> bool:
    return any(part in word for word in _words(column) for part in _tables.settings().county_parts)


def _words(column: str) -> list[str]:
    """Split ``PatientCity`` and ``patient_city`` alike."""
    return normalised(_CAMEL.sub(" ", column)).split()
