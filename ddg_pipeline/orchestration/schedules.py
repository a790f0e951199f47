"""Jobs and schedules: everything at once, and every release by the cadence its contract names."""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.periods import by_periods
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.selection import with_siblings

EVERYTHING = "everything"

_CRON = {
    "daily": "0 6 * * *",
    "weekly": "0 6 * * 1",
    "monthly": "0 6 2 * *",
    "quarterly": "0 6 2 1,4,7,10 *",
    "half-yearly": "0 6 2 1,7 *",
    "yearly": "0 6 2 1 *",
}


def everything_job(plan: DdgPlan) -> UnresolvedAssetJobDefinition:
    """From all sources to all publications; of releases by periods, as far as their aggregates.

    Other assets of the code location are none of its business.
    """
    keys = plan.own_keys | with_siblings(plan, [key for group in plan.groups for key in plan.last_keys(group)])
    keys -= {key for group in plan.groups if by_periods(group) for key in plan.chain_keys(group)}
    return dg.define_asset_job(
        plan.name("job", EVERYTHING),
        _made_here(keys),
        description="Loads every source and releases every table, but those by periods.",
    )


def period_jobs(plan: DdgPlan) -> list[UnresolvedAssetJobDefinition]:
    """Make, for each group of releases by periods, the job that releases one period of it from its aggregates."""
    return [
        dg.define_asset_job(
            period_job_name(plan, group),
            dg.AssetSelection.assets(*plan.chain_keys(group)),
            description=f"Releases a period of {', '.join(one.contract.release for one in group)}. What it is made of "
            f"is taken as it is: `{plan.name('job', EVERYTHING)}` brings that up to date.",
        )
        for group in plan.groups
        if by_periods(group)
    ]


def period_job_name(plan: DdgPlan, group: Sequence[DbtRelease]) -> str:
    """Name that job."""
    return plan.name("job", f"release_period_of_{'__'.join(release.contract.series for release in group)}")


def schedules(
    plan: DdgPlan,
    time_zone: str,
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
) -> list[dg.ScheduleDefinition]:
    """Make one schedule for each cadence; a group of linked releases runs at the most frequent one among them.

    Releases without a cadence, or with an irregular one, are released by hand. Of releases by periods, the aggregates
    are brought up to date; the sensor `due_periods` releases what is new or changed in them. Schedules are off until
    someone turns them on, unless ``status`` says otherwise.
    """
    order = list(_CRON)
    by_cadence: dict[str, list[Sequence[DbtRelease]]] = {}
    for group in plan.groups:
        named = [release.contract.publication.cadence for release in group]
        cadences = [cadence for cadence in named if cadence is not None and cadence in _CRON]
        if cadences:
            soonest = min(cadences, key=order.index)
            by_cadence.setdefault(soonest, []).append(group)
    return [_schedule(plan, cadence, chosen, time_zone, status) for cadence, chosen in by_cadence.items()]


def _schedule(
    plan: DdgPlan,
    cadence: str,
    groups: Sequence[Sequence[DbtRelease]],
    time_zone: str,
    status: dg.DefaultScheduleStatus,
) -> dg.ScheduleDefinition:
    names = ", ".join(release.contract.release for group in groups for release in group)
    by_period = [release.contract.release for group in groups if by_periods(group) for release in group]
    more = f" {', '.join(by_period)}: up to the aggregates; `due_periods` releases the periods." if by_period else ""
    wanted = with_siblings(plan, [key for group in groups for key in plan.last_keys(group)])
    return dg.ScheduleDefinition(
        name=plan.name("schedule", f"{cadence.replace('-', '_')}_releases"),
        job=dg.define_asset_job(
            plan.name("job", f"release_{cadence.replace('-', '_')}"),
            _made_here(wanted),
            description=f"Releases {names} with all they are built from.{more}",
        ),
        cron_schedule=_CRON[cadence],
        execution_timezone=time_zone,
        default_status=status,
        description=f"Releases {names} ({cadence}).{more}",
    )


def _made_here(keys: Iterable[dg.AssetKey]) -> dg.AssetSelection:
    """Select assets, but for those that are only known in this code location and made in another."""
    return dg.AssetSelection.assets(*sorted(keys)) & dg.AssetSelection.all()
