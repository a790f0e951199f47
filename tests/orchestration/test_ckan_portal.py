"""A project whose ddg.yaml names a CKAN portal: the publication goes there too, and is watched."""

from __future__ import annotations

import datetime as dt
import io

import dagster as dg
import pytest
from ckan_portal.proxy import Answer

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.portal_watch import CHECK, JOB, SENSOR
from ddg_pipeline.orchestration.portals import portal_problems, retract_from_portals
from ddg_pipeline.orchestration.project import load_project

PAIR = ("by_age/publication", "by_sex/publication")
SETTINGS = "ckan: {{url: '{url}', organization: {organization}, token: '${{DDG_CKAN_TOKEN}}', longest_wait: 0.01}}\n"


@pytest.fixture
def configured(small, ckan):
    """The small project, with a portal."""
    text = SETTINGS.format(url=ckan.proxy.url, organization=ckan.organization)
    with (small.root / "ddg.yaml").open("a") as file:
        file.write(text)
    return type(small)(load_project(small.root))


def contract_of(small, name):
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of

    releases = releases_of(read_manifest(ensure_manifest(small.project)))
    return next(one.contract for one in releases if one.contract.release == name)


def run_check(small):
    """Run the job that the sensor starts; gives its success and the checks' evaluations."""
    with dg.DagsterInstance.get() as instance:
        job = build_definitions(small.project).resolve_job_def(JOB)
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        return result.success, {one.asset_key.path[0]: one for one in result.get_asset_check_evaluations()}


class TestPublication:
    def test_goes_to_ckan_after_the_folder_and_tells_the_address(self, configured, ckan):
        events = configured.materialize(*PAIR, "statewide/publication")
        assert events.success, events.failures
        metadata = configured.latest("by_sex/publication")
        address = metadata["ckan_url"].value
        shown = ckan.dataset(address.rpartition("/")[2])
        (table,) = [one for one in shown["resources"] if one["ddg_release"] == "by_sex" and one["datastore_active"]]
        got = ckan.file(shown["id"], table["id"], table["ddg_file"])
        assert got == (configured.published("by_sex") / table["ddg_file"]).read_bytes()
        with dg.DagsterInstance.get() as instance:
            for release in ("by_sex", "by_age", "statewide"):
                key = dg.AssetCheckKey(dg.AssetKey([release, "publication"]), CHECK)
                summary = instance.event_log_storage.get_asset_check_summary_records([key])[key]
                assert summary.last_check_execution_record.event.dagster_event.event_specific_data.passed

    def test_fails_with_the_reason_if_ckan_does_not_answer_and_leaves_no_token(self, configured, ckan):
        ckan.proxy.before = lambda request: Answer(503)
        events = configured.materialize("statewide/publication")
        assert not events.success
        assert "no answer to package_show in 6 attempts (HTTP 503)" in events.failures
        assert events.materialized == []
        ckan.proxy.forget()
        assert configured.materialize("statewide/publication").success
        files = [path for path in configured.root.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if ckan.token.encode() in path.read_bytes()]


