"""How far a declared number of people may be from the known one; the limits stand in ``sources.yaml``."""

from __future__ import annotations

from ddg_pipeline.populations import _tables
from ddg_pipeline.populations.areas import state
from ddg_pipeline.populations.size import KnownSize


def too_large(declared: int, known: KnownSize) -> bool:
    """Say whether a declared size is larger than another year or source could explain."""
    return known.at_most is not None and declared > known.at_most * _tables.settings().tolerance.factor


def too_small(declared: int, known: KnownSize) -> bool:
    """Say whether a declared size is smaller than another year or source could explain."""
    return declared * _tables.settings().tolerance.factor < known.at_least


def larger_than_the_state(declared: int) -> bool:
    """Say whether a declared size is larger than the state has ever been, or is expected to be."""
    return declared > state().size.at_least * _tables.settings().tolerance.state


def as_large_as_the_state(declared: int) -> bool:
    """Say whether a declared size may be that of the whole state, by another year or source."""
    return declared * _tables.settings().tolerance.state >= state().size.at_least
