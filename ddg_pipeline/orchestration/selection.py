"""Which assets have to be made for a release."""

from collections.abc import Iterable

import dagster as dg

from ddg_pipeline.orchestration.plan import DdgPlan


def with_siblings(plan: DdgPlan, targets: Iterable[dg.AssetKey]) -> set[dg.AssetKey]:
    """Give what the targets are made of, and whatever else the dbt project makes of the same sources.

    Siblings belong to it because dbt's tests span models: that no record is lost holds for what was kept and what was
    rejected together. Tables that are in dbt's own database, and not loaded, count as sources; nobody makes them.
    """
    graph = plan.graph
    loaded_here = {spec.key for spec in plan.source_specs.values()}
    built = loaded_here | {spec.key for spec in plan.dbt_specs.values()}
    known = {spec.key for spec in plan.specs()}
    sources: dict[dg.AssetKey, frozenset[dg.AssetKey]] = {}
    for key in graph.toposorted_asset_keys:
        above = frozenset().union(*(sources.get(parent, frozenset()) for parent in graph.get(key).parent_keys))
        sources[key] = above | {key} if key in loaded_here or key not in known else above
    needed: set[dg.AssetKey] = set()
    todo = list(targets)
    while todo:
        key = todo.pop()
        if key not in needed:
            needed.add(key)
            todo += graph.get(key).parent_keys
    loaded = frozenset().union(*(sources[key] for key in needed))
    siblings = {key for key, above in sources.items() if above <= loaded and key in built}
    made = {key for key in needed if key in built or key in plan.own_keys}  # not what nobody makes
    return made | siblings
