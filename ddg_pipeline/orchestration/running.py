"""Run everything without a server: the same job that the UI runs, in this process, on the same instance."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.failures import BAD_INPUT_ERRORS
from ddg_pipeline.orchestration.project import Project

if TYPE_CHECKING:
    from dagster import (
        AssetCheckEvaluation,
        AssetKey,
        DagsterInstance,
        Definitions,
        EventLogEntry,
        ExecuteInProcessResult,
    )

    from ddg_pipeline.contract.manifest import DbtRelease
    from ddg_pipeline.orchestration.plan import DdgPlan, ReleaseStep
    from ddg_pipeline.orchestration.translation import DdgTranslator

_DAGSTER_YAML = """\
# Written once by `ddg run`; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    # DuckDB has one writer: everything that touches it waits its turn, in one run and across runs
    default_limit: 1
  runs:
    # concurrent dbt runs of one project overwrite each other
    max_concurrent_runs: 1
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one release in a run.

    Attributes:
        release: Its name.
        published: Where it is on the portal now; None where this run did not publish it.
        decision: ``mask`` or ``release``; None where it was not assessed.
        score: The publication score; None where it was not assessed.
        score_is_at_most: Whether the score is only known to be no higher, because a term of it is not shown.
        cells: Cells of the table.
        small: Cells hidden because they are small.
        complementary: Cells hidden to protect those.
        problems: Why it was not published: failed checks and steps, by coordinates, never by figures.
        waits_for: The roles whose approval it waits for; it is released then, and not published.
        dossier: The page that those roles read; None where it waits for nobody, or there is no page.
    """

    release: str
    published: Path | None
    decision: str | None
    score: int | None
    cells: int
    small: int
    complementary: int
    problems: tuple[str, ...]
    waits_for: tuple[str, ...] = ()
    score_is_at_most: bool = False
    dossier: Path | None = None


@dataclass(frozen=True)
class RunResult:
    """What became of a run.

    Attributes:
        success: Whether every step succeeded.
        run_id: Dagster's id of the run.
        outcomes: One for each release asked for.
        problems: What failed, step by step.
        bad_input: Whether something failed because what was given is wrong, rather than unsafe.
    """

    success: bool
    run_id: str
    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]
    bad_input: bool

    def to_json_dict(self) -> dict[str, Any]:
        """Give the result as plain values, ready for JSON."""
        values = asdict(self)
        for outcome in values["outcomes"]:
            for place in ("published", "dossier"):
                outcome[place] = None if outcome[place] is None else str(outcome[place])
        return values


def prepare_instance(project: Project) -> None:
    """Make Dagster's home, with telemetry off and one DuckDB writer at a time, unless there is one already."""
    project.prepare_environment()
    project.dagster_home.mkdir(parents=True, exist_ok=True)
    settings = project.dagster_home / "dagster.yaml"
    if not settings.exists():
        settings.write_text(_DAGSTER_YAML, encoding="utf-8")


