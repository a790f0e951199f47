"""Faults that really happen: an action runs in a process of its own, which is killed, or finds the disk full.

The process counts what it does to the file system by Python's audit hooks (PEP 578), which speak before the deed. So a
fault strikes at a boundary between two such deeds, every one can be chosen, and the package needs no hook for it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DEEDS = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.chmod", "os.truncate",
    "subprocess.Popen", "sqlite3.connect",
}  # fmt: skip
_GROWING = {"open", "os.mkdir", "os.symlink", "os.link", "os.rename"}
_CRASHED, _TORN_BYTES = 3, b"\x00torn"
_PATIENCE = 300  # seconds after which a child that hangs is taken for one; nothing is measured by it


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when.

    Attributes:
        kind: ``kill`` dies before a deed (signal 9, nothing is cleaned up); ``torn`` dies in the middle of writing a
            file; ``full`` lets this and every later deed fail that needs room; ``read_only`` every later one at all.
        at: At which deed, from 1.
        under: Only deeds in this directory count; None means everywhere.
    """

    kind: Literal["kill", "torn", "full", "read_only"]
    at: int = 1
    under: Path | None = None


@dataclass(frozen=True)
class Ending:
    """How a process ended.

    Attributes:
        killed: Whether by signal 9.
        code: Its exit code otherwise.
        deeds: What it did to the file system, in order, as far as it got.
        answer: What the action returned; None where it did not return.
        output: All that it wrote to standard output and error.
    """

    killed: bool
    code: int | None
    deeds: tuple[str, ...]
    answer: Any
    output: str


def in_child(action: Callable[[], Any], fault: Fault | None = None, *, largest_file: int | None = None) -> Ending:
    """Run an action in a forked process.

    Args:
        action: What to do; its result has to be JSON.
        fault: What goes wrong; None lets it come to its end.
        largest_file: Bytes after which writing to any file fails, whoever writes it, in this and in started processes.
    """
    return started(action, fault, largest_file=largest_file)()


def started(
    action: Callable[[], Any], fault: Fault | None = None, *, largest_file: int | None = None
) -> Callable[[], Ending]:
    """Start an action in a forked process, and give what waits for its end; several can be under way."""
    scratch = Path(tempfile.mkdtemp())
    output, answer, deeds = (scratch / name for name in ("output", "answer", "deeds"))
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if not process:
        _child(action, fault, largest_file, output, answer, deeds)

    def wait() -> Ending:
        try:
            _, status = os.waitpid(process, 0)
            killed = os.WIFSIGNALED(status)
            if killed and os.WTERMSIG(status) != signal.SIGKILL:
                raise AssertionError(f"ended by signal {os.WTERMSIG(status)}:\n{output.read_text(errors='replace')}")
            return Ending(
                killed,
                None if killed else os.WEXITSTATUS(status),
                tuple(deeds.read_text(encoding="utf-8", errors="replace").splitlines()),
                json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else None,
                output.read_text(encoding="utf-8", errors="replace"),
            )
        finally:
            shutil.rmtree(scratch)

    return wait


def _child(
    action: Callable[[], Any], fault: Fault | None, largest_file: int | None, output: Path, answer: Path, deeds: Path
) -> NoReturn:
    code = _CRASHED
    watch = Watch(fault, -1)
    soft, unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        signal.alarm(_PATIENCE)
        os.setsid()  # what it starts dies with it
        sink = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
        noted = os.open(deeds, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(sink, stream)
        sys.stdout = open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115 - for the life of the process
        sys.stderr = open(2, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
        if largest_file is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, unlimited))
        watch.noted = noted
        sys.addaudithook(watch)
        try:
            result = action()
        finally:
            watch.over = True
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, unlimited))
        with answer.open("w", encoding="utf-8") as stream:
            json.dump(result, stream)
        code = 0
    except BaseException:  # noqa: BLE001 - the process ends here whatever happened
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)  # never back into the tests


class Watch:
    """An audit hook that counts deeds, and lets a fault happen."""

    def __init__(self, fault: Fault | None, noted: int = -1) -> None:
        self._fault, self.noted, self._count = fault, noted, 0
        self._own = os.getpid()
        self.over = False

    def __call__(self, event: str, given: Sequence[Any]) -> None:
        if self.over or os.getpid() != self._own:
            return
        if event == "open":
            if not isinstance(given[0], str | bytes) or not (given[2] or 0) & _WRITING:
                return
        elif event not in _DEEDS:
            return
        path = os.fsdecode(given[0]) if given and isinstance(given[0], str | bytes | os.PathLike) else ""
        if path.startswith(("/dev/", "/proc/")) or path.endswith((".pyc", ".nbi", ".nbc")) or "__pycache__" in path:
            return
        fault = self._fault
        if fault is not None and fault.under is not None and not self._concerns(event, given, fault.under):
            return
        self._count += 1
        with contextlib.suppress(OSError):  # where no file may grow
            os.write(self.noted, f"{event} {path}\n".encode())
        if fault is None or self._count < fault.at:
            return
        if fault.kind == "torn" and self._count == fault.at and event == "open":
            self.over = True
            torn = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(torn, _TORN_BYTES)
            os.killpg(0, signal.SIGKILL)
        if fault.kind in ("kill", "torn") and self._count == fault.at:
            os.killpg(0, signal.SIGKILL)
        if fault.kind == "full" and event in _GROWING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        if fault.kind == "read_only":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    @staticmethod
    def _concerns(event: str, given: Sequence[Any], under: Path) -> bool:
        names = [
            Path(os.fsdecode(one))
            for one in given[: 1 if event == "open" else 2]
            if isinstance(one, str | bytes | os.PathLike)
        ]
        return any(name.is_relative_to(under) for name in names)  # relative ones are what links hold, or go by `rmtree`
