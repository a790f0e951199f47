"""dbt's nodes under the names that our translator gives: what dagster-dbt is told."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from ddg_pipeline.orchestration.translation import DdgAsset, DdgTranslator
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator


def translated_dbt(
    manifest: Mapping[str, Any], translator: DdgTranslator, sources: Mapping[str, dg.AssetKey]
) -> "DagsterDbtTranslator":
    """Make dagster-dbt's translator of ours.

    Args:
        manifest: The manifest of the dbt project.
        translator: Names every model, seed and snapshot.
        sources: The keys of the sources that ``sources.yaml`` declares, by name. Other sources of the dbt project are
            somebody else's, and keep the key that dagster-dbt gives them.
    """
    from dagster_dbt import DagsterDbtTranslator

    class Translated(DagsterDbtTranslator):
        """Groups are the folders of the dbt project; everything dbt builds is restricted."""

        def __init__(self) -> None:
            super().__init__()
            self._under_way: set[str] = set()
            self._done: dict[tuple[str, int], dg.AssetSpec] = {}

        def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
            unique_id = dbt_resource_props["unique_id"]
            if unique_id in self._under_way:  # asked for by the default of this very node
                return super().get_asset_key(dbt_resource_props)
            return self.get_asset_spec(manifest, unique_id, None).key

        def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
            done = (unique_id, id(project))
            if done not in self._done:
                self._under_way.add(unique_id)
                try:
                    default = super().get_asset_spec(manifest, unique_id, project)
                finally:
                    self._under_way.discard(unique_id)
                self._done[done] = self._translate(self.get_resource_props(manifest, unique_id), default)
            return self._done[done]

        def _translate(self, node: Mapping[str, Any], default: dg.AssetSpec) -> dg.AssetSpec:
            if node["resource_type"] == "source":
                ours = sources.get(node["name"]) if node["source_name"] == SOURCE_SCHEMA else None
                return default if ours is None else default.replace_attributes(key=ours)
            asset = DdgAsset("dbt", node["name"], default.replace_attributes(deps=[]), node=node)
            spec = translator.get_asset_spec(asset)
            return spec.replace_attributes(deps=[*default.deps, *spec.deps])

        def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
            folders = dbt_resource_props["fqn"][1:-1]
            return folders[0] if folders else f"{dbt_resource_props['resource_type']}s"

        def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
            return {**super().get_tags(dbt_resource_props), "ddg/store": "restricted"}

        def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
            return str(dbt_resource_props.get("description", ""))

    return Translated()
