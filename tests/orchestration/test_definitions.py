"""What Dagster shows of a project: assets with lineage from source to publication, checks, jobs and schedules."""

from __future__ import annotations

import dagster as dg
import pytest
import yaml

from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.plan import plan_project
from ddg_pipeline.orchestration.selection import with_siblings


def key(text):
    return dg.AssetKey(text.split("/"))


@pytest.fixture
def definitions(small):
    return build_definitions(small.project)


@pytest.fixture
def graph(definitions):
    return definitions.resolve_asset_graph()


class TestAssets:
    def test_there_is_one_for_every_step(self, graph):
        assert {asset.to_user_string() for asset in graph.get_all_asset_keys()} == {
            "source/cases", "staging/stg_cases", "aggregates/by_sex", "aggregates/by_age", "aggregates/statewide",
            *(f"{release}/{step}" for release in ("by_age", "by_sex", "statewide")
              for step in ("masked", "release", "publication")),
        }  # fmt: skip

    def test_they_lead_from_the_source_to_the_publication(self, graph):
        way = dg.AssetSelection.assets(key("by_sex/publication")).upstream().resolve(graph)
        assert {asset.to_user_string() for asset in way} == {
            "source/cases", "staging/stg_cases", "aggregates/by_sex", "aggregates/by_age",
            "by_sex/masked", "by_age/masked", "by_sex/release", "by_age/release", "by_sex/publication",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("asset", "group", "kinds"),
        [
            ("source/cases", "sources", {"duckdb", "csv"}),
            ("staging/stg_cases", "staging", {"dbt", "duckdb"}),
            ("aggregates/by_sex", "aggregates", {"dbt", "duckdb"}),
            ("by_sex/masked", "by_sex", {"ddg", "csv"}),
            ("by_sex/release", "by_sex", {"ddg", "greatexpectations", "csv"}),
            ("by_sex/publication", "by_sex", {"ddg", "csv"}),
        ],
    )
    def test_groups_and_kinds(self, graph, asset, group, kinds):
        node = graph.get(key(asset))
        assert node.group_name == group
        assert kinds <= node.kinds

    @pytest.mark.parametrize(
        ("asset", "store"),
        [
            ("source/cases", "restricted"), ("staging/stg_cases", "restricted"), ("aggregates/by_sex", "restricted"),
            ("by_sex/masked", "restricted"), ("by_sex/release", "public"), ("by_sex/publication", "public"),
        ],
    )  # fmt: skip
    def test_a_tag_says_which_store_they_are_in(self, graph, asset, store):
        assert graph.get(key(asset)).tags["ddg/store"] == store

    def test_a_tag_says_how_well_a_release_is_protected(self, graph):
        assert graph.get(key("by_sex/release")).tags["ddg/level"] == "ddg"

    def test_they_are_described(self, graph):
        assert graph.get(key("by_sex/masked")).description.startswith("Cases by county and sex: assessed")
        assert graph.get(key("source/cases")).description.startswith("Cases by county, sex and age group")
        assert graph.get(key("aggregates/by_sex")).description == "Cases by county and sex."


class TestChecks:
    def test_the_gate_s_are_blocking_and_part_of_the_release(self, graph):
        checks = [c for c in graph.asset_check_keys if c.asset_key == key("by_sex/release")]
        assert {c.name for c in checks} == {
            "same_as_aggregate", "suite_matches_contract", "great_expectations", "protection_proof",
            "attack_audit",
        }  # fmt: skip
        for check in checks:
            assert graph.get(check).blocking
            assert graph.get(check).description

    def test_dbt_s_tests_are_there_as_well(self, graph):
        assert any(check.asset_key == key("staging/stg_cases") for check in graph.asset_check_keys)


class TestJobs:
    def test_everything_is_one_job(self, definitions, graph):
        job = definitions.resolve_job_def("everything")
        assert set(job.asset_layer.executable_asset_keys) == graph.get_all_asset_keys()

    def test_a_cadence_is_another(self, definitions):
        job = definitions.resolve_job_def("release_quarterly")
        made = {asset.to_user_string() for asset in job.asset_layer.executable_asset_keys}
        assert {"source/cases", "by_sex/publication", "by_age/publication"} <= made
        assert "statewide/publication" not in made

    def test_they_run_in_one_process(self, definitions):
        assert definitions.executor.name == "in_process"


