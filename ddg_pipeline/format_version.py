"""The version of the format that contracts and rulebooks are written in, apart from the version of this package.

A document may say ``format: 1``; one that does not is of format 1. A format changes only when documents have to be
written otherwise: then older ones are brought up to date by ``ddg upgrade``, or refused with what to write. Newer ones
than this package knows are refused, because what they mean is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddg_pipeline.errors import InputError, InputErrors

FORMAT_KEY = "format"
CONTRACT_FORMAT = 1
RULEBOOK_FORMAT = 1


class NewerFormatError(InputErrors):
    """A document is of a newer format than this package knows."""


def without_format(raw: Mapping[Any, Any], place: str, current: int) -> dict[Any, Any]:
    """Check the format that a document says it is of, and give the document without it.

    Args:
        raw: The document.
        place: What errors call it.
        current: The format that this package reads.

    Raises:
        NewerFormatError: It is a newer one.
        InputErrors: It is none.
    """
    document = dict(raw)
    said = document.pop(FORMAT_KEY, current)
    if isinstance(said, bool) or not isinstance(said, int) or said < 1:
        expected = f"write `{FORMAT_KEY}: {current}`, or leave it out"
        raise InputErrors([InputError(place, FORMAT_KEY, "no number of a format", expected)])
    if said > current:
        found = f"{said}, and this ddg_pipeline reads {current} at most"
        raise NewerFormatError([InputError(place, FORMAT_KEY, found, "upgrade ddg_pipeline")])
    return document
