"""What a portal shows beside the data: resolved from contract, department, rulebook and table; mapped to each portal.

`facts` takes from a table what it tells (time, areas), `values` puts everything together, and `mapping` gives it the
form of one portal, which is data: YAML files in ``mappings/``, or a department's own.
"""

from ddg_pipeline.publishing.metadata.ckan import ckan_dataset_fields
from ddg_pipeline.publishing.metadata.facts import MetadataFacts, facts_of_package, facts_of_table
from ddg_pipeline.publishing.metadata.mapping import PortalMapping, load_mapping, missing_fields, shipped_mappings
from ddg_pipeline.publishing.metadata.project_open_data import check_dataset_entry, project_open_data_entry
from ddg_pipeline.publishing.metadata.values import metadata_values

__all__ = [
    "MetadataFacts",
    "PortalMapping",
    "check_dataset_entry",
    "ckan_dataset_fields",
    "facts_of_package",
    "facts_of_table",
    "load_mapping",
    "metadata_values",
    "missing_fields",
    "project_open_data_entry",
    "shipped_mappings",
]
