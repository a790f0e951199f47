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
            f"{len(cells)} small {'cell' if len(cells) == 1 else 'cells'} cannot be protected at level {level!r}"
            f"{' with reasons shown' if rules.show_reason else ''}: {_named(system, cells)}."
        )
    if len(unprotected.undecided):
        lines.append(
            f"For {len(unprotected.undecided)} of these the solver ran out of time, so that nothing is known: "
            "publish several smaller tables, or coarser categories."
        )
    for row in unprotected.rows[:_NAMED]:
        lines.append(
            f"The row of {system.coordinate(int(row[0]))} breaks §4.4.1 items 2 and 4, and has nothing left to hide: "
            "carry its sum in the table, so that it can be suppressed too."
        )
    if len(unprotected.rows) > _NAMED:
        more = len(unprotected.rows) - _NAMED
        lines.append(f"So {'does 1 more row' if more == 1 else f'do {more} more rows'}.")
    given = [
        *(["figures that are public already (`already_public`)"] if system.public is not None else []),
        *(["cells that have to stay open (`suppression.keep`)"] if system.kept is not None else []),
    ]
    lines.append(
        f"Zeros are always shown, and {_and([*given, 'margins that the table does not carry'])} are assumed known. "
        "What could be hidden besides does not leave enough other tables that a reader could take for the true one."
    )
    lines.append("What would help:")
    lines += [f"- {remedy}" for remedy in _remedies(system, rules, level, cells[:_TRIED], len(cells))]
    lines.append(
        "- in any case coarser categories, longer periods or fewer variables in one table (§4.4.2): `ddg advise` looks "
        "for those that cost least"
    )
    return RefusedError("\n".join(lines))


def _and(listed: list[str]) -> str:
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _named(system: System, cells: list[int]) -> str:
    named = "; ".join(system.coordinate(cell) for cell in cells[:_NAMED])
    return named if len(cells) <= _NAMED else f"{named}; and {len(cells) - _NAMED} more"


def _remedies(system: System, rules: MaskingRules, level: str, cells: list[int], of: int) -> list[str]:
    """Say what would protect cells that nothing protects as it is, each remedy by itself."""
    found: list[str] = []
    if not cells:
        return found

    def helps(system: System, rules: MaskingRules, what: str, more: str = "") -> None:
        number = _protectable(system, rules, cells)
        if number:
            found.append(f"{what}: protects {_of_them(number, len(cells), of)}{more}")

    if system.kept is not None:
        at = _in_the_way(system, cells)
        helps(replace(system, kept=None), rules, "no `suppression.keep`", f"; kept open around {at}")
    if system.public is not None:
        helps(replace(system, public=None), rules, "no earlier table that shows figures (`already_public`)")
    if rules.show_reason:
        helps(system, replace(rules, show_reason=False), "`suppression.show_reason: false`, one code for both reasons")
    without = [
        axis.name
        for axis in dict.fromkeys(axis for cube in system.cubes for axis in cube.axes)
        if axis.total is not None and axis.labels[axis.total] is None
    ]
    if without:
        helps(
            replace(system, carried=system.present.copy()),
            rules,
            f"the total of {_and(list(dict.fromkeys(without)))} carried in the table, so that it can be suppressed too",
            "; so does `additive: false`, where categories do not sum to anything that others publish",
        )
    if level != "exact" and not rules.every_value:
        helps(system, replace(rules, possible_values=2), "`suppression.level: exact`", ", with less certainty")
    return found


def _of_them(number: int, tried: int, of: int) -> str:
    """Say how many of the cells a remedy protects, if all that can be hidden were hidden."""
    if tried == of:
        return "it" if of == 1 else "all of them" if number == of else f"{number} of them"
    return f"{'all' if number == tried else number} of the {tried} that were tried"


def _in_the_way(system: System, cells: list[int]) -> str:
    """Name kept cells in the same rows and columns as the small ones, else any."""
    assert system.kept is not None  # noqa: S101 - asked for only where there are some
    matrix = system.matrix
    rows = np.unique(np.concatenate([system.by_cell[:, [cell]].indices for cell in cells]))
    touched = np.unique(matrix[rows].indices)
    kept = [int(cell) for cell in touched if system.kept[cell]] or np.flatnonzero(system.kept).tolist()
    return f"{'it' if len(cells) == 1 else 'them'}: {_named(system, kept)}"


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
