"""The pages of the documentation, as they come with the package or stand in a checkout: Markdown, by heading."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ddg_pipeline.errors import InputError, InputErrors

FOLDERS: Final = {
    "tutorial": "Tutorial",
    "how-to": "How-to guides",
    "reference": "Reference",
    "explanation": "Explanation",
}
_PACKAGED: Final = Path(__file__).parent / "documentation"  # where pyproject.toml has the wheel carry docs/
_CHECKOUT: Final = Path(__file__).parents[1] / "docs"
_FENCED: Final = re.compile(r"(?ms)^(`{3,})[^\n]*\n.*?^\1[ \t]*$")
_HEADING: Final = re.compile(r"(?m)^(#{1,6}) (.+?)[ \t]*$")
_LONG: Final = 150  # lines, which nobody reads to the end in a terminal
_UNSEEN: Final = re.compile(r"(?ms)^<!--.*?-->\n*|^```\{.*?^```\n*")  # comments, and what only the site's builder reads


@dataclass(frozen=True)
class Heading:
    """A heading of a page: its level from 1, its words without marks, its anchor, and where it begins in the text."""

    level: int
    words: str
    anchor: str
    start: int


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: What it is called, in topics as well.
        folder: One of `FOLDERS`.
        text: Markdown.
    """

    name: str
    folder: str
    text: str

    @property
    def title(self) -> str:
        """Its first heading."""
        return self.headings[0].words

    @property
    def headings(self) -> list[Heading]:
        """Its headings, with the anchors that renderers of Markdown give them."""
        blanked = _FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), self.text)
        found: list[Heading] = []
        taken: dict[str, int] = {}
        for match in _HEADING.finditer(blanked):
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[2]).replace("`", "")
            anchor = anchor_of(words)
            taken[anchor] = taken.get(anchor, -1) + 1
            again = f"-{taken[anchor]}" if taken[anchor] else ""
            found.append(Heading(len(match[1]), words, anchor + again, match.start()))
        return found

    def readable(self, anchor: str = "") -> str:
        """Give the text for readers, whole or below one heading, with the headings under it.

        Raises:
            KeyError: There is no such heading.
        """
        text, end = self.text, len(self.text)
        if anchor:
            headings = self.headings
            number = next((at for at, one in enumerate(headings) if one.anchor == anchor), None)
            if number is None:
                raise KeyError(anchor)
            after = [one.start for one in headings[number + 1 :] if one.level <= headings[number].level]
            text = text[headings[number].start : after[0] if after else end]
        return _UNSEEN.sub("", text).strip() + "\n"


def anchor_of(words: str) -> str:
    """Give the anchor that renderers of Markdown make of a heading."""
    return "".join(letter for letter in words.lower() if letter.isalnum() or letter in " -_").replace(" ", "-")


def pages() -> list[Page]:
    """Read all pages, folder by folder.

    Raises:
        InputErrors: The installation has none.
    """
    root = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    found = [
        Page(file.stem, folder, file.read_text(encoding="utf-8"))
        for folder in FOLDERS
        for file in sorted((root / folder).glob("*.md"))
    ]
    if not found:
        raise InputErrors([InputError(str(root), "documentation", "no pages", "install ddg_pipeline again")])
    return found


def readable_topic(topic: str) -> str:
    """Give the text of a topic: a page's name, alone or with ``#`` and the anchor of a heading.

    Raises:
        InputErrors: There is no such page, or no such heading on it.
    """
    name, _, anchor = topic.partition("#")
    known = {page.name: page for page in pages()}
    if name not in known:
        raise InputErrors([InputError("command line", "TOPIC", repr(name), _instead(name, list(known)))])
    page = known[name]
    try:
        return page.readable(anchor)
    except KeyError:
        expected = _instead(anchor, [one.anchor for one in page.headings])
        raise InputErrors([InputError("command line", f"TOPIC {name}", repr(f"#{anchor}"), expected)]) from None


def parts_of(topic: str) -> str:
    """List the headings of a long page, to be read one by one; nothing of a short page, or of a part.

    Args:
        topic: A topic that there is.
    """
    page = next((page for page in pages() if page.name == topic), None)
    if page is None or page.text.count("\n") < _LONG:
        return ""
    return ", ".join(one.anchor for one in page.headings[1:])


def _instead(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, 1)
    return f"did you mean {near[0]!r}? write one of {', '.join(known)}" if near else f"write one of {', '.join(known)}"
