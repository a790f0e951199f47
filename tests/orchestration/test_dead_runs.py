"""A run that was killed holds its place in Dagster's pool until the next one buries it."""

from __future__ import annotations

import dagster as dg
import pytest
from faults.injection import Fault, in_child

from ddg_pipeline.orchestration.dead_runs import alive, bury_dead_runs

POOL = "duckdb"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("concurrency: {pools: {default_limit: 1}}\ntelemetry: {enabled: false}\n")
    return tmp_path


@pytest.fixture
def instance(home):
    with dg.DagsterInstance.get() as instance:
        instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
        yield instance


def started(instance, status=dg.DagsterRunStatus.STARTED):
    run = dg.DagsterRun(job_name="everything", status=status)
    instance.add_run(run)
    assert instance.event_log_storage.claim_concurrency_slot(POOL, run.run_id, "step").is_claimed
    return run.run_id


def free(instance):
    return instance.event_log_storage.get_concurrency_info(POOL).active_slot_count == 0


def die(home, run_id):
    """Let a process say that the run lives, and kill it."""

    def live():
        with alive(home, run_id):
            (home / "here").write_text("")

    assert in_child(live, Fault("kill", 1, under=home / "here")).killed


class TestARunThatWasKilled:
    def test_fails_and_gives_its_place_back(self, home, instance):
        run_id = started(instance)
        die(home, run_id)
        assert not free(instance)
        assert bury_dead_runs(home, instance) == [run_id]
        assert free(instance)
        assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE

    def test_is_buried_once(self, home, instance):
        die(home, started(instance))
        bury_dead_runs(home, instance)
        assert bury_dead_runs(home, instance) == []
        assert list((home / "ddg-runs").iterdir()) == []


class TestOtherRuns:
    def test_one_that_lives_is_left_alone(self, home, instance):
        run_id = started(instance)
        with alive(home, run_id):
            assert bury_dead_runs(home, instance) == []
            assert not free(instance)

    def test_one_that_somebody_else_started_is_left_alone(self, home, instance):
        started(instance)
        assert bury_dead_runs(home, instance) == []
        assert not free(instance)

    def test_one_that_ended_gives_its_place_back(self, home, instance):
        started(instance, dg.DagsterRunStatus.CANCELED)
        assert bury_dead_runs(home, instance) == []
        assert free(instance)
