"""Releases by reporting periods: each period is a release, a partition, an approval and a resource of its own."""

from __future__ import annotations

import csv

import dagster as dg
import pytest
from orchestration.conftest import CASES_OF_MONTHS, by_months, write_cases

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration import periods
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of
from ddg_pipeline.orchestration.period_sensor import due_now
from ddg_pipeline.orchestration.retraction import lift_retraction, retract
from ddg_pipeline.orchestration.review import contract_of, contracts_of
from ddg_pipeline.orchestration.running import prepare_instance, run
from ddg_pipeline.orchestration.suites import current_suites

pytestmark = pytest.mark.thorough

RELEASES = ["monthly_cases_2025_01", "monthly_cases_2025_02", "monthly_cases_2025_03"]
JOB = "release_period_of_monthly_cases"


@pytest.fixture
def released(months):
    return months.project


def due(project):
    manifest = read_manifest(ensure_manifest(project))
    return [(one.period, one.why) for one in due_now(project, manifest, releases_of(manifest))]


def table(project, release):
    version = project.public_store.current(release)
    (path,) = [path for path in version.glob("*.csv") if path.name != "data-dictionary.csv"]
    with path.open(encoding="utf-8") as file:
        return path.name, {row["county"]: row["cases"] for row in csv.DictReader(file)}


class TestARun:
    def test_releases_every_period_that_is_over_in_a_table_of_its_own(self, released):
        assert released.ledger.releases() == RELEASES
        assert table(released, RELEASES[0]) == (
            "monthly-cases-2025-01.csv",
            {"North": "", "South": "", "East": "21", "West": "33", "Bay": "90", "Valley": "140", "State": "297"},
        )
        assert table(released, RELEASES[1])[1]["North"] == "0"
        assert sorted(path.name for path in (released.portal / "monthly-cases").iterdir() if path.is_symlink()) == [
            "monthly-cases-2025-01", "monthly-cases-2025-02", "monthly-cases-2025-03",
        ]  # fmt: skip

    def test_does_nothing_for_periods_that_are_released_as_they_are(self, released):
        assert due(released) == []

    def test_takes_the_name_of_a_period_for_that_period(self, released):
        found = run(released, RELEASES[1:2], until="masked")
        assert [one.release for one in found.outcomes] == RELEASES[1:2]
        with pytest.raises(InputErrors, match="one release and its periods"):
            run(released, [RELEASES[1], "monthly_cases"])

    def test_of_the_suites_looks_at_the_last_period_when_none_is_due(self, released):
        assert [one.release for one in run(released, until="masked").outcomes] == RELEASES[-1:]
        assert [changed for _, changed in current_suites(released, (), write=False)] == [False]

    def test_of_a_named_period_releases_that_one(self, released):
        result = run(released, periods=["2025-02"])
        assert [one.release for one in result.outcomes] == [RELEASES[1]]
        assert len(released.public_store.versions(RELEASES[1])) == 2

    def test_of_a_period_that_is_not_over_is_refused(self, released):
        with pytest.raises(InputErrors, match=r"period: found '2199-01'; a period that is over, 2025-01 to"):
            run(released, periods=["2199-01"])


class TestCorrectedData:
    def test_releases_its_period_again_and_no_other(self, released):
        write_cases(released.root, {**CASES_OF_MONTHS, "2025-02": {**CASES_OF_MONTHS["2025-02"], "North": 6}})
        result = run(released)
        assert [one.release for one in result.outcomes] == [RELEASES[1]]
        assert result.success, result.problems
        _, now = table(released, RELEASES[1])
        assert now["North"] == ""
        assert now["State"] == ""  # by how much it grew would tell
        assert [len(released.ledger.versions(name)) for name in RELEASES] == [1, 2, 1]

    def test_of_a_withdrawn_period_waits_until_it_may_come_back(self, released):
        retract(released, contract_of(released, RELEASES[1], "test"), "a wrong county")
        write_cases(released.root, {**CASES_OF_MONTHS, "2025-02": {**CASES_OF_MONTHS["2025-02"], "East": 26}})
        assert run(released).outcomes == ()
        assert not (released.portal / "monthly-cases" / "monthly-cases-2025-02" / "certificate.json").exists()
        assert (released.portal / "monthly-cases" / "monthly-cases-2025-01" / "certificate.json").exists()
        lift_retraction(released, RELEASES[1])
        assert due(released) == [("2025-02", "changed")]


