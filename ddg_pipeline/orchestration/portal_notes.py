"""What analysts see in Dagster of a release's portal metadata: what portals still want, and how labels differ."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.orchestration.project import Project
    from ddg_pipeline.rulebook import Rulebook


def portal_notes(
    project: "Project", contract: "ReleaseContract", rulebook: "Rulebook", package: Path
) -> dict[str, dg.MetadataValue]:
    """List what a portal requires or expects and nobody told, by mapping, and what the handbook writes otherwise.

    Args:
        project: The project, whose department may have told some.
        contract: The contract.
        rulebook: The edition the release was judged by.
        package: Its certified package.
    """
    from ddg_pipeline.publishing.metadata import (
        facts_of_package,
        load_mapping,
        metadata_values,
        missing_fields,
        shipped_mappings,
    )
    from ddg_pipeline.publishing.metadata.handbook import handbook_notes
    from ddg_pipeline.publishing.names import package_names
    from ddg_pipeline.quality import read_csv_file

    values = metadata_values(contract, rulebook, facts_of_package(package, contract), project.metadata)
    missing = {name: missing_fields(load_mapping(name), values) for name in shipped_mappings()}
    _, table = read_csv_file(package / package_names(contract).csv)
    found: dict[str, Any] = {
        "portal_metadata_missing": {name: fields for name, fields in missing.items() if fields},
        "open_data_handbook": handbook_notes(contract, table),
    }
    return {name: dg.MetadataValue.json(value) for name, value in found.items() if value}
