"""The JSON Schema of the contract, for editors that check YAML while one types."""

from __future__ import annotations

from typing import Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.format_version import CONTRACT_FORMAT, FORMAT_KEY


def contract_json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a stand-alone contract file."""
    schema = ReleaseContract.model_json_schema()
    schema["properties"][FORMAT_KEY] = {
        "const": CONTRACT_FORMAT,
        "default": CONTRACT_FORMAT,
        "description": "The format that the contract is written in; may be left out.",
        "title": "Format",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "ddg release contract"}
