"""The JSON Schema of the contract, for editors that check YAML while one types."""

from __future__ import annotations

from typing import Any

from ddg_pipeline.contract.model import ReleaseContract


def contract_json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a stand-alone contract file."""
    schema = ReleaseContract.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "ddg release contract"}
