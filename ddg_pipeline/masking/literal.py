"""Items 2 and 4 of §4.4.1 as they stand: how many suppressions every row and column needs.

A row is one relation: the parts and their sum. Hidden are its hidden parts, and the sum too where that is hidden. A
row with any suppression needs at least two (item 2), and one more where all hidden values are at most 3 or where they
sum to less than 11 (item 4). The figures come from the rulebook.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import is_hidden
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Booleans, Integers, Relations, Status, System


def broken_rows(system: System, status: NDArray[np.int8], rules: MaskingRules) -> list[Integers]:
    """List the rows, as cell numbers, that break the rule.

    A row whose hidden cells are all it has besides zeros cannot have one more; where its sum is hidden too nothing can
    be calculated from it, so only rows with a visible sum count.
    """
    found: list[Integers] = []
    for block in system.relations:
        rows = np.flatnonzero(_needs_one_more(system, block, status, rules))
        for row in rows:
            cells = block.cells[row]
            visible_sum = not is_hidden(status[cells[:1]])[0]
            if visible_sum or (status[cells] == Status.OPEN).any():
                found.append(cells)
    return found


def _needs_one_more(system: System, block: Relations, status: NDArray[np.int8], rules: MaskingRules) -> Booleans:
    hidden = is_hidden(status[block.cells])
    if not block.is_sum:  # an identity between measures, from which a count hidden alone could be calculated
        alone: Booleans = np.count_nonzero(hidden, axis=1) == 1
        return alone
    return _one_more(system.values[block.cells], hidden, rules)


def _one_more(values: Integers, hidden: Booleans, rules: MaskingRules) -> Booleans:
    count = np.count_nonzero(hidden, axis=1)
    total = np.where(hidden, values, 0).sum(axis=1)
    largest = np.where(hidden, values, 0).max(axis=1)
    too_few = (count < rules.minimum_per_row) | (total < rules.sum_below) | (largest <= rules.all_at_most)
    needs: Booleans = (count > 0) & too_few
    return needs
