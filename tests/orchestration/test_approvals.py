"""Approvals on the road: whatever starts it, nothing is published that not everybody who has to has approved."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from pathlib import Path

import dagster as dg
import pytest
from ssh_keys import allowed, make_key

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.orchestration import publication
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.review import approved, package_of
from ddg_pipeline.quality.certificate import certificate_sha256

PAIR = ("by_age/publication", "by_sex/publication")
ROLES = ("data_steward", "legal_counsel")


def keys(*assets):
    return [dg.AssetKey(asset.split("/")) for asset in assets]


@pytest.fixture
def reviewed(small):
    """The small project, in which two roles have to approve; nothing of it is on the portal."""
    file = small.root / "ddg.yaml"
    before = file.read_text()

    def set_to(review="{roles: [data_steward, legal_counsel]}"):
        file.write_text(before.replace("review: {roles: []}", f"review: {review}" if review else ""))
        assert review != "{roles: []}"
        return dataclasses.replace(small, project=load_project(small.root))

    shutil.rmtree(small.project.portal)
    return set_to


@pytest.fixture
def approve(ddg):
    def run(release, *roles, by="Ana", code=0, more=()):
        answers = [ddg("approve", release, "--role", role, "--by", by, *more) for role in roles or ROLES]
        for answer in answers:
            assert answer.code == code, answer.out + answer.err
        return answers[-1]

    return run


def check_of(events, release):
    found = [
        one.dagster_event.asset_check_evaluation_data
        for one in events.records
        if one.dagster_event is not None and one.dagster_event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return next(
        one for one in found if (one.asset_key, one.check_name) == (keys(f"{release}/publication")[0], "approved")
    )


def public(small):
    return {path.name for path in small.project.portal.glob("*/[!.]*")}


class TestWithoutApprovals:
    def test_the_last_asset_alone_publishes_nothing_and_says_who_is_missing(self, reviewed):
        small = reviewed()
        events = small.materialize("statewide/publication")
        assert events.success, "nothing is wrong: people have not decided yet"
        assert events.materialized == []
        assert public(small) == set()
        check = check_of(events, "statewide")
        assert not check.passed
        assert check.severity is dg.AssetCheckSeverity.WARN
        assert check.metadata["waits_for"].value == list(ROLES)
        assert "data_steward (missing), legal_counsel (missing)" in check.metadata["summary"].value

    @pytest.mark.thorough
    def test_five_roles_are_asked_for_where_the_project_says_nothing(self, reviewed):
        small = reviewed("")
        check = check_of(small.materialize("statewide/publication"), "statewide")
        assert check.metadata["waits_for"].value == [
            "statistical_expert", "data_steward", "deputy_director", "legal_counsel", "director_or_designee",
        ]  # fmt: skip
        assert public(small) == set()

    def test_a_run_waits_and_ends_well(self, reviewed, ddg):
        small = reviewed()
        answer = ddg("run", "statewide")
        assert answer.code == 0, answer.out + answer.err
        told = " ".join(answer.out.split())
        assert "statewide waits for: data_steward, legal_counsel; see: ddg status statewide" in told
        read = answer.out.splitlines()[-1].removeprefix("statewide waits; its reviewers read: ")
        assert Path(read) == small.project.dossiers / "statewide" / "2" / "dossier.html"
        assert Path(read).is_file()
        assert public(small) == set()
        assert small.released("statewide").name == "2", "it is released, and only not published"

    def test_ddg_publish_publishes_the_very_version_that_was_approved(self, reviewed, approve, ddg):
        small = reviewed()
        version = small.released("statewide")
        answer = ddg("publish", "statewide")
        assert answer.code == 0, answer.out + answer.err
        assert "statewide waits for: data_steward, legal_counsel" in " ".join(answer.out.split())
        assert (
            f"its reviewers read: {small.project.dossiers / 'statewide' / version.name / 'dossier.html'}" in answer.out
        )
        assert public(small) == set()
        approve("statewide")
        answer = ddg("publish", "--json")
        assert [one["published"] is not None for one in answer.json["outcomes"]] == [False, False, True]
        assert small.released("statewide") == version == small.project.public_store.current("statewide")
        assert [one.version for one in small.project.ledger.versions("statewide")] == [int(version.name)]

    def test_neither_a_job_nor_a_backfill_nor_a_re_execution_publishes(self, reviewed):
        small = reviewed()
        definitions = build_definitions(small.project)
        with dg.DagsterInstance.get() as instance:
            for tags in ({}, {"dagster/backfill": "abcdefgh"}):
                result = definitions.resolve_job_def("everything").execute_in_process(
                    instance=instance, asset_selection=keys(*PAIR), raise_on_error=False, tags=tags
                )
                assert result.get_asset_materialization_events() == []
        assert public(small) == set()

    def test_a_check_that_somebody_reports_as_passed_publishes_nothing(self, reviewed):
        small = reviewed()
        with dg.DagsterInstance.get() as instance:
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(keys("statewide/publication")[0], "approved", True, {})
            )
            instance.report_runless_asset_event(dg.AssetMaterialization(keys("statewide/publication")[0]))
        assert small.materialize("statewide/publication").materialized == []
        assert public(small) == set()

    def test_the_step_cannot_be_taken_without_its_check(self, reviewed):
        small = reviewed()
        definitions = build_definitions(small.project)
        selection = dg.AssetSelection.assets(*keys("statewide/publication")).without_checks()
        parts = dg.Definitions(
            assets=definitions.assets, resources=definitions.resources, executor=definitions.executor,
            jobs=[dg.define_asset_job("part", selection)],
        )  # fmt: skip
        with pytest.raises(dg.DagsterError, match="Failed to resolve asset job part"):
            parts.resolve_job_def("part")
        assert public(small) == set()

    def test_the_step_s_own_function_refuses_as_well(self, reviewed):
        small = reviewed()
        contracts = [
            package.contract for package in publication.certified(small.project, contracts_of(small, "statewide"))
        ]
        with pytest.raises(RefusedError, match="statewide: waits for the approval of data_steward"):
            publication.publish(small.project, contracts)
        assert public(small) == set()


def contracts_of(small, *names):
    from ddg_pipeline.orchestration.review import contracts_of as of

    return [of(small.project)[name] for name in names]


class TestWithApprovals:
    def test_exactly_the_approved_certificate_is_published_with_a_receipt(self, reviewed, approve):
        small = reviewed()
        approve("statewide")
        events = small.materialize("statewide/publication")
        assert events.success, events.failures
        assert public(small) == {"statewide"}
        certificate = certificate_sha256(small.published("statewide"))
        assert check_of(events, "statewide").passed
        receipt = json.loads((small.project.restricted / "receipts" / "statewide" / f"{certificate}.json").read_text())
        assert (receipt["certificate"], receipt["entries"]) == (certificate, 2)

    @pytest.mark.thorough
    def test_a_new_release_waits_again_and_the_old_one_stays(self, reviewed, approve):
        small = reviewed()
        approve("statewide")
        assert small.materialize("statewide/publication").success
        before = certificate_sha256(small.published("statewide"))
        events = small.materialize("statewide/release", "statewide/publication")
        assert events.success
        check = check_of(events, "statewide")
        assert "of another release" in check.metadata["summary"].value
        assert certificate_sha256(small.published("statewide")) == before

    def test_linked_releases_are_published_together_or_not_at_all(self, reviewed, approve):
        small = reviewed()
        approve("by_age")
        events = small.materialize(*PAIR)
        assert events.materialized == []
        assert (check_of(events, "by_age").passed, check_of(events, "by_sex").passed) == (True, False)
        assert public(small) == set()
        approve("by_sex")
        assert len(small.materialize(*PAIR).materialized) == 2

    def test_what_was_revoked_is_not_published(self, reviewed, approve, ddg):
        small = reviewed()
        approve("statewide")
        answer = ddg("revoke", "statewide", "--role", "legal_counsel", "--by", "Lea", "--note", "the statute changed")
        assert answer.code == 0, answer.err
        events = small.materialize("statewide/publication")
        check = check_of(events, "statewide")
        assert "legal_counsel (revoked by Lea" in check.metadata["summary"].value
        assert "the statute changed" not in str(check.metadata)
        assert "the statute changed" in " ".join(ddg("status", "statewide").out.split())
        assert public(small) == set()

    @pytest.mark.thorough
    def test_the_contract_may_ask_for_more_roles(self, reviewed, approve):
        small = reviewed("{roles: [data_steward]}")
        models = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(models, "release: statewide\n", "release: statewide\n          review: {roles: [epidemiologist]}\n")
        events = small.materialize("statewide/masked", "statewide/release", "statewide/publication")
        assert events.success, events.failures
        assert check_of(events, "statewide").metadata["waits_for"].value == ["data_steward", "epidemiologist"]
        approve("statewide", "data_steward")
        assert small.materialize("statewide/publication").materialized == []
        approve("statewide", "epidemiologist")
        assert small.materialize("statewide/publication").materialized == keys("statewide/publication")


class TestTheMomentOfPublication:
    def test_approvals_are_looked_at_again(self, reviewed, approve, ddg, monkeypatch):
        """Somebody takes an approval back after the step has found them all."""
        small = reviewed()
        approve("statewide")
        real = publication.certified
        calls = []

        def certified(project, contracts):
            calls.append(1)
            if len(calls) == 2:
                assert ddg("revoke", "statewide", "--role", ROLES[0], "--by", "Ana", "--note", "stop").code == 0
            return real(project, contracts)

        monkeypatch.setattr(publication, "certified", certified)
        events = small.materialize("statewide/publication")
        assert not events.success
        assert "waits for the approval of data_steward (revoked by Ana" in events.failures
        assert public(small) == set()

    def test_another_certified_package_in_its_place_is_refused(self, reviewed, approve):
        """It is certified too, and nobody has approved it."""
        small = reviewed()
        approve("statewide")
        (contract,) = contracts_of(small, "statewide")
        package = package_of(small.project, contract)
        kept = small.root / "kept-version"
        shutil.copytree(package.directory, kept)
        assert small.materialize("statewide/release").success
        other = small.released("statewide")
        with approved(small.project, [package]) as (pinned,):
            assert pinned.verify(package.directory).release == "statewide"
            with pytest.raises(RefusedError, match="another certificate than the one that was approved"):
                pinned.verify(other)
        shutil.rmtree(kept)

    def test_a_damaged_log_stops_everything_that_waits_for_it(self, reviewed, approve):
        small = reviewed()
        approve("statewide")
        log = small.project.review.log
        log.write_bytes(log.read_bytes().replace(b"Ana", b"Eve"))
        events = small.materialize("statewide/publication")
        assert not events.success
        assert "not the log that was written" in events.failures
        assert public(small) == set()

    def test_a_log_begun_anew_after_a_publication_is_found(self, reviewed, approve):
        small = reviewed()
        approve("statewide")
        assert small.materialize("statewide/publication").success
        shutil.rmtree(small.project.review.log.parent)
        events = small.materialize("statewide/publication")
        assert not events.success
        assert "not the log that statewide was published by" in events.failures


class TestTheCommandLine:
    def test_status_tells_who_is_missing_and_why(self, reviewed, approve, ddg):
        small = reviewed()
        approve("statewide", "data_steward")
        answer = ddg("status", "--json")
        assert answer.code == 0
        found = {one["release"]: one for one in answer.json["releases"]}
        assert set(found) == {"by_age", "by_sex", "statewide"}
        one = found["statewide"]
        assert one["certificate"] == certificate_sha256(small.released("statewide"))
        assert (one["complete"], one["waits_for"], one["published"]) == (False, ["legal_counsel"], False)
        assert [(role["role"], role["state"], role["by"]) for role in one["roles"]] == [
            ("data_steward", "approved", "Ana"), ("legal_counsel", "missing", None),
        ]  # fmt: skip
        told = " ".join(ddg("status", "statewide").out.split())
        assert "waits for: legal_counsel" in told
        assert one["certificate"][:12] in told

    def test_require_is_for_scripts(self, reviewed, approve, ddg):
        reviewed()
        assert ddg("status", "statewide", "--require").code == 1
        approve("statewide")
        assert ddg("status", "statewide", "--require").code == 0
        assert ddg("status", "--require").code == 1, "the others are not approved"

    def test_after_publication_it_says_so(self, reviewed, approve, ddg):
        small = reviewed()
        approve("statewide")
        assert small.materialize("statewide/publication").success
        (one,) = ddg("status", "statewide", "--json").json["releases"]
        assert (one["published"], one["complete"]) == (True, True)
        ddg("revoke", "statewide", "--role", ROLES[0], "--by", "Ana", "--note", "a mistake")
        assert "published; and now without an approval that counts: data_steward" in ddg("status", "statewide").out

    def test_what_did_not_pass_or_was_changed_cannot_be_approved(self, reviewed, approve, ddg):
        small = reviewed()
        (small.released("statewide") / "report.html").write_text("other")
        assert "the certificate is void" in approve("statewide", "data_steward", code=1).err
        (one,) = ddg("status", "statewide", "--json").json["releases"]
        assert "report.html: changed" in one["problem"]
        assert ddg("status", "statewide", "--require").code == 1

    def test_a_release_without_a_suite_is_told_beside_the_others(self, reviewed, ddg):
        small = reviewed()
        (small.project.expectations / "statewide.json").unlink()
        found = {one["release"]: one["problem"] for one in ddg("status", "--json").json["releases"]}
        assert "statewide.json" in found["statewide"]
        assert (found["by_age"], found["by_sex"]) == (None, None)
        assert ddg("status", "statewide", "--require").code == 1

    def test_the_certificate_that_was_looked_at_can_be_named(self, reviewed, approve):
        small = reviewed()
        looked_at = certificate_sha256(small.released("statewide"))
        approve("statewide", "data_steward", more=["--certificate", looked_at[:12]])
        assert small.materialize("statewide/release").success
        answer = approve("statewide", "data_steward", code=2, more=["--certificate", looked_at[:12]])
        assert certificate_sha256(small.released("statewide")) in answer.err

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["by_county", "--role", "data_steward", "--by", "Ana"], "by_age, by_sex, statewide"),
            (["statewide", "--role", "mayor", "--by", "Ana"], "one of data_steward, legal_counsel"),
            (["statewide", "--role", "data_steward", "--by", " "], "write who approves"),
            (["statewide", "--role", "data_steward", "--by", "Ana", "--max-score", "4"], "give --standing as well"),
            (["statewide", "--role", "data_steward", "--by", "Ana", "--standing"], "such as 2027-06-30"),
            (
                ["statewide", "--role", "data_steward", "--by", "Ana", "--standing", "--until", "2999-01-01"],
                "review: {standing: true}",
            ),
        ],
    )
    def test_mistakes_are_bad_input(self, reviewed, ddg, arguments, says):
        reviewed()
        answer = ddg("approve", *arguments)
        assert answer.code == 2
        assert says in answer.err

    def test_a_standing_approval_lets_the_next_release_out(self, reviewed, ddg):
        small = reviewed("{roles: [data_steward], standing: true}")
        until = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30))
        answer = ddg("approve", "statewide", "--role", "data_steward", "--by", "Ana", "--standing", "--until", until)
        assert answer.code == 0, answer.err
        events = small.materialize("statewide/release", "statewide/publication")
        assert events.success, events.failures
        assert keys("statewide/publication")[0] in events.materialized
        found = check_of(events, "statewide").metadata["roles"].value
        assert [(one["state"], one["standing"]) for one in found] == [("approved", True)]


class TestSigned:
    @pytest.fixture
    def signers(self, reviewed, tmp_path, monkeypatch):
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        make_key(tmp_path / "ana")
        make_key(tmp_path / "eve")
        file = allowed(tmp_path / "approvers", ("ana@dept", tmp_path / "ana"))
        monkeypatch.setenv("DDG_APPROVAL_KEY", str(tmp_path / "ana"))
        review = f"{{roles: [data_steward], allowed_signers: {file}, key: $DDG_APPROVAL_KEY}}"
        return reviewed(review), tmp_path

    def test_only_a_signed_approval_by_its_own_name_publishes(self, signers, approve, ddg):
        small, home = signers
        assert "would not be believed" in approve("statewide", "data_steward", by="Ana", code=1).err
        stolen = approve("statewide", "data_steward", by="ana@dept", code=1, more=["--key", str(home / "eve")])
        assert "would not be believed" in stolen.err
        assert small.materialize("statewide/publication").materialized == []
        approve("statewide", "data_steward", by="ana@dept")
        assert small.materialize("statewide/publication").materialized == keys("statewide/publication")
        assert "signed by SHA256:" in " ".join(ddg("status", "statewide").out.split())

    def test_the_web_page_has_nobody_s_key(self, signers):
        small, _ = signers
        result = approve_in_the_ui(small, release="statewide", by="ana@dept")
        assert not result.success
        (event,) = result.filter_events(lambda event: event.is_step_failure)
        told = event.step_failure_data.user_failure_data.description
        assert "ddg approve statewide --role data_steward --by NAME" in told
        assert not small.project.review.log.exists()


def approve_in_the_ui(small, **given):
    certificate = certificate_sha256(small.released(given["release"]))[:12]
    config = {"role": "data_steward", "by": "Ana", "certificate": certificate} | given
    with dg.DagsterInstance.get() as instance:
        job = build_definitions(small.project).resolve_job_def("approve_release")
        return job.execute_in_process(
            run_config={"ops": {"record_approval": {"config": config}}}, instance=instance, raise_on_error=False
        )


class TestDagster:
    def test_the_job_in_the_ui_records_an_approval(self, reviewed):
        small = reviewed("{roles: [data_steward]}")
        assert approve_in_the_ui(small, release="statewide", note="read it").success
        assert small.materialize("statewide/publication").materialized == keys("statewide/publication")

    def test_of_another_certificate_it_records_nothing(self, reviewed):
        small = reviewed("{roles: [data_steward]}")
        assert not approve_in_the_ui(small, release="statewide", certificate="0123456789ab").success
        assert small.materialize("statewide/publication").materialized == []

    def test_the_sensor_publishes_what_everybody_has_approved_once(self, reviewed, approve):
        small = reviewed()
        definitions = build_definitions(small.project)
        sensor = definitions.resolve_sensor_def("approved_releases")
        assert (sensor.name, sensor.default_status) == ("approved_releases", dg.DefaultSensorStatus.STOPPED)

        def requests():
            with (
                dg.DagsterInstance.get() as instance,
                dg.build_sensor_context(instance=instance, definitions=definitions) as context,
            ):
                found = sensor.evaluate_tick(context)
            return found.run_requests, found.skip_message

        approve("by_age")
        asked, told = requests()
        assert asked == []
        assert "by_sex: waits for the approval of" in told
        approve("by_sex")
        asked, _ = requests()
        assert [set(request.asset_selection) for request in asked] == [set(keys(*PAIR))]
        assert requests()[0][0].run_key == asked[0].run_key, "one run for the same approvals"
        assert len(small.materialize(*PAIR).materialized) == 2
        assert requests()[0] == []
