"""``ddg`` in a process of its own that kills itself: ``python -m faults.killed_run DEEDS ARGUMENT…``."""

from __future__ import annotations

import os
import sys

from faults.injection import Fault, Watch

from ddg_pipeline import cli

if __name__ == "__main__":
    at = int(sys.argv[1])
    sys.argv = ["ddg", *sys.argv[2:]]
    os.setsid()  # what it starts dies with it
    if at:
        sys.addaudithook(Watch(Fault("kill", at)))
    cli.main()
