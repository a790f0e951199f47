"""Check a pattern and its proof by arithmetic alone, before anything leaves this room."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.moves import Bounds, is_hidden
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

UNBALANCED = "a move does not balance"
_PIECE = 2_000_000  # entries of moves looked at together


def faults(system: System, rules: MaskingRules, status: NDArray[np.int8], proof: Proof) -> dict[str, Integers]:
    """Say what is wrong with a pattern or its proof.

    Returns:
        What is wrong, with the cells concerned; empty if every small cell is proved to be protected.
    """
    wrong: dict[str, list[Integers]] = {}
    initial = system.initial_status(rules)
    forged = (status != initial) & ~((initial == Status.OPEN) & (status == Status.COMPLEMENTARY))
    if forged.any():
        wrong["a cell is hidden or shown that must not be"] = [np.flatnonzero(forged)]
    small = np.flatnonzero(initial == Status.SMALL)
    number = np.full(len(status), -1, dtype=np.int64)
    number[small] = np.arange(len(small))
    # one column for each value that a small cell may need, the last for all others
    width = rules.upper + rules.possible_values + 1
    can_have = np.zeros((len(small), width), dtype=np.bool_)
    can_have[np.arange(len(small)), np.minimum(system.values[small], width - 1)] = True
    bounds = Bounds(system, rules)
    for first, last in _pieces(proof):
        owner = np.repeat(np.arange(first, last), np.diff(proof.start[first : last + 1]))
        cells = proof.cells[proof.start[first] : proof.start[last]]
        deltas = proof.deltas[proof.start[first] : proof.start[last]]
        for what, found in _wrong_moves(system, status, bounds, proof, owner, cells, deltas):
            wrong.setdefault(what, []).append(found)
        mine = number[cells] >= 0
        who, by, times_of = number[cells[mine]], deltas[mine], owner[mine]
        true = system.values[small[who]]
        for times in range(int(proof.low.min(initial=0)), int(proof.high.max(initial=0)) + 1):
            does = (proof.low[times_of] <= times) & (times <= proof.high[times_of])
            reached = true[does] + times * by[does]
            can_have[who[does], np.clip(reached, 0, width - 1)] = True
    unproved = small[~_enough(can_have, rules)]
    if len(unproved):
        wrong["a small cell has too few possible values"] = [unproved]
    return {what: np.unique(np.concatenate(found)) for what, found in wrong.items()}


def _enough(can_have: NDArray[np.bool_], rules: MaskingRules) -> NDArray[np.bool_]:
    if rules.every_value:
        return np.asarray(np.all(can_have[:, rules.lower : rules.upper + 1], axis=1))
    return np.asarray(can_have.sum(axis=1) >= rules.possible_values)


def _pieces(proof: Proof) -> list[tuple[int, int]]:
    """Split the moves so that each part has few enough entries."""
    ends = np.searchsorted(proof.start, np.arange(_PIECE, int(proof.start[-1]) + _PIECE, _PIECE), side="right") - 1
    cuts = sorted({0, *ends.tolist(), len(proof)})
    return [(first, last) for first, last in itertools.pairwise(cuts) if last > first]


def _wrong_moves(
    system: System,
    status: NDArray[np.int8],
    bounds: Bounds,
    proof: Proof,
    owner: Integers,
    cells: Integers,
    deltas: Integers,
) -> list[tuple[str, Integers]]:
    """Check some of the moves: their form, that they balance, and that every cell stays within what is known of it."""
    found: list[tuple[str, Integers]] = []
    same = np.diff(owner) == 0
    twice = np.flatnonzero(same & (np.diff(cells) <= 0))
    if len(twice) or not deltas.all():
        found.append(("a move changes a cell twice or not at all", np.append(cells[twice], cells[deltas == 0])))
    unbalanced = _unbalanced(system, owner, cells, deltas)
    if len(unbalanced):
        found.append((UNBALANCED, cells[np.isin(owner, unbalanced)]))
    shown = ~is_hidden(status[cells])
    if shown.any():
        found.append(("a move changes a cell that is shown", cells[shown]))
    down, up = bounds.room(cells, status[cells])
    least, most = (
        np.minimum(proof.low[owner] * deltas, proof.high[owner] * deltas),
        np.maximum(proof.low[owner] * deltas, proof.high[owner] * deltas),
    )
    beyond = (least < -down) | (most > up)
    if beyond.any() or (proof.low > 0).any() or (proof.high < 0).any():
        found.append(("a move takes a cell beyond what is known of it", cells[beyond]))
    return found


def _unbalanced(system: System, owner: Integers, cells: Integers, deltas: Integers) -> Integers:
    """List the moves that change some sum."""
    from scipy import sparse

    if not len(owner):
        return owner
    first = int(owner[0])
    shape = (int(owner[-1]) - first + 1, len(system.values))
    moves = sparse.csr_array(sparse.coo_array((deltas, (owner - first, cells)), shape=shape))
    balance = (moves @ system.matrix.T.tocsr()).tocoo()
    rows: Integers = np.unique(balance.coords[0][balance.data != 0]).astype(np.int64) + first
    return rows
