"""Marked values that stand in restricted data and nowhere else, in every form that a program gives to a value."""

from __future__ import annotations

import base64
import html
import json
import pickle
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_LARGE = 1 << 24  # below, four bytes of a whole number are nothing unlikely
_LETTERS = "0-9A-Za-z"


@dataclass(frozen=True)
class Sentinels:
    """What to look for.

    Attributes:
        words: Names and identifiers, long enough to be no accident.
        figures: Numbers as decimal text, as they stand in the source; at least four digits.
    """

    words: tuple[str, ...]
    figures: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_word", re.compile("|".join(map(re.escape, self.words)), re.IGNORECASE))
        figures = "|".join(map(_separated, self.figures))
        # neither part of a longer number nor of a hash; a minus sign, a quote or a bracket may stand before it
        before, after = rf"(?<![{_LETTERS}.])(?<![{_LETTERS}]-)", rf"(?![{_LETTERS}]|[.,]\d|-[{_LETTERS}])"
        object.__setattr__(self, "_figure", re.compile(f"{before}(?:{figures}){after}"))
        object.__setattr__(self, "_values", {float(figure): figure for figure in self.figures})
        forms = {form: word for word in self.words for form in _forms_of_word(word)}
        forms |= {form: figure for figure in self.figures for form in _forms_of_figure(figure)}
        object.__setattr__(self, "_forms", forms)
        longest_first = sorted(forms, key=len, reverse=True)
        object.__setattr__(self, "_binary", re.compile(b"|".join(map(re.escape, longest_first)), re.DOTALL))

    _word: re.Pattern[str] = None  # type: ignore[assignment]
    _figure: re.Pattern[str] = None  # type: ignore[assignment]
    _binary: re.Pattern[bytes] = None  # type: ignore[assignment]
    _values: dict[float, str] = None  # type: ignore[assignment]
    _forms: dict[bytes, str] = None  # type: ignore[assignment]

    def in_text(self, text: str) -> list[str]:
        """Find them in text, also where it is escaped for JSON, HTML or a URL."""
        found = []
        for reading in dict.fromkeys(_readings(text)):
            found += self._word.findall(reading) + self._figure.findall(reading)
        return found

    def in_value(self, value: object) -> list[str]:
        """Find them in a value of a database: a number is compared as a number."""
        if isinstance(value, bool) or value is None:
            return []
        if isinstance(value, int | float):
            known = self._values.get(float(value)) if abs(value) < 1e300 else None
            return [known] if known else []
        return self.in_text(str(value))

    def in_bytes(self, data: bytes) -> list[str]:
        """Find them in bytes: as UTF-8, UTF-16, UTF-32, hexadecimal, base64, and numbers as they lie in memory."""
        hits = [self._forms[hit] for hit in self._binary.findall(data)]
        return list(dict.fromkeys([*self.in_text(data.decode("utf-8", "replace")), *hits]))


def _separated(figure: str) -> str:
    """A pattern for a number with or without separators between its thousands."""
    whole, _, decimals = figure.partition(".")
    groups = re.findall(r"\d{1,3}", whole[::-1])
    text = "[, _\u00a0\u202f]?".join(group[::-1] for group in reversed(groups))
    return f"{text}\\.{decimals.rstrip('0')}0*" if decimals.rstrip("0") else rf"{text}(?:\.0+)?"


def _readings(text: str) -> Iterator[str]:
    yield text
    if "\\u" in text:
        yield _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text, errors="replace")


def _forms_of_word(word: str) -> Iterator[bytes]:
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "latin-1", "cp1250"):
        try:
            yield word.encode(encoding)
        except UnicodeEncodeError:
            continue
    utf8 = word.encode()
    yield utf8.hex().encode()
    yield utf8.hex().upper().encode()
    for shift in range(3):  # a word may begin at any of the three bytes that four letters of base64 stand for
        whole = base64.b64encode(b"\0" * shift + utf8 + b"\0" * 2)
        first = -(-shift * 8 // 6)
        yield whole[first : (shift + len(utf8)) * 8 // 6]


def _forms_of_figure(figure: str) -> Iterator[bytes]:
    value = float(figure)
    for encoding in ("utf-16-le", "utf-16-be"):
        yield f'"{figure}"'.encode(encoding)
        yield f",{figure},".encode(encoding)
        yield f" {figure} ".encode(encoding)
    yield struct.pack("<d", value)
    yield struct.pack(">d", value)
    whole = [int(value)] if value.is_integer() else []
    scaled = int(figure.replace(".", ""))  # how decimals lie in memory
    for number in {*whole, scaled}:
        if number >= 1 << 12:
            yield struct.pack("<q", number)
            yield struct.pack(">q", number)
        if _LARGE <= number < 1 << 31:
            yield struct.pack("<i", number)
            yield struct.pack(">i", number)
        if number >= 1 << 31:  # pickle writes as many bytes as it takes
            yield number.to_bytes((number.bit_length() + 8) // 8, "little")


Wrapping = Callable[[str], bytes]

SPELLINGS: dict[str, Wrapping] = {
    "utf-8": lambda text: f"a: {text};".encode(),
    "utf-8, upper case": lambda text: f"a: {text.upper()};".encode(),
    "utf-16": lambda text: f' "{text}" '.encode("utf-16"),
    "utf-16, big end first": lambda text: f' "{text}" '.encode("utf-16-be"),
    "JSON": lambda text: json.dumps({"a": text}).encode(),
    "JSON inside JSON": lambda text: json.dumps(json.dumps({"a": text})).encode(),
    "HTML": lambda text: "".join(f"&#{ord(letter)};" for letter in text).encode(),
    "a URL": lambda text: ("?a=" + "".join(f"%{byte:02X}" for byte in text.encode()) + "&b=1").encode(),
    "pickle": lambda text: pickle.dumps({"a": text}),
}
"""Ways to write a value as text; the self-test of the search tries each."""
