"""Figures in the texts of a rulebook: written as names, so that an overlay that changes the figure changes the text."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Any

from ddg_pipeline.errors import InputError
from ddg_pipeline.rulebook.raw import Path, RawRulebook, shortened

_EVERY = "every"


def fill_in(raw: RawRulebook) -> list[InputError]:
    """Put the rulebook's own figures where its texts name them, and where a level asks for every value.

    Args:
        raw: Is changed.

    Returns:
        What names no figure.
    """
    figures = _figures(raw.data)
    errors = []
    for path, entry, key in _texts(raw.data):
        if _names(entry[key]) <= set(figures):
            entry[key] = entry[key].format_map(figures)
        else:
            known = ", ".join(f"{{{name}}}" for name in figures)
            errors.append(raw.error((*path, key), shortened(entry[key]), f"only {known} stand for figures"))
    values = _values(raw.data)
    for _, level in _children(raw.data, "masking", "levels"):
        if level.get("possible_values") == _EVERY:
            level["possible_values"] = values
    return errors


def _names(text: str) -> set[str]:
    """List what stands in braces, with any format, which none of our names has."""
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:  # a brace alone
        return {text}
    return {f"{name}{spec or ''}{conversion or ''}" for _, name, spec, conversion in parts}


def _figures(data: dict[str, Any]) -> dict[str, str]:
    largest = _at(data, "thresholds", "numerator", "upper")
    return {
        "smallest": _written(_at(data, "thresholds", "numerator", "lower")),
        "largest": _written(largest),
        "limit": _written(largest + 1 if isinstance(largest, int) else None),
        "denominator": _written(_at(data, "thresholds", "denominator")),
        "cut_off": _written(_at(data, "publication_score", "cut_off")),
        "title": str(_at(data, "title")),
    }


def _values(data: dict[str, Any]) -> int:
    """Count the values of a small count; where its bounds are wrong, which is an error of theirs, any will do."""
    lower, upper = _at(data, "thresholds", "numerator", "lower"), _at(data, "thresholds", "numerator", "upper")
    right = isinstance(lower, int) and isinstance(upper, int) and upper > lower
    return upper - lower + 1 if right else 2


def _written(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _texts(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any], str]]:
    for keys, name in ((("footnotes",), "text"), (("masking", "levels"), "description"), (("procedure",), "question")):
        for path, entry in _children(data, *keys):
            if isinstance(entry.get(name), str):
                yield path, entry, name


def _children(data: dict[str, Any], *keys: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    entry = _at(data, *keys)
    pairs = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for name, child in pairs:
        if isinstance(child, dict):
            yield (*keys, name), child
