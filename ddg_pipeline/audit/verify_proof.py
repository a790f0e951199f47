"""A proof of protection as a table, read and checked by arithmetic alone.

One line says by how much one move changes one cell::

    move  low  high  release  measure  at.<dimension> …  delta

``move`` numbers the moves from 0 on; ``low`` (0 or less) and ``high`` (0 or more) say how many times each can be taken
backwards and forwards. A cell is named by release, count and the category in every dimension of that release; an empty
category is a total without a label. A cell that stands in several releases has a line for each.

Lines of move -1 are no changes. They say, as ``delta``, how many people the proof takes an innermost row to hold that
the table leaves out or gives no count for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.verify_cells import Cells, Cube
from ddg_pipeline.audit.verify_figures import Assumed, Axes
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import InputError, InputErrors

MOVE, LOW, HIGH, RELEASE, MEASURE, DELTA = "move", "low", "high", "release", "measure", "delta"
AT = "at."  # before the name of a dimension

_ASSUMED = -1  # the number of no move

_LARGEST = 1 << 31  # of deltas and of how often a move is taken: products of two stay exact
_PIECE = 2_000_000  # lines looked at together


def read_proof(data: bytes, place: str) -> pd.DataFrame:
    """Read the bytes of a proof.

    Raises:
        InputErrors: They are no proof.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError) as error:  # its message can quote what it read
        expected = "the proof as `ddg mask` wrote it"
        raise InputErrors(
            [InputError(place, "file", f"no whole Parquet file ({type(error).__name__})", expected)]
        ) from None
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    check_columns(frame, place)
    return frame


def check_columns(frame: pd.DataFrame, place: str) -> None:
    """Check that a table has the columns of a proof, whole numbers where they belong, and text elsewhere.

    Raises:
        InputErrors: It does not.
    """
    absent = [name for name in (MOVE, LOW, HIGH, RELEASE, MEASURE, DELTA) if name not in frame.columns]
    if absent:
        raise InputErrors([InputError(place, "columns", f"no {', '.join(absent)}", "a proof as `ddg mask` writes it")])
    errors = []
    for name in (MOVE, LOW, HIGH, DELTA):
        column = frame[name]
        if not pd.api.types.is_integer_dtype(column.dtype) or column.isna().any():
            errors.append(InputError(place, name, "something else than whole numbers", "a whole number in every line"))
        elif (np.abs(column.to_numpy(dtype=np.float64)) > _LARGEST).any():
            errors.append(InputError(place, name, "a number out of any range", f"at most {_LARGEST:,}"))
    for name in [RELEASE, MEASURE, *(str(one) for one in frame.columns if str(one).startswith(AT))]:
        if not _is_text(frame[name]):
            errors.append(InputError(place, name, "something else than text", "labels, or nothing"))
    if errors:
        raise InputErrors(errors)


class Labelled(Protocol):
    """A dimension that knows where its labels are; no label is that of a total without one."""

    @property
    def name(self) -> str:
        """The dimension."""

    @property
    def position(self) -> Mapping[str | None, int]:
        """Find a label."""


def _is_text(column: pd.Series[Any]) -> bool:
    labels = column.cat.categories.to_series() if isinstance(column.dtype, pd.CategoricalDtype) else column
    return (
        all(isinstance(label, str) for label in labels.dropna())
        if labels.dtype == object
        else bool(pd.api.types.is_string_dtype(labels.dtype) or labels.isna().all())
    )


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves over numbered cells, one after the other.

    Attributes:
        start: Where each begins; one entry more than moves.
        cells: The cells that change, ascending within a move.
        deltas: By how much.
        low: How many times each can be taken backwards, 0 or less.
        high: How many times forwards, 0 or more.
    """

    start: Integers
    cells: Integers
    deltas: Integers
    low: Integers
    high: Integers

    def __len__(self) -> int:
        return len(self.low)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Split the moves so that each part has few enough entries."""
        last = int(self.start[-1])
        ends = np.searchsorted(self.start, np.arange(_PIECE, last + _PIECE, _PIECE), side="right") - 1
        cuts = sorted({0, *ends.tolist(), len(self)})
        yield from pairwise(cuts)


@dataclass(frozen=True, eq=False)
class Lines:
    """What is wrong with the lines of a proof by themselves, and the moves of all others.

    Attributes:
        moves: The moves.
        nowhere: Lines that name no cell.
        misnumbered: Lines of moves whose lines do not agree on how often they are taken, or leave
            the true table out.
        unequal: Cells of which one move says different things in several places, or says nothing in one of them.
        still: Cells that a move names and does not change.
    """

    moves: Moves
    nowhere: Integers
    misnumbered: Integers
    unequal: Integers
    still: Integers


