"""Alternatives to a table that has to be masked: coarser, shorter, split, and what each would cost (DDG 2.0 §4.4).

`advise` judges them with the same assessment and masking as any release; `alternative_tables` makes one of them.
Nothing is changed: a table stays what it is until its owner takes another.
"""

from ddg_pipeline.advice.candidates import Built, Candidate
from ddg_pipeline.advice.contracts import raw_contract
from ddg_pipeline.advice.result import Advice, Alternative
from ddg_pipeline.advice.search import MOST, SECONDS, advise, alternative_tables

__all__ = [
    "MOST",
    "SECONDS",
    "Advice",
    "Alternative",
    "Built",
    "Candidate",
    "advise",
    "alternative_tables",
    "raw_contract",
]
