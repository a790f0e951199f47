"""Every way past the gate that Dagster offers, or that write access to a public place gives: none publishes a breach.

In each test a small count is put back into a staged table. What is public must stay as it is, byte for byte, and no
release or publication may be recorded that was not judged.
"""

from __future__ import annotations

import datetime as dt
import shutil

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.definitions.reconstruct import ReconstructableRepository

from ddg_pipeline.orchestration import steps
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.quality import read_certificate

RELEASES = ("by_sex/release", "by_age/release")
PUBLICATIONS = ("by_sex/publication", "by_age/publication")
LOCATION = """\
from pathlib import Path
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project
defs = build_definitions(load_project(Path(__file__).parent))
"""


def keys(*assets):
    return [dg.AssetKey(asset.split("/")) for asset in assets]


@pytest.fixture
def breached(small):
    """A small count stands in a staged table again."""
    small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
    return small


def read(small, linked=("by_sex", "by_age")):
    """What a reader finds, in the public store and on the portal."""
    return {
        f"{place}: {release}/{path.name}": path.read_bytes()
        for release in linked
        for place, directory in (("store", small.released(release)), ("portal", small.published(release)))
        for path in directory.iterdir()
    }


@pytest.fixture
def stays(breached):
    """What is public stays as it is; the breach is nowhere to be seen."""
    before = read(breached)
    yield
    after = read(breached)
    assert after == before
    assert not [name for name, content in after.items() if b"Alpha,F,7," in content]


@pytest.fixture
def failed(breached, stays):
    """A run in which the gate stopped everything."""
    events = breached.materialize(*RELEASES, *PUBLICATIONS)
    assert not events.success
    assert events.materialized == []
    return events


@pytest.fixture
def location(breached):
    """The project as a code location in a file, as ``dagster`` commands load it."""
    file = breached.root / "location.py"
    file.write_text(LOCATION)
    yield file
    file.unlink()


def recorded(small, run_id):
    with dg.DagsterInstance.get() as instance:
        found = [record.dagster_event for record in instance.all_logs(run_id) if record.dagster_event is not None]
    return [event.asset_key for event in found if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION]


@pytest.mark.thorough
class TestRunsOfAPerson:
    def test_the_last_asset_alone_publishes_what_passed_before_and_nothing_else(self, breached, failed, stays):
        events = breached.materialize(*PUBLICATIONS)
        assert events.success, "what passed before is certified still"

    def test_a_run_that_says_it_belongs_to_a_backfill(self, breached, failed, stays):
        job = build_definitions(breached.project).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.get() as instance:
            for assets in ([*RELEASES, *PUBLICATIONS], PUBLICATIONS):
                job.execute_in_process(
                    instance=instance, asset_selection=keys(*assets), raise_on_error=False,
                    tags={"dagster/backfill": "abcdefgh"},
                )  # fmt: skip

    def test_re_execution_from_failure(self, breached, location, stays):
        job = ReconstructableRepository.for_file(str(location), "defs").get_reconstructable_job("everything")
        selection = keys(*RELEASES, *PUBLICATIONS)
        with dg.DagsterInstance.get() as instance:
            first = dg.execute_job(job, instance, asset_selection=selection)
            assert not first.success
            again = dg.execute_job(
                job, instance, reexecution_options=dg.ReexecutionOptions.from_failure(first.run_id, instance)
            )
            assert not again.success
            for run in (first, again):
                assert recorded(breached, run.run_id) == []

    def test_re_execution_of_the_skipped_step_alone(self, breached, location, stays):
        """The UI offers to re-execute any step by itself."""
        job = ReconstructableRepository.for_file(str(location), "defs").get_reconstructable_job("everything")
        with dg.DagsterInstance.get() as instance:
            first = dg.execute_job(job, instance, asset_selection=keys(*RELEASES, *PUBLICATIONS))
            assert not first.success
            dg.execute_job(
                job, instance,
                reexecution_options=dg.ReexecutionOptions(first.run_id, step_selection=["publish_by_age__by_sex"]),
            )  # fmt: skip

    def test_configuration_that_would_switch_something_off(self, breached, stays):
        job = build_definitions(breached.project).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.get() as instance, pytest.raises(dg.DagsterInvalidConfigError):
            job.execute_in_process(
                instance=instance, asset_selection=keys(*RELEASES),
                run_config={"ops": {"gate_by_age__by_sex": {"config": {"skip_checks": True}}}},
            )  # fmt: skip

    def test_checks_alone_or_some_of_them(self, breached, stays):
        definitions = build_definitions(breached.project)
        some = dg.AssetSelection.checks(dg.AssetCheckKey(keys("by_sex/release")[0], "same_as_aggregate"))
        gate = dg.AssetSelection.assets(*keys(*RELEASES))
        for selection in (dg.AssetSelection.checks_for_assets(*keys(*RELEASES)), some, some | gate):
            with dg.DagsterInstance.get() as instance:
                try:
                    parts = dg.Definitions(
                        assets=definitions.assets, resources=definitions.resources, executor=definitions.executor,
                        jobs=[dg.define_asset_job("part", selection)],
                    )  # fmt: skip
                    result = parts.resolve_job_def("part").execute_in_process(instance=instance, raise_on_error=False)
                except dg.DagsterError:
                    continue  # Dagster itself refuses to take the step apart
                assert not result.success

    def test_other_places_by_environment_variables(self, breached, stays, monkeypatch, tmp_path):
        """A restricted store of one's own, in which the count is not small."""
        own = tmp_path / "own.duckdb"
        shutil.copyfile(breached.project.restricted_store.path, own)
        monkeypatch.setenv("DDG_RESTRICTED_DB", str(own))
        assert not breached.materialize(*RELEASES).success


