"""The guideline as data: one YAML file an edition, typed and checked; no figure of it stands anywhere else."""

from ddg_pipeline.rulebook.bands import Band, BandTable
from ddg_pipeline.rulebook.load import load_rulebook, parse_rulebook, shipped_rulebooks
from ddg_pipeline.rulebook.model import Rulebook

__all__ = ["Band", "BandTable", "Rulebook", "load_rulebook", "parse_rulebook", "shipped_rulebooks"]
