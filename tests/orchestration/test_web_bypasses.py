"""The ways past the gate that Dagster's web server and daemon offer: the buttons of the UI end here.

In a real ``dagster dev``, a small count is put back into a staged table. What is public must stay as it is, byte for
byte, whatever is clicked.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.thorough

RELEASES = ("by_sex/release", "by_age/release")
PUBLICATIONS = ("by_sex/publication", "by_age/publication")
PUBLISH = "publish_by_age__by_sex"
LOCATION = """\
from pathlib import Path
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project
defs = build_definitions(load_project(Path(__file__).parent))
"""
_PATIENCE = 120  # seconds, for a server, a run, a backfill
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


def keys(assets):
    return [{"path": asset.split("/")} for asset in assets]


class Web:
    """A client of Dagster's GraphQL."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self.repository: dict[str, str] = {}

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._address}/server_info", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def ask(self, query: str, **variables: Any) -> Any:
        """Ask something, and give the one field of the answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self._address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            told = json.load(answer)
        assert "errors" not in told, told
        (found,) = told["data"].values()
        return found

    def find_repository(self) -> bool:
        found = self.ask(
            "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
        ).get("nodes", [])
        for one in found:
            self.repository = {
                "repositoryName": one["name"], "repositoryLocationName": one["location"]["name"],
            }  # fmt: skip
        return bool(found)

    def launch(self, assets, **more: Any) -> Any:
        """Press "Materialize selected"; give the run's end, or why there is none."""
        selector = {**self.repository, "jobName": "__ASSET_JOB", "assetSelection": keys(assets)}
        selector |= more.pop("selector", {})
        told = self.ask(
            """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } } }""",
            params={"selector": selector, "mode": "default", **more},
        )
        return self._end_of(told)

    def launch_again(self, run_id: str, strategy: str) -> Any:
        """Press "Re-execute"."""
        told = self.ask(
            """mutation($params: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } } }""",
            params={"parentRunId": run_id, "strategy": strategy},
        )
        return self._end_of(told)

    def _end_of(self, told: Any) -> Any:
        if "run" not in told:
            return {"status": told["__typename"]}
        return self.wait(told["run"]["runId"])

    def wait(self, run_id: str) -> Any:
        for _ in range(10 * _PATIENCE):
            run = self.ask("query($id: ID!) { runOrError(runId: $id) { ... on Run { runId status } } }", id=run_id)
            if run["status"] in _ENDED:
                return run
            time.sleep(0.1)
        raise AssertionError(f"run {run_id} did not end")

    def backfill(self, assets) -> str:
        """Press "Launch backfill", and wait for what the daemon makes of it."""
        told = self.ask(
            """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            params={"assetSelection": keys(assets), "allPartitions": True},
        )
        if "backfillId" not in told:
            return str(told["__typename"])
        for _ in range(10 * _PATIENCE):
            found = self.ask(
                """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
                ... on PartitionBackfill { status } } }""",
                id=told["backfillId"],
            )
            if found["status"] not in ("REQUESTED", "CANCELING", "FAILING"):
                return str(found["status"])
            time.sleep(0.1)
        raise AssertionError("the backfill did not end")


def read(small):
    """What a reader finds, in the public store and on the portal."""
    return {
        f"{place}: {release}/{path.name}": path.read_bytes()
        for release in ("by_sex", "by_age", "statewide")
        for place, directory in (("store", small.released(release)), ("portal", small.published(release)))
        for path in directory.iterdir()
    }


@pytest.fixture
def web(small):
    location = small.root / "location.py"
    location.write_text(LOCATION)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (small.root / "dagster-dev.log").open("wb")
    process = subprocess.Popen(
        [Path(sys.executable).with_name("dagster"), "dev", "-f", location, "-h", "127.0.0.1", "-p", str(port)],
        cwd=small.root, stdout=log, stderr=log, start_new_session=True, env=os.environ | {"DO_NOT_TRACK": "1"},
    )  # fmt: skip
    try:
        client = Web(port)
        for _ in range(10 * _PATIENCE):
            assert process.poll() is None, (small.root / "dagster-dev.log").read_text()
            if client.is_up() and client.find_repository():
                break
            time.sleep(0.1)
        assert client.repository
        yield client
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()
        location.unlink()


def test_nothing_that_can_be_clicked_publishes_a_breach(small, web):
    small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
    before = read(small)

    def stays():
        assert read(small) == before

    failed = web.launch([*RELEASES, *PUBLICATIONS])
    assert failed["status"] == "FAILURE"
    stays()
    assert web.launch(PUBLICATIONS)["status"] == "SUCCESS", "what passed before is certified still"
    stays()
    assert web.launch(RELEASES, selector={"assetCheckSelection": []})["status"] != "SUCCESS"
    stays()
    check = {"assetKey": keys(RELEASES)[0], "name": "same_as_aggregate"}
    assert web.launch(RELEASES, selector={"assetCheckSelection": [check]})["status"] != "SUCCESS"
    web.launch([*RELEASES, *PUBLICATIONS], stepKeys=[PUBLISH])
    stays()
    skipping = json.dumps({"ops": {"gate_by_age__by_sex": {"config": {"skip_checks": True}}}})
    assert web.launch(RELEASES, runConfigData=skipping)["status"] == "RunConfigValidationInvalid"
    for strategy in ("FROM_FAILURE", "ALL_STEPS"):
        assert web.launch_again(failed["runId"], strategy)["status"] == "FAILURE"
    stays()
    assert web.backfill([*RELEASES, *PUBLICATIONS]) != "COMPLETED_SUCCESS"
    stays()
    for key in keys([*RELEASES, *PUBLICATIONS]):
        told = web.ask(
            """mutation($params: ReportRunlessAssetEventsParams!) { reportRunlessAssetEvents(eventParams: $params) {
            __typename } }""",
            params={"eventType": "ASSET_MATERIALIZATION", "assetKey": key},
        )
        assert told["__typename"] == "ReportRunlessAssetEventsSuccess"
    for name in ("great_expectations", "attack_audit", "same_as_aggregate", "protection_proof"):
        told = web.ask(
            """mutation($params: ReportAssetCheckEvaluationsParams!) {
            reportAssetCheckEvaluations(eventParams: $params) { __typename } }""",
            params={"assetKey": keys(RELEASES)[0], "checkName": name, "passed": True},
        )
        assert "Success" in told["__typename"], told
    web.launch(PUBLICATIONS)
    stays()
    assert web.launch([*RELEASES, *PUBLICATIONS])["status"] == "FAILURE"
    stays()
    told = web.ask(
        """mutation($ranges: [PartitionsByAssetSelector!]!) { wipeAssets(assetPartitionRanges: $ranges) {
        __typename } }""",
        ranges=[{"assetKey": key} for key in keys([*RELEASES, *PUBLICATIONS])],
    )
    assert told["__typename"] == "AssetWipeSuccess", told
    assert web.launch(RELEASES)["status"] == "FAILURE"
    web.launch(PUBLICATIONS)
    stays()
    assert not [name for name, content in before.items() if b"Alpha,F,7," in content]


def test_a_run_that_is_terminated_keeps_nobody_out(small, web):
    """Its place in the pool is free again, and what was public stays."""
    before = read(small)
    selector = {
        **web.repository,
        "jobName": "__ASSET_JOB",
        "assetSelection": keys(["by_sex/masked", "by_age/masked", *RELEASES]),
    }
    told = web.ask(
        """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
        __typename ... on LaunchRunSuccess { run { runId } } } }""",
        params={"selector": selector, "mode": "default"},
    )
    run_id = told["run"]["runId"]
    for _ in range(10 * _PATIENCE):
        run = web.ask("query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }", id=run_id)
        if run["status"] == "STARTED":
            break
        time.sleep(0.1)
    time.sleep(2)  # somewhere in masking, or in the gate
    web.ask(
        """mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) {
        __typename } }""",
        id=run_id,
    )
    assert read(small) == before
    assert web.launch(["by_sex/masked", "by_age/masked", *RELEASES, *PUBLICATIONS])["status"] == "SUCCESS"


@pytest.fixture
def unapproved(small):
    """Two roles have to approve, nobody has, and nothing is on the portal."""
    small.edit(small.root / "ddg.yaml", "review: {roles: []}", "review: {roles: [data_steward, legal_counsel]}")
    shutil.rmtree(small.project.portal)


def test_nothing_that_can_be_clicked_publishes_what_not_everybody_has_approved(small, unapproved, web):
    def nothing_is_public():
        assert list(small.project.portal.glob("cases/[!.]*")) == []

    def approve(release, role, **more):
        given = {"release": release, "role": role, "by": "Ana", **more}
        config = json.dumps({"ops": {"record_approval": {"config": given}}})
        job = {"jobName": "approve_release", "assetSelection": None}
        return web.launch([], selector=job, runConfigData=config)["status"]

    waits = web.launch(PUBLICATIONS)
    assert waits["status"] == "SUCCESS", "nothing is wrong: people have not decided yet"
    nothing_is_public()
    web.launch(PUBLICATIONS, selector={"assetCheckSelection": []})
    web.launch([*RELEASES, *PUBLICATIONS], stepKeys=[PUBLISH])
    web.launch_again(waits["runId"], "ALL_STEPS")
    web.backfill(PUBLICATIONS)
    nothing_is_public()
    for key in keys(PUBLICATIONS):
        told = web.ask(
            """mutation($params: ReportAssetCheckEvaluationsParams!) {
            reportAssetCheckEvaluations(eventParams: $params) { __typename } }""",
            params={"assetKey": key, "checkName": "approved", "passed": True},
        )
        assert "Success" in told["__typename"], told
    web.launch(PUBLICATIONS)
    nothing_is_public()
    for release, role in (("by_sex", "data_steward"), ("by_sex", "legal_counsel"), ("by_age", "data_steward")):
        assert approve(release, role) == "SUCCESS"
    assert approve("by_age", "mayor") == "FAILURE"
    assert approve("by_age", "legal_counsel", certificate="0123456789") == "FAILURE"
    web.launch(PUBLICATIONS)
    nothing_is_public()
    assert approve("by_age", "legal_counsel") == "SUCCESS"
    told = web.ask(
        "mutation($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }",
        sensor={**web.repository, "sensorName": "approved_releases"},
    )
    assert told["__typename"] == "Sensor", told
    for _ in range(10 * _PATIENCE):  # the daemon asks the sensor, and launches what it says
        if len(list(small.project.portal.glob("cases/[!.]*"))) == 2:
            break
        time.sleep(0.1)
    assert len(list(small.project.portal.glob("cases/[!.]*"))) == 2
