"""Overlays: what a department's rulebook says otherwise than the one it extends, each entry with its own source."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, StringConstraints, ValidationError, field_validator

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook.bands import Cited, Entry, Text
from ddg_pipeline.rulebook.model import Override, Rulebook
from ddg_pipeline.rulebook.raw import Path, RawRulebook, dotted

_SECTION = "section"
_HEAD = frozenset({"name", "title", "approved", _SECTION, "extends", "overrides"})


class OverrideEntry(Entry):
    """One entry of ``overrides``.

    Attributes:
        value: What stands there now; a list or a mapping replaces the whole one. `null` takes an optional entry away.
        source: The document that says so, with its date.
        reason: Why it is so.
        new: Whether the entry is one that the extended rulebook does not have.
    """

    value: Any
    source: Text
    reason: Text
    new: bool = False

    @field_validator("source")
    @classmethod
    def _names_a_document(cls, source: str) -> str:
        if source.startswith(("§", "Appendix")):
            raise ValueError("name the document, not only its section")
        return source


class Overlay(Entry):
    """An overlay as it is written.

    Attributes:
        name: What a contract calls it.
        title: What people call it; footnotes name it.
        approved: When it was approved; None where that is not known.
        extends: The rulebook that it changes: a name, or a path from here that ends in ``.yaml``.
        overrides: The changes, by the dotted path of the entry.
    """

    name: Text
    title: Text
    approved: dt.date | None = None
    extends: Text
    overrides: dict[Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$")], OverrideEntry] = Field(
        min_length=1
    )


def parse_overlay(raw: RawRulebook) -> tuple[Overlay, list[InputError]]:
    """Check how an overlay is written.

    Returns:
        The overlay without what is wrong in it, so that the rest can be checked as well; and what is wrong.

    Raises:
        InputErrors: So much is wrong that nothing else can be checked.
    """
    try:
        return Overlay.model_validate(raw.data), []
    except ValidationError as error:
        problems = raw.errors(Overlay, error)
        sound = _without_what_is_wrong(raw.data, error)
    try:
        return Overlay.model_validate(sound), problems
    except ValidationError:
        raise InputErrors(problems) from None


def _without_what_is_wrong(data: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """Leave out overrides that are written wrong, and stand in for a name and a title; the rest stays as it is."""
    sound = dict(data)
    for detail in error.errors(include_url=False):
        key, *within = map(str, detail["loc"])
        if key == "overrides" and within and isinstance(sound[key], Mapping):
            sound[key] = {entry: override for entry, override in sound[key].items() if entry != within[0]}
        elif key in ("name", "title"):
            sound[key] = "unnamed"
        elif key not in ("extends", "overrides"):
            sound.pop(key, None)
    return sound


def apply(
    overlay: Overlay, above: RawRulebook, base: RawRulebook, earlier: list[Override]
) -> tuple[RawRulebook, list[InputError]]:
    """Make the rulebook that an overlay makes of another.

    Args:
        overlay: The overlay.
        above: The same as plain data, for its lines.
        base: The rulebook that it extends; is changed.
        earlier: What overlays below it changed; takes what this one changes.

    Returns:
        The rulebook, and an error for every override that does not fit what it overrides and was left out.
    """
    errors = []
    paths = {tuple(entry.split(".")): entry for entry in overlay.overrides}
    for path, entry in paths.items():
        override = overlay.overrides[entry]
        outer = next((other for other in paths if other != path and path[: len(other)] == other), None)
        problem = _problem(base, path, override, outer)
        if problem is not None:
            errors.append(above.error(("overrides", entry), *problem))
            continue
        earlier.append(_replace(overlay.name, above, base, path, override))
    for key in ("name", "title", "approved"):
        base.data[key] = getattr(overlay, key)
        base.where[(key,)] = above.where.get((key,)) or above.where.get(("name",)) or above.where[()]
    return RawRulebook(above.place, base.data, base.where), errors


def _problem(
    base: RawRulebook, path: tuple[str, ...], override: OverrideEntry, outer: Path | None
) -> tuple[str, str] | None:
    """Say what is wrong with an override, and what to write instead."""
    if path[0] in _HEAD:
        return f"{path[0]}, which is no entry", f"write `{path[0]}:` at the top of the overlay"
    if path[-1] == _SECTION:
        return "a citation", "leave it out: `source` is the citation"
    if outer is not None:
        return f"a part of {dotted(outer)}, which is overridden as well", "write it into the value there"
    parent: Any = base.data
    for depth, key in enumerate(path[:-1]):
        parent = parent.get(key)
        if isinstance(parent, list):
            whole = dotted(path[: depth + 1])
            return f"a part of the list {whole}", f"override {whole}: a list is replaced as a whole"
        if not isinstance(parent, dict):
            missing = "an entry that the extended rulebook does not have"
            return missing, _there(base.data, path[: depth + (parent is not None)])
    there = path[-1] in parent
    if not there and not override.new:
        expected = f"{_there(base.data, path[:-1])}; or say `new: true`"
        return "an entry that the extended rulebook does not have", expected
    if there and override.new:
        return "`new: true`, but the extended rulebook has the entry", "leave `new` out"
    if isinstance(override.value, dict) and _SECTION in override.value:
        return "a value with a citation of its own", "leave `section` out: `source` is the citation"
    return None


def _there(data: Any, path: tuple[str, ...]) -> str:
    for key in path:
        data = data[key]
    names = ", ".join(str(key) for key in data if key != _SECTION) if isinstance(data, dict) else ""
    where = f"in {dotted(path)}" if path else "at the top"
    return f"{where} there are {names}" if names else f"{dotted(path)} has no entries"


def _replace(
    by: str, above: RawRulebook, base: RawRulebook, path: tuple[str, ...], override: OverrideEntry
) -> Override:
    parent = base.data
    cited: tuple[dict[str, Any], Path] | None = None  # the closest entry around it that cites a section
    for depth, key in enumerate(path[:-1]):
        parent = parent[key]
        if _SECTION in parent:
            cited = parent, path[: depth + 1]
    before, value = parent.get(path[-1]), override.value
    old_section = before.get(_SECTION) if isinstance(before, dict) else None
    parent[path[-1]] = value
    entry = dotted(path)
    _move_lines(above, base, path, ("overrides", entry, "value"))
    edition = str(base.data.get(_SECTION, ""))
    _cite_within(value, path, override.source)
    if isinstance(value, dict) and _is_cited(path):
        value[_SECTION] = _in_place_of(override.source, old_section, edition)
    elif cited is not None:
        around, above_key = cited
        name = _own_citation(around, path[-1]) if around is parent else _SECTION
        part = dotted(path[len(above_key) :])
        around[name] = _in_part(override.source, around[name], edition, part)
    return Override(
        entry=entry,
        before=before,
        after={key: part for key, part in value.items() if key != _SECTION} if isinstance(value, dict) else value,
        source=override.source,
        reason=override.reason,
        by=by,
    )


def _cite_within(value: Any, path: Path, source: str) -> None:
    """Let the entries in a mapping that stands for several, such as all high-risk populations, cite the source."""
    for key, part in value.items() if isinstance(value, dict) else ():
        if isinstance(part, dict):
            _cite_within(part, (*path, key), source)
            if _is_cited((*path, key)):
                part.setdefault(_SECTION, source)


def _is_cited(path: Path) -> bool:
    """Whether what stands at a path has a citation of its own, or belongs to what it is a part of."""
    found: Any = Rulebook
    for key in path:
        fields = found.model_fields if isinstance(found, type) and issubclass(found, Entry) else {}
        annotation = fields[str(key)].annotation if key in fields else next(iter(get_args(found)[1:]), None)
        optional = [part for part in get_args(annotation) if part is not type(None)]
        found = optional[0] if type(None) in get_args(annotation) else annotation
    return isinstance(found, type) and issubclass(found, Cited)


def _own_citation(around: Mapping[str, Any], key: str) -> str:
    """Name the citation of a key: ``open_band_section`` is that of ``open_band_ends_at``."""
    own = (name for name in around if name.endswith(f"_{_SECTION}") and key.startswith(name.removesuffix(_SECTION)))
    beside = f"{key}_{_SECTION}"
    return beside if beside in around else next(own, _SECTION)


def _in_place_of(source: str, old: str | None, edition: str) -> str:
    """Cite an override's source, and what it stands in place of."""
    return source if old is None else f"{source} (in place of {_in_full(old, edition)})"


def _in_part(source: str, old: str, edition: str, part: str) -> str:
    """Cite an override's source for a part of an entry, and for the rest what it cited before."""
    before = _in_full(old, edition)
    return f"{before.removesuffix(f': {source}')}{' and' if before.endswith(f': {source}') else ';'} {part}: {source}"


def _in_full(section: str, edition: str) -> str:
    return f"{edition} {section}" if section.startswith(("§", "Appendix")) else section


def _move_lines(above: RawRulebook, base: RawRulebook, path: Path, at: Path) -> None:
    """Let errors about the new value name the overlay's lines."""
    for old in [old for old in base.where if old[: len(path)] == path]:
        del base.where[old]
    for new, where in above.where.items():
        if new[: len(at)] == at:
            base.where[(*path, *new[len(at) :])] = where
