"""The names of the values that a mapping may use; `values` gives exactly these."""

from __future__ import annotations

from typing import Final

VALUE_NAMES: Final = (
    "release", "dataset", "resource", "file", "identifier", "title", "description", "description.whole", "department",
    "program", "contact_name", "contact_email", "contact_email.mailto", "homepage", "temporal_coverage",
    "temporal_coverage.interval", "temporal_coverage.begin", "temporal_coverage.end", "spatial_coverage",
    "geographic_granularity", "language", "language.code", "language.codes", "accrual_periodicity",
    "accrual_periodicity.code", "deidentification_method", "source_link", "data_collection_tool", "license",
    "license.id", "license.url", "license.ckan", "terms_of_use", "use.url", "limitations", "additional_information",
    "related_resources", "related_resources.urls", "related_resources.titled", "references", "citation", "topic",
    "topics", "tags", "tags.names", "modified", "rulebook", "download_url", "other",
)  # fmt: skip
