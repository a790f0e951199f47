"""One run at a time in the restricted store, by a lock of the operating system.

The system gives the lock back when its holder ends, however it ends, so that nothing stale is ever in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.warehouse.errors import StoreBusyError
from ddg_pipeline.warehouse.private import FILE_MODE

_PAUSE = 0.2  # seconds between two tries


@contextmanager
def held(path: Path, wait: float, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Holds a lock for the length of a block; the same thread may take it again inside.

    Args:
        path: The lock file; it stays when the lock is given back, and what stands in it means nothing.
        wait: Seconds to wait for another run or step to end.
        on_wait: Called once, if there is something to wait for.

    Yields:
        Whether this is the outermost block.

    Raises:
        StoreBusyError: Another run was still there after that time; nothing was changed.
        RefusedError: The file system has no locks, so that two runs could not be kept apart.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=FILE_MODE, is_singleton=True, poll_interval=_PAUSE, fallback_to_soft=False)
    outermost = not lock.is_locked
    busy = False
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait()
            lock.acquire(timeout=wait)
    except Timeout:
        busy = True
    except (NotImplementedError, OSError) as error:
        kind = getattr(error, "strerror", None) or type(error).__name__
        raise RefusedError(
            f"{path}: this file system cannot lock files ({kind}); move `restricted` to another"
        ) from None
    if busy:
        raise StoreBusyError(
            f"{path.parent}: another run is using the restricted store; waited {wait:g} s, nothing was changed. "
            "Try again when it has ended, or write a longer `store_wait` into ddg.yaml"
        )
    try:
        yield outermost
    finally:
        lock.release()
