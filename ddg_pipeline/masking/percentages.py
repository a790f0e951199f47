"""Percentages without counts, for a variable with two large categories and a small one (DDG 2.0 §4.4.4).

Every percentage is rounded to a whole number, halves to the even one; a category under the rulebook's ``below`` shows
that and nothing more, and a real zero is ``0``. Nothing else of the table's counts is published, the totals neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ddg_pipeline.contract.bind import BoundTable
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.masking.percentage_proof import narrowed_cells
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import build_systems
from ddg_pipeline.masking.table import CellCounts, MaskedTable
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.model import WholePercentages

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_LISTED = 5


def whole_percentages(bound: BoundTable, rulebook: Rulebook) -> MaskedTable:
    """Give a table the form of whole percentages, if the guideline allows it and no small count can be narrowed down.

    Args:
        bound: The table; its contract asks for ``form: whole_percentages``.
        rulebook: The edition.

    Raises:
        InputErrors: The table is not one of two large categories and a small one, or the edition has no such form.
        RefusedError: A condition of §4.4.4 does not hold, or what is shown would tell too much; by coordinates.
    """
    check_whole_percentages(bound, rulebook)
    form, of, measure = _form(bound, rulebook), _of(bound), bound.contract.counts[0]
    rules = MaskingRules.of(rulebook, bound.contract.suppression.level, show_reason=False)
    (system,) = build_systems([bound])
    narrowed = narrowed_cells(system, of, rules, form.below)
    if narrowed:
        raise RefusedError(
            f"{bound.contract.release}: these small counts could be narrowed down further than level "
            f"{bound.contract.suppression.level!r} allows, by a reader who knows every total: {_some(narrowed)}. Leave "
            "out the rows that add them up, take coarser categories or longer periods, or suppress cells instead "
            "(`suppression.form: cells`)."
        )
    shown = percentage_texts(bound, rulebook)
    counts = CellCounts(
        cells=len(shown),
        zeros=int((bound.frame[measure] == 0).sum()),
        small=int((shown == _below(form)).sum()),
        complementary=0,
        share_of_cells_suppressed=0,
        share_of_counts_suppressed=0,
    )
    frame = percentage_frame(bound, rulebook)
    return MaskedTable(bound.contract, frame, True, False, {measure: counts}, pd.DataFrame())


def check_whole_percentages(bound: BoundTable, rulebook: Rulebook) -> None:
    """See that the guideline allows a table the form of whole percentages (§4.4.4), whatever could be inferred from it.

    Args:
        bound: The table; its contract asks for ``form: whole_percentages``.
        rulebook: The edition.

    Raises:
        InputErrors: The table is not one of two large categories and a small one, or the edition has no such form.
        RefusedError: A condition of §4.4.4 does not hold; by coordinates.
    """
    form, of, measure = _form(bound, rulebook), _of(bound), bound.contract.counts[0]
    _check_table(bound, form, of, measure)
    _check_conditions(bound, form, rulebook, of, measure)


def percentage_frame(bound: BoundTable, rulebook: Rulebook) -> pd.DataFrame:
    """Write a table in this form, whether or not it may be published so.

    Returns:
        Text cells: the table's own columns in their order, and in place of the count its percentage with the two
        annotation columns, which say that nothing is suppressed.
    """
    contract, none = bound.contract, rulebook.annotations.none
    columns: dict[str, Any] = {}
    for name in map(str, bound.original.columns):
        if name not in contract.measures:
            columns[name] = bound.frame[name].astype(object).map(str)
            continue
        published = contract.published_measures[list(contract.measures).index(name)]
        columns[published] = percentage_texts(bound, rulebook)
        columns[contract.suppression.annotations.code.format(measure=published)] = none.code
        columns[contract.suppression.annotations.description.format(measure=published)] = none.description
    return pd.DataFrame(columns, index=bound.frame.index).astype(object)


def percentage_texts(bound: BoundTable, rulebook: Rulebook) -> pd.Series[Any]:
    """Say for each row what part of its whole it is, as it is shown: ``50``, ``<1`` or ``0``."""
    form, measure = _form(bound, rulebook), bound.contract.counts[0]
    totals = _totals(bound, _of(bound), measure)
    counts = bound.frame[measure].tolist()
    texts = [_shown(count, total, form) for count, total in zip(counts, totals.tolist(), strict=True)]
    return pd.Series(texts, index=bound.frame.index, dtype=object)


def _shown(count: int, total: int, form: WholePercentages) -> str:
    if count == 0:
        return "0"
    if 100 * count < form.below * total:
        return _below(form)
    whole, rest = divmod(100 * count, total)
    up = 2 * rest > total or (2 * rest == total and whole % 2 == 1)
    return str(whole + up)


def _below(form: WholePercentages) -> str:
    """Write what a small category shows; the column's name says already that it is in percent."""
    return form.shown_below.replace("%", "").strip()


def _form(bound: BoundTable, rulebook: Rulebook) -> WholePercentages:
    form = rulebook.masking.whole_percentages
    if form is None:
        found = f"whole_percentages, which {rulebook.name} does not have"
        raise InputErrors([InputError(bound.place, "suppression.form", found, "cells, or another rulebook")])
    return form


