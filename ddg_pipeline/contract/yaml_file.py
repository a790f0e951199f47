"""A contract as one YAML document, for use without dbt."""

from __future__ import annotations

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.strict_yaml import load_yaml


def contract_from_yaml(text: str, place: str) -> ReleaseContract:
    """Read and validate a contract.

    Args:
        text: The YAML document.
        place: The file name that errors should show.

    Raises:
        InputErrors: With every problem found.
    """
    return parse_contract(load_yaml(text, place), place)
