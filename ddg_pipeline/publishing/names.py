"""What the files of a package and its place on the portal are called."""

from __future__ import annotations

from dataclasses import dataclass

from ddg_pipeline.contract.model import ReleaseContract

DICTIONARY_NAME = "data-dictionary.csv"
DATA_PACKAGE_NAME = "datapackage.json"
DATASET_ENTRY_NAME = "dataset.json"  # of Project Open Data 1.1
REPORT_HTML_NAME = "report.html"
REPORT_JSON_NAME = "report.json"


@dataclass(frozen=True)
class PackageNames:
    """The names of one release on the portal: lower case, hyphens, as the portal's convention has it.

    Attributes:
        dataset: The dataset; several releases may share one.
        resource: The resource within it.
        csv: The file with the data.
    """

    dataset: str
    resource: str
    csv: str


def package_names(contract: ReleaseContract) -> PackageNames:
    """Name a release's package.

    ``publication.dataset`` and ``publication.resource`` are taken as they are; without them the release's name is used,
    with hyphens. Each reporting period is a resource of one dataset. (``ddg mask`` is no publication and calls its
    file ``<release>.csv``.)
    """
    hyphenated = contract.series.replace("_", "-")
    resource = contract.publication.resource or hyphenated
    if contract.reporting_period is not None:  # one dataset, a resource for each period
        resource += contract.release.removeprefix(contract.series).replace("_", "-")
    return PackageNames(contract.publication.dataset or hyphenated, resource, f"{resource}.csv")
