"""Dagster's own executors: the same bytes from a process a step, and groups of releases that are masked at once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading

import pytest
from leaks.planted import outside
from orchestration.conftest import RELEASES

from ddg_pipeline.orchestration.running import prepare_instance

pytestmark = pytest.mark.thorough

DEFINITIONS = """\
import os
import socket

import dagster as dg

from ddg_pipeline import preparation
from ddg_pipeline.orchestration.building import build_definitions
from ddg_pipeline.orchestration.project import load_project

_prepare = preparation.prepare


def _prepare_when_all_are_there(*given, **named):
    with socket.create_connection(("127.0.0.1", int(os.environ["MEETING_POINT"])), timeout=300) as meeting:
        assert meeting.recv(2) == b"go", "the other group did not come"
    return _prepare(*given, **named)


preparation.prepare = _prepare_when_all_are_there
defs = build_definitions(load_project(), executor=dg.multiprocess_executor)
"""


def meet(server: socket.socket, guests: int, met: list[int]) -> None:
    """Let everybody go on when all are there; none if one does not come."""
    with_us = []
    try:
        for _ in range(guests):
            with_us.append(server.accept()[0])
        for guest in with_us:
            guest.sendall(b"go")
        met.append(len(with_us))
    except TimeoutError:
        pass
    finally:
        for guest in with_us:
            guest.close()


def test_a_run_with_a_process_for_each_step_masks_both_groups_at_once_and_gives_the_same_bytes(small, packages_of):
    before = {release: packages_of(small, release) for release in RELEASES}
    shutil.rmtree(small.root / "var")
    (small.root / "definitions.py").write_text(DEFINITIONS)
    met: list[int] = []
    prepare_instance(small.project)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(300)
        meeting = threading.Thread(target=meet, args=(server, 2, met))
        meeting.start()
        done = subprocess.run(
            [sys.executable, "-m", "dagster", "job", "execute", "-f", "definitions.py", "-j", "everything"],
            cwd=small.root,
            env=os.environ | {"DDG_PROJECT": str(small.root), "MEETING_POINT": str(server.getsockname()[1])},
            capture_output=True,
            text=True,
        )
        server.close()
        meeting.join()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert met == [2], "the group of two and the single release were masked at the same time"
    assert {release: packages_of(small, release) for release in RELEASES} == before
    assert outside(small.root).found == []
