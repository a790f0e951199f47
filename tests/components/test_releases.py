"""The component: its attributes, what it makes of them, and what it says of wrong ones."""

from __future__ import annotations

import os
import re
import sys

import dagster as dg
import pytest
from dagster.components.core.package_entry import get_package_objects_in_module

import ddg_pipeline
from ddg_pipeline.components.releases import DdgReleases
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.translation import DdgAsset, DdgTranslator

RELEASES = ("by_age", "by_sex", "statewide")
STEPS = {f"{release}/{step}" for release in RELEASES for step in ("masked", "release", "publication")}
DBT = {"staging/stg_cases", "aggregates/by_sex", "aggregates/by_age", "aggregates/statewide"}
EVERYTHING = {"source/cases", *DBT, *STEPS}


def keys(definitions):
    """Everything that the code location makes."""
    graph = definitions.resolve_asset_graph()
    return {key.to_user_string() for key in graph.executable_asset_keys}


def names(definitions):
    """Every job, schedule, sensor and op by its name."""
    repository = definitions.get_repository_def()
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    ops = {op.name for assets in definitions.assets for op in [assets.op]}
    ops |= {node.name for job in jobs for node in job.graph.node_defs}
    return {
        "jobs": {job.name for job in jobs},
        "schedules": {one.name for one in repository.schedule_defs},
        "sensors": {one.name for one in repository.sensor_defs},
        "ops": ops,
    }


class TestRegistration:
    def test_dagster_s_tools_find_it_in_the_package(self):
        assert dict(get_package_objects_in_module(ddg_pipeline)) == {"DdgReleases": DdgReleases}

    def test_every_attribute_is_described_with_an_example(self):
        for name, field in DdgReleases.get_model_cls().model_fields.items():
            assert field.description, name
            assert field.examples, name


class TestByDefault:
    def test_it_is_what_ddg_yaml_alone_would_make(self, location):
        found, alone = location.definitions(), build_definitions(location.project)
        assert keys(found) == keys(alone) == EVERYTHING
        assert names(found) == names(alone)

    def test_the_executor_is_left_to_the_code_location(self, location):
        assert location.definitions().executor is None

    def test_nothing_that_dbt_or_dagster_read_is_left_in_the_environment(self, location, monkeypatch):
        monkeypatch.setenv("DBT_LOG_PATH", "theirs")
        location.definitions()
        assert os.environ["DBT_LOG_PATH"] == "theirs"
        assert "DDG_RESTRICTED_DB" not in os.environ
        assert "DAGSTER_HOME" not in os.environ

    def test_a_project_beside_defs_yaml_is_found_from_there(self, location):
        relative = os.path.relpath(location.root, location.sandbox.defs_folder_path / "releases")
        assert keys(location.definitions(project=relative)) == EVERYTHING


class TestPrefixes:
    def test_the_key_prefix_is_before_every_asset_and_every_name(self, location):
        found = location.definitions(key_prefix=["health", "data"])
        assert keys(found) == {f"health/data/{key}" for key in EVERYTHING}
        for kind, those in names(found).items():
            assert those, kind
            assert all(name.startswith("health_data_") for name in those), kind

    def test_checks_belong_to_the_assets_that_are_called_so(self, location):
        graph = location.definitions(key_prefix="health").resolve_asset_graph()
        assert {key.asset_key.path[0] for key in graph.asset_check_keys} == {"health"}
        assert {key.name for key in graph.asset_check_keys} >= {"great_expectations", "approved"}

    def test_names_can_have_a_prefix_of_their_own(self, location):
        found = location.definitions(name_prefix="mine")
        assert keys(found) == EVERYTHING
        assert "mine_everything" in names(found)["jobs"]

    def test_two_components_with_different_ones_share_a_code_location(self, location):
        location.write("north", key_prefix="north")
        location.write("south", key_prefix="south")
        with location.sandbox.build_all_defs() as both:
            assert keys(both) == {f"{place}/{key}" for place in ("north", "south") for key in EVERYTHING}
            jobs = {name: both.resolve_job_def(name) for name in names(both)["jobs"]}
        made = {key.path[0] for key in jobs["north_everything"].asset_layer.executable_asset_keys}
        assert made == {"north"}
        assert {"south_everything", "north_release_quarterly", "south_approve_release"} <= set(jobs)

    def test_two_without_are_refused_by_dagster(self, location):
        location.write("north")
        location.write("south")
        with location.sandbox.build_all_defs() as both, pytest.raises(dg.DagsterInvalidDefinitionError):
            both.get_repository_def()


