"""Suppression patterns as files: one bit a cell, in the order of `Instance.cells`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_pattern(path: Path, hidden: NDArray[np.bool_]) -> None:
    """Keep which cells are hidden."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.packbits(hidden))


def read_pattern(path: Path, cells: int) -> NDArray[np.bool_]:
    """Read which cells are hidden.

    Raises:
        ValueError: The file is about a table of another size.
    """
    packed = np.load(path)
    if len(packed) != -(-cells // 8):
        raise ValueError(f"{path}: a pattern of about {8 * len(packed)} cells for a table of {cells}")
    return np.unpackbits(packed, count=cells).astype(bool)
