"""What other people's projects use without the component: factories, the translator, a resource."""

from __future__ import annotations

import os

import dagster as dg
import pytest

from ddg_pipeline import dagster as pieces
from ddg_pipeline.errors import InputErrors, RefusedError


class Ours(pieces.DdgTranslator):
    """Every method of the translator, overridden."""

    def get_asset_key(self, asset):
        return super().get_asset_key(asset).with_prefix("ours")

    def get_description(self, asset):
        return f"{asset.step} of {asset.name}"

    def get_group_name(self, asset):
        return "open_data" if asset.contract else super().get_group_name(asset)

    def get_owners(self, asset):
        return ["team:epidemiology"]

    def get_tags(self, asset):
        return {**super().get_tags(asset), "tier": "one"}

    def get_kinds(self, asset):
        return {"table"}

    def get_metadata(self, asset):
        return {**super().get_metadata(asset), "asked": True}

    def get_automation_condition(self, asset):
        return dg.AutomationCondition.eager() if asset.step == "masked" else None

    def get_freshness_policy(self, asset):
        return None

    def get_definition_name(self, kind, name):
        return f"{kind}s_{name}"


@pytest.fixture
def plan(location):
    return pieces.plan_project(location.project)


def made_by(assets):
    return {key.to_user_string() for one in assets for key in one.keys}


class TestTranslator:
    @pytest.fixture
    def graph(self, location):
        return pieces.build_definitions(location.project, translator=Ours()).resolve_asset_graph()

    @pytest.mark.parametrize("asset", ["source/cases", "aggregates/by_sex", "by_sex/masked", "by_sex/publication"])
    def test_every_method_is_asked_for_every_kind_of_asset(self, graph, asset):
        node = graph.get(dg.AssetKey(["ours", *asset.split("/")]))
        assert node.description.split(" of ")[0] in ("source", "dbt", "masked", "publication")
        assert node.owners == ["team:epidemiology"]
        assert node.tags["tier"] == "one"
        assert node.tags["ddg/store"] in ("restricted", "public")
        assert node.kinds == {"table"}
        assert node.metadata["asked"]
        assert (node.automation_condition is not None) is (asset == "by_sex/masked")
        assert node.freshness_policy_or_from_metadata is None

    def test_groups_can_differ_by_kind(self, graph):
        assert graph.get(dg.AssetKey(["ours", "by_sex", "release"])).group_name == "open_data"
        assert graph.get(dg.AssetKey(["ours", "source", "cases"])).group_name == "sources"

    def test_nothing_is_left_under_another_key(self, graph):
        assert {key.path[0] for key in graph.get_all_asset_keys()} == {"ours"}
        assert {key.asset_key.path[0] for key in graph.asset_check_keys} == {"ours"}

    def test_names_are_what_it_says(self, location):
        found = pieces.build_definitions(location.project, translator=Ours())
        assert found.resolve_job_def("jobs_everything")
        assert found.resolve_sensor_def("sensors_new_source_data")
        assert found.resolve_schedule_def("schedules_quarterly_releases")

    def test_a_prefix_may_be_one_word(self):
        assert pieces.DdgTranslator(key_prefix="health").key_prefix == ("health",)


class TestFactories:
    def test_each_makes_its_step(self, plan):
        releases = ("by_age", "by_sex", "statewide")
        assert made_by(pieces.source_assets(plan)) == {"source/cases"}
        assert made_by([pieces.dbt_models(plan)]) == {
            "staging/stg_cases", "aggregates/by_sex", "aggregates/by_age", "aggregates/statewide",
        }  # fmt: skip
        assert made_by(pieces.masking_assets(plan)) == {f"{release}/masked" for release in releases}
        assert made_by(pieces.gate_assets(plan)) == {f"{release}/release" for release in releases}
        assert made_by(pieces.publication_assets(plan)) == {f"{release}/publication" for release in releases}

    def test_linked_releases_share_each_step(self, plan):
        assert sorted(len(list(one.keys)) for one in pieces.masking_assets(plan)) == [1, 2]

    def test_the_gate_s_checks_come_with_it(self, plan):
        checks = {spec.name for one in pieces.gate_assets(plan) for spec in one.check_specs}
        assert checks == {
            "same_as_aggregate", "suite_matches_contract", "great_expectations", "protection_proof", "attack_audit",
        }  # fmt: skip

    def test_no_resource_of_the_code_location_is_needed(self, plan):
        definitions = dg.Definitions(assets=pieces.assets_of(plan), resources={"dbt": object()})
        dg.Definitions.validate_loadable(definitions)

    def test_somebody_else_s_dbt_translator_is_believed(self, location):
        from dagster_dbt import DagsterDbtTranslator

        class Theirs(DagsterDbtTranslator):
            def get_asset_key(self, dbt_resource_props):
                return dg.AssetKey(["theirs", dbt_resource_props["name"]])

        plan = pieces.plan_project(location.project, elsewhere=["dbt"], dbt_translator=Theirs())
        assert plan.dbt_key("by_sex") == dg.AssetKey(["theirs", "by_sex"])
        assert plan.source_key("cases") == dg.AssetKey(["theirs", "cases"])
        assert made_by(pieces.assets_of(plan)) == {
            "theirs/cases",
            *(f"{one}/{step}" for one in plan.releases for step in ("masked", "release", "publication")),
        }

    def test_and_names_dbt_s_assets_where_they_are_made_here(self, location):
        from dagster_dbt import DagsterDbtTranslator

        class Theirs(DagsterDbtTranslator):
            def get_asset_key(self, dbt_resource_props):
                return dg.AssetKey(["theirs", dbt_resource_props["name"]])

        plan = pieces.plan_project(location.project, translator=Ours(), dbt_translator=Theirs())
        assert {"theirs/cases", "theirs/by_sex", "ours/by_sex/masked"} <= made_by(pieces.assets_of(plan))

    def test_a_release_on_a_model_that_is_kept_nowhere_is_refused(self, location):
        file = location.root / "dbt_project" / "models" / "aggregates" / "statewide.sql"
        before = file.read_text(encoding="utf-8")
        file.write_text("{{ config(materialized='ephemeral') }}\n" + before, encoding="utf-8")
        try:
            with pytest.raises(InputErrors, match=r"model statewide: meta\.ddg: materialized: found ephemeral"):
                pieces.plan_project(location.project)
        finally:
            file.write_text(before, encoding="utf-8")


class TestResource:
    @pytest.fixture
    def resource(self, location):
        return pieces.DdgProjectResource(directory=str(location.root))

    def test_reads_the_project(self, resource, location):
        assert resource.load().root == location.root

    def test_gives_no_package_before_something_passed_the_gate(self, resource):
        with pytest.raises(RefusedError, match="by_sex: nothing has passed the gate"):
            resource.package("by_sex")

    def test_tells_dbt_where_the_store_is_for_the_length_of_a_block(self, resource, location, monkeypatch):
        monkeypatch.setenv("DBT_LOG_PATH", "theirs")
        with resource.dbt_environment():
            assert os.environ["DDG_RESTRICTED_DB"] == str(location.project.restricted_store.path)
            assert os.environ["DBT_LOG_PATH"].startswith(str(location.project.restricted))
        assert "DDG_RESTRICTED_DB" not in os.environ
        assert os.environ["DBT_LOG_PATH"] == "theirs"

    def test_and_puts_it_back_after_a_failure(self, resource):
        with pytest.raises(ZeroDivisionError), resource.dbt_environment():
            _ = 1 / 0
        assert "DDG_RESTRICTED_DB" not in os.environ
