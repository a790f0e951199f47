"""Which assets have to be made for a release."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA

RELEASE_STEPS = frozenset({"masked", "release", "publication"})


def with_siblings(graph: BaseAssetGraph[Any], targets: Iterable[dg.AssetKey]) -> set[dg.AssetKey]:
    """Give what the targets are made of, and whatever else the dbt project makes of the same sources.

    Siblings belong to it because dbt's tests span models: that no record is lost holds for what was kept and what was
    rejected together. Tables that are in dbt's own database, and not loaded, count as sources; nobody makes them.
    """
    sources: dict[dg.AssetKey, frozenset[dg.AssetKey]] = {}
    for key in graph.toposorted_asset_keys:
        above = frozenset().union(*(sources.get(parent, frozenset()) for parent in graph.get(key).parent_keys))
        is_source = key.path[0] == SOURCE_SCHEMA or not graph.get(key).is_materializable
        sources[key] = above | {key} if is_source else above
    needed: set[dg.AssetKey] = set()
    todo = list(targets)
    while todo:
        key = todo.pop()
        if key not in needed:
            needed.add(key)
            todo += graph.get(key).parent_keys
    loaded = frozenset().union(*(sources[key] for key in needed))
    siblings = {key for key, above in sources.items() if above <= loaded and key.path[-1] not in RELEASE_STEPS}
    return {key for key in needed | siblings if graph.get(key).is_materializable}
