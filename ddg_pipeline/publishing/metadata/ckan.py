"""A dataset as CKAN's ``package_create`` and ``package_patch`` take it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.publishing.metadata.facts import MetadataFacts
from ddg_pipeline.publishing.metadata.mapping import load_mapping
from ddg_pipeline.publishing.metadata.values import metadata_values

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook


def ckan_dataset_fields(
    contract: ReleaseContract,
    rulebook: Rulebook,
    facts: MetadataFacts,
    defaults: PortalMetadata | None = None,
    mapping: str = "calhhs",
    directory: Path | None = None,
) -> dict[str, Any]:
    """Give the fields of a dataset.

    Args:
        contract: The contract.
        rulebook: The edition the release was judged by.
        facts: What the release tells: `facts_of_package`.
        defaults: What the department says of all its releases.
        mapping: ``calhhs``, ``data_ca_gov``, or the path of a department's own mapping.
        directory: Where relative paths begin.

    Returns:
        ``name``, ``title``, ``notes``, ``tags`` as ``[{"name": …}]``, ``license_id``, ``extras`` as ``[{"key": …,
        "value": …}]`` and so on, as far as there is something to say. Organisation, privacy and resources are not
        among them.

    Raises:
        InputErrors: There is no such mapping, or it is not one of CKAN, or a value that it requires is missing.
    """
    portal = load_mapping(mapping, directory)
    if portal.kind != "ckan":
        raise InputErrors([InputError("portal mapping", portal.name, f"one of {portal.kind}", "a mapping of CKAN")])
    return portal.fill_in(metadata_values(contract, rulebook, facts, defaults), contract.release)
