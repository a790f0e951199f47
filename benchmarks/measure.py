"""Run one measurement in a process of its own, with a time limit, and never lose a failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Result = dict[str, Any]

_ROOT = Path(__file__).parent.parent
# one thread each, like the masker: ratios are to compare methods
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def measured(job: dict[str, Any], time_limit: float) -> Result:
    """Do one job of `benchmarks.worker` in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "job.json"), Path(folder, "result.json")
        given.write_text(json.dumps(job))
        failure = run([sys.executable, "-m", "benchmarks.worker", str(given), str(found)], time_limit)
        return failure or json.loads(found.read_text())


def run(command: Sequence[str], time_limit: float, log: Path | None = None, folder: Path = _ROOT) -> Result | None:
    """Run a command in a folder; None if it ended well, else what went wrong as a result."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(time_limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return {"status": "time limit", "message": f"not done in {time_limit:.0f} s", "seconds_over": time_limit}
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        text = output.read().decode(errors="replace")
    if log is not None:
        log.write_text(text)
    if code:
        last = [line for line in text.splitlines() if line.strip()][-1:]
        return {"status": "failed", "message": f"exit code {code}: {''.join(last)[:300]}"}
    return None
