"""What each asset of a release is, if no translator says otherwise: see `release_assets` for what they do."""

import dagster as dg

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.freshness import freshness
from ddg_pipeline.orchestration.translation import DdgAsset
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


def masked_default(release: DbtRelease) -> DdgAsset:
    """A release that is assessed, masked and staged."""
    contract = release.contract
    spec = dg.AssetSpec(
        [contract.release, "masked"],
        group_name=contract.release,
        kinds={"ddg", "csv"},
        description=f"{contract.title}: assessed, masked and staged.\n\n{contract.description}",
        tags=_tags(release, "restricted"),
    )
    return DdgAsset("masked", contract.release, spec, contract=contract)


def release_default(release: DbtRelease) -> DdgAsset:
    """A release that passed the gate."""
    contract = release.contract
    spec = dg.AssetSpec(
        [contract.release, "release"],
        group_name=contract.release,
        kinds={"ddg", "greatexpectations", "csv"},
        description=f"{contract.title}: the bytes that passed the gate, with their certificate.",
        tags=_tags(release, "public"),
    )
    return DdgAsset("release", contract.release, spec, contract=contract)


def publication_default(release: DbtRelease) -> DdgAsset:
    """A published release."""
    contract = release.contract
    spec = dg.AssetSpec(
        [contract.release, "publication"],
        group_name=contract.release,
        kinds={"ddg", "csv"},
        description=f"{contract.title}: in the portal folder, and on the portals that ddg.yaml names.",
        tags=_tags(release, "public"),
        freshness_policy=freshness(contract),
    )
    return DdgAsset("publication", contract.release, spec, contract=contract)


def _tags(release: DbtRelease, store: str) -> dict[str, str]:
    return {"ddg/store": store, "ddg/level": release.contract.suppression.level}
