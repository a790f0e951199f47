"""A project whose assets, jobs and ops are called otherwise: what runs, and what is recorded, is called so too."""

from __future__ import annotations

import dagster as dg
import pytest

from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.plan import plan_project
from ddg_pipeline.orchestration.project_resource import DdgProjectResource
from ddg_pipeline.orchestration.running import run
from ddg_pipeline.orchestration.translation import DdgTranslator

pytestmark = pytest.mark.thorough
PREFIXED = DdgTranslator(key_prefix=["health"])


@pytest.fixture
def done(small):
    return run(small.project, ["statewide"], translator=PREFIXED)


class TestRun:
    def test_publishes_and_tells_of_it(self, small, done):
        assert done.success
        (outcome,) = done.outcomes
        assert outcome.release == "statewide"
        assert outcome.published == small.published("statewide").parent / outcome.published.name
        assert (outcome.decision, outcome.cells) == ("release", 2)
        assert small.project.public_store.current("statewide").name == "2"
        # everything that was made is recorded under its own name, and with its checks
        with dg.DagsterInstance.get() as instance:
            records = instance.all_logs(done.run_id)
        events = [record.dagster_event for record in records if record.dagster_event is not None]
        made = {event.asset_key.to_user_string() for event in events if event.is_step_materialization}
        assert {"health/source/cases", "health/aggregates/statewide", "health/statewide/publication"} <= made
        assert {name.partition("/")[0] for name in made} == {"health"}
        assert all(event.step_key.startswith("health_") for event in events if event.is_step_start)
        # and the released bytes can be read by others' assets, certificate and all
        package = DdgProjectResource(directory=str(small.root)).package("statewide")
        assert package == small.released("statewide")


class TestSensors:
    def test_new_data_asks_for_assets_by_their_names(self, small):
        definitions = build_definitions(small.project, translator=PREFIXED)
        sensor = definitions.resolve_sensor_def("health_new_source_data")
        with (
            dg.DagsterInstance.get() as instance,
            dg.build_sensor_context(instance=instance, repository_def=definitions.get_repository_def()) as context,
        ):
            sensor.evaluate_tick(context)
            cursor = context.cursor
        with (
            dg.DagsterInstance.get() as instance,
            dg.build_sensor_context(
                instance=instance, cursor=cursor, repository_def=definitions.get_repository_def()
            ) as context,
        ):
            # nothing was loaded under these names, so the file is new
            (request,) = sensor.evaluate_tick(context).run_requests
        assert {key.path[0] for key in request.asset_selection} == {"health"}
        assert dg.AssetKey(["health", "by_sex", "publication"]) in request.asset_selection

    def test_a_source_that_was_declared_since_waits_for_the_next_load(self, small):
        definitions = build_definitions(small.project)
        (small.root / "more.csv").write_text("county\nAlpha\n", encoding="utf-8")
        small.edit(
            small.root / "sources.yaml",
            "sources:\n",
            "sources:\n  more: {kind: csv, path: more.csv, columns: {county: text}}\n",
        )
        sensor = definitions.resolve_sensor_def("new_source_data")
        cursor = None
        for _ in range(2):
            with (
                dg.DagsterInstance.get() as instance,
                dg.build_sensor_context(
                    instance=instance, cursor=cursor, repository_def=definitions.get_repository_def()
                ) as context,
            ):
                found = sensor.evaluate_tick(context)
                cursor = found.cursor
        assert found.run_requests == []
        assert plan_project(small.project).source_key("more") == dg.AssetKey(["source", "more"])