@pytest.mark.thorough
class TestTheCommandLine:
    @pytest.mark.parametrize("select", [",".join([*RELEASES, *PUBLICATIONS]), ",".join(PUBLICATIONS)])
    def test_dagster_asset_materialize(self, breached, location, stays, select):
        from dagster._cli.asset import asset_cli

        answer = CliRunner().invoke(asset_cli, ["materialize", "--select", select, "-f", str(location), "-a", "defs"])
        assert (answer.exit_code == 0) is (select == ",".join(PUBLICATIONS)), answer.output

    def test_dagster_asset_wipe(self, breached, failed, stays):
        from dagster._cli.asset import asset_cli

        answer = CliRunner().invoke(asset_cli, ["wipe", "--all", "--noprompt"])
        assert answer.exit_code == 0, answer.output
        assert breached.materialize(*PUBLICATIONS).success


@pytest.mark.thorough
class TestAutomation:
    @pytest.mark.parametrize("condition", [dg.AutomationCondition.eager(), dg.AutomationCondition.any_deps_updated()])
    def test_conditions_that_do_not_ask_for_checks(self, breached, failed, stays, condition):
        """A department puts them on the publication; what they then run publishes certified bytes only."""
        definitions = build_definitions(breached.project)
        automated = definitions.map_asset_specs(
            func=lambda spec: (
                spec.replace_attributes(automation_condition=condition) if spec.key.path[-1] == "publication" else spec
            )
        )
        with dg.DagsterInstance.get() as instance:
            instance.report_runless_asset_event(dg.AssetMaterialization(keys("by_sex/release")[0]))
            ticked = dg.evaluate_automation_conditions(automated, instance)
            instance.report_runless_asset_event(dg.AssetMaterialization(keys("by_sex/release")[0]))
            dg.evaluate_automation_conditions(automated, instance, cursor=ticked.cursor)
            job = automated.resolve_implicit_global_asset_job_def()
            job.execute_in_process(instance=instance, asset_selection=keys(*PUBLICATIONS), raise_on_error=False)

    def test_schedules_are_off_until_a_person_turns_them_on(self, breached):
        for schedule in build_definitions(breached.project).schedules:
            assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


@pytest.mark.thorough
class TestEventsThatAreMadeUp:
    """By the UI's button "Report materialization", the REST endpoints or GraphQL, all of which end here."""

    def test_a_materialization_of_every_asset(self, breached, failed, stays):
        with dg.DagsterInstance.get() as instance:
            for key in keys("by_sex/masked", *RELEASES, *PUBLICATIONS):
                instance.report_runless_asset_event(dg.AssetMaterialization(key))
        breached.materialize(*PUBLICATIONS)
        assert not breached.materialize(*RELEASES, *PUBLICATIONS).success

    def test_events_removed(self, breached, failed, stays):
        with dg.DagsterInstance.get() as instance:
            instance.wipe_assets(keys(*RELEASES, *PUBLICATIONS))
            instance.delete_run(failed.run_id)
        assert not breached.materialize(*RELEASES).success