def run(
    project: Project,
    releases: Sequence[str] = (),
    *,
    periods: Sequence[str] = (),
    until: Literal["masked", "release", "publication"] = "publication",
    on_step: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    translator: DdgTranslator | None = None,
) -> RunResult:
    """Run the road to the given releases, or to all of them.

    Args:
        project: The project.
        releases: Names of releases, of reporting periods too; none means all. Linked ones come along.
        periods: Of releases by periods, which; by default those that are over and new, or whose figures have changed.
        until: The last asset of each release to make: ``masked``, ``release`` or ``publication``.
        on_step: Called with the name of each step when it starts.
        on_wait: Called with a sentence, if another run has to end first.
        translator: Names the assets; by default as the component does that ``ddg.yaml`` names, if it names one.

    Raises:
        InputErrors: The project is wrong, or a release is not in it.
        StoreBusyError: Another run did not leave the restricted store in time.
    """
    import dagster as dg

    prepare_instance(project)
    from ddg_pipeline.orchestration.building import definitions_of
    from ddg_pipeline.orchestration.dead_runs import alive, bury_dead_runs
    from ddg_pipeline.orchestration.period_sensor import due_now, latest_now
    from ddg_pipeline.orchestration.periods import UNPUBLISHED, DuePeriod, by_periods, check_period, group_of_period
    from ddg_pipeline.orchestration.plan import plan_project
    from ddg_pipeline.orchestration.schedules import EVERYTHING
    from ddg_pipeline.orchestration.selection import with_siblings
    from ddg_pipeline.orchestration.store_work import alone
    from ddg_pipeline.orchestration.translator_of_project import Translators, translators_of
    from ddg_pipeline.orchestration.unfinished import begin

    names = Translators(translator) if translator is not None else translators_of(project)
    releases, periods = _with_periods(project, releases, periods)
    plan = plan_project(project, translator=names.assets, releases=releases, dbt_translator=names.dbt)
    by_period = [group for group in plan.groups if by_periods(group)]
    for group in by_period:
        for period in periods:
            check_period(group[0].contract, period)
    if periods and not by_period:
        expected = "releases with `reporting_periods` (docs/how-to/periods.md), or no period"
        found = f"{', '.join(periods)}, of {', '.join(plan.releases)}"
        raise InputErrors([InputError(str(project.root), "period", found, expected)])
    # with those that are linked: they are masked, checked and published together
    wanted = [one.contract.release for group in plan.groups if not by_periods(group) for one in group]
    targets = [plan.step_key(until, name) for name in wanted]
    targets += [key for group in by_period for key in plan.last_keys(group)]
    definitions = definitions_of(plan)
    run_id = str(uuid.uuid4())
    with (
        alone(project, on_wait),
        dg.DagsterInstance.get() as instance,
        alive(project.dagster_home, run_id),
    ):
        bury_dead_runs(project.dagster_home, instance)
        if until == "publication":
            begin(project, wanted)
        if on_step is not None:
            instance.add_event_listener(run_id, _StepListener(on_step))
        result = definitions.resolve_job_def(plan.name("job", EVERYTHING)).execute_in_process(
            instance=instance,
            run_id=run_id,
            raise_on_error=False,
            asset_selection=sorted(with_siblings(plan, targets)),
            run_config=_QUIET,
        )
        outcomes = [_outcome(plan, result, name, name) for name in wanted]
        problems, bad_input = _problems(result)
        success = result.success
        built = {event.asset_key for event in result.get_asset_materialization_events()}
        for group in by_period:
            if not built.issuperset(plan.last_keys(group)):
                continue  # what its periods are made of failed, and that is told already
            due = [DuePeriod(period, "named") for period in periods] or due_now(project, plan.manifest, group)
            if until != "publication" and not due:  # nothing is to be released, and one is looked at
                due = latest_now(project, plan.manifest, group)
            again = [one.period for one in due if one.why != UNPUBLISHED]
            if until == "publication":  # so that no period takes away what the next ones are made of
                begin(project, [one.contract.release for period in again for one in group_of_period(group, period)])
            reviewed = all(project.suite_file(release.contract).is_file() for release in group)
            # a suite is that of all periods: without one, each is looked at
            for one in due if until == "publication" or not reviewed else due[-1:]:
                keys = plan.chain_keys(group)
                if until != "publication" or one.why == UNPUBLISHED:
                    keys = [plan.step_key(until, name.contract.release) for name in group]
                done = _run_group(plan, definitions, instance, group_of_period(group, one.period), keys, on_step)
                success &= done.success
                outcomes += done.outcomes
                problems += done.problems
                bad_input |= done.bad_input
    return RunResult(success, run_id, tuple(outcomes), problems, bad_input)


