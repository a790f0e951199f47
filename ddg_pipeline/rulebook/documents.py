"""Where the text of a rulebook comes from: the package, or whoever calls the pure core with files in hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Protocol

from ddg_pipeline.errors import DdgError

_SUFFIX = ".yaml"
_OVERLAYS = "overlays"


class UnknownRulebookError(DdgError):
    """There is no rulebook of that name; whoever asked for it says so to the user, with its own place.

    Args:
        found: What was asked for.
        expected: What to write instead.
    """

    exit_code = 2

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"rulebook: found {found}; {expected}")


@dataclass(frozen=True)
class RulebookDocument:
    """The text of one rulebook, not read yet.

    Attributes:
        place: What errors call it; no two documents share one.
        text: The YAML.
        nearby: Where the rulebook that it extends is found.
        expected_name: The name that it has to give itself; None where any will do that is not shipped.
    """

    place: str
    text: str
    nearby: RulebookSource
    expected_name: str | None = None


class RulebookSource(Protocol):
    """Finds a rulebook by what a contract or an overlay calls it."""

    def find(self, name: str) -> RulebookDocument:
        """Find a rulebook.

        Raises:
            UnknownRulebookError: There is none of that name.
            InputErrors: Its text cannot be read.
        """
        ...


class ShippedRulebooks:
    """The rulebooks that come with the package, and no others."""

    def find(self, name: str) -> RulebookDocument:
        """Find a shipped rulebook by its name."""
        file = _shipped_files().get(name)
        if file is None:
            raise UnknownRulebookError(repr(name), f"one of {', '.join(shipped_rulebooks())}")
        return RulebookDocument(f"rulebook {name}", file.read_text(encoding="utf-8"), self, name)


SHIPPED = ShippedRulebooks()


def shipped_rulebooks() -> tuple[str, ...]:
    """Name the rulebooks that come with the package: editions of the guideline, and overlays as worked examples."""
    return tuple(_shipped_files())


@cache
def _shipped_files() -> dict[str, Traversable]:
    room = resources.files(__package__)
    files = [*room.iterdir(), *(room / _OVERLAYS).iterdir()]
    found = {file.name.removesuffix(_SUFFIX): file for file in files if file.name.endswith(_SUFFIX)}
    return dict(sorted(found.items()))
