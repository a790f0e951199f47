"""New source data: seen once it is whole, and released anew."""

from __future__ import annotations

import os

import dagster as dg
import pytest

from ddg_pipeline.orchestration.building import build_definitions


@pytest.fixture
def look(small):
    """Let the sensor look, with what it remembered of the look before."""
    definitions = build_definitions(small.project)
    sensor = definitions.resolve_sensor_def("new_source_data")
    cursor = None

    def once():
        nonlocal cursor
        repository = definitions.get_repository_def()
        with (
            dg.DagsterInstance.get() as instance,
            dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository) as context,
        ):
            found = sensor.evaluate_tick(context)
            cursor = found.cursor
            return [sorted(key.to_user_string() for key in one.asset_selection) for one in found.run_requests]

    return once


def change(small, **when):
    path = small.root / "cases.csv"
    path.write_text(path.read_text().replace("Delta,F,0-39,41,", "Delta,F,0-39,42,"))
    if when:
        os.utime(path, ns=(when["at"], when["at"]))


class TestTheSensor:
    def test_is_off_until_someone_turns_it_on(self, small):
        sensor = build_definitions(small.project).resolve_sensor_def("new_source_data")
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED

    def test_asks_for_nothing_where_everything_was_loaded(self, look):
        assert look() == look() == look() == []

    def test_asks_once_for_all_that_is_made_of_a_changed_file(self, small, look):
        look()
        change(small)
        assert look() == []  # it may still be being written
        (wanted,) = look()
        assert {"source/cases", "aggregates/by_sex", "by_sex/publication", "statewide/publication"} <= set(wanted)
        assert look() == []

    def test_waits_for_a_file_that_grows(self, small, look):
        look()
        for second in range(1, 4):
            change(small, at=2_000_000_000_000_000_000 + second)
            assert look() == []
        assert len(look()) == 1

    def test_leaves_a_missing_file_to_the_run(self, small, look):
        (small.root / "cases.csv").unlink()
        assert look() == look() == []