def assumed_counts(proof: pd.DataFrame, table: BoundTable, axes: Axes) -> dict[str, Assumed]:
    """Read how many people a proof takes innermost cells of a table to hold that have no count.

    Raises:
        InputErrors: It speaks of a cell that there is not.
    """
    lines = proof[(proof[MOVE] == _ASSUMED).to_numpy()]
    release, measure = codes_of(lines[RELEASE]), codes_of(lines[MEASURE])
    found = {}
    for name in table.contract.counts:
        mine = np.flatnonzero(release.equal(table.contract.release) & measure.equal(name))
        if not len(mine):
            continue
        labels = label_positions(lines, mine, axes)
        if labels is None or (labels < 0).any() or len(np.unique(labels, axis=0)) < len(labels):
            wrong = f"counts assumed of {name} in cells that are none, or twice in one"
            raise InputErrors([InputError("proof", table.contract.release, wrong, "the proof of these tables")])
        found[name] = Assumed(labels, lines[DELTA].to_numpy(dtype=np.int64)[mine])
    return found


def read_lines(proof: pd.DataFrame, cells: Cells) -> Lines:
    """Find the cells that a proof speaks of."""
    changing = np.flatnonzero((proof[MOVE] != _ASSUMED).to_numpy())
    if len(changing) < len(proof):
        proof = proof.iloc[changing]
    ids = np.full(len(proof), -1, dtype=np.int64)
    release, measure = codes_of(proof[RELEASE]), codes_of(proof[MEASURE])
    for cube in cells.cubes:
        mine = np.flatnonzero(release.equal(cube.release) & measure.equal(cube.measure))
        if len(mine):
            ids[mine] = _ids(proof, mine, cube)
    nowhere = np.flatnonzero(ids < 0)
    known = ids >= 0
    move, delta = proof[MOVE].to_numpy(dtype=np.int64), proof[DELTA].to_numpy(dtype=np.int64)
    low, high = proof[LOW].to_numpy(dtype=np.int64), proof[HIGH].to_numpy(dtype=np.int64)
    still = np.unique(ids[known & (delta == 0)])
    numbers, which = np.unique(move, return_inverse=True)
    first_low, first_high = np.zeros(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=np.int64)
    first_low[which], first_high[which] = low, high
    odd = (move < 0) | (low != first_low[which]) | (high != first_high[which]) | (low > 0) | (high < 0)
    entry = which[known] * len(cells) + ids[known]
    if (np.diff(entry) < 0).any():
        order = np.argsort(entry, kind="stable")
        entry, delta = entry[order], delta[known][order]
    else:
        delta = delta[known]
    begins = np.flatnonzero(np.diff(entry, prepend=-1) != 0)
    entries, deltas = entry[begins], delta[begins]
    owner, changed = np.divmod(entries, max(len(cells), 1))
    times = np.diff(np.append(begins, len(entry)))
    differing = np.repeat(deltas, times) != delta
    unequal = np.append(changed[times != cells.places[changed]], entry[differing] % max(len(cells), 1))
    start = np.searchsorted(owner, np.arange(len(numbers) + 1)).astype(np.int64)
    moves = Moves(start, changed, deltas, first_low, first_high)
    return Lines(moves, changing[nowhere], changing[odd], np.unique(unequal), still)


@dataclass(frozen=True, eq=False)
class Codes:
    """A column as numbers of distinct labels; the last number stands for nothing."""

    labels: tuple[str | None, ...]
    codes: Integers

    def equal(self, label: str) -> Booleans:
        """Say where the column has a label."""
        wanted = np.array([one == label for one in self.labels], dtype=np.bool_)
        return wanted[self.codes]


