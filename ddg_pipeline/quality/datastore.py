"""The rows of a published file as CKAN's datastore would hold them.

The datastore is a table in PostgreSQL whose types come from the data dictionary: ``text`` is kept as it stands, so that
County_FIPS 001 stays 001; ``numeric`` becomes an exact number; an empty cell becomes null, whatever the type. What
cannot be loaded, or would be renamed, is told by row and column, never quoted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality.annotations import annotation_columns
from ddg_pipeline.quality.percentages import FORM
from ddg_pipeline.quality.rules import Breaches, need

DatastoreType = Literal["text", "numeric"]
TYPES: tuple[DatastoreType, ...] = ("text", "numeric")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_LONGEST_NAME = 63  # bytes; PostgreSQL cuts longer names off


def datastore_types(contract: ReleaseContract) -> dict[str, DatastoreType]:
    """Say how the data dictionary types every column that a release can publish.

    Categories and annotations are text, so that nothing of them is lost. Figures are numeric; whole percentages are
    text, because ``<1`` is one of them.
    """
    found: dict[str, DatastoreType] = dict.fromkeys(contract.dimensions, "text")
    found |= dict.fromkeys(contract.population_columns, "numeric")
    for name in contract.published_measures:
        found[name] = "text" if contract.suppression.form == FORM else "numeric"
        found |= dict.fromkeys(annotation_columns(contract, name), "text")
    return found


def read_as_datastore(frame: pd.DataFrame, types: Mapping[str, str], place: str) -> pd.DataFrame:
    """Read the text of a published file as the datastore does.

    Args:
        frame: Text cells; empty ones missing.
        types: ``text`` or ``numeric`` for each column.
        place: What errors call the file.

    Returns:
        The same rows; ``numeric`` columns hold `Decimal`, with the digits that stand in the file.

    Raises:
        InputErrors: A name or a cell that the datastore would refuse or change.
    """
    errors = [*_wrong_names(frame, types, place)]
    columns: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        cells = frame[name].astype("object").where(frame[name].notna(), None)
        columns[name] = cells
        if types.get(name) == "numeric":
            wrong = np.flatnonzero(cells.map(lambda cell: cell is not None and not _NUMBER.fullmatch(cell)))
            if len(wrong):
                found = f"no plain number in row {wrong[0] + 1}"
                errors.append(InputError(place, name, found, "digits, with a point before decimals, or nothing"))
            else:
                columns[name] = cells.map(lambda cell: None if cell is None else Decimal(cell)).astype("object")
    if errors:
        raise InputErrors(errors)
    return pd.DataFrame(columns, index=frame.index)


def other_types(frame: pd.DataFrame, types: Mapping[str, str]) -> Breaches:
    """Find cells that do not read as the type of their column.

    A ``text`` cell must be text: a code that has become a number has lost its leading zeros. A ``numeric`` cell must be
    a number, or text that is exactly how a number is published: digits, a point before decimals, no zeros in front.
    """
    need(frame, types)
    wrong = np.zeros(len(frame), dtype=bool)
    for name, kind in types.items():
        column = frame[name]
        if kind == "numeric" and pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            continue
        fits = _is_number if kind == "numeric" else _is_text
        cells = zip(column.astype("object").tolist(), column.isna().tolist(), strict=True)
        wrong |= np.array([not empty and not fits(cell) for cell, empty in cells], dtype=bool)
    return Breaches(wrong)


def _is_text(cell: object) -> bool:
    return isinstance(cell, str)


def _is_number(cell: object) -> bool:
    if isinstance(cell, str):
        return cell == "" or _NUMBER.fullmatch(cell) is not None
    if isinstance(cell, Decimal):
        return cell.is_finite()
    return isinstance(cell, int | float | np.number) and not isinstance(cell, bool)


def _wrong_names(frame: pd.DataFrame, types: Mapping[str, str], place: str) -> list[InputError]:
    errors = []
    unknown = sum(name not in types for name in frame.columns)
    if unknown:  # not by name: where the header was lost, the first row's figures stand in its place
        errors.append(InputError(place, "columns", f"{unknown} that have no type", "the columns of the contract"))
    for name in types:
        if name not in frame.columns:
            continue
        hidden = any(unicodedata.category(letter).startswith("C") for letter in name)
        if name != name.strip() or name.startswith("_") or '"' in name or hidden:
            expected = "no white space around it, no underscore in front, no quotation mark"
            errors.append(InputError(place, name, "a name that the portal's datastore refuses", expected))
        if len(name.encode()) > _LONGEST_NAME:
            expected = f"a shorter one: {_LONGEST_NAME} bytes at most"
            errors.append(InputError(place, name, "a name that the portal's datastore would cut off", expected))
    return errors
