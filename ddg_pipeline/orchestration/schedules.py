"""Jobs and schedules: everything at once, and every release by the cadence its contract names."""

from collections.abc import Iterable

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

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
    """From all sources to all publications; other assets of the code location are none of its business."""
    keys = plan.own_keys | with_siblings(plan, map(plan.publication_key, plan.releases))
    return dg.define_asset_job(
        plan.name("job", EVERYTHING),
        _made_here(keys),
        description="Loads every source and releases every table.",
    )


def schedules(
    plan: DdgPlan,
    time_zone: str,
    status: dg.DefaultScheduleStatus = dg.DefaultScheduleStatus.STOPPED,
) -> list[dg.ScheduleDefinition]:
    """Make one schedule for each cadence; a group of linked releases runs at the most frequent one among them.

    Releases without a cadence, or with an irregular one, are released by hand. Schedules are off until someone turns
    them on, unless ``status`` says otherwise.
    """
    order = list(_CRON)
    by_cadence: dict[str, list[str]] = {}
    for group in plan.groups:
        named = [release.contract.publication.cadence for release in group]
        cadences = [cadence for cadence in named if cadence is not None and cadence in _CRON]
        if cadences:
            soonest = min(cadences, key=order.index)
            by_cadence.setdefault(soonest, []).extend(release.contract.release for release in group)
    return [
        dg.ScheduleDefinition(
            name=plan.name("schedule", f"{cadence.replace('-', '_')}_releases"),
            job=dg.define_asset_job(
                plan.name("job", f"release_{cadence.replace('-', '_')}"),
                _made_here(with_siblings(plan, map(plan.publication_key, names))),
                description=f"Releases {', '.join(names)} with all they are built from.",
            ),
            cron_schedule=_CRON[cadence],
            execution_timezone=time_zone,
            default_status=status,
            description=f"Releases {', '.join(names)} ({cadence}).",
        )
        for cadence, names in by_cadence.items()
    ]


def _made_here(keys: Iterable[dg.AssetKey]) -> dg.AssetSelection:
    """Select assets, but for those that are only known in this code location and made in another."""
    return dg.AssetSelection.assets(*sorted(keys)) & dg.AssetSelection.all()
