"""Labels as people spell them, brought to one form."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NO_WORD = re.compile(r"[\W_]+")


def normalised(label: str, without: Iterable[str] = ()) -> str:
    """Bring a label to lower-case words with single spaces: ``"Black/African-American"`` to ``black african american``.

    Args:
        label: The label.
        without: Phrases to leave out; never all of the label.
    """
    text = _NO_WORD.sub(" ", label.casefold()).strip()
    for phrase in sorted(without, key=len, reverse=True):
        shorter = " ".join(re.sub(rf"\b{re.escape(normalised(phrase))}\b", " ", text).split())
        text = shorter or text
    return text
