"""Two runs at the same time: one waits, or ends with a clear error, and nothing is half done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.store_work import WAITING, exclusive, parsing
from ddg_pipeline.warehouse.errors import StoreBusyError

_DDG = (sys.executable, "-c", "from ddg_pipeline.cli import main; main()")
_HOLD = """
import sys
from pathlib import Path
from ddg_pipeline.orchestration.project import load_project
from ddg_pipeline.orchestration.store_work import exclusive
with exclusive(load_project(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def waiting(small):
    """Write into ``ddg.yaml`` how long to wait, and give the project."""

    def write(seconds):
        with (small.root / "ddg.yaml").open("a", encoding="utf-8") as file:
            file.write(f"store_wait: {seconds}\n")
        return load_project(small.root)

    return write


@contextmanager
def another_process_in(root: Path):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


class TestASecondRun:
    def test_ends_with_a_clear_error_after_a_while(self, small, waiting, ddg):
        project = waiting(0)
        before = project.restricted_store.path.read_bytes()
        public = small.public_bytes()
        with another_process_in(small.root):
            answer = ddg("run", "--quiet")
        assert answer.code == 1
        assert "another run is using the restricted store; waited 0 s, nothing was changed" in answer.err
        assert "Traceback" not in answer.err
        assert project.restricted_store.path.read_bytes() == before
        assert small.public_bytes() == public

    @pytest.mark.thorough
    def test_waits_and_says_so_and_then_runs(self, small, waiting):
        waiting(600)
        with another_process_in(small.root) as holder:
            run = subprocess.Popen(
                [*_DDG, "run", "statewide"], cwd=small.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            with run:
                told = ""
                while WAITING not in told:
                    line = run.stderr.readline()
                    assert line, "it did not wait"
                    told += line
                holder.stdin.close()
                out, err = run.communicate()
        assert run.returncode == 0, told + err
        assert "statewide" in out

    def test_is_not_kept_out_by_one_that_was_killed(self, small, waiting):
        project = waiting(0)
        with another_process_in(small.root) as holder:
            os.kill(holder.pid, signal.SIGKILL)
            holder.wait()
            with exclusive(project):
                pass


class TestAStepInDagster:
    def test_fails_clearly_while_ddg_runs(self, small, waiting):
        project = waiting(0)
        with another_process_in(small.root):
            for asset in ("source/cases", "staging/stg_cases", "statewide/masked", "statewide/release"):
                events = type(small)(project).materialize(asset)
                assert not events.success
                assert "another run is using the restricted store; waited 0 s, nothing was changed" in events.failures

    def test_of_which_two_come_at_once_are_made_one_after_the_other(self, small):
        """Both in one process, as threads, which Dagster's own pool does not see."""
        done = []

        def load():
            with exclusive(small.project):
                done.append("begins")
                with small.project.restricted_store.connect() as connection:
                    connection.execute("CREATE OR REPLACE TABLE source.cases AS FROM source.cases")
                done.append("ends")

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == ["begins", "ends"] * 4


class TestParsing:
    def test_does_not_wait_for_a_run(self, small, waiting):
        project = waiting(0)
        with another_process_in(small.root), parsing(project):
            pass

    def test_waits_for_other_parsing(self, small, waiting):
        project = waiting(0)
        found = []

        def other():
            try:
                with parsing(project):
                    found.append("parsed")
            except StoreBusyError:
                found.append("busy")

        with parsing(project):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        assert found == ["busy"]


class TestModes:
    @pytest.mark.thorough
    def test_are_the_owner_s_after_work_with_an_open_umask(self, small):
        before = os.umask(0)
        try:
            chosen = ("source/cases", "staging/stg_cases", "aggregates/statewide", "statewide/masked")
            assert small.materialize(*chosen).success
        finally:
            os.umask(before)
        wrong = [path for path in small.project.restricted.rglob("*") if path.stat().st_mode & 0o077]
        assert wrong == []

    @pytest.mark.thorough
    def test_of_what_is_public_are_not_the_owner_s_alone(self, small, ddg):
        shutil.rmtree(small.project.portal)
        shutil.rmtree(small.project.public)
        before = os.umask(0o022)
        try:
            assert ddg("run", "statewide").code == 0
        finally:
            os.umask(before)
        places = [small.project.portal, small.project.public]
        public = [path for place in places for path in (place, *place.rglob("*")) if path.name != ".lock"]
        assert {path.stat().st_mode & 0o777 for path in public if path.is_dir()} == {0o755}
        assert {path.stat().st_mode & 0o777 for path in public if path.is_file()} == {0o644}

    def test_that_something_else_opened_are_closed_by_the_next_work(self, small):
        manifest = small.project.manifest
        manifest.chmod(0o644)
        with exclusive(small.project):
            assert manifest.stat().st_mode & 0o777 == 0o600