def codes_of(column: pd.Series[Any]) -> Codes:
    """Number the labels of a column."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, labels = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, labels = pd.factorize(column.astype("object"))
    return Codes((*(label if isinstance(label, str) else "\0" for label in labels), None), codes.astype(np.int64))


def _ids(proof: pd.DataFrame, lines: Integers, cube: Cube) -> Integers:
    """Find the cells of one count of one release; -1 where there is no such cell."""
    labels = label_positions(proof, lines, cube.axes)
    if labels is None:
        return np.full(len(lines), -1, dtype=np.int64)
    flat = np.ravel_multi_index(tuple(np.maximum(labels, 0).T), cube.ids.shape)
    return np.where((labels < 0).any(axis=1), -1, cube.ids.ravel()[flat])


def label_positions(proof: pd.DataFrame, lines: Integers, axes: Sequence[Labelled]) -> Integers | None:
    """Find the categories that lines name, -1 for one that there is not; None where a dimension has no column.

    Args:
        proof: The proof.
        lines: The positions of the lines.
        axes: The dimensions, which know where their labels are.

    Returns:
        One row a line, one column an axis.
    """
    if any(AT + axis.name not in proof.columns for axis in axes):
        return None
    labels = np.empty((len(lines), len(axes)), dtype=np.int64)
    for number, axis in enumerate(axes):
        column = codes_of(proof[AT + axis.name].iloc[lines])
        position = np.array([axis.position.get(label, -1) for label in column.labels], dtype=np.int64)
        labels[:, number] = position[column.codes]
    return labels


@dataclass(frozen=True, eq=False)
class MoveFaults:
    """Why moves are none; for each reason the cells concerned.

    Attributes:
        unbalanced: Cells of sums that a move changes.
        known: Cells that a move changes although readers know their count.
        beyond: Cells that a move takes beyond what a reader knows of them.
    """

    unbalanced: Integers
    known: Integers
    beyond: Integers


def check_moves(moves: Moves, cells: Cells, progress: Callable[[int, int], None]) -> MoveFaults:
    """Check that moves keep every sum, and every cell within what is known of it.

    What holds for the most times a move is taken, forwards and backwards, holds for all between.
    """
    changed = np.zeros(len(cells), dtype=np.bool_)
    changed[moves.cells] = True
    relations = cells.relations_of(changed)
    unbalanced, beyond = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for first, last in moves.pieces():
        unbalanced.append(_unbalanced(moves, first, last, relations.matrix))
        part = slice(int(moves.start[first]), int(moves.start[last]))
        of, by = moves.cells[part], moves.deltas[part]
        sizes = np.diff(moves.start[first : last + 1])
        for times in (moves.low, moves.high):
            to = cells.value[of] + by * np.repeat(times[first:last], sizes)
            beyond.append(of[((to < cells.least[of]) | (to > cells.most[of])) & ~cells.fixed[of]])
        progress(last, len(moves))
    wholes = np.array([relations.whole(number) for number in np.unique(np.concatenate(unbalanced))], dtype=np.int64)
    return MoveFaults(np.unique(wholes), np.flatnonzero(changed & cells.fixed), np.unique(np.concatenate(beyond)))


def _unbalanced(moves: Moves, first: int, last: int, relations: Any) -> Integers:
    """List the sums that some of the moves change."""
    from scipy import sparse

    begin, end = int(moves.start[first]), int(moves.start[last])
    entries = moves.deltas[begin:end], moves.cells[begin:end], moves.start[first : last + 1] - begin
    matrix = sparse.csr_array(entries, shape=(last - first, relations.shape[0]))
    change = (matrix @ relations).tocoo()
    sums: Integers = np.unique(change.coords[1][change.data != 0]).astype(np.int64)
    return sums


def possible_values(moves: Moves, cells: Cells, wanted: Sequence[int], enough: int) -> Integers:
    """Count how many values the moves give each cell that has to be protected.

    Args:
        moves: The moves.
        cells: The cells.
        wanted: Values of which each has to be possible; where there are none, any ``enough`` values do.
        enough: How many different values there have to be, the true one among them.

    Returns:
        For each cell to protect, in order, how many more values it needs.
    """
    protect = np.flatnonzero(cells.to_protect)
    number = np.full(len(cells), -1, dtype=np.int64)
    number[protect] = np.arange(len(protect))
    top = int(max([*wanted, cells.value[protect].max(initial=0)]))
    reach = max(top, enough)  # further than that nothing is gained by taking one move more often
    width = top + reach + 1
    possible = np.zeros((len(protect), width + 1), dtype=np.bool_)  # the last column for all greater values
    possible[np.arange(len(protect)), cells.value[protect]] = True
    mine = np.flatnonzero(number[moves.cells] >= 0)
    for begin in range(0, len(mine), _PIECE):
        entry = mine[begin : begin + _PIECE]
        owner = np.searchsorted(moves.start, entry, side="right") - 1
        who, true, by = number[moves.cells[entry]], cells.value[moves.cells[entry]], moves.deltas[entry]
        low, high = np.maximum(moves.low[owner], -reach), np.minimum(moves.high[owner], reach)
        for times in range(int(low.min(initial=0)), int(high.max(initial=0)) + 1):
            does = np.flatnonzero((low <= times) & (times <= high))
            to = true[does] + times * by[does]
            possible[who[does][to >= 0], np.minimum(to[to >= 0], width)] = True
    needed: Integers
    if len(wanted):
        needed = (~possible[:, list(wanted)]).sum(axis=1, dtype=np.int64)
    else:
        needed = np.maximum(enough - possible.sum(axis=1, dtype=np.int64), 0)
    return needed
