"""Which unknowns a system of equations fixes, whatever its right side is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ddg_pipeline.audit.lattice import Booleans, Integers
from ddg_pipeline.audit.structure import components
from ddg_pipeline.audit.system import System

_DENSE = 400  # up to so many unknowns, a group is decomposed; beyond, a random vector is projected
_ZERO = 1e-7
_SEED = 20


def determined(system: System) -> Booleans:
    """Tell which unknowns have one value at most, by the equations alone; bounds are not used.

    An unknown is free exactly if some solution of ``A d = 0`` moves it, and a random one almost surely does.
    """
    equations = system.keep_rows(system.row_lower == system.row_upper)
    rng = np.random.default_rng(_SEED)
    found = np.zeros(system.unknowns, dtype=np.bool_)
    equations = _peel(equations, found)
    for group in components(equations):
        if len(group) > 1:
            part = equations.restrict(group, np.zeros(system.unknowns, dtype=np.int64))
            found[group] |= _still(part, rng)
    return found


def _peel(system: System, found: Booleans) -> System:
    """Take what stands alone in a row, again and again; cheap, and usually most of it."""
    while system.rows:
        open_entries = ~found[system.column]
        left = np.bincount(system.row[open_entries], minlength=system.rows)
        alone = open_entries & (left[system.row] == 1)
        if not alone.any():
            break
        found[system.column[alone]] = True
    free = np.flatnonzero(~found)
    part = system.restrict(free, np.zeros(system.unknowns, dtype=np.int64))
    return System(
        system.lower,
        system.upper,
        part.start,
        free[part.column],
        part.coefficient,
        part.row_lower,
        part.row_upper,
        part.label,
    )


def _still(system: System, rng: np.random.Generator) -> Booleans:
    """Project a random vector on the solutions of ``A d = 0``; what does not move is determined."""
    from scipy.linalg import null_space
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import lsmr

    vector = rng.standard_normal(system.unknowns)
    matrix: Any = csr_array(
        (system.coefficient.astype(np.float64), system.column, system.start), shape=(system.rows, system.unknowns)
    )
    if system.unknowns <= _DENSE:
        moves = null_space(matrix.toarray())
        moved = moves @ (moves.T @ vector)
    else:
        fit = lsmr(matrix.T.tocsr(), vector, atol=1e-13, btol=1e-13, maxiter=20 * system.unknowns)[0]
        moved = vector - matrix.T @ fit
    return np.asarray(np.abs(moved) < _ZERO, dtype=np.bool_)


def one_solution(system: System) -> Integers:
    """Give the least-squares solution of the equations, rounded; what is determined has its value there."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import lsmr

    matrix: Any = csr_array(
        (system.coefficient.astype(np.float64), system.column, system.start), shape=(system.rows, system.unknowns)
    )
    fit = lsmr(matrix, system.row_lower.astype(np.float64), atol=1e-13, btol=1e-13, maxiter=20 * system.unknowns)[0]
    return np.rint(fit).astype(np.int64)
