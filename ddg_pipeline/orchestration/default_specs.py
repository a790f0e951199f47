"""What each asset of a release is, if no translator says otherwise: see `release_assets` for what they do."""

from collections.abc import Mapping

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.freshness import freshness
from ddg_pipeline.orchestration.periods import known_contracts
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.release_pages import description
from ddg_pipeline.orchestration.tags import MASKED_IN, contract_tags, release_tags
from ddg_pipeline.orchestration.translation import DdgAsset, Step
from ddg_pipeline.warehouse.restricted import SOURCE_SCHEMA
from ddg_pipeline.warehouse.sources import Source


def source_default(source: Source) -> DdgAsset:
    """A source table; its key is ``source/<name>``, as dbt knows it."""
    spec = dg.AssetSpec(
        [SOURCE_SCHEMA, source.name],
        group_name="sources",
        kinds={"duckdb", source.table.kind},
        description=source.table.description,
        tags={"ddg/store": "restricted"},
    )
    return DdgAsset("source", source.name, spec, source=source)


def masked_default(project: Project, release: DbtRelease) -> DdgAsset:
    """A release that is assessed, masked and staged."""
    contract = release.contract
    tags = _tags(project, contract, "restricted")
    return _of_release("masked", contract, {"ddg", "csv"}, "assessed, masked and staged.", tags)


def release_default(project: Project, release: DbtRelease) -> DdgAsset:
    """A release that passed the gate."""
    contract = release.contract
    kinds = {"ddg", "greatexpectations", "csv"}
    tags = _tags(project, contract, "public", months=True)
    return _of_release("release", contract, kinds, "the bytes that passed the gate, certified.", tags)


def publication_default(project: Project, release: DbtRelease) -> DdgAsset:
    """A published release."""
    contract = release.contract
    text = "in the portal folder, and on other portals."
    tags = _tags(project, contract, "public")
    return _of_release("publication", contract, {"ddg", "csv"}, text, tags, freshness(contract))


def _of_release(
    step: Step,
    contract: ReleaseContract,
    kinds: set[str],
    text: str,
    tags: Mapping[str, str],
    fresh: dg.FreshnessPolicy | None = None,
) -> DdgAsset:
    spec = dg.AssetSpec(
        [contract.release, step],
        group_name=contract.release,
        kinds=kinds,
        description=description(contract, text),
        tags=tags,
        freshness_policy=fresh,
    )
    return DdgAsset(step, contract.release, spec, contract=contract)


def _tags(project: Project, contract: ReleaseContract, store: str, *, months: bool = False) -> dict[str, str]:
    """Tag by the contract, and by what is released: of reporting periods, by the last one."""
    names = list(known_contracts(project, [contract]))
    found = [release_tags(project.public_store, name, months=months) for name in names]
    masked_in = {tag: text for one in found for tag, text in one.items() if tag.startswith(MASKED_IN)}
    return contract_tags(contract, store) | masked_in | (found[-1] if found else {})
