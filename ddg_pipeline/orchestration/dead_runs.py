"""Runs that were killed: Dagster takes them for running, and their places in its pools for taken, for ever.

A run of ``ddg`` holds a lock on a file of its own as long as its process lives; the operating system gives it back
however that ends. So whoever can take the lock of a run that has no end in Dagster knows that it is dead.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance

_LOCKS = "ddg-runs"


@contextmanager
def alive(dagster_home: Path, run_id: str) -> Iterator[None]:
    """Show, for the length of a block, that a run's process lives."""
    path = _lock(dagster_home, run_id)
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def bury_dead_runs(dagster_home: Path, instance: DagsterInstance) -> list[str]:
    """End the runs of `alive` whose processes are gone, and give back the places in pools that ended runs hold.

    Runs that others started, such as Dagster's daemon, are left alone until Dagster says that they have ended.

    Returns:
        The runs that were taken for running, and are failed now.
    """
    from dagster import DagsterRunStatus

    ended = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
    dead = []
    for path in sorted((dagster_home / _LOCKS).glob("*.lock")):
        if not _is_free(path):
            continue
        run = instance.get_run_by_id(path.stem)
        if run is not None and run.status not in ended:
            instance.report_run_failed(run, "The process of this run ended in the middle, as by `kill -9`.")
            dead.append(run.run_id)
        path.unlink(missing_ok=True)
    for run_id in instance.event_log_storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        if run is None or run.status in ended:
            instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return dead


def _lock(dagster_home: Path, run_id: str) -> Path:
    return dagster_home / _LOCKS / f"{run_id}.lock"


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # it ended just now
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
