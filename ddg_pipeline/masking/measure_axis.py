"""Measures joined by identities, as one more axis of a table.

Of the changes of several counts at one coordinate that keep every identity, the elementary ones change each count by
one at most and as few counts as possible: with ``covid + pneumonia - both = any``, one more of ``covid`` and ``any``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

MEASURES = "\0measures"  # the name of the axis; no column can have it
_MOST_CHANGED = 4  # counts that one elementary change may touch; what needs more is left to the exact search


def elementary_changes(measures: Iterable[str], identities: Sequence[Mapping[str, int]]) -> list[Mapping[str, int]]:
    """Find the changes of at most one a count that keep every identity, without those that contain another.

    Args:
        measures: All the counts that are joined.
        identities: Each as measure to coefficient; the terms sum to nothing.
    """
    found: list[Mapping[str, int]] = []
    names = sorted(set(measures))
    for size in range(1, min(len(identities) + 1, _MOST_CHANGED) + 1):
        for chosen in itertools.combinations(names, size):
            if any(change.keys() <= set(chosen) for change in found):
                continue
            for rest in itertools.product((1, -1), repeat=size - 1):
                change = dict(zip(chosen, (1, *rest), strict=True))
                if all(
                    sum(factor * change.get(name, 0) for name, factor in terms.items()) == 0 for terms in identities
                ):
                    found.append(change)
    return found
