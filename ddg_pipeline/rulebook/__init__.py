"""The guideline as data: one YAML file an edition, typed and checked; no figure of it stands anywhere else."""

from ddg_pipeline.rulebook.bands import Band, BandTable
from ddg_pipeline.rulebook.documents import (
    SHIPPED,
    RulebookDocument,
    RulebookSource,
    UnknownRulebookError,
    shipped_rulebooks,
)
from ddg_pipeline.rulebook.load import load_rulebook, parse_rulebook
from ddg_pipeline.rulebook.model import Override, Rulebook

__all__ = [
    "SHIPPED",
    "Band",
    "BandTable",
    "Override",
    "Rulebook",
    "RulebookDocument",
    "RulebookSource",
    "UnknownRulebookError",
    "load_rulebook",
    "parse_rulebook",
    "shipped_rulebooks",
]
