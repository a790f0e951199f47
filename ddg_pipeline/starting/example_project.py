"""The starter project of made-up figures: one table that has to be masked, released by the first `ddg run`."""

from __future__ import annotations

from ddg_pipeline.starting.template_files import Files, template_files


def example_project() -> Files:
    """Give the files of the starter project, its reviewed suite among them."""
    return template_files("project", {"made_up": True}) | template_files("example", {})
