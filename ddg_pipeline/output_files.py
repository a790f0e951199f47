"""Files that a command writes: all of them or none, and never over what it was given."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ddg_pipeline.errors import InputError, InputErrors

OWNER_ONLY = 0o600


def check_targets(targets: Sequence[Path], keep: Sequence[Path]) -> None:
    """Refuse, before the work begins, to write over what was given, or over something that is no file.

    Raises:
        InputErrors: Naming each.
    """
    errors = []
    given = {path.resolve() for path in keep}
    blocked = {target.parent for target in targets if target.parent.exists() and not target.parent.is_dir()}
    errors += [
        InputError(str(path), "--output", "a file", "a directory; it is made where it is missing") for path in blocked
    ]
    for target in targets:
        if target.resolve() in given:
            errors.append(InputError(str(target), "--output", "a file that was given", "another directory"))
        elif target.is_symlink() or (target.exists() and not target.is_file()):
            errors.append(InputError(str(target), "--output", "something that is no file", "remove it"))
    if errors:
        raise InputErrors(errors)


def write_together(
    directory: Path, contents: Mapping[str, bytes], mode: int = 0o644, restricted: Collection[str] = ()
) -> list[Path]:
    """Write all files or none: each is complete on disk under another name before the first gets its own.

    Args:
        directory: Where they go; made where it is missing.
        contents: Name to bytes.
        mode: Who may read and write them.
        restricted: Those that nobody but their owner may read or write, by name.

    Raises:
        InputErrors: The directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        waiting: list[tuple[str, Path]] = []
        try:
            for name, data in contents.items():
                descriptor, path = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
                waiting.append((path, directory / name))
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
            with _not_interrupted():
                for path, target in waiting:
                    Path(path).chmod(OWNER_ONLY if target.name in restricted else mode)
                    Path(path).replace(target)
        finally:
            for path, _ in waiting:
                Path(path).unlink(missing_ok=True)
    except OSError as error:
        found = error.strerror or "not writable"
        raise InputErrors(
            [InputError(str(directory), "--output", found, "a directory that can be written, with room left")]
        ) from None
    return [directory / name for name in contents]


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Let Ctrl-C come too late: between the first and the last file there are neither all nor none."""
    if threading.current_thread() is not threading.main_thread():  # Ctrl-C goes to the main thread only
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