class TestPublicPlaces:
    """Whoever may write there, and does not certify what he writes, gets nothing published."""

    @pytest.fixture
    def refuses(self, breached):
        before = {name: value for name, value in breached.public_bytes().items() if name.startswith("portal/")}

        def run(*says):
            events = breached.materialize(*PUBLICATIONS)
            assert not events.success
            assert events.materialized == []
            after = {name: value for name, value in breached.public_bytes().items() if name.startswith("portal/")}
            assert after == before
            for text in says:
                assert text in events.failures, events.failures

        return run

    def test_a_link_to_the_staged_package_in_place_of_the_release(self, breached, refuses):
        current = breached.released("by_sex")
        shutil.rmtree(current)
        current.symlink_to(breached.staged("by_sex").parent)
        refuses("by_sex")

    def test_the_current_link_turned_to_the_staged_package(self, breached, refuses):
        link = breached.project.public / "releases" / "by_sex" / "current"
        link.unlink()
        link.symlink_to(breached.staged("by_sex").parent)
        refuses("does not lead to a version")

    def test_files_swapped_between_linked_releases(self, breached, refuses):
        one, other = breached.released("by_sex"), breached.released("by_age")
        one.rename(one.with_name("x"))
        other.rename(one)
        one.with_name("x").rename(other)
        refuses("contract: not the one that was certified")

    def test_the_certificate_of_the_other_release(self, breached, refuses):
        shutil.copyfile(
            breached.released("by_age") / "certificate.json", breached.released("by_sex") / "certificate.json"
        )
        refuses("the certificate is void")

    def test_a_portal_that_is_a_link_to_the_restricted_directory(self, breached):
        """Nothing of it is read or removed; certified files are all that is ever written."""
        portal, inside = breached.project.portal, breached.project.restricted / "inside"
        shutil.rmtree(portal)
        inside.mkdir()
        portal.symlink_to(inside)
        before = {path: path.read_bytes() for path in breached.project.restricted.rglob("*.parquet")}
        breached.materialize(*PUBLICATIONS)
        assert {path: path.read_bytes() for path in breached.project.restricted.rglob("*.parquet")} == before
        portal.unlink()
        shutil.rmtree(inside)


class TestOldReleases:
    """An old release is certified, whole and true; but it is not the one that passed last."""

    @pytest.fixture
    def second(self, small):
        """A second release, published."""
        assert small.materialize(*RELEASES, *PUBLICATIONS).success
        return small

    def test_a_pair_put_back_is_not_published_over_a_later_one(self, second):
        for release in ("by_sex", "by_age"):
            link = second.project.public / "releases" / release / "current"
            link.unlink()
            link.symlink_to("versions/1")
        before = second.public_bytes()
        events = second.materialize(*PUBLICATIONS)
        assert not events.success
        assert "another version became public since" in events.failures
        assert second.public_bytes() == before

    @pytest.mark.thorough
    def test_one_of_a_pair_put_back_is_refused(self, second):
        link = second.project.public / "releases" / "by_sex" / "current"
        link.unlink()
        link.symlink_to("versions/1")
        events = second.materialize(*PUBLICATIONS)
        assert "linked, but not released together" in events.failures


class TestTheClock:
    """It goes back a little, then stands still: what passed together is known all the same, and so is what is later.

    One that goes back by more is tested with signatures: nothing is certified then.
    """

    @pytest.fixture
    def clock(self, small, monkeypatch):
        then = read_certificate(small.released("by_sex")).issued_at - dt.timedelta(minutes=2)

        class Stopped(dt.datetime):
            @classmethod
            def now(cls, tz=None):
                return then.astimezone(tz)

        class Time:
            datetime, UTC, timedelta = Stopped, dt.UTC, dt.timedelta

        monkeypatch.setattr(steps, "dt", Time)

    @pytest.mark.thorough
    def test_a_new_release_is_published_over_the_earlier_one(self, small, clock):
        for _ in range(2):
            assert small.materialize(*RELEASES, *PUBLICATIONS).success
        assert small.released("by_sex").name == "3"

    @pytest.mark.thorough
    def test_releases_of_different_passages_are_told_apart(self, small, clock):
        for _ in range(2):
            assert small.materialize(*RELEASES).success
        link = small.project.public / "releases" / "by_sex" / "current"
        link.unlink()
        link.symlink_to("versions/2")
        events = small.materialize(*PUBLICATIONS)
        assert "linked, but not released together" in events.failures