def _of(bound: BoundTable) -> str:
    percentages = bound.contract.suppression.percentages
    assert percentages is not None  # noqa: S101 - excluded by the contract's validation
    return percentages.of


def _totals(bound: BoundTable, of: str, measure: str) -> pd.Series[Any]:
    """Add up the categories of each row's whole."""
    parts = bound.frame[measure].where(bound.frame[of].isin(bound.axes[of].leaves), 0)
    others = [name for name in bound.axes if name != of]
    if not others:
        return pd.Series(int(parts.sum()), index=bound.frame.index)
    return parts.groupby([bound.frame[name] for name in others], sort=False).transform("sum")


def _check_table(bound: BoundTable, form: WholePercentages, of: str, measure: str) -> None:
    """See that every whole is complete and that nothing beside the percentages tells a count."""
    errors: list[InputError] = []
    axis, frame = bound.axes[of], bound.frame
    wanted = form.large_categories + form.small_categories
    if len(axis.leaves) != wanted:
        expected = f"exactly {wanted} categories: {form.large_categories} large and {form.small_categories} small"
        errors.append(InputError(bound.place, of, f"{len(axis.leaves)} categories", f"{expected} (§4.4.4)"))
    others = [name for name in bound.axes if name != of]
    wholes = [frame[name] for name in others] or [pd.Series("", index=frame.index)]
    is_part = frame[of].isin(axis.leaves)
    incomplete = is_part.astype(int).groupby(wholes).transform("sum") != len(axis.leaves)
    if incomplete.any():
        found = f"only some of its categories at {_wholes(bound, of, incomplete)}"
        errors.append(InputError(bound.place, of, found, "a row for every category; write zeros"))
    wrong = ~is_part & (frame[measure] != _totals(bound, of, measure))
    if wrong.any():
        found = f"a total that is not the sum of its categories at {_wholes(bound, of, wrong)}"
        errors.append(InputError(bound.place, measure, found, "categories that add up to their total"))
    for column in bound.contract.population_columns:
        differing = frame[column].groupby(wholes).transform("nunique") > 1
        if differing.any():
            found = f"different figures for the categories of {of} at {_wholes(bound, of, differing)}"
            expected = "one for all of them, or no such column: the counts may appear nowhere else (§4.4.4)"
            errors.append(InputError(bound.place, column, found, expected))
    if errors:
        raise InputErrors(errors)


def _check_conditions(bound: BoundTable, form: WholePercentages, rulebook: Rulebook, of: str, measure: str) -> None:
    """Refuse wholes that §4.4.4 does not allow to be shown in this form."""
    counts = bound.frame[measure]
    totals, part = _totals(bound, of, measure), bound.frame[of].isin(bound.axes[of].leaves)
    numerator = rulebook.thresholds.numerator
    large = part & (counts > 0) & (100 * counts >= form.below * totals)
    under = part & (counts > 0) & (100 * counts < form.below * totals)
    wholes = [bound.frame[name] for name in bound.axes if name != of] or [pd.Series("", index=counts.index)]

    def number(flags: pd.Series[bool]) -> pd.Series[int]:
        return flags.astype(int).groupby(wholes).transform("sum")

    percent = f"{form.below} %"
    broken = [
        (totals < form.minimum_total, f"the total is under {form.minimum_total:,}"),
        (
            number(under) > form.small_categories,
            f"more than {form.small_categories} category is under {percent}",
        ),
        (number(large) < form.large_categories, f"fewer than {form.large_categories} categories are {percent} or more"),
        (
            large & counts.between(numerator.lower, numerator.upper),
            f"a category under {numerator.upper + 1} is not under {percent}",
        ),
    ]
    reasons = [f"{text} at {_wholes(bound, of, flags)}" for flags, text in broken if flags.any()]
    if not reasons and large[part].all():
        reasons.append(f"no category is under {percent}, so that the counts can be suppressed as cells instead")
    if reasons:
        raise RefusedError(
            f"{bound.contract.release}: percentages without counts need {form.large_categories} large categories and "
            f"{form.small_categories} small one of at least {form.minimum_total:,} individuals in every combination of "
            f"the other dimensions ({rulebook.cite(form.section)}), but {'; '.join(reasons)}."
        )


def _wholes(bound: BoundTable, of: str, flags: pd.Series[bool]) -> str:
    """Name the wholes with a marked row, by the categories of the other dimensions."""
    return _some(list(dict.fromkeys(_named(bound, of, flags)))) or "the whole table"


def _named(bound: BoundTable, of: str, flags: pd.Series[bool]) -> Iterator[str]:
    others = [name for name in bound.axes if name != of]
    for row in bound.frame.loc[flags, others].itertuples(index=False, name=None):
        named = ", ".join(f"{name}={label}" for name, label in zip(others, row, strict=True))
        if named:
            yield f"({named})"


def _some(items: Sequence[str]) -> str:
    listed = "; ".join(items[:_LISTED])
    return listed if len(items) <= _LISTED else f"{listed}; and {len(items) - _LISTED} more"
