"""Draft a release contract from a table, with reasons: what each column seems to be, and what only a person can know.

Nothing is guessed into something that would mask less. Where a table does not say, the draft takes the stricter
reading, or leaves the column out, and asks. No figure of the table stands in a draft.
"""

from ddg_pipeline.drafting.draft import draft_contract
from ddg_pipeline.drafting.records import RecordPlan
from ddg_pipeline.drafting.result import ColumnDraft, Draft, Remark, Role

__all__ = ["ColumnDraft", "Draft", "RecordPlan", "Remark", "Role", "draft_contract"]
