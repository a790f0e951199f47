"""How figures and words are written on the pages that we make: filters of their templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup

_JOINT = re.compile(r"([._])")
_SECTION = re.compile(r"\bDDG [\d.]+ (?=§)|\b(?:Figure|Table|Appendix|Edition|DDG|step) (?=[\dA-Z])|(?<=\d) (?=§)")


def signed(score: int) -> str:
    """Write a score with its sign: ``+7``, ``\u22125``, ``0``."""
    return f"{score:+d}".replace("-", "\u2212") if score else "0"


def number(figure: int | None) -> str:
    """Write a figure with its thousands; one that is withheld is said to be."""
    return "not published" if figure is None else f"{figure:,}"


def whole(text: str) -> str:
    """Keep a section on one line with what it is a section of: ``DDG 2.0 §4.2``."""
    return _SECTION.sub(lambda match: match[0].replace(" ", "\u00a0"), text)


def joints(path: str) -> Markup:
    """Let a dotted path be broken after a dot or an underscore, and nowhere else."""
    from markupsafe import Markup, escape

    return Markup(_JOINT.sub(r"\1<wbr>", str(escape(path))))  # noqa: S704 - escaped


FILTERS: Final[dict[str, Callable[[Any], Any]]] = {
    "signed": signed,
    "number": number,
    "whole": whole,
    "joints": joints,
}