class TestAPeriod:
    def test_is_a_partition_of_the_release_s_assets(self, released):
        definitions = build_definitions(released)
        job = definitions.resolve_job_def(JOB)
        assert job.partitions_def.get_partition_keys()[:3] == ["2025-01", "2025-02", "2025-03"]
        graph = definitions.resolve_asset_graph()
        assert {key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).is_partitioned} == {
            "monthly_cases/masked", "monthly_cases/release", "monthly_cases/publication",
        }  # fmt: skip
        with dg.DagsterInstance.get() as instance:
            result = job.execute_in_process(instance=instance, partition_key="2025-03", raise_on_error=False)
            (event,) = [
                one for one in result.get_asset_materialization_events() if one.asset_key.path[-1] == "publication"
            ]
        assert result.success
        assert event.partition == "2025-03"
        assert len(released.ledger.versions(RELEASES[2])) == 2

    def test_without_rows_is_refused(self, released):
        with dg.DagsterInstance.get() as instance:
            job = build_definitions(released).resolve_job_def(JOB)
            result = job.execute_in_process(instance=instance, partition_key="2025-04", raise_on_error=False)
            told = result.get_step_failure_events()[0].step_failure_data.user_failure_data.description
        assert not result.success
        assert "monthly_cases: rows: found no row with month=2025-04" in told

    def test_is_named_in_every_command_by_its_release(self, released):
        assert list(contracts_of(released)) == RELEASES
        assert contract_of(released, RELEASES[0], "test").reporting_period.label == "2025-01"
        with pytest.raises(InputErrors, match="released by periods; name the release of one period, such as"):
            contract_of(released, "monthly_cases", "test")

    def test_does_not_pass_once_the_contract_is_about_all_of_them(self, released):
        models = released.root / "dbt_project" / "models" / "aggregates" / "releases.yml"
        text = models.read_text()
        models.write_text(text[: text.index("          reporting_periods")])
        result = run(released)
        assert not result.success
        assert "released by reporting periods before (monthly_cases_2025_01" in "\n".join(result.problems)


class TestTheSensor:
    def test_asks_once_for_the_periods_that_are_due(self, released):
        write_cases(released.root, {**CASES_OF_MONTHS, "2025-04": CASES_OF_MONTHS["2025-01"]})
        definitions = build_definitions(released)
        sensor = definitions.resolve_sensor_def("due_periods")
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
        everything = definitions.resolve_job_def("everything")
        cursor = None

        def look():
            nonlocal cursor
            repository = definitions.get_repository_def()
            with (
                dg.DagsterInstance.get() as instance,
                dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context,
            ):
                found = sensor.evaluate_tick(context)
            cursor = found.cursor
            return [(one.job_name, one.partition_key, one.tags["ddg/why"]) for one in found.run_requests]

        with dg.DagsterInstance.get() as instance:
            assert everything.execute_in_process(instance=instance).success
        assert look() == [(JOB, "2025-04", "new")]
        assert look() == []


class TestATableOfAllPeriodsBefore:
    def test_is_known_to_the_readers_of_its_periods(self, monthly):
        project = monthly.project
        write_cases(project.root, CASES_OF_MONTHS)
        prepare_instance(project)
        assert run(project, until="masked").success
        list(current_suites(project, (), write=True))
        assert run(project).success
        by_months(project.root)
        write_cases(project.root, {**CASES_OF_MONTHS, "2025-02": {**CASES_OF_MONTHS["2025-02"], "North": 6}})
        result = run(project, periods=["2025-02"])
        assert result.success, result.problems
        _, now = table(project, RELEASES[1])
        assert (now["North"], now["State"]) == ("", "")


def test_the_day_is_california_s():
    assert abs((periods.today() - periods.dt.datetime.now(periods.dt.UTC).date()).days) <= 1
