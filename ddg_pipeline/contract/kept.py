"""A contract as it is kept beside a version that is public: with its format, so that later versions can read it."""

from __future__ import annotations

import json

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.format_version import CONTRACT_FORMAT, FORMAT_KEY


def kept_contract(contract: ReleaseContract) -> bytes:
    """Write a contract with all its defaults; the same contract is the same bytes."""
    return json.dumps({FORMAT_KEY: CONTRACT_FORMAT, **contract.model_dump(mode="json")}, ensure_ascii=False).encode()


def contract_of_kept(data: bytes, place: str) -> ReleaseContract:
    """Read a contract that was kept, by this or an earlier version of this package.

    Raises:
        NewerFormatError: A newer version wrote it.
        InputErrors: It is none.
        ValueError: The bytes are no JSON.
    """
    return parse_contract(json.loads(data), place, kept=True)
