"""Step 6 of the guideline: the package of a release, and the places it is published to (DDG 2.0 §4.6)."""

from ddg_pipeline.publishing.columns import ColumnWriter
from ddg_pipeline.publishing.facts import AuditSummary, PublicCells, ReleaseFacts, public_cells
from ddg_pipeline.publishing.folder import Package, Receipt, publish_to_folder, publish_together, withdraw_from_folder
from ddg_pipeline.publishing.names import PackageNames, package_names
from ddg_pipeline.publishing.package import write_documents, write_release_csv
from ddg_pipeline.publishing.public_assessment import PublicAssessment, public_assessment, public_part
from ddg_pipeline.publishing.report import report_html, report_json

__all__ = [
    "AuditSummary",
    "ColumnWriter",
    "Package",
    "PackageNames",
    "PublicAssessment",
    "PublicCells",
    "Receipt",
    "ReleaseFacts",
    "package_names",
    "public_assessment",
    "public_cells",
    "public_part",
    "publish_to_folder",
    "publish_together",
    "report_html",
    "report_json",
    "withdraw_from_folder",
    "write_documents",
    "write_release_csv",
]
