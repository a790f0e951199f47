"""What other people's Dagster projects can use: the component, the translator, factories and a resource.

.. code-block:: python

    from ddg_pipeline.dagster import build_definitions, load_project

    defs = build_definitions(load_project(Path("my_releases")))

More, with an example of each: docs/how-to/dagster-project.md. Importing it loads no solver.
"""

from ddg_pipeline.components.releases import DdgReleases
from ddg_pipeline.orchestration.building import assets_of, build_definitions, definitions_of
from ddg_pipeline.orchestration.dbt_build import dbt_models
from ddg_pipeline.orchestration.plan import DdgPlan, plan_project
from ddg_pipeline.orchestration.project import Project, load_project
from ddg_pipeline.orchestration.project_resource import DdgProjectResource
from ddg_pipeline.orchestration.release_assets import (
    gate_assets,
    masking_assets,
    publication_assets,
    release_assets,
)
from ddg_pipeline.orchestration.source_assets import source_assets
from ddg_pipeline.orchestration.translation import DdgAsset, DdgTranslator

__all__ = [
    "DdgAsset",
    "DdgPlan",
    "DdgProjectResource",
    "DdgReleases",
    "DdgTranslator",
    "Project",
    "assets_of",
    "build_definitions",
    "dbt_models",
    "definitions_of",
    "gate_assets",
    "load_project",
    "masking_assets",
    "plan_project",
    "publication_assets",
    "release_assets",
    "source_assets",
]
