"""What can go wrong in a store beside wrong input."""

from __future__ import annotations

from ddg_pipeline.errors import DdgError


class StoreBusyError(DdgError):
    """Another process or thread is writing to the store; nothing was changed, try again later."""


class StoreDamagedError(DdgError):
    """A store is not in a state that this package leaves behind; somebody has to look at it."""
