"""The dossier of a release: all that reviewers need on one page, and the expert determination for them to complete.

It is made of what is public, and of the contract and the rulebook, whose hashes are in the certificate: the certified
package, the one before it, and facts about what else is public. It is given nothing else, so it can tell nothing else.
"""

from ddg_pipeline.review.dossier.assemble import dossier_of
from ddg_pipeline.review.dossier.facts import Approval, EarlierVersion, PublicTable
from ddg_pipeline.review.dossier.model import Dossier
from ddg_pipeline.review.dossier.page import dossier_html
from ddg_pipeline.review.dossier.word import determination_docx

__all__ = [
    "Approval",
    "Dossier",
    "EarlierVersion",
    "PublicTable",
    "determination_docx",
    "dossier_html",
    "dossier_of",
]
