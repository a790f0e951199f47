"""How one portal calls what: a mapping, as data.

A mapping is a YAML file. Its ``entry`` is what the portal takes, with ``$name`` where a value goes (`values`); what
nobody told is left out, and so is a part of which nothing is left. ``extras`` are CKAN's further fields. ``required``
names values without which nothing is published, ``expected`` those that the portal wants to see.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ddg_pipeline.contract.portal_metadata import OF_ONE_RELEASE
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.publishing.metadata.value_names import VALUE_NAMES
from ddg_pipeline.strict_yaml import load_yaml
from ddg_pipeline.validation_messages import mistakes

_FOLDER, _SUFFIX, _SIGN = "mappings", ".yaml", "$"
_NOTHING = object()


class PortalMapping(BaseModel):
    """A mapping, checked.

    Attributes:
        name: Its name; that of its file.
        kind: What it makes: CKAN's ``package_create``, or a dataset entry of Project Open Data 1.1.
        required: Names of values without which there is no entry.
        expected: Names of values that the portal wants to see.
        entry: What the portal takes.
        extras: CKAN's further fields, in the order in which they are shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kind: Literal["ckan", "project_open_data"]
    required: list[str] = []
    expected: list[str] = []
    entry: dict[str, Any] = Field(min_length=1)
    extras: dict[str, str] = {}

    def fill_in(self, values: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Fill in the entry; extras come as CKAN takes them, with a department's further fields behind them.

        Args:
            values: As `metadata_values` gives them.
            place: What errors call the release.

        Raises:
            InputErrors: A required value is missing.
        """
        missing = [name for name in self.required if _empty(values[name])]
        if missing:
            raise InputErrors([_lacking(place, name, self.name) for name in missing])
        filled = _filled(self.entry, values)
        entry: dict[str, Any] = {} if filled is _NOTHING else filled
        if self.kind != "ckan":
            return entry
        shown = {key: _as_text(_filled(template, values)) for key, template in self.extras.items()}
        shown |= values["other"]
        entry["extras"] = [{"key": key, "value": text} for key, text in shown.items() if text]
        return entry


def shipped_mappings() -> list[str]:
    """Name the mappings that come with the package."""
    found = (entry.name for entry in files(__package__).joinpath(_FOLDER).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


def load_mapping(name: str, directory: Path | None = None) -> PortalMapping:
    """Load a mapping.

    Args:
        name: A shipped one's name, or the path of a file that ends in ``.yaml``.
        directory: Where relative paths begin; by default the working directory.

    Raises:
        InputErrors: There is none of that name, or the file is no mapping.
    """
    if not name.endswith(_SUFFIX):
        if name not in shipped_mappings():
            expected = f"one of {', '.join(shipped_mappings())}, or the path of a file that ends in {_SUFFIX}"
            raise InputErrors([InputError("portal mapping", "name", repr(name), expected)])
        return _shipped(name)
    path = (directory or Path()) / name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputErrors([InputError(str(path), "file", "bytes that are not UTF-8", "save it as UTF-8")]) from None
    except OSError as error:
        found = error.strerror or "not readable"
        raise InputErrors([InputError(str(path), "file", found, "a mapping of fields")]) from None
    return parse_mapping(text, str(path))


def parse_mapping(text: str, place: str) -> PortalMapping:
    """Read and check a mapping.

    Args:
        text: The YAML document.
        place: What errors call it.

    Raises:
        InputErrors: With every problem found.
    """
    raw = load_yaml(text, place)
    if not isinstance(raw, Mapping):
        raise InputErrors([InputError(place, "the whole", "no mapping", "the keys name, kind and entry at least")])
    try:
        mapping = PortalMapping.model_validate(dict(raw))
    except ValidationError as error:
        told = mistakes(PortalMapping, raw, error)
        raise InputErrors([InputError(place, one.field, one.found, one.expected) for one in told]) from None
    errors = [*_unknown_names(mapping, place)]
    if mapping.kind != "ckan" and mapping.extras:
        errors.append(InputError(place, "extras", "fields of CKAN", "leave them out, or write `kind: ckan`"))
    if errors:
        raise InputErrors(errors)
    return mapping


def missing_fields(mapping: PortalMapping, values: Mapping[str, Any]) -> list[str]:
    """Name the values that a portal requires or expects, and that nobody told."""
    wanted = dict.fromkeys([*mapping.required, *mapping.expected])
    return [name for name in wanted if _empty(values[name])]


@cache
def _shipped(name: str) -> PortalMapping:
    file = files(__package__).joinpath(_FOLDER, f"{name}{_SUFFIX}")
    return parse_mapping(file.read_text(encoding="utf-8"), f"{name}{_SUFFIX}")


def _unknown_names(mapping: PortalMapping, place: str) -> Iterator[InputError]:
    listed = [("required", name) for name in mapping.required] + [("expected", name) for name in mapping.expected]
    listed += [(f"entry{path}", name) for path, name in _names(mapping.entry)]
    listed += [(f"extras{path}", name) for path, name in _names(mapping.extras)]
    for field, name in listed:
        if name not in VALUE_NAMES:
            near = difflib.get_close_matches(name, VALUE_NAMES, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            yield InputError(place, field, repr(name), f"{hint}one of {', '.join(VALUE_NAMES)}")


def _names(template: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(template, str) and template.startswith(_SIGN):
        yield path, template.removeprefix(_SIGN)
    elif isinstance(template, Mapping):
        for key, child in template.items():
            yield from _names(child, f"{path}.{key}")
    elif isinstance(template, list):
        for position, child in enumerate(template):
            yield from _names(child, f"{path}[{position}]")


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Put values in; a part in which every value is missing is nothing, whatever stands beside them."""
    if isinstance(template, str) and template.startswith(_SIGN):
        value = values[template.removeprefix(_SIGN)]
        return _NOTHING if _empty(value) else value
    if isinstance(template, Mapping):
        kept = {key: _filled(child, values) for key, child in template.items()}
        kept = {key: value for key, value in kept.items() if value is not _NOTHING}
        named = [key for key, child in template.items() if any(_names(child))]
        return kept if kept and (not named or any(key in kept for key in named)) else _NOTHING
    if isinstance(template, list):
        items = [item for item in (_filled(child, values) for child in template) if item is not _NOTHING]
        return items or _NOTHING
    return template


def _as_text(value: Any) -> str:
    """Write a value into one field of text, a list with one item a line."""
    if value is _NOTHING:
        return ""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _lacking(place: str, name: str, mapping: str) -> InputError:
    key = name.partition(".")[0]
    elsewhere = "" if key in OF_ONE_RELEASE else ", or under `metadata` of ddg.yaml for all releases"
    expected = f"write it there{elsewhere}: the portal ({mapping}) requires it"
    return InputError(place, f"publication.metadata.{key}", "nothing", expected)
