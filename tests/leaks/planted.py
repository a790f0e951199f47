"""What is planted in the small project of ``tests/orchestration``, and where it may and may not lie."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from leaks.search import Search
from leaks.sentinels import Sentinels

_SOURCE = Path(__file__).parents[1] / "orchestration" / "small_project" / "cases.csv"
_HIDDEN = ("48613", "56720", "50216", "55117", "784.75", "712.5", "4861300", "5672000")  # sums behind hidden cells


def planted() -> Sentinels:
    """Give the sentinels: names, identifiers and figures of single records, and of hidden cells."""
    with _SOURCE.open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    figures = [record[column] for record in records for column in ("record", "weight")]
    figures += [record["cases"] for record in records if len(record["cases"]) > 4]
    return Sentinels(("Quillfeather", "Vřesovský"), (*figures, *_HIDDEN))


def outside(root: Path, more: Iterable[Path] = ()) -> Search:
    """Search a project but for its restricted directory and its source; and other places that a run may write to."""
    search = Search(planted())
    search.trees([root, *more], apart=[root / "var" / "restricted", root / "cases.csv"])
    return search