def _with_periods(
    project: Project, releases: Sequence[str], periods: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Take names of single periods, as messages give them, for what they are: a release and one of its periods.

    Raises:
        InputErrors: Periods of a release are named beside other releases, or in two ways.
    """
    from ddg_pipeline.orchestration.dbt_models import written_contracts
    from ddg_pipeline.orchestration.periods import series_and_period

    if not releases:
        return [], periods
    contracts = written_contracts(project)
    found = [series_and_period(contracts, name) for name in releases]
    named = list(dict.fromkeys(period for _, period in found if period is not None))
    if not named:
        return releases, periods
    series = list(dict.fromkeys(name for name, _ in found))
    if periods or len(series) > 1 or None in [period for _, period in found]:
        expected = "one release and its periods: `ddg run RELEASE --period PERIOD`, or names of periods of one release"
        raise InputErrors([InputError("command line", "release", ", ".join([*releases, *periods]), expected)])
    return series, named


def publish(
    project: Project,
    releases: Sequence[str] = (),
    *,
    on_step: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
    translator: DdgTranslator | None = None,
) -> RunResult:
    """Publish what passed the gate as it is: nothing is loaded, masked or judged anew, so that approvals stay good.

    Args:
        project: The project.
        releases: Names of releases, of reporting periods too; none means all that are not public yet. Linked ones come
            along.
        on_step: As in `run`.
        on_wait: As in `run`.
        translator: As in `run`.

    Raises:
        InputErrors: The project is wrong, or a release is not in it.
        StoreBusyError: Another run did not leave the restricted store in time.
    """
    import dagster as dg

    prepare_instance(project)
    from ddg_pipeline.orchestration.building import definitions_of
    from ddg_pipeline.orchestration.dead_runs import bury_dead_runs
    from ddg_pipeline.orchestration.periods import known_groups
    from ddg_pipeline.orchestration.plan import plan_project
    from ddg_pipeline.orchestration.review import contract_of, status_of
    from ddg_pipeline.orchestration.store_work import alone
    from ddg_pipeline.orchestration.translator_of_project import Translators, translators_of

    asked = {contract_of(project, name, "command line").release for name in releases}
    names = Translators(translator) if translator is not None else translators_of(project)
    plan = plan_project(project, translator=names.assets, dbt_translator=names.dbt)
    definitions = definitions_of(plan)
    done: list[RunResult] = []
    with alone(project, on_wait), dg.DagsterInstance.get() as instance:
        bury_dead_runs(project.dagster_home, instance)
        for group in plan.groups:
            for contracts in known_groups(project, [one.contract for one in group]):
                if asked and not asked & {one.release for one in contracts}:
                    continue
                if not asked and all(status_of(project, one).published for one in contracts):
                    continue
                now = [replace(one, contract=contract) for one, contract in zip(group, contracts, strict=True)]
                keys = [plan.publication_key(one.series) for one in contracts]
                done.append(_run_group(plan, definitions, instance, now, keys, on_step))
    return RunResult(
        all(one.success for one in done),
        done[-1].run_id if done else "",
        tuple(outcome for one in done for outcome in one.outcomes),
        tuple(problem for one in done for problem in one.problems),
        any(one.bad_input for one in done),
    )


_QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _run_group(
    plan: DdgPlan,
    definitions: Definitions,
    instance: DagsterInstance,
    now: Sequence[DbtRelease],
    keys: Sequence[AssetKey],
    on_step: Callable[[str], None] | None,
) -> RunResult:
    """Make some steps of a group, or of one period of it, in a run of its own; one that fails stops no other."""
    from ddg_pipeline.orchestration.dead_runs import alive
    from ddg_pipeline.orchestration.partitions import partition_of
    from ddg_pipeline.orchestration.schedules import EVERYTHING, period_job_name

    partition = partition_of(now[0].contract)
    job = plan.name("job", EVERYTHING) if partition is None else period_job_name(plan, now)
    run_id = str(uuid.uuid4())
    with alive(plan.project.dagster_home, run_id):
        if on_step is not None:
            instance.add_event_listener(run_id, _StepListener(on_step))
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_id=run_id,
            raise_on_error=False,
            partition_key=partition,
            asset_selection=keys,
            run_config=_QUIET,
        )
    outcomes = [_outcome(plan, result, one.contract.series, one.contract.release) for one in now]
    problems, bad_input = _problems(result)
    return RunResult(result.success, run_id, tuple(outcomes), problems, bad_input)


class _StepListener:
    """Passes on the name of each step that starts, and nothing else of an event."""

    def __init__(self, on_step: Callable[[str], None]) -> None:
        self._on_step = on_step

    def __call__(self, event: EventLogEntry) -> None:
        if event.dagster_event is not None and event.dagster_event.is_step_start and event.step_key is not None:
            self._on_step(event.step_key.replace("__", " / "))


def _outcome(plan: DdgPlan, result: ExecuteInProcessResult, series: str, release: str) -> Outcome:
    from ddg_pipeline.orchestration.dossiers import written_dossier

    def metadata(step: ReleaseStep) -> dict[str, Any]:
        key = plan.step_key(step, series)
        found = [event for event in result.get_asset_materialization_events() if event.asset_key == key]
        return {name: value.value for name, value in found[-1].materialization.metadata.items()} if found else {}

    masked, published = metadata("masked"), metadata("publication")
    waits_for = _waits_for(plan, result, series)
    failed = [
        f"{release}: check {check.check_name} failed: {_reason(check)}"
        for check in result.get_asset_check_evaluations()
        if check.asset_key == plan.release_key(series) and not check.passed
    ]
    return Outcome(
        release=release,
        published=Path(published["path"]) if published else None,
        decision=masked.get("decision"),
        score=masked.get("score"),
        cells=masked.get("cells", 0),
        small=masked.get("small_cells", 0),
        complementary=masked.get("complementary_cells", 0),
        problems=tuple(failed),
        waits_for=waits_for,
        score_is_at_most="score_is_at_most" in masked,
        dossier=written_dossier(plan.project, release) if waits_for else None,
    )


def _waits_for(plan: DdgPlan, result: ExecuteInProcessResult, release: str) -> tuple[str, ...]:
    from ddg_pipeline.orchestration.review_definitions import APPROVED

    publication = plan.publication_key(release)
    found = [one for one in result.get_asset_check_evaluations() if one.asset_key == publication]
    asked = [one.metadata["waits_for"].value for one in found if one.check_name == APPROVED and not one.passed]
    return tuple(str(role) for roles in asked for role in (roles if isinstance(roles, list) else [roles]))


def _reason(check: AssetCheckEvaluation) -> str:
    texts: list[Any] = [value.value for key, value in check.metadata.items() if key in ("summary", "problems", "where")]
    return "; ".join(text if isinstance(text, str) else ", ".join(map(str, text)) for text in texts)


def _problems(result: ExecuteInProcessResult) -> tuple[tuple[str, ...], bool]:
    """Collect the messages of failed steps, and say whether any was bad input.

    Our own name coordinates only; of other exceptions just the step is told, because their messages can quote figures.
    """
    found, bad_input = [], False
    for event in result.filter_events(lambda event: event.is_step_failure):
        data = event.step_failure_data.user_failure_data
        if data is None or data.description is None:
            found.append(f"step {event.step_key} failed; the run in Dagster says more")
            continue
        found.append(data.description)
        kind = data.metadata.get("error")
        bad_input = bad_input or (kind is not None and kind.value in BAD_INPUT_ERRORS)
    return tuple(found), bad_input
