"""The code location that ``workspace.yaml`` loads: the project in the working directory, or in ``DDG_PROJECT``."""

from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project

defs = build_definitions(load_project())
