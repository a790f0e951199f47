"""How a project's assets, jobs, schedules and sensors are called in Dagster, and how to have it otherwise.

dagster-dbt has a translator for dbt's nodes; this is the one for all that is made of a project: its sources, its dbt
nodes, and the three steps of each release. Nothing else gives names: what runs, what is selected, what sensors ask for
and what checks belong to follows from the keys that the translator gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.warehouse.sources import Source

Step = Literal["source", "dbt", "masked", "release", "publication"]
DefinitionKind = Literal["job", "schedule", "sensor", "op"]


@dataclass(frozen=True)
class DdgAsset:
    """One asset of a project, as the translator sees it.

    Attributes:
        step: ``source`` (a table that is loaded), ``dbt`` (a model, seed or snapshot), or a step of a release:
            ``masked``, ``release`` or ``publication``.
        name: The source's, dbt node's or release's name.
        default: What it is if nobody says otherwise. It has no dependencies: these are not a matter of names.
        source: The declaration in ``sources.yaml``; of sources only.
        node: The node of dbt's manifest; of dbt's assets only.
        contract: The release's contract; of the three steps only.
    """

    step: Step
    name: str
    default: dg.AssetSpec
    source: Source | None = None
    node: Mapping[str, Any] | None = None
    contract: ReleaseContract | None = None

    @property
    def release(self) -> str | None:
        """The release's name, where it is a step of a release."""
        return self.contract.release if self.contract is not None else None


class DdgTranslator:
    """Says what a project's assets are called and which groups, owners, tags and so on they have.

    Override what should be otherwise; each method is given the asset with its defaults. What the gate is made of, which
    asset is made of which, and that a publication may be skipped, is no matter of names and stays as it is.

    Args:
        key_prefix: Stands before every asset key. Two projects in one code location need different ones.
        name_prefix: Stands before the names of jobs, schedules, sensors and ops; by default made of ``key_prefix``.

    Examples:
        .. code-block:: python

            class Ours(DdgTranslator):
                def get_group_name(self, asset: DdgAsset) -> str | None:
                    return "open_data" if asset.contract else super().get_group_name(asset)

                def get_owners(self, asset: DdgAsset) -> Sequence[str]:
                    return ["team:epidemiology"]

            defs = build_definitions(load_project(directory), translator=Ours(key_prefix=["health"]))
    """

    def __init__(self, *, key_prefix: Sequence[str] = (), name_prefix: str | None = None) -> None:
        if isinstance(key_prefix, str):  # it is a sequence of letters, too
            key_prefix = [key_prefix]
        self.key_prefix = tuple(key_prefix)
        self.name_prefix = "_".join(self.key_prefix) if name_prefix is None else name_prefix

    @property
    def place(self) -> str:
        """What messages call it."""
        return type(self).__name__

    def get_asset_spec(self, asset: DdgAsset) -> dg.AssetSpec:
        """Give the whole of it, by default put together of what the other methods say.

        Dependencies that it names are added to those that the asset has anyway.
        """
        return asset.default.replace_attributes(
            key=self.get_asset_key(asset),
            description=self.get_description(asset),
            group_name=self.get_group_name(asset),
            owners=self.get_owners(asset),
            tags=self.get_tags(asset),
            kinds=set(self.get_kinds(asset)),
            metadata=self.get_metadata(asset),
            automation_condition=self.get_automation_condition(asset),
            freshness_policy=self.get_freshness_policy(asset),
        )

    def get_asset_key(self, asset: DdgAsset) -> dg.AssetKey:
        """``source/<name>``, dagster-dbt's own key, or ``<release>/<step>``; after the prefix."""
        return asset.default.key.with_prefix(self.key_prefix) if self.key_prefix else asset.default.key

    def get_description(self, asset: DdgAsset) -> str | None:
        """What the source, the dbt node or the contract says about it."""
        return asset.default.description

    def get_group_name(self, asset: DdgAsset) -> str | None:
        """``sources``, the folder in the dbt project, or the release."""
        return asset.default.group_name

    def get_owners(self, asset: DdgAsset) -> Sequence[str]:
        """E-mail addresses, or teams as in ``team:epidemiology``."""
        return asset.default.owners

    def get_tags(self, asset: DdgAsset) -> Mapping[str, str]:
        """Tags by name; ``ddg/store`` says in which store it is, ``ddg/level`` how well it is protected."""
        return {name: text for name, text in asset.default.tags.items() if not name.startswith("dagster/kind/")}

    def get_kinds(self, asset: DdgAsset) -> set[str]:
        """What Dagster shows as little pictures, three at most."""
        return asset.default.kinds

    def get_metadata(self, asset: DdgAsset) -> Mapping[str, Any]:
        """What is known before it is made. Restricted figures do not belong here: everybody sees it."""
        return asset.default.metadata

    def get_automation_condition(self, asset: DdgAsset) -> dg.AutomationCondition[Any] | None:
        """When Dagster makes it by itself; by default never, because schedules and sensors do."""
        return asset.default.automation_condition

    def get_freshness_policy(self, asset: DdgAsset) -> dg.FreshnessPolicy | None:
        """How old it may be; of publications by the cadence of their contract."""
        return asset.default.freshness_policy

    def get_definition_name(self, kind: DefinitionKind, name: str) -> str:  # noqa: ARG002 - for overriding methods
        """Name a job, schedule, sensor or op; letters, digits and underscores."""
        return f"{self.name_prefix}_{name}" if self.name_prefix else name
