"""Says that code is compiled, where that is about to happen: at the first use on a machine it takes minutes.

What is compiled is kept, and whoever finds it there is told nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SENTENCE: Final = "compiling masking code for this machine, once: up to two minutes"

_waiting: list[Callable[[str], None]] = []
_watching: list[Any] = []


@contextmanager
def told_of_compiling(tell: Callable[[str], None]) -> Iterator[None]:
    """Be told once, if anything has to be compiled in a block.

    Args:
        tell: Called with the sentence, before the first function is compiled.
    """
    _waiting.append(tell)
    try:
        yield
    finally:
        if tell in _waiting:
            _waiting.remove(tell)


def watch() -> None:
    """Notice when something is compiled; for modules with compiled functions, which load numba anyway."""
    if _watching:
        return
    from numba.core.event import Listener, register

    class Compiled(Listener):
        """Hears of every function that is compiled, and of none that was kept."""

        def on_start(self, event: Any) -> None:  # noqa: ARG002
            _say()

        def on_end(self, event: Any) -> None:
            """Nothing: the end is seen by what follows."""

    _watching.append(Compiled())
    register("numba:compile", _watching[0])  # type: ignore[no-untyped-call]


def _say() -> None:
    while _waiting:
        _waiting.pop(0)(SENTENCE)
