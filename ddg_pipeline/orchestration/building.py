"""Put a project's assets, checks, jobs and schedules together."""

import dagster as dg

from ddg_pipeline.orchestration.dbt_models import dbt_models, ensure_manifest, read_manifest, releases_of
from ddg_pipeline.orchestration.period_sensor import period_sensors
from ddg_pipeline.orchestration.periods import TIME_ZONE
from ddg_pipeline.orchestration.portal_watch import portal_watch
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.release_assets import release_assets
from ddg_pipeline.orchestration.review_definitions import approved_releases_sensor, review_jobs
from ddg_pipeline.orchestration.schedules import everything_job, last_assets, period_jobs, schedules
from ddg_pipeline.orchestration.source_assets import source_assets
from ddg_pipeline.orchestration.source_sensor import source_sensor
from ddg_pipeline.release_groups import linked_groups


def build_definitions(project: Project) -> dg.Definitions:
    """Build the code location of a project.

    Importing this, and calling it, loads neither Great Expectations nor the solver.

    Raises:
        InputErrors: ``sources.yaml``, the dbt project or a contract is wrong.
    """
    project.prepare_environment()
    manifest = read_manifest(ensure_manifest(project))
    groups = linked_groups(releases_of(manifest))
    models, dbt = dbt_models(project, manifest)
    assets = [*source_assets(project), models, *release_assets(project, manifest, groups)]
    resources = {"dbt": dbt}
    graph = dg.Definitions(assets=assets, resources=resources).resolve_asset_graph()
    everything, by_period = everything_job(groups), period_jobs(groups)
    wanted = [last_assets(graph, group) for group in groups]
    watch = portal_watch(project, [release.contract for group in groups for release in group])
    return dg.Definitions(
        assets=assets,
        asset_checks=watch.checks,
        jobs=[everything, *by_period, *watch.jobs, *review_jobs(project)],
        schedules=schedules(groups, graph, TIME_ZONE),
        sensors=[
            source_sensor(project, graph, wanted, everything),
            *period_sensors(project, manifest, groups, by_period),
            *watch.sensors,
            *approved_releases_sensor(project, [[one.contract for one in group] for group in groups]),
        ],
        resources=resources,
        executor=dg.in_process_executor,
    )
