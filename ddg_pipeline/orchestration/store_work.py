"""Work in the restricted store: one run or step at a time, and nothing of it open to others or outside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.warehouse.lock import held
from ddg_pipeline.warehouse.private import close_to_others, empty, private_files, temporary_files_in

WAITING = "waiting for another run to leave the restricted store"
_LOCK, _PARSE_LOCK = ".lock", ".parse-lock"


@contextmanager
def alone(project: Project, tell: Callable[[str], None] | None = None) -> Iterator[None]:
    """Keep other runs and steps away for the length of a block; the steps of this run find it so.

    What a run that was killed left behind is put in order first.

    Args:
        project: The project.
        tell: Called with a sentence, if there is somebody to wait for.

    Raises:
        StoreBusyError: Somebody else did not leave in time.
        RefusedError: Others may enter the store's directory, or its file system cannot lock.
    """
    directory = project.restricted_store.private_directory()
    waiting = None if tell is None else lambda: tell(f"{WAITING} (up to {project.store_wait:g} s)")
    with held(directory / _LOCK, project.store_wait, waiting) as outermost:
        if outermost:
            _put_in_order(project)
        try:
            yield
        finally:
            if outermost:
                empty(project.restricted_store.temporary)


@contextmanager
def exclusive(project: Project, tell: Callable[[str], None] | None = None) -> Iterator[None]:
    """Work in the restricted store: alone, and so that every file made meanwhile is the owner's, temporary ones inside.

    Only for work of which nothing is public: what is made for others would be closed to them too.

    Args:
        project: The project.
        tell: Called with a sentence, if there is somebody to wait for.

    Raises:
        StoreBusyError: Somebody else did not leave in time.
        RefusedError: Others may enter the store's directory, or its file system cannot lock.
    """
    with alone(project, tell), private_files(), temporary_files_in(project.restricted_store.temporary):
        yield


@contextmanager
def parsing(project: Project) -> Iterator[None]:
    """Let one process at a time parse the dbt project; that needs no database, so it waits for no run.

    Raises:
        StoreBusyError: Somebody else did not end in time.
        RefusedError: Others may enter the store's directory, or its file system cannot lock.
    """
    with private_files():
        directory = project.restricted_store.private_directory()
        with held(directory / _PARSE_LOCK, project.store_wait):
            yield


def _put_in_order(project: Project) -> None:
    """Undo what a killed run, or another umask, left: we are alone here."""
    empty(project.restricted_store.temporary)
    close_to_others(project.restricted)
    if project.encryption is not None and project.dbt_runs.is_dir():
        # dbt cannot encrypt what it writes while it runs
        for run in project.dbt_runs.iterdir():
            remove_plain_files(run)


def remove_plain_files(run: Path) -> None:
    """Remove what dbt left in the directory of a run, but for its sealed messages."""
    from ddg_pipeline.orchestration.dbt_messages import MESSAGES
    from ddg_pipeline.warehouse.sealed import is_sealed

    for path in run.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MESSAGES or not is_sealed(path.read_bytes()):
            path.unlink()
    if not any(run.iterdir()):
        run.rmdir()
