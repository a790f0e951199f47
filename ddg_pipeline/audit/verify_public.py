"""What readers are told of each count by the published bytes, and what earlier tables have told them, for proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.verify_axes import Categories
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.contract.columns import dimension_column, numbers_or_nothing, some
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.rulebook import Rulebook


class Told(IntEnum):
    """What a published cell says."""

    SHOWN = 0
    SMALL = 1
    COMPLEMENTARY = 2
    HIDDEN = 3  # one or the other
    NO_DATA = 4
    UNEXPLAINED = 5  # empty, with a code that the rulebook does not know


@dataclass(frozen=True, eq=False)
class PublishedRows:
    """A published table, in the order of the true one.

    Attributes:
        told: For each measure, `Told` for each row.
        figures: For each measure, the number that each row shows, NaN where it shows none.
    """

    told: dict[str, Integers]
    figures: dict[str, np.ndarray[Any, np.dtype[np.float64]]]


def read_published(table: BoundTable, frame: pd.DataFrame, rulebook: Rulebook) -> PublishedRows:
    """Read a published table and put its rows in the order of the true one.

    Raises:
        InputErrors: It lacks a column, a cell holds neither a number nor nothing, or its rows are not those of the
            true table.
    """
    contract, names = table.contract, table.contract.suppression.annotations
    wanted = [*contract.dimensions, *contract.measures]
    wanted += [
        pattern.format(measure=name) for name in contract.measures for pattern in (names.code, names.description)
    ]
    absent = [name for name in wanted if name not in frame.columns]
    if absent:
        have = ", ".join(map(str, frame.columns))
        raise InputErrors([InputError(_place(table), "columns", f"no {some(absent)}", f"the table has {have}")])
    frame = frame.reset_index(drop=True).iloc[_order(table, frame)]
    told, figures = {}, {}
    for name in contract.measures:
        shown, numbers = _numbers(frame[name], table, name)
        figures[name] = np.where(shown, numbers, np.nan)
        code, description = (frame[pattern.format(measure=name)] for pattern in (names.code, names.description))
        told[name] = np.where(shown, int(Told.SHOWN), _reasons(code, description, rulebook)).astype(np.int64)
    for name in contract.counts:
        told[name] = _told_beside(table, name, told)
    return PublishedRows(told, figures)


def _place(table: BoundTable) -> str:
    return f"published {table.contract.release}"


def _order(table: BoundTable, frame: pd.DataFrame) -> Integers:
    """Find the published row of each row of the true table."""
    true, shown = np.zeros(len(table.frame), dtype=np.int64), np.zeros(len(frame), dtype=np.int64)
    place = _place(table)
    for name, axis in table.axes.items():
        labels, errors = dimension_column(frame[name], place, name)
        position = {label: number for number, label in enumerate(axis.labels)}
        codes, given = pd.factorize(labels)
        unknown = [label for label in given if label not in position]
        if unknown:
            errors = [
                *errors,
                InputError(place, name, f"{some(unknown)}, which the true table does not have", "its own"),
            ]
        if errors:
            raise InputErrors(errors)
        shown = shown * len(position) + np.array([position[label] for label in given], dtype=np.int64)[codes]
        true = true * len(position) + table.codes(name, position)
    order = np.argsort(shown, kind="stable")
    if len(shown) != len(true) or not np.array_equal(shown[order], np.sort(true)):
        found = f"{len(shown)} rows, which are not those of the true table"
        raise InputErrors([InputError(place, "rows", found, f"each of its {len(true)} rows once")])
    found_at: Integers = order[np.searchsorted(shown[order], true)].astype(np.int64)
    return found_at


def _numbers(column: pd.Series[Any], table: BoundTable, name: str) -> tuple[Booleans, Any]:
    codes, given = pd.factorize(column)
    texts = [*("" if pd.isna(value) else str(value).strip() for value in given), ""]  # the last one for gaps
    empty = np.array([not text for text in texts], dtype=np.bool_)
    numbers = pd.to_numeric(pd.Series(texts, dtype="object"), errors="coerce").to_numpy(dtype=np.float64)
    if (~empty & ~np.isfinite(numbers)).any():
        expected = "a number, or an empty cell where it is hidden"
        raise InputErrors([InputError(_place(table), name, "a text that is no number", expected)])
    return ~empty[codes], numbers[codes]


def _reasons(code: pd.Series[Any], description: pd.Series[Any], rulebook: Rulebook) -> Integers:
    """Read why cells are hidden; where one code has two meanings, the words beside it tell which."""
    annotations = rulebook.annotations
    meanings = [
        (annotations.not_available, Told.NO_DATA),
        (annotations.hidden, Told.HIDDEN),
        (annotations.small, Told.SMALL),
        (annotations.complementary, Told.COMPLEMENTARY),
    ]
    spelled = code.map(_text) + "\0" + description.map(_text)
    codes, given = pd.factorize(spelled)
    found = []
    for text in given:
        one, words = str(text).split("\0", 1)
        fitting = [told for meaning, told in meanings if (meaning.code, meaning.description) == (one, words)]
        # words that the rulebook does not know: what the code says where it is the plainest
        fitting += [told for meaning, told in meanings if meaning.code == one and told is not Told.HIDDEN]
        found.append(int(fitting[0]) if fitting else int(Told.UNEXPLAINED))
    return np.array(found, dtype=np.int64)[codes]


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _told_beside(table: BoundTable, count: str, told: dict[str, Integers]) -> Integers:
    """Give the reasons of a count, and where they are not told, what a figure that goes with it tells."""
    found = told[count]
    for name in table.contract.measures:
        if name != count and table.contract.governor(name) == count:
            other = told[name]
            tells = (found == Told.HIDDEN) & ((other == Told.SMALL) | (other == Told.COMPLEMENTARY))
            found = np.where(tells, other, found)
    return found


def already_public(table: BoundTable, axes: Sequence[Categories]) -> dict[str, Integers]:
    """List the cells whose figure earlier tables show: for each count, flat positions among all combinations.

    Raises:
        InputErrors: An earlier table has a category column that is none.
    """
    shape = tuple(len(axis.labels) for axis in axes)
    found: dict[str, list[Integers]] = {name: [] for name in table.contract.counts}
    for declared in table.contract.already_public:
        frame = table.references[declared.table].reset_index(drop=True)
        use = np.ones(len(frame), dtype=np.bool_)
        for column, wanted in declared.at.items():
            use &= (_labels(frame, column, declared.table) == wanted).to_numpy()
        labels = np.zeros((len(axes), len(frame)), dtype=np.int64)
        for number, axis in enumerate(axes):
            if axis.name in frame.columns:
                spelled = _labels(frame, axis.name, declared.table)
                labels[number] = spelled.map(axis.position).fillna(-1).to_numpy(dtype=np.int64)
            else:
                labels[number] = -1 if axis.everything is None else axis.everything
        use &= (labels >= 0).all(axis=0)
        for name, cells in found.items():
            if name in frame.columns:
                told = use & ~np.isnan(numbers_or_nothing(frame[name]))
                cells.append(np.ravel_multi_index(tuple(labels[:, told]), shape).astype(np.int64))
    return {name: np.concatenate([*cells, np.empty(0, dtype=np.int64)]) for name, cells in found.items()}


def _labels(frame: pd.DataFrame, column: str, place: str) -> pd.Series[str]:
    labels, errors = dimension_column(frame[column], place, column)
    if errors:
        raise InputErrors(errors)
    return labels
