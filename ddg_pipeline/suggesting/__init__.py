"""``ddg contract suggest``: a table in, a drafted contract out, as YAML that says why."""

from ddg_pipeline.suggesting.rendering import render_contract, render_model
from ddg_pipeline.suggesting.tables import NamedTable, read_named_table
from ddg_pipeline.suggesting.writing import write_contract, write_model

__all__ = ["NamedTable", "read_named_table", "render_contract", "render_model", "write_contract", "write_model"]
