"""Write what a JSON Schema says as tables of Markdown: one line a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ddg_pipeline.help_pages import anchor_of

HEAD = ["| key | what to write | default | meaning |", "|---|---|---|---|"]
_PAGE = re.compile(r"\bdocs/([a-z-]+)/([a-z-]+)\.md\b")  # how descriptions name a page


def row(
    key: str,
    entry: Mapping[str, Any],
    required: bool,
    definitions: Mapping[str, Any],
    headings: Mapping[str, str],
) -> str:
    """Write the line of one key.

    Args:
        key: Its name.
        entry: What the schema says of it.
        required: Whether it has to be there.
        definitions: The schema's other parts, by name.
        headings: The heading under which each of them is described.
    """
    # "or nothing" is what a default of nothing says already
    kinds = list(dict.fromkeys(kind for kind in _kinds(entry, definitions, headings) if kind != "nothing"))
    default = "**required**" if required else _default(entry)
    meaning = entry.get("description") or _description(entry, definitions)
    return "| " + " | ".join(cell(text) for text in (f"`{key}`", " or ".join(kinds), default, meaning)) + " |"


def _kinds(entry: Mapping[str, Any], definitions: Mapping[str, Any], headings: Mapping[str, str]) -> Iterator[str]:
    if "$ref" in entry:
        name = entry["$ref"].rsplit("/", 1)[-1]
        referred = definitions[name]
        yield _choice(referred) if "enum" in referred else f"[mapping](#{anchor_of(headings[name])})"
    elif "anyOf" in entry or "oneOf" in entry:
        for branch in entry.get("anyOf") or entry["oneOf"]:
            yield from _kinds(branch, definitions, headings)
    elif "enum" in entry:
        yield _choice(entry)
    elif "const" in entry:
        yield f"`{entry['const']}`"
    else:
        yield _plain(entry, definitions, headings)


def _plain(entry: Mapping[str, Any], definitions: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    match entry["type"]:
        case "array":
            return f"list of {' or '.join(_kinds(entry['items'], definitions, headings))}"
        case "object":
            values = entry.get("additionalProperties")
            return (
                f"mapping of name to {' or '.join(_kinds(values, definitions, headings))}"
                if isinstance(values, dict)
                else "mapping"
            )
        case "integer":
            limits = [("from", entry.get("minimum")), ("to", entry.get("maximum"))]
            return " ".join(["whole number", *(f"{word} {limit}" for word, limit in limits if limit is not None)])
        case "string":
            return f"text matching `{entry['pattern']}`" if "pattern" in entry else "text"
        case other:
            return {"boolean": "`true` or `false`", "null": "nothing", "number": "number"}[other]


def _choice(entry: Mapping[str, Any]) -> str:
    return "one of " + ", ".join(f"`{value}`" for value in entry["enum"])


def _default(entry: Mapping[str, Any]) -> str:
    default = entry.get("default")
    if default is None or default in ("", [], {}) or isinstance(default, dict):
        return ""
    return f"`{json.dumps(default, ensure_ascii=False)}`" if not isinstance(default, str) else f"`{default}`"


def _description(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Fall back on what the part itself says of itself."""
    values = entry.get("additionalProperties")
    inner = values if isinstance(values, dict) else entry
    return str(definitions[inner["$ref"].rsplit("/", 1)[-1]].get("description", "")) if "$ref" in inner else ""


def cell(text: str) -> str:
    """Write text as one cell of a table; a page that it names becomes a link."""
    linked = _PAGE.sub(r"[\2](../\1/\2.md)", " ".join(text.split()).replace("``", "`"))
    return linked.replace("|", "\\|")
