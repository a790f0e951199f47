"""What releases are made of, by dbt's lineage: two of the same source may count the same people, linked or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddg_pipeline.contract.manifest import contracts_from_manifest


def sources_of_releases(manifest: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Give for each release, by the name that people wrote, the source tables that its aggregate is made of."""
    return {one.contract.release: _sources(manifest, one.unique_id) for one in contracts_from_manifest(manifest)}


def _sources(manifest: Mapping[str, Any], unique_id: str) -> frozenset[str]:
    found, seen, todo = set(), set(), [unique_id]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in manifest["sources"]:
            found.add(str(manifest["sources"][current]["name"]))
        todo += manifest["parent_map"].get(current, [])
    return frozenset(found)
