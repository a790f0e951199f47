"""A first pattern: the cheapest that does, in every row by itself, what protection takes there at least.

Every safe pattern obeys these conditions, so that little of what they ask for is in vain. A row with a small cell needs
as many more suppressed cells as items 2 and 4 of §4.4.1 say, and room in its other hidden cells for the small one to
change; a row without needs two or none. That is an integer program whose linear relaxation is nearly whole and quick
to solve; the integer program then looks only at the cells that the relaxation uses or could use at little more cost.
Cutting planes of this kind are the bridgeless inequalities of Fischetti and Salazar-González (2000).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddg_pipeline.masking.rules import MaskingRules
from ddg_pipeline.masking.system import Integers, Status, System

if TYPE_CHECKING:
    import highspy

    from ddg_pipeline.masking.rows import Rows

_MOST_ENTRIES = 60_000  # of the program; beyond, rows are mended one by one
_NODES = 200  # of the integer program; a limit of time would make the result depend on the machine
_GAP = 0.005
_SPARE = 0.5  # cells whose reduced cost is at most this share of the median price are looked at
_WHOLE = 1e-6

Floats = NDArray[np.float64]


class _Program(NamedTuple):
    """Minimise ``cost * x`` with ``least <= matrix @ x`` and ``0 <= x <= upper``; the first columns are cells."""

    cost: Floats
    upper: Floats
    row: Integers
    column: Integers
    weight: Floats
    least: Floats


def first_pattern(
    system: System,
    rules: MaskingRules,
    status: NDArray[np.int8],
    rows: Rows,
    down: NDArray[np.int32],
    up: NDArray[np.int32],
) -> Integers:
    """Choose open cells to hide.

    Args:
        system: The cells and relations.
        rules: The figures to obey.
        status: What becomes of each cell at first.
        rows: The system's sums.
        down: How far each cell may fall at most.
        up: How far each may rise.

    Returns:
        Cell numbers; none where the program is too large or has no answer.
    """
    cells, program = _program(system, rules, status, rows, down, up)
    nothing = np.zeros(0, dtype=np.int64)
    if not len(cells) or len(program.row) > _MOST_ENTRIES:
        return nothing
    relaxed = _solve(program, whole=False)
    if relaxed is None:
        return nothing
    share, reduced = relaxed
    count = len(cells)
    used = share[:count] > _WHOLE
    spare = _SPARE * float(np.median(program.cost[:count][used])) if used.any() else 0.0
    upper = program.upper.copy()
    upper[:count][~used & (reduced[:count] > spare)] = 0
    answer = _solve(program._replace(upper=upper), whole=True, integers=count)
    if answer is None:
        return cells[used]
    return cells[answer[0][:count] > 0.5]


def _program(
    system: System,
    rules: MaskingRules,
    status: NDArray[np.int8],
    rows: Rows,
    down: NDArray[np.int32],
    up: NDArray[np.int32],
) -> tuple[Integers, _Program]:
    sizes = np.diff(rows.start)
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    is_open = status[rows.cells] == Status.OPEN
    hidden = ~is_open
    values = system.values[rows.cells]
    n_hidden = np.bincount(row_of[hidden], minlength=len(sizes))
    total = np.bincount(row_of[hidden], values[hidden], minlength=len(sizes))
    large = np.bincount(row_of[hidden], values[hidden] > rules.all_at_most, minlength=len(sizes))
    with_hidden = n_hidden > 0
    more = np.where(with_hidden & (n_hidden < 2), 2 - n_hidden, 0)  # a cell by itself follows from the row
    if rules.literal:
        more = np.maximum(more, np.where(with_hidden, rules.minimum_per_row - n_hidden, 0))
        more = np.maximum(
            more, (rows.is_sum & with_hidden & ((total < rules.sum_below) | (large == 0))).astype(np.int64)
        )
    cells = np.unique(rows.cells[is_open]).astype(np.int64)
    column = np.full(len(status), -1, dtype=np.int64)
    column[cells] = np.arange(len(cells))
    blocks: list[tuple[Integers, Integers, Floats, Floats]] = []
    # rows with small cells: so many more
    needy = more > 0
    entries = is_open & needy[row_of]
    numbers = np.cumsum(needy) - 1
    there = np.bincount(row_of[entries], minlength=len(sizes))
    least = np.minimum(more, there)[needy]
    blocks.append((numbers[row_of[entries]], column[rows.cells[entries]], np.ones(entries.sum()), least.astype(float)))
    blocks.append(_room_for_change(rules, status, rows, row_of, is_open, column, down, up))
    # rows without: none or two; one more column holds the sum of the row
    bare = ~with_hidden & (sizes > 0)
    entries = bare[row_of]
    number = np.cumsum(bare) - 1
    sums = len(cells) + number
    ones = np.ones(int(entries.sum()))
    blocks.append((
        np.concatenate([number[row_of[entries]], number[bare]]),
        np.concatenate([column[rows.cells[entries]], sums[bare]]),
        np.concatenate([ones, -np.ones(int(bare.sum()))]),
        np.zeros(int(bare.sum())),
    ))  # fmt: skip
    each = np.arange(int(entries.sum()))
    blocks.append((
        np.concatenate([each, each]),
        np.concatenate([column[rows.cells[entries]], sums[row_of[entries]]]),
        np.concatenate([-2 * ones, ones]),
        np.zeros(len(each)),
    ))  # fmt: skip
    start = np.cumsum([0, *(len(block[3]) for block in blocks)])
    program = _Program(
        cost=np.concatenate([system.costs[cells].astype(float), np.zeros(int(bare.sum()))]),
        upper=np.concatenate([np.ones(len(cells)), np.full(int(bare.sum()), np.inf)]),
        row=np.concatenate([block[0] + first for block, first in zip(blocks, start, strict=False)]),
        column=np.concatenate([block[1] for block in blocks]),
        weight=np.concatenate([block[2] for block in blocks]),
        least=np.concatenate([block[3] for block in blocks]),
    )
    return cells, program


def _room_for_change(
    rules: MaskingRules,
    status: NDArray[np.int8],
    rows: Rows,
    row_of: Integers,
    is_open: NDArray[np.bool_],
    column: Integers,
    down: NDArray[np.int32],
    up: NDArray[np.int32],
) -> tuple[Integers, Integers, Floats, Floats]:
    """Ask that the other hidden cells of a row can change by as much, all told, as each small one has to."""
    need = rules.possible_values - 1
    room = np.minimum(down, need).astype(np.int64) + np.minimum(up, need)
    small = status[rows.cells] == Status.SMALL
    per_row = np.bincount(row_of[small], room[rows.cells[small]], minlength=len(rows.parent)).astype(np.int64)
    # the worst of a row's small cells is the one with the most room itself
    widest = np.zeros(len(rows.parent), dtype=np.int64)
    np.maximum.at(widest, row_of[small], room[rows.cells[small]])
    has = np.zeros(len(rows.parent), dtype=np.bool_)
    has[row_of[small]] = True
    short = np.where(has & rows.is_sum, need - (per_row - widest), 0)
    needy = short > 0
    entries = is_open & needy[row_of]
    number = np.cumsum(needy) - 1
    weight = np.minimum(room[rows.cells[entries]], short[row_of[entries]]).astype(float)
    there = np.bincount(row_of[entries], weight, minlength=len(rows.parent))
    least = np.minimum(short, there)[needy]
    return number[row_of[entries]], column[rows.cells[entries]], weight, least.astype(float)


def _solve(program: _Program, *, whole: bool, integers: int = 0) -> tuple[Floats, Floats] | None:
    """Solve the program; give its answer and the reduced costs, or None if there is none."""
    import highspy
    from scipy import sparse

    size = len(program.cost)
    matrix = sparse.csc_array(
        (program.weight, (program.row, program.column)), shape=(len(program.least), size), dtype=float
    )
    lp: Any = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = size, len(program.least)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, np.zeros(size), program.upper
    lp.row_lower_, lp.row_upper_ = program.least, np.full(len(program.least), np.inf)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    if whole:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger] * integers + [kinds.kContinuous] * (size - integers)
    plain: Any = highspy.Highs.__base__  # the class made for people prints a banner
    solver = _quiet(plain())
    solver.passModel(lp)
    solver.run()
    if not whole and solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    values = np.array(solution.col_value)
    if len(values) != size or solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return values, np.array(solution.col_dual) if len(solution.col_dual) == size else np.zeros(size)


def _quiet(solver: highspy.Highs) -> highspy.Highs:
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", _GAP)
    solver.setOptionValue("mip_max_nodes", _NODES)
    return solver
