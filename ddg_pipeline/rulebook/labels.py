"""Labels as people spell them, brought to one form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_NO_WORD = re.compile(r"[\W_]+")
_KEPT = 1 << 14  # labels and words of a rulebook: the same ones are compared again and again


def normalised(label: str, without: Iterable[str] = ()) -> str:
    """Bring a label to lower-case words with single spaces: ``"Black/African-American"`` to ``black african american``.

    Args:
        label: The label.
        without: Phrases to leave out; never all of the label.
    """
    return _rest(_words(label), tuple(without)) if without else _words(label)


@lru_cache(_KEPT)
def _words(text: str) -> str:
    return _NO_WORD.sub(" ", text.casefold()).strip()


@lru_cache(_KEPT)
def _rest(text: str, without: tuple[str, ...]) -> str:
    for phrase in sorted(without, key=len, reverse=True):
        shorter = " ".join(re.sub(rf"\b{re.escape(_words(phrase))}\b", " ", text).split())
        text = shorter or text
    return text
