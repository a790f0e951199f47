"""Dagster's other executors: the same bytes, groups of releases that are masked at once, and a gate that stays shut."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import dagster as dg
import pytest
from leaks.planted import outside
from orchestration.conftest import RELEASES, Small

from ddg_pipeline.orchestration.running import prepare_instance

pytestmark = pytest.mark.thorough

EXECUTORS = {
    "multiprocess": "from dagster import multiprocess_executor as executor",
    "celery": """\
from dagster_celery import celery_executor
from dagster_celery_config import broker_transport_options, broker_url, result_backend
options = {"broker_transport_options": broker_transport_options}
executor = celery_executor.configured(
    {"broker": broker_url, "backend": result_backend, "config_source": options}
)""",
}
CELERY = """\
import os
folder = os.environ["CELERY_FOLDER"]
broker_url = "filesystem://"
broker_transport_options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "/control"}
result_backend = "file://" + folder + "/results"
"""
DEFINITIONS = """\
import os
import socket

from ddg_pipeline import preparation
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project

# a process that does several steps loads this for each of them
_prepare = preparation.__dict__.setdefault("prepare_alone", preparation.prepare)


def _prepare_when_all_are_there(*given, **named):
    if "MEETING_POINT" in os.environ:
        with socket.create_connection(("127.0.0.1", int(os.environ["MEETING_POINT"])), timeout=300) as meeting:
            assert meeting.recv(2) == b"go", "the other group did not come"
    return _prepare(*given, **named)


preparation.prepare = _prepare_when_all_are_there
{executor}
defs = build_definitions(load_project(), executor=executor)
"""


@contextmanager
def celery_worker(root: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Have a worker with two processes do steps for the length of a block."""
    folder = Path(environment["CELERY_FOLDER"])
    for directory in (folder / "control", folder / "results"):
        directory.mkdir(parents=True, exist_ok=True)
    (root / "dagster_celery_config.py").write_text(CELERY)
    words = ["--pool", "prefork", "--concurrency", "2", "--queues", "dagster", "--loglevel", "ERROR"]
    words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "--app", "dagster_celery.app", "worker", *words]
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait()


@pytest.fixture(params=EXECUTORS)
def execute(request, small, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the job `everything` of the small project under an executor, in a process of its own."""
    if request.param == "celery":
        pytest.importorskip("dagster_celery", reason="dagster-celery is not installed: make test-executors")

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        (small.root / "definitions.py").write_text(DEFINITIONS.replace("{executor}", EXECUTORS[request.param]))
        prepare_instance(small.project)
        paths = os.pathsep.join([str(small.root), os.environ.get("PYTHONPATH", "")])
        own = {"DDG_PROJECT": str(small.root), "PYTHONPATH": paths, "CELERY_FOLDER": str(tmp_path / "celery")}
        environment = os.environ | own | more
        with celery_worker(small.root, environment) if request.param == "celery" else nullcontext():
            return subprocess.run(
                [sys.executable, "-m", "dagster", "job", "execute", "-f", "definitions.py", "-j", "everything"],
                cwd=small.root,
                env=environment,
                capture_output=True,
                text=True,
            )

    return run


def meet(server: socket.socket, guests: int, met: list[int]) -> None:
    """Let everybody go on when all are there; none if one does not come."""
    with_us = []
    try:
        for _ in range(guests):
            with_us.append(server.accept()[0])
        for guest in with_us:
            guest.sendall(b"go")
        met.append(len(with_us))
    except OSError:
        pass  # too late, or the run has ended
    finally:
        for guest in with_us:
            guest.close()


def test_both_groups_are_masked_at_once_and_give_the_same_bytes(small, execute, packages_of, tmp_path):
    before = {release: packages_of(small, release) for release in RELEASES}
    shutil.rmtree(small.root / "var")
    met: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(300)
        meeting = threading.Thread(target=meet, args=(server, 2, met))
        meeting.start()
        done = execute(MEETING_POINT=str(server.getsockname()[1]))
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # nobody comes any more
        meeting.join()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert met == [2], "the group of two and the single release were masked at the same time"
    assert {release: packages_of(small, release) for release in RELEASES} == before
    assert outside(small.root, [tmp_path]).found == []


def test_a_gate_that_is_shut_keeps_what_is_public_as_it_was(small, execute):
    linked = ("by_age", "by_sex")
    before = {release: state(small, release) for release in linked}
    masked = {release: last_time(release, "masked") for release in linked}
    small.edit(small.root / "expectations" / "by_sex.json", '"min_value": 1\n', '"min_value": 1000\n')
    done = execute()
    assert done.returncode != 0
    assert all(last_time(release, "masked") > masked[release] for release in linked), "the run came to the gate"
    assert {release: state(small, release) for release in linked} == before


def state(small: Small, release: str) -> tuple[str, dict[str, bytes], list[float]]:
    """The current version, what the portal folder has, and when each step last made something public."""
    files = {path.name: path.read_bytes() for path in small.published(release).iterdir()}
    return small.released(release).name, files, [last_time(release, step) for step in ("release", "publication")]


def last_time(release: str, step: str) -> float:
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey([release, step]))
    assert event is not None
    return event.timestamp
