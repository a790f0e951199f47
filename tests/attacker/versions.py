"""What readers of several versions of a table work out who know which figures were corrected: another attacker.

It shares no code with the package: a figure that is the same in two versions is one unknown, a corrected one is two.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pandas as pd
from attacker.brute_force import Puzzle, Row, feasible_values


@dataclass(frozen=True)
class PublishedVersion:
    """One version of a table of cases.

    Attributes:
        truth: Dimensions and ``cases`` as they were.
        published: The same rows as they were published: text, hidden cells missing, and the annotation codes.
        totals: By dimension, the label of its total; None where the table has no such rows.
        reasons_shown: Whether code 1 stands for small counts and 2 for others; if not, 2 stands for both.
    """

    truth: pd.DataFrame
    published: pd.DataFrame
    totals: dict[str, str | None]
    reasons_shown: bool


def exposed(versions: list[PublishedVersion], need: int, small: range = range(1, 11)) -> dict[Any, list[int]]:
    """Find the small cells that can take fewer than ``need`` values, with these values."""
    puzzle, asked = Puzzle(), set()
    for version in versions:
        asked |= _add(puzzle, version, small)
    values = feasible_values(puzzle, asked)
    return {name: sorted(found) for name, found in values.items() if len(found) < need}


def _add(puzzle: Puzzle, version: PublishedVersion, small: range) -> set[Any]:
    dimensions = list(version.totals)
    names = {}
    asked = set()
    codes = version.published["cases_annotation_code"].fillna("").to_numpy()
    for row, (*labels, cases) in enumerate(version.truth[[*dimensions, "cases"]].itertuples(index=False, name=None)):
        names[tuple(labels)] = name = (*labels, int(cases))  # a corrected figure is another unknown
        shown = version.published["cases"].iloc[row]
        low, high = puzzle.bounds.get(name, (0, None))
        if not pd.isna(shown):
            low = high = int(shown)
        else:
            if low != high:
                least, most = _told(codes[row], small, version.reasons_shown)
                low = max(low, least)
                high = most if high is None else high if most is None else min(high, most)
            if cases in small:
                asked.add(name)
        puzzle.bounds[name] = low, high
    for at, dimension in enumerate(dimensions):
        if version.totals[dimension] is not None:
            puzzle.rows += _sums(version, names, dimensions, at)
    return asked


def _told(code: str, small: range, reasons_shown: bool) -> tuple[int, int | None]:
    if not reasons_shown:
        return small[0], None
    return {"1": (small[0], small[-1]), "2": (small[-1] + 1, None)}[code]


def _sums(version: PublishedVersion, names: dict[Any, Any], dimensions: list[str], at: int) -> list[Row]:
    labels = [list(dict.fromkeys(version.truth[name])) for name in dimensions]
    total = version.totals[dimensions[at]]
    found = []
    for others in itertools.product(*(one for number, one in enumerate(labels) if number != at)):
        coordinates = {label: (*others[:at], label, *others[at:]) for label in labels[at]}
        if coordinates[total] in names:
            parts = [names[key] for label, key in coordinates.items() if label != total and key in names]
            found.append(Row({names[coordinates[total]]: -1} | dict.fromkeys(parts, 1)))
    return found
