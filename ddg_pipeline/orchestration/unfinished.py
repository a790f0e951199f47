"""Which releases are under way, or failed: what they need is kept in the restricted store.

<restricted>/unfinished/<release>    an empty file, from the start of a run until the gate let the release through
"""

from collections.abc import Iterable

import dagster as dg

from ddg_pipeline.orchestration.partitions import group_in_run
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.private import DIRECTORY_MODE, FILE_MODE


def begin(project: Project, releases: Iterable[str]) -> None:
    """Note that releases are under way."""
    for release in releases:
        place = project.restricted / "unfinished" / release
        place.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        place.touch(mode=FILE_MODE)


def finish(project: Project, releases: Iterable[str]) -> None:
    """Note that releases passed the gate, and are in the public store."""
    for release in releases:
        (project.restricted / "unfinished" / release).unlink(missing_ok=True)


def unfinished(project: Project) -> set[str]:
    """The releases that began and have not passed the gate since."""
    place = project.restricted / "unfinished"
    return {path.name for path in place.iterdir()} if place.is_dir() else set()


def releases_in_run(context: dg.AssetExecutionContext, plan: DdgPlan) -> list[str]:
    """The releases that a run of Dagster's masks; of one by reporting periods, the run's period."""
    chosen = context.job_def.asset_layer.selected_asset_keys  # the run's own, which a schedule's run need not name
    masked = [one for group in plan.groups for one in group if plan.masked_key(one.contract.release) in chosen]
    return [release.contract.release for one in masked for release in group_in_run([one], context)]
