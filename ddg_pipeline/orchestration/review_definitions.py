"""Approvals in Dagster: a check of every publication, a job that records one, a sensor that publishes what has all.

None of them is needed for the rule to hold: the publication step itself asks for all approvals (`review.approved`).
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from ddg_pipeline.contract import ReleaseContract
from ddg_pipeline.errors import DdgError
from ddg_pipeline.orchestration.failures import attempt
from ddg_pipeline.orchestration.partitions import partition_of
from ddg_pipeline.orchestration.periods import known_groups
from ddg_pipeline.orchestration.plan import DdgPlan
from ddg_pipeline.orchestration.review import ReleaseStatus, approve_in_ui, status_of
from ddg_pipeline.quality.hashing import sha256_of
from ddg_pipeline.review.decisions import ReleaseReview

APPROVED = "approved"
APPROVED_TEXT = "Everybody who has to has approved exactly this certificate (`ddg status`)."


def approval_checks(
    plan: DdgPlan, reviews: Sequence[ReleaseReview], series: Mapping[str, str]
) -> Iterator[dg.AssetCheckResult]:
    """Say of each publication in Dagster who has approved it and who is missing.

    Args:
        plan: The project's assets.
        reviews: Who has approved what.
        series: For each release the one whose asset it is: of a reporting period, that of all periods.
    """
    for review in reviews:
        roles = [
            {"role": one.role, "state": one.state, "by": one.by, "standing": one.standing, "why": list(one.why)}
            for one in review.roles
        ]
        yield dg.AssetCheckResult(
            asset_key=plan.publication_key(series[review.release]),
            check_name=APPROVED,
            passed=review.complete,
            severity=dg.AssetCheckSeverity.WARN,  # nothing is wrong: people have not decided yet
            metadata={
                "summary": dg.MetadataValue.text(review.describe()),
                "certificate_sha256": dg.MetadataValue.text(review.certificate),
                "waits_for": dg.MetadataValue.json(list(review.waits_for)),
                "roles": dg.MetadataValue.json(roles),
            },
        )


def approval_check_specs(plan: DdgPlan, releases: Sequence[str]) -> list[dg.AssetCheckSpec]:
    """Declare those checks."""
    return [
        dg.AssetCheckSpec(APPROVED, asset=plan.publication_key(release), description=APPROVED_TEXT)
        for release in releases
    ]


def review_jobs(plan: DdgPlan) -> list[dg.JobDefinition]:
    """Make the job by which somebody approves a release in the UI."""
    project = plan.project
    config = {
        "release": dg.Field(str, description="The release."),
        "role": dg.Field(str, description="The role, such as data_steward."),
        "by": dg.Field(str, description="Who approves: your name."),
        "note": dg.Field(str, default_value="", is_required=False, description="Why, or with what in mind."),
        "certificate": dg.Field(
            str,
            default_value="",
            is_required=False,
            description="The certificate that you looked at: its hash, or the beginning of it, as `ddg status` and the "
            "check `approved` show it. Nothing is recorded if it is another by now.",
        ),
    }

    @dg.op(name=plan.name("op", "record_approval"), config_schema=config)
    def record_approval(context: dg.OpExecutionContext) -> None:
        given: Mapping[str, str] = context.op_config
        attempt(approve_in_ui, project, given)
        context.log.info("%s: approved as %s", given["release"], given["role"])

    @dg.job(
        name=plan.name("job", "approve_release"),
        description="Records the approval of one release. Where approvals are signed, use `ddg approve`.",
        executor_def=dg.in_process_executor,
    )
    def approve_release() -> None:
        record_approval()

    return [approve_release]


def approved_releases_sensor(
    plan: DdgPlan, status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED
) -> list[dg.SensorDefinition]:
    """Make the sensor that publishes releases once everybody has approved them; off until someone turns it on.

    Releases that nobody has to approve are published by the run that makes them, and are left alone.

    Args:
        plan: The project's assets; linked releases are published together.
        status: Whether it is on from the start.
    """
    project = plan.project
    groups = [[one.contract for one in group] for group in plan.groups]
    if not groups:
        return []

    @dg.sensor(
        name=plan.name("sensor", "approved_releases"),
        asset_selection=dg.AssetSelection.assets(*map(plan.publication_key, plan.releases)),
        minimum_interval_seconds=60,
        default_status=status,
        description="Publishes releases once everybody who has to has approved them.",
    )
    def approved_releases() -> Iterator[dg.RunRequest | dg.SkipReason]:
        waiting: list[str] = []
        ready: list[tuple[list[ReleaseContract], list[ReleaseStatus]]] = []
        for group in (one for written in groups for one in attempt(known_groups, project, written)):
            try:
                found = [status_of(project, contract) for contract in group]
            except DdgError as error:  # of one group; the others go on, and this is told
                waiting.append(str(error))
                continue
            waiting += [text for one in found if (text := _waits(one)) is not None]
            asked = any(one.review is not None and one.review.roles for one in found)
            if asked and all(one.complete for one in found) and not all(one.published for one in found):
                ready.append((group, found))
        for group, found in ready:
            # the same approvals of the same certificates start one run; others, after a failure, another
            key = sha256_of([one.to_json_dict() for one in found])
            yield dg.RunRequest(
                run_key=key,
                asset_selection=[plan.publication_key(one.series) for one in group],
                partition_key=partition_of(group[0]),
            )
        if not ready:
            yield dg.SkipReason("; ".join(waiting) or "nothing that was approved waits to be published")

    return [approved_releases]


def _waits(status: ReleaseStatus) -> str | None:
    if status.review is None:
        return status.problem
    return None if status.complete else status.review.describe()
