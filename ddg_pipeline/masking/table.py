"""From suppression patterns back to tables: what the portal shows, with its annotation columns.

A suppressed value is an empty cell, a real zero stays ``0``, and beside each measure stand an annotation code and its
description (DDG 2.0 §4.4.3; Open Data Handbook, "Guidelines"). Every statistic goes with the counts it is tied to
(§4.4.1 item 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.masking.complementary import Protection
from ddg_pipeline.masking.moves import is_hidden
from ddg_pipeline.masking.system import Cube, Status
from ddg_pipeline.rulebook import Rulebook

Reasons = NDArray[np.int8]  # one a row: 0 shown, else Status.SMALL or Status.COMPLEMENTARY

_SHOWN = 0


@dataclass(frozen=True)
class MaskedTable:
    """A table as it may be published.

    Attributes:
        contract: Its contract.
        frame: Text cells: the table's own columns in their order, and beside each measure its two annotation columns.
        masked: False where the table needed no masking and shows everything.
        reasons_shown: Whether the codes tell small cells from complementary ones.
        counts: How many cells there are of each kind, by measure. No count of people is among them.
        margins: The margins that the table does not carry and that a reader is assumed to know: dimension columns
            (an absent total as None) and one column a count. Restricted: for the audit only.
    """

    contract: ReleaseContract
    frame: pd.DataFrame
    masked: bool
    reasons_shown: bool
    counts: Mapping[str, CellCounts]
    margins: pd.DataFrame


@dataclass(frozen=True)
class CellCounts:
    """How many cells of one measure there are of each kind.

    Attributes:
        cells: Rows of the table.
        zeros: Real zeros; always shown.
        small: Primary suppressions.
        complementary: Complementary suppressions.
        share_of_cells_suppressed: In whole percent.
        share_of_counts_suppressed: The part of all people counted, over rows that are no margins, whose row is
            suppressed; in whole percent, so that nothing can be calculated from it.
    """

    cells: int
    zeros: int
    small: int
    complementary: int
    share_of_cells_suppressed: int
    share_of_counts_suppressed: int


def unmasked(bound: BoundTable, rulebook: Rulebook) -> MaskedTable:
    """Give a table that may be released as it is the form of the portal."""
    reasons = {name: np.zeros(len(bound.frame), dtype=np.int8) for name in bound.contract.measures}
    return _masked(bound, rulebook, reasons, masked=False, reasons_shown=True, margins=pd.DataFrame())


def masked(bound: BoundTable, number: int, protections: list[Protection], rulebook: Rulebook) -> MaskedTable:
    """Apply the suppression patterns to one table of a group.

    Args:
        bound: The table.
        number: Its position in the group of linked tables.
        protections: The group's patterns; together they cover every count of the table.
        rulebook: For the annotation codes.
    """
    by_count: dict[str, Reasons] = {}
    margins: list[pd.DataFrame] = []
    shown = True
    for protection in protections:
        shown = shown and protection.rules.show_reason
        for cube in protection.system.cubes:
            if cube.table == number:
                status = protection.status[cube.row_ids]
                by_count[cube.measure] = np.where(is_hidden(status), status, _SHOWN).astype(np.int8)
                margins.append(_known_margins(protection, cube))
    reasons = {name: _reason(bound.contract, name, by_count) for name in bound.contract.measures}
    keys = list(bound.axes)
    known = margins[0]
    for other in margins[1:]:
        known = known.merge(other, on=keys, how="outer")
    return _masked(bound, rulebook, reasons, masked=True, reasons_shown=shown, margins=known)


def _known_margins(protection: Protection, cube: Cube) -> pd.DataFrame:
    """The margins without a row of their own, whose figures a reader is assumed to have from elsewhere."""
    system = protection.system
    known = system.present & ~system.carried & np.isin(protection.status, (Status.KNOWN, Status.ZERO))
    where = np.argwhere(known[cube.ids])
    columns: dict[str, Any] = {
        # as objects, so that a total without a label stays None
        axis.name: pd.Series([axis.labels[node] for node in where[:, position]], dtype="object")
        for position, axis in enumerate(cube.axes)
    }
    columns[cube.measure] = system.values[cube.ids[tuple(where.T)]]
    return pd.DataFrame(columns)


def _reason(contract: ReleaseContract, name: str, by_count: Mapping[str, Reasons]) -> Reasons:
    """Why each figure of a measure is hidden: the strongest reason among the counts it is tied to."""
    if name in by_count:
        return by_count[name]
    measure = contract.measures[name]
    tied = {contract.governor(name)}
    for other in _operands(measure):
        if other in contract.measures:
            tied.add(contract.governor(other))
    hidden = [by_count[count] for count in sorted(tied)]
    small = np.any([reasons == Status.SMALL for reasons in hidden], axis=0)
    any_hidden = np.any([reasons != _SHOWN for reasons in hidden], axis=0)
    reason: Reasons = np.where(small, Status.SMALL, np.where(any_hidden, Status.COMPLEMENTARY, _SHOWN)).astype(np.int8)
    return reason


def _operands(measure: Measure) -> list[str]:
    return [name for name in (measure.individuals, measure.numerator, measure.denominator) if name is not None]


def _masked(
    bound: BoundTable,
    rulebook: Rulebook,
    reasons: Mapping[str, Reasons],
    masked: bool,
    reasons_shown: bool,
    margins: pd.DataFrame,
) -> MaskedTable:
    contract, annotations = bound.contract, rulebook.annotations
    small = annotations.small if reasons_shown else annotations.hidden
    complementary = annotations.complementary if reasons_shown else annotations.hidden
    columns: dict[str, Any] = {}
    for name in map(str, bound.original.columns):
        if name in contract.dimensions:
            columns[name] = bound.frame[name].astype(object)
            continue
        text = _text(bound, name)
        if name not in contract.measures:
            columns[name] = text
            continue
        hidden = reasons[name]
        columns[name] = np.where(hidden == _SHOWN, text, "")
        empty = (hidden == _SHOWN) & (text.to_numpy() == "")
        kinds = [hidden == Status.SMALL, hidden == Status.COMPLEMENTARY, empty]
        entries = [small, complementary, annotations.not_available]
        codes = np.select(kinds, [entry.code for entry in entries], annotations.none.code)
        texts = np.select(kinds, [entry.description for entry in entries], annotations.none.description)
        columns[contract.suppression.annotations.code.format(measure=name)] = codes
        columns[contract.suppression.annotations.description.format(measure=name)] = texts
    frame = pd.DataFrame(columns).astype(object)
    counts = {name: _count_cells(bound, name, reasons[name], rulebook) for name in contract.counts}
    return MaskedTable(contract, frame, masked, reasons_shown, counts, margins)


def _text(bound: BoundTable, name: str) -> pd.Series[Any]:
    """Write figures as text: whole numbers plainly, others with the contract's decimals, gaps as nothing."""
    measure = bound.contract.measures.get(name)
    if measure is None or measure.kind is MeasureKind.COUNT:
        return bound.frame[name].astype(object).map(str)
    decimals = measure.decimals

    def write(value: object) -> str:
        text = "" if pd.isna(value) else str(value).strip()  # type: ignore[call-overload]
        if not text:
            return ""
        if decimals is not None:
            return f"{Decimal(text):.{decimals}f}"
        if isinstance(value, float | np.floating) and float(value).is_integer():
            return str(int(value))
        return text

    return bound.original[name].astype(object).map(write)


def _count_cells(bound: BoundTable, measure: str, reasons: Reasons, rulebook: Rulebook) -> CellCounts:
    values = bound.frame[measure].to_numpy()
    leaf = np.ones(len(values), dtype=bool)
    for name, axis in bound.axes.items():
        leaf &= ~bound.frame[name].isin(axis.groups).to_numpy() if axis.additive else True
    hidden = reasons != _SHOWN
    people = int(values[leaf].sum())
    return CellCounts(
        cells=len(values),
        zeros=int(np.count_nonzero(values < rulebook.thresholds.numerator.lower)),
        small=int(np.count_nonzero(reasons == Status.SMALL)),
        complementary=int(np.count_nonzero(reasons == Status.COMPLEMENTARY)),
        share_of_cells_suppressed=round(100 * np.count_nonzero(hidden) / len(values)),
        share_of_counts_suppressed=round(100 * int(values[leaf & hidden].sum()) / people) if people else 0,
    )
