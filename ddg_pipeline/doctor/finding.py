"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at.
        state: ``ok``; ``hint``: it works, and could be better or is not known yet; ``problem``: it does not work, is
            not safe, or could not be checked.
        found: What is there, without a value that could be secret.
        todo: What to do; empty where nothing is.
    """

    check: str
    state: Literal["ok", "hint", "problem"]
    found: str
    todo: str = ""


def ok(check: str, found: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, "ok", found)


def hint(check: str, found: str, todo: str) -> Finding:
    """Say that something works and could be better, or cannot be known yet."""
    return Finding(check, "hint", found, todo)


def problem(check: str, found: str, todo: str) -> Finding:
    """Say that something does not work, or is not safe."""
    return Finding(check, "problem", found, todo)