class TestSchedules:
    def test_linked_releases_follow_the_most_frequent_of_them(self, definitions):
        """by_sex is quarterly and by_age yearly; statewide is irregular, so someone releases it by hand."""
        (schedule,) = definitions.schedules
        assert schedule.name == "quarterly_releases"
        assert schedule.cron_schedule == "0 6 2 1,4,7,10 *"
        assert schedule.execution_timezone == "America/Los_Angeles"
        assert "by_age, by_sex" in schedule.description

    def test_they_are_off_until_someone_turns_them_on(self, definitions):
        assert definitions.schedules[0].default_status is dg.DefaultScheduleStatus.STOPPED


class TestOneWriter:
    """DuckDB has one writer, so that everything that touches it waits its turn."""

    @pytest.mark.parametrize("asset", ["source/cases", "aggregates/by_sex", "by_sex/release"])
    def test_what_touches_the_store_is_in_its_pool(self, definitions, asset):
        made_by = definitions.resolve_asset_graph().get(key(asset)).assets_def
        assert {op.pool for op in made_by.node_def.iterate_op_defs()} == {"duckdb"}

    @pytest.mark.parametrize("asset", ["by_sex/masked", "by_sex/publication"])
    def test_what_works_apart_from_it_is_not_and_locks_it_while_it_reads_or_writes(self, definitions, asset):
        made_by = definitions.resolve_asset_graph().get(key(asset)).assets_def
        assert {op.pool for op in made_by.node_def.iterate_op_defs()} == {None}

    def test_the_instance_lets_one_in_at_a_time(self, small):
        settings = yaml.safe_load((small.project.dagster_home / "dagster.yaml").read_text())
        assert settings["concurrency"]["pools"]["default_limit"] == 1
        assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
        assert settings["telemetry"]["enabled"] is False
        with dg.DagsterInstance.get() as instance:
            assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
            assert not instance.telemetry_enabled


class TestSiblings:
    def test_a_release_takes_along_what_else_is_made_of_its_sources(self, small):
        found = {
            asset.to_user_string() for asset in with_siblings(plan_project(small.project), [key("statewide/masked")])
        }
        assert found == {
            "source/cases", "staging/stg_cases", "aggregates/by_sex", "aggregates/by_age", "aggregates/statewide",
            "statewide/masked",
        }  # fmt: skip


class TestMistakes:
    def test_a_contract_that_is_wrong_names_file_model_and_key(self, small):
        from ddg_pipeline.errors import InputErrors

        models = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(models, "variable: sex, total: All", "variable: gender, total: All")
        with pytest.raises(InputErrors) as error:
            build_definitions(small.project)
        for part in ("releases.yml", "model by_sex", "dimensions.sex.variable", "'gender'", "gender_identity"):
            assert part in str(error.value)

    @pytest.mark.thorough
    def test_a_reference_table_that_dbt_does_not_know_is_named(self, small):
        from ddg_pipeline.errors import InputErrors

        models = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        people = "{Alpha: 1200, Beta: 3100, Gamma: 42000, Delta: 91000, Epsilon: 250000, Zeta: 810000}"
        small.edit(models, people, "{table: people, key: county, value: population}")
        with pytest.raises(InputErrors, match="'people'; one of the dbt models and seeds by_age, by_sex"):
            build_definitions(small.project)

    @pytest.mark.thorough
    def test_a_project_that_dbt_cannot_parse_passes_dbt_s_words_on(self, small):
        from ddg_pipeline.errors import InputErrors

        models = small.project.dbt_project / "models" / "aggregates"
        small.edit(models / "by_sex.sql", "ref('stg_cases')", "ref('stg_casse')")
        with pytest.raises(InputErrors, match="stg_casse"):
            build_definitions(small.project)
