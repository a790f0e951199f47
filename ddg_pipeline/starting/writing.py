"""Write a project's files: all of them or none, and never over anything that is there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ddg_pipeline.errors import InputError
from ddg_pipeline.starting.template_files import Files

_FOR_THE_OWNER = "data"  # source tables are restricted
_OWNER_ONLY, _ANYBODY = 0o700, 0o755


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        directory: The project's directory.
        files: The files, from there, in order.
    """

    directory: Path
    files: tuple[str, ...]


def write_project(directory: Path, files: Files) -> Written:
    """Write a project into a directory that holds none yet.

    The files are written beside their place and moved there in the end, the directory whole or, if it is there already,
    entry by entry; if one cannot be moved, those before it are taken away again.

    Args:
        directory: Where to; it may be there, with other files.
        files: Path to content.

    Raises:
        InputError: Something of that name is there, or the directory cannot be written.
    """
    target = directory.absolute()
    entries = sorted({PurePosixPath(path).parts[0] for path in files})
    _refuse_to_overwrite(target, entries)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # beside its place, so that moving it there is one step on one file system; for the owner alone meanwhile
        staged = Path(tempfile.mkdtemp(prefix=".ddg-init-", dir=target if target.is_dir() else target.parent))
    except OSError as error:
        raise _not_writable(target, error) from None
    try:
        for path, content in files.items():
            file = staged / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if (staged / _FOR_THE_OWNER).is_dir():
            (staged / _FOR_THE_OWNER).chmod(_OWNER_ONLY)
        if target.is_dir():
            _move_each(staged, target, entries)
        else:
            staged.chmod(_ANYBODY)
            staged.rename(target)
    except OSError as error:
        raise _not_writable(target, error) from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Written(directory, tuple(sorted(files)))


def _refuse_to_overwrite(target: Path, entries: Iterable[str]) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(str(target), "DIR", "a file or a link", "a directory, or the name of a new one")
    there = [name for name in entries if (target / name).exists() or (target / name).is_symlink()]
    if there:
        expected = "another directory: nothing that is there is written over"
        raise InputError(str(target), "DIR", f"{', '.join(there)} already there", expected)


def _move_each(staged: Path, target: Path, entries: Iterable[str]) -> None:
    moved: list[Path] = []
    try:
        for name in entries:
            place = target / name
            if place.exists():  # since it was looked for: renaming would write over a file
                raise FileExistsError(17, f"{name} appeared meanwhile")
            (staged / name).rename(place)
            moved.append(place)
    except OSError:
        for place in moved:
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)
        raise


def _not_writable(target: Path, error: OSError) -> InputError:
    found = error.strerror or "not writable"
    return InputError(str(target), "DIR", found, "a directory that can be written, with room left")
