"""SHA-256 of files and of typed things, the same on every machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def sha256_of_bytes(data: bytes) -> str:
    """Hash bytes; lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Hash a file's bytes without holding them all in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of(thing: object) -> str:
    """Hash a contract, a rulebook, a suite or any other plain data by its canonical JSON.

    Canonical: keys sorted, no white space, UTF-8. So neither the order of keys in a YAML file nor its comments matter.

    Raises:
        TypeError: ``thing`` holds something that is neither plain data, a dataclass, nor a pydantic model.
    """
    text = json.dumps(
        _plain(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    )
    return sha256_of_bytes(text.encode("utf-8"))


def _plain(thing: Any) -> Any:
    if isinstance(thing, BaseModel):
        return thing.model_dump(mode="json")
    if is_dataclass(thing) and not isinstance(thing, type):
        return asdict(thing)
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, frozenset | set):
        return sorted(thing)
    if isinstance(thing, dict | list | tuple | str | int | float | bool) or thing is None:
        return thing
    raise TypeError(f"a {type(thing).__name__} has no canonical JSON")
