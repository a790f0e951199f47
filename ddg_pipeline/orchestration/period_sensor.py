"""A sensor for releases by periods: a period that is over and new, or was corrected, is released."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.elsewhere import fetch_group
from ddg_pipeline.orchestration.failures import attempt
from ddg_pipeline.orchestration.partitions import partition_of
from ddg_pipeline.orchestration.periods import DuePeriod, by_periods, due_periods, group_of_period, periods_in, today
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.schedules import period_job_name
from ddg_pipeline.orchestration.store_work import exclusive

if TYPE_CHECKING:
    import pandas as pd

NAME = "due_periods"
_SECONDS = 300


def period_sensors(
    plan: DdgPlan,
    jobs: Sequence[UnresolvedAssetJobDefinition],
    status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> list[dg.SensorDefinition]:
    """Make the sensor; none where nothing is released by periods. It is off until someone turns it on.

    It looks at the aggregates once a day, and whenever they were built anew: by the schedule, the sensor of new
    sources, or by hand. So late and corrected data of a past period release that period again, and no other.

    Args:
        plan: The project's assets.
        jobs: Those that release a period (`schedules.period_jobs`).
        status: Whether it is on from the start.
    """
    project = plan.project
    chosen = [group for group in plan.groups if by_periods(group)]
    if not chosen:
        return []

    @dg.sensor(
        name=plan.name("sensor", NAME),
        jobs=jobs,
        minimum_interval_seconds=_SECONDS,
        default_status=status,
        description="Releases the periods that are over and new, or whose figures have changed.",
    )
    def look(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        told: list[str] = []
        asked = False
        for group in chosen:
            job = period_job_name(plan, group)
            stamp = _stamp(context.instance, plan, group)
            if seen.get(job) == stamp:
                continue
            try:
                due = attempt(due_now, project, plan.manifest, group)
            except dg.Failure as failure:  # of one group; the others go on, and this is told
                told.append(str(failure.description))
                continue
            for one in due:
                asked = True
                first = group_of_period(group, one.period)[0].contract
                tags = {"ddg/period": one.period, "ddg/why": one.why}
                key = f"{job} {one.period} {stamp}"
                yield dg.RunRequest(run_key=key, job_name=job, partition_key=partition_of(first), tags=tags)
            seen[job] = stamp
        context.update_cursor(json.dumps(seen))
        if not asked:
            yield dg.SkipReason("; ".join(told) or "every period that is over is released as it is now")

    return [look]


def _stamp(instance: dg.DagsterInstance, plan: DdgPlan, group: Sequence[DbtRelease]) -> str:
    """Say when the aggregates of a group were built, and what day it is: nothing else makes a period due."""
    built = [instance.get_latest_materialization_event(plan.dbt_key(one.model)) for one in group]
    return " ".join([today().isoformat(), *("" if one is None else f"{one.timestamp:.3f}" for one in built)])


def due_now(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> list[DuePeriod]:
    """Look at the aggregates of a group in the restricted store for periods to release.

    Raises:
        DdgError: The store is busy, or has no such aggregates.
    """
    return due_periods(project, group, _aggregates(project, manifest, group))


def latest_now(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> list[DuePeriod]:
    """Give the last period that is over and in the aggregates of a group, whether it has to be released or not.

    Raises:
        DdgError: The store is busy, or has no such aggregates.
    """
    return [DuePeriod(one, "latest") for one in periods_in(group, _aggregates(project, manifest, group))[-1:]]


def _aggregates(project: Project, manifest: Mapping[str, Any], group: Sequence[DbtRelease]) -> list["pd.DataFrame"]:
    with exclusive(project):
        fetch_group(project, manifest, group)  # where dbt builds in another database
        return [project.restricted_store.read_table(one.schema, one.relation) for one in group]
