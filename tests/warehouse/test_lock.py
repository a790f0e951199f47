"""One run at a time, by a lock that ends with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.warehouse.errors import StoreBusyError
from ddg_pipeline.warehouse.lock import held

_HOLD = """
import sys
from pathlib import Path
from ddg_pipeline.warehouse.lock import held
with held(Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".lock"


@pytest.fixture
def holder(path):
    """Another process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


class TestALock:
    def test_is_free_for_one(self, path):
        with held(path, 0) as outermost:
            assert outermost

    def test_may_be_taken_again_inside(self, path):
        with held(path, 0), held(path, 0) as outermost:
            assert not outermost
        with held(path, 0) as outermost:
            assert outermost

    def test_stays_held_when_the_inner_block_ends(self, path):
        with held(path, 0):
            with held(path, 0):
                pass
            code = _HOLD.replace("sys.stdin.read()", "")
            done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
            assert "StoreBusyError" in done.stderr

    def test_keeps_another_process_out(self, path, holder):
        told = []
        message = "another run is using the restricted store; waited 0 s, nothing was changed"
        with pytest.raises(StoreBusyError, match=message), held(path, 0, lambda: told.append("waiting")):
            pytest.fail("two hold it")
        assert told == ["waiting"]

    def test_keeps_another_thread_out(self, path):
        found = []

        def other():
            try:
                with held(path, 0):
                    found.append("held")
            except StoreBusyError:
                found.append("busy")

        with held(path, 0):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        assert found == ["busy"]

    def test_is_waited_for(self, path, holder):
        def let_go():
            holder.stdin.close()

        with held(path, 60, let_go) as outermost:
            assert outermost

    def test_ends_with_a_holder_that_is_killed(self, path, holder):
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with held(path, 0):
            pass

    def test_is_not_in_what_stands_in_the_file(self, path):
        path.write_text(f"{os.getpid()}\nsomebody\n")
        with held(path, 0):
            pass

    def test_is_closed_to_others(self, path):
        with held(path, 0):
            assert path.stat().st_mode & 0o777 == 0o600

    def test_of_a_file_system_without_locks_is_refused(self, path, monkeypatch):
        import errno

        import filelock._unix

        def no_locks(_descriptor):
            raise OSError(errno.ENOSYS, "not here")

        monkeypatch.setattr(filelock._unix, "lock_fd_nonblocking", no_locks)
        with pytest.raises(RefusedError, match="this file system cannot lock files"), held(path, 0):
            pytest.fail("held without a lock")
