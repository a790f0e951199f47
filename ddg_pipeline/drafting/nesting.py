"""Age bands that consist of other bands of the same column: ``0-17`` of ``0-4`` and ``5-17``."""

from __future__ import annotations

from collections.abc import Sequence

from ddg_pipeline.assessment.spans import Span, spans_of
from ddg_pipeline.contract import Variable


def nested_bands(labels: Sequence[str]) -> tuple[dict[str, list[str]] | None, bool]:
    """Read which bands consist of which, as an inline tree of a contract.

    Args:
        labels: The bands, without totals and labels for "not known".

    Returns:
        The tree, each band that consists of others with its parts; None where none does. And whether
        bands overlap in a way that no tree can tell.
    """
    spans = spans_of(Variable.AGE, labels)
    parents: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    overlap = len(set(spans.values())) < len(spans)
    for label, span in spans.items():
        around = [other for other, wider in spans.items() if wider.holds(span)]
        if around:
            parents[label] = min(around, key=lambda other: spans[other].after - spans[other].first)
            children.setdefault(parents[label], []).append(label)
    for label, parts in children.items():
        overlap = overlap or not _fill([spans[part] for part in parts], spans[label])
    tops = [spans[label] for label in spans if label not in parents]
    overlap = overlap or any(
        one is not other and one.first < other.after and other.first < one.after for one in tops for other in tops
    )
    if overlap or not children:
        return None, overlap

    return children, False


def _fill(parts: Sequence[Span], whole: Span) -> bool:
    """Say whether bands follow each other from the beginning of another one to its end."""
    ordered = sorted(parts, key=lambda part: part.first)
    ends = [whole.first, *(part.after for part in ordered)]
    return all(part.first == end for part, end in zip(ordered, ends, strict=False)) and ends[-1] == whole.after
