"""Put a project's assets, checks, jobs and schedules together."""

import dagster as dg

from ddg_pipeline.orchestration.dbt_models import dbt_models, ensure_manifest, read_manifest, releases_of
from ddg_pipeline.orchestration.elsewhere import built_elsewhere, check_sources
from ddg_pipeline.orchestration.portal_watch import portal_watch
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.release_assets import publication_key, release_assets
from ddg_pipeline.orchestration.review_definitions import approved_releases_sensor, review_jobs
from ddg_pipeline.orchestration.schedules import everything_job, schedules
from ddg_pipeline.orchestration.source_assets import source_assets
from ddg_pipeline.orchestration.source_sensor import source_sensor
from ddg_pipeline.release_groups import linked_groups

_TIME_ZONE = "America/Los_Angeles"


def build_definitions(project: Project, executor: dg.ExecutorDefinition = dg.in_process_executor) -> dg.Definitions:
    """Build the code location of a project.

    Importing this, and calling it, loads neither Great Expectations nor the solver.

    Args:
        project: The project.
        executor: How Dagster runs the steps of a run: one after the other in one process, or as
            ``dg.multiprocess_executor`` does and others that spread them (``docs/elsewhere.md`` says what each needs).
            `ddg run` runs them in its own process, whatever this says.

    Raises:
        InputErrors: ``sources.yaml``, the dbt project or a contract is wrong.
    """
    project.prepare_environment()
    manifest = read_manifest(ensure_manifest(project))
    check_sources(project, manifest)
    loaded = not built_elsewhere(manifest)  # else the source tables are where dbt reads them
    groups = linked_groups(releases_of(manifest))
    models, dbt = dbt_models(project, manifest)
    assets = [*(source_assets(project) if loaded else ()), models, *release_assets(project, manifest, groups)]
    resources = {"dbt": dbt}
    graph = dg.Definitions(assets=assets, resources=resources).resolve_asset_graph()
    everything = everything_job()
    publications = [[publication_key(release.contract.release) for release in group] for group in groups]
    watch = portal_watch(project, [release.contract for group in groups for release in group])
    return dg.Definitions(
        assets=assets,
        asset_checks=watch.checks,
        jobs=[everything, *watch.jobs, *review_jobs(project)],
        schedules=schedules(groups, graph, _TIME_ZONE),
        sensors=[
            *([source_sensor(project, graph, publications, everything)] if loaded else ()),
            *watch.sensors,
            *approved_releases_sensor(project, [[one.contract.release for one in group] for group in groups]),
        ],
        resources=resources,
        executor=executor,
    )
