"""Write an instance in the forms that the peers read."""

from __future__ import annotations

import json
from csv import writer
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.axes import TOTAL, relations

if TYPE_CHECKING:
    from benchmarks.instances import Instance

_LEAD = "@"


def write_tauargus(instance: Instance, folder: Path) -> None:
    """A table with margins, a status and a protection level of 1 for each small cell, hierarchies, and the batch."""
    axes = instance.axes
    lines = []
    small = instance.small
    for where in np.ndindex(instance.cells.shape):
        count = int(instance.cells[where])
        if count:
            codes = ";".join(axis.nodes[node] for axis, node in zip(axes, where, strict=True))
            lines.append(f"{codes};{count};{count};{'U' if small[where] else 'S'};1;1")
    (folder / "table.tab").write_text("\n".join(lines) + "\n")
    meta = ["<SEPARATOR> ;", "<SAFE> S", "<UNSAFE> U", "<PROTECT> P"]
    for axis in axes:
        meta += [axis.name, "<RECODEABLE>", f"<TOTCODE> {TOTAL}"]
        if axis.groups:
            meta += ["<HIERARCHICAL>", f"<HIERCODELIST> {folder / axis.name}.hrc", f"<HIERLEADSTRING> {_LEAD}"]
            (folder / f"{axis.name}.hrc").write_text(_hierarchy(axis.groups, axis.leaves, axis.group_of))
    meta += ["n", "<NUMERIC>", "<DECIMALS> 0", "people", "<FREQUENCY>", "status", "<STATUS>"]
    meta += ["lower", "<NUMERIC> <LOWERPL>", "upper", "<NUMERIC> <UPPERPL>"]
    (folder / "table.rda").write_text("\n".join(meta) + "\n")
    columns = [axis.name for axis in axes]
    (folder / "columns.json").write_text(json.dumps(columns))
    (folder / "table.arb").write_text(
        f'<OPENTABLEDATA> "{folder / "table.tab"}"\n'
        f'<OPENMETADATA> "{folder / "table.rda"}"\n'
        f'<SPECIFYTABLE> {"".join(chr(34) + name + chr(34) for name in columns)}|"n"||"n"\n'
        "<SAFETYRULE>\n"
        "<READTABLE> 0\n"
    )


def _hierarchy(groups: tuple[str, ...], leaves: tuple[str, ...], group_of: tuple[int, ...]) -> str:
    lines = []
    for number, group in enumerate(groups):
        lines.append(group)
        lines += [_LEAD + leaf for leaf, of in zip(leaves, group_of, strict=True) if of == number]
    return "\n".join(lines) + "\n"


def write_problem(instance: Instance, folder: Path) -> None:
    """The same as an optimisation problem for tau-Argus's solver: cost is the count, zeros stay, protection level 1."""
    counts, small = instance.cells.ravel(), instance.small.ravel()
    most = int(counts.max())
    lines = ["0", str(len(counts))]
    for cell, (count, is_small) in enumerate(zip(counts.tolist(), small.tolist(), strict=True)):
        status, level = ("u", 1) if is_small else ("s" if count else "z", 0)
        lines.append(f"{cell} {count} {max(count, 1)} {status} 0 {most} {level}.000 {level}.000 0")
    blocks = relations(instance.axes)
    lines.append(str(sum(len(block) for block in blocks)))
    for block in blocks:
        for parent, *parts in block.tolist():
            terms = " ".join(f"{part} (1)" for part in parts)
            lines.append(f"0 {1 + len(parts)} : {parent} (-1) {terms}")
    (folder / "problem.jj").write_text("\n".join(lines) + "\n")


def write_gconfid(instance: Instance, folder: Path) -> None:
    """Cells with their counts and which are sensitive, and the sums among them; zeros are left out: they are shown."""
    counts = instance.cells.ravel()
    np.savez(folder / "cells.npz", counts=counts, small=instance.small.ravel())
    rows, cells, signs, start = [], [], [], 0
    for block in relations(instance.axes):
        sign = np.ones(block.shape, dtype=np.int64)
        sign[:, 0] = -1
        row = np.repeat(np.arange(start, start + len(block)), block.shape[1])
        some = counts[block.ravel()] > 0
        rows.append(row[some])
        cells.append(block.ravel()[some])
        signs.append(sign.ravel()[some])
        start += len(block)
    np.savez(
        folder / "sums.npz", row=np.concatenate(rows), cell=np.concatenate(cells), coefficient=np.concatenate(signs)
    )


def write_gauss(instance: Instance, folder: Path) -> None:
    """The finest cells, and each dimension's tree: the depth of every code, each group before its members."""
    with (folder / "inner.csv").open("w", newline="") as file:
        out = writer(file)
        out.writerow([*(axis.name for axis in instance.axes), "n"])
        for where in np.ndindex(instance.inner.shape):
            codes = [axis.leaves[leaf] for axis, leaf in zip(instance.axes, where, strict=True)]
            out.writerow([*codes, int(instance.inner[where])])
    with (folder / "nodes.csv").open("w", newline="") as file:
        out = writer(file)
        out.writerow(["axis", "levels", "codes"])
        for axis in instance.axes:
            out.writerow([axis.name, "@", TOTAL])
            for number, group in enumerate(axis.groups):
                out.writerow([axis.name, "@@", group])
                members = [leaf for leaf, of in zip(axis.leaves, axis.group_of, strict=True) if of == number]
                out.writerows([axis.name, "@@@", leaf] for leaf in members)
            if not axis.groups:
                out.writerows([axis.name, "@@", leaf] for leaf in axis.leaves)
