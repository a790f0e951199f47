"""Step 1: is the table one of groups, as the guideline assesses it, or a file of records, one row a person (§1)?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from ddg_pipeline.assessment.identifier_content import labels_of
from ddg_pipeline.assessment.personal_characteristics import PERSONAL_VARIABLES, tells_about_people
from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.direct_identifiers import RecordLevel

_NEVER_A_CODE = frozenset({Variable.TIME, Variable.RESIDENCE_GEOGRAPHY, Variable.SERVICE_GEOGRAPHY})


def record_level_reasons(frame: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook) -> list[str]:
    """Say why a table is taken for records of people.

    A sparse table may count one person in most of its rows. It is no file of records where it has totals or zeros, or
    where its rows are the combinations of its categories.

    Args:
        frame: The table, as given or bound; columns that are missing are not looked at.
        contract: Its contract. Records of providers, or of anything else that is not about people, may be published.
        rulebook: The edition, for its figures.

    Returns:
        The reasons, none of which tells a value; empty where there is none.
    """
    limits = rulebook.record_level
    if not tells_about_people(contract) or len(frame) < limits.least_rows:
        return []
    dimensions = [name for name in contract.dimensions if name in frame.columns]
    counts = [name for name in contract.counts if name in frame.columns]
    found = []
    if dimensions and not counts and float(frame.duplicated(dimensions).mean()) >= limits.share_of_repeated:
        found.append("no column counts people, and rows repeat each other's categories")
    distinct = {name: int(frame[name].nunique()) for name in dimensions}
    people = _full_cross(distinct, len(frame), limits.full_cross) is False or _numbered(frame, distinct, limits)
    if counts and people and not _has_margins(frame, contract):
        numbers = [pd.to_numeric(frame[name], errors="coerce") for name in counts]
        found += _each_counts_one(numbers, counts, limits)
    code = _code_column(frame, contract, rulebook, distinct)
    if code:
        found.append(f"{code} gives nearly every row a number of its own, so it may number people")
    return found


def _has_margins(frame: pd.DataFrame, contract: ReleaseContract) -> bool:
    """Records have no totals: who adds some up has made a table."""
    return any(
        dimension.total is not None and name in frame.columns and bool((frame[name] == dimension.total).any())
        for name, dimension in contract.dimensions.items()
    )


def _full_cross(distinct: dict[str, int], rows: int, share: float) -> bool | None:
    """Say whether the rows are the combinations of categories; None where no two columns have categories to combine."""
    crossed = [number for number in distinct.values() if number > 1]
    return rows >= share * math.prod(crossed) if len(crossed) > 1 else None


def _numbered(frame: pd.DataFrame, distinct: dict[str, int], limits: RecordLevel) -> bool:
    """Say whether the only column with several categories numbers the rows."""
    names = [name for name, number in distinct.items() if number > 1]
    if len(names) != 1 or distinct[names[0]] < limits.share_of_distinct * len(frame):
        return False
    labels = labels_of(frame[names[0]], None, frozenset()).texts
    return sum(text.isdigit() or _is_code(text, limits) for text in labels) >= limits.share_of_distinct * len(labels)


def _is_code(text: str, limits: RecordLevel) -> bool:
    return limits.compiled_code.fullmatch(text) is not None


def _each_counts_one(numbers: list[pd.Series[Any]], counts: list[str], limits: RecordLevel) -> list[str]:
    for name, values in zip(counts, numbers, strict=True):
        if not (values == 0).any() and float((values == 1).mean()) >= limits.share_of_ones:
            return [f"{name} counts one person in nearly every row, and nobody in none"]
    together = pd.concat(numbers, axis=1)
    if len(counts) > 1 and bool(together.isin([0, 1]).all(axis=None)):
        told = float((together == 1).any(axis=1).mean())
        if told >= limits.share_of_yes:
            return [f"{', '.join(counts)} hold nothing but yes (1) and no (0)"]
    return []


def _code_column(
    frame: pd.DataFrame, contract: ReleaseContract, rulebook: Rulebook, distinct: dict[str, int]
) -> str | None:
    """Find a column that numbers the rows of a table which is said to be broken down by something about people."""
    limits = rulebook.record_level
    personal = {
        name
        for name, number in distinct.items()
        if number > 1
        and contract.dimensions[name].variable in PERSONAL_VARIABLES
        and contract.dimensions[name].variable is not Variable.RESIDENCE_GEOGRAPHY
    }
    for name, number in distinct.items():
        variable = contract.dimensions[name].variable
        if variable in _NEVER_A_CODE or not personal - {name} or number < limits.share_of_distinct * len(frame):
            continue
        labels = labels_of(frame[name], variable, frozenset()).texts
        codes = sum(_is_code(text, limits) for text in labels)
        if codes >= limits.share_of_distinct * len(labels):
            return name
    return None
