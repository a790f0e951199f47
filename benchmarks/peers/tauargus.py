"""Runs in tau-Argus's own environment: mask one table by MOD or OPT, and say which cells it hides.

Standard library and pytauargus only. Reads what `benchmarks.peers.files` has written, and writes what it found as JSON:
the hidden cells by codes (MOD) or by number (OPT). OPT gets its problem directly, in the format of its solver: by way
of a table, costs would be scaled down and rounded, and the optimum would be one of another problem.
"""

import itertools
import json
import resource
import sys
import time
from pathlib import Path

from pytauargus._tauargus import HiTaSCtrl
from pytauargus.batch import Suppress
from pytauargus.engine import Engine, run_batch

_PRIMARY = range(3, 10)
_SECONDARY = (11, 12)


def modular(folder: Path, minutes: int) -> dict[str, object]:
    columns = json.loads((folder / "columns.json").read_text())
    engine = run_batch(folder / "table.arb")
    began, cpu = time.perf_counter(), time.process_time()
    # minutes for each subtable; no extra rules for single contributors: plain linear protection, as compared here
    engine.suppress(Suppress("MOD", 1, mod_max_time=minutes))
    used = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    primary, secondary = _hidden(engine, len(columns))
    return {**used, "primary": primary, "complementary": secondary}


def optimal(folder: Path, minutes: int) -> dict[str, object]:
    began, cpu = time.perf_counter(), time.process_time()
    found = folder / "found.jj"
    solver = HiTaSCtrl()
    code = solver.full_jj(in_file_jj=str(folder / "problem.jj"), out_file=str(found), max_time=minutes)
    used = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    if code > 1:
        raise RuntimeError(f"OPT ended with {code}: {solver.error_string(code)}")
    hidden = [int(line.split()[0]) for line in found.read_text().splitlines() if line.strip()]
    return {**used, "hidden": hidden, "code": code, "limit_seconds": 60 * minutes}


def _hidden(engine: Engine, dimensions: int) -> tuple[list[list[str]], list[list[str]]]:
    native = engine._tau  # noqa: SLF001 - the wrapper itself offers the same only by way of a text file
    codes = []
    for variable in range(dimensions):
        _, active = native.get_var_number_of_codes(variable)
        codes.append([native.get_var_code(variable, code)[2].strip() for code in range(active)])
    primary: list[list[str]] = []
    secondary: list[list[str]] = []
    for where in itertools.product(*(range(len(of)) for of in codes)):
        status = native.get_table_cell(0, list(where), 0)[10]
        if status in _PRIMARY or status in _SECONDARY:
            cell = [of[code] for of, code in zip(codes, where, strict=True)]
            (primary if status in _PRIMARY else secondary).append(cell)
    return primary, secondary


if __name__ == "__main__":
    work, method, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    result = {"mod": modular, "opt": optimal}[method](work, max(1, limit // 60))
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (work / f"{method}.json").write_text(json.dumps(result))
