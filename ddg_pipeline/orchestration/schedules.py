"""Jobs and schedules: everything at once, and every release by the cadence its contract names."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.orchestration.periods import by_periods
from ddg_pipeline.orchestration.release_assets import masked_key, publication_key
from ddg_pipeline.orchestration.selection import RELEASE_STEPS, with_siblings

EVERYTHING = "everything"

_CRON = {
    "daily": "0 6 * * *",
    "weekly": "0 6 * * 1",
    "monthly": "0 6 2 * *",
    "quarterly": "0 6 2 1,4,7,10 *",
    "half-yearly": "0 6 2 1,7 *",
    "yearly": "0 6 2 1 *",
}


def everything_job(groups: Sequence[Sequence[DbtRelease]]) -> UnresolvedAssetJobDefinition:
    """From all sources to all publications; of releases by periods, as far as their aggregates."""
    chains = [
        dg.AssetKey([release.contract.release, step])
        for group in groups
        if by_periods(group)
        for release in group
        for step in sorted(RELEASE_STEPS)
    ]
    everything = dg.AssetSelection.all()
    return dg.define_asset_job(
        EVERYTHING,
        everything - dg.AssetSelection.assets(*chains) if chains else everything,
        description="Loads every source and releases every table, but those by periods.",
    )


def period_jobs(groups: Sequence[Sequence[DbtRelease]]) -> list[UnresolvedAssetJobDefinition]:
    """Make, for each group of releases by periods, the job that releases one period of it from its aggregates."""
    return [
        dg.define_asset_job(
            period_job_name(group),
            dg.AssetSelection.assets(
                *(dg.AssetKey([one.contract.release, step]) for one in group for step in sorted(RELEASE_STEPS))
            ),
            description=f"Releases a period of {', '.join(one.contract.release for one in group)}. What it is made of "
            "is taken as it is: `everything` brings that up to date.",
        )
        for group in groups
        if by_periods(group)
    ]


def period_job_name(group: Sequence[DbtRelease]) -> str:
    """Name that job."""
    return f"release_period_of_{'__'.join(release.contract.release for release in group)}"


def schedules(
    groups: Sequence[Sequence[DbtRelease]], graph: BaseAssetGraph[Any], time_zone: str
) -> list[dg.ScheduleDefinition]:
    """Make one schedule for each cadence; a group of linked releases runs at the most frequent one among them.

    Releases without a cadence, or with an irregular one, are released by hand. Of releases by periods, the aggregates
    are brought up to date; the sensor `due_periods` releases what is new or changed in them. Schedules are off until
    someone turns them on.
    """
    order = list(_CRON)
    by_cadence: dict[str, list[Sequence[DbtRelease]]] = {}
    for group in groups:
        named = [release.contract.publication.cadence for release in group]
        cadences = [cadence for cadence in named if cadence is not None and cadence in _CRON]
        if cadences:
            soonest = min(cadences, key=order.index)
            by_cadence.setdefault(soonest, []).append(group)
    return [_schedule(cadence, chosen, graph, time_zone) for cadence, chosen in by_cadence.items()]


def _schedule(
    cadence: str, groups: Sequence[Sequence[DbtRelease]], graph: BaseAssetGraph[Any], time_zone: str
) -> dg.ScheduleDefinition:
    names = ", ".join(release.contract.release for group in groups for release in group)
    by_period = [release.contract.release for group in groups if by_periods(group) for release in group]
    more = f" {', '.join(by_period)}: up to the aggregates; `due_periods` releases the periods." if by_period else ""
    return dg.ScheduleDefinition(
        name=f"{cadence.replace('-', '_')}_releases",
        job=dg.define_asset_job(
            f"release_{cadence.replace('-', '_')}",
            dg.AssetSelection.assets(
                *sorted(with_siblings(graph, [key for group in groups for key in last_assets(graph, group)]))
            ),
            description=f"Releases {names} with all they are built from.{more}",
        ),
        cron_schedule=_CRON[cadence],
        execution_timezone=time_zone,
        description=f"Releases {names} ({cadence}).{more}",
    )


def last_assets(graph: BaseAssetGraph[Any], group: Sequence[DbtRelease]) -> list[dg.AssetKey]:
    """Give what a run without a period has to make of a group: its publications, or the aggregates of its periods."""
    names = [release.contract.release for release in group]
    if not by_periods(group):
        return [publication_key(name) for name in names]
    return sorted({key for name in names for key in graph.get(masked_key(name)).parent_keys})
