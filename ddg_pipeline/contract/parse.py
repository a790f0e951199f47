"""From plain mappings to a validated contract, with errors that teach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import EMAIL_PATTERN, PERIOD_PATTERN, TAG_PATTERN, URL_PATTERN
from ddg_pipeline.contract.strict import NAME_PATTERN, PORTAL_NAME_PATTERN
from ddg_pipeline.contract.variables import OTHER_WAYS, OTHER_WORDS
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.format_version import CONTRACT_FORMAT, without_format
from ddg_pipeline.validation_messages import KeyPath, Mistake, mistakes, shown, value_at

_PATTERNS = {
    NAME_PATTERN: "a name of lower-case letters, digits and underscores, a letter first, 63 at most",
    PORTAL_NAME_PATTERN: "a name of 2 to 100 lower-case letters, digits, hyphens and underscores, no mark first",
    URL_PATTERN: "an address that begins with https:// or http://, without a name and password in it",
    EMAIL_PATTERN: "an e-mail address, such as opendata@dept.example",
    TAG_PATTERN: "2 to 100 letters, digits, spaces, hyphens, underscores and dots, no space first or last",
    PERIOD_PATTERN: "a year, month or day, or two of them: '2024', 2020 to 2024, 2023-07 to 2024-06",
}
_POSITION = re.compile(r"\[(\d+)\]")
_SIZE = "a number of people, {category: number, …}, {table: …, key: …, value: …}, or the name of a column of the table"
_KEYS = {
    "population": _SIZE,
    "members": _SIZE,
    "enrollment": _SIZE,
    "hierarchy": "{table: …, child: …, parent: …}, {tree: {group: [category, …]}}, or a list of these",
    "tree": "each group with the list of its categories: {group: [category, …]}",
    "identities": "a list of relations between measures, such as ['covid + pneumonia - both = any']",
    "scope": "a list of what holds for every row, such as [{variable: time, period: year}]",
    "dimensions": "each classifying column with what it says about a person: {column: {variable: …}}",
    "measures": "each column of figures with what they are: {column: {kind: …}}",
    "links": "a list of the names of other releases",
    "already_released": "a list of the names of other releases",
    "unrelated": "the names of other releases, each with the reason: {release: reason}",
    "prefer": "for each dimension a list of categories: {dimension: [category, …]}",
    "keep": "a list of cells by their categories, such as [{county: Alameda}]",
    "hide": "a list of cells by their categories, such as [{county: Alameda}]",
    "address": "street, rural, frontier or hospital, or one of them for each category: {category: street, …}",
    "per": "a whole number, 1 or more, such as 100000",
    "related_resources": "a list of addresses, or of {title: …, url: …}",
}


def parse_contract(raw: object, place: str, *, kept: bool = False) -> ReleaseContract:
    """Validate a contract given as plain mappings.

    Args:
        raw: The contract, as YAML or a dbt manifest gives it.
        place: The file, and for dbt the model, that errors should name.
        kept: Whether the plugin wrote it, and not a person.

    Raises:
        NewerFormatError: It is written in a newer format.
        InputErrors: One error for every key that is wrong, each naming place, key, what was found and what is allowed.
    """
    if not isinstance(raw, Mapping):
        expected = "a mapping of the keys of a release contract; a contract comes before its table"
        raise InputErrors([InputError(place, "the whole", _kind(raw), expected)])
    if "reporting_period" in raw and not kept:  # the plugin's own: who wrote it meant the other
        expected = "write `reporting_periods` (docs/how-to/periods.md)"
        raise InputErrors([InputError(place, "reporting_period", shown(raw["reporting_period"]), expected)])
    raw = without_format(raw, place, CONTRACT_FORMAT)
    try:
        return ReleaseContract.model_validate(raw)
    except ValidationError as error:
        found = mistakes(
            ReleaseContract,
            raw,
            error,
            patterns=_PATTERNS,
            keys=_KEYS,
            other_words=OTHER_WORDS,
            other_ways=OTHER_WAYS,
        )
        raise InputErrors([told for mistake in found for told in _told(mistake, raw, place)]) from None


def _told(mistake: Mistake, raw: Mapping[object, object], place: str) -> Iterator[InputError]:
    """Tell a mistake; what the contract as a whole contradicts, at the key that each line of it names."""
    if mistake.path or mistake.kind != "value_error":
        yield InputError(place, _dotted(mistake.path), mistake.found, mistake.expected)
        return
    lines = [line.partition(": ")[::2] for line in mistake.expected.split("\n")]
    for field, expected in lines:
        if any(other.startswith(f"{field}.") for other, _ in lines):
            continue  # follows from what is wrong inside it
        there, value = value_at(raw, tuple(_POSITION.sub(r".\1", field).split(".")))
        yield InputError(place, field, shown(value) if there else "what contradicts the rest", expected)


def _dotted(path: KeyPath) -> str:
    """Write a path as everywhere: ``dimensions.county.hierarchy[0].table``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".") or "the whole"


def _kind(value: object) -> str:
    kinds: dict[type[object], str] = {str: "text that is no mapping", list: "a list"}
    return "nothing" if value is None else kinds.get(type(value), f"a {type(value).__name__}")
