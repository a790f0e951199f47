"""Reporting periods as Dagster's partitions: one for each period that is over."""

from collections.abc import Sequence

import dagster as dg

from ddg_pipeline.contract.manifest import DbtRelease
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.reporting_periods import ReportingPeriods
from ddg_pipeline.orchestration.periods import TIME_ZONE, group_of_period, today


def partitions_of(contract: ReleaseContract) -> dg.TimeWindowPartitionsDefinition | None:
    """Give the partitions of a release; None where it is one table."""
    periods = contract.reporting_periods
    if periods is None:
        return None
    return dg.TimeWindowPartitionsDefinition(
        start=periods.start.strftime(_key_format(periods)),
        fmt=_key_format(periods),
        cron_schedule=periods.cron,
        timezone=TIME_ZONE,
    )


def _key_format(periods: ReportingPeriods) -> str:
    """Write a partition as most people write the period, wherever Dagster can read that back."""
    if periods.every == "month":
        return "%Y-%m"
    if periods.every == "year" and periods.start.month == 1:
        return "%Y"
    return "%Y-%m-%d"


def partition_of(contract: ReleaseContract) -> str | None:
    """Give the partition that a contract of one period is about; None for one without periods."""
    period, periods = contract.reporting_period, contract.reporting_periods
    if period is None or periods is None:
        return None
    return periods.ended(today())[period.label].strftime(_key_format(periods))


def group_in_run(group: Sequence[DbtRelease], context: dg.AssetExecutionContext) -> Sequence[DbtRelease]:
    """Give what a run is about: the period of its partition, or the group as it is.

    Raises:
        InputErrors: There is no such period, or it has not ended.
    """
    partitions, periods = partitions_of(group[0].contract), group[0].contract.reporting_periods
    if partitions is None or periods is None:
        return group
    first = partitions.time_window_for_partition_key(context.partition_key).start.date()
    return group_of_period(group, periods.label(first))
