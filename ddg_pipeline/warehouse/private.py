"""Keeps what is written for the restricted store to its owner, and inside the store's directory."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


@contextmanager
def private_files() -> Iterator[None]:
    """Lets every file that is made in a block, by processes started there too, be its owner's alone.

    A file is closed from its first moment on, so that a crash cannot leave it open. The mask is the process's: other
    threads get it too.
    """
    before = os.umask(_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def temporary_files_in(directory: Path) -> Iterator[None]:
    """Sends the temporary files of every library, and of processes started in a block, to a directory of the store."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    environment = {name: os.environ.get(name) for name in _TEMPORARY}
    before, tempfile.tempdir = tempfile.tempdir, str(directory)
    os.environ.update(dict.fromkeys(_TEMPORARY, str(directory)))
    try:
        yield
    finally:
        tempfile.tempdir = before
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def write_durably(path: Path, data: bytes, mode: int) -> None:
    """Writes a file, whole or not at all, and brings it to the disk.

    Args:
        path: The file; what stands there is replaced.
        data: Its content.
        mode: Who may read it; until it is whole, only its owner.
    """
    descriptor, waiting = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(waiting).chmod(mode)
        Path(waiting).replace(path)
    finally:
        Path(waiting).unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def close_to_others(root: Path) -> None:
    """Takes every right of others from a directory and what is in it; links are left alone and not followed."""
    for directory, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & _OTHERS:
                path.chmod(DIRECTORY_MODE if stat.S_ISDIR(mode) else FILE_MODE)


def empty(directory: Path) -> None:
    """Removes what a directory holds, and makes it where it is missing."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
