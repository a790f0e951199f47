"""Keeps values of restricted data, and passwords, out of errors raised by libraries."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType

from ddg_pipeline.errors import DdgError

_AFTER_SCHEME = re.compile(r"://.*", re.DOTALL)


class Shield:
    """A ``with`` block out of which only this package's own errors come.

    Libraries quote values in their messages ("Could not convert string '…' to INT64"). Inside a shield every exception
    of the given kinds is replaced by what ``rewrite`` makes of it, and neither its cause nor its context leads back to
    the original, so no traceback, log or event can print it.

    Args:
        rewrite: Makes the error to raise out of the one that was caught. It must not copy the caught message.
        kinds: The exceptions to replace; errors of this package and everything else pass.
    """

    def __init__(self, rewrite: Callable[[Exception], DdgError], *kinds: type[Exception]) -> None:
        self._rewrite = rewrite
        self._kinds = kinds

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not isinstance(error, self._kinds) or isinstance(error, DdgError):
            return
        clean = self._rewrite(error)
        try:
            raise clean from None
        finally:
            clean.__context__ = None  # `from None` only hides it


def without_credentials(text: str) -> str:
    """Blanks out everything after the scheme of what looks like a URL.

    All of it on purpose: an unescaped ``@``, ``/`` or ``?`` in a password makes every parser cut the URL in the wrong
    place, and options may hold a password too.
    """
    return _AFTER_SCHEME.sub("://***", text)
