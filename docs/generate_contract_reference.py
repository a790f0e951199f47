"""Generate the reference of the release contract: the tables in ``contract.md``, and ``contract.schema.json``.

    python docs/generate_contract_reference.py            write both
    python docs/generate_contract_reference.py --check    write nothing; exit with 1 if one of them is not current

The words come from the model in ``ddg_pipeline.contract``; the text around the tables is written by hand and kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ddg_pipeline.contract.json_schema import contract_json_schema

HERE = Path(__file__).parent
REFERENCE, SCHEMA = HERE / "contract.md", HERE / "contract.schema.json"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"

# The order in which a contract is written, with the heading of each part.
PARTS = {
    "": "The whole",
    "Dimension": "One of `dimensions`",
    "HierarchyReference": "`hierarchy` of a dimension",
    "Implied": "One of `implies` of a dimension",
    "Measure": "One of `measures`",
    "TableReference": "A size as a reference table",
    "TotalOver": "A population as a total",
    "Scope": "One of `scope`",
    "Survey": "`survey`",
    "SurveyEstimate": "One of `survey.estimates`",
    "ReportingPeriods": "`reporting_periods`",
    "AlreadyPublic": "One of `already_public`",
    "Suppression": "`suppression`",
    "Percentages": "`suppression.percentages`",
    "AnnotationNames": "`suppression.annotations`",
    "Limits": "`limits`",
    "MeasureLimits": "One of `limits.measures`",
    "DimensionLimits": "One of `limits.dimensions`",
    "Review": "`review`",
    "Publication": "`publication`",
    "PortalMetadata": "`publication.metadata`",
    "RelatedResource": "One of `publication.metadata.related_resources`",
}


def schema_text(schema: Mapping[str, Any]) -> str:
    """Write the schema as editors read it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_tables(schema: Mapping[str, Any]) -> str:
    """Write one table for each part of a contract."""
    definitions = schema["$defs"]
    missing = sorted(name for name, part in definitions.items() if part["type"] == "object" and name not in PARTS)
    if missing:
        raise SystemExit(f"give {', '.join(missing)} a heading in PARTS of {Path(__file__).name}")
    lines: list[str] = []
    for name, heading in PARTS.items():
        part = definitions[name] if name else schema
        lines += [f"### {heading}", "", part["description"], ""]
        lines += ["| key | what to write | default | meaning |", "|---|---|---|---|"]
        lines += [
            _row(key, entry, key in part.get("required", ()), definitions) for key, entry in part["properties"].items()
        ]
        lines.append("")
    return "\n".join(lines)


def _row(key: str, entry: Mapping[str, Any], required: bool, definitions: Mapping[str, Any]) -> str:
    # "or nothing" is what a default of nothing says already
    kinds = list(dict.fromkeys(kind for kind in _kinds(entry, definitions) if kind != "nothing"))
    default = "**required**" if required else _default(entry)
    meaning = entry.get("description") or _description(entry, definitions)
    return "| " + " | ".join(_cell(text) for text in (f"`{key}`", " or ".join(kinds), default, meaning)) + " |"


def _kinds(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in entry:
        name = entry["$ref"].rsplit("/", 1)[-1]
        referred = definitions[name]
        yield _choice(referred) if "enum" in referred else f"[mapping](#{_anchor(PARTS[name])})"
    elif "anyOf" in entry or "oneOf" in entry:
        for branch in entry.get("anyOf") or entry["oneOf"]:
            yield from _kinds(branch, definitions)
    elif "enum" in entry:
        yield _choice(entry)
    elif "const" in entry:
        yield f"`{entry['const']}`"
    else:
        yield _plain(entry, definitions)


def _plain(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    match entry["type"]:
        case "array":
            return f"list of {' or '.join(_kinds(entry['items'], definitions))}"
        case "object":
            values = entry.get("additionalProperties")
            return (
                f"mapping of name to {' or '.join(_kinds(values, definitions))}"
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


def _anchor(heading: str) -> str:
    """Give the anchor that renderers of Markdown make of a heading."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def expected_files() -> dict[Path, str]:
    """Give each generated file with the text that belongs in it."""
    schema = contract_json_schema()
    text = REFERENCE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{REFERENCE}: found no pair of lines {BEGIN.strip()} and {END.strip()}; put them back")
    return {REFERENCE: before + begin + reference_tables(schema) + end + after, SCHEMA: schema_text(schema)}


def main(arguments: list[str]) -> int:
    """Write what differs, or with ``--check`` name it."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write(f"unknown: {' '.join(arguments)}; the only option is --check\n")
        return 2
    stale = [
        (path, text)
        for path, text in expected_files().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if check:
            sys.stderr.write(f"{path.relative_to(HERE.parent)} is not current: run `make docs-reference`\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.relative_to(HERE.parent)}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
