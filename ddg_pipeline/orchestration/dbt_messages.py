"""What dbt says while it runs: it can quote values, so it stays in the restricted directory, sealed under a key."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from ddg_pipeline.orchestration.project import Project

MESSAGES = "output.log"


@contextlib.contextmanager
def kept_messages(project: Project, run: Path) -> Iterator[None]:
    """Take what is printed in a block into the directory of a run.

    Dagster keeps what a step prints, so that none of it may get there. Where there is a key it waits in memory and is
    sealed at the end.
    """
    if project.encryption is None:
        with (run / MESSAGES).open("w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
            yield
        return
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        project.sealed_files.write(run / MESSAGES, printed.getvalue().encode())
