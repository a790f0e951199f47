"""What changed since the version before, from what the two of them publish and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.quality.drift import coarsest
from ddg_pipeline.quality.percentages import FORM
from ddg_pipeline.quality.rules import coordinates
from ddg_pipeline.review.dossier.model import CategoriesChange, Changes, MeasureChange, Score
from ddg_pipeline.review.dossier.package_reading import ReadPackage
from ddg_pipeline.review.dossier.report_reading import ReadReport

if TYPE_CHECKING:
    import pandas as pd

_LISTED = 30
_CELLS = 8  # of a measure: a handful to look at, and the number of the others
_LEAST = 11  # smaller counts, but for zero, stand in no dossier, whatever a rulebook calls small
_BEFORE = "\0before"  # no column of a published table can be called so
_ROUNDING = 0.05  # percent: less is told as no change to one decimal


def changes_between(
    before: ReadPackage, now: ReadPackage, contract: ReleaseContract, *, published: bool | None = None
) -> Changes:
    """Compare two versions of a release.

    Args:
        before: The version before.
        now: This version.
        contract: The contract of this version; that of the one before may have been another.
        published: Whether the version before was ever public; None where that is not known. Only then its figures stand
            beside those of this one.
    """
    columns_before, columns_now = list(before.table.columns), list(now.table.columns)
    dimensions = [name for name in contract.dimensions if name in before.table.columns]
    added, gone, comparable = _rows(before.table, now.table, list(contract.dimensions))
    return Changes(
        issued_at=before.certificate.issued_at,
        certificate_sha256=before.certificate_sha256,
        rows_before=len(before.table),
        rows_added=added,
        rows_gone=gone,
        columns_added=tuple(name for name in columns_now if name not in columns_before),
        columns_gone=tuple(name for name in columns_before if name not in columns_now),
        categories=tuple(
            change
            for name in dimensions
            if (change := _categories(name, before.table[name], now.table[name])) is not None
        ),
        measures=_measures(before, now, contract, figures=published is True) if comparable else (),
        same=_same(before, now),
        score_before=_score(before.report.score),
        same_file=before.certificate.gate.sha256 == now.certificate.gate.sha256,
        published=published,
    )


def _rows(before: pd.DataFrame, now: pd.DataFrame, dimensions: list[str]) -> tuple[int, int, bool]:
    """Count the rows that only one of two tables has, and say whether rows can be told by these dimensions in both."""
    import pandas as pd

    if not set(dimensions) <= set(before.columns):
        return len(now), len(before), False
    keys_before, keys_now = (pd.MultiIndex.from_frame(table[dimensions].fillna("")) for table in (before, now))
    if not keys_before.is_unique:  # it had a further dimension
        return len(now), len(before), False
    return len(keys_now.difference(keys_before)), len(keys_before.difference(keys_now)), True


def _categories(name: str, before: pd.Series[str], now: pd.Series[str]) -> CategoriesChange | None:
    labels_before, labels_now = (list(dict.fromkeys(column.dropna())) for column in (before, now))
    added = [label for label in labels_now if label not in set(labels_before)]
    gone = [label for label in labels_before if label not in set(labels_now)]
    return CategoriesChange(name, _few(added), _few(gone)) if added or gone else None


def _few(labels: list[str], most: int = _LISTED) -> tuple[str, ...]:
    if len(labels) <= most:
        return tuple(labels)
    return (*labels[:most], f"and {len(labels) - most:,} more")


def _measures(
    before: ReadPackage, now: ReadPackage, contract: ReleaseContract, *, figures: bool
) -> tuple[MeasureChange, ...]:
    names = [name for name in contract.published_measures if name in before.table.columns]
    dimensions = list(contract.dimensions)
    both = now.table[[*dimensions, *names]].merge(
        before.table[[*dimensions, *names]], on=dimensions, suffixes=("", _BEFORE)
    )
    found = []
    for name in names:
        then = both[f"{name}{_BEFORE}"]
        revised = both[both[name].notna() & then.notna() & (both[name] != then)]
        hidden = both[both[name].isna() & then.notna()]
        told = _with_figures if figures and name in contract.counts else _cells
        found.append(
            MeasureChange(
                measure=name,
                total=_total(name, before.table, now.table, contract),
                revised=len(revised),
                now_hidden=len(hidden),
                now_shown=int((both[name].notna() & then.isna()).sum()),
                share_before=_share(before.report, name),
                share_now=_share(now.report, name),
                revised_cells=_few(told(revised, dimensions, name), _CELLS),
                hidden_cells=_few(_cells(hidden, dimensions, name), _CELLS),
            )
        )
    return tuple(found)


def _cells(rows: pd.DataFrame, dimensions: list[str], _: str) -> list[str]:
    """Name cells by their categories, and tell no figure."""
    if not dimensions:
        return ["the only row"] * len(rows)
    return list(coordinates(rows, dimensions, np.ones(len(rows), dtype=np.bool_), len(rows)))


def _with_figures(rows: pd.DataFrame, dimensions: list[str], name: str) -> list[str]:
    """Name cells that two public versions show, with their figures, unless one of them is small."""
    pairs = zip(rows[f"{name}{_BEFORE}"], rows[name], strict=True)
    return [
        f"{cell}: {then} \u2192 {now}" if _may_be_told(then) and _may_be_told(now) else cell
        for cell, (then, now) in zip(_cells(rows, dimensions, name), pairs, strict=True)
    ]


def _may_be_told(figure: str) -> bool:
    return figure.isdecimal() and (int(figure) == 0 or int(figure) >= _LEAST)


def _total(name: str, before: pd.DataFrame, now: pd.DataFrame, contract: ReleaseContract) -> str:
    """Say how the published total changed: over the coarsest rows that both versions have and show."""
    measure = contract.measures.get(name)
    if contract.suppression.form == FORM or measure is None:
        return "no total is published"
    if measure.kind not in (MeasureKind.COUNT, MeasureKind.AMOUNT):
        return "has no total"
    dimensions = list(contract.dimensions)
    totals = {one: declared.total for one, declared in contract.dimensions.items() if declared.total is not None}
    rows = [coarsest(table, name, dimensions, totals) for table in (now, before)]
    both = rows[0].merge(rows[1], on=dimensions, suffixes=("_now", "_before"))
    if both.empty:
        return "no total is shown in both"
    total_now, total_before = float(both["_value_now"].sum()), float(both["_value_before"].sum())
    if total_now == total_before:
        return "the same"
    if not total_before:
        return "from zero"
    percent = 100 * (total_now - total_before) / total_before
    if abs(percent) < _ROUNDING:
        return "less than 0.1 %"
    return f"{percent:+,.1f} %".replace("-", "\u2212")


def _share(report: ReadReport, measure: str) -> str:
    cells = report.masking.get(measure)
    return "" if cells is None else cells.share_of_cells


def _same(before: ReadPackage, now: ReadPackage) -> dict[str, bool]:
    one, other = before.certificate, now.certificate
    return {
        "Contract": one.contract == other.contract,
        "Rulebook": one.rulebook == other.rulebook,
        "Suite of expectations": one.gate.suite == other.gate.suite,
        "Software": one.code_sha256 == other.code_sha256,
    }


def _score(score: Score) -> str:
    return f"at most {score.at_most}" if score.total is None else str(score.total)
