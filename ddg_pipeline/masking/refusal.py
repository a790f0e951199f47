"""Say why a table cannot be protected, and which constraint to loosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking.complementary import Unprotected
from ddg_pipeline.masking.exact import SearchTooLongError, cheapest_move
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, System

_NAMED = 5  # how many cells the message names
_TRIED = 10  # how many cells each remedy is tried on


def refusal(system: System, rules: MaskingRules, level: str, unprotected: Unprotected) -> RefusedError:
    """Explain, by coordinates and without any figure, and name the remedies that were tried and would work.

    Args:
        system: The cells and relations.
        rules: The figures that could not be obeyed.
        level: The contract's name for the level of protection.
        unprotected: What cannot be protected.
    """
    lines: list[str] = []
    cells = unprotected.cells.tolist()
    if cells:
        lines.append(
            f"{len(cells)} small cells cannot be protected at level {level!r}"
            f"{' with reasons shown' if rules.show_reason else ''}: {_named(system, cells)}."
        )
    if len(unprotected.undecided):
        lines.append(
            f"For {len(unprotected.undecided)} of them the solver ran out of time, so that nothing is known: "
            "publish several smaller tables, or coarser categories."
        )
    for row in unprotected.rows[:_NAMED]:
        lines.append(
            f"The row of {system.coordinate(int(row[0]))} breaks §4.4.1 items 2 and 4, and has nothing left to hide: "
            "carry its sum in the table, so that it can be suppressed too."
        )
    if len(unprotected.rows) > _NAMED:
        lines.append(f"So do {len(unprotected.rows) - _NAMED} more rows.")
    given = [
        *(["figures that are public already (`already_public`)"] if system.public is not None else []),
        *(["cells that have to stay open (`suppression.keep`)"] if system.kept is not None else []),
    ]
    lines.append(
        f"Zeros are always shown, and {_and([*given, 'margins that the table does not carry'])} are assumed known, so "
        "that there is no other table that a reader could take for the true one."
    )
    lines += _remedies(system, rules, level, cells[:_TRIED])
    lines.append(
        "In any case coarser categories, longer periods or fewer variables in one table help (§4.4.2): `ddg advise` "
        "looks for those that cost least."
    )
    return RefusedError("\n".join(lines))


def _and(listed: list[str]) -> str:
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _named(system: System, cells: list[int]) -> str:
    named = "; ".join(system.coordinate(cell) for cell in cells[:_NAMED])
    return named if len(cells) <= _NAMED else f"{named}; and {len(cells) - _NAMED} more"


def _remedies(system: System, rules: MaskingRules, level: str, cells: list[int]) -> list[str]:
    found: list[str] = []
    if not cells:
        return found
    of = f"of {len(cells)} tried"
    if system.kept is not None:
        helped = _protectable(replace(system, kept=None), rules, cells)
        if helped:
            found.append(f"Without `suppression.keep`, {helped} {of} could be protected: {_in_the_way(system, cells)}.")
    if system.public is not None:
        helped = _protectable(replace(system, public=None), rules, cells)
        if helped:
            found.append(f"Had no earlier table shown anything (`already_public`), {helped} {of} could be protected.")
    if rules.show_reason:
        helped = _protectable(system, replace(rules, show_reason=False), cells)
        if helped:
            found.append(f"`suppression.show_reason: false` would protect {helped} {of}.")
    without = [
        axis.name
        for axis in dict.fromkeys(axis for cube in system.cubes for axis in cube.axes)
        if axis.total is not None and axis.labels[axis.total] is None
    ]
    if without:
        everything = replace(system, carried=system.present.copy())
        helped = _protectable(everything, rules, cells)
        if helped:
            names = ", ".join(dict.fromkeys(without))
            found.append(
                f"Carrying the total of {names} in the table, so that it can be suppressed too, would protect {helped} "
                f"{of}; so would `additive: false` on it, if its categories do not sum to anything that others publish."
            )
    if level != "exact" and not rules.every_value:
        helped = _protectable(system, replace(rules, possible_values=2), cells)
        if helped:
            found.append(f"`suppression.level: exact` would protect {helped} {of}, with less certainty.")
    return found


def _in_the_way(system: System, cells: list[int]) -> str:
    """Name kept cells in the same rows and columns as the small ones, else any."""
    assert system.kept is not None  # noqa: S101 - asked for only where there are some
    matrix = system.matrix
    rows = np.unique(np.concatenate([system.by_cell[:, [cell]].indices for cell in cells]))
    touched = np.unique(matrix[rows].indices)
    kept = [int(cell) for cell in touched if system.kept[cell]] or np.flatnonzero(system.kept).tolist()
    return f"the cells kept open around them are {_named(system, kept)}"


def _protectable(system: System, rules: MaskingRules, cells: list[int]) -> int:
    """Count the cells that could be protected if everything that can be hidden were hidden."""
    status = system.initial_status(rules)
    status[status == Status.OPEN] = Status.COMPLEMENTARY
    return sum(_has_alternatives(system, rules, status, cell) for cell in cells)


def _has_alternatives(system: System, rules: MaskingRules, status: NDArray[np.int8], cell: int) -> bool:
    have: set[int] = set()
    while not rules.enough({int(system.values[cell]) + difference for difference in {0, *have}}):
        try:
            found = cheapest_move(system, rules, status, cell, have)
        except SearchTooLongError:
            return False
        if found is None:
            return False
        have.add(found.delta(cell))
    return True