class TestTranslation:
    def test_templates_know_what_kind_of_asset_it_is(self, location):
        found = location.definitions(
            translation={
                "group_name": "{{ release or step }}_group",
                "owners": ["team:epidemiology"],
                "tags": {"cadence": "{{ contract.publication.cadence if contract else 'none' }}"},
                "metadata": {"called": "{{ name }}"},
            }
        )
        graph = found.resolve_asset_graph()
        published, source = (
            graph.get(dg.AssetKey(["by_sex", "publication"])),
            graph.get(dg.AssetKey(["source", "cases"])),
        )
        assert (published.group_name, source.group_name) == ("by_sex_group", "source_group")
        assert published.owners == source.owners == ["team:epidemiology"]
        assert published.tags["cadence"] == "quarterly"
        assert published.tags["ddg/store"] == "public"  # what is there stays
        assert source.metadata["called"] == "cases"

    def test_may_put_a_prefix_before_keys_alone(self, location):
        found = location.definitions(translation={"key_prefix": "health"})
        assert keys(found) == {f"health/{key}" for key in EVERYTHING}
        assert not [name for name in names(found)["jobs"] if name.startswith("health")]

    def test_keys_can_be_anything(self, location):
        found = location.definitions(translation={"key": "{{ step }}s/{{ name }}"})
        assert {"sources/cases", "dbts/by_sex", "maskeds/by_sex", "publications/statewide"} <= keys(found)
        graph = found.resolve_asset_graph()
        assert graph.get(dg.AssetKey(["maskeds", "statewide"])).parent_keys == {dg.AssetKey(["dbts", "statewide"])}
        assert graph.get(dg.AssetKey(["dbts", "stg_cases"])).parent_keys == {dg.AssetKey(["sources", "cases"])}
        job = found.resolve_job_def("release_quarterly")
        assert dg.AssetKey(["sources", "cases"]) in job.asset_layer.executable_asset_keys

    def test_dependencies_can_be_added_and_not_taken_away(self, location):
        graph = location.definitions(translation={"deps": ["their/table"]}).resolve_asset_graph()
        assert graph.get(dg.AssetKey(["statewide", "masked"])).parent_keys == {
            dg.AssetKey(["aggregates", "statewide"]), dg.AssetKey(["their", "table"]),
        }  # fmt: skip

    def test_a_publication_can_still_wait_for_approvals(self, location):
        found = location.definitions(translation={"skippable": False})
        (publish,) = [one for one in found.assets if dg.AssetKey(["statewide", "publication"]) in one.keys]
        assert all(spec.skippable for spec in publish.specs)

    def test_one_key_for_two_assets_is_refused(self, location):
        said = location.refusal(translation={"key": "one"})
        assert "ddg_pipeline.DdgReleases: translation: asset key: found one, for 14 assets; a key of its own" in said

    def test_partitions_are_refused(self, location):
        partitions = {"type": "static", "partition_keys": ["2023", "2024"]}
        said = location.refusal(translation={"partitions_def": partitions})
        assert "InputErrors" in said
        assert "partitions_def of by_sex/release: found partitions; leave them out" in said

    def test_a_template_that_is_wrong_is_named_with_its_file(self, location):
        said = location.refusal(translation={"group_name": "{{ nobody_knows_this }}"})
        assert re.search(r"defs\.yaml:\d+ - attributes\.translation", said)
        assert "nobody_knows_this" in said

    def test_a_component_of_one_s_own_can_override_it(self, location):
        class Ours(DdgReleases):
            def get_asset_spec(self, asset: DdgAsset) -> dg.AssetSpec:
                return super().get_asset_spec(asset).replace_attributes(group_name="ours")

        ours = Ours(project=str(location.root), key_prefix="health")
        graph = ours.build_defs(None).resolve_asset_graph()
        assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {"ours"}
        assert dg.AssetKey(["health", "by_sex", "masked"]) in graph.get_all_asset_keys()


class TestTranslator:
    CLASS = (
        "from ddg_pipeline.dagster import DdgTranslator\n"
        "class Ours(DdgTranslator):\n"
        "    def get_group_name(self, asset):\n"
        "        return 'ours'\n"
        "    def get_definition_name(self, kind, name):\n"
        "        return f'{kind}_{name}'\n"
    )

    @pytest.fixture(autouse=True)
    def _importable(self, location, monkeypatch):
        monkeypatch.syspath_prepend(str(location.sandbox.project_root / "src"))
        yield
        for name in [name for name in sys.modules if name.startswith(location.sandbox.project_name)]:
            del sys.modules[name]

    def test_a_class_is_named_by_its_module(self, location, module):
        found = location.definitions(translator=f"{module(self.CLASS)}.Ours", key_prefix="health")
        graph = found.resolve_asset_graph()
        assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {"ours"}
        assert "job_everything" in names(found)["jobs"]
        assert keys(found) == {f"health/{key}" for key in EVERYTHING}

    @pytest.mark.parametrize(
        "given", ["nowhere.at.all", "Ours", "json.JSONDecoder", "ddg_pipeline.dagster.load_project"]
    )
    def test_anything_else_is_refused(self, location, given):
        assert re.search(r"attributes\.translator: found .*a class that extends", location.refusal(translator=given))

    def test_one_that_is_made_already_has_its_own_prefixes(self, location):
        component = DdgReleases(project=str(location.root), translator=DdgTranslator(), key_prefix="health")
        with pytest.raises(InputErrors, match="key_prefix"):
            component.build_defs(None)


