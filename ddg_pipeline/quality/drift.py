"""How far a release is from the one before it; only what both of them publish is compared.

The release before is read from a CSV file. None at all means that there is nothing to compare with: no breach, and a
remark that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ddg_pipeline.quality.rules import Breaches, figures, need

_NOTHING = "no release before this one: there is nothing to compare with"
_ROUNDING = 1e-9


def read_previous(path: str) -> pd.DataFrame:
    """Read the release before, every cell as text; an empty one is missing.

    Raises:
        OSError: There is no such file.
        ValueError: It is no CSV.
    """
    frame = pd.read_csv(Path(path), dtype="str", keep_default_na=False, encoding="utf-8")
    return frame.mask(frame == "")


def changed_rows(frame: pd.DataFrame, previous: str | None, percent: float, periods: Sequence[str] = ()) -> Breaches:
    """Find out whether a table has many more or fewer rows than the one before.

    Args:
        frame: The table.
        previous: The file of the release before.
        percent: The largest change, in percent of the rows before.
        periods: Columns whose categories come and go, such as years: only rows whose categories in them both releases
            have are counted. Where they have none in common, all rows are.
    """
    need(frame, periods)
    if not previous:
        return _nothing(frame)
    before = read_previous(previous)
    now, then = _in_both(frame, before, [name for name in periods if name in before.columns])
    over = not _near(len(now), len(then), percent)
    return _found(frame, [f"the number of rows differs by more than {percent:g} percent"] if over else [])


def changed_categories(
    frame: pd.DataFrame, column: str, previous: str | None, new: int | None = None, vanished: int | None = None
) -> Breaches:
    """Find categories that the release before did not have, or that it had and this one lacks.

    Args:
        frame: The table.
        column: The dimension.
        previous: The file of the release before.
        new: How many categories may be new; None means any number.
        vanished: How many may be gone; None means any number.

    Returns:
        The rows of new categories, where they are too many; the names of those that are gone, which are public.
    """
    need(frame, [column])
    if not previous:
        return _nothing(frame)
    before = read_previous(previous)
    if column not in before.columns:
        return _found(frame, [], [f"the release before had no column {column}"])
    now, then = frame[column].astype("str"), set(before[column].dropna())
    added = set(now[frame[column].notna()]) - then
    gone = sorted(then - set(now))
    rows = np.zeros(len(frame), dtype=bool)
    notes = []
    if new is not None and len(added) > new:
        rows = now.isin(added).to_numpy(dtype=bool)
        notes.append(f"{column}: {len(added)} new categories, and {new} may be")
    if vanished is not None and len(gone) > vanished:
        notes.append(f"{column}: {len(gone)} categories are gone, and {vanished} may be: {', '.join(gone[:10])}")
    return Breaches(rows, tuple(notes))


def changed_total(
    frame: pd.DataFrame,
    column: str,
    previous: str | None,
    percent: float,
    dimensions: Sequence[str],
    totals: Mapping[str, str],
) -> Breaches:
    """Find out whether the published total of a measure is far from that of the release before.

    What is compared is the sum over the coarsest rows that both releases have and show: those at the total of every
    dimension that has one. So a new year changes nothing, and a year that was counted anew does.

    Args:
        frame: The table.
        column: The measure.
        previous: The file of the release before.
        percent: The largest change, in percent of the total before.
        dimensions: All dimensions of the table.
        totals: For each dimension that has one, the label of its total.
    """
    need(frame, [column, *dimensions])
    if not previous:
        return _nothing(frame)
    before = read_previous(previous)
    absent = [name for name in (column, *dimensions) if name not in before.columns]
    if absent:
        return _found(frame, [], [f"the release before had no column {', '.join(absent)}"])
    now, then = (coarsest(table, column, dimensions, totals) for table in (frame, before))
    both = now.merge(then, on=list(dimensions), suffixes=("_now", "_then"))
    if both.empty:
        return _found(frame, [], [f"no total of {column} is shown in both releases"])
    near = _near(float(both["_value_now"].sum()), float(both["_value_then"].sum()), percent)
    return _found(frame, [] if near else [f"the total of {column} differs by more than {percent:g} percent"])


def coarsest(frame: pd.DataFrame, column: str, dimensions: Sequence[str], totals: Mapping[str, str]) -> pd.DataFrame:
    """Give the rows at the total of every dimension that has one, of those that show a figure.

    Args:
        frame: The table, every cell as text.
        column: The measure.
        dimensions: All dimensions of the table.
        totals: For each dimension that has one, the label of its total; one that no shown row carries is passed over.

    Returns:
        The dimensions, and the figure as ``_value``.
    """
    found = frame[list(dimensions)].astype("str").assign(_value=figures(frame[column]).to_numpy())
    found = found[found["_value"].notna()]
    for name, total in totals.items():
        at_total = found[name] == total
        if at_total.any():
            found = found[at_total]
    return found


def _in_both(now: pd.DataFrame, then: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not columns:
        return now, then
    keys = [pd.MultiIndex.from_frame(table[columns].astype("str")) for table in (now, then)]
    common = keys[0].intersection(keys[1])
    return (now[keys[0].isin(common)], then[keys[1].isin(common)]) if len(common) else (now, then)


def _near(now: float, then: float, percent: float) -> bool:
    return 100 * abs(now - then) <= (percent + _ROUNDING) * abs(then)


def _nothing(frame: pd.DataFrame) -> Breaches:
    return _found(frame, [], [_NOTHING])


def _found(frame: pd.DataFrame, notes: Sequence[str], remarks: Sequence[str] = ()) -> Breaches:
    return Breaches(np.zeros(len(frame), dtype=bool), tuple(notes), tuple(remarks))
