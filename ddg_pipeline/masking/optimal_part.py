"""The parts of a system that have nothing to do with each other, each as a small problem of its own.

Cells that never move (zeros, and what readers know) drop out; the rest falls into parts that no relation joins. What
may be hidden in one part says nothing about another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import Bounds
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Status, System

if TYPE_CHECKING:
    from scipy import sparse

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

NEVER_ALONE = 2  # a hidden cell that is the only one of a relation can be calculated


@dataclass(frozen=True)
class Part:
    """One part, its cells numbered anew; ``n`` cells, ``m`` of which may be hidden or shown.

    Attributes:
        cells: The cells' numbers in the system, ascending; n.
        relations: All that a reader knows to add up; one column a cell.
        values: The true counts; n. Restricted.
        down: How far each may fall if it is hidden; n.
        up: How far each may rise; n, `moves.UNLIMITED` for no limit.
        choice: The cells about which there is something to decide; m.
        always: Cells that are hidden in any case; n.
        small: The small ones among them, to be protected.
        price: What hiding each of `choice` costs; m.
        demands: The rules about rows, linear in what is hidden: ``demands @ hidden >= least``; one column a `choice`.
        least: See `demands`.
    """

    cells: Integers
    relations: sparse.csr_array
    values: Integers
    down: Integers
    up: Integers
    choice: Integers
    always: Flags
    small: Integers
    price: Integers
    demands: sparse.csr_array
    least: Integers

    def hidden(self, chosen: Flags) -> Flags:
        """Say of every cell whether it is hidden, given what is chosen among `choice`."""
        hidden = self.always.copy()
        hidden[self.choice[chosen]] = True
        return hidden

    def obeys(self, chosen: Flags) -> bool:
        """Say whether the rules about rows hold."""
        return bool((self.demands @ chosen.astype(np.int64) >= self.least).all())

    def cost(self, chosen: Flags) -> int:
        """Give the price of a choice."""
        return int(self.price[chosen].sum())


def parts_of(system: System, rules: MaskingRules, status: NDArray[np.int8], price: Integers) -> list[Part]:
    """Split a system; parts in which nothing has to be hidden are left out.

    Args:
        system: The cells and relations.
        rules: The figures to obey.
        status: What becomes of each cell at first (`System.initial_status`).
        price: What hiding each cell costs, 0 or more.
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    movable = np.flatnonzero((status != Status.ZERO) & (status != Status.KNOWN))
    if not len(movable):
        return []
    among = system.matrix[:, movable].tocsr()
    among = among[np.diff(among.indptr) > 0]
    edges = among.tocoo()
    rows, columns = among.shape
    graph = sparse.coo_array(
        (np.ones(among.nnz, dtype=np.int8), (edges.coords[0], edges.coords[1] + rows)), shape=(rows + columns,) * 2
    )
    _, component = connected_components(graph, directed=False)
    of_row, of_cell = component[:rows], component[rows:]
    must = (status[movable] == Status.SMALL) | (status[movable] == Status.COMPLEMENTARY)
    demands: dict[int, list[_Demand]] = {}
    for demand in _demands(system, rules, status):
        demands.setdefault(int(of_cell[np.searchsorted(movable, demand.row)]), []).append(demand)
    found = []
    for number in np.unique(of_cell[must]).tolist():
        inside = of_cell == number
        own = among[of_row == number][:, inside]
        found.append(_part(system, rules, status, price, movable[inside], own, demands.get(number, [])))
    return found


@dataclass(frozen=True)
class _Demand:
    """``sum(weights * hidden[cells]) >= need``, or ``>= need * hidden[on]`` where it depends on a cell."""

    cells: Integers
    weights: Integers
    need: int
    on: int | None
    row: int  # some cell of the row


