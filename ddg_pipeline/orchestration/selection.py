"""Which assets have to be made for a release."""

from collections.abc import Iterable
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA


def with_siblings(graph: BaseAssetGraph[Any], targets: Iterable[dg.AssetKey]) -> set[dg.AssetKey]:
    """Give what the targets are made of, and whatever else the dbt project makes of the same sources.

    Siblings belong to it because dbt's tests span models: that no record is lost holds for what was kept and what was
    rejected together.
    """
    needed = set(dg.AssetSelection.assets(*targets).upstream().resolve(graph))
    sources = {key for key in needed if key.path[0] == SOURCE_SCHEMA}
    releases = {key for key in graph.get_all_asset_keys() if key.path[-1] in ("masked", "release", "publication")}
    for key in graph.get_all_asset_keys() - releases:
        above = dg.AssetSelection.assets(key).upstream().resolve(graph)
        if {ancestor for ancestor in above if ancestor.path[0] == SOURCE_SCHEMA} <= sources:
            needed.add(key)
    return needed
