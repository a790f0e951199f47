"""Which code issued a certificate: a hash of the installed package's own files, so that an edited one is seen."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import ddg_pipeline
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_file

_COMPILED = "__pycache__"  # made at run time, and different on every machine


@cache
def code_sha256() -> str:
    """Hash all files of the installed package, once for each process.

    The same version has the same hash wherever it is installed: of an untouched wheel, and of a clean check-out.
    """
    return files_sha256(Path(ddg_pipeline.__file__).parent)


def files_sha256(directory: Path) -> str:
    """Hash the names and bytes of all files under a directory; compiled code and hidden files are left out."""
    found = {}
    for place, inner, names in os.walk(directory):
        inner[:] = sorted(name for name in inner if name != _COMPILED and not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                found[path.relative_to(directory).as_posix()] = sha256_of_file(path)
    return sha256_of(found)
