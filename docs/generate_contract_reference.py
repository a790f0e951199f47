"""Generate the reference of the release contract: its tables, and its JSON Schema.

    python docs/generate_contract_reference.py            write both
    python docs/generate_contract_reference.py --check    write nothing; exit with 1 if one of them is not current

The words come from the model in ``ddg_pipeline.contract``; the text around the tables is written by hand and kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generated_files import write_or_check
from schema_tables import HEAD, row

from ddg_pipeline.contract.json_schema import contract_json_schema

HERE = Path(__file__).parent
REFERENCE, SCHEMA = HERE / "reference" / "contract.md", HERE / "reference" / "contract.schema.json"
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
        lines += HEAD
        lines += [
            row(key, entry, key in part.get("required", ()), definitions, PARTS)
            for key, entry in part["properties"].items()
        ]
        lines.append("")
    return "\n".join(lines)


def expected_files() -> dict[Path, str]:
    """Give each generated file with the text that belongs in it."""
    schema = contract_json_schema()
    text = REFERENCE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{REFERENCE}: found no pair of lines {BEGIN.strip()} and {END.strip()}; put them back")
    return {REFERENCE: before + begin + reference_tables(schema) + end + after, SCHEMA: schema_text(schema)}


if __name__ == "__main__":
    sys.exit(write_or_check(expected_files(), sys.argv[1:]))
