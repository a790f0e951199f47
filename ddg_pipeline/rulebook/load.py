"""Read the shipped rulebooks."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook.model import Rulebook
from ddg_pipeline.strict_yaml import load_yaml

_SUFFIX = ".yaml"


def shipped_rulebooks() -> tuple[str, ...]:
    """Name the rulebooks that come with the package."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX)))


@cache
def load_rulebook(name: str) -> Rulebook:
    """Load a shipped rulebook.

    Args:
        name: Its name, such as ``calhhs-ddg-2.0``.

    Raises:
        InputError: No rulebook of that name is shipped.
        InputErrors: The rulebook is not valid.
    """
    shipped = shipped_rulebooks()
    if name not in shipped:
        raise InputError("contract", "rulebook", repr(name), f"one of {', '.join(shipped)}")
    text = (resources.files(__package__) / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return parse_rulebook(text, f"rulebook {name}")


def parse_rulebook(text: str, place: str) -> Rulebook:
    """Read and check a rulebook.

    Args:
        text: The YAML document.
        place: What errors call it.

    Raises:
        InputErrors: Every problem found, each naming the entry.
    """
    raw: Any = load_yaml(text, place)
    if not isinstance(raw, dict):
        raise InputErrors([InputError(place, "the whole", "no mapping", "a mapping of the keys of a rulebook")])
    try:
        return Rulebook.model_validate(raw)
    except ValidationError as error:
        raise InputErrors(
            [
                InputError(
                    place,
                    ".".join(str(part) for part in detail["loc"]) or "the whole",
                    "nothing" if detail["type"] == "missing" else _shorten(detail["input"]),
                    detail["msg"].removeprefix("Value error, "),
                )
                for detail in error.errors()
            ]
        ) from None


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
