"""From suppression patterns back to tables: what the portal shows, with its annotation columns.

A suppressed value is an empty cell, a real zero stays ``0``, and beside each measure stand an annotation code and its
description (DDG 2.0 §4.4.3; Open Data Handbook, "Guidelines"). Every statistic goes with the counts it is tied to
(§4.4.1 item 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.complementary import Protection
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.moves import is_hidden
from ddg_pipeline.masking.system import Status
from ddg_pipeline.rulebook import Rulebook

Booleans = NDArray[np.bool_]
Reasons = NDArray[np.int8]  # one a row: 0 shown, else Status.SMALL or Status.COMPLEMENTARY

Unstable = Mapping[str, Booleans]  # for each measure, one flag a row

_SHOWN = 0
_STABLE: Unstable = MappingProxyType({})


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
        small: Primary suppressions. Counts that are missing are none.
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


def unmasked(bound: BoundTable, rulebook: Rulebook, unstable: Unstable = _STABLE) -> MaskedTable:
    """Give a table that may be released as it is the form of the portal.

    Args:
        bound: The table.
        rulebook: For the annotation codes.
        unstable: As in `masked`.
    """
    reasons = {name: np.zeros(len(bound.frame), dtype=np.int8) for name in bound.contract.measures}
    return _masked(bound, rulebook, reasons, unstable, masked=False, reasons_shown=True, margins=pd.DataFrame())


def masked(
    bound: BoundTable, number: int, protections: list[Protection], rulebook: Rulebook, unstable: Unstable = _STABLE
) -> MaskedTable:
    """Apply the suppression patterns to one table of a group.

    Args:
        bound: The table.
        number: Its position in the group of linked tables.
        protections: The group's patterns; together they cover every count of the table.
        rulebook: For the annotation codes.
        unstable: Which rows of which estimate of a survey are statistically unstable (§5.2); a figure that is shown
            stays, and the code beside it says so.
    """
    by_count: dict[str, Reasons] = {}
    margins: list[pd.DataFrame] = []
    shown = True
    for protection in protections:
        shown = shown and protection.rules.show_reason
        for cube in protection.system.cubes:
            if cube.table == number:
                by_count[cube.measure] = _hidden_rows(protection, cube)
                margins.append(_known_margins(protection, cube))
    reasons = {name: _reason(bound.contract, name, by_count) for name in bound.contract.measures}
    keys = list(bound.axes)
    known = margins[0]
    for other in margins[1:]:
        known = known.merge(other, on=keys, how="outer")
    return _masked(bound, rulebook, reasons, unstable, masked=True, reasons_shown=shown, margins=known)


def _hidden_rows(protection: Protection, cube: Cube) -> Reasons:
    """Why each row of a count is hidden; small counts that an earlier release shows are hidden all the same.

    Raises:
        RefusedError: The pattern shows what the contract wants hidden, or hides what it wants shown.
    """
    system, rules, cells = protection.system, protection.rules, cube.row_ids
    status = protection.status[cells]
    reason = np.where(is_hidden(status), status, np.int8(_SHOWN))
    if system.public is not None:
        small = (system.values[cells] >= rules.lower) & (system.values[cells] <= rules.upper)
        reason[system.public[cells] & small] = Status.SMALL
    for wish, broken in ((system.forced, (status == Status.OPEN)), (system.kept, reason != _SHOWN)):
        if wish is not None and (wish[cells] & broken).any():
            found = system.coordinate(int(cells[np.flatnonzero(wish[cells] & broken)[0]]))
            raise RefusedError(f"the suppression pattern goes against `suppression.keep` or `hide`, first at {found}")
    return reason


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
    hidden = [by_count[count] for count in sorted(_tied(contract, name))]
    small = np.any([reasons == Status.SMALL for reasons in hidden], axis=0)
    any_hidden = np.any([reasons != _SHOWN for reasons in hidden], axis=0)
    reason: Reasons = np.where(small, Status.SMALL, np.where(any_hidden, Status.COMPLEMENTARY, _SHOWN)).astype(np.int8)
    return reason


def _tied(contract: ReleaseContract, name: str) -> set[str]:
    """Name the counts of individuals that a figure is hidden with."""
    tied = {contract.governor(name)}
    for other in _operands(contract.measures[name]):
        if other in contract.measures:
            tied.add(contract.governor(other))
    return tied


def _operands(measure: Measure) -> list[str]:
    return [name for name in (measure.individuals, measure.numerator, measure.denominator) if name is not None]


def _masked(
    bound: BoundTable,
    rulebook: Rulebook,
    reasons: Mapping[str, Reasons],
    unstable: Unstable,
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
        gaps = _without_counts(bound, name)
        hidden = np.where(gaps, _SHOWN, reasons[name])
        text[(hidden != _SHOWN) | gaps] = ""
        columns[name] = text
        # one position in the list of annotations for each row
        kind = np.select(
            [
                hidden == Status.SMALL,
                hidden == Status.COMPLEMENTARY,
                text == "",
                _marked_unstable(bound, name, reasons, unstable),
            ],
            [1, 2, 3, 4],
            0,
        )
        entries = [annotations.none, small, complementary, annotations.not_available, annotations.unstable]
        codes = np.array([entry.code for entry in entries], dtype=object)[kind]
        texts = np.array([entry.description for entry in entries], dtype=object)[kind]
        columns[contract.suppression.annotations.code.format(measure=name)] = codes
        columns[contract.suppression.annotations.description.format(measure=name)] = texts
    frame = pd.DataFrame(columns, dtype=object)
    counts = {name: _count_cells(bound, name, reasons[name], rulebook) for name in contract.counts}
    return MaskedTable(contract, frame, masked, reasons_shown, counts, margins)


def _marked_unstable(bound: BoundTable, name: str, reasons: Mapping[str, Reasons], unstable: Unstable) -> Booleans:
    """Say beside which figures stands that they are statistically unstable.

    A mark is a limit that the sample cases meet or do not. Where these are hidden, or the standard error with them, it
    would tell of them: an estimate that readers cannot judge is marked in any case.
    """
    marked = np.zeros(len(bound.frame), dtype=bool)
    if name not in unstable or bound.contract.survey is None:
        return marked
    marked |= unstable[name]
    for other in bound.contract.survey.estimates[name].helpers.values():
        marked |= reasons[other] != _SHOWN
    return marked


def _without_counts(bound: BoundTable, name: str) -> Booleans:
    """Say which rows lack the count behind a figure, or a figure that is a count: no data are available."""
    gaps = np.zeros(len(bound.frame), dtype=bool)
    for count in {name, *_tied(bound.contract, name)} & bound.missing.keys():
        gaps |= bound.missing[count]
    return gaps


def _text(bound: BoundTable, name: str) -> NDArray[np.object_]:
    """Write figures as text: whole numbers plainly, others with the contract's decimals, gaps as nothing."""
    measure = bound.contract.measures.get(name)
    if measure is None or measure.kind is MeasureKind.COUNT:
        codes, numbers = pd.factorize(bound.frame[name])  # few figures, many rows
        return np.array([str(number) for number in numbers.tolist()], dtype=object)[codes]
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

    return bound.original[name].astype(object).map(write).to_numpy(dtype=object, copy=True)


def _count_cells(bound: BoundTable, measure: str, reasons: Reasons, rulebook: Rulebook) -> CellCounts:
    values = bound.frame[measure].to_numpy()
    gaps = _without_counts(bound, measure)
    reasons = np.where(gaps, _SHOWN, reasons).astype(np.int8)
    leaf = np.ones(len(values), dtype=bool)
    for name, axis in bound.axes.items():
        if axis.additive:
            leaf &= bound.codes(name, {label: int(label not in axis.groups) for label in axis.labels}) > 0
    hidden = reasons != _SHOWN
    people = int(values[leaf].sum())
    return CellCounts(
        cells=len(values),
        zeros=int(np.count_nonzero((values < rulebook.thresholds.numerator.lower) & ~gaps)),
        small=int(np.count_nonzero(reasons == Status.SMALL)),
        complementary=int(np.count_nonzero(reasons == Status.COMPLEMENTARY)),
        share_of_cells_suppressed=round(100 * np.count_nonzero(hidden) / len(values)),
        share_of_counts_suppressed=round(100 * int(values[leaf & hidden].sum()) / people) if people else 0,
    )
