"""A sensor for new source data: when a source file has changed, what is made of it is released anew."""

import json
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.elsewhere import declared_sources
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.selection import with_siblings
from ddg_pipeline.warehouse.sources import Source

NAME = "new_source_data"
_SECONDS = 60


def source_sensor(
    plan: DdgPlan,
    job: UnresolvedAssetJobDefinition,
    status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> dg.SensorDefinition:
    """Make the sensor. It is off until someone turns it on, and sees files only: a database says nothing by itself.

    A file counts as new once it is the same in two looks, one after the other, so that nothing is loaded that is still
    being copied.

    Args:
        plan: The project's assets.
        job: The job to run parts of.
        status: Whether it is on from the start.
    """
    project = plan.project

    @dg.sensor(
        name=plan.name("sensor", NAME),
        job=job,
        minimum_interval_seconds=_SECONDS,
        default_status=status,
        description="Releases what is made of a source file when that file has changed.",
    )
    def new_source_data(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        before: dict[str, dict[str, str]] = json.loads(context.cursor) if context.cursor else {}
        seen, done = before.get("seen", {}), before.get("requested", {})
        now = _stamps(_shown(plan, declared_sources(project, plan.manifest)))
        if not before:
            done = _loaded(plan, context.instance, now)
        changed = sorted(name for name, stamp in now.items() if seen.get(name) == stamp and done.get(name) != stamp)
        if not changed:
            context.update_cursor(json.dumps({"seen": now, "requested": done}))
            yield dg.SkipReason("no source file has changed, or one is still being written")
            return
        wanted = _to_make(plan, changed)
        stamp = ", ".join(f"{name} {now[name]}" for name in changed)
        yield dg.RunRequest(run_key=stamp, asset_selection=wanted, tags={"ddg/new_sources": ", ".join(changed)})
        requested = {**done, **{name: now[name] for name in changed}}
        context.update_cursor(json.dumps({"seen": now, "requested": requested}))

    return new_source_data


def _shown(plan: DdgPlan, sources: Mapping[str, Source]) -> dict[str, Source]:
    """Leave out what was declared since the code location was loaded: it has no asset yet."""
    return {name: source for name, source in sources.items() if name in plan.source_specs}


def _stamps(sources: Mapping[str, Source]) -> dict[str, str]:
    """Tell size and time of every source file that is there."""
    found = {}
    for name, source in sources.items():
        path = getattr(source.table, "path", None)
        if path is None:
            continue
        try:
            status = (source.declared_in.parent / source.resolve("path", path)).stat()
        except (OSError, InputErrors):
            continue  # it is not there yet; a run says so with all that is to be said
        found[name] = f"{status.st_size}:{status.st_mtime_ns}"
    return found


def _loaded(plan: DdgPlan, instance: dg.DagsterInstance, now: Mapping[str, str]) -> dict[str, str]:
    """Give the stamps of files that were loaded since they were written: nothing is new in them."""
    found = {}
    for name, stamp in now.items():
        event = instance.get_latest_materialization_event(plan.source_key(name))
        written = int(stamp.partition(":")[2]) / 1e9
        if event is not None and event.timestamp > written:
            found[name] = stamp
    return found


def _to_make(plan: DdgPlan, changed: Sequence[str]) -> list[dg.AssetKey]:
    """Choose the changed sources, and all that leads from them to publications, or to the aggregates of periods."""
    sources = {plan.source_key(name) for name in changed}
    wanted = set(sources)
    for group in plan.groups:
        needed = with_siblings(plan, plan.last_keys(group))
        if needed & sources:
            wanted |= needed
    return sorted(wanted)
