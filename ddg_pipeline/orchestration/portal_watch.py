"""Whether the portal still shows what was published: a check on every publication, and a sensor that has it made.

The check reads as anybody may, without a token, and runs after each publication too. The sensor is off until someone
turns it on; what it finds fails the run of the job ``check_portal``, so that whatever tells a department of failed runs
tells this too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.made_by import made_by
from ddg_pipeline.orchestration.failures import attempt
from ddg_pipeline.orchestration.periods import every_period
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.portals import portal_problems
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.review import public_certificate

CHECK = "portal_shows_what_was_published"
JOB, SENSOR = "check_portal", "portal_watch"
_EVERY = 3600  # seconds between two looks
_LISTED = 50


@dataclass(frozen=True)
class PortalWatch:
    """What watches the portal; empty where the project has none.

    Attributes:
        checks: One for each publication.
        jobs: The job that makes all of them.
        sensors: The sensor that starts it.
    """

    checks: Sequence[dg.AssetChecksDefinition] = ()
    jobs: Sequence[UnresolvedAssetJobDefinition] = ()
    sensors: Sequence[dg.SensorDefinition] = ()


def portal_watch(plan: DdgPlan, status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED) -> PortalWatch:
    """Make what watches the portal of a project; its sensor is on from the start if ``status`` says so."""
    project = plan.project
    contracts = [release.contract for group in plan.groups for release in group]
    if project.ckan is None or not contracts:
        return PortalWatch()
    checks = [_check(plan, contract) for contract in contracts]
    keys = [dg.AssetCheckKey(plan.publication_key(contract.release), CHECK) for contract in contracts]
    job_name = plan.name("job", JOB)
    job = dg.define_asset_job(
        job_name,
        dg.AssetSelection.checks(*keys),
        description=f"Compares {project.ckan.url} with what was published.",
    )

    @dg.sensor(
        name=plan.name("sensor", SENSOR),
        job=job,
        minimum_interval_seconds=_EVERY,
        default_status=status,
        description=f"Looks every hour whether {project.ckan.url} still shows what was published.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        running = context.instance.get_run_records(
            dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED]),
            limit=1,
        )
        return dg.SkipReason("the last look is not over yet") if running else dg.RunRequest()

    return PortalWatch(checks, [job], [watch])


def _check(plan: DdgPlan, contract: ReleaseContract) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=plan.publication_key(contract.release),
        name=CHECK,
        blocking=True,  # so that the run fails, and is told of
        description="Anybody who reads the portal reads the certified bytes, rows and data dictionary.",
    )
    def check() -> dg.AssetCheckResult:
        return attempt(_compare, plan.project, contract)

    return check


def _problems(project: Project, contract: ReleaseContract) -> list[str]:
    """Compare a release; of one by periods, every period that is in the portal folder."""
    if contract.reporting_periods is None:
        return portal_problems(project, contract)
    published = [one for one in every_period(contract) if public_certificate(project, one) is not None]
    if not published:
        raise RefusedError(f"{contract.release}: no period is published; {made_by(contract.release, 'publication')}")
    return [f"{one.release}: {text}" for one in published for text in portal_problems(project, one)]


def _compare(project: Project, contract: ReleaseContract) -> dg.AssetCheckResult:
    try:
        problems = _problems(project, contract)
    except RefusedError as error:
        # nothing to compare with: not passed, and no alarm either
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error))
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(problems[:_LISTED]) or "as published",
        metadata={"problems": dg.MetadataValue.json(problems[:_LISTED])},
    )
