"""Put a project's assets, checks, jobs and schedules together."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.orchestration.dbt_build import dbt_models
from ddg_pipeline.orchestration.period_sensor import period_sensors
from ddg_pipeline.orchestration.periods import TIME_ZONE
from ddg_pipeline.orchestration.plan import DdgPlan, plan_project
from ddg_pipeline.orchestration.portal_watch import portal_watch
from ddg_pipeline.orchestration.project import Project, turn_telemetry_off
from ddg_pipeline.orchestration.release_assets import release_assets
from ddg_pipeline.orchestration.review_definitions import approved_releases_sensor, review_jobs
from ddg_pipeline.orchestration.schedules import everything_job, period_jobs
from ddg_pipeline.orchestration.schedules import schedules as cadence_schedules
from ddg_pipeline.orchestration.settings_in_dagster import Elsewhere, Status
from ddg_pipeline.orchestration.source_assets import source_assets
from ddg_pipeline.orchestration.source_sensor import source_sensor
from ddg_pipeline.orchestration.translation import DdgTranslator

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator


def build_definitions(
    project: Project,
    *,
    translator: DdgTranslator | None = None,
    releases: Collection[str] = (),
    elsewhere: Collection[Elsewhere] = (),
    dbt_translator: "DagsterDbtTranslator | None" = None,
    time_zone: str = TIME_ZONE,
    schedules: Status = "stopped",
    sensors: Status = "stopped",
    executor: dg.ExecutorDefinition | None = dg.in_process_executor,
) -> dg.Definitions:
    """Build the code location of a project, or a project's part of one.

    Importing this, and calling it, loads neither Great Expectations nor the solver.

    Args:
        project: The project.
        translator: Names assets, jobs, schedules, sensors and ops.
        releases: Names of releases; none means all. Linked ones come along.
        elsewhere: What something else in the code location makes; see :func:`plan_project`.
        dbt_translator: The translator of dbt assets that are made elsewhere.
        time_zone: Of the schedules.
        schedules: ``stopped`` until someone turns them on, ``running`` from the start, or ``none``.
        sensors: The same of sensors.
        executor: How Dagster runs the steps of a run: one after the other in one process, or as
            ``dg.multiprocess_executor`` does and others that spread them (docs/how-to/elsewhere.md says what each
            needs); None leaves it to others, as a part of a code location has to. `ddg run` uses its own process.

    Raises:
        InputErrors: ``sources.yaml``, the dbt project, a contract or a name is wrong.
    """
    plan = plan_project(
        project, translator=translator, releases=releases, elsewhere=elsewhere, dbt_translator=dbt_translator
    )
    return definitions_of(plan, time_zone=time_zone, schedules=schedules, sensors=sensors, executor=executor)


def definitions_of(
    plan: DdgPlan,
    *,
    time_zone: str = TIME_ZONE,
    schedules: Status = "stopped",
    sensors: Status = "stopped",
    executor: dg.ExecutorDefinition | None = dg.in_process_executor,
) -> dg.Definitions:
    """Build what a plan says; the arguments are those of :func:`build_definitions`."""
    turn_telemetry_off()
    everything, by_period = everything_job(plan), period_jobs(plan)
    sensor_status = dg.DefaultSensorStatus[_default(sensors)]
    watch = portal_watch(plan, sensor_status)
    made = [
        *([] if "sources" in plan.elsewhere or not plan.sources else [source_sensor(plan, everything, sensor_status)]),
        *period_sensors(plan, by_period, sensor_status),
        *watch.sensors,
        *approved_releases_sensor(plan, sensor_status),
    ]
    return dg.Definitions(
        assets=assets_of(plan),
        asset_checks=watch.checks,
        jobs=[everything, *by_period, *watch.jobs, *review_jobs(plan)],
        schedules=[] if schedules == "none" else _schedules(plan, time_zone, schedules),
        sensors=[] if sensors == "none" else made,
        executor=executor,
    )


def assets_of(plan: DdgPlan) -> list[dg.AssetsDefinition]:
    """Make the assets of a plan, but for those that are made elsewhere."""
    return [
        *([] if "sources" in plan.elsewhere else source_assets(plan)),
        *([] if "dbt" in plan.elsewhere else [dbt_models(plan)]),
        *release_assets(plan),
    ]


def _schedules(plan: DdgPlan, time_zone: str, status: Status) -> list[dg.ScheduleDefinition]:
    return cadence_schedules(plan, time_zone, dg.DefaultScheduleStatus[_default(status)])


def _default(status: Status) -> str:
    return "RUNNING" if status == "running" else "STOPPED"
