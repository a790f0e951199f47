"""The peers: how each is installed, called and read."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.instances import Instance
from benchmarks.measure import Result, run
from benchmarks.peers import files

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """A tool and a method of it.

    Attributes:
        name: What results call it.
        title: What the page calls it.
        environment: Whose Python environment it needs: the name of a list of pinned packages beside this file; None if
            it is not a Python package.
        command: Gives the command, from the environment's interpreter, the folder with the files and the time limit.
        write: Writes the files.
        read: Reads the complementary cells, the primary ones where it tells, and what it used.
        most_cells: Larger tables are left out: known not to end in any useful time.
        patience: After how many times its time limit it is ended, if it does not keep to the limit.
    """

    name: str
    title: str
    environment: str | None
    command: Callable[[Path, Path, int], list[str]]
    write: Callable[[Instance, Path], None]
    read: Callable[[Instance, Path], tuple[Iterable[int], Iterable[int] | None, Result]]
    most_cells: int
    patience: int = 1


def run_peer(
    peer: Peer, instance: Instance, environments: Path, time_limit: int
) -> tuple[Result, NDArray[np.bool_] | None]:
    """Mask an instance with a peer.

    Returns:
        What it used and found, and the pattern; no pattern where it failed, which the result explains.
    """
    if instance.cells.size > peer.most_cells:
        return {"status": "left out", "message": f"more than {peer.most_cells:,} cells"}, None
    interpreter = interpreter_of(peer, environments)
    if interpreter is None:
        return {"status": "absent", "message": "not installed here"}, None
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        peer.write(instance, work)
        # some leave files where they stand
        failure = run(peer.command(interpreter, work, time_limit), peer.patience * time_limit + 60, folder=work)
        if failure is not None:
            return failure, None
        complementary, primary, used = peer.read(instance, work)
    small = instance.small.ravel()
    hidden = small.copy()
    hidden[list(complementary)] = True
    if primary is not None:
        said = np.zeros_like(small)
        said[list(primary)] = True
        if not np.array_equal(said, small):
            wrong = int((said != small).sum())
            return {
                **used,
                "status": "failed",
                "message": f"it takes {wrong} cells for small that are not, or not",
            }, None
    return {"status": "ok", **used}, hidden


def interpreter_of(peer: Peer, environments: Path) -> Path | None:
    """Give what runs the peer; its environment is made where it is missing or its pins have changed."""
    if peer.environment is None:
        return _r_with_package()
    pins = _HERE / f"{peer.environment}.txt"
    place = environments / peer.environment
    interpreter = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = place / "pins.txt"
    if not done.exists() or done.read_text() != pins.read_text():
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        install = [str(interpreter), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*install, "--requirement", str(pins)], check=True)
        done.write_text(pins.read_text())
    return interpreter


def _r_with_package() -> Path | None:
    script = shutil.which("Rscript")
    if script is None:
        return None
    asked = subprocess.run([script, "-e", "library(GaussSuppression)"], check=False, capture_output=True)
    return Path(script) if asked.returncode == 0 else None


def _flat(instance: Instance, cells: Sequence[Sequence[str]]) -> list[int]:
    """Number cells given by codes; an empty code is the total."""
    positions = [{node: number for number, node in enumerate(axis.nodes)} for axis in instance.axes]
    if not cells:
        return []
    where = [
        [position[code] if code else len(position) - 1 for code in codes]
        for position, codes in zip(positions, zip(*cells, strict=True), strict=True)
    ]
    return [int(cell) for cell in np.ravel_multi_index(where, instance.cells.shape)]


def _result(work: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((work / f"{name}.json").read_text())
    return found


def _used(found: dict[str, Any], *more: str) -> Result:
    return {name: found[name] for name in ("seconds", "cpu_seconds", "peak_mib", *more)}


def _read_modular(instance: Instance, work: Path) -> tuple[list[int], list[int], Result]:
    found = _result(work, "mod")
    return _flat(instance, found["complementary"]), _flat(instance, found["primary"]), _used(found)


def _read_optimal(instance: Instance, work: Path) -> tuple[list[int], None, Result]:
    found = _result(work, "opt")
    used = _used(found)
    used["proven"] = found["code"] == 0 and found["seconds"] < found["limit_seconds"]
    return [cell for cell in found["hidden"] if not instance.small.flat[cell]], None, used


def _read_gconfid(_: Instance, work: Path) -> tuple[list[int], list[int], Result]:
    found = _result(work, "gconfid")
    return found["complementary"], found["primary"], _used(found)


def _read_gauss(instance: Instance, work: Path) -> tuple[list[int], list[int], Result]:
    with (work / "gauss.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [axis.name for axis in instance.axes]
    primary = [[row[name] for name in names] for row in rows if row["primary"] == "TRUE"]
    others = [[row[name] for name in names] for row in rows if row["primary"] != "TRUE"]
    wall, cpu = map(float, (work / "gauss_seconds.txt").read_text().split())
    return _flat(instance, others), _flat(instance, primary), {"seconds": wall, "cpu_seconds": cpu}


def _script(name: str, *more: str) -> Callable[[Path, Path, int], list[str]]:
    return lambda interpreter, work, limit: [
        str(interpreter), str(_HERE / name), str(work), *(word.format(limit=limit) for word in more)
    ]  # fmt: skip


PEERS = {
    peer.name: peer
    for peer in (
        Peer("opt", "τ-ARGUS OPT", "tauargus", _script("tauargus.py", "opt", "{limit}"), files.write_problem,
             _read_optimal, most_cells=50_000, patience=4),
        Peer("mod", "τ-ARGUS MOD", "tauargus", _script("tauargus.py", "mod", "{limit}"), files.write_tauargus,
             _read_modular, most_cells=150_000),
        Peer("gconfid", "G-Confid", "gconfid", _script("gconfid_run.py"), files.write_gconfid,
             _read_gconfid, most_cells=5_000),
        Peer("gauss", "GaussSuppression", None, _script("gauss.R"), files.write_gauss,
             _read_gauss, most_cells=50_000),
    )
}  # fmt: skip