class TestReleases:
    def test_those_that_are_linked_come_along(self, location):
        found = keys(location.definitions(releases=["by_sex"]))
        assert found == EVERYTHING - {key for key in STEPS if key.startswith("statewide/")}

    def test_the_schedules_are_theirs(self, location):
        assert names(location.definitions(releases=["statewide"]))["schedules"] == set()

    def test_one_that_is_not_there_is_refused(self, location):
        said = location.refusal(releases=["by_county"])
        assert "release: found by_county; one of by_age, by_sex, statewide" in said


class TestElsewhere:
    def test_dbt_s_assets_are_left_to_others_and_are_still_what_releases_are_made_of(self, location):
        found = location.definitions(elsewhere=["dbt"])
        assert keys(found) == {"source/cases", *STEPS}
        theirs = [dg.AssetSpec(key.split("/"), deps=[["source", "cases"]]) for key in DBT]

        @dg.multi_asset(specs=theirs, can_subset=True)
        def models():
            yield from ()

        both = dg.Definitions.merge(found, dg.Definitions(assets=[models]))
        job = both.resolve_job_def("release_quarterly")
        made = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
        # what their dbt project makes of the same source belongs to it, because dbt's tests span models
        assert made == {"source/cases", *DBT, *(key for key in STEPS if not key.startswith("statewide/"))}

    def test_they_are_called_as_their_component_calls_them(self, location):
        found = location.definitions(
            elsewhere=["dbt"], dbt_translation={"key_prefix": "warehouse"}, key_prefix="health"
        )
        graph = found.resolve_asset_graph()
        masked = graph.get(dg.AssetKey(["health", "statewide", "masked"]))
        assert masked.parent_keys == {dg.AssetKey(["warehouse", "aggregates", "statewide"])}
        # and so are the sources, which their models are made of
        assert "warehouse/source/cases" in keys(found)

    def test_sources_can_be_loaded_by_others(self, location):
        found = location.definitions(elsewhere="sources")
        assert keys(found) == {*DBT, *STEPS}
        # perhaps in another code location: then no job here can make them, and no sensor here looks at their files
        job = found.resolve_job_def("release_quarterly")
        assert dg.AssetKey(["source", "cases"]) not in job.asset_layer.executable_asset_keys
        assert dg.AssetKey(["by_sex", "publication"]) in job.asset_layer.executable_asset_keys
        assert "new_source_data" not in names(found)["sensors"]

    def test_another_name_of_dbt_s_assets_that_are_made_here_is_a_mistake(self, location):
        said = location.refusal(dbt_translation={"key_prefix": "warehouse"})
        assert re.search(r"attributes\.dbt_translation: found .*; `elsewhere: \[dbt\]`", said)


class TestSchedulesAndSensors:
    def test_they_are_off_until_someone_turns_them_on(self, location):
        found = location.definitions()
        assert {one.default_status for one in found.schedules} == {dg.DefaultScheduleStatus.STOPPED}
        assert {one.default_status for one in found.sensors} == {dg.DefaultSensorStatus.STOPPED}

    def test_they_can_be_on_from_the_start(self, location):
        found = location.definitions(schedules="running", sensors="running")
        assert {one.default_status for one in found.schedules} == {dg.DefaultScheduleStatus.RUNNING}
        assert {one.default_status for one in found.sensors} == {dg.DefaultSensorStatus.RUNNING}

    def test_they_can_be_left_out(self, location):
        found = location.definitions(schedules="none", sensors="none")
        assert list(found.schedules) == list(found.sensors) == []

    def test_schedules_are_in_the_time_zone_that_is_named(self, location):
        (schedule,) = location.definitions(time_zone="America/Denver").schedules
        assert schedule.execution_timezone == "America/Denver"


class TestWrongAttributes:
    @pytest.mark.parametrize(
        ("attributes", "message"),
        [
            ({"project": "/nowhere"}, r"attributes\.project: found /nowhere; the directory of a ddg\.yaml"),
            ({"time_zone": "Nowhere/Else"}, r"attributes\.time_zone: found 'Nowhere/Else'; a time zone such as"),
            ({"time_zone": "../etc/passwd"}, r"attributes\.time_zone"),
            ({"name_prefix": "my-releases"}, r"attributes\.name_prefix: found 'my-releases'; letters, digits"),
        ],
    )
    def test_are_named_with_what_to_write(self, location, attributes, message):
        said = location.refusal(**attributes)
        assert "InputErrors" in said
        assert re.search(message, said)

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ({"realeases": ["by_sex"]}, r"attributes\.realeases at .*defs\.yaml:\d+`\s+Extra inputs are not permitted"),
            (
                {"schedules": "often"},
                r"defs\.yaml: attributes\.schedules: found 'often'; one of stopped, running, none",
            ),
            (
                {"elsewhere": ["portal"]},
                r"attributes\.elsewhere\S* at .*defs\.yaml:\d+`\s+Input should be 'dbt'",
            ),
            ({"elsewhere": "portal"}, r"defs\.yaml: attributes\.elsewhere: found 'portal'; one of dbt, sources"),
        ],
    )
    def test_are_named_with_the_file(self, location, attributes, said):
        assert re.search(said, location.refusal(**attributes))