class TestTheWatch:
    def test_fails_when_the_bytes_of_ckan_are_no_longer_ours(self, configured, ckan):
        assert configured.materialize("statewide/publication").success
        success, checks = run_check(configured)
        assert checks["statewide"].passed
        assert not checks["by_sex"].passed  # in the folder, and not on the portal yet
        assert not success
        name = configured.latest("statewide/publication")["ckan_url"].value.rpartition("/")[2]
        table = next(one for one in ckan.dataset(name)["resources"] if one["datastore_active"])
        ckan.editor.resource_patch(id=table["id"], upload=(table["ddg_file"], io.BytesIO(b"others\n")))
        success, checks = run_check(configured)
        assert not success
        assert not checks["statewide"].passed
        assert checks["statewide"].severity is dg.AssetCheckSeverity.ERROR
        assert "other bytes than the certified ones" in checks["statewide"].description

    def test_asks_ckan_as_anybody_may(self, configured, ckan, monkeypatch):
        monkeypatch.delenv("DDG_CKAN_TOKEN")
        problems = portal_problems(configured.project, contract_of(configured, "statewide"))
        assert problems
        assert not any(request.authorized for request in ckan.proxy.seen)

    def test_is_a_sensor_that_is_off_and_starts_the_check_of_ckan(self, configured):
        definitions = build_definitions(configured.project)
        sensor = definitions.resolve_sensor_def(SENSOR)
        assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
        with dg.DagsterInstance.get() as instance, dg.build_sensor_context(instance=instance) as context:
            (request,) = sensor.evaluate_tick(context).run_requests
        assert request.run_key is None
        assert sensor.job_name == JOB

    def test_is_not_there_without_a_portal(self, small):
        graph = build_definitions(small.project).resolve_asset_graph()
        assert not [key for key in graph.asset_check_keys if key.name == CHECK]
        with pytest.raises(InputErrors, match="ckan: found nothing"):
            portal_problems(small.project, contract_of(small, "statewide"))


class TestWithdrawal:
    def test_takes_a_release_off_ckan(self, configured, ckan):
        assert configured.materialize("statewide/publication").success
        name = configured.latest("statewide/publication")["ckan_url"].value.rpartition("/")[2]
        (gone,) = retract_from_portals(configured.project, [contract_of(configured, "statewide")], "Counted twice.")
        assert gone.dataset == name
        assert ckan.dataset(name) is None
        events = configured.materialize("statewide/publication")
        assert "withdrawn from the portal" in events.failures


class TestSettings:
    @pytest.fixture
    def wrong(self, small):
        def wrong(text):
            with (small.root / "ddg.yaml").open("a") as file:
                file.write(text)
            with pytest.raises(InputErrors) as refused:
                load_project(small.root)
            (error,) = refused.value.errors
            assert isinstance(error, InputError)
            return error

        return wrong

    @pytest.mark.parametrize(
        ("ckan", "field", "found"),
        [
            (
                "{url: 'https://a.example', organization: dept, token: eyJhbGciOi}",
                "ckan.token",
                "a token does not belong",
            ),
            ("{url: 'http://a.example', organization: dept}", "ckan.url", "does not begin with https://"),
            ("{url: 'https://me:pw@a.example', organization: dept}", "ckan.url", "a user or password"),
            ("{url: 'https://a.example'}", "ckan.organization", "required"),
            ("{url: 'https://a.example', organization: dept, tokn: x}", "ckan.tokn", "an unknown key"),
            ("{url: 'https://a.example', organization: dept, attempts: 0}", "ckan.attempts", "greater than"),
            ("{url: 'https://a.example', organization: dept, adopt: 'yes'}", "ckan.adopt", "boolean"),
            ("", "ckan", "nothing"),
        ],
    )
    def test_of_ckan_that_are_wrong_are_named_and_not_quoted(self, wrong, ckan, field, found):
        error = wrong(f"ckan: {ckan}\n")
        assert error.field == field
        assert found in error.found
        assert "eyJ" not in str(error)
        assert "pw" not in str(error)


class TestFreshness:
    def test_is_asked_for_by_cadence(self):
        from ddg_pipeline.contract import contract_from_yaml
        from ddg_pipeline.orchestration.freshness import freshness

        def of(cadence):
            text = f"""
                release: visits
                title: Visits
                dimensions: {{year: {{variable: time, period: year}}}}
                measures: {{cases: {{kind: count}}}}
                publication: {{cadence: {cadence}}}
            """
            return freshness(contract_from_yaml(text, "visits.yaml"))

        assert of("irregular") is None
        assert of("daily").fail_window.to_timedelta() == dt.timedelta(days=2, hours=6)
        assert of("monthly").warn_window.to_timedelta() == dt.timedelta(days=31, hours=6)
        assert of("yearly").fail_window.to_timedelta() == dt.timedelta(days=366 * 1.1, hours=6)
