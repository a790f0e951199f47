"""A proof as a table: one line says by how much one move changes one cell.

The columns are ``move``, ``low``, ``high``, ``release``, ``measure``, one ``at.<dimension>`` for every dimension of any
of the tables, and ``delta``. ``move`` numbers the moves from 0 on; ``low`` and ``high`` say how many times each can be
taken backwards (0 or less) and forwards (0 or more). The cell is named by release, count and categories: an empty
category is a total without a label, or belongs to a dimension that this release does not have. A cell that stands in
several linked tables has a line for each.

Lines of move -1 are no changes. Where innermost rows are left out or have no count although a margin counts somebody in
them, they say, as ``delta``, how many people the proof takes each to hold: it is what the margins leave, and any other
counts that fit the margins would do as well.

A proof tells differences, never a count. But differences narrow hidden counts down, so that it is for those only who
may see the counts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ddg_pipeline.masking.complementary import Protection
from ddg_pipeline.masking.cubes import Cube
from ddg_pipeline.masking.proof import Proof
from ddg_pipeline.masking.remainders import RemainderLabel
from ddg_pipeline.masking.system import Integers, System

if TYPE_CHECKING:
    import pyarrow as pa

_ASSUMED = -1  # the number of no move
_AT = "at."  # before the name of a dimension, so that no column has two meanings


def proof_table(protections: Sequence[Protection]) -> pa.Table:
    """Write out the proofs of a group of tables in full.

    Args:
        protections: One for every count of the group, or counts joined by identities.

    Returns:
        The lines, by move, release, count and cell; labels are dictionary-encoded.
    """
    import pyarrow as pa

    dimensions = list(
        dict.fromkeys(axis.name for one in protections for cube in one.system.cubes for axis in cube.axes)
    )
    names = ["move", "low", "high", "release", "measure", *(_AT + name for name in dimensions), "delta"]
    tables = []
    first = 0
    for protection in protections:
        tables.append(_lines(protection.system, protection.proof, first, dimensions))
        first += len(protection.proof)
    if not tables:
        text = pa.dictionary(pa.int32(), pa.string())
        numbers = {"move", "low", "high", "delta"}
        return pa.schema([(name, pa.int64() if name in numbers else text) for name in names]).empty_table()
    return pa.concat_tables(tables).unify_dictionaries().select(names)


def proof_bytes(protections: Sequence[Protection]) -> bytes:
    """Write the proof of a group of tables as a Parquet file: the same proof is the same bytes."""
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(
        proof_table(protections).combine_chunks(),
        stream,
        compression="zstd",
        use_dictionary=True,
        write_statistics=False,
    )
    return stream.getvalue()


def _lines(system: System, proof: Proof, first: int, dimensions: Sequence[str]) -> pa.Table:
    """Write out the moves of one system, numbered from ``first`` on."""
    import pyarrow as pa

    assumed = _without_count(system)
    cells = np.append(assumed, proof.cells)
    owner_of = np.append(
        np.full(len(assumed), _ASSUMED), np.repeat(np.arange(first, first + len(proof)), np.diff(proof.start))
    )
    at_all, entries = [], []
    for number, cube in enumerate(system.cubes):
        flat = system.positions[number, cells]
        here = np.flatnonzero(flat >= 0)
        entries.append(here)
        at_all.append((cube, flat[here]))
    entry = np.concatenate([*entries, np.empty(0, dtype=np.int64)])
    order = np.argsort(owner_of[entry], kind="stable")
    entry = entry[order]
    owner = owner_of[entry]
    columns: dict[str, Any] = {
        "move": owner,
        "low": np.append(proof.low, 0)[np.where(owner == _ASSUMED, -1, owner - first)],
        "high": np.append(proof.high, 0)[np.where(owner == _ASSUMED, -1, owner - first)],
        "release": _named([system.tables[cube.table].contract.release for cube, _ in at_all], at_all, order),
        "measure": _named([cube.measure for cube, _ in at_all], at_all, order),
    }
    labels = [(cube, np.unravel_index(flat, cube.ids.shape)) for cube, flat in at_all]
    for name in dimensions:
        columns[_AT + name] = _categories(name, labels, order)
    columns["delta"] = np.append(system.values[assumed], proof.deltas)[entry]
    return pa.table(columns)


def _without_count(system: System) -> Integers:
    """List innermost cells that no table has a count for, although somebody is taken to be in them."""
    innermost = np.zeros(len(system.values), dtype=np.bool_)
    for cube in system.cubes:
        leaves = [
            [node for node in range(axis.leaf_count) if not isinstance(axis.labels[node], RemainderLabel)]
            for axis in cube.axes
        ]
        innermost[cube.ids[np.ix_(*leaves)].ravel()] = True
    for cube in system.cubes:
        gaps = system.tables[cube.table].missing.get(cube.measure)
        innermost[cube.row_ids if gaps is None else cube.row_ids[~gaps]] = False
    found: Integers = np.flatnonzero(innermost & system.present & (system.values > 0)).astype(np.int64)
    return found


def _named(names: Sequence[str], at_all: Sequence[tuple[Cube, Integers]], order: Integers) -> pa.DictionaryArray:
    distinct = list(dict.fromkeys(names))
    codes = np.concatenate(
        [np.full(len(flat), distinct.index(name)) for name, (_, flat) in zip(names, at_all, strict=True)]
    )
    return _encoded(codes[order], distinct)


def _categories(name: str, labels: Sequence[tuple[Cube, tuple[Integers, ...]]], order: Integers) -> pa.DictionaryArray:
    distinct: dict[str, int] = {}
    codes = []
    for cube, nodes in labels:
        number = next((at for at, axis in enumerate(cube.axes) if axis.name == name), None)
        if number is None:
            codes.append(np.full(len(nodes[0]), -1, dtype=np.int64))
            continue
        own = [
            -1 if label is None else distinct.setdefault(str(label), len(distinct))
            for label in cube.axes[number].labels
        ]
        codes.append(np.array(own, dtype=np.int64)[nodes[number]])
    return _encoded(np.concatenate(codes)[order], list(distinct))


def _encoded(codes: Integers, labels: Sequence[str]) -> pa.DictionaryArray:
    """Encode labels by number; -1 is nothing."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=codes < 0), pa.array(labels, pa.string())
    )
