"""A CKAN portal as a place to publish: tried out, read back, compared, and only then public.

What it does in which order, and what readers see at each step: `publication` and docs/how-to/portal.md.
"""

from ddg_pipeline.publishing.ckan.comparing import compare_with_portal
from ddg_pipeline.publishing.ckan.publication import CkanReceipt, publish_together_to_ckan
from ddg_pipeline.publishing.ckan.retraction import CkanWithdrawal, retract_from_ckan
from ddg_pipeline.publishing.ckan.settings import CkanPortal

__all__ = [
    "CkanPortal",
    "CkanReceipt",
    "CkanWithdrawal",
    "compare_with_portal",
    "publish_together_to_ckan",
    "retract_from_ckan",
]
