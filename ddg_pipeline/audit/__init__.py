"""The attacker: what a reader of the published numbers can work out.

Shares no code with masking. `audit` reads published tables only; `implied_margins` and `broken_margins` let the holder
of the data say what else is public about them.
"""

from ddg_pipeline.audit.attack import audit
from ddg_pipeline.audit.figures import broken_margins, implied_margins
from ddg_pipeline.audit.published import PublishedTable
from ddg_pipeline.audit.report import AuditReport, Cell, Finding, FindingKind, audit_markdown, audit_sections
from ddg_pipeline.audit.rules import AuditRules

__all__ = [
    "AuditReport",
    "AuditRules",
    "Cell",
    "Finding",
    "FindingKind",
    "PublishedTable",
    "audit",
    "audit_markdown",
    "audit_sections",
    "broken_margins",
    "implied_margins",
]
