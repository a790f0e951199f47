"""What one rulebook says otherwise than another, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ddg_pipeline.rulebook.model import Override, Rulebook

_SECTION = "section"
_NOT_COMPARED = {"name", "title", "approved", _SECTION, "extends", "overrides"}
_NOTHING = object()


@dataclass(frozen=True)
class Difference:
    """One entry that two rulebooks differ in.

    Attributes:
        entry: Its dotted path.
        before: What the base says; None where it says nothing.
        after: What the other says; None where it says nothing.
        source: Who says so: an overlay's source, or the section of the edition.
        reason: Why, where an overlay says it.
    """

    entry: str
    before: Any
    after: Any
    source: str
    reason: str

    def to_json_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "entry": self.entry,
            "before": self.before,
            "after": self.after,
            "source": self.source,
            "reason": self.reason,
        }


def differences(rulebook: Rulebook, base: Rulebook) -> list[Difference]:
    """List what a rulebook says otherwise than a base; lists are compared as a whole, citations not at all."""
    before, after = plain(base), plain(rulebook)
    found = []
    for path, old, new in _compared(before, after, ()):
        override = _override(rulebook, path)
        if override is not None:
            source, reason = override.source, override.reason
        elif _is_below(base, rulebook):
            source, reason = "", "follows from the other entries"
        else:
            source, reason = _section(rulebook, after, path), ""
        found.append(Difference(".".join(path), old, new, source, reason))
    return found


def citation(rulebook: Rulebook, entry: str) -> str:
    """Cite who says what stands in an entry: the overlay's source, or the section of the edition.

    Args:
        rulebook: The rulebook.
        entry: The dotted path of the entry.
    """
    path = tuple(entry.split("."))
    override = _override(rulebook, path)
    return override.source if override is not None else _section(rulebook, plain(rulebook), path)


def plain(rulebook: Rulebook) -> dict[str, Any]:
    """Give the entries of a rulebook as plain data, without those that it does not have."""
    return rulebook.model_dump(mode="json", exclude_none=True)


def _compared(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            if key in _NOT_COMPARED if not path else key == _SECTION or key.endswith(f"_{_SECTION}"):
                continue
            yield from _compared(before.get(key, _NOTHING), after.get(key, _NOTHING), (*path, key))
    elif before != after:
        yield path, None if before is _NOTHING else before, None if after is _NOTHING else after


def _section(rulebook: Rulebook, data: dict[str, Any], path: tuple[str, ...]) -> str:
    section, entry = "", data
    for key in path:
        section = _section_of_key(entry, key, section)
        entry = entry.get(key, {}) if isinstance(entry, dict) else {}
        section = entry.get(_SECTION, section) if isinstance(entry, dict) else section
    sources = tuple(override.source for override in rulebook.overrides)
    own = [
        part for part in section.split("; ") if not (sources and part.endswith(sources))
    ]  # of the entry's other parts
    return rulebook.cite("; ".join(own)) if own else rulebook.section


def _section_of_key(entry: Any, key: str, otherwise: str) -> str:
    """Find the section of a single figure beside it: ``open_band_section`` is that of ``open_band_ends_at``."""
    for name, section in entry.items() if isinstance(entry, dict) else ():
        if name.endswith(f"_{_SECTION}") and key.startswith(name.removesuffix(f"_{_SECTION}")):
            return str(section)
    return otherwise


def _is_below(base: Rulebook, rulebook: Rulebook) -> bool:
    below = base.section == rulebook.section and len(base.overrides) < len(rulebook.overrides)
    return below and rulebook.overrides[: len(base.overrides)] == base.overrides


def _override(rulebook: Rulebook, path: tuple[str, ...]) -> Override | None:
    """Find the override that set an entry, the last one first."""
    for override in reversed(rulebook.overrides):
        overridden = tuple(override.entry.split("."))
        shorter = min(len(overridden), len(path))
        if overridden[:shorter] == path[:shorter]:
            return override
    return None
