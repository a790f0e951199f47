"""The dbt project as assets: everything in it is built into the restricted store by one step."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from packaging.version import Version

from ddg_pipeline.orchestration.dbt_failures import what_failed
from ddg_pipeline.orchestration.dbt_messages import MESSAGES, kept_messages
from ddg_pipeline.orchestration.dbt_models import QUIETLY, dbt_executable
from ddg_pipeline.orchestration.failures import attempt, exclusive_step
from ddg_pipeline.orchestration.model_columns import ModelColumns, with_columns
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.pools import DUCKDB_POOL
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.spark_session import session_environment
from ddg_pipeline.orchestration.store_work import remove_plain_files
from ddg_pipeline.orchestration.unfinished import begin, releases_in_run

_NO_NAME = re.compile(r"\W+")  # in names of columns as files have them, where models write an underscore


def dbt_models(plan: DdgPlan) -> dg.AssetsDefinition:
    """Make the assets of every model, seed and test of the dbt project."""
    from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

    project = plan.project

    class Dbt(DbtCliResource):
        """The dbt beside this Python, without what takes seconds and is not needed."""

        @cached_property
        def _cli_version(self) -> Version:
            """Known without starting dbt."""
            return Version(version("dbt-core")) if dbt_executable().is_absolute() else super()._cli_version

        def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002
            """None: nobody asks for row counts and columns, and a Ctrl-C while it is made would be lost."""
            return None

    dbt_project = DbtProject(
        project_dir=project.dbt_project, profiles_dir=project.dbt_project, target_path=project.dbt_target
    )
    # no resource of the code location: it may have a `dbt` of its own, or two of our projects
    dbt = Dbt(
        project_dir=str(project.dbt_project),
        profiles_dir=str(project.dbt_project),
        dbt_executable=str(dbt_executable()),
    )

    @dbt_assets(
        manifest=plan.manifest,
        project=dbt_project,
        dagster_dbt_translator=plan.dbt,
        name=plan.name("op", "dbt"),
        pool=DUCKDB_POOL,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with exclusive_step(project, context.log.info):
            attempt(begin, project, releases_in_run(context, plan))
            attempt(_check_store, project)
            settings = attempt(session_environment, project, plan.manifest)
            target = project.dbt_runs / context.run.run_id
            target.mkdir(parents=True, exist_ok=True)
            columns = ModelColumns(plan.manifest, target, plan.sources, plan.key_of_node)
            with kept_messages(project, target):
                with project.dbt_environment(settings):  # dbt's process takes it over as it is now
                    invocation = dbt.cli([*QUIETLY, "build"], context=context, target_path=target, raise_on_error=False)
                for event in invocation.stream():
                    yield with_columns(event, columns)
                successful = invocation.is_successful()
            if not successful:
                description = _what_failed(plan, target)
                if project.encryption is not None:
                    remove_plain_files(target)
                raise dg.Failure(description=description, allow_retries=False)
            shutil.rmtree(target)

    return models


def _check_store(project: Project) -> None:
    """Open the store once before dbt does: a wrong key, or somebody else's connection, is said in our words.

    Raises:
        DdgError: It cannot be opened.
    """
    with project.restricted_store.connect():
        pass


def _what_failed(plan: DdgPlan, target: Path) -> str:
    """Name the models and tests that failed, and say how to read dbt's own words; they may quote values."""
    project = plan.project
    directory = os.path.relpath(project.dbt_project, project.root)
    not_loaded = {
        _NO_NAME.sub("_", column.casefold()): f"sources.{name}"
        for name, source in plan.sources.items()
        for column in source.table.ignore_columns
    }
    told = what_failed(target / "run_results.json", plan.manifest, directory, not_loaded)
    messages = (target / MESSAGES).relative_to(project.restricted)
    return "\n".join(
        [
            f"dbt: {told[0] if told else 'could not run the project'}",
            *told[1:],
            f"What dbt itself says, which may quote the data:\n  ddg store show {messages}",  # a command to copy
        ]
    )