def _part(
    system: System,
    rules: MaskingRules,
    status: NDArray[np.int8],
    price: Integers,
    cells: Integers,
    relations: sparse.csr_array,
    demands: list[_Demand],
) -> Part:
    from scipy import sparse

    own = status[cells]
    down, up = Bounds(system, rules).room(cells, own)
    choice = np.flatnonzero(own == Status.OPEN)
    column = np.full(len(status), -1, dtype=np.int64)
    column[cells[choice]] = np.arange(len(choice))
    rows, columns, weights = [], [], []
    least: list[int] = []
    for demand in demands:
        at = np.full(len(demand.cells), len(least))
        rows.append(at)
        columns.append(column[demand.cells])
        weights.append(demand.weights)
        if demand.on is None:
            least.append(demand.need)
        else:
            rows.append(np.array([len(least)]))
            columns.append(column[[demand.on]])
            weights.append(np.array([-demand.need]))
            least.append(0)
    entries = np.concatenate([*weights, np.zeros(0, dtype=np.int64)])
    places = (np.concatenate([*rows, np.zeros(0, dtype=np.int64)]), np.concatenate([*columns, np.zeros(0, np.int64)]))
    matrix = sparse.coo_array((entries, places), shape=(len(least), len(choice)), dtype=np.int64).tocsr()
    return Part(
        cells=cells,
        relations=relations,
        values=system.values[cells],
        down=down.astype(np.int64),
        up=up.astype(np.int64),
        choice=choice,
        always=own != Status.OPEN,
        small=np.flatnonzero(own == Status.SMALL),
        price=price[cells[choice]].astype(np.int64),
        demands=matrix,
        least=np.array(least, dtype=np.int64),
    )


def _demands(system: System, rules: MaskingRules, status: NDArray[np.int8]) -> Iterator[_Demand]:
    """List what every row asks for, be it by §4.4.1 or because a cell alone in a relation can be calculated."""
    can_be_hidden = (status != Status.ZERO) & (status != Status.KNOWN)
    for block in system.relations:
        for cells in block.cells:
            members = cells[can_be_hidden[cells]]
            if not len(members):
                continue
            small = (status[members] == Status.SMALL).any()
            if rules.literal and block.is_sum:
                conditions = _literal(members, system.values[members], bool(can_be_hidden[cells[0]]), rules)
            elif small and rules.possible_values > 1:
                conditions = [(np.ones(len(members), dtype=np.int64), NEVER_ALONE)]
            elif not rules.literal or len(members) > 1:
                # true of some best pattern, though not of all: what is hidden alone is hidden for nothing
                conditions = [(np.ones(len(members), dtype=np.int64), NEVER_ALONE)]
            else:
                continue
            always = status[members] != Status.OPEN
            if not rules.literal and always.any() and not small:
                continue
            for weights, need in conditions:
                yield from _conditional(members, weights, need, always)


def _literal(members: Integers, values: Integers, sum_too: bool, rules: MaskingRules) -> list[tuple[Integers, int]]:
    """Write the rule of a row with any suppression as weights of what is hidden, and what they must come to.

    Where even the sum is hidden, a row with nothing left to hide is in order as it is (`literal.broken_rows`).
    """
    one = np.ones(len(members), dtype=np.int64)
    above = (values > rules.all_at_most).astype(np.int64)
    if not sum_too:
        return [(one, rules.minimum_per_row), (values, rules.sum_below), (above, 1)]
    most = (above, 1) if above.any() else (one, len(members))
    return [
        (one, min(rules.minimum_per_row, len(members))),
        (values, min(rules.sum_below, int(values.sum()))),
        most,
    ]


def _conditional(members: Integers, weights: Integers, need: int, always: Flags) -> Iterator[_Demand]:
    left = need - int(weights[always].sum())
    open_ones, prices = members[~always], weights[~always]
    if left <= 0:
        return
    if always.any():
        useful = prices > 0
        yield _Demand(open_ones[useful], np.minimum(prices[useful], left), left, None, int(members[0]))
        return
    for number, cell in enumerate(open_ones.tolist()):
        rest = need - int(prices[number])
        others = (np.arange(len(open_ones)) != number) & (prices > 0)
        if rest > 0:
            yield _Demand(open_ones[others], np.minimum(prices[others], rest), rest, cell, cell)
