"""Runs in G-Confid's own environment: choose complementary cells for one table, and write which as JSON."""

import json
import logging
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from gconfid import Suppression


def main(folder: Path) -> dict[str, object]:
    logging.disable(logging.CRITICAL)
    cells, sums = np.load(folder / "cells.npz"), np.load(folder / "sums.npz")
    counts, small = cells["counts"], cells["small"]
    there = np.flatnonzero(counts > 0)
    incell = pd.DataFrame(
        {
            "CellId": there + 1,
            "TotalNoise": counts[there].astype(float),
            # any positive sensitivity asks that the cell can move; a count of 1 is the least there is
            "Sensitivity": np.where(small[there], 1.0, 0.0),
            "Status": np.where(small[there], "S", "V"),
            "Type": "C",
        }
    )
    inconstraint = pd.DataFrame(
        {"ConstraintId": sums["row"] + 1, "CellId": sums["cell"] + 1, "Coefficient": sums["coefficient"]}
    )
    inconstraint = inconstraint[inconstraint.groupby("ConstraintId")["CellId"].transform("size") > 1]
    began, cpu = time.perf_counter(), time.process_time()
    run = Suppression(incell=incell, inconstraint=inconstraint, capture=True)  # runs at once
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = run.outsuppress
    if not isinstance(found, pd.DataFrame):
        found = found.to_pandas()
    hidden = found.loc[found["NetVariation"] > 0, "CellId"].astype(int).to_numpy() - 1
    return {
        "seconds": seconds,
        "cpu_seconds": cpu + children.ru_utime + children.ru_stime,
        "peak_mib": max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss) / 1024,
        "primary": np.flatnonzero(small).tolist(),
        "complementary": sorted(int(cell) for cell in hidden if not small[cell]),
        "statuses": found["OutStatus"].value_counts().to_dict(),
    }


if __name__ == "__main__":
    work = Path(sys.argv[1])
    (work / "gconfid.json").write_text(json.dumps(main(work)))
