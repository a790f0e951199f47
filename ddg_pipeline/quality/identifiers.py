"""No published column may identify a person (§3 Figure 1, §4.1): step 1's own search, on the bytes that ship.

The patterns are the rulebook's, and the search is that of the assessment; neither is written a second time here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.quality.rules import Breaches

if TYPE_CHECKING:
    from ddg_pipeline.assessment.identifiers import ColumnRole
    from ddg_pipeline.rulebook import Rulebook

_JUDGED_BY: ContextVar[tuple[str, Rulebook] | None] = ContextVar("judged_by", default=None)


@contextmanager
def judged_by(name: str, rulebook: Rulebook | None) -> Iterator[None]:
    """Let expectations that ask for a rulebook by this name use this very one, wherever its file is."""
    token = _JUDGED_BY.set((name, rulebook) if rulebook is not None else None)
    try:
        yield
    finally:
        _JUDGED_BY.reset(token)


def identifier_arguments(
    contract: ReleaseContract, rulebook: Rulebook, columns: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Say, as plain data for a suite, what the contract knows of each published column."""
    from ddg_pipeline.assessment.identifiers import column_roles

    return {name: _plain(role) for name, role in column_roles(contract, rulebook, columns).items()}


def direct_identifiers(frame: pd.DataFrame, rulebook: str, columns: Mapping[str, Mapping[str, Any]]) -> Breaches:
    """Find columns whose names or labels identify people.

    Args:
        frame: The table; every column is looked at.
        rulebook: The rulebook whose patterns are used: a shipped one, one in ``rulebooks/`` of the working directory,
            or a path; in a gate, the gate's own.
        columns: What is known of a column (`role_of`); of one that is not named, nothing.

    Returns:
        One note a column and kind of identifier. It tells how many labels look like it and the first row, by number;
        no label, not even its form.

    Raises:
        InputErrors: There is no such rulebook.
    """
    from ddg_pipeline.assessment.identifiers import find_identifiers_in_columns

    roles = {name: role_of(told) for name, told in columns.items() if name in frame.columns}
    named = set(columns)
    notes = []
    for one in find_identifiers_in_columns(frame, roles, _rulebook(rulebook)):
        # where a header was lost, a figure or a label stands in the place of a name
        about = one.column if one.column in named else "a column that was not declared"
        if one.by == "name":
            notes.append(f"{about}: its name says {one.looks_like} ({one.section})")
        else:
            notes.append(
                f"{about}: {one.labels} of {one.of_labels} labels look like {one.looks_like}, "
                f"first in row {one.first_row} ({one.section})"
            )
    return Breaches(np.zeros(len(frame), dtype=bool), tuple(notes))


def role_of(told: Mapping[str, Any]) -> ColumnRole:
    """Read what a suite tells of a column: ``variable``, ``nobody``, ``statistic``, ``passes``; all may be left out.

    Raises:
        ValueError: It tells anything else, or names no kind of variable.
    """
    from ddg_pipeline.assessment.identifiers import ColumnRole

    unknown = set(told) - {"variable", "nobody", "statistic", "passes"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: a column has variable, nobody, statistic and passes")
    variable = told.get("variable")
    return ColumnRole(
        Variable(variable) if variable is not None else None,
        tuple(told.get("nobody", ())),
        bool(told.get("statistic", False)),
        tuple(told.get("passes", ())),
    )


def _plain(role: ColumnRole) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if role.variable is not None:
        told["variable"] = role.variable.value
    if role.nobody:
        told["nobody"] = list(role.nobody)
    if role.statistic:
        told["statistic"] = True
    if role.passes:
        told["passes"] = list(role.passes)
    return told


def _rulebook(name: str) -> Rulebook:
    from ddg_pipeline.rulebook import load_rulebook
    from ddg_pipeline.rulebook_files import RULEBOOKS, RulebookFiles

    gate = _JUDGED_BY.get()
    if gate is not None and gate[0] == name:
        return gate[1]
    return load_rulebook(name, RulebookFiles(Path.cwd(), Path(RULEBOOKS)), "expect_no_direct_identifiers")
