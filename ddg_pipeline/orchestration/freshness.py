"""How old a publication may be, by the cadence its contract names."""

import datetime as dt

import dagster as dg

from ddg_pipeline.contract import ReleaseContract

# the longest such period, in days: a release by hand, early or late, is as good as the schedule's
_DAYS = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "half-yearly": 184, "yearly": 366}
_WARN_AFTER = dt.timedelta(hours=6)  # time for the run itself
_FAIL_AFTER = dt.timedelta(days=1)


def freshness(contract: ReleaseContract) -> dg.FreshnessPolicy | None:
    """Say when a release is due again; None where its contract names no regular cadence.

    Dagster warns when the period, and six hours for the run, are over, and calls it overdue a tenth of the period, at
    least a day, later.
    """
    days = _DAYS.get(contract.publication.cadence or "")
    if days is None:
        return None
    period = dt.timedelta(days=days)
    warn = period + _WARN_AFTER
    return dg.FreshnessPolicy.time_window(fail_window=warn + max(_FAIL_AFTER, period / 10), warn_window=warn)
