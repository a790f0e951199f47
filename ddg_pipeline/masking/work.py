"""The arrays of one search for a pattern, and the steps of it: compiled work in pieces, so that it can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking import _pattern, _search
from ddg_pipeline.masking.complementary import Progress
from ddg_pipeline.masking.lattice import build_lattice
from ddg_pipeline.masking.moves import Move
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.rows import Rows
from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

_PIECE = 500  # cells worked on between two reports of progress
_MOVES_PER_SMALL = 1
_ENTRIES_PER_MOVE = 24
_LEAST_MOVES = 4_000
_MOST_CELLS_FOR_SUMS = 100_000  # of products, which double the work and save a tenth of the cells
_SEED = 88_172_645_463_325_252  # any number but 0; always the same, so that the pattern is


class Work:
    """The state of one search.

    Args:
        system: The cells and relations.
        rules: The figures to obey.
        status: What becomes of each cell at first; changed as cells are hidden.
        rows: The system's sums.
        down: How far each cell may fall at most.
        up: How far each may rise.
        progress: Called with a stage's name, the steps done and the steps in all.
        products: Whether to look for moves that are products of swaps; else all are left to programs.
    """

    def __init__(
        self,
        system: System,
        rules: MaskingRules,
        status: NDArray[np.int8],
        rows: Rows,
        down: NDArray[np.int32],
        up: NDArray[np.int32],
        progress: Progress,
        *,
        products: bool = True,
    ) -> None:
        self._progress = progress
        self._limits = _limits(rules)
        lattice = build_lattice(system)
        self._lattice = lattice if products else lattice._replace(blocks=lattice.blocks[:0])
        self._desk = _search.new_desk(self._lattice, sums=len(status) <= _MOST_CELLS_FOR_SUMS)
        self._pattern = _new_pattern(system, status, rows, down, up)
        _pattern.start_rows(self._pattern, self._limits)

    @property
    def status(self) -> NDArray[np.int8]:
        """What becomes of each cell, as `Status`."""
        status: NDArray[np.int8] = self._pattern.cells["status"][:-1].copy()
        return status

    @property
    def small(self) -> Integers:
        """The small cells."""
        return np.flatnonzero(self.status == Status.SMALL)

    @property
    def complementary(self) -> Integers:
        """The complementary cells so far that the contract does not ask for, the dearest first."""
        hidden = np.flatnonzero(self.status == Status.COMPLEMENTARY)
        hidden = hidden[~self._pattern.cells["forced"][hidden]]
        order: Integers = hidden[np.argsort(-self._pattern.cells["cost"][hidden], kind="stable")]
        return order

    @property
    def cost(self) -> int:
        """What the complementary cells cost together."""
        return int(self._pattern.tally[_pattern.COST])

    def hide(self, cells: Integers) -> None:
        """Make open cells complementary ones."""
        self._pattern.tally[_pattern.LOGGED] = 0
        _pattern.hide_all(self._pattern, self._limits, cells)

    def mend_rows(self) -> None:
        """Hide what items 2 and 4 of §4.4.1 ask for, where there is anything to hide."""
        for first, last in self._pieces("rows and columns", len(self._pattern.rows) - 1):
            self._pattern.tally[_pattern.LOGGED] = 0
            _pattern.mend_all(self._pattern, self._limits, first, last)

    def broken_rows(self) -> list[Integers]:
        """List the rows that still break these items, as cell numbers, the sum first."""
        pattern = self._pattern
        broken = np.flatnonzero(_pattern.broken_rows(pattern, self._limits))
        return [
            np.append(parent, np.setdiff1d(pattern.row_cells[first:last], parent)).astype(np.int64)
            for first, last, parent in zip(
                pattern.rows["start"][broken],
                pattern.rows["start"][broken + 1],
                pattern.rows["parent"][broken],
                strict=True,
            )
        ]

    def certify(self, cells: Integers, *, free: bool) -> Integers:
        """Add moves for small cells, with or without hiding more; return those that have too few values still."""
        proven = np.zeros(len(cells), dtype=np.bool_)
        stage = "moves among hidden cells" if free else "complementary cells"
        at = 0
        for _, last in self._pieces(stage, len(cells)):
            while at < last:
                at = _pattern.certify_all(
                    self._pattern, self._lattice, self._desk, self._limits, cells, at, last, free, proven
                )
                self._make_room()
        return cells[~proven]

    def is_proved(self, cell: int) -> bool:
        """Say whether a small cell can have as many values as the level asks for."""
        return bool(_pattern.proved(self._pattern, self._limits, cell))

    def differences(self, cell: int) -> set[int]:
        """Give the differences from its true value that moves give a small cell; far ones may be left out."""
        have, value = int(self._pattern.cells["have"][cell]), int(self._pattern.cells["value"][cell])
        return {other - value for other in range(63) if have >> other & 1}

    def take(self, move: Move) -> None:
        """Take a move into use that was found elsewhere."""
        size = len(move.cells)
        if size > len(self._desk.move):
            self._desk = self._desk._replace(move=np.zeros((2 * size, 2), dtype=np.int64))
        self._make_room(size)
        up, down = self._pattern.cells["up"][move.cells], self._pattern.cells["down"][move.cells]
        rise, fall = np.where(move.deltas > 0, up, down), np.where(move.deltas > 0, down, up)
        self._desk.best[_search.SIZE] = size
        self._desk.best[_search.HIGH] = int((rise // np.abs(move.deltas)).min())
        self._desk.best[_search.LOW] = int((fall // np.abs(move.deltas)).min())
        self._desk.move[:size, 0], self._desk.move[:size, 1] = move.cells, move.deltas
        _pattern.take(self._pattern, self._desk, self._limits)

    def give_back(self) -> None:
        """Publish again every complementary cell that nothing needs, the dearest first."""
        order = self.complementary
        at = 0
        for _, last in self._pieces("giving back", len(order)):
            while at < last:
                at = _pattern.give_back_all(self._pattern, self._lattice, self._desk, self._limits, order, at, last)
                self._make_room()

    def improve(self, rounds: int) -> None:
        """Take some complementary cells away, protect anew, and keep what is no dearer; many times over."""
        self._pattern.tally[_pattern.RANDOM] = _SEED
        at = 0
        for _, last in self._pieces("cheaper patterns", rounds):
            while at < last:
                at += _pattern.improve(self._pattern, self._lattice, self._desk, self._limits, last - at)
                self._make_room()

    def proof(self) -> Proof:
        """Write the moves in use, each with its cells in order."""
        moves, entries, sizes = self._in_use()
        owner = np.repeat(np.arange(len(moves)), sizes)
        cells = entries["cell"].astype(np.int64)
        order = np.lexsort((cells, owner))
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        deltas = entries["delta"][order].astype(np.int64)
        return Proof(start, cells[order], deltas, moves["low"].astype(np.int64), moves["high"].astype(np.int64))

    def _in_use(self) -> tuple[NDArray[np.void], NDArray[np.void], Integers]:
        """Give the moves in use, their entries, and how many entries each has."""
        pattern = self._pattern
        used = np.flatnonzero(pattern.moves["on"][: pattern.tally[_pattern.MOVES]])
        starts = pattern.moves["start"]
        sizes = (starts[used + 1] - starts[used]).astype(np.int64)
        return pattern.moves[used], pattern.entries[_ranges(starts[used], sizes)], sizes

    def _pieces(self, stage: str, steps: int) -> Iterator[tuple[int, int]]:
        for first in range(0, steps, _PIECE):
            self._progress(stage, first, steps)
            yield first, min(first + _PIECE, steps)

    def _make_room(self, size: int = 0) -> None:
        """Throw moves away that are no longer in use, and get more room where that does not help."""
        pattern, most = self._pattern, size + len(self._desk.move)
        spare = len(pattern.entries) - int(pattern.tally[_pattern.ENTRIES])
        if not pattern.tally[_pattern.FULL] and spare > most:
            return
        moves, entries, sizes = self._in_use()
        room_moves, room_entries = len(pattern.moves) - 1, len(pattern.entries)
        if 2 * len(moves) > room_moves or 2 * len(entries) + most > room_entries:
            room_moves, room_entries = 2 * room_moves, 2 * room_entries + most
        fresh = pattern._replace(**_room(room_moves, room_entries, len(pattern.cells)))
        fresh.moves[: len(moves)] = moves
        fresh.moves["start"][: len(moves) + 1] = np.concatenate([[0], np.cumsum(sizes)])
        fresh.entries[: len(entries)] = entries
        fresh.tally[[_pattern.MOVES, _pattern.ENTRIES]] = len(moves), len(entries)
        fresh.tally[[_pattern.FULL, _pattern.LOGGED]] = 0
        _pattern.link(fresh)
        self._pattern = fresh


def _limits(rules: MaskingRules) -> _pattern.Limits:
    return _pattern.Limits(
        lower=rules.lower,
        upper=rules.upper,
        possible=rules.possible_values,
        every=rules.every_value,
        literal=rules.literal,
        per_row=rules.minimum_per_row,
        all_at_most=rules.all_at_most,
        sum_below=rules.sum_below,
        longest=rules.upper - rules.lower + 1,
    )


def _new_pattern(
    system: System, status: NDArray[np.int8], rows: Rows, down: NDArray[np.int32], up: NDArray[np.int32]
) -> _pattern.Pattern:
    cells = np.zeros(len(status) + 1, dtype=_search.CELL)
    own = cells[:-1]
    own["value"], own["cost"], own["status"], own["up"], own["down"] = system.values, system.costs, status, up, down
    own["price"] = np.where(status == Status.OPEN, system.costs, 0)
    own["have"] = np.uint64(1) << np.minimum(system.values, 63).astype(np.uint64)
    own["head"], own["link"] = -1, -1
    if system.forced is not None:
        own["forced"] = system.forced
    cells["rows"] = rows.cell_start
    sums = np.zeros(len(rows.start), dtype=_pattern.ROW)
    sums["start"], sums["parent"][:-1], sums["is_sum"][:-1] = rows.start, rows.parent, rows.is_sum
    moves = _LEAST_MOVES + _MOVES_PER_SMALL * int(np.count_nonzero(status == Status.SMALL))
    return _pattern.Pattern(
        cells=cells,
        rows=sums,
        row_cells=rows.cells,
        cell_rows=rows.cell_rows,
        tally=np.zeros(_pattern.COUNTERS, dtype=np.int64),
        **_room(moves, moves * _ENTRIES_PER_MOVE, len(status)),
    )


def _room(moves: int, entries: int, cells: int) -> dict[str, Any]:
    return {
        "moves": np.zeros(moves + 1, dtype=_pattern.MOVE),
        "entries": np.zeros(entries, dtype=_pattern.ENTRY),
        "log": np.zeros(4 * moves + cells + 100_000, dtype=_pattern.LOG),
    }


def _ranges(starts: Integers, sizes: Integers) -> Integers:
    """Join the ranges ``starts[i] .. starts[i] + sizes[i] - 1``."""
    ends = np.cumsum(sizes)
    joined: Integers = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes)
    return joined
