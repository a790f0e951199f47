"""Columns that tell nothing which another one does not: codes beside names, regions beside counties."""

from __future__ import annotations

from collections.abc import Mapping

from ddg_pipeline.drafting.facts import ColumnFacts
from ddg_pipeline.drafting.result import Remark, ask, reason


def redundant_columns(columns: Mapping[str, ColumnFacts]) -> dict[str, tuple[Remark, ...]]:
    """Find columns whose label follows from another one's in every row.

    Args:
        columns: Columns of categories with more than one label.

    Returns:
        Those that may be left out, with the reason. Of two that say the same, the one that is written in words stays.
    """
    found: dict[str, tuple[Remark, ...]] = {}
    ordered = sorted(columns, key=lambda name: _is_coded(columns[name]))
    for name in reversed(ordered):
        for other in ordered:
            if other == name or other in found or not _follows(columns[name], columns[other]):
                continue
            if len(columns[name].labels) == len(columns[other].labels):
                found[name] = (reason(f"it says the same as {other}, in every row"),)
            else:
                found[name] = (
                    ask(
                        f"it follows from {other}. If its categories should have rows of their own, make them rows of "
                        f"{other}, with `hierarchy` there; else leave it out."
                    ),
                )
            break
    return found


def _is_coded(column: ColumnFacts) -> bool:
    return column.numbers is not None


def _follows(column: ColumnFacts, other: ColumnFacts) -> bool:
    """Say whether each label of another column stands beside one label of this one only."""
    beside: dict[str | None, str | None] = {}
    if len(column.labels) > len(other.labels) or column.has_gaps != other.has_gaps:
        return False
    for key, value in zip(other.cells, column.cells, strict=True):
        if beside.setdefault(key, value) != value:
            return False
    return len(beside) > 1 and len(beside) < len(other.cells)  # where every row differs, everything follows
