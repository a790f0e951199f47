"""Files that a command writes: all of them or none, and never over what it was given."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ddg_pipeline.errors import InputError, InputErrors


def check_targets(targets: Sequence[Path], keep: Sequence[Path]) -> None:
    """Refuse, before the work begins, to write over what was given, or over something that is no file.

    Raises:
        InputErrors: Naming each.
    """
    errors = []
    given = {path.resolve() for path in keep}
    for target in targets:
        if target.resolve() in given:
            errors.append(InputError(str(target), "--output", "a file that was given", "another directory"))
        elif target.is_symlink() or (target.exists() and not target.is_file()):
            errors.append(InputError(str(target), "--output", "something that is no file", "remove it"))
    if errors:
        raise InputErrors(errors)


def write_together(directory: Path, contents: Mapping[str, bytes], mode: int = 0o644) -> list[Path]:
    """Write all files or none: each is complete on disk under another name before the first gets its own.

    Args:
        directory: Where they go; made where it is missing.
        contents: Name to bytes.
        mode: Who may read and write them.

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
            for path, target in waiting:
                Path(path).chmod(mode)
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
