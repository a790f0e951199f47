"""Says that code is compiled, where that is about to happen: at the first use on a machine it takes minutes.

What is compiled is kept, and whoever finds it there is told nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SENTENCE: Final = "compiling masking code for this machine, at its first use: two to three minutes"
MORE: Final = "compiling more of the masking code, which nothing needed before: up to two minutes"

_waiting: list[Callable[[str], None]] = []
_watching: list[Any] = []


@contextmanager
def told_of_compiling(tell: Callable[[str], None]) -> Iterator[None]:
    """Be told once, if anything has to be compiled in a block.

    Args:
        tell: Called before the first function is compiled: with `SENTENCE`, or with `MORE` where others were before.
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

        def on_start(self, event: Any) -> None:
            _say(event.data["dispatcher"])

        def on_end(self, event: Any) -> None:
            """Nothing: the end is seen by what follows."""

    _watching.append(Compiled())
    register("numba:compile", _watching[0])  # type: ignore[no-untyped-call]


def _say(dispatcher: Any) -> None:
    if not _waiting:
        return
    try:
        some = _some_is_kept(dispatcher.stats.cache_path)
    except FileNotFoundError:  # thrown away by another process meanwhile, as out of date
        some = False
    sentence = MORE if some else SENTENCE
    while _waiting:
        _waiting.pop(0)(sentence)


def _some_is_kept(cache: str | None) -> bool:
    """Say whether code of other functions is kept where a function's will be; it is not where they changed since.

    numba keeps code beside each module, or in one directory for all of them, with one inside for each of theirs.
    """
    if cache is None:
        return False
    package, place = Path(__file__).parent, Path(cache)
    beside_modules = place.is_relative_to(package)
    kept = [*package.rglob("*.nbi")] if beside_modules else [*place.parent.glob("*/*.nbi")]
    sources = [path for path in package.rglob("*.py") if "numba" in path.read_text(encoding="utf-8")]
    return bool(kept) and max(path.stat().st_mtime for path in kept) > max(path.stat().st_mtime for path in sources)
